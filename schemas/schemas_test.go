package schemas

import (
	"crypto/x509"
	"errors"
	"fmt"
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
	b, err := os.ReadFile("testdata/cr160.xml")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// problems validates s and gives what is wrong with it.
func problems(t testing.TB, s string) Problems {
	t.Helper()
	_, err := set(t).Validate(verified{s, Root})
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
	d, err := set(t).Validate(verified{s, Root})
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

func TestPrint(t *testing.T) {
	s := sample(t)
	s = swap(t, s, "<FormNumberText>CR-160</FormNumberText>", "")
	s = swap(t, s, "<PersonSexCode>M</PersonSexCode>", "<PersonSexCode>Q</PersonSexCode>")
	s = swap(t, s, "1981-11-21", "1981-02-30")
	s = swap(t, s, ">06NF0886<", ">"+strings.Repeat("x", 100000)+"<")
	s = swap(t, s, "<TestIndicator>", "<Foo><Bar/></Foo><TestIndicator>")
	for _, p := range problems(t, s) {
		fmt.Println(p.Line, p.Column, p.Code, p.Path, p.Text, p.Value)
	}
}
