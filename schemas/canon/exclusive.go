package canon

import (
	"bytes"
	"hash"
	"unicode/utf8"
)

// Exclusive says how an element is canonicalised.
type Exclusive struct {
	// Prefixes is the InclusiveNamespaces PrefixList: these prefixes are
	// rendered where they change, used or not; "#default" is the default
	// namespace.
	Prefixes [][]byte

	// Omit is a child, read already, that is left out: the enveloped signature.
	Omit Span

	// ID, if not empty, is the value of the element's own attribute Id. No
	// other attribute with the local name id, in any case and namespace, may
	// have this value, on the element or inside it.
	ID []byte

	// Taken are values that no attribute with the local name id, in any case and
	// namespace, may have below the start tag of the element that is written.
	Taken [][]byte

	// Exclude, if not empty, is a namespace of which no element may remain in
	// the output: that of signatures.
	Exclude string

	// Max is how many bytes the canonical form may have. It is larger than the
	// document where characters are escaped, empty elements written out or
	// prefixes declared again. Zero or less is the profile's MaxBytes.
	Max int
}

// writer is the state of one Canonical.
type writer struct {
	x        Exclusive
	out      []byte
	sink     hash.Hash // takes what is written, instead of out
	scratch  []byte    // out on its way to the sink
	limit    int       // of the length of out
	full     bool      // what was to be appended would pass the limit
	from     int       // the document from here up to the event is canonical and not yet copied
	top      int       // depth of the element that is written
	exclude  space
	rendered []rendering
	decls    []int32 // bindings to render in this tag; none for xmlns=""
	order    []int32 // attributes in canonical order
}

// rendering is a declaration that the output shows, and the depth where.
type rendering struct {
	prefix, prefixEnd int32
	space             space
	depth             int32
}

const undeclare int32 = -1

// defaultPrefix stands for the default namespace in a PrefixList.
const defaultPrefix = "#default"

// Canonical is called at a Start. It reads the element to its End, which is the
// current event afterwards, appends its exclusive canonical form (without
// comments) to dst, and returns the longer slice. A form of more than Max bytes
// is refused as TooLarge, before the memory for it is taken. Declarations of
// ancestors that the element uses are honoured. Names of unlisted namespaces are
// refused even under a profile with Foreign.
func (s *Scanner) Canonical(dst []byte, x Exclusive) ([]byte, error) {
	if s.err != nil {
		return dst, s.err
	}
	if err := s.canonicalisable(x); err != nil {
		return dst, err
	}
	w := &s.write
	if w.x = x; x.Max <= 0 {
		w.x.Max = s.p.limits.MaxBytes
	}
	w.out, w.limit, w.full, w.from, w.top = dst, len(dst)+w.x.Max, false, s.at, len(s.open)
	w.exclude = foreign
	if x.Exclude != "" {
		w.exclude = s.p.number([]byte(x.Exclude))
	}
	w.rendered = w.rendered[:0]
	err := s.element()
	out := w.out
	w.x, w.out = Exclusive{}, nil
	return out, err
}

// spilled is how much of a canonical form waits for the hash that takes it.
const spilled = 8 << 10

// Digest is Canonical with the canonical form written to a hash instead of
// kept: content that is only compared takes no memory, however large it is.
func (s *Scanner) Digest(to hash.Hash, x Exclusive) error {
	w := &s.write
	w.sink = to
	rest, err := s.Canonical(w.scratch[:0], x)
	to.Write(rest)
	w.sink, w.scratch = nil, rest[:0]
	return err
}

// put writes a run of canonical bytes.
func (w *writer) put(b []byte) {
	if w.sink != nil && len(w.out)+len(b) > spilled {
		w.sink.Write(w.out) // a hash takes everything
		w.sink.Write(b)
		w.limit -= len(w.out) + len(b)
		w.out = w.out[:0]
		return
	}
	w.out = append(w.out, b...)
}

func (s *Scanner) canonicalisable(x Exclusive) error {
	if s.kind != Start {
		return s.misuse("Canonical outside a start tag")
	}
	m := x.Omit.mark
	if x.Omit.end > 0 && (m.reads != s.reads || m.depth != len(s.open)+1 || m.parent != s.at+1) {
		return s.misuse("Canonical with a span that is no child of the element")
	}
	return nil
}

