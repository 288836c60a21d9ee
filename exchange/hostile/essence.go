package hostile

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"strconv"
	"strings"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/schemas/canon"
)

// essence is what a message says that somebody has signed: the package's canonical octets without its signature, SignedInfo's, the bytes of the
// signature's value, and the images, which the package binds by their digests; for a message that is signed as a whole, the same of Body
// and Timestamp too. A receipt for a message of another essence than any that a key's holder made is wrong, whatever else is in it: nobody has signed
// that. A message of the same essence may be taken with reason, so it is no attack. Where there is no essence, because the message
// cannot be read, or holds no signed package at its place, the error says so; such a message must be refused.
func essence(r Request) (string, error) {
	body := r.Body
	if strings.Contains(r.Head, "Content-Encoding: gzip\r\n") {
		var err error
		if body, err = unzipped(body); err != nil {
			return "", err
		}
	}
	_, after, _ := strings.Cut(r.Head, "Content-Type: ")
	header, _, _ := strings.Cut(after, "\r\n")
	ct, err := soap.ParseContentType(header)
	if err != nil {
		return "", err
	}
	m, err := soap.Split(body, ct)
	if err != nil {
		return "", err
	}
	e := extract{message: m}
	if err := e.s.Reset(m.Root, wide()); err != nil {
		return "", err
	}
	if err := e.read(); err != nil {
		return "", err
	}
	return e.said.String(), m.CheckUsed()
}

// extract reads a message for its essence, every part at its place.
type extract struct {
	message *soap.Message
	s       canon.Scanner
	said    strings.Builder
}

var errShape = errors.New("no message with a signed package at its place")

func (e *extract) read() error {
	// The places: Envelope, Header with Security, Body, the operation, the package with its Signature, the attachments.
	for {
		k, err := e.s.Next()
		switch {
		case err != nil:
			return err
		case k == canon.EOF:
			return nil
		case k == canon.Text && e.s.Depth() < 4 && !e.s.Blank():
			return errShape
		case k != canon.Start:
		default:
			if err := e.element(); err != nil {
				return err
			}
		}
	}
}

func (e *extract) element() error {
	depth, name := e.s.Depth(), e.s.Name()
	switch {
	case depth == 3 && name.Local == "Security", depth == 2 && name.Local == "Body" && strings.Contains(e.said.String(), "Security"):
		e.said.WriteString(name.Local)
		return e.octets(canon.Exclusive{})
	case depth == 3 && name.Space == serviceNS:
		e.said.WriteString(name.Local)
	case depth == 4 && name.Space == packageNS:
		return e.pack()
	case depth == 4 && name.Local == "Attachment":
		return e.attachment()
	}
	return nil
}

// next goes on inside an element: the end of the document is an error there.
func (e *extract) next() (canon.Kind, error) {
	k, err := e.s.Next()
	if err == nil && k == canon.EOF {
		err = io.ErrUnexpectedEOF
	}
	return k, err
}

// octets writes the canonical form of the open element and leaves the scanner at its start tag.
func (e *extract) octets(x canon.Exclusive) error {
	at := e.s.Mark()
	octets, err := e.s.Canonical(nil, x)
	if err != nil {
		return err
	}
	e.said.Write(octets)
	if err := e.s.Rewind(at); err != nil {
		return err
	}
	return nil
}

// pack writes the package's octets, its signature's SignedInfo and value.
func (e *extract) pack() error {
	start := e.s.Mark()
	k, err := soap.Child(&e.s)
	if err != nil {
		return err
	}
	if k != canon.Start || !e.s.Is(sig.DS, "Signature") {
		return errShape
	}
	signature := e.s.Mark()
	if err := e.signature(); err != nil {
		return err
	}
	span, err := e.s.Span(signature)
	if err != nil {
		return err
	}
	if err := e.s.Rewind(start); err != nil {
		return err
	}
	octets, err := e.s.Canonical(nil, canon.Exclusive{Omit: span})
	e.said.Write(octets)
	return err
}

// signature reads a Signature to its end.
func (e *extract) signature() error {
	depth := e.s.Depth()
	for {
		k, err := e.next()
		switch {
		case err != nil:
			return err
		case k == canon.End && e.s.Depth() <= depth && e.s.Is(sig.DS, "Signature"):
			return nil
		case k == canon.Start && e.s.Depth() == depth+1 && e.s.Is(sig.DS, "SignedInfo"):
			octets, err := e.s.Canonical(nil, canon.Exclusive{})
			if err != nil {
				return err
			}
			e.said.Write(octets)
		case k == canon.Text && e.s.Depth() == depth+1:
			value, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(e.s.Text())), ""))
			if err != nil && !e.s.Blank() {
				return err
			}
			e.said.WriteString(strconv.Quote(string(value)))
			if len(value) > 0 {
				// KeyInfo only selects among registered certificates: it says nothing of its own.
				return e.toEnd()
			}
		}
	}
}

// toEnd goes on to the end tag of the signature.
func (e *extract) toEnd() error {
	for {
		k, err := e.next()
		if err != nil || k == canon.End && e.s.Is(sig.DS, "Signature") {
			return err
		}
	}
}

// attachment writes a name and a content.
func (e *extract) attachment() error {
	for {
		k, err := e.next()
		switch {
		case err != nil:
			return err
		case k == canon.End && e.s.Is(serviceNS, "Attachment"):
			return nil
		case k == canon.Start && e.s.Is(soap.NamespaceX, "Include"):
			href, _ := e.s.Attr("", "href")
			content, _, err := e.message.Take(string(href))
			if err != nil {
				return err
			}
			e.said.WriteString(strconv.Quote(string(content)))
		case k == canon.Text:
			text := strings.Join(strings.Fields(string(e.s.Text())), "")
			if content, err := base64.StdEncoding.DecodeString(text); err == nil {
				text = strconv.Quote(string(content))
			}
			e.said.WriteString(text)
		}
	}
}

func unzipped(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, 64<<20))
}
