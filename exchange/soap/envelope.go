package soap

import (
	"slices"
	"strings"

	"ccpor/schemas/canon"
)

// Envelope is the head of a request: all that stands before its Body's content.
type Envelope struct {
	Edition    Edition
	Addressing Addressing
	// Root is the place of the Envelope, Blocks those of the header blocks that the caller understands and that are for this node.
	Root   canon.Mark
	Blocks []Block
	ids    []string
}

// Block is a header block that somebody else reads.
type Block struct {
	Mark canon.Mark
	// MustUnderstand says that it must be processed, or the message refused.
	MustUnderstand bool
}

// Declares says whether a header block carries an Id attribute (Id, ID or id, in any namespace) of this value. What is
// signed is found by its position, so such a twin does nothing here; it has no honest use either.
func (e *Envelope) Declares(id string) bool {
	for _, have := range e.ids {
		if have == id {
			return true
		}
	}
	return false
}

// maxHeaderIDs bounds what is kept of the Id attributes in the header.
const maxHeaderIDs = 64

// Open reads up to the Body and leaves the scanner at its start tag. The edition is what the Content-Type implied, zero for none;
// understood are the header blocks that the caller reads. Even with an error, Edition and Addressing hold what was read so far, for
// the answer. Errors are *Error or *canon.Error.
func Open(s *canon.Scanner, edition Edition, understood ...canon.Name) (Envelope, error) {
	e := Envelope{Edition: edition}
	if err := e.root(s); err != nil {
		return e, err
	}
	e.Root = s.Mark()
	k, err := Child(s)
	if err != nil {
		return e, err
	}
	if k == canon.Start && s.Is(e.Edition.Namespace(), "Header") {
		if err := e.header(s, understood); err != nil {
			return e, err
		}
		if k, err = Child(s); err != nil {
			return e, err
		}
	}
	if k != canon.Start || !s.Is(e.Edition.Namespace(), "Body") {
		return e, at(s, Structure, "an Envelope holds an optional Header and one Body, of its own namespace", "")
	}
	return e, nil
}

// Operation goes on from the Body's start tag to that of the operation, its first child.
func (e *Envelope) Operation(s *canon.Scanner) error {
	k, err := Child(s)
	if err != nil {
		return err
	}
	if k != canon.Start {
		return at(s, EmptyBody, "the Body is empty", "put one operation into it")
	}
	return nil
}

// Close reads from the end of the operation to the end of the document.
func (e *Envelope) Close(s *canon.Scanner) error {
	k, err := Child(s)
	if err != nil {
		return err
	}
	if k == canon.Start {
		return at(s, CrowdedBody, "the Body holds more than one element", "send one operation in a message")
	}
	if k, err = Child(s); err != nil {
		return err
	}
	if k == canon.Start {
		return at(s, Structure, "an element follows the Body", "leave it out")
	}
	_, err = s.Next()
	return err
}

func (e *Envelope) root(s *canon.Scanner) error {
	if _, err := s.Next(); err != nil {
		return err
	}
	var found Edition
	switch {
	case s.Is(Namespace11, "Envelope"):
		found = SOAP11
	case s.Is(Namespace12, "Envelope"):
		found = SOAP12
	default:
		return at(s, Version, "the document element is no Envelope of SOAP 1.1 or 1.2", "")
	}
	if e.Edition != 0 && e.Edition != found {
		said := e.Edition
		e.Edition = found
		return at(s, VersionMix, "the Content-Type is that of "+said.String()+", the Envelope is "+found.String(),
			"send text/xml with SOAP 1.1 and application/soap+xml with SOAP 1.2")
	}
	e.Edition = found
	return nil
}

// Child goes on to the next start or end tag and refuses text in between, for readers of operations without mixed content.
func Child(s *canon.Scanner) (canon.Kind, error) {
	for {
		k, err := s.Next()
		if err != nil || k != canon.Text {
			return k, err
		}
		if !s.Blank() {
			return k, at(s, Structure, "text where only elements may stand", "")
		}
	}
}

// header reads the header blocks: those of WS-Addressing are followed, those that the caller understands noted, others passed over, or
// refused when they must be understood here.
func (e *Envelope) header(s *canon.Scanner, understood []canon.Name) error {
	for {
		k, err := Child(s)
		if err != nil || k == canon.End {
			return err
		}
		if err := e.block(s, understood); err != nil {
			return err
		}
	}
}

func (e *Envelope) block(s *canon.Scanner, understood []canon.Name) error {
	name := s.Name()
	switch {
	case !e.forUs(s):
	case name.Space == NamespaceA:
		if err := e.keepIDs(s); err != nil {
			return err
		}
		return e.Addressing.block(s)
	case slices.Contains(understood, name):
		e.Blocks = append(e.Blocks, Block{Mark: s.Mark(), MustUnderstand: e.mustUnderstand(s)})
	case e.mustUnderstand(s):
		return at(s, MustUnderstand, "a header block that must be understood is not: "+name.Local,
			"leave it out or take mustUnderstand away; TLS and the package's own signature are what counts here")
	}
	return e.skip(s)
}

// forUs says whether the block is for this node.
func (e *Envelope) forUs(s *canon.Scanner) bool {
	role := "actor"
	if e.Edition == SOAP12 {
		role = "role"
	}
	to, ok := s.Attr(e.Edition.Namespace(), role)
	return !ok || ourRole(string(to))
}

// mustUnderstand says whether the block must be understood.
func (e *Envelope) mustUnderstand(s *canon.Scanner) bool {
	must, _ := s.Attr(e.Edition.Namespace(), "mustUnderstand")
	value := strings.TrimSpace(string(must))
	return value != "" && value != "0" && value != "false"
}

func ourRole(role string) bool {
	switch role {
	case "", "http://schemas.xmlsoap.org/soap/actor/next", Namespace12 + "/role/next", Namespace12 + "/role/ultimateReceiver":
		return true
	}
	return false
}

// skip passes over a header block and keeps its Id attributes.
func (e *Envelope) skip(s *canon.Scanner) error {
	for depth := s.Depth(); ; {
		if s.Kind() == canon.Start {
			if err := e.keepIDs(s); err != nil {
				return err
			}
		}
		if s.Kind() == canon.End && s.Depth() == depth {
			return nil
		}
		if _, err := s.Next(); err != nil {
			return err
		}
	}
}

func (e *Envelope) keepIDs(s *canon.Scanner) error {
	for _, a := range s.Attrs() {
		if !strings.EqualFold(a.Name.Local, "id") {
			continue
		}
		if len(e.ids) == maxHeaderIDs {
			return at(s, Structure, "the header has too many Id attributes", "leave the header out; nothing in it is needed")
		}
		e.ids = append(e.ids, string(a.Value))
	}
	return nil
}

// at is a refusal at the scanner's place.
func at(s *canon.Scanner, c Code, what, hint string) *Error {
	return &Error{Code: c, What: what, Hint: hint, Line: s.Line(), Column: s.Column(), Path: s.Path()}
}
