package soap

import (
	"bytes"

	"ccpor/schemas/canon"
)

// Addressing is what a request says in WS-Addressing 1.0. Answers go back on the same connection only.
type Addressing struct {
	// Used says that there was any block of it: the answer then carries an Action.
	Used bool
	// MessageID comes back as RelatesTo.
	MessageID string
	// Action names the operation; it may not disagree with the Body.
	Action string

	seen uint8 // blocks that have come: bits of single
}

// anonymous is the address that means the connection itself.
const anonymous = NamespaceA + "/anonymous"

const maxAddress = 2 << 10 // bytes of a MessageID, an Action or an address

// single are the blocks that may come once.
var single = [...]string{"To", "From", "ReplyTo", "FaultTo", "MessageID", "Action"}

// block reads one header block of WS-Addressing. To is not compared: which address senders know the hub by is the operator's affair, and the
// Body says what is wanted.
func (a *Addressing) block(s *canon.Scanner) error {
	a.Used = true
	if err := a.once(s); err != nil {
		return err
	}
	switch name := s.Name().Local; name {
	case "MessageID":
		return address(s, &a.MessageID)
	case "Action":
		return address(s, &a.Action)
	case "To":
		var to string
		return address(s, &to)
	case "ReplyTo", "FaultTo":
		return anonymousOnly(s)
	case "From", "RelatesTo":
		return s.Skip()
	default:
		return at(s, AddressingCode, "no header block of WS-Addressing 1.0: "+name, "")
	}
}

// once refuses a block that has come before and may come once.
func (a *Addressing) once(s *canon.Scanner) error {
	for i, name := range single {
		if !s.Is(NamespaceA, name) {
			continue
		}
		if a.seen&(1<<i) != 0 {
			return at(s, AddressingCode, "a header block of WS-Addressing comes twice: "+name, "send it once")
		}
		a.seen |= 1 << i
	}
	return nil
}

// address reads the text of a block, which may not be empty.
func address(s *canon.Scanner, dst *string) error {
	name := s.Name().Local
	text, err := Text(s, maxAddress)
	if err != nil {
		return err
	}
	if *dst = string(bytes.TrimSpace(text)); *dst == "" {
		return at(s, AddressingCode, "an empty header block of WS-Addressing: "+name, "send an absolute URI, or leave the block out")
	}
	return nil
}

// anonymousOnly reads an endpoint reference whose Address must be the connection. The address "none" is refused as well: who sends an
// order has to get its receipt.
func anonymousOnly(s *canon.Scanner) error {
	to := ""
	for {
		k, err := Child(s)
		switch {
		case err != nil:
			return err
		case k == canon.End && to != anonymous:
			return at(s, AddressingCode, "ReplyTo and FaultTo can only be anonymous", "answers come on the connection of the request: send "+anonymous)
		case k == canon.End:
			return nil
		case s.Is(NamespaceA, "Address") && to != "":
			err = at(s, AddressingCode, "an endpoint reference with two addresses", "send one")
		case s.Is(NamespaceA, "Address"):
			err = address(s, &to)
		case s.Is(NamespaceA, "ReferenceParameters"):
			err = noParameters(s)
		default: // Metadata and extensions
			err = s.Skip()
		}
		if err != nil {
			return err
		}
	}
}

// noParameters reads ReferenceParameters, which an answer would have to repeat as header blocks: none may be there.
func noParameters(s *canon.Scanner) error {
	k, err := Child(s)
	if err == nil && k != canon.End {
		return at(s, AddressingCode, "an endpoint reference with reference parameters", "leave them out: an answer does not repeat them")
	}
	return err
}

// Text reads the text of an element without children, from its start tag to its end tag, into bytes of its own;
// more than max bytes are refused.
func Text(s *canon.Scanner, max int) ([]byte, error) {
	k, err := s.Next()
	if err != nil || k == canon.End {
		return nil, err
	}
	if k != canon.Text {
		return nil, at(s, Structure, "an element where only text may stand", "")
	}
	text := s.Text()
	if len(text) > max {
		return nil, at(s, Structure, "a text that is too long", "")
	}
	kept := bytes.Clone(text)
	if k, err = s.Next(); err != nil {
		return nil, err
	}
	if k != canon.End {
		return nil, at(s, Structure, "an element where only text may stand", "")
	}
	return kept, nil
}
