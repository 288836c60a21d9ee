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
	// foreign: characters outside US-ASCII were spelled otherwise. lost: some have no counterpart; "?" stands for each run of them.
	foreign, lost bool
}

// transliterate brings a text to upper-case US-ASCII on one line (profile section 2). Each character is spelled as the table "latin" has it; one that the table
// does not have is taken apart (Unicode's compatibility decomposition: letters lose their marks, ligatures and full-width letters become letters), and its parts
// are spelled. White space of any kind becomes single blanks, what shows nothing goes. A text that has gone through it once is not changed again.
func (d *Dictionary) transliterate(s string) sent {
	p := &speller{latin: d.latin}
	for _, r := range s {
		p.spell(r)
	}
	return sent{strings.Join(strings.Fields(p.b.String()), " "), p.foreign, p.lost}
}

type speller struct {
	latin         map[rune]string
	b             strings.Builder
	foreign, lost bool
	losing        bool // the last character was lost
}

func (p *speller) spell(r rune) {
	ascii, known := p.latin[r]
	switch {
	case unicode.IsSpace(r):
		p.put(" ")
	case r < 0x20 || r == 0x7F || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r):
		p.foreign = true // a control or formatting character shows nothing, a mark is taken off its letter
	case r < 0x80:
		p.put(string(unicode.ToUpper(r)))
	case known:
		p.foreign = true
		p.put(ascii)
	default:
		p.foreign = true
		p.takeApart(r)
	}
}

func (p *speller) takeApart(r rune) {
	if parts := norm.NFKD.String(string(r)); parts != string(r) && r != utf8.RuneError {
		for _, part := range parts {
			p.spell(part)
		}
		return
	}
	if !p.losing {
		p.b.WriteByte('?')
	}
	p.lost, p.losing = true, true
}

func (p *speller) put(ascii string) {
	p.losing = false
	p.b.WriteString(ascii)
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