// element writes the current element from its Start to its End.
func (s *Scanner) element() error {
	w := &s.write
	for k := Start; ; {
		var err error
		switch k {
		case Start:
			err = s.writeStart()
		case Text:
			s.writeText()
		case End:
			s.writeEnd()
		}
		if err != nil {
			return err
		}
		if w.full || len(w.out)+s.pos-w.from > w.limit {
			return s.fail(TooLarge, s.at, "the canonical form is larger than it may be", "the limit is "+decimal(w.x.Max)+" bytes")
		}
		if k == End && len(s.open) == w.top {
			w.flush(s.doc, s.pos, s.pos)
			return nil
		}
		if w.x.Omit.end > 0 && s.pos == w.x.Omit.mark.from && !s.empty {
			w.flush(s.doc, s.pos, w.x.Omit.end)
			s.pos = w.x.Omit.end
		}
		if k, err = s.Next(); err != nil {
			return err
		}
	}
}

// flush copies what is pending up to an offset and goes on behind another.
func (w *writer) flush(doc []byte, to, next int) {
	if to > w.from {
		w.put(doc[w.from:to])
	}
	w.from = next
}

func (s *Scanner) writeStart() error {
	w, e := &s.write, &s.open[len(s.open)-1]
	if s.p.limits.Foreign {
		if err := s.noForeign(e); err != nil {
			return err
		}
	}
	if (len(w.x.ID) > 0 || len(w.x.Taken) > 0) && len(s.attrs) > 0 {
		if err := s.uniqueID(); err != nil {
			return err
		}
	}
	if e.space == w.exclude && e.space != foreign {
		return s.fail(Excluded, s.at, "an element "+s.raw(e.name)+" that may not stand inside signed content", "leave it out; a package has one signature, its first child")
	}
	w.decls = w.decls[:0]
	if !s.asParent(e) {
		if err := s.declarations(e); err != nil {
			return err
		}
	}
	if s.plain && len(w.decls) == 0 && s.sorted() {
		return nil
	}
	w.flush(s.doc, s.at, s.pos)
	s.writeTag(e)
	return nil
}

// asParent reports whether an element surely renders no declaration: it has
// none of its own, the prefix of its parent, which is in the output, and no
// attribute with a prefix.
func (s *Scanner) asParent(e *element) bool {
	n := len(s.open)
	if n == s.write.top || len(s.binds) > int(e.binds) {
		return false
	}
	for i := range s.attrs {
		if s.attrs[i].name.prefixed() {
			return false
		}
	}
	return e.bind == s.open[n-2].bind
}

// declarations collects, sorted by prefix, what the current tag must declare.
func (s *Scanner) declarations(e *element) error {
	s.render(e.name, e.bind)
	for i := range s.attrs {
		if a := &s.attrs[i]; a.bind >= 0 {
			s.render(a.name, a.bind)
		}
	}
	s.inclusive(e)
	for _, b := range s.write.decls {
		if b != undeclare && s.binds[b].space == foreign {
			return s.fail(NamespaceNotAllowed, s.at, "signed content would declare a namespace that is not part of the contract", "take its prefix out of the PrefixList")
		}
	}
	return nil
}

// inclusive declares the prefixes of the PrefixList: all of them on the element
// that is written. Below it the parent shows what it has in scope, so that only
// an element's own declarations can change anything; to look for each prefix on
// each element would cost more than all the rest.
func (s *Scanner) inclusive(e *element) {
	w := &s.write
	if len(s.open) > w.top {
		for i := int(e.binds); i < len(s.binds); i++ {
			if p := s.prefixOf(s.binds[i]); w.lists(p) {
				s.renderPrefix(p, int32(i))
			}
		}
		return
	}
	for _, p := range w.x.Prefixes {
		if string(p) == defaultPrefix {
			p = nil
		} else if len(p) == 0 {
			continue
		}
		if b := s.lookup(p); b >= 0 {
			s.renderPrefix(p, b)
		}
	}
}

// lists reports whether a prefix stands in the PrefixList.
func (w *writer) lists(prefix []byte) bool {
	for _, p := range w.x.Prefixes {
		if string(p) == string(prefix) && len(p) > 0 || len(prefix) == 0 && string(p) == defaultPrefix {
			return true
		}
	}
	return false
}

