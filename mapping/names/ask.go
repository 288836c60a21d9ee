package names

import (
	"cmp"
	"errors"
	"math/bits"
	"slices"
	"strings"
)

// Asked is what somebody types of a name. A word with a star behind it is the beginning of one; a comma in Either stands behind the surname.
type Asked struct {
	Surname, Given, Either string
}

const (
	// mostBytes, mostHard and, with particles, mostTerms bound what is asked.
	mostBytes = 200
	mostHard  = 6
	mostTerms = 10
)

// ErrTooMuch says that more is asked than any name has.
var ErrTooMuch = errors.New("a name has at most 200 letters and six words")

// Ask is what is looked for, read once for many names. Its zero value looks for nothing.
type Ask struct {
	book  *Book
	forms []wanted
	terms int
	soft  uint32 // a bit for each term that is a particle, and is not missed
}

// wanted is a word that is looked for. Joined ones stand for several terms.
type wanted struct {
	asked
	half  Half
	terms uint32 // a bit for each term
	from  int
	n     int // how many terms
}

// Ask reads what is asked; ErrTooMuch. Marks, and letters in either case, make no difference, nor does the order of words that may be either half.
func (b *Book) Ask(q Asked) (Ask, error) {
	if len(q.Surname)+len(q.Given)+len(q.Either) > mostBytes {
		return Ask{}, ErrTooMuch
	}
	if before, behind, comma := strings.Cut(q.Either, ","); comma {
		q.Surname, q.Given, q.Either = q.Surname+" "+before, q.Given+" "+behind, ""
	}
	a := Ask{book: b}
	for _, half := range []struct {
		text string
		half Half
	}{{q.Surname, Surname}, {q.Given, Given}, {q.Either, Either}} {
		a.take(half.text, half.half)
	}
	if a.terms > mostTerms || a.Words() > mostHard {
		return Ask{}, ErrTooMuch
	}
	return a, nil
}

// Empty says that nothing is looked for.
func (a Ask) Empty() bool { return len(a.forms) == 0 }

// Words is how many words are looked for, without particles.
func (a Ask) Words() int { return a.terms - bits.OnesCount32(a.soft) }

// HasSurname says that something of it may be a surname.
func (a Ask) HasSurname() bool {
	return slices.ContainsFunc(a.forms, func(f wanted) bool { return f.half != Given })
}

func (a Ask) isSoft(f wanted) bool { return f.terms&^a.soft == 0 }

// typed is one word as it was typed.
type typed struct {
	word string
	star bool
}

// take adds the words of a text. In a half that is known, particles belong to the word behind them; where it may be any, they may be names themselves.
func (a *Ask) take(text string, half Half) {
	words := a.book.typed(text)
	isName := func(t typed) bool { return !a.book.particles[t.word] }
	onlyParticles := !slices.ContainsFunc(words, isName)
	first, before := a.terms, ""
	var singles []typed
	for _, t := range words {
		soft := !onlyParticles && !isName(t)
		if soft && half != Either {
			before += t.word
			continue
		}
		if soft {
			a.soft |= 1 << a.terms
		}
		a.add(t.word, t.star, false, half, a.terms, 1)
		if before != "" {
			a.add(before+t.word, t.star, true, half, a.terms, 1)
		}
		singles, before = append(singles, t), ""
		a.terms++
	}
	for n := 2; n <= 3; n++ {
		for i := 0; i+n <= len(singles); i++ {
			a.join(singles[i:i+n], half, first+i)
		}
	}
}

// join adds neighbours as one word, as others may write them: Mary Ann, Mc Donald, García Márquez.
func (a *Ask) join(words []typed, half Half, from int) {
	word := ""
	for _, t := range words {
		word += t.word
	}
	if last := words[len(words)-1]; a.soft&(1<<(from+len(words)-1)) == 0 && len(word) <= longestWord {
		a.add(word, last.star, true, half, from, len(words))
	}
}

func (a *Ask) add(word string, star, several bool, half Half, from, n int) {
	if from+n > 30 {
		return // more terms than are taken: Ask refuses it
	}
	a.forms = append(a.forms, wanted{asked: a.book.asked(cut(word), star, several), half: half, terms: (1<<n - 1) << from, from: from, n: n})
}

// typed are the words of a text. A star holds for the last word before it.
func (b *Book) typed(text string) []typed {
	var words []typed
	for _, field := range strings.Fields(text) {
		folded := strings.Fields(Fold(field))
		for i, w := range folded {
			words = append(words, typed{w, i == len(folded)-1 && strings.HasSuffix(field, "*")})
		}
	}
	for len(words) > 1 && b.suffixes[words[len(words)-1].word] && !words[len(words)-1].star {
		words = words[:len(words)-1]
	}
	return words
}

