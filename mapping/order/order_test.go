package order

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	parsers := map[string]struct {
		parse func(string) error
		good  []string
		bad   []string
	}{
		"ORI":      {func(s string) error { _, err := ParseORI(s); return err }, []string{"CA030013J", "NV0020000"}, []string{"", "CA03001J", "ca030013J", "CA030013J ", "1A030013J", "CA0300133J"}},
		"case":     {func(s string) error { _, err := ParseCaseNumber(s); return err }, []string{"06NF0886", "A", "22 FL 001", strings.Repeat("9", 40)}, []string{"", " 1", "1 ", "É1", "1\n", strings.Repeat("9", 41)}},
		"local id": {func(s string) error { _, err := ParseLocalID(s); return err }, []string{"a", "06NF0886-CPO-1", strings.Repeat("x", 64)}, []string{"", "-a", "a b", "a/b", strings.Repeat("x", 65), "a\n"}},
		"FCN":      {func(s string) error { _, err := ParseFCN(s); return err }, []string{"2320632500001", "F111111111111111"}, []string{"", "f1", "F1111111111111111", "12 3"}},
		"date":     {func(s string) error { _, err := ParseDate(s); return err }, []string{"2006-06-07", "2024-02-29", "1850-01-01"}, []string{"", "2006-6-7", "2023-02-29", "2006-13-01", "1849-12-31", "2201-01-01", "2006-06-07Z", "20060607"}},
		"time":     {func(s string) error { _, err := ParseTimeOfDay(s); return err }, []string{"00:00", "23:59", "08:30:00"}, []string{"", "24:00", "8:30", "08:60", "0830", "08:30Z"}},
		"tracking": {func(s string) error { _, err := ParseTracking(s); return err }, []string{string(NewTracking(1))}, []string{"", "0000-0000-01", "0000", "UUUU-UUUU-UU", "0000-0000-000"}},
	}
	for name, p := range parsers {
		for _, s := range p.good {
			if err := p.parse(s); err != nil {
				t.Errorf("%s %q: %v", name, s, err)
			}
		}
		for _, s := range p.bad {
			err := p.parse(s)
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("%s %q: got %v, want ErrInvalid", name, s, err)
			} else if len(s) > 3 && strings.Contains(err.Error(), s) {
				t.Errorf("%s: the error quotes the value %q", name, s)
			}
		}
	}
}

// A tracking number is read out and typed: as people write it, it is found; one wrong character or two that changed places are noticed.
func TestTrackingSurvivesPeople(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := NewTracking(rapid.Uint64().Draw(t, "random"))
		typed := strings.ToLower(strings.ReplaceAll(string(number), "-", rapid.SampledFrom([]string{"", " ", "-"}).Draw(t, "between")))
		typed = strings.NewReplacer("0", rapid.SampledFrom([]string{"0", "o", "O"}).Draw(t, "zero"), "1", rapid.SampledFrom([]string{"1", "i", "l"}).Draw(t, "one")).Replace(typed)
		if got, err := ParseTracking(typed); err != nil || got != number {
			t.Fatalf("%q read as %q, %v; want %q", typed, got, err, number)
		}
		bare := []byte(strings.ReplaceAll(string(number), "-", ""))
		i := rapid.IntRange(0, len(bare)-1).Draw(t, "place")
		other := rapid.SampledFrom([]byte(trackingAlphabet)).Draw(t, "character")
		wrong := []byte(string(bare))
		wrong[i] = other
		if _, err := ParseTracking(string(wrong)); (err == nil) != (other == bare[i]) {
			t.Fatalf("%s with %c at %d: %v", bare, other, i, err)
		}
		j := rapid.IntRange(0, len(bare)-2).Draw(t, "swap")
		if bare[j] != bare[j+1] && j+1 < 9 {
			bare[j], bare[j+1] = bare[j+1], bare[j]
			if _, err := ParseTracking(string(bare)); err == nil {
				t.Fatalf("the swap to %s at %d is not noticed", bare, j)
			}
		}
	})
}

func TestDatesAndTimesComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := MakeDate(rapid.IntRange(1850, 2199).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"))
		tod := TimeOfDay(rapid.IntRange(0, 1439).Draw(t, "time"))
		type both struct {
			D Date       `json:"d"`
			T *TimeOfDay `json:"t"`
		}
		b, err := json.Marshal(both{d, &tod})
		if err != nil {
			t.Fatal(err)
		}
		var got both
		if err := json.Unmarshal(b, &got); err != nil || got.D != d || *got.T != tod {
			t.Fatalf("%s came back as %v %v, %v", b, got.D, got.T, err)
		}
		if len(d.Compact()) != 8 || len(tod.Compact()) != 4 || !d.Before(d.AddDays(1)) || !d.AddYears(1).After(d) {
			t.Fatalf("%s %s", d, tod)
		}
	})
}

func TestDateOfUsesTheClockOfItsPlace(t *testing.T) {
	t.Parallel()
	evening := time.Date(2006, 6, 7, 23, 30, 0, 0, time.FixedZone("PDT", -7*3600))
	if got := DateOf(evening).String(); got != "2006-06-07" {
		t.Errorf("the day is %s", got)
	}
	if got := DateOf(evening.UTC()).String(); got != "2006-06-08" {
		t.Errorf("in UTC the day is %s", got)
	}
	if got := MakeDate(2006, 6, 7).At(17*60, evening.Location()); got.Hour() != 17 || got.Day() != 7 {
		t.Errorf("at %s", got)
	}
}

func TestIdentifiersOfJSONAreParsed(t *testing.T) {
	t.Parallel()
	var o Order
	for _, bad := range []string{`{"id":""}`, `{"case":" x"}`, `{"court":{"ori":"x"}}`, `{"issued":"2006-02-30"}`, `{"issuedTime":"25:00"}`, `{"id":7}`} {
		if err := json.Unmarshal([]byte(bad), &o); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestFullName(t *testing.T) {
	t.Parallel()
	if got := (Name{Given: "Marc", Surname: "Jones", Suffix: "Jr"}).Full(); got != "Marc Jones Jr" {
		t.Error(got)
	}
}
