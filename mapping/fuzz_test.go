package mapping_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ccpor/mapping"
	"ccpor/mapping/order"
	"ccpor/schemas"
	"ccpor/schemas/canon"
)

// FuzzPackage: what is valid by the schemas maps without an error, and what was mapped is written and read again as it was. So the schemas
// and the domain's Parse functions never drift apart.
func FuzzPackage(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(casesDir, "*", "package.xml"))
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
	set, err := schemas.Load()
	if err != nil {
		f.Fatal(err)
	}
	m := mapper(f)
	profile := canon.NewProfile(canon.Limits{}, schemas.PackageNamespace)
	f.Fuzz(func(t *testing.T, b []byte) {
		var s canon.Scanner
		if s.Reset(b, profile) != nil {
			return
		}
		if k, err := s.Next(); err != nil || k != canon.Start || s.Name() != schemas.Root {
			return
		}
		octets, err := s.Canonical(nil, canon.Exclusive{})
		if err != nil {
			return
		}
		d, err := set.Validate(t.Context(), signed(octets))
		if err != nil {
			return
		}
		p, err := m.Package(d)
		if err != nil {
			t.Fatalf("valid, but not mapped: %v\n%s", err, octets)
		}
		again, err := mapping.Write(p)
		if err != nil {
			t.Fatalf("mapped, but not written: %v\n%s", err, octets)
		}
		d, err = set.Validate(t.Context(), signed(again))
		if err != nil {
			t.Fatalf("written, but not valid: %v\n%s", err, again)
		}
		q, err := m.Package(d)
		if err != nil {
			t.Fatal(err)
		}
		same := cmp.Comparer(func(a, b order.Date) bool { return a == b })
		p.Notes, q.Notes = nil, nil
		if diff := cmp.Diff(p, q, same); diff != "" {
			t.Errorf("not the same again: %s", diff)
		}
	})
}
