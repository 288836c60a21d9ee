package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"ccpor/exchange/hostile"
)

// summary is what an attack found.
type summary struct {
	Seed     uint64            `json:"seed"`
	Started  time.Time         `json:"started"`
	Controls int               `json:"controls"`
	Kept     int               `json:"kept"`
	Classes  map[string]*class `json:"classes"`
	Accepted int               `json:"accepted"`
	Crashed  int               `json:"crashed"`
	Slowest  time.Duration     `json:"slowestNanoseconds"`
	Largest  int64             `json:"largestBytes"`
	// Dearest and Widest are the messages of Slowest and Largest.
	Dearest      string   `json:"slowest"`
	Widest       string   `json:"largest"`
	MemoryBefore int64    `json:"memoryBefore"`
	MemoryAfter  int64    `json:"memoryAfter"`
	Wrong        []string `json:"wrong"`
	failures     int
	most         time.Duration
}

// class is one row: how many messages, and by which codes they were refused.
type class struct {
	Corpus   int            `json:"corpus"`
	Variants int            `json:"variants"`
	Slowest  time.Duration  `json:"slowestNanoseconds"`
	Codes    map[string]int `json:"codes"`
}

func newSummary(o options) *summary {
	return &summary{Seed: o.Seed, Started: time.Now().UTC(), Classes: map[string]*class{}, most: o.CPU}
}

// maxWrong bounds how much is told of what is wrong; all of it counts.
const maxWrong = 100

func (s *summary) wrong(what string) {
	if s.failures++; len(s.Wrong) < maxWrong {
		s.Wrong = append(s.Wrong, what)
	}
}

func (s *summary) corpus(k hostile.Case, c cost) {
	s.class(k.Class, c).Corpus++
	s.count(k.Name, c)
	if c.code != k.Code {
		s.wrong(fmt.Sprintf("%s: answered %s, expected %s", k.Name, c.code, k.Code))
	}
}

func (s *summary) variant(v hostile.Variant, c cost) {
	s.class(v.Class, c).Variants++
	name := fmt.Sprintf("variant %d (%s)", v.Index, v.Mutation)
	s.count(name, c)
	if c.code != hostile.Accepted && !v.Refused(c.code) {
		s.wrong(fmt.Sprintf("%s: answered %s", name, c.code))
	}
}

func (s *summary) class(name string, c cost) *class {
	k := s.Classes[name]
	if k == nil {
		k = &class{Codes: map[string]int{}}
		s.Classes[name] = k
	}
	k.Codes[c.code]++
	k.Slowest = max(k.Slowest, c.cpu)
	return k
}

func (s *summary) count(name string, c cost) {
	if c.code == hostile.Accepted {
		s.Accepted++
		s.wrong(name + ": accepted")
	}
	if c.cpu > s.Slowest {
		s.Slowest, s.Dearest = c.cpu, name
	}
	if c.grown > s.Largest {
		s.Largest, s.Widest = c.grown, name
	}
	if c.cpu > s.most {
		s.wrong(fmt.Sprintf("%s: cost %s of the hub's processor", name, c.cpu))
	}
}

func (s *summary) print(w io.Writer) {
	fmt.Fprintf(w, "%-18s %7s %9s %9s  %s\n", "class", "corpus", "variants", "slowest", "refused by")
	corpus, variants := 0, 0
	for _, name := range slices.Sorted(maps.Keys(s.Classes)) {
		k := s.Classes[name]
		corpus, variants = corpus+k.Corpus, variants+k.Variants
		fmt.Fprintf(w, "%-18s %7d %9d %6.1f ms  %s\n", name, k.Corpus, k.Variants, ms(k.Slowest), k.told())
	}
	fmt.Fprintf(w, "%-18s %7d %9d  seed %d, %d good messages taken, %d in the database\n", "all", corpus, variants, s.Seed, s.Controls, s.Kept)
	for _, what := range s.Wrong {
		fmt.Fprintln(w, "WRONG ", what)
	}
	if s.Dearest != "" {
		fmt.Fprintf(w, "slowest: %s; memory %d MB before, %d MB after\n", s.Dearest, s.MemoryBefore>>20, s.MemoryAfter>>20)
	}
	fmt.Fprintf(w, "accepted %d, crashed %d, slowest %.1f ms CPU, largest %d MB\n", s.Accepted, s.Crashed, ms(s.Slowest), (s.MemoryAfter-s.MemoryBefore)>>20)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// told are the codes of a row, the most frequent first.
func (k *class) told() string {
	codes := slices.SortedFunc(maps.Keys(k.Codes), func(a, b string) int {
		if d := k.Codes[b] - k.Codes[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var b strings.Builder
	for i, c := range codes {
		if i == 4 {
			fmt.Fprintf(&b, "and %d more", len(codes)-i)
			break
		}
		fmt.Fprintf(&b, "%s %d  ", strings.TrimPrefix(c, "Client."), k.Codes[c])
	}
	return strings.TrimSpace(b.String())
}

// verdict is an error where anything is not as it must be.
func (s *summary) verdict(o options) error {
	if grown := s.MemoryAfter - s.MemoryBefore; grown > o.Memory<<20 {
		return fmt.Errorf("the hub's peak memory grew by %d MB (%s)", grown>>20, s.Widest)
	}
	if s.Accepted+s.Crashed+s.failures > 0 {
		return errors.New("the hub did not stand: see what is wrong above")
	}
	return nil
}
