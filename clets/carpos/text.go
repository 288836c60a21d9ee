package carpos

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"ccpor/clets/codes"
)

func (d *Dictionary) readLatin(r codes.Row) error {
	c, size := utf8.DecodeRuneInString(r.Get("character"))
	if size != len(r.Get("character")) || c < 0x80 {
		return fmt.Errorf("one character outside US-ASCII is needed")
	}
	if d.latin == nil {
		d.latin = map[rune]string{}
	}
	if _, twice := d.latin[c]; twice {
		return fmt.Errorf("character U+%04X stands twice", c)
	}
	if !sendable(r.Get("ascii")) {
		return fmt.Errorf("U+%04X leads to what cannot be sent", c)
	}
	d.latin[c] = r.Get("ascii")
	return nil
}

// sent is a text as CARPOS takes it, and what happened to it on the way.
type sent struct {
	text string
	// foreign: characters outside US-ASCII were spelled otherwise. lost: some have no counterpart; "?" stands for each.
	foreign, lost bool
}

// transliterate brings a text to upper-case US-ASCII on one line (profile section 2): marks are taken off their letters, the table
// "latin" spells what is left, white space becomes single blanks.
func (d *Dictionary) transliterate(s string) sent {
	var out sent
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case r < 0x20 || r == 0x7F || unicode.Is(unicode.Cf, r):
			out.foreign = true // a control or formatting character shows nothing
		case r < 0x80:
			b.WriteRune(unicode.ToUpper(r))
		case unicode.Is(unicode.Mn, r):
			out.foreign = true
		default:
			out.foreign = true
			d.spell(&b, r, &out)
		}
	}
	out.text = strings.Join(strings.Fields(b.String()), " ")
	return out
}

func (d *Dictionary) spell(b *strings.Builder, r rune, out *sent) {
	ascii, ok := d.latin[r]
	if !ok {
		out.lost = true
		ascii = "?"
	}
	b.WriteString(ascii)
}

// cutAtWord is the longest beginning of whole words that is at most n characters long; empty when the first word is longer.
func cutAtWord(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if n < 0 {
		return ""
	}
	i := strings.LastIndexByte(s[:n+1], ' ')
	if i < 0 {
		return ""
	}
	return strings.TrimRight(s[:i], " ")
}
