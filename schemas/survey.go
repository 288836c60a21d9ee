package schemas

import (
	"fmt"
	"strings"

	"ccpor/schemas/canon"
)

// finding is a problem and the number of its element, by which findings are put in order.
type finding struct {
	element int
	Problem
}

// findings collects problems up to a bound and counts the rest.
type findings struct {
	list  []finding
	bound int
	more  int
}

// full says that no more are kept.
func (f *findings) full() bool { return len(f.list) >= f.bound }

func (f *findings) add(element int, p Problem) { f.list = append(f.list, finding{element, p}) }

// survey walks the octets along the content model. It gives what is missing, unknown, misplaced, repeated or in conflict, and the numbers of the unknown elements.
func (s *Set) survey(octets []byte, out *findings) (unknown []int, err error) {
	w, err := s.model.walk(octets)
	if err != nil {
		return nil, err
	}
	for {
		k, err := w.next()
		switch {
		case err != nil:
			return nil, err
		case k == canon.EOF:
			return unknown, nil
		case k == canon.Start && len(w.open) > 1:
			if s.child(w, out) {
				unknown = append(unknown, w.top().element)
			}
		case k == canon.End && w.top().content != nil:
			s.absent(w, out)
		}
	}
}

// tell adds a problem at the innermost open element. There may be very many: what is not kept is only counted, and gets no text.
func (s *Set) tell(w *walker, out *findings, code Code, text func() string) {
	if out.full() {
		out.more++
		return
	}
	out.add(w.top().element, s.problem(w, code, text()))
}

func (s *Set) problem(w *walker, code Code, text string) Problem {
	line, column := w.place()
	return Problem{Code: code, Path: pathText(w.path()), Line: line, Column: column, Element: w.top().name, Text: text}
}

// child judges the place of the element just opened, and says whether it is unknown.
func (s *Set) child(w *walker, out *findings) (unknown bool) {
	up, f := &w.open[len(w.open)-2], w.top()
	if up.typ == "" || w.Name().Space == signatures && len(w.open) == 2 {
		return false // below an unknown element, or a signature
	}
	if f.typ == "" {
		s.tell(w, out, ElementUnknown, func() string {
			return fmt.Sprintf("The element %s is not known in the %s. Leave it out, or look up its name.", f.name, s.words.of(w.path()[:len(w.open)-1]))
		})
		return true
	}
	at := up.content.at[f.name]
	p := up.content.particles[at]
	switch {
	case f.index == p.max+1:
		s.tell(w, out, ElementRepeated, func() string {
			return fmt.Sprintf("More of this than the schema takes: %s. At most %d.", s.words.plain(f.name), p.max)
		})
	case at < up.latest:
		s.tell(w, out, ElementMisplaced, func() string {
			return fmt.Sprintf("The %s stands too late: it must come before the %s.", s.words.of(w.path()), s.words.plain(up.content.particles[up.latest].name))
		})
	case f.index == 1 && p.group >= 0:
		s.conflict(w, up, p, out)
	}
	up.latest = max(up.latest, at)
	return false
}

// conflict tells when the element just opened belongs to a branch of a choice that excludes one seen before.
func (s *Set) conflict(w *walker, up *frame, p particle, out *findings) {
	for _, q := range up.content.particles {
		if q.group == p.group && q.alt != p.alt && up.counts[q.name] > 0 {
			s.tell(w, out, ElementConflict, func() string {
				return fmt.Sprintf("The %s and the %s exclude each other. Leave one out.", s.words.plain(q.name), s.words.plain(p.name))
			})
			return
		}
	}
}

// absent tells what the element about to be closed lacks.
func (s *Set) absent(w *walker, out *findings) {
	f := w.top()
	chosen := make([]map[int]bool, len(f.content.groups))
	for _, p := range f.content.particles {
		if p.group >= 0 && f.counts[p.name] > 0 {
			if chosen[p.group] == nil {
				chosen[p.group] = map[int]bool{}
			}
			chosen[p.group][p.alt] = true
		}
	}
	told := make([]bool, len(f.content.groups))
	for _, p := range f.content.particles {
		if !p.required || f.counts[p.name] > 0 {
			continue
		}
		switch {
		case p.group < 0 || chosen[p.group][p.alt]:
			s.missing(w, p.name, func() string { return s.words.of(append(w.path(), step{p.name, 1})) }, out)
		case f.content.groups[p.group].required && chosen[p.group] == nil && !told[p.group]:
			told[p.group] = true
			s.missing(w, p.name, func() string { return s.branches(f.content, p.group) }, out)
		}
	}
}

// branches is the words for the first needed element of each branch of a choice.
func (s *Set) branches(c *content, g int) string {
	var names []string
	alt := -1
	for _, p := range c.particles {
		if p.group == g && p.alt != alt && p.required {
			alt, names = p.alt, append(names, s.words.plain(p.name))
		}
	}
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func (s *Set) missing(w *walker, name string, words func() string, out *findings) {
	before := len(out.list)
	s.tell(w, out, ElementMissing, func() string {
		return fmt.Sprintf("The %s is missing. It is required here as the element %s.", words(), name)
	})
	if len(out.list) > before {
		out.list[before].Element = name
	}
}
