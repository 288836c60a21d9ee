package hostile

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func generator(t *testing.T, at time.Time) *Generator {
	t.Helper()
	c, err := NewCast("../../testdata/keys", at)
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGenerator(c, 7, at)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Seed, time and index give the same bytes, whoever asks and in whatever order.
func TestVariantsAreTheSameAgain(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	one, two := generator(t, at), generator(t, at)
	for i := range 200 {
		a, err := one.Variant(i)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := two.Variant(i); err != nil || a.Head != b.Head || !bytes.Equal(a.Body, b.Body) || a.Mutation != b.Mutation {
			t.Fatalf("variant %d (%s) is another one the second time: %v", i, a.Mutation, err)
		}
	}
}

// No variant says what a good message says, unless its shape alone is one that must be refused: were it taken, nobody would have signed what was
// taken.
func TestVariantsSayWhatNobodySigned(t *testing.T) {
	t.Parallel()
	g := generator(t, time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC))
	shapes := map[string]bool{}
	for _, m := range mutations {
		shapes[m.name] = m.shape
	}
	good := map[string]bool{}
	for _, b := range g.bases {
		good[b.essence] = true
	}
	seen := map[string]bool{}
	for i := range 1500 {
		v, err := g.Variant(i)
		if err != nil {
			t.Fatal(err)
		}
		name := v.Mutation[:strings.LastIndex(v.Mutation, ", ")]
		seen[name] = true
		if said, err := essence(v.Request); err == nil && good[said] && !shapes[name] {
			t.Errorf("variant %d (%s) is harmless", i, v.Mutation)
		}
	}
	for name := range shapes {
		if !seen[name] {
			t.Errorf("nothing is made by the mutation %q", name)
		}
	}
}

// What changes nothing that was signed is no attack, and what changes one letter of it is.
func TestHarmlessChangesAreLeftOut(t *testing.T) {
	t.Parallel()
	g := generator(t, time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC))
	for _, b := range g.bases {
		for _, c := range []struct {
			old, to string
			attack  bool
		}{
			{"<SubmitOrder xmlns", "<SubmitOrder  xmlns", false},
			{"<PackageHeader>", "<PackageHeader >", false},
			{"<PackageHeader>", "<PackageHeader> ", true},
			{">Mary<", ">Nary<", true},
			{">Mary<", ">&#77;ary<", false},
			{"<ds:SignatureValue>", "<ds:SignatureValue>A", true},
			{"enveloped-signature", "enveloped-signaturf", true},
		} {
			r := b.request
			r.Body = []byte(strings.Replace(string(r.Body), c.old, c.to, 1))
			if bytes.Equal(r.Body, b.request.Body) {
				t.Errorf("%s: %s is not there", b.kind, c.old)
			}
			if changed(b, r) != c.attack {
				t.Errorf("%s: %s => %s counts as an attack: %v", b.kind, c.old, c.to, !c.attack)
			}
		}
	}
}
