package names_test

import (
	"slices"
	"strings"
	"testing"

	"ccpor/mapping/names"
	"ccpor/mapping/order"
)

func load(t testing.TB) *names.Book {
	t.Helper()
	b, err := names.Load()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"García Márquez":           "GARCIA MARQUEZ",
		"  o'Brien-Łukasz\t":       "OBRIEN LUKASZ",
		"D’Ángelo":                 "DANGELO",
		"Straße":                   "STRASSE",
		"Nguyễn Đức":               "NGUYEN DUC",
		"Ｓｍｉｔｈ":                    "SMITH",
		"石":                        "石",
		"\x00\u202eevil\u200b\xff": "EVIL",
		"":                         "",
		"Smith, J.":                "SMITH J",
		"😀":                        "",
	} {
		if got := names.Fold(text); got != want {
			t.Errorf("%q is folded to %q, want %q", text, got, want)
		}
	}
}

// person reads "given names/surname".
func person(s string) order.Name {
	given, surname, _ := strings.Cut(s, "/")
	return order.Name{Given: given, Surname: surname}
}

// TestMatch: what is asked in the box ("surname, given" with a comma), the name, and why it is found; no reason: it is not.
func TestMatch(t *testing.T) {
	t.Parallel()
	b := load(t)
	for _, c := range []struct {
		asked, name string
		want        []names.Reason
	}{
		{"john smith", "John/Smith", []names.Reason{names.Exact}},
		{"smith john", "John/Smith", []names.Reason{names.Exact}},
		{"smith, john", "John/Smith", []names.Reason{names.Exact}},
		{"john, smith", "John/Smith", []names.Reason{names.Transposed}},
		{"smith", "John/Smith", []names.Reason{names.Exact}},
		{"jose garcia", "José Luis/García", []names.Reason{names.Exact}},
		{"garcia gabriel", "Gabriel/García Márquez", []names.Reason{names.OneSurname}},
		{"marquez gabriel", "Gabriel/García Márquez", []names.Reason{names.OneSurname}},
		{"marquez garcia gabriel", "Gabriel/García Márquez", []names.Reason{names.Exact}},
		{"garciamarquez gabriel", "Gabriel/García Márquez", []names.Reason{names.AsOneWord}},
		{"gabriel garcia marquez", "Gabriel/García", []names.Reason{names.WordLacking}},
		{"smyth john", "John/Smith", []names.Reason{names.SoundsAlike}},
		{"gonzales maria", "María/González", []names.Reason{names.SoundsAlike}},
		{"hernandes maria", "María/Hernández", []names.Reason{names.SoundsAlike}},
		{"ximenez maria", "María/Jiménez", []names.Reason{names.SoundsAlike}},
		{"shmit ann", "Ann/Schmidt", []names.Reason{names.SoundsAlike}},
		{"martinze ana", "Ana/Martínez", []names.Reason{names.Swapped}},
		{"martnez ana", "Ana/Martínez", []names.Reason{names.SoundsAlike}},
		{"marttinez ana", "Ana/Martínez", []names.Reason{names.SoundsAlike}},
		{"nartinez ana", "Ana/Martínez", []names.Reason{names.OneLetter}},
		{"nartines ana", "Ana/Martínez", []names.Reason{names.TwoLetters}},
		{"bill clayton", "William/Clayton", []names.Reason{names.Nickname}},
		{"william clayton", "Bill/Clayton", []names.Reason{names.Nickname}},
		{"pepe ruiz", "José/Ruiz", []names.Reason{names.Nickname}},
		{"j smith", "John/Smith", []names.Reason{names.Initial}},
		{"john smith", "J/Smith", []names.Reason{names.Initial}},
		{"smi* john", "John/Smith", []names.Reason{names.Begins}},
		{"rodr juan", "Juan/Rodríguez", []names.Reason{names.Begins}},
		{"de la cruz maria", "María/De La Cruz", []names.Reason{names.Exact}},
		{"delacruz maria", "María/de la Cruz", []names.Reason{names.AsOneWord}},
		{"cruz maria", "María/de la Cruz", []names.Reason{names.Exact}},
		{"de la cruz maria", "María/Cruz", []names.Reason{names.Exact}},
		{"mc donald ron", "Ron/McDonald", []names.Reason{names.AsOneWord}},
		{"mcdonald ron", "Ron/Mc Donald", []names.Reason{names.AsOneWord}},
		{"obrien pat", "Pat/O'Brien", []names.Reason{names.Exact}},
		{"o brien pat", "Pat/O'Brien", []names.Reason{names.AsOneWord}},
		{"smith-jones amy", "Amy/Smith Jones", []names.Reason{names.Exact}},
		{"jones amy", "Amy/Smith-Jones", []names.Reason{names.OneSurname}},
		{"maryann lee", "Mary Ann/Lee", []names.Reason{names.AsOneWord}},
		{"mary ann lee", "Maryann/Lee", []names.Reason{names.AsOneWord}},
		{"van nguyen", "Van/Nguyen", []names.Reason{names.Exact}},
		{"muller zoe", "Zoë/Müller", []names.Reason{names.Exact}},
		{"john smith jr", "John/Smith", []names.Reason{names.Exact}},

		{"john smith", "Mary/Smith", nil},
		{"john smith", "John/Brown", nil},
		{"smith", "Smith/Brown", nil},
		{"li wei", "Wei/Lu", nil},
		{"garcia", "Ana/Gallardo", nil},
		{"jones", "Ann/Johnson", nil},
		{"bill", "William/Clayton", nil},
		{"%", "John/Smith", nil},
		{"_mith", "John/Zmyth", nil},
	} {
		ask, err := b.Ask(names.Asked{Either: c.asked})
		if err != nil {
			t.Errorf("%q: %v", c.asked, err)
			continue
		}
		m, ok := ask.Match(b.Of(person(c.name)))
		if found := ok && m.Enough; found != (c.want != nil) || found && !slices.Equal(m.Reasons, c.want) {
			t.Errorf("%q is looked for in %q: %v %+v, want %v", c.asked, c.name, ok, m, c.want)
		}
	}
}
