// Package names finds people by what they are called, as somebody else writes it: without accents, misspelt, by ear, first and last name transposed, by one of two surnames, by a nickname.
//
// It says under which words a name is kept (Of), under which keys the words that are near a word are found (Keys), and how well a name is what was asked, with the reasons (Ask.Match). Nicknames,
// particles and sounds are data (data/*.tsv), each with its source. Everything here is pure: no database, no clock, and the same answer for the same words.
//
// It refuses to decide whether two names are one person, and it knows neither orders nor who may see them.
package names

import (
	"slices"
	"strings"
	"unicode/utf8"

	"ccpor/mapping/order"
)

const (
	// mostWords is how many words of a surname, and of given names, are kept; what is longer is found by its first words.
	mostWords = 5
	// longestWord is how many letters of a word count.
	longestWord = 40
)

// Name is a name as it is found: the words of its surname and of its given names, folded, in their order.
type Name struct {
	Surname, Given Part
}

// Part is one half of a name.
type Part struct {
	// Words are the words that count: no particle, no "Jr".
	Words []string
	// Joined are ways in which some of them are written as one word.
	Joined []Joined
}

// Joined is a word made of the words From to To-1 of a part, with the particles before them.
type Joined struct {
	Word     string
	From, To int
}

// All are the words under which the part is kept.
func (p Part) All() []string {
	all := slices.Clone(p.Words)
	for _, j := range p.Joined {
		if !slices.Contains(all, j.Word) {
			all = append(all, j.Word)
		}
	}
	return all
}

// Known are those of them that belong into the dictionary, so that words near them lead there. Two surnames in one word do not: there would be as many as pairs of surnames.
func (p Part) Known() []string {
	known := slices.Clone(p.Words)
	for _, j := range p.Joined {
		if j.To == j.From+1 && !slices.Contains(known, j.Word) {
			known = append(known, j.Word)
		}
	}
	return known
}

// Of is a person's name as it is found. The suffix finds nobody.
func (b *Book) Of(n order.Name) Name {
	given := b.part(n.Given)
	for _, w := range b.part(n.Middle).Words {
		if len(given.Words) < mostWords {
			given.Words = append(given.Words, w)
		}
	}
	return Name{b.part(n.Surname), given}
}

// part takes the words of one half of a name. Where it is nothing but particles, these are its words.
func (b *Book) part(s string) Part {
	words := b.withoutSuffix(strings.Fields(Fold(s)))
	if !slices.ContainsFunc(words, func(w string) bool { return !b.particles[w] }) {
		return counted(words)
	}
	var p Part
	before := ""
	for _, w := range words {
		switch {
		case len(p.Words) == mostWords:
		case b.particles[w]:
			before += w
		default:
			if before != "" {
				p.join(before+w, len(p.Words), len(p.Words)+1)
			}
			p.Words, before = append(p.Words, cut(w)), ""
		}
	}
	if len(p.Words) > 1 {
		p.join(strings.Join(words[:min(len(words), 2*mostWords)], ""), 0, len(p.Words))
	}
	return p
}

func (p *Part) join(word string, from, to int) {
	if utf8.RuneCountInString(word) <= longestWord {
		p.Joined = append(p.Joined, Joined{word, from, to})
	}
}

func counted(words []string) Part {
	var p Part
	for _, w := range words[:min(len(words), mostWords)] {
		p.Words = append(p.Words, cut(w))
	}
	return p
}

func (b *Book) withoutSuffix(words []string) []string {
	for len(words) > 1 && b.suffixes[words[len(words)-1]] {
		words = words[:len(words)-1]
	}
	return words
}

// cut leaves the first letters of a word.
func cut(word string) string {
	if utf8.RuneCountInString(word) <= longestWord {
		return word
	}
	return string([]rune(word)[:longestWord])
}
