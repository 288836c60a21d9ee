package confirm

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"
)

//go:embed clocks.tsv
var clocks string

// Priority is how soon whoever asks needs the answer.
type Priority string

// Clock is how long an answer may take.
type Clock struct {
	Priority Priority
	// Name says the priority and its time in words.
	Name string
	// Within is the time from the request to the answer.
	Within time.Duration
	// Source is the rule.
	Source string
}

// Clocks are all of them, the shortest first.
type Clocks []Clock

// LoadClocks reads the embedded table. Its errors name the line: a priority twice, no time, no source, or a time that is not longer than the one before.
func LoadClocks() (Clocks, error) { return parseClocks(clocks) }

func parseClocks(table string) (all Clocks, err error) {
	for i, row := range strings.Split(strings.TrimRight(table, "\n"), "\n")[1:] {
		cells := strings.Split(row, "\t")
		if len(cells) != 4 || cells[0] == "" || cells[1] == "" || cells[3] == "" {
			return nil, fmt.Errorf("clocks.tsv, line %d: a priority, its name, minutes and a source are needed", i+2)
		}
		minutes, err := strconv.Atoi(cells[2])
		within := time.Duration(minutes) * time.Minute
		if err != nil || minutes < 1 || len(all) > 0 && within <= all[len(all)-1].Within {
			return nil, fmt.Errorf("clocks.tsv, line %d: whole minutes are needed, more than in the line before", i+2)
		}
		if _, twice := all.Of(Priority(cells[0])); twice {
			return nil, fmt.Errorf("clocks.tsv, line %d: %s twice", i+2, cells[0])
		}
		all = append(all, Clock{Priority(cells[0]), cells[1], within, cells[3]})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("clocks.tsv holds no clock")
	}
	return all, nil
}

// Of is the clock of a priority, if there is one.
func (c Clocks) Of(p Priority) (Clock, bool) {
	for _, k := range c {
		if k.Priority == p {
			return k, true
		}
	}
	return Clock{}, false
}

// Left says in words how much of the time is left at a moment, or how long it is over: "7 minutes left", "3 minutes over". It is never rounded in anybody's favour.
func Left(due, now time.Time) string {
	left := due.Sub(now)
	if left < 0 {
		return span(-left) + " over"
	}
	return span(left) + " left"
}

func span(d time.Duration) string {
	switch minutes := int(d / time.Minute); {
	case d < time.Minute:
		return count(int(d/time.Second), "second")
	case d < 2*time.Hour:
		return count(minutes, "minute")
	case d < 48*time.Hour:
		return count(minutes/60, "hour")
	default:
		return count(minutes/60/24, "day")
	}
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return strconv.Itoa(n) + " " + of + "s"
}
