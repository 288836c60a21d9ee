package mapping_test

import (
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
	"ccpor/schemas"
	"ccpor/schemas/canon"
)

// signed stands in for sig.Verified: these tests are about what comes after the signature.
type signed []byte

func (s signed) Octets() []byte               { return s }
func (signed) Root() canon.Name               { return schemas.Root }
func (signed) Certificate() *x509.Certificate { return nil }

func document(t testing.TB, octets []byte) schemas.Document {
	t.Helper()
	set, err := schemas.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := set.Validate(t.Context(), signed(octets))
	if err != nil {
		var problems schemas.Problems
		if errors.As(err, &problems) {
			for _, p := range problems {
				t.Error(p)
			}
		}
		t.Fatalf("%v\n%s", err, octets)
	}
	return d
}

func mapper(t testing.TB) *mapping.Mapper {
	t.Helper()
	f, err := forms.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	return mapping.New(f, c)
}

func mapped(t testing.TB, octets string) mapping.Package {
	t.Helper()
	p, err := mapper(t).Package(document(t, []byte(octets)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func seed(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("../testdata/cases/seed-cr160/package.xml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// swap replaces exactly one occurrence.
func swap(t testing.TB, s, old, new string) string {
	t.Helper()
	if n := strings.Count(s, old); n != 1 {
		t.Fatalf("%q occurs %d times", old, n)
	}
	return strings.Replace(s, old, new, 1)
}

func TestTokensAndStrings(t *testing.T) {
	t.Parallel()
	s := swap(t, seed(t), "<PersonSurName>Jones</PersonSurName>", "<PersonSurName>\n  Jo\u0301se\u0301  de la\t Cruz &amp; Söhne </PersonSurName>")
	s = swap(t, s, "<PersonSexCode>M</PersonSexCode>", "<PersonSexCode> M </PersonSexCode>")
	s = swap(t, s, "<NoHarmIndicator>true</NoHarmIndicator>", "<NoHarmIndicator> 1 </NoHarmIndicator>")
	s = swap(t, s, "<CourtOrderSpecialInstructionText>", "<CourtOrderSpecialInstructionText>  &lt;two\t lines&gt;&#xD;\n")
	o := mapped(t, s).Order
	if got, want := o.Restrained.Name.Surname, "Jo\u0301se\u0301 de la Cruz & Söhne"; got != want {
		t.Errorf("surname %q, want %q", got, want)
	}
	if o.Restrained.Sex != "M" || !o.Terms.NoHarm {
		t.Errorf("sex %q, no harm %v", o.Restrained.Sex, o.Terms.NoHarm)
	}
	if !strings.HasPrefix(o.OtherOrders, "  <two\t lines>\r\n") {
		t.Errorf("other orders %q", o.OtherOrders)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	const explicit = "<OrderExpirationDate>2009-06-07</OrderExpirationDate>"
	for name, x := range map[string]struct {
		xml, day, time, rule string
		basis                order.ExpiryBasis
		notes                int
	}{
		"explicit":           {explicit, "2009-06-07", "", "", order.ExpiryExplicit, 0},
		"explicit with time": {explicit + "<OrderExpirationTime>17:00:00</OrderExpirationTime>", "2009-06-07", "17:00", "", order.ExpiryExplicit, 0},
		"permanent":          {"<OrderPermanentIndicator>true</OrderPermanentIndicator>", "", "", "", order.ExpiryPermanent, 0},
		"blank":              {"", "2009-06-07", "", "CR160-3Y", order.ExpiryDefault, 1},
	} {
		p := mapped(t, swap(t, seed(t), explicit, x.xml))
		e := p.Order.Expiry
		var day, tod string
		if e.Date != nil {
			day = e.Date.String()
		}
		if e.Time != nil {
			tod = e.Time.String()
		}
		if day != x.day || tod != x.time || e.Basis != x.basis || e.Rule != x.rule || len(p.Notes) != x.notes {
			t.Errorf("%s: %+v (%s %s), notes %v", name, e, day, tod, p.Notes)
		}
	}
}

func TestUnknownFormIsLeftToTheRules(t *testing.T) {
	t.Parallel()
	s := swap(t, seed(t), "<FormRevisionDate>2005-01-01</FormRevisionDate>", "<FormRevisionDate>2005-01-02</FormRevisionDate>")
	o := mapped(t, s).Order
	if o.Form.Number != "CR-160" || o.Form.Revision.String() != "2005-01-02" || o.Form.Family != "" || o.Form.Designator != "" {
		t.Errorf("%+v", o.Form)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	s := seed(t)
	s = s[:strings.Index(s, "\n  <Document>")] + "\n</OrderPackage>"
	s = swap(t, s, "<PersonBirthDate>1977-01-01</PersonBirthDate>", "<PersonAgeMeasure>0</PersonAgeMeasure>")
	var codes []string
	for _, n := range mapped(t, s).Notes {
		codes = append(codes, n.Code+" "+n.Path)
	}
	want := []string{"AgeUnderOne /OrderPackage/ProtectionOrder/ProtectedPerson/PersonAgeMeasure", "NoOrderImage /OrderPackage/Document"}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Error(diff)
	}
}

// A Document that Validate did not make holds nothing, and maps to nothing.
func TestZeroDocument(t *testing.T) {
	t.Parallel()
	if p, err := mapper(t).Package(schemas.Document{}); !errors.Is(err, mapping.ErrShape) || p.ID != "" {
		t.Errorf("%+v, %v", p, err)
	}
}
