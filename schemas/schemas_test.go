package schemas

import (
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"testing"

	"ccpor/schemas/canon"
)

// verified stands in for sig.Verified: in tests alone may octets be taken for verified that nobody signed.
type verified struct {
	octets string
	root   canon.Name
}

func (v verified) Octets() []byte               { return []byte(v.octets) }
func (v verified) Root() canon.Name             { return v.root }
func (verified) Certificate() *x509.Certificate { return nil }

func set(t testing.TB) *Set {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sample(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("../testdata/cases/dv130/package.xml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// problems validates s and gives what is wrong with it.
func problems(t testing.TB, s string) Problems {
	t.Helper()
	_, err := set(t).Validate(t.Context(), verified{s, Root})
	if err == nil {
		return nil
	}
	var p Problems
	if !errors.As(err, &p) {
		t.Fatalf("no verdict: %v", err)
	}
	return p
}

// swap replaces exactly one occurrence.
func swap(t testing.TB, s, old, new string) string {
	t.Helper()
	if n := strings.Count(s, old); n != 1 {
		t.Fatalf("%q occurs %d times", old, n)
	}
	return strings.Replace(s, old, new, 1)
}

func TestValid(t *testing.T) {
	t.Parallel()
	s := sample(t)
	d, err := set(t).Validate(t.Context(), verified{s, Root})
	if err != nil {
		for _, p := range err.(Problems) {
			t.Error(p)
		}
		t.FailNow()
	}
	if string(d.Octets()) != s {
		t.Error("the document has other octets than were verified")
	}
}

func TestRefusedBeforeC(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]Verified{"nothing": nil, "no octets": verified{"", Root}, "zero": verified{}} {
		if _, err := set(t).Validate(t.Context(), v); !errors.Is(err, ErrUnverified) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := set(t).Validate(t.Context(), verified{sample(t), canon.Name{Space: "urn:x", Local: "Envelope"}})
	var p Problems
	if !errors.As(err, &p) || len(p) != 1 || p[0].Code != WrongRoot {
		t.Errorf("another root: %v", err)
	}
}

// What verification can never give must not be taken either, should it ever come.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	s := sample(t)
	for name, octets := range map[string]string{
		"half":    s[:len(s)/2],
		"doctype": "<!DOCTYPE OrderPackage>" + s,
		"entity":  `<!DOCTYPE OrderPackage [<!ENTITY x SYSTEM "file:///etc/hostname">]>` + swap(t, s, ">25FL000110<", ">&x;<"),
		"text":    "no XML",
	} {
		d, err := set(t).Validate(t.Context(), verified{octets, Root})
		if !errors.Is(err, ErrUnreadable) || len(d.Octets()) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sees is a problem as the tests compare it: what a clerk's screen needs, but for the text.
func sees(p Problem) string {
	s := string(p.Code) + " " + strings.TrimPrefix(p.Path, "/OrderPackage") + " " + p.Element
	if p.Value != "" {
		s += " = " + p.Value
	}
	return s
}

func TestProblems(t *testing.T) {
	t.Parallel()
	const o, head = "/ProtectionOrder", "/PackageHeader"
	for name, x := range map[string]struct {
		old, new string
		want     []string
	}{
		"missing":            {"\n    <FormNumberText>DV-130</FormNumberText>", "", []string{"ElementMissing " + o + " FormNumberText"}},
		"missing two":        {"\n    <FormNumberText>DV-130</FormNumberText>\n    <FormRevisionDate>2025-04-28</FormRevisionDate>", "", []string{"ElementMissing " + o + " FormNumberText", "ElementMissing " + o + " FormRevisionDate"}},
		"missing last":       {"\n    <CourtOrderServiceCode>present</CourtOrderServiceCode>", "", []string{"ElementMissing " + o + " CourtOrderServiceCode"}},
		"unknown":            {"<TestIndicator>", "<Foo><Bar>x</Bar></Foo><TestIndicator>", []string{"ElementUnknown " + head + "/Foo Foo"}},
		"unknown in value":   {">DV-130<", "><b>DV</b>-130<", []string{"ValueEmpty " + o + "/FormNumberText FormNumberText", "ElementUnknown " + o + "/FormNumberText/b b"}},
		"misplaced":          {"<PersonGivenName>Rowan</PersonGivenName>\n        <PersonMiddleName>Thistle</PersonMiddleName>", "<PersonMiddleName>Thistle</PersonMiddleName><PersonGivenName>Rowan</PersonGivenName>", []string{"ElementMisplaced " + o + "/RestrainedPerson/PersonName/PersonGivenName PersonGivenName"}},
		"repeated":           {"<FormNumberText>DV-130</FormNumberText>", "<FormNumberText>DV-130</FormNumberText><FormNumberText>DV-130</FormNumberText>", []string{"ElementRepeated " + o + "/FormNumberText[2] FormNumberText"}},
		"conflict":           {"<OrderExpirationTime>23:59:00</OrderExpirationTime>", "<OrderPermanentIndicator>true</OrderPermanentIndicator>", []string{"ElementConflict " + o + "/OrderPermanentIndicator OrderPermanentIndicator"}},
		"time without date":  {"<OrderExpirationDate>2030-05-12</OrderExpirationDate>", "", []string{"ElementMissing " + o + " OrderExpirationDate"}},
		"other namespace":    {"<FormNumberText>DV-130</FormNumberText>", `<FormNumberText>DV-130</FormNumberText><Object xmlns="http://www.w3.org/2000/09/xmldsig#"></Object>`, []string{"ElementUnknown " + o + "/Object Object"}},
		"attribute":          {"<FormNumberText>", `<FormNumberText kind="x">`, []string{"AttributeUnknown " + o + "/FormNumberText FormNumberText = x"}},
		"attribute missing":  {` Id="package"`, "", []string{"AttributeMissing  OrderPackage"}},
		"attribute value":    {` Id="package"`, ` Id="1 2"`, []string{"ValueMalformed  OrderPackage = 1 2"}},
		"text":               {"<PackageHeader>", "<PackageHeader>words", []string{"TextMisplaced " + head + " PackageHeader = words"}},
		"empty":              {">DV-130<", "><", []string{"ValueEmpty " + o + "/FormNumberText FormNumberText"}},
		"empty name":         {">Boulder<", "> <", []string{"ValueEmpty " + o + "/RestrainedPerson/PersonAlternateName[2]/PersonSurName PersonSurName"}},
		"too long":           {">Boulder<", ">" + strings.Repeat("B", 101) + "<", []string{"ValueTooLong " + o + "/RestrainedPerson/PersonAlternateName[2]/PersonSurName PersonSurName = " + strings.Repeat("B", 101)}},
		"not in list":        {">afterHearing<", ">after hearing<", []string{"ValueNotInList " + o + "/CourtOrderStageCode CourtOrderStageCode = after hearing"}},
		"too great":          {">300<", ">0<", []string{"ValueOutOfRange " + o + "/CourtOrderConditions/StayAway[2]/StayAwayDistanceYards StayAwayDistanceYards = 0"}},
		"no such day":        {">2016-04-02<", ">2016-02-30<", []string{"ValueMalformed " + o + "/ProtectedPerson[2]/PersonBirthDate PersonBirthDate = 2016-02-30"}},
		"no leap year":       {">2016-04-02<", ">2015-02-29<", []string{"ValueMalformed " + o + "/ProtectedPerson[2]/PersonBirthDate PersonBirthDate = 2015-02-29"}},
		"a far day":          {">2016-04-02<", ">2201-01-01<", []string{"ValueOutOfRange " + o + "/ProtectedPerson[2]/PersonBirthDate PersonBirthDate = 2201-01-01"}},
		"a day with a zone":  {">2016-04-02<", ">2016-04-02Z<", []string{"ValueMalformed " + o + "/ProtectedPerson[2]/PersonBirthDate PersonBirthDate = 2016-04-02Z"}},
		"24 hours":           {">23:59:00<", ">24:00:00<", []string{"ValueMalformed " + o + "/OrderExpirationTime OrderExpirationTime = 24:00:00"}},
		"no zone":            {">2025-05-12T18:05:00Z<", ">2025-05-12T18:05:00<", []string{"ValueMalformed " + head + "/PackageSentDateTime PackageSentDateTime = 2025-05-12T18:05:00"}},
		"a signed number":    {">300<", ">+300<", []string{"ValueMalformed " + o + "/CourtOrderConditions/StayAway[2]/StayAwayDistanceYards StayAwayDistanceYards = +300"}},
		"only blanks":        {"Exchange of the children at the library on Mill Lane, Saturdays at 10 a.m., in the presence of the maternal grandmother.", " \n ", []string{"ValueEmpty " + o + "/CourtOrderSpecialInstructionText CourtOrderSpecialInstructionText"}},
		"neither order":      {"", "", nil},
		"behind an unknown":  {"<FormNumberText>DV-130</FormNumberText>", "<FormNumber>DV-130</FormNumber>", []string{"ElementMissing " + o + " FormNumberText", "ElementUnknown " + o + "/FormNumber FormNumber"}},
		"both sides of one":  {"<FormNumberText>DV-130</FormNumberText>\n    <FormRevisionDate>2025-04-28</FormRevisionDate>", "<FormRevisionDate>soon</FormRevisionDate>", []string{"ElementMissing " + o + " FormNumberText", "ValueMalformed " + o + "/FormRevisionDate FormRevisionDate = soon"}},
		"white space around": {">DV-130<", ">\n DV-130 <", nil},
	} {
		s := sample(t)
		if x.old != "" {
			s = swap(t, s, x.old, x.new)
		}
		var got []string
		for _, p := range problems(t, s) {
			got = append(got, sees(p))
			if p.Line < 1 || p.Column < 1 || p.Text == "" || p.Text == otherText {
				t.Errorf("%s: not whole: %+v", name, p)
			}
		}
		if strings.Join(got, "\n") != strings.Join(x.want, "\n") {
			t.Errorf("%s:\n got %q\nwant %q", name, got, x.want)
		}
	}
}

func TestWholeBranchMissing(t *testing.T) {
	t.Parallel()
	s := sample(t)
	s = s[:strings.Index(s, "  <ProtectionOrder>")] + s[strings.Index(s, "  <Document>"):]
	p := problems(t, s)
	if len(p) != 1 || p[0].Code != ElementMissing || !strings.Contains(p[0].Text, "order, proof of service, cancellation or supplement") {
		t.Errorf("%+v", p)
	}
}

// Line and column count in the canonical octets, in characters.
func TestPlace(t *testing.T) {
	t.Parallel()
	s := swap(t, sample(t), "<PersonSurName>Boulder</PersonSurName>", "<PersonGivenName>Zoë«é»</PersonGivenName><PersonSurName></PersonSurName>")
	p := problems(t, s)
	before, _, _ := strings.Cut(s, "<PersonSurName></PersonSurName>")
	line := strings.Count(before, "\n") + 1
	column := len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
	if len(p) != 1 || p[0].Line != line || p[0].Column != column {
		t.Errorf("line %d, column %d: %+v", line, column, p)
	}
}

// The signature that stands in the document before it is verified is no business of the schema.
func TestSignatureAllowed(t *testing.T) {
	t.Parallel()
	s := swap(t, sample(t), "\n  <PackageHeader>", `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><X></X></Signature><PackageHeader>`)
	if p := problems(t, s); p != nil {
		t.Error(p)
	}
}
