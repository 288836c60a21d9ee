package alike

import (
	"testing"

	"ccpor/mapping/order"
	"ccpor/mapping/precedence"
)

func born(year int) *order.Date { d := order.MakeDate(year, 4, 2); return &d }

func about(key string, restrained order.Restrained, protected ...order.Protected) precedence.Standing {
	return precedence.Standing{Key: key, Version: 1, Order: order.Order{Issued: order.MakeDate(2026, 11, 1), Restrained: restrained, Protected: protected}}
}

func sam(p order.Person, names ...order.Name) order.Restrained {
	if len(names) == 0 {
		names = []order.Name{{Given: "Sam", Surname: "Slate"}}
	}
	return order.Restrained{Name: names[0], Aliases: names[1:], Person: p}
}

func pat(p order.Person) order.Protected {
	return order.Protected{Name: order.Name{Given: "Pat", Surname: "Quartz"}, Person: p}
}

// Who is held for the same person, and what speaks against it.
func TestPairs(t *testing.T) {
	t.Parallel()
	of := about("1", sam(order.Person{Sex: "M", Born: born(1980)}), pat(order.Person{Born: born(1985)}))
	for name, c := range map[string]struct {
		other         precedence.Standing
		taken, byName bool
	}{
		"the same in everything":               {about("2", sam(order.Person{Sex: "M", Born: born(1980)}), pat(order.Person{Born: born(1985)})), true, false},
		"itself":                               {about("1", sam(order.Person{Sex: "M", Born: born(1980)}), pat(order.Person{Born: born(1985)})), false, false},
		"another date of birth":                {about("2", sam(order.Person{Born: born(1981)}), pat(order.Person{Born: born(1985)})), false, false},
		"another protected person's birth":     {about("2", sam(order.Person{Born: born(1980)}), pat(order.Person{Born: born(1990)})), false, false},
		"no date of birth":                     {about("2", sam(order.Person{}), pat(order.Person{Born: born(1985)})), true, true},
		"the protected person without one":     {about("2", sam(order.Person{Born: born(1980)}), pat(order.Person{})), true, true},
		"an age that fits":                     {about("2", sam(order.Person{Age: 43}), pat(order.Person{})), true, true},
		"an age that does not":                 {about("2", sam(order.Person{Age: 30}), pat(order.Person{})), false, false},
		"another sex":                          {about("2", sam(order.Person{Sex: "F"}), pat(order.Person{})), false, false},
		"sex not known":                        {about("2", sam(order.Person{Sex: "U", Born: born(1980)}), pat(order.Person{Born: born(1985)})), true, false},
		"nonbinary on one form":                {about("2", sam(order.Person{Sex: "X", Born: born(1980)}), pat(order.Person{Born: born(1985)})), true, false},
		"written otherwise":                    {about("2", sam(order.Person{Born: born(1980)}, order.Name{Given: "SÁM Middle", Surname: "slate"}), pat(order.Person{Born: born(1985)})), true, false},
		"by an alias":                          {about("2", sam(order.Person{Born: born(1980)}, order.Name{Given: "Other", Surname: "Name"}, order.Name{Given: "Sam", Surname: "Slate"}), pat(order.Person{Born: born(1985)})), true, false},
		"another given name":                   {about("2", sam(order.Person{Born: born(1980)}, order.Name{Given: "Sid", Surname: "Slate"}), pat(order.Person{Born: born(1985)})), false, false},
		"another protected person":             {about("2", sam(order.Person{Born: born(1980)}), order.Protected{Name: order.Name{Given: "Ida", Surname: "Quartz"}}), false, false},
		"nobody protected":                     {about("2", sam(order.Person{Born: born(1980)})), true, false},
		"nobody protected, and no date":        {about("2", sam(order.Person{})), true, true},
		"one of several protected people":      {about("2", sam(order.Person{Born: born(1980)}), order.Protected{Name: order.Name{Given: "Ida", Surname: "Quartz"}}, pat(order.Person{Born: born(1985)})), true, false},
		"the sides the other way round":        {about("2", order.Restrained{Name: order.Name{Given: "Pat", Surname: "Quartz"}}, order.Protected{Name: order.Name{Given: "Sam", Surname: "Slate"}}), false, false},
		"a surname that only begins like this": {about("2", sam(order.Person{Born: born(1980)}, order.Name{Given: "Sam", Surname: "Slater"}), pat(order.Person{Born: born(1985)})), false, false},
	} {
		pairs := Pairs(of, []precedence.Standing{c.other})
		if len(pairs) != 1 || pairs[0].Orders[0].Key != "1" || (len(pairs[0].Orders) == 2) != c.taken || (len(pairs[0].ByName) == 1) != c.byName {
			t.Errorf("%s: %+v", name, pairs)
		}
	}
	if pairs := Pairs(about("1", sam(order.Person{})), []precedence.Standing{of}); len(pairs) != 0 {
		t.Errorf("an order that protects nobody: %+v", pairs)
	}
	two := about("1", sam(order.Person{}), pat(order.Person{}), order.Protected{Name: order.Name{Given: "Ida", Surname: "Quartz"}})
	if pairs := Pairs(two, []precedence.Standing{about("2", sam(order.Person{}), pat(order.Person{}))}); len(pairs) != 2 || len(pairs[0].Orders) != 2 || len(pairs[1].Orders) != 1 {
		t.Errorf("two protected people: %+v", pairs)
	}
}
