package canon

// Kind is the kind of an event.
type Kind uint8

const (
	None  Kind = iota // before the first event, and after an error
	Start             // start tag; an empty-element tag gives Start and End
	End               // end tag
	Text              // all character data between two tags, never empty
	EOF               // after the document element; never before it
)

// Scanner reads one document at a time, event by event. It borrows the
// document, which must not change until the next Reset or Release, and keeps its buffers:
// once warm it allocates nothing. The zero value is ready for Reset. A Scanner
// is used by one goroutine at a time.
type Scanner struct {
	doc   []byte
	p     *Profile
	reads uint64 // counts Resets, so that marks of another document are known

	pos  int  // first byte not read
	at   int  // first byte of the current event
	kind Kind // of the current event
	err  error

	done    bool // the document element was closed
	quiet   bool // errors carry no path: this scanner is looking for one
	empty   bool // the start tag just read closed itself; its End is due
	plain   bool // the tag just read is in canonical form as it stands
	special bool // the text just read holds references, CR or '>'

	open   []element
	binds  []binding
	attrs  []attribute
	values []Attr
	buf    []byte
	names  names
	place  place
	write  writer
}

// qname is a qualified name in the document: [from,to), the local part from local.
type qname struct{ from, local, to int32 }

func (q qname) prefixed() bool { return q.local > q.from }

// element is one open element.
type element struct {
	name  qname
	space space
	bind  int32 // binding that gave the namespace; -1 for none
	binds int32 // height of the binding stack before its own declarations
}

// binding is one namespace declaration in scope. An empty uri undeclares.
type binding struct {
	prefix, prefixEnd int32
	uri, uriEnd       int32
	space             space
}

// attribute is one attribute of the start tag just read.
type attribute struct {
	name     qname
	from, to int32 // raw value
	space    space
	bind     int32
	quote    byte
	ref      bool // the raw value holds references
}

// Reset starts on a document under a profile. It checks size and encoding and
// reads the XML declaration. The error, as all of this package, is an *Error.
func (s *Scanner) Reset(doc []byte, p *Profile) error {
	s.begin(doc, p)
	s.names.trim()
	if p == nil {
		return s.misuse("Reset without a profile")
	}
	if err := s.encoding(); err != nil {
		return err
	}
	return s.declaration()
}

func (s *Scanner) begin(doc []byte, p *Profile) {
	s.doc, s.p = doc, p
	s.reads++
	s.pos, s.at, s.kind, s.err = 0, 0, None, nil
	s.done, s.empty = false, false
	s.open, s.binds, s.attrs = s.open[:0], s.binds[:0], s.attrs[:0]
	s.place = place{}
}

// mostKept is how many bytes of decoded text a released scanner keeps room for.
const mostKept = 1 << 20

// Release lets go of the document and of what only a large one needs, for a
// scanner that is put aside. Text and attribute values that it gave are no
// longer good, nor are its marks; the next use is a Reset.
func (s *Scanner) Release() {
	s.begin(nil, nil)
	clear(s.values[:cap(s.values)])
	if cap(s.buf) > mostKept {
		s.buf = nil
	}
}

// Next reads the next event. At the end it gives EOF, again and again; after an
// error always that error.
func (s *Scanner) Next() (Kind, error) {
	k, err := s.next()
	if err != nil {
		k = None
	}
	s.kind = k
	return k, err
}

func (s *Scanner) next() (Kind, error) {
	switch {
	case s.err != nil:
		return None, s.err
	case s.p == nil:
		return None, s.misuse("Next before Reset")
	case s.empty:
		s.empty, s.at = false, s.pos
		return End, nil
	}
	if s.kind == End {
		s.pop()
	}
	if len(s.open) == 0 {
		return s.outside()
	}
	if s.pos < len(s.doc) && s.doc[s.pos] != '<' {
		return s.text()
	}
	return s.markup()
}

// outside reads what stands around the document element: white space only.
func (s *Scanner) outside() (Kind, error) {
	for s.pos < len(s.doc) && white(s.doc[s.pos]) {
		s.pos++
	}
	s.at = s.pos
	switch {
	case s.pos == len(s.doc) && s.done:
		return EOF, nil
	case s.pos == len(s.doc):
		return None, s.fail(NotWellFormed, s.pos, "the document has no element", "send the whole document")
	case s.doc[s.pos] != '<':
		return None, s.fail(NotWellFormed, s.pos, "text outside the document element", "nothing but white space may stand before or after it")
	}
	return s.markup()
}

// markup reads what begins with '<', or the end of an unfinished document.
func (s *Scanner) markup() (Kind, error) {
	s.at = s.pos
	if s.pos+1 >= len(s.doc) {
		return None, s.unfinished()
	}
	switch s.doc[s.pos+1] {
	case '/':
		return End, s.endTag()
	case '!':
		return None, s.declared()
	case '?':
		return None, s.fail(ProcessingInstruction, s.pos, "a processing instruction, or an XML declaration that is not at the very start", "leave it out")
	}
	if s.done && len(s.open) == 0 {
		return None, s.fail(NotWellFormed, s.pos, "a second document element", "send one document")
	}
	return Start, s.startTag()
}

