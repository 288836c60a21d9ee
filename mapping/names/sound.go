package names

import (
	"fmt"
	"strings"
)

// ear is how one language hears names.
type ear struct {
	name string
	// rules are those that begin with each letter from A to Z, in the order of the table.
	rules [26][]rule
}

// rule rewrites letters; the first rule that fits at a place of a word is taken.
type rule struct {
	first, last             bool // only where the word begins, or ends
	letters, before, sounds string
}

const vowels = "AEIOUY"

// rule takes a row of the table of sounds.
func (b *Book) rule(row []string) error {
	name, where, letters, before, sounds := row[0], row[1], row[2], row[3], row[4]
	if strings.Trim(where, "^$.") != "" || len(where) != 1 || letters == "" || strings.Trim(letters+before+sounds, capitals) != "" {
		return fmt.Errorf("a place (^ $ .) and capital letters are needed")
	}
	if len(b.ears) == 0 || b.ears[len(b.ears)-1].name != name {
		b.ears = append(b.ears, ear{name: name})
	}
	e := &b.ears[len(b.ears)-1].rules[letters[0]-'A']
	*e = append(*e, rule{where == "^", where == "$", letters, before, sounds})
	return nil
}

const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// Sounds are how a folded word sounds to each ear, in the order of the table; empty for a word with other letters than A to Z.
func (b *Book) Sounds(word string) []string {
	heard := make([]string, len(b.ears))
	for i := range len(word) {
		if word[i] < 'A' || word[i] > 'Z' {
			return heard
		}
	}
	for i := range b.ears {
		heard[i] = b.ears[i].hear(word)
	}
	return heard
}

func (e *ear) hear(word string) string {
	var buffer [2 * longestWord]byte
	heard := buffer[:0]
	last := byte(0) // what was heard last, where no vowel has come since
	for i := 0; i < len(word); {
		sound, n := e.at(word, i)
		if isVowel := strings.IndexByte(vowels, word[i]) >= 0; sound == "" && isVowel {
			if last = 0; len(heard) == 0 {
				sound = "A"
			}
		}
		for j := range len(sound) {
			if sound[j] != last {
				heard = append(heard, sound[j])
			}
			last = sound[j]
		}
		i += n
	}
	return string(heard)
}

// at is what is heard at a place, and of how many letters.
func (e *ear) at(word string, i int) (sound string, n int) {
	rules := e.rules[word[i]-'A']
	for n := range rules {
		if r := &rules[n]; r.fits(word, i) {
			return r.sounds, len(r.letters)
		}
	}
	if strings.IndexByte(vowels, word[i]) >= 0 {
		return "", 1
	}
	return word[i : i+1], 1
}

func (r *rule) fits(word string, i int) bool {
	end := i + len(r.letters)
	return !(r.first && i > 0) && strings.HasPrefix(word[i:], r.letters) && !(r.last && end < len(word)) &&
		(r.before == "" || end < len(word) && strings.IndexByte(r.before, word[end]) >= 0)
}
