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
// /Package/Order[2]/Case; [n] stands where n like-named siblings were counted
// and n > 1. It reads the document from its start: ask for it when something
// is to be reported.
func (s *Scanner) Path() string {
	if len(s.open) == 0 {
		return ""
	}
	last := int(s.open[len(s.open)-1].name.from) - 1
	q := Scanner{quiet: true}
	if err := q.Reset(s.doc, s.p); err != nil {
		return ""
	}
	counts := []map[string]int{{}}
	for {
		k, err := q.Next()
		switch {
		case err != nil || k == EOF:
			return ""
		case k == Start:
			n := q.open[len(q.open)-1].name
			counts[len(counts)-1][string(s.doc[n.local:n.to])]++
			if q.at == last {
				return q.path(counts)
			}
			counts = append(counts, map[string]int{})
		case k == End:
			counts = counts[:len(counts)-1]
		}
	}
}

func (s *Scanner) path(counts []map[string]int) string {
	var b strings.Builder
	for i, e := range s.open {
		local := string(s.doc[e.name.local:e.name.to])
		b.WriteString("/" + local)
		if n := counts[i][local]; n > 1 {
			b.WriteString("[" + decimal(n) + "]")
		}
	}
	return b.String()
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
