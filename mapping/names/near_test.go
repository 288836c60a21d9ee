package names

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func book(t testing.TB) *Book {
	t.Helper()
	b, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// word is a folded word, of a few letters so that two of them are often near.
func word() *rapid.Generator[string] {
	return rapid.Map(rapid.StringMatching(`[A-EHKLSZ]{1,11}|[A-Z]{1,12}|[A-ZÑДא石]{1,6}`), Fold)
}

// edited is a word with up to n letters taken away, added, replaced or swapped with the next.
func edited(t *rapid.T, w string, n int) string {
	letters := []rune(w)
	for range n {
		i := rapid.IntRange(0, len(letters)-1).Draw(t, "at")
		c := rapid.RuneFrom([]rune("AEKSZ")).Draw(t, "letter")
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			if len(letters) > 1 {
				letters = slices.Delete(letters, i, i+1)
			}
		case 1:
			letters = slices.Insert(letters, i, c)
		case 2:
			letters[i] = c
		default:
			if i+1 < len(letters) {
				letters[i], letters[i+1] = letters[i+1], letters[i]
			}
		}
	}
	return string(letters)
}

// Whatever is near a word is near it the other way round, and shares a key with it: so the dictionary finds it.
func TestNearWordsShareKeys(t *testing.T) {
	t.Parallel()
	b := book(t)
	near := 0
	rapid.Check(t, func(t *rapid.T) {
		w := word().Draw(t, "word")
		other := edited(t, w, rapid.IntRange(0, 3).Draw(t, "edits"))
		there, back := b.spelt(b.asked(w, false, false), b.asked(other, false, false)), b.spelt(b.asked(other, false, false), b.asked(w, false, false))
		if w != other && there != back {
			t.Errorf("%s to %s is %+v, back %+v", w, other, there, back)
		}
		if there.score == 0 {
			return
		}
		near++
		keys := b.Keys(other)
		if !slices.ContainsFunc(b.Keys(w), func(k int32) bool { return slices.Contains(keys, k) }) {
			t.Errorf("%s and %s are near (%+v) and share no key", w, other, there)
		}
	})
	if near < 20 {
		t.Errorf("only %d pairs were near", near)
	}
}

// Folding twice is folding once, and what is folded is words of capitals and digits.
func TestFoldingIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~\x00-\x1f]{0,20}`), rapid.StringMatching(`[\x{80}-\x{2fff}'’ \-]{0,20}`)).Draw(t, "text")
		once := Fold(s)
		if short, is := foldASCII(s); is && Fold(s+" é") != strings.TrimSpace(short+" E") {
			t.Errorf("%q is folded to %q by the short way, to %q by the long one", s, short, Fold(s+" é"))
		}
		if again := Fold(once); again != once {
			t.Errorf("%q is folded to %q, and that to %q", s, once, again)
		}
		if strings.ContainsAny(once, "\x00%_\\'\u202e") || strings.TrimSpace(once) != once || strings.Contains(once, "  ") {
			t.Errorf("%q is folded to %q", s, once)
		}
	})
}

// A name finds itself, in whatever order its words are typed.
func TestANameFindsItself(t *testing.T) {
	t.Parallel()
	b := book(t)
	part := rapid.SliceOfN(rapid.OneOf(word(), rapid.SampledFrom([]string{"DE", "LA", "VAN", "MC", "JOSE", "BILL", "JR", "GARCIA", "O'BRIEN", "Ñandú", "Smith-Jones"})), 1, 2)
	rapid.Check(t, func(t *rapid.T) {
		surname, given := part.Draw(t, "surname"), part.Draw(t, "given")
		name := Name{b.part(strings.Join(surname, " ")), b.part(strings.Join(given, " "))}
		for how, q := range map[string]Asked{
			"fields": {Surname: strings.Join(surname, " "), Given: strings.Join(given, " ")},
			"comma":  {Either: strings.Join(surname, " ") + ", " + strings.Join(given, " ")},
			"words":  {Either: strings.Join(rapid.Permutation(append(slices.Clone(surname), given...)).Draw(t, "words"), " ")},
		} {
			if how == "words" && (b.nameless(surname) || b.nameless(given)) {
				continue // what is no name for itself may belong to the other half
			}
			ask, err := b.Ask(q)
			if err != nil {
				if len(surname)+len(given) > 3 && strings.Contains(strings.Join(append(surname, given...), " "), "-") {
					continue // a hyphen makes two words
				}
				t.Fatalf("%+v: %v", q, err)
			}
			m, ok := ask.Match(name)
			if !ok || !m.Enough || m.Score < 0.85 {
				t.Errorf("%s: %+v does not find itself: %+v", how, q, m)
			}
			if how != "words" && !slices.Equal(m.Reasons, []Reason{Exact}) {
				t.Errorf("%s: %+v finds itself for %v", how, q, m.Reasons)
			}
		}
	})
}

