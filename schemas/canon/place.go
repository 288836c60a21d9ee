package canon

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// place remembers the last line asked for, so that asking for one line after
// the other reads the document once.
type place struct{ offset, line, begin int }

// at moves to an offset and returns its line and column, both from 1.
func (p *place) at(doc []byte, offset int) (line, column int) {
	if p.line == 0 || offset < p.offset {
		*p = place{line: 1}
	}
	for {
		n := bytes.IndexByte(doc[p.offset:offset], '\n')
		if n < 0 {
			break
		}
		p.line++
		p.offset += n + 1
		p.begin = p.offset
	}
	p.offset = offset
	return p.line, utf8.RuneCount(doc[p.begin:offset]) + 1
}

// Offset is the place of the current event in the document, in bytes from 0.
func (s *Scanner) Offset() int { return s.at }

// Line is the line of the current event, from 1.
func (s *Scanner) Line() int {
	line, _ := s.place.at(s.doc, s.at)
	return line
}

// Column is the column of the current event, in characters, from 1.
func (s *Scanner) Column() int {
	_, column := s.place.at(s.doc, s.at)
	return column
}

// Path is the way to the innermost open element by local names, as in
// /Package/Order[2]/Case; [n] stands where n siblings of that local name were
// counted and n > 1. It reads the document from its start: ask for it when
// something is to be reported.
func (s *Scanner) Path() string {
	if len(s.open) == 0 {
		return ""
	}
	q := Scanner{quiet: true}
	if err := q.Reset(s.doc, s.p); err != nil {
		return ""
	}
	counts := make([]int, len(s.open))
	for last := len(s.open) - 1; ; {
		k, err := q.Next()
		if err != nil || k == EOF {
			return ""
		}
		d := len(q.open) - 1
		if k != Start || d > last || d > 0 && q.open[d-1].name != s.open[d-1].name {
			continue
		}
		if q.local(d) == s.local(d) {
			counts[d]++
		}
		if q.open[d].name == s.open[last].name {
			return s.path(counts)
		}
	}
}

// local is the local name of an open element.
func (s *Scanner) local(depth int) string {
	n := s.open[depth].name
	return s.names.of(s.doc[n.local:n.to])
}

func (s *Scanner) path(counts []int) string {
	var b strings.Builder
	for i, n := range counts {
		b.WriteString("/" + s.local(i))
		if n > 1 {
			b.WriteString("[" + decimal(n) + "]")
		}
	}
	return b.String()
}

// Find tells line and column of the element that Path calls by a path, in a
// document that the profile takes up to there. It is how a problem found in
// canonical octets is shown in the document as it was received.
func Find(doc []byte, p *Profile, path string) (line, column int, found bool) {
	var s Scanner
	if err := s.Reset(doc, p); err != nil || !strings.HasPrefix(path, "/") {
		return 0, 0, false
	}
	steps := strings.Split(path, "/")[1:]
	counts := make([]int, len(steps)+1)
	for matched := 0; ; {
		k, err := s.Next()
		d := len(s.open) - 1
		switch {
		case err != nil || k == EOF:
			return 0, 0, false
		case k == End && d < matched:
			return 0, 0, false
		case k != Start || d != matched:
			continue
		}
		name, n := step(steps[d])
		if s.local(d) != name {
			continue
		}
		if counts[d]++; counts[d] == n {
			if matched++; matched == len(steps) {
				return s.Line(), s.Column(), true
			}
		}
	}
}

// step splits "Order[2]" into name and number; the number is 1 where none stands.
func step(s string) (string, int) {
	name, rest, indexed := strings.Cut(s, "[")
	if !indexed {
		return name, 1
	}
	n, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if err != nil {
		return "", 0
	}
	return name, n
}

// fail ends the reading with an error at an offset.
func (s *Scanner) fail(code Code, offset int, what, hint string) error {
	e := &Error{Code: code, What: what, Hint: hint}
	if code != TooLarge {
		e.Line, e.Column = s.place.at(s.doc, min(offset, len(s.doc)))
	}
	if !s.quiet {
		e.Path = s.Path()
	}
	s.err, s.kind = e, None
	return e
}

// misuse is a fault of the calling code. It ends the reading too.
func (s *Scanner) misuse(what string) error {
	s.err, s.kind = &Error{Code: Misuse, What: what}, None
	return s.err
}

func decimal(n int) string { return strconv.Itoa(n) }