// render declares the prefix that a name uses, unless the output shows it.
func (s *Scanner) render(q qname, bind int32) {
	if !q.prefixed() {
		s.renderPrefix(nil, bind)
	} else if bind >= 0 {
		s.renderPrefix(s.doc[q.from:q.local-1], bind)
	}
}

// renderPrefix compares a binding with what the nearest ancestor in the output
// rendered for the prefix: rendered is another thing than in scope.
func (s *Scanner) renderPrefix(prefix []byte, bind int32) {
	w := &s.write
	now := space(0)
	if bind >= 0 {
		now = s.binds[bind].space
	}
	shown, was := w.shown(s.doc, prefix)
	if shown && was == now || !shown && now == 0 {
		return
	}
	r := rendering{space: now, depth: int32(len(s.open))}
	if now == 0 {
		bind = undeclare
	} else {
		r.prefix, r.prefixEnd = s.binds[bind].prefix, s.binds[bind].prefixEnd
	}
	w.rendered = append(w.rendered, r)
	w.decls = append(w.decls, bind)
	for i := len(w.decls) - 1; i > 0 && bytes.Compare(s.prefixOfBind(w.decls[i-1]), s.prefixOfBind(w.decls[i])) > 0; i-- {
		w.decls[i-1], w.decls[i] = w.decls[i], w.decls[i-1]
	}
}

// shown finds what the output shows for a prefix.
func (w *writer) shown(doc, prefix []byte) (bool, space) {
	for i := len(w.rendered) - 1; i >= 0; i-- {
		r := &w.rendered[i]
		if int(r.prefixEnd-r.prefix) == len(prefix) && string(doc[r.prefix:r.prefixEnd]) == string(prefix) {
			return true, r.space
		}
	}
	return false, 0
}

func (s *Scanner) prefixOfBind(bind int32) []byte {
	if bind == undeclare {
		return nil
	}
	return s.prefixOf(s.binds[bind])
}

// sorted reports whether the attributes stand in canonical order.
func (s *Scanner) sorted() bool {
	for i := 1; i < len(s.attrs); i++ {
		if s.compare(int32(i-1), int32(i)) > 0 {
			return false
		}
	}
	return true
}

// compare orders attributes by namespace name, then local name, in bytes.
func (s *Scanner) compare(i, j int32) int {
	a, b := &s.attrs[i], &s.attrs[j]
	if a.space != b.space {
		return int(a.space) - int(b.space)
	}
	return bytes.Compare(s.doc[a.name.local:a.name.to], s.doc[b.name.local:b.name.to])
}

func (s *Scanner) writeTag(e *element) {
	w := &s.write
	w.out = append(w.out, '<')
	w.out = append(w.out, s.doc[e.name.from:e.name.to]...)
	for _, b := range w.decls {
		s.writeDeclaration(b)
	}
	w.order = w.order[:0]
	for i := range s.attrs {
		w.order = append(w.order, int32(i))
		for j := i; j > 0 && s.compare(w.order[j-1], w.order[j]) > 0; j-- {
			w.order[j-1], w.order[j] = w.order[j], w.order[j-1]
		}
	}
	for _, i := range w.order {
		s.writeAttribute(&s.attrs[i])
	}
	w.out = append(w.out, '>')
}

func (s *Scanner) writeDeclaration(bind int32) {
	w := &s.write
	if bind == undeclare {
		w.out = append(w.out, ` xmlns=""`...)
		return
	}
	w.out = append(w.out, " xmlns"...)
	if p := s.prefixOf(s.binds[bind]); len(p) > 0 {
		w.out = append(append(w.out, ':'), p...)
	}
	w.out = append(w.out, `="`...)
	w.escape(s.uriOf(bind), true)
	w.out = append(w.out, '"')
}

func (s *Scanner) writeAttribute(a *attribute) {
	w := &s.write
	w.out = append(w.out, ' ')
	w.out = append(w.out, s.doc[a.name.from:a.name.to]...)
	w.out = append(w.out, `="`...)
	w.escape(s.doc[a.from:a.to], true)
	w.out = append(w.out, '"')
}