// Keys are the keys of all that is near what is asked.
func (a Ask) Keys() []int32 {
	var keys []int32
	for _, f := range a.forms {
		keys = append(keys, a.book.Keys(f.word)...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Beginning is the beginning of words, and how many of them are wanted at most.
type Beginning struct {
	Word string
	Most int
}

// Beginnings are those of words that may go on where what is asked ends.
func (a Ask) Beginnings() []Beginning {
	var begin []Beginning
	for _, f := range a.forms {
		switch {
		case f.star || f.letters == 1:
			begin = append(begin, Beginning{f.word, 2000})
		case f.letters >= 3 && f.n == 1 && !a.isSoft(f):
			begin = append(begin, Beginning{f.word, 60})
		}
	}
	return begin
}

// Pair is a word of a surname and one of given names that a person may have who is asked for, and how well they fit, as a share of all that is asked. Where Given is 0 the person has no given name; in Ask.Alone it may be any.
type Pair struct {
	Surname, Given int64
	Score          float64
}

const (
	// mostNear is how many words near one word are followed, begun ones apart; mostPairs how many pairs.
	mostNear, mostBegun, mostPairs = 40, 1500, 3000
	// enough is what a name must reach.
	enough = 0.6
	// wrongHalf is what a word in the other half than it was asked in is worth.
	wrongHalf = 0.95
)

// candidate is a word of one half that is near a form.
type candidate struct {
	id    int64
	score float64
}

// known are words of the dictionary, each once.
func (a Ask) known(dictionary []string) []asked {
	words := make([]asked, len(dictionary))
	for i, w := range dictionary {
		words[i] = a.book.asked(w, false, false)
	}
	return words
}

// candidates are the words of surnames and of given names that are near what a form wants, the best first.
func (a Ask) candidates(f wanted, dictionary []asked) (surnames, given []candidate) {
	asSurname, asGiven := map[string]float64{f.word: asAsked}, map[string]float64{f.word: asAsked}
	add := func(w asked) {
		s, g := a.book.near(f.asked, w)
		if s.score > 0 {
			asSurname[w.word] = s.score
		}
		if g.score > 0 {
			asGiven[w.word] = g.score
		}
	}
	for _, w := range dictionary {
		add(w)
	}
	for _, w := range a.book.called[f.word] {
		asGiven[w] = asCalled
	}
	if initial := string([]rune(f.word)[:1]); f.letters > 1 {
		asGiven[initial] = asInitial
	}
	return f.best(asSurname, Surname), f.best(asGiven, Given)
}

// best sorts the words of a half, and leaves out those that are too many.
func (f wanted) best(words map[string]float64, half Half) []candidate {
	found := make([]candidate, 0, len(words))
	for w, s := range words {
		if f.half != Either && f.half != half {
			s *= wrongHalf
		}
		found = append(found, candidate{ID(w), s})
	}
	slices.SortFunc(found, func(x, y candidate) int { return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.id, y.id)) })
	most := mostNear
	if f.star || f.letters == 1 {
		most = mostBegun
	}
	return found[:min(len(found), most)]
}

// Pairs are the pairs of words by which people are looked for, the best first, given the words of the dictionary that share keys or beginnings with what is asked.
func (a Ask) Pairs(dictionary []string) []Pair {
	best := map[[2]int64]float64{}
	add := func(p Pair, terms uint32) {
		if p.Score < enough {
			return
		}
		k := [2]int64{p.Surname, p.Given}
		best[k] = max(best[k], p.Score*a.share(terms))
	}
	surnames, given := make([][]candidate, len(a.forms)), make([][]candidate, len(a.forms))
	words := a.known(dictionary)
	for i, f := range a.forms {
		surnames[i], given[i] = a.candidates(f, words)
	}
	for i, f := range a.forms {
		for _, s := range surnames[i] {
			add(Pair{s.id, 0, s.score * 0.9}, f.terms)
			for j, g := range a.forms {
				if f.terms&g.terms == 0 {
					cross(s, given[j], g.least(), func(p Pair) { add(p, f.terms|g.terms) })
				}
			}
		}
	}
	return sorted(best)
}

// share is how much of what is asked some of its terms are: who has two of three words stands behind who has them all.
func (a Ask) share(terms uint32) float64 {
	return float64(bits.OnesCount32(terms&^a.soft)) / float64(max(1, a.Words()))
}

// least is what a pair with a given name that is asked so must reach: an initial is that of so many names that the surname has to be as it is, or nearly.
func (f wanted) least() float64 {
	if f.letters == 1 && !f.star {
		return asInitial * asHeard
	}
	return enough
}

// cross pairs a surname with given names while the pair is good enough.
func cross(s candidate, given []candidate, least float64, add func(Pair)) {
	for _, g := range given {
		if s.score*g.score < least {
			return
		}
		add(Pair{s.id, g.id, s.score * g.score})
	}
}

func sorted(best map[[2]int64]float64) []Pair {
	pairs := make([]Pair, 0, len(best))
	for k, s := range best {
		pairs = append(pairs, Pair{k[0], k[1], s})
	}
	slices.SortFunc(pairs, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Surname, y.Surname), cmp.Compare(x.Given, y.Given))
	})
	return pairs[:min(len(pairs), mostPairs)]
}

