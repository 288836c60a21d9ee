package names

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letters are those that Unicode does not take apart into a plain letter and a mark, as people type them who lack them, and marks within a word that nobody types twice alike.
var letters = strings.NewReplacer(
	"Ł", "L", "ł", "L", "Ø", "O", "ø", "O", "Đ", "D", "đ", "D", "Ð", "D", "ð", "D", "Þ", "TH", "þ", "TH", "Æ", "AE", "æ", "AE", "Œ", "OE", "œ", "OE", "ẞ", "SS", "ß", "SS",
	"Ħ", "H", "ħ", "H", "ı", "I", "Ŋ", "N", "ŋ", "N", "Ŧ", "T", "ŧ", "T", "Ə", "E", "ə", "E",
	"'", "", "’", "", "‘", "", "ʼ", "", "`", "", "´", "", "ʻ", "", "′", "")

// Fold is a text as names are compared: upper case, no accents, no apostrophes, and its words, which are letters and digits, with one space between them. To fold twice is to fold once.
func Fold(s string) string {
	if plain, is := foldASCII(s); is {
		return plain
	}
	s = letters.Replace(strings.ToValidUTF8(s, " "))
	s = strings.ToUpper(norm.NFKD.String(s))
	s = letters.Replace(norm.NFKD.String(s))
	return strings.Join(strings.FieldsFunc(strings.Map(plain, s), func(r rune) bool { return r == ' ' }), " ")
}

// foldASCII is Fold for what most names are; false for a text with other characters.
func foldASCII(s string) (string, bool) {
	folded := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 0x80:
			return "", false
		case 'a' <= c && c <= 'z':
			folded = append(folded, c-'a'+'A')
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			folded = append(folded, c)
		case c == '\'', c == '`':
		case len(folded) > 0 && folded[len(folded)-1] != ' ':
			folded = append(folded, ' ')
		}
	}
	return strings.TrimSuffix(string(folded), " "), true
}

// plain drops marks and what is not seen, and makes a space of everything but letters and digits.
func plain(r rune) rune {
	switch {
	case unicode.Is(unicode.M, r), unicode.Is(unicode.Cf, r):
		return -1
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return r
	}
	return ' '
}
