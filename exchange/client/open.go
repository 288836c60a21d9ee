package client

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/schemas/canon"
)

// received is the profile of whole messages as others made them, with packages in them.
var received = canon.NewProfile(canon.Limits{Foreign: true}, append(append(append(soap.Namespaces(), sig.Namespaces()...), sig.MessageNamespaces()...), namespace, packageNamespace, codesNamespace)...)

// Open takes a SubmitOrder apart that was made before: its package, as it was signed, and its images. It is for one's own messages, to be signed anew: what
// the hub would refuse it need not refuse.
func Open(body []byte, contentType string) (pkg []byte, attachments []Attachment, err error) {
	ct, err := soap.ParseContentType(contentType)
	if err != nil {
		return nil, nil, err
	}
	message, err := soap.Split(body, ct)
	if err != nil {
		return nil, nil, err
	}
	if pkg, err = packageIn(message.Root); err != nil {
		return nil, nil, err
	}
	attachments, err = attachmentsIn(message)
	return pkg, attachments, err
}

// packageIn is the first OrderPackage of an envelope, as it stands there.
func packageIn(envelope []byte) ([]byte, error) {
	var s canon.Scanner
	if err := s.Reset(envelope, received); err != nil {
		return nil, fmt.Errorf("read the message: %w", err)
	}
	for {
		k, err := s.Next()
		switch {
		case err != nil:
			return nil, fmt.Errorf("read the message: %w", err)
		case k == canon.EOF:
			return nil, errors.New("the message holds no package")
		case k != canon.Start || !s.Is(packageNamespace, "OrderPackage"):
			continue
		}
		from := s.Offset()
		if err := s.Skip(); err != nil {
			return nil, fmt.Errorf("read the message: %w", err)
		}
		end := s.Offset()
		if tag := envelope[end:]; bytes.HasPrefix(tag, []byte("</")) {
			end += bytes.IndexByte(tag, '>') + 1
		}
		return envelope[from:end], nil
	}
}

func attachmentsIn(message *soap.Message) ([]Attachment, error) {
	var e struct {
		Attachments []struct {
			ID      string `xml:"AttachmentIdentification"`
			Content struct {
				Base64  string `xml:",chardata"`
				Include *struct {
					Href string `xml:"href,attr"`
				} `xml:"Include"`
			} `xml:"AttachmentContent"`
		} `xml:"Body>SubmitOrder>Attachment"`
	}
	if err := xml.Unmarshal(message.Root, &e); err != nil {
		return nil, fmt.Errorf("read the attachments: %w", err)
	}
	var all []Attachment
	for _, a := range e.Attachments {
		content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(a.Content.Base64), ""))
		if a.Content.Include != nil {
			content, _, err = message.Take(a.Content.Include.Href)
		}
		if err != nil {
			return nil, fmt.Errorf("read attachment %s: %w", a.ID, err)
		}
		all = append(all, Attachment{ID: a.ID, Content: content})
	}
	return all, nil
}
