package box_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"ccpor/mapping/box"
	"ccpor/mapping/order"
)

var today = order.MakeDate(2026, 3, 2)

func TestRead(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"":                               "",
		"smith john":                     "name smith john",
		"smith john 1980-04-02":          "name smith john; born 1980-04-02",
		"1980-04-02 smith, john":         "name smith, john; born 1980-04-02",
		"4/2/1980":                       "born 1980-04-02; born 1980-02-04",
		"04.02.1980 garcía":              "name garcía; born 1980-04-02; born 1980-02-04",
		"25/12/1980":                     "born 1980-12-25",
		"4-2-80 dob smith":               "name smith; born 1980-04-02; born 1980-02-04",
		"4/2/25":                         "born 2025-04-02; born 2025-02-04",
		"4/2/27":                         "born 1927-04-02; born 1927-02-04",
		"smith April 2, 1980":            "name smith; born 1980-04-02",
		"2 Apr 1980 smith":               "name smith; born 1980-04-02",
		"lópez 2 de abril de 1980":       "name lópez; born 1980-04-02",
		"nacida 2 de enero del 1980 ana": "name ana; born 1980-01-02",
		"Marcos 2 1980":                  "name Marcos; number 2; number 1980; number 2 1980",
		"19800402":                       "born 1980-04-02; number 19800402",
		"04021980 smith":                 "name smith; born 1980-04-02; born 1980-02-04; number 04021980",
		"2027-01-01":                     "number 2027-01-01",
		"1980-13-40":                     "number 1980-13-40",
		"smith 1980":                     "name smith; year 1980",
		"1980":                           "number 1980",
		"24FL001234":                     "number 24FL001234",
		"24FL 001234":                    "number 24FL; number 001234; number 24FL 001234",
		"smith (24-FL-001234)":           "name smith; number 24-FL-001234",
		"2400000000001":                  "number 2400000000001",
		"7K4M-X2Q9-PC":                   "", // set below
		"7K4M-X2Q9-PD":                   "number 7K4M-X2Q9-PD",
		"alexandria":                     "name alexandria",
		"o'brien-łukasz*":                "name o'brien-łukasz*",
		"a\x00b\u202e\u200bc\ud7ff":      "name a bc\ud7ff",
		"% ' \\ ; -- 😀":                  "name % ' \\ ; -- 😀",
		"\xff\xfe":                       "",
	} {
		if typed == "7K4M-X2Q9-PC" {
			typed = string(order.NewTracking(7))
			want = "tracking " + typed
		}
		got, err := box.Read(typed, today)
		if err != nil || said(got) != want {
			t.Errorf("%q reads as %q, %v; want %q", typed, said(got), err, want)
		}
	}
}

func said(b box.Box) string {
	var parts []string
	add := func(is bool, kind string, value any) {
		if is {
			parts = append(parts, fmt.Sprint(kind, " ", value))
		}
	}
	add(b.Name != "", "name", b.Name)
	add(b.Tracking != "", "tracking", b.Tracking)
	for _, d := range b.Born {
		add(true, "born", d)
	}
	add(b.Year != 0, "year", b.Year)
	for _, n := range b.Numbers {
		add(true, "number", n)
	}
	return strings.Join(parts, "; ")
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	if _, err := box.Read(strings.Repeat("a", 10_000), today); !errors.Is(err, box.ErrTooLong) {
		t.Errorf("10,000 letters: %v", err)
	}
	if b, err := box.Read(strings.Repeat("1 ", 150), today); err != nil || len(b.Numbers) > 8 {
		t.Errorf("150 numbers: %d, %v", len(b.Numbers), err)
	}
}

// FuzzBox: whatever is typed is read or refused, and what comes out is bounded and can go into a database.
func FuzzBox(f *testing.F) {
	for _, s := range []string{"smith john 1980-04-02", "4/2/80 dob garcía", "7K4M-X2Q9-PC", "24FL 001234, ana", "2 de abril de 1980", "\x00%_\\", "19800402 04021980 x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := box.Read(s, today)
		if err != nil {
			return
		}
		if strings.ContainsRune(b.Name, 0) || len(b.Name) > 3*300 || len(b.Numbers) > 8 || len(b.Born) > 4 {
			t.Errorf("%q reads as %+v", s, b)
		}
		for _, n := range b.Numbers {
			if n == "" || len(n) > 40 || strings.IndexFunc(n, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
				t.Errorf("%q has the number %q", s, n)
			}
		}
		for _, d := range b.Born {
			if d.After(today) || d.Year() < 1880 {
				t.Errorf("%q has the date of birth %s", s, d)
			}
		}
	})
}
