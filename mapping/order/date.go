package order

import (
	"fmt"
	"time"
)

// Date is a day of the calendar, without a time zone. The zero value is no day and comes from nothing but the absence of one.
type Date struct{ t time.Time }

// ParseDate takes "2006-01-02" and refuses days that do not exist. Years 1850 to 2200 are taken: a typing slip outside them is no day in a court's life.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1850 || t.Year() > 2200 {
		return Date{}, invalid("date", "a day that exists is needed, as 2006-06-07")
	}
	return Date{t}, nil
}

// DateOf is the day of t in the location of t.
func DateOf(t time.Time) Date {
	return Date{time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)}
}

// MakeDate is the given day; months and days beyond their range carry over as in time.Date.
func MakeDate(year int, month time.Month, day int) Date {
	return Date{time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

// IsZero says that there is no day.
func (d Date) IsZero() bool { return d.t.IsZero() }

// Year, Month and Day are the parts of the day.
func (d Date) Year() int         { return d.t.Year() }
func (d Date) Month() time.Month { return d.t.Month() }
func (d Date) Day() int          { return d.t.Day() }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.t.Weekday() }

// Before and After compare days.
func (d Date) Before(o Date) bool { return d.t.Before(o.t) }
func (d Date) After(o Date) bool  { return d.t.After(o.t) }

// AddDays is the day n days later.
func (d Date) AddDays(n int) Date { return Date{d.t.AddDate(0, 0, n)} }

// AddYears is the same day n years later; 29 February becomes 1 March where there is none.
func (d Date) AddYears(n int) Date { return Date{d.t.AddDate(n, 0, 0)} }

// At is the moment of the time of day on this day in the location.
func (d Date) At(tod TimeOfDay, loc *time.Location) time.Time {
	return time.Date(d.Year(), d.Month(), d.Day(), tod.Hour(), tod.Minute(), 0, 0, loc)
}

// Compact is the day as CCYYMMDD.
func (d Date) Compact() string { return d.t.Format("20060102") }

// String is the day as 2006-06-07, empty for no day.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.t.Format(time.DateOnly)
}

// MarshalText is String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDate; the empty text is no day.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// TimeOfDay is minutes since midnight, 0 to 1439.
type TimeOfDay int

// ParseTimeOfDay takes "15:04" or "15:04:05"; seconds are dropped, as no form has them.
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	for _, layout := range []string{"15:04", time.TimeOnly} {
		// time.Parse takes an hour of one digit too.
		if t, err := time.Parse(layout, s); err == nil && len(s) == len(layout) {
			return TimeOfDay(t.Hour()*60 + t.Minute()), nil
		}
	}
	return 0, invalid("time", "hours and minutes are needed, as 17:00")
}

// Hour and Minute are the parts of the time.
func (t TimeOfDay) Hour() int   { return int(t) / 60 }
func (t TimeOfDay) Minute() int { return int(t) % 60 }

// Compact is the time as HHMM.
func (t TimeOfDay) Compact() string { return fmt.Sprintf("%02d%02d", t.Hour(), t.Minute()) }

// String is the time as 17:00.
func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", t.Hour(), t.Minute()) }

// MarshalText is String.
func (t TimeOfDay) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText is ParseTimeOfDay.
func (t *TimeOfDay) UnmarshalText(b []byte) error {
	v, err := ParseTimeOfDay(string(b))
	if err != nil {
		return err
	}
	*t = v
	return nil
}
