package main

import (
	"bytes"
	"testing"
	"time"
)

type staged struct {
	sender
	reader
	request
}

func newStaged(tb testing.TB, s shape) staged {
	tb.Helper()
	now := time.Now()
	court, err := newSender("rsa", now)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := newReader(court, now)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := newFactory(court.signer, "S", now)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := f.message(s, 1)
	if err != nil {
		tb.Fatal(err)
	}
	return staged{court, r, m}
}

// The probe has to read what the factory makes, for every shape, and to refuse what was changed.
func TestProbeReadsEveryShape(t *testing.T) {
	t.Parallel()
	for _, shape := range shapes {
		s := newStaged(t, shape)
		w := &bench{reader: s.reader}
		pack, err := w.read(t.Context(), s.request)
		if err != nil {
			t.Fatalf("%s: %v", shape.name, err)
		}
		if want := shape.image > 0; want != (len(pack.Documents) == 1) || pack.Order == nil {
			t.Errorf("%s: read as %d documents", shape.name, len(pack.Documents))
		}
		changed := bytes.Replace(s.body, []byte("Invented CMS"), []byte("Invented CMX"), 1)
		if _, err := w.read(t.Context(), request{contentType: s.contentType, body: changed}); err == nil {
			t.Errorf("%s: a changed package was read", shape.name)
		}
	}
}

func TestPackageHasItsSize(t *testing.T) {
	t.Parallel()
	s := newStaged(t, shapes[0])
	if n := len(s.body); n < packageBytes*9/10 || n > packageBytes*12/10 {
		t.Errorf("a message has %d bytes, want about %d", n, packageBytes)
	}
}
