// Package box reads what somebody types into the one box of a search: a name, a date of birth, a case number, a CARPOS number, an agency's number, a tracking number, or several of them in any order.
//
// Whatever is typed, it reads something or refuses it whole (ErrTooLong); it never guesses that a number is wrong, and it says nothing of what exists. What may be read in two ways is read in both.
package box

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"ccpor/mapping/order"
)

// Box is what was typed, by its kinds.
type Box struct {
	// Name is all that is neither a number nor a date, as it was typed.
	Name string
	// Born are readings of dates of birth, the likeliest first: 4/2/1980 is April in this state, and may be February.
	Born []order.Date
	// Year is a year of birth that stands alone beside a name; zero: none.
	Year int
	// Numbers may be case numbers, FCNs or OCAs, as they were typed; parts that stand beside each other are there together, too.
	Numbers []string
	// Tracking is a tracking number whose check character fits; empty: none.
	Tracking order.Tracking
}

const (
	// longest is how many bytes are read.
	longest = 300
	// mostNumbers bounds Numbers, mostDates Born.
	mostNumbers, mostDates = 8, 4
	// oldest is the first year in which somebody is born who is looked for.
	oldest = 1880
)

// ErrTooLong says that more was typed than is read.
var ErrTooLong = errors.New("at most 300 characters are read")

// Read reads what was typed. Nobody is born after today.
func Read(text string, today order.Date) (Box, error) {
	if len(text) > longest {
		return Box{}, ErrTooLong
	}
	r := reading{text: strings.Map(seen, strings.ToValidUTF8(text, " ")), today: today}
	r.dates()
	if r.tracking(); len(r.box.Born) > 0 {
		r.text = birthWords.ReplaceAllString(r.text, " ")
	}
	r.words()
	return r.box, nil
}

// seen makes a space of what is not seen, and drops what only changes how other letters look.
func seen(r rune) rune {
	switch {
	case unicode.Is(unicode.Cf, r):
		return -1
	case unicode.IsControl(r), unicode.IsSpace(r), unicode.Is(unicode.Co, r):
		return ' '
	}
	return r
}

type reading struct {
	text  string
	today order.Date
	box   Box
}

var birthWords = regexp.MustCompile(`(?i)(^|[\s,;:(])(d\.?o\.?b\.?|born|nacid[oa]|fdn|f\.?n\.?)([\s,;:]|$)`)

// notation is one way of writing a date; parts say which group is the year, the month and the day.
type notation struct {
	shape            *regexp.Regexp
	year, month, day int
	// either says that month and day may be the other way round.
	either bool
}

// Groups that end a date are followed by no digit, and those that begin one by none before; (^|[^…]) stands for the look behind that regular expressions here lack.
var notations = []notation{
	{regexp.MustCompile(`(?:^|[^\w/.-])(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:$|[^\w/-])`), 1, 2, 3, false},
	{regexp.MustCompile(`(?:^|[^\w/.-])(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:$|[^\w/-])`), 3, 1, 2, true},
	{regexp.MustCompile(`(?:^|[^\w/.-])(\d{4})(\d{2})(\d{2})(?:$|[^\w/-])`), 1, 2, 3, false},
	{regexp.MustCompile(`(?:^|[^\w/.-])(\d{2})(\d{2})(\d{4})(?:$|[^\w/-])`), 3, 1, 2, true},
	{regexp.MustCompile(`(?i)(?:^|[^\w/.-])(\pL{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?:$|[^\w/-])`), 3, 1, 2, false},
	{regexp.MustCompile(`(?i)(?:^|[^\w/.-])(\d{1,2})(?:st|nd|rd|th|º)?\s+(?:de\s+)?(\pL{3,10})\.?,?\s+(?:del?\s+)?(\d{4})(?:$|[^\w/-])`), 3, 2, 1, false},
}

// months are the beginnings of their names in English and Spanish, three letters of which tell them apart.
var months = map[string]time.Month{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
	"ene": 1, "abr": 4, "ago": 8, "dic": 12, "set": 9,
}

