package soap

import (
	"bytes"
	"strings"

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
}

// Addresses of WS-Addressing that mean the connection itself.
const anonymous = NamespaceA + "/anonymous"

const maxAddress = 512 // bytes of a MessageID or an Action

// block reads one header block of WS-Addressing.
func (a *Addressing) block(s *canon.Scanner) error {
	a.Used = true
	switch name := s.Name().Local; name {
	case "MessageID":
		return once(s, &a.MessageID)
	case "Action":
		return once(s, &a.Action)
	case "ReplyTo", "FaultTo":
		return anonymousOnly(s)
	case "To", "From", "RelatesTo":
		return s.Skip()
	default:
		return at(s, AddressingCode, "no header block of WS-Addressing 1.0: "+name, "")
	}
}

// once reads the text of a block that may come once.
func once(s *canon.Scanner, dst *string) error {
	if *dst != "" {
		return at(s, AddressingCode, "a header block of WS-Addressing comes twice", "send it once")
	}
	text, err := Text(s, maxAddress)
	if err != nil {
		return err
	}
	*dst = string(bytes.TrimSpace(text))
	return nil
}

// anonymousOnly reads an endpoint reference whose Address must be the connection.
func anonymousOnly(s *canon.Scanner) error {
	for depth := s.Depth(); ; {
		k, err := s.Next()
		switch {
		case err != nil:
			return err
		case k == canon.End && s.Depth() == depth:
			return nil
		case k == canon.Start && s.Is(NamespaceA, "Address"):
			to, err := Text(s, maxAddress)
			if err != nil {
				return err
			}
			if strings.TrimSpace(string(to)) != anonymous {
				return at(s, AddressingCode, "ReplyTo and FaultTo can only be anonymous", "answers come on the connection of the request: send "+anonymous)
			}
		}
	}
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