func (s *Scanner) writeText() {
	if !s.special {
		return
	}
	s.write.flush(s.doc, s.at, s.pos)
	s.write.escape(s.doc[s.at:s.pos], false)
}

func (s *Scanner) writeEnd() {
	w := &s.write
	depth := int32(len(s.open))
	for n := len(w.rendered); n > 0 && w.rendered[n-1].depth >= depth; n-- {
		w.rendered = w.rendered[:n-1]
	}
	if s.plain && s.pos > s.at {
		return
	}
	e := &s.open[depth-1]
	w.flush(s.doc, s.at, s.pos)
	w.out = append(w.out, "</"...)
	w.out = append(w.out, s.doc[e.name.from:e.name.to]...)
	w.out = append(w.out, '>')
}

// escape appends raw, which was read without error, in canonical form, and stops
// where that would pass the limit.
func (w *writer) escape(raw []byte, attribute bool) {
	from := 0
	for i := 0; i < len(raw) && len(w.out) <= w.limit; {
		c := raw[i]
		if c != '&' && c != '>' && c != '\r' && c != '"' {
			i++
			continue
		}
		if len(w.out)+i-from > w.limit {
			break
		}
		r, n := rune(c), 1
		if c == '&' {
			r, n = reference(raw[i:])
		} else if c == '\r' {
			r = '\n'
			if i+1 < len(raw) && raw[i+1] == '\n' {
				n = 2
			}
		}
		w.put(raw[from:i])
		if attribute {
			w.out = appendInAttribute(w.out, r)
		} else {
			w.out = appendInText(w.out, r)
		}
		i += n
		from = i
	}
	if w.full = w.full || len(w.out)+len(raw)-from > w.limit; !w.full {
		w.put(raw[from:])
	}
}

func appendInText(out []byte, r rune) []byte {
	switch r {
	case '&':
		return append(out, "&amp;"...)
	case '<':
		return append(out, "&lt;"...)
	case '>':
		return append(out, "&gt;"...)
	case '\r':
		return append(out, "&#xD;"...)
	}
	return utf8.AppendRune(out, r)
}

func appendInAttribute(out []byte, r rune) []byte {
	switch r {
	case '&':
		return append(out, "&amp;"...)
	case '<':
		return append(out, "&lt;"...)
	case '"':
		return append(out, "&quot;"...)
	case '\t':
		return append(out, "&#x9;"...)
	case '\n':
		return append(out, "&#xA;"...)
	case '\r':
		return append(out, "&#xD;"...)
	}
	return utf8.AppendRune(out, r)
}

// noForeign refuses unlisted namespaces in the current tag.
func (s *Scanner) noForeign(e *element) error {
	ok := s.p.usable(e.space)
	for i := range s.attrs {
		a := &s.attrs[i]
		ok = ok && (!a.name.prefixed() || a.space == s.p.xml || s.p.usable(a.space))
	}
	for _, b := range s.binds[e.binds:] {
		ok = ok && b.space != foreign
	}
	if !ok {
		return s.fail(NamespaceNotAllowed, s.at, "signed content with a namespace that is not part of the contract, at "+s.raw(e.name), "use the namespaces of the contract, written exactly as there")
	}
	return nil
}

func (x *Exclusive) taken(id []byte) bool {
	for _, t := range x.Taken {
		if bytes.Equal(id, t) {
			return true
		}
	}
	return false
}

// uniqueID refuses a second attribute id with the value of the element's own.
func (s *Scanner) uniqueID() error {
	for i := range s.attrs {
		a := &s.attrs[i]
		local := s.doc[a.name.local:a.name.to]
		if len(local) != 2 || local[0]|0x20 != 'i' || local[1]|0x20 != 'd' {
			continue
		}
		if len(s.open) == s.write.top && !a.name.prefixed() && string(local) == "Id" {
			continue
		}
		if value := s.decoded(a); len(s.write.x.ID) > 0 && bytes.Equal(value, s.write.x.ID) || len(s.open) > s.write.top && s.write.x.taken(value) {
			return s.fail(DuplicateID, s.at, "a second attribute "+s.raw(a.name)+" with the value that the signature refers to", "give every Id a value of its own")
		}
	}
	return nil
}