// nameless says that words are particles and suffixes, or that one is a suffix.
func (b *Book) nameless(words []string) bool {
	return slices.Contains(words, "JR") || !slices.ContainsFunc(words, func(w string) bool { return !b.particles[Fold(w)] })
}

// Every reason has words, and no two have the same.
func TestReasonsHaveWords(t *testing.T) {
	t.Parallel()
	seen := map[string]Reason{}
	for _, r := range Reasons() {
		if r.English() == "" || r.Spanish() == "" || seen[r.English()] != "" {
			t.Errorf("%s: %q, %q, as %s", r, r.English(), r.Spanish(), seen[r.English()])
		}
		seen[r.English()] = r
	}
	if len(seen) != len(words) {
		t.Errorf("%d reasons, %d in words", len(seen), len(words))
	}
}

// A table with a line out of shape is refused.
func TestRulesAreChecked(t *testing.T) {
	t.Parallel()
	for _, row := range [][]string{{"english", "?", "A", "", "B"}, {"english", "^", "", "", "B"}, {"english", ".", "a", "", "B"}, {"english", "^$", "A", "", "B"}, {"english", ".", "A", "1", "B"}} {
		if err := new(Book).rule(row); err == nil {
			t.Errorf("%q is taken", row)
		}
	}
}

// What sounds alike to one of the ears, and what does not.
func TestSounds(t *testing.T) {
	t.Parallel()
	b := book(t)
	for _, c := range []struct {
		one, other string
		alike      bool
	}{
		{"SMITH", "SMYTH", true}, {"SMITH", "SMITHE", true}, {"PHILIPS", "FILLIPS", true}, {"CATHERINE", "KATHERINE", true}, {"KNIGHT", "NITE", true}, {"WRIGHT", "RITE", true}, {"STEPHEN", "STEFFEN", true},
		{"CHRISTIAN", "KRISTIAN", true}, {"MACDONALD", "MCDONALD", true}, {"THOMPSON", "TOMPSON", true}, {"JEFFREY", "GEOFFREY", true}, {"XAVIER", "JAVIER", true},
		{"GONZALEZ", "GONSALES", true}, {"HERNANDEZ", "ERNANDES", true}, {"VAZQUEZ", "BASQUES", true}, {"JIMENEZ", "XIMENES", true}, {"JIMENEZ", "GIMENEZ", true}, {"YBARRA", "IBARRA", true}, {"QUINTANA", "KINTANA", true},
		{"LLAMAS", "YAMAS", true}, {"GUERRERO", "GUERERO", true}, {"CEBALLOS", "ZEVAYOS", true},
		{"SMITH", "SMART", false}, {"GARCIA", "GALLARDO", false}, {"JONES", "JENSEN", false}, {"LI", "LU", false}, {"石", "木", false},
	} {
		if got := soundsAlike(b.asked(c.one, false, false), b.asked(c.other, false, false)); got != c.alike {
			t.Errorf("%s %v and %s %v: %v", c.one, b.Sounds(c.one), c.other, b.Sounds(c.other), got)
		}
	}
}
