package names

import (
	"strings"
	"unicode/utf8"

	"github.com/hbollon/go-edlib"
)

// Half is a half of a name.
type Half int

// The halves; Either is any of the two.
const (
	Either Half = iota
	Surname
	Given
)

// How well a word is what was asked, from 0 to 1, by why it is near. The order is what matters: what one would rather have meant stands higher.
const (
	asAsked    = 1.0
	asBegun    = 0.96 // its beginning was asked with a star
	asCalled   = 0.94
	asSwapped  = 0.93
	asHeard    = 0.92 // where a letter differs, too, or none
	asOne      = 0.90
	asInitial  = 0.85
	asTwo      = 0.80
	asHeardFar = 0.74 // where more letters differ; likeness adds up to 0.1
	asPrefix   = 0.72 // it goes on where what was asked ends; the share that was asked adds up to 0.1
)

// asked is a word that is looked for, with what does not change from name to name.
type asked struct {
	word    string
	letters int
	sounds  []string
	star    bool
	several bool // it is typed as more than one word: how it sounds together says little
}

func (b *Book) asked(word string, star, several bool) asked {
	return asked{word, utf8.RuneCountInString(word), b.Sounds(word), star, several}
}

// near says how well a word of a name's half is what was asked, and why; 0: it is not.
func (b *Book) near(q asked, word string, half Half) (float64, Reason) {
	if word == q.word {
		return asAsked, Exact
	}
	letters := utf8.RuneCountInString(word)
	begins := strings.HasPrefix(word, q.word)
	switch {
	case q.star && begins:
		return asBegun, Begins
	case half == Given && (q.letters == 1 && begins || letters == 1 && strings.HasPrefix(q.word, word)):
		return asInitial, Initial
	case half == Given && b.isCalled(q.word, word):
		return asCalled, Nickname
	}
	score, why := b.spelt(q, word, letters)
	if begins && q.letters >= 3 {
		if s := asPrefix + 0.1*float64(q.letters)/float64(letters); s > score {
			score, why = s, Begins
		}
	}
	return score, why
}

func (b *Book) isCalled(name, other string) bool {
	for _, c := range b.called[name] {
		if c == other {
			return true
		}
	}
	return false
}

// spelt compares letters and sounds.
func (b *Book) spelt(q asked, word string, letters int) (float64, Reason) {
	far := 3
	if shorter := min(q.letters, letters); shorter >= 3 && abs(q.letters-letters) <= reach(shorter) {
		if d := edlib.OSADamerauLevenshteinDistance(q.word, word); d <= reach(shorter) {
			far = d
		}
	}
	alike := b.soundsAlike(q, word)
	switch {
	case far == 1 && swapped(q.word, word):
		return asSwapped, Swapped
	case far == 1 && alike:
		return asHeard, SoundsAlike
	case far == 1:
		return asOne - 0.1/float64(letters), OneLetter
	case far == 2 && alike:
		return (asHeard + asTwo) / 2, SoundsAlike
	case far == 2:
		return asTwo, TwoLetters
	case alike && !q.several:
		return asHeardFar + 0.1*float64(edlib.JaroWinklerSimilarity(q.word, word)), SoundsAlike
	}
	return 0, ""
}

// soundsAlike holds where one ear hears the same of both; of less than two consonants nothing can be told.
func (b *Book) soundsAlike(q asked, word string) bool {
	for i, s := range b.Sounds(word) {
		if len(s) > 1 && s == q.sounds[i] {
			return true
		}
	}
	return false
}

// swapped says that two words at distance one have the same letters.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for a[i] == b[i] {
		i++
	}
	j := len(a) - 1
	for a[j] == b[j] {
		j--
	}
	return j > i && utf8.RuneCountInString(a[i:j+1]) == 2
}

func abs(n int) int { return max(n, -n) }