// declared refuses what begins with "<!", by its name.
func (s *Scanner) declared() error {
	rest := s.doc[s.pos:]
	switch {
	case hasPrefix(rest, "<!--"):
		return s.fail(Comment, s.pos, "a comment", "leave comments out")
	case hasPrefix(rest, "<![CDATA["):
		return s.fail(Cdata, s.pos, "a CDATA section", "write the text with &amp; and &lt; instead")
	case hasPrefix(rest, "<!DOCTYPE"):
		return s.fail(Doctype, s.pos, "a DOCTYPE declaration", "leave it out; no entity, default or DTD is ever read")
	}
	return s.fail(NotWellFormed, s.pos, "markup that begins with \"<!\"", "write a literal '<' as &lt;")
}

func (s *Scanner) unfinished() error {
	what := "the document ends inside a tag or an open element"
	if n := len(s.open); n > 0 {
		what = "the document ends before </" + s.raw(s.open[n-1].name) + ">"
	}
	return s.fail(NotWellFormed, len(s.doc), what, "send the whole document")
}

// endTag reads "</name>" and compares it with the element that is open.
func (s *Scanner) endTag() error {
	if len(s.open) == 0 {
		return s.fail(NotWellFormed, s.pos, "an end tag without a start tag", "")
	}
	e := &s.open[len(s.open)-1]
	name := s.doc[e.name.from:e.name.to]
	i := s.pos + 2
	if len(s.doc)-i < len(name) || string(s.doc[i:i+len(name)]) != string(name) {
		return s.fail(NotWellFormed, s.pos, "an end tag where </"+string(name)+"> is due", "close elements in the order in which they were opened")
	}
	i += len(name)
	s.plain = i < len(s.doc) && s.doc[i] == '>'
	for i < len(s.doc) && white(s.doc[i]) {
		i++
	}
	if i == len(s.doc) || s.doc[i] != '>' {
		return s.fail(NotWellFormed, s.pos, "an end tag that is not closed, or has another name than </"+string(name)+">", "")
	}
	s.pos = i + 1
	return nil
}

// pop forgets the element whose End was the last event.
func (s *Scanner) pop() {
	n := len(s.open) - 1
	s.binds = s.binds[:s.open[n].binds]
	s.open = s.open[:n]
	s.done = n == 0
}

// Kind is the kind of the current event.
func (s *Scanner) Kind() Kind { return s.kind }

// Name is the expanded name of the current Start or End.
func (s *Scanner) Name() Name {
	if s.kind != Start && s.kind != End {
		return Name{}
	}
	e := &s.open[len(s.open)-1]
	return Name{Space: s.p.space(e.space), Local: s.names.of(s.doc[e.name.local:e.name.to])}
}

// Is reports whether the current Start or End has this name.
func (s *Scanner) Is(space, local string) bool {
	if s.kind != Start && s.kind != End {
		return false
	}
	e := &s.open[len(s.open)-1]
	return string(s.doc[e.name.local:e.name.to]) == local && s.p.space(e.space) == space
}

// Depth is the number of open elements, that of the current event included;
// a Start and its End have the same depth.
func (s *Scanner) Depth() int { return len(s.open) }

// Skip goes on from a Start to its End, checking everything in between.
func (s *Scanner) Skip() error {
	if s.err != nil {
		return s.err
	}
	if s.kind != Start {
		return s.misuse("Skip outside a start tag")
	}
	for depth := len(s.open); ; {
		k, err := s.Next()
		if err != nil || k == End && len(s.open) == depth {
			return err
		}
	}
}

// Mark is the place of a start tag, for Rewind and Span.
type Mark struct {
	reads         uint64
	from, to      int // the start tag
	depth, parent int
	binds         int
}

// Mark marks the current Start.
func (s *Scanner) Mark() Mark {
	if s.kind != Start {
		return Mark{}
	}
	n := len(s.open)
	return Mark{reads: s.reads, from: s.at, to: s.pos, depth: n, parent: s.parent(n), binds: int(s.open[n-1].binds)}
}

// parent is the place of the element that holds those of a depth.
func (s *Scanner) parent(depth int) int {
	if depth < 2 {
		return -1
	}
	return int(s.open[depth-2].name.from)
}

// Rewind goes back to the Start of a mark, whose parent must still be open.
// The tag is read again from the document. It is meant for bounded second
// looks: a loop of Rewinds is a loop.
func (s *Scanner) Rewind(m Mark) error {
	if s.err != nil {
		return s.err
	}
	if m.reads != s.reads || len(s.open) < m.depth-1 || s.parent(m.depth) != m.parent {
		return s.misuse("Rewind to a mark of another place")
	}
	s.open = s.open[:m.depth-1]
	s.binds = s.binds[:m.binds]
	s.pos, s.kind, s.empty, s.done = m.from, None, false, false
	_, err := s.Next()
	return err
}

// Span is an element that has been read already: one that Canonical may leave out.
type Span struct {
	mark Mark
	end  int
}

// Span is that of the element marked, whose End must be the current event.
func (s *Scanner) Span(m Mark) (Span, error) {
	if s.err != nil {
		return Span{}, s.err
	}
	if s.kind != End || m.reads != s.reads || m.depth != len(s.open) || s.open[m.depth-1].name.from != int32(m.from)+1 {
		return Span{}, s.misuse("Span of an element that is not at its end")
	}
	return Span{mark: m, end: s.pos}, nil
}

func hasPrefix(b []byte, p string) bool { return len(b) >= len(p) && string(b[:len(p)]) == p }

func white(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
