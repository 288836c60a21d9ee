package schemas

import (
	"bytes"
	"unicode/utf8"

	"ccpor/schemas/canon"
)

// step is one element on a path: index counts like-named siblings from 1.
type step struct {
	name  string
	index int
}

// frame is an open element, with what the model says of it and the children seen so far.
type frame struct {
	step
	element int      // number in document order from 1
	typ     string   // "" for an unknown element and all below it
	content *content // nil where the type takes no child elements
	counts  map[string]int
	latest  int // greatest index of the particles seen
	offset  int // of the start tag in the octets
}

// walker goes through octets event by event and knows of each element its number, path and type.
type walker struct {
	canon.Scanner
	octets  []byte
	model   *model
	open    []frame
	element int
}

var packageProfile = canon.NewProfile(canon.Limits{}, PackageNamespace, signatures)

func (m *model) walk(octets []byte) (*walker, error) {
	w := &walker{octets: octets, model: m}
	return w, w.Reset(octets, packageProfile)
}

// next is the next event. At a Start the element's frame is the last of open already; at its End it still is.
func (w *walker) next() (canon.Kind, error) {
	if w.Kind() == canon.End {
		w.open = w.open[:len(w.open)-1]
	}
	k, err := w.Next()
	if err == nil && k == canon.Start {
		w.push(w.Name())
	}
	return k, err
}

func (w *walker) push(n canon.Name) {
	w.element++
	f := frame{step: step{n.Local, 1}, element: w.element, latest: -1, offset: w.Offset()}
	if up := w.top(); up != nil {
		if up.counts == nil {
			up.counts = map[string]int{}
		}
		up.counts[n.Local]++
		f.index = up.counts[n.Local]
		f.typ = up.child(n)
	} else if n == Root {
		f.typ = w.model.root
	}
	f.content = w.model.content[f.typ]
	w.open = append(w.open, f)
}

// child is the type of a child of this name, "" when there is none.
func (f *frame) child(n canon.Name) string {
	if f.content == nil || n.Space != PackageNamespace {
		return ""
	}
	i, ok := f.content.at[n.Local]
	if !ok {
		return ""
	}
	return f.content.particles[i].typ
}

func (w *walker) top() *frame {
	if len(w.open) == 0 {
		return nil
	}
	return &w.open[len(w.open)-1]
}

// place is the line and column of the innermost open element. It counts from the start: ask for what will be kept only.
func (w *walker) place() (line, column int) {
	before := w.octets[:w.top().offset]
	begin := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[begin:]) + 1
}

// path is the steps to the innermost open element.
func (w *walker) path() []step {
	p := make([]step, len(w.open))
	for i, f := range w.open {
		p[i] = f.step
	}
	return p
}
