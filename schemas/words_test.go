package schemas

import (
	"os"
	"strings"
	"testing"
)

// Every element and type of the schemas has words, and every word has its element or type.
func TestWordsAreWhole(t *testing.T) {
	t.Parallel()
	s := set(t)
	elements, types := map[string]bool{Root.Local: true}, map[string]bool{"IdType": true}
	for _, c := range s.model.content {
		for _, p := range c.particles {
			elements[p.name] = true
			if s.model.content[p.typ] == nil {
				types[p.typ] = true
			}
		}
	}
	for name := range elements {
		if _, ok := s.words.element[name]; !ok {
			t.Errorf("element %s has no words", name)
		}
	}
	for name := range s.words.element {
		if !elements[name] {
			t.Errorf("words for %s, which the schemas do not have", name)
		}
	}
	for name := range types {
		if strings.HasPrefix(s.words.need(name, s.model), "a value as") {
			t.Errorf("type %s: nothing says what is needed", name)
		}
	}
	for name := range s.words.needed {
		if !types[name] {
			t.Errorf("words for the type %s, which the schemas do not have", name)
		}
	}
}

// The model relies on it: one name, one complex type.
func TestOneNameOneType(t *testing.T) {
	t.Parallel()
	types := map[string]string{}
	for _, c := range set(t).model.content {
		for _, p := range c.particles {
			if old, ok := types[p.name]; ok && old != p.typ {
				t.Errorf("%s is %s here and %s there", p.name, old, p.typ)
			}
			types[p.name] = p.typ
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	s := sample(t)
	for want, x := range map[string][2]string{
		"The last name of the restrained person is missing. It is required here as the element PersonSurName.":                                                 {"\n        <PersonSurName>Boulder</PersonSurName>", ""},
		"The first name of the restrained person stands too late: it must come before the middle name.":                                                        {"<PersonGivenName>Rowan</PersonGivenName>\n        <PersonMiddleName>Thistle</PersonMiddleName>", "<PersonMiddleName>Thistle</PersonMiddleName><PersonGivenName>Rowan</PersonGivenName>"},
		"The date of birth of the protected person no. 2 cannot be read. Needed: a day that exists, from 1850 to 2200, written year-month-day, as 2006-06-07.": {">2016-04-02<", ">4/2/16<"},
		"The expiration time and the mark of an order without end exclude each other. Leave one out.":                                                          {"<OrderExpirationDate>2030-05-12</OrderExpirationDate>\n    <OrderExpirationTime>23:59:00</OrderExpirationTime>", "<OrderExpirationTime>23:59:00</OrderExpirationTime><OrderPermanentIndicator>true</OrderPermanentIndicator>"},
		"The kind of file of the document is none of the words that are taken. Needed: one of the words application/pdf, image/tiff, image/jpeg.":              {">application/pdf<", ">text/plain<"},
		"There is text directly inside the package header, where only elements may stand.":                                                                     {"<PackageHeader>", "<PackageHeader>x"},
		"The description of the place of the stay-away term no. 2 is too long: 201 characters. Needed: 1 to 200 characters.":                                   {">the allotment garden at Mill Lane<", ">" + strings.Repeat("x", 201) + "<"},
	} {
		p := problems(t, swap(t, s, x[0], x[1]))
		found := false
		for _, q := range p {
			found = found || q.Text == want
		}
		if !found {
			t.Errorf("not told: %s\ntold: %v", want, p)
		}
	}
}

func TestRefusedWords(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"element\tX", "element\tX\t", "verb\tX\tx"} {
		if _, err := parseWords(bad); err == nil {
			t.Errorf("taken: %q", bad)
		}
	}
}

// docs/niem.md tells of every element.
func TestNIEMDocumentIsWhole(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../docs/niem.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, line := range strings.Split(string(b), "\n") {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "`"); ok {
			told[name] = true
		}
	}
	for name := range set(t).words.element {
		if !told[name] {
			t.Errorf("docs/niem.md does not tell of %s", name)
		}
	}
}
