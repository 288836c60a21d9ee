package storetest_test

import (
	"testing"

	"ccpor/store/storetest"
)

// BenchmarkNew is what a test pays for its database and its Store.
func BenchmarkNew(b *testing.B) {
	storetest.New(b) // starts the server
	for b.Loop() {
		storetest.New(b)
	}
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	one, two := storetest.New(t), storetest.New(t)
	if _, err := one.NextControl(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, err := one.NextControl(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := two.NextControl(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a != "0000000002" || b != "0000000001" {
		t.Errorf("second of one %s, first of two %s: they share a sequence", a, b)
	}
}
