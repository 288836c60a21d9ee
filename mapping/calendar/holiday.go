package calendar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ccpor/mapping/order"
)

// holiday is one rule of the file. nth is 0 for a fixed day and -1 for the last weekday of the month.
type holiday struct {
	name        string
	month       time.Month
	day         int
	nth         int
	weekday     time.Weekday
	plus        int
	from, until int // years; until 0 for no end
}

// kept is the day of a year's holiday as the courts keep it; false in years that do not have it.
func (h holiday) kept(year int) (order.Date, bool) {
	if year < h.from || h.until != 0 && year > h.until {
		return order.Date{}, false
	}
	d := h.falls(year).AddDays(h.plus)
	switch d.Weekday() {
	case time.Saturday:
		d = d.AddDays(-1)
	case time.Sunday:
		d = d.AddDays(1)
	}
	return d, true
}

// falls is the day that the rule names, before plus.
func (h holiday) falls(year int) order.Date {
	switch {
	case h.nth == 0:
		return order.MakeDate(year, h.month, h.day)
	case h.nth < 0:
		last := order.MakeDate(year, h.month+1, 0)
		return last.AddDays(-int(last.Weekday()-h.weekday+7) % 7)
	}
	first := order.MakeDate(year, h.month, 1)
	return first.AddDays(int(h.weekday-first.Weekday()+7)%7 + 7*(h.nth-1))
}

// read fills the calendar from the file and checks every row.
func (c *Calendar) read(file string) error {
	for i, line := range strings.Split(strings.TrimSuffix(file, "\n"), "\n") {
		if err := c.line(line); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if len(c.holidays) == 0 || c.first == 0 || c.last < c.first {
		return errors.New("holidays and the years covered are needed")
	}
	return nil
}

func (c *Calendar) line(line string) error {
	if years, ok := strings.CutPrefix(line, "# covers: "); ok {
		_, err := fmt.Sscanf(years, "%d %d", &c.first, &c.last)
		return err
	}
	if strings.HasPrefix(line, "#") {
		return nil
	}
	f := strings.Split(line, "\t")
	if len(f) != 6 || f[0] == "" || f[4] == "" || f[5] == "" {
		return errors.New("name, rule, from, until, citation and confidence are needed")
	}
	h, err := parseRule(f[1])
	if err != nil {
		return err
	}
	h.name = f[0]
	if h.from, err = year(f[2]); err != nil {
		return err
	}
	if h.until, err = year(f[3]); err != nil {
		return err
	}
	c.holidays = append(c.holidays, h)
	return nil
}

func year(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	return strconv.Atoi(s)
}

var weekdays = map[string]time.Weekday{"Monday": time.Monday, "Tuesday": time.Tuesday, "Wednesday": time.Wednesday, "Thursday": time.Thursday, "Friday": time.Friday}

// parseRule takes "MM-DD" or "nth weekday MM", with an optional "+days".
func parseRule(s string) (h holiday, err error) {
	f := strings.Fields(s)
	if n := len(f); n > 1 && strings.HasPrefix(f[n-1], "+") {
		if h.plus, err = strconv.Atoi(f[n-1]); err != nil {
			return h, err
		}
		f = f[:n-1]
	}
	switch len(f) {
	case 1:
		t, err := time.Parse("01-02", f[0])
		h.month, h.day = t.Month(), t.Day()
		return h, err
	case 3:
		return h.weekly(f)
	}
	return h, fmt.Errorf("no rule: %q", s)
}

func (h holiday) weekly(f []string) (holiday, error) {
	var ok bool
	if h.weekday, ok = weekdays[f[1]]; !ok {
		return h, fmt.Errorf("no weekday: %q", f[1])
	}
	month, err := strconv.Atoi(f[2])
	if err != nil || month < 1 || month > 12 {
		return h, fmt.Errorf("no month: %q", f[2])
	}
	h.month, h.nth = time.Month(month), -1
	if f[0] == "last" {
		return h, nil
	}
	if h.nth, err = strconv.Atoi(f[0]); err != nil || h.nth < 1 || h.nth > 5 {
		return h, fmt.Errorf("no count of weeks: %q", f[0])
	}
	return h, nil
}
