package schemas

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"ccpor/schemas/canon"
)

// seeds are the packages of the golden cases.
func seeds(f *testing.F) {
	files, err := filepath.Glob("../testdata/cases/*/package.xml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// canonical are the octets as verification would give them, or nil where it would refuse.
func canonical(doc []byte) []byte {
	var s canon.Scanner
	if s.Reset(doc, packageProfile) != nil {
		return nil
	}
	if k, err := s.Next(); err != nil || k != canon.Start || s.Name() != Root {
		return nil
	}
	out, err := s.Canonical(nil, canon.Exclusive{})
	if err != nil {
		return nil
	}
	if k, err := s.Next(); err != nil || k != canon.EOF {
		return nil
	}
	return out
}

// FuzzValidate: what the canonical reader writes gets a verdict, and a refusal is explained.
func FuzzValidate(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		octets := canonical(doc)
		if octets == nil {
			return
		}
		_, err := set(t).Validate(t.Context(), verified{string(octets), Root})
		var p Problems
		if err != nil && !errors.As(err, &p) {
			t.Fatalf("no verdict: %v\n%q", err, octets)
		}
		for _, q := range p {
			if q.Code == Other || q.Text == "" || q.Code != More && q.Line == 0 {
				t.Errorf("not explained: %v\n%q", q, octets)
			}
		}
	})
}
