package mapping_test

import (
	"fmt"
	"testing"

	"ccpor/mapping"
	"ccpor/schemas"
)

// sized is a package of about 8 or 20 KB: the order after hearing, with as many protected persons as it takes.
func sized(b *testing.B, bytes int) []byte {
	o := afterHearing(b)
	for i := 0; ; i++ {
		x, err := mapping.Write(add("OC-2025-BENCH", "2025-05-12T11:05:00-07:00", o))
		if err != nil {
			b.Fatal(err)
		}
		if len(x) >= bytes {
			return x
		}
		p := person(b, "Maple", "Clover", fmt.Sprintf("Pumice-%d", i), "F", "2010-01-01")
		p.Relation, p.Minor = "child of protected person 1", true
		o.Protected = append(o.Protected, p)
	}
}

func BenchmarkValidate(b *testing.B) {
	set, err := schemas.Load()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{8 << 10, 20 << 10} {
		x := sized(b, n)
		b.Run(fmt.Sprintf("%dKB", n>>10), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x)))
			for b.Loop() {
				if _, err := set.Validate(b.Context(), signed(x)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPackage(b *testing.B) {
	m := mapper(b)
	for _, n := range []int{8 << 10, 20 << 10} {
		d := document(b, sized(b, n))
		b.Run(fmt.Sprintf("%dKB", n>>10), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(d.Octets())))
			for b.Loop() {
				if _, err := m.Package(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	p := mapped(b, seed(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mapping.Write(p); err != nil {
			b.Fatal(err)
		}
	}
}

// Mapping stands on the intake's way: it must not allocate per element.
func TestFewAllocations(t *testing.T) {
	m, x := mapper(t), []byte(seed(t))
	d := document(t, x)
	n := testing.AllocsPerRun(50, func() {
		if _, err := m.Package(d); err != nil {
			t.Fatal(err)
		}
	})
	if elements := 75.0; n > elements {
		t.Errorf("%v allocations for the seed's package, which has about %v elements", n, elements)
	}
}
