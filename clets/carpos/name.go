package carpos

import (
	"strings"

	"ccpor/mapping/order"
)

// The stand-ins for a part of a name that does not exist (profile section 2, fine print).
const (
	noGiven   = "FNU"
	noSurname = "LNU"
)

const (
	minName = 3
	maxName = 30
)

// nameText is a name as CARPOS takes it, with what was done to it. reason is filled when no rule brings it there.
type nameText struct {
	text   string
	notes  []order.Note
	reason string
}

// name writes LAST,FIRST MIDDLE SUFFIX, 3 to 30 characters. What is too long is shortened step by step: the middle names become initials,
// then go; the given names after the first become initials, then go. Surname, first given name and suffix are never shortened.
func (d *Dictionary) name(n order.Name) nameText {
	var out nameText
	p := nameParts{surname: d.namePart(n.Surname, &out), given: d.namePart(n.Given, &out), middle: d.namePart(n.Middle, &out), suffix: d.namePart(n.Suffix, &out)}
	if out.reason != "" {
		return out
	}
	if p.surname == "" && p.given == "" {
		out.reason = "There is no name."
		return out
	}
	if p.surname == "" {
		p.surname = noSurname
		out.notes = append(out.notes, order.Note{Code: "name.noSurname", Text: "There is no surname; LNU stands for it."})
	}
	if p.given == "" {
		p.given = noGiven
		out.notes = append(out.notes, order.Note{Code: "name.noGiven", Text: "There is no given name; FNU stands for it."})
	}
	out.fit(p)
	return out
}

// fit tries the shortening rules in their order until the name fits.
func (out *nameText) fit(p nameParts) {
	for i, rule := range shortenings {
		if rule.apply != nil {
			p = rule.apply(p)
		}
		text := p.String()
		if len(text) > maxName {
			continue
		}
		if i > 0 {
			out.notes = append(out.notes, order.Note{Code: "name.shortened", Text: "The name has more than 30 characters: " + rule.text})
		}
		out.text = text
		if len(text) < minName {
			out.reason = "The name has fewer than 3 characters."
		}
		return
	}
	out.reason = "The name has more than 30 characters even without middle names, and no rule shortens a surname, a first given name or a suffix."
}

type nameParts struct{ surname, given, middle, suffix string }

func (p nameParts) String() string {
	return p.surname + "," + strings.Join(strings.Fields(p.given+" "+p.middle+" "+p.suffix), " ")
}

var shortenings = []struct {
	text  string
	apply func(nameParts) nameParts
}{
	{"", nil},
	{"middle names became initials.", func(p nameParts) nameParts { p.middle = initials(p.middle); return p }},
	{"middle names were left out.", func(p nameParts) nameParts { p.middle = ""; return p }},
	{"middle names were left out, and given names after the first became initials.", func(p nameParts) nameParts {
		first, rest, _ := strings.Cut(p.given, " ")
		p.given = strings.TrimSpace(first + " " + initials(rest))
		return p
	}},
	{"middle names and given names after the first were left out.", func(p nameParts) nameParts {
		p.given, _, _ = strings.Cut(p.given, " ")
		return p
	}},
}

func initials(s string) string {
	var out []string
	for _, w := range strings.Fields(s) {
		out = append(out, w[:1])
	}
	return strings.Join(out, " ")
}

// namePart is one part of a name: transliterated, without full stops, with a blank for any other character that a name cannot hold.
func (d *Dictionary) namePart(s string, out *nameText) string {
	t := d.transliterate(s)
	if t.lost {
		out.reason = "The name has characters that have no counterpart in US-ASCII."
		return ""
	}
	if t.foreign {
		out.note("name.transliterated", "Characters outside US-ASCII were spelled without their marks; the registry keeps the original.")
	}
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == '.':
			return -1
		case r == '`':
			return '\'' // as it is typed for an apostrophe
		case strings.ContainsRune(upperLetters+digits+nameMarks, r):
			return r
		}
		return ' '
	}, t.text)
	if strings.NewReplacer(".", "", "`", "'").Replace(t.text) != plain {
		out.note("name.punctuation", "Characters that a name cannot hold were replaced by blanks.")
	}
	plain = strings.Join(strings.Fields(plain), " ")
	if plain == "" && t.text != "" {
		out.reason = "A part of the name holds no letter."
	}
	return plain
}

// note tells a thing once.
func (out *nameText) note(code, text string) {
	for _, n := range out.notes {
		if n.Code == code {
			return
		}
	}
	out.notes = append(out.notes, order.Note{Code: code, Text: text})
}
