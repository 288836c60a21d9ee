package main

import (
	"math/rand/v2"
	"slices"
	"strings"

	"ccpor/mapping/names"
	"ccpor/mapping/order"
)

// slip is one class of what people get wrong of a name; wrong says what they ask, or that the name does not allow it.
type slip struct {
	name  string
	wrong func(r *rand.Rand, b *names.Book, n order.Name) (names.Asked, bool)
}

// slips are the classes. Letters go wrong in the surname seven times in ten.
var slips = []slip{
	{"as it is", func(_ *rand.Rand, _ *names.Book, n order.Name) (names.Asked, bool) {
		return asked(n.Given, n.Surname), true
	}},
	{"a letter missing", inOne(4, func(r *rand.Rand, w string) string { i := r.IntN(len(w)); return w[:i] + w[i+1:] })},
	{"a letter added", inOne(4, func(r *rand.Rand, w string) string { i := r.IntN(len(w) + 1); return w[:i] + letter(r) + w[i:] })},
	{"a letter wrong", inOne(4, func(r *rand.Rand, w string) string { i := r.IntN(len(w)); return w[:i] + letter(r) + w[i+1:] })},
	{"two letters swapped", inOne(4, func(r *rand.Rand, w string) string {
		i := r.IntN(len(w) - 1)
		return w[:i] + w[i+1:i+2] + w[i:i+1] + w[i+2:]
	})},
	{"two letters wrong", inOne(7, func(r *rand.Rand, w string) string {
		i, j := r.IntN(len(w)), r.IntN(len(w))
		b := []byte(w)
		b[i], b[j] = letter(r)[0], letter(r)[0]
		return string(b)
	})},
	{"as it sounds", inOne(4, asItSounds)},
	{"first and last name transposed", func(_ *rand.Rand, _ *names.Book, n order.Name) (names.Asked, bool) {
		return names.Asked{Surname: n.Given, Given: n.Surname}, true
	}},
	{"second surname left out", func(_ *rand.Rand, _ *names.Book, n order.Name) (names.Asked, bool) {
		first, _, two := cutSurname(n.Surname)
		return asked(n.Given, first), two
	}},
	{"first surname left out", func(_ *rand.Rand, _ *names.Book, n order.Name) (names.Asked, bool) {
		_, second, two := cutSurname(n.Surname)
		return asked(n.Given, second), two
	}},
	{"surname in one word", func(_ *rand.Rand, b *names.Book, n order.Name) (names.Asked, bool) {
		one := strings.ReplaceAll(names.Fold(n.Surname), " ", "")
		return asked(n.Given, one), one != names.Fold(n.Surname)
	}},
	{"nickname", func(r *rand.Rand, b *names.Book, n order.Name) (names.Asked, bool) {
		called := b.Called(names.Fold(n.Given))
		if len(called) == 0 {
			return names.Asked{}, false
		}
		return asked(called[r.IntN(len(called))], n.Surname), true
	}},
	{"initial", func(_ *rand.Rand, _ *names.Book, n order.Name) (names.Asked, bool) {
		return asked(n.Given[:1], n.Surname), true
	}},
}

func asked(given, surname string) names.Asked { return names.Asked{Either: given + " " + surname} }

// cutSurname divides a double surname; particles are no surname.
func cutSurname(s string) (first, second string, two bool) {
	words := strings.Fields(names.Fold(s))
	if len(words) != 2 || len(words[0]) < 4 || len(words[1]) < 4 {
		return "", "", false
	}
	return words[0], words[1], true
}

// inOne makes one word of a name wrong that has enough letters.
func inOne(atLeast int, wrong func(r *rand.Rand, w string) string) func(*rand.Rand, *names.Book, order.Name) (names.Asked, bool) {
	return func(r *rand.Rand, _ *names.Book, n order.Name) (names.Asked, bool) {
		surname, given := strings.Fields(names.Fold(n.Surname)), strings.Fields(names.Fold(n.Given))
		half := surname
		if r.IntN(10) < 3 {
			half = given
		}
		i := slices.IndexFunc(half, func(w string) bool { return len(w) >= atLeast })
		if i < 0 {
			return names.Asked{}, false
		}
		was := half[i]
		half[i] = wrong(r, was)
		return asked(strings.Join(given, " "), strings.Join(surname, " ")), half[i] != was
	}
}

func letter(r *rand.Rand) string { return string(rune('A' + r.IntN(26))) }

// heard are letters that are written for each other by ear, in English and in Spanish.
var heard = [][2]string{{"PH", "F"}, {"CK", "K"}, {"C", "K"}, {"K", "C"}, {"IE", "EI"}, {"EI", "IE"}, {"Y", "I"}, {"I", "Y"}, {"Z", "S"}, {"S", "Z"}, {"V", "B"}, {"B", "V"}, {"LL", "Y"}, {"H", ""}, {"GH", ""},
	{"QU", "K"}, {"TT", "T"}, {"NN", "N"}, {"SS", "S"}, {"LL", "L"}, {"RR", "R"}, {"EA", "EE"}, {"OU", "OO"}, {"EN", "IN"}, {"ON", "EN"}, {"ER", "AR"}, {"SON", "SEN"}, {"WR", "R"}, {"KN", "N"}, {"J", "G"}, {"GE", "JE"}, {"X", "J"}, {"CE", "SE"}, {"CI", "SI"}}

func asItSounds(r *rand.Rand, w string) string {
	for range 40 {
		h := heard[r.IntN(len(heard))]
		if strings.Contains(w, h[0]) && len(w)+len(h[1])-len(h[0]) >= 3 {
			return strings.Replace(w, h[0], h[1], 1)
		}
	}
	return w
}