// monthNames are whole names, so that nobody called Marcos is born in March.
var monthNames = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december", "sept",
	"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "setiembre", "octubre", "noviembre", "diciembre"}

// dates takes dates out of the text. Eight digits that may be a date stay there, since they may be a number.
func (r *reading) dates() {
	for i, n := range notations {
		for len(r.box.Born) < mostDates {
			at := n.shape.FindStringSubmatchIndex(r.text)
			if at == nil {
				break
			}
			group := func(g int) string { return r.text[at[2*g]:at[2*g+1]] }
			if !r.date(n, group) {
				break
			}
			if digits := i == 2 || i == 3; digits {
				break
			}
			r.text = r.text[:at[2]] + " " + r.text[max(at[3], at[5], at[7]):]
		}
	}
}

// date adds the readings of a date; false: there is no such day.
func (r *reading) date(n notation, group func(int) string) bool {
	year, err := strconv.Atoi(group(n.year))
	if err != nil {
		return false
	}
	if len(group(n.year)) == 2 {
		year += 1900
		if year+100 <= r.today.Year() {
			year += 100
		}
	}
	month, day := monthOf(group(n.month)), number(group(n.day))
	is := r.birth(year, month, day)
	if n.either {
		is = r.birth(year, day, month) || is
	}
	return is
}

func monthOf(s string) int {
	if m := number(s); m > 0 {
		return m
	}
	s = strings.ToLower(s)
	if len(s) > 3 && !slices.Contains(monthNames, s) {
		return 0
	}
	return int(months[s[:min(3, len(s))]])
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// birth adds a day that exists and on which somebody may have been born.
func (r *reading) birth(year, month, day int) bool {
	if year < oldest || month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	d := order.MakeDate(year, time.Month(month), day)
	if d.Day() != day || d.After(r.today) {
		return false
	}
	if !slices.Contains(r.box.Born, d) && len(r.box.Born) < mostDates {
		r.box.Born = append(r.box.Born, d)
	}
	return true
}

var trackingShape = regexp.MustCompile(`(?:^|[\s,;])([0-9A-Za-z]{4}[- ]?[0-9A-Za-z]{4}[- ]?[0-9A-Za-z]{2})(?:$|[\s,;])`)

// tracking takes a tracking number out of the text. Letters alone are a name, unless they stand in its groups.
func (r *reading) tracking() {
	at := trackingShape.FindStringSubmatchIndex(r.text)
	if at == nil {
		return
	}
	typed := r.text[at[2]:at[3]]
	if !strings.ContainsAny(typed, "0123456789") && strings.Count(typed, "-") < 2 {
		return
	}
	if t, err := order.ParseTracking(typed); err == nil {
		r.box.Tracking = t
		r.text = r.text[:at[2]] + " " + r.text[at[3]:]
	}
}

// words divides the rest into numbers and names.
func (r *reading) words() {
	var name, beside []string
	fields := strings.Fields(r.text)
	for _, f := range fields {
		n := strings.Trim(f, ",;:()\"")
		if !strings.ContainsAny(n, "0123456789") || strings.IndexFunc(n, unprintable) >= 0 {
			name, beside = append(name, f), nil
			continue
		}
		r.add(n)
		if beside = append(beside, n); len(beside) > 1 {
			r.add(strings.Join(beside, " "))
		}
	}
	r.box.Name = strings.Join(name, " ")
	r.year()
}

func unprintable(r rune) bool { return r < '!' || r > '~' }

func (r *reading) add(number string) {
	if len(number) <= 40 && len(r.box.Numbers) < mostNumbers && !slices.Contains(r.box.Numbers, number) {
		r.box.Numbers = append(r.box.Numbers, number)
	}
}

// year takes a year of birth that is the only number beside a name.
func (r *reading) year() {
	if r.box.Name == "" || len(r.box.Numbers) != 1 || len(r.box.Numbers[0]) != 4 || len(r.box.Born) > 0 {
		return
	}
	if y := number(r.box.Numbers[0]); y >= oldest && y <= r.today.Year() {
		r.box.Year, r.box.Numbers = y, nil
	}
}
