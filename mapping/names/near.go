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

// asked is a word that is looked for, or one that a name has, with what does not change from one comparison to the next.
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

// fit is how well a word is what was asked, and why; its zero value: it is not.
type fit struct {
	score float64
	why   Reason
}

// near says how well a word is what was asked as a surname, and as a given name.
func (b *Book) near(q asked, w asked) (surname, given fit) {
	if w.word == q.word {
		return fit{asAsked, Exact}, fit{asAsked, Exact}
	}
	begins := strings.HasPrefix(w.word, q.word)
	if q.star && begins {
		return fit{asBegun, Begins}, fit{asBegun, Begins}
	}
	surname = b.spelt(q, w)
	if begins && q.letters >= 3 {
		if s := asPrefix + 0.1*float64(q.letters)/float64(w.letters); s > surname.score {
			surname = fit{s, Begins}
		}
	}
	switch {
	case q.letters == 1 && begins || w.letters == 1 && strings.HasPrefix(q.word, w.word):
		return surname, fit{asInitial, Initial}
	case b.isCalled(q.word, w.word):
		return surname, fit{asCalled, Nickname}
	}
	return surname, surname
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
func (b *Book) spelt(q, w asked) fit {
	far := 3
	if shorter := min(q.letters, w.letters); shorter >= 3 && abs(q.letters-w.letters) <= reach(shorter) {
		if d := edlib.OSADamerauLevenshteinDistance(q.word, w.word); d <= reach(shorter) {
			far = d
		}
	}
	alike := soundsAlike(q, w)
	switch {
	case far == 1 && swapped(q.word, w.word):
		return fit{asSwapped, Swapped}
	case far == 1 && alike:
		return fit{asHeard, SoundsAlike}
	case far == 1:
		return fit{asOne - 0.1/float64(max(q.letters, w.letters)), OneLetter}
	case far == 2 && alike:
		return fit{(asHeard + asTwo) / 2, SoundsAlike}
	case far == 2:
		return fit{asTwo, TwoLetters}
	case alike && !q.several:
		return fit{asHeardFar + 0.1*float64(edlib.JaroWinklerSimilarity(min(q.word, w.word), max(q.word, w.word))), SoundsAlike}
	}
	return fit{}
}

// soundsAlike holds where one ear hears the same of both; of less than two consonants nothing can be told.
func soundsAlike(q, w asked) bool {
	for i, s := range w.sounds {
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
