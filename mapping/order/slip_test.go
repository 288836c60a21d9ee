package order

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestTrackingSlip(t *testing.T) {
	right, err := ParseTracking(string(NewTracking(987654321)))
	if err != nil {
		t.Fatal(err)
	}
	bare := strings.ReplaceAll(string(right), "-", "")
	swapped := bare[:2] + bare[3:4] + bare[2:3] + bare[4:]
	wrong := bare[:5] + "X" + bare[6:]
	for name, c := range map[string]struct {
		typed, says string
		near        bool
	}{
		"wrong":             {wrong, "does not fit", true},
		"swapped":           {swapped, "does not fit", true},
		"in small letters":  {strings.ToLower(wrong[:4]) + " " + wrong[4:], "does not fit", true},
		"one left out":      {bare[:3] + bare[4:], "missing", true},
		"one too many":      {bare[:3] + "8" + bare[3:], "too many", true},
		"a strange letter":  {bare[:3] + "U" + bare[4:], "have no U", true},
		"a word":            {"hello", "ten letters and digits", false},
		"nothing":           {"", "ten letters and digits", false},
		"a long text":       {strings.Repeat("A", 10_000), "ten letters and digits", false},
		"no letters at all": {"ÄÖÜß€", "ten letters and digits", false},
		"a script":          {"<b>7K4M</b>", "ten letters and digits", false},
	} {
		slip := TrackingSlip(c.typed)
		if !strings.Contains(slip.Text, c.says) || slices.Contains(slip.Near, right) != c.near {
			t.Errorf("%s: %+v", name, slip)
		}
		for _, n := range slip.Near {
			if again, err := ParseTracking(string(n)); err != nil || again != n {
				t.Errorf("%s: %s is no tracking number", name, n)
			}
		}
	}
}

// One slip of the hand is always found out, and what was meant is among the few that are offered.
func TestOneSlipIsAlwaysNear(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 23))
	for range 300 {
		right := NewTracking(r.Uint64())
		typed := []byte(strings.ReplaceAll(string(right), "-", ""))
		i := r.IntN(9)
		switch r.IntN(4) {
		case 0:
			typed[i] = trackingAlphabet[r.IntN(31)]
		case 1:
			typed[i], typed[i+1] = typed[i+1], typed[i]
		case 2:
			typed = slices.Delete(typed, i, i+1)
		case 3:
			typed = slices.Insert(typed, i, trackingAlphabet[r.IntN(31)])
		}
		if parsed, err := ParseTracking(string(typed)); err == nil {
			if parsed != right {
				t.Fatalf("%s was taken for %s", typed, right)
			}
			continue
		}
		slip := TrackingSlip(string(typed))
		if !slices.Contains(slip.Near, right) || len(slip.Near) > 40 {
			t.Errorf("%s for %s: %d offered", typed, right, len(slip.Near))
		}
	}
}