// Alone are the surnames of people who are looked for by one word, the best first, whatever their given names.
func (a Ask) Alone(dictionary []string) []Pair {
	best := map[[2]int64]float64{}
	words := a.known(dictionary)
	for _, f := range a.forms {
		surnames, _ := a.candidates(f, words)
		for _, s := range surnames {
			best[[2]int64{s.id, 0}] = max(s.score, best[[2]int64{s.id, 0}])
		}
	}
	return sorted(best)
}

const (
	// mostTogether is how many double surnames near the one that was asked are followed, ifBoth where its words may as well be a given name and a surname.
	mostTogether, ifBoth = 400, 60
	// otherOrder is what two surnames are worth in the other order.
	otherOrder = 0.9
)

// Together are the surnames of people of whom nothing but surnames is asked, more than one: first as they are, in either order, then those near them. Where the words may be a given name and a surname as well,
// fewer are near. Nothing where a given name is asked, or one word only.
func (a Ask) Together(dictionary []string) (exact, near []Pair) {
	if a.Words() < 2 || slices.ContainsFunc(a.forms, func(f wanted) bool { return f.half == Given }) {
		return nil, nil
	}
	known := map[[2]int64]float64{}
	for _, f := range a.forms {
		if f.n > 1 && f.terms|a.soft == 1<<a.terms-1 {
			known[surnameOf(f.word)] = 1
		}
	}
	two := a.two()
	if len(two) != 2 {
		return sorted(known), nil
	}
	known[surnameOf(two[1].word+two[0].word)] = otherOrder
	near, most := a.double(two[0], two[1], dictionary), mostTogether
	if two[0].half == Either {
		most = ifBoth
	}
	return sorted(known), near[:min(len(near), most)]
}

func surnameOf(words string) [2]int64 { return [2]int64{ID(cut(words)), 0} }

// two are the words that are asked, as they are typed, where there are no more than two that are no particles.
func (a Ask) two() (words []wanted) {
	for _, f := range a.forms {
		if f.n == 1 && !f.several && !a.isSoft(f) {
			words = append(words, f)
		}
	}
	return words
}

// double are surnames of two words, each of which is near what is asked.
func (a Ask) double(one, two wanted, dictionary []string) []Pair {
	near, words := map[[2]int64]float64{}, a.known(dictionary)
	seconds := two.nearest(a.book, words)
	for _, x := range one.nearest(a.book, words) {
		for _, y := range seconds {
			if s := x.score * y.score; s >= enough && s < 1 {
				k := surnameOf(x.word + y.word)
				near[k] = max(near[k], s)
			}
		}
	}
	return sorted(near)
}

// scored is a word that is near another one.
type scored struct {
	word  string
	score float64
}

// nearest are the words of surnames near a form, itself first.
func (f wanted) nearest(b *Book, dictionary []asked) []scored {
	found := []scored{{f.word, 1}}
	for _, w := range dictionary {
		if s, _ := b.near(f.asked, w); s.score >= enough && w.word != f.word {
			found = append(found, scored{w.word, s.score})
		}
	}
	slices.SortFunc(found, func(x, y scored) int { return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.word, y.word)) })
	return found[:min(len(found), mostNear)]
}

// Givens are the given names by which people are looked for whose surname is not known.
func (a Ask) Givens() []Pair {
	best := map[[2]int64]float64{}
	for _, f := range a.forms {
		_, given := a.candidates(f, nil)
		for _, g := range given {
			best[[2]int64{0, g.id}] = g.score
		}
	}
	return sorted(best)
}
