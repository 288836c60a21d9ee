package names

import (
	"math/bits"
	"slices"
)

// Match is how well a name is what was asked.
type Match struct {
	// Score is from 0 to 1; 1 is every word and no other.
	Score float64
	// Reasons say why, the surest first; Exact stands alone.
	Reasons []Reason
	// Words is how many of the words that were asked the name has.
	Words int
	// Enough says that the name is found by these words alone; else only by something that was asked beside them.
	Enough bool
}

// have is a word that a name has; joined ones stand for several.
type have struct {
	asked
	half  Half
	words uint32 // a bit for each word of the name
}

func (b *Book) haves(n Name) []have {
	var all []have
	at := 0
	for _, part := range []struct {
		Part
		half Half
	}{{n.Surname, Surname}, {n.Given, Given}} {
		for i, w := range part.Words {
			all = append(all, have{b.asked(w, false, false), part.half, 1 << (at + i)})
		}
		for _, j := range part.Joined {
			all = append(all, have{b.asked(j.Word, false, true), part.half, (1<<j.To - 1<<j.From) << at})
		}
		at += len(part.Words)
	}
	return all
}

// way is one way of finding what was asked in a name.
type way struct {
	score   float64
	terms   int    // hard ones that were found
	used    uint32 // words of the name
	reasons set
}

// set is a set of reasons, by their place in the list of all.
type set uint32

func (m set) with(r Reason) set { return m | 1<<slices.Index(reasons, r) }

// Match finds the best way in which the name is what was asked; false: it has none of its words.
func (a Ask) Match(n Name) (Match, bool) {
	links := a.links(a.book.haves(n))
	next := make([]map[uint32]way, a.terms+1)
	next[0] = map[uint32]way{0: {}}
	for i := range a.terms {
		for _, w := range next[i] {
			keep(next, i+1, w)
			for _, l := range links {
				if l.from == i && w.used&l.words == 0 {
					keep(next, l.from+l.n, a.follow(w, l))
				}
			}
		}
	}
	var best way
	for _, w := range next[a.terms] {
		if w.better(best) {
			best = w
		}
	}
	if best.terms == 0 {
		return Match{}, false
	}
	return a.judge(best, n), true
}

func (w way) better(o way) bool {
	if w.score != o.score {
		return w.score > o.score
	}
	return w.reasons < o.reasons
}

func keep(next []map[uint32]way, at int, w way) {
	if next[at] == nil {
		next[at] = map[uint32]way{}
	}
	if o, there := next[at][w.used]; !there || w.better(o) {
		next[at][w.used] = w
	}
}

// softly is what a particle that was found is worth.
const softly = 0.02

// link is a word of a name that is near a form.
type link struct {
	wanted
	fit
	words uint32
	more  set // reasons beside the fit's
}

// links are all of them.
func (a Ask) links(haves []have) []link {
	var links []link
	for _, f := range a.forms {
		for _, h := range haves {
			surname, given := a.book.near(f.asked, h.asked)
			l := link{wanted: f, fit: surname, words: h.words}
			if h.half == Given {
				l.fit = given
			}
			if l.score == 0 {
				continue
			}
			if f.half != Either && f.half != h.half {
				l.score, l.more = l.score*wrongHalf, l.more.with(Transposed)
			}
			if f.several != h.several {
				l.more = l.more.with(AsOneWord)
			}
			links = append(links, l)
		}
	}
	return links
}

// follow goes a way on by a link.
func (a Ask) follow(w way, l link) way {
	counted := bits.OnesCount32(l.terms &^ a.soft)
	return way{used: w.used | l.words, reasons: w.reasons.with(l.why) | l.more, terms: w.terms + counted,
		score: w.score + l.score*(float64(counted)+softly*float64(l.n-counted))}
}

const (
	// lacking is what a word counts that the name has not, beside others that it has.
	lacking = 0.35
	// otherSurname and otherGiven are what a word less is worth that the name has and nobody asked for.
	otherSurname, otherGiven = 0.02, 0.004
	// givenOnly is what is left where all that was asked are given names.
	givenOnly = 0.85
)

// judge says what the best way is worth.
func (a Ask) judge(w way, n Name) Match {
	words := a.Words()
	score := (w.score + lacking*float64(words-w.terms)) / float64(words)
	if w.terms < words {
		w.reasons = w.reasons.with(WordLacking)
	}
	surnames := bits.OnesCount32(w.used & (1<<len(n.Surname.Words) - 1))
	if unasked := len(n.Surname.Words) - surnames; surnames > 0 && unasked > 0 {
		score, w.reasons = score-otherSurname*float64(unasked), w.reasons.with(OneSurname)
	} else if unasked > 0 && a.HasSurname() {
		score, w.reasons = score*givenOnly, w.reasons.with(GivenNames)
	}
	score -= otherGiven * float64(len(n.Given.Words)-bits.OnesCount32(w.used)+surnames)
	m := Match{Score: max(0, min(1, score)), Reasons: w.reasons.list(), Words: w.terms}
	m.Enough = m.Score >= enough && surnames > 0 && (w.terms >= min(2, words) || len(n.Given.Words) == 0)
	return m
}

// list leaves out Exact where there is more to say.
func (s set) list() []Reason {
	var list []Reason
	for i, r := range reasons {
		if s&(1<<i) != 0 && (r != Exact || s == 1<<i) {
			list = append(list, r)
		}
	}
	return list
}
