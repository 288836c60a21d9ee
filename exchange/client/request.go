package client

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/mapping/order"
	"ccpor/schemas/canon"
)

// The namespaces of the contract, as a court has them from the WSDL.
const (
	namespace        = "urn:ccpor:exchange:service:1.0"
	packageNamespace = "urn:ccpor:exchange:package:1.0"
	codesNamespace   = "urn:ccpor:exchange:codes:1.0"
)

// Attachment is one image beside the package.
type Attachment struct {
	// ID is the DocumentIdentification in the package.
	ID      string
	Content []byte
}

// Options say how a message is built; the zero value is SOAP 1.1 with inline images.
type Options struct {
	Edition soap.Edition
	// MTOM sends the images as parts of their own instead of base64.
	MTOM bool
	// MessageID adds WS-Addressing headers with this MessageID.
	MessageID string
	// Boundary of an MTOM message; empty: one is made of random bits.
	Boundary string
	// Message signs the message as a whole by WS-Security, beside the package; nil: it goes unsigned.
	Message *MessageKey
}

// MessageKey is what a message is signed with.
type MessageKey struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
	// Now is the clock that dates the message; nil is the system's.
	Now func() time.Time
}

func (o Options) edition() soap.Edition {
	if o.Edition == 0 {
		return soap.SOAP11
	}
	return o.Edition
}

// Request is the body and the Content-Type of a SubmitOrder for a signed package, given as an XML document. What stands before and after
// its document element (a declaration, a byte order mark) is left out; the element itself is taken as it is.
func Request(signed []byte, attachments []Attachment, o Options) (body []byte, contentType string, err error) {
	return o.request("SubmitOrder", signed, attachments)
}

// ValidateRequest is the same for a ValidateOrder.
func ValidateRequest(signed []byte, attachments []Attachment, o Options) (body []byte, contentType string, err error) {
	return o.request("ValidateOrder", signed, attachments)
}

func (o Options) request(operation string, signed []byte, attachments []Attachment) (body []byte, contentType string, err error) {
	element, err := documentElement(signed)
	if err != nil {
		return nil, "", err
	}
	parts := make([]string, len(attachments))
	envelope := o.envelope(operation, func(w *soap.Writer) {
		w.Raw(element)
		for i, a := range attachments {
			parts[i] = fmt.Sprintf("image-%d@client", i+1)
			w.Open("Attachment", "xmlns", namespace)
			w.Leaf("AttachmentIdentification", a.ID)
			if o.MTOM {
				w.Raw([]byte(`<AttachmentContent><xop:Include xmlns:xop="` + soap.NamespaceX + `" href="cid:` + strings.ReplaceAll(parts[i], "@", "%40") + `"/></AttachmentContent>`))
			} else {
				w.Leaf("AttachmentContent", base64.StdEncoding.EncodeToString(a.Content))
			}
			w.Close("Attachment")
		}
	})
	if envelope, err = o.signMessage(envelope); err != nil {
		return nil, "", err
	}
	if o.MTOM {
		return o.multipart(envelope, parts, attachments)
	}
	return envelope, o.contentType(operation), nil
}

// StatusRequest is the body and the Content-Type of a GetSubmissionStatus by tracking number, or by the package's identification where that is empty.
func StatusRequest(t order.Tracking, pkg order.LocalID, o Options) (body []byte, contentType string) {
	return o.envelope("GetSubmissionStatus", func(w *soap.Writer) {
		if t != "" {
			w.Leaf("TrackingIdentification", string(t))
		} else {
			w.Leaf("PackageIdentification", string(pkg))
		}
	}), o.contentType("GetSubmissionStatus")
}

// signMessage signs an envelope, where that is asked for. In an MTOM message that is done before the parts stand beside it: it covers the xop:Include and
// not the image, which the package's digest binds.
func (o Options) signMessage(envelope []byte) ([]byte, error) {
	k := o.Message
	if k == nil {
		return envelope, nil
	}
	now := time.Now
	if k.Now != nil {
		now = k.Now
	}
	return sig.SignMessage(envelope, k.Key, k.Certificate, sig.MessageOptions{Profile: messages, Created: now()})
}

func (o Options) envelope(operation string, content func(*soap.Writer)) []byte {
	w := &soap.Writer{}
	w.Raw([]byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n"))
	w.Open("soap:Envelope", "xmlns:soap", o.edition().Namespace())
	if o.MessageID != "" {
		w.Open("soap:Header", "xmlns:wsa", soap.NamespaceA)
		w.Leaf("wsa:Action", action(operation))
		w.Leaf("wsa:MessageID", o.MessageID)
		w.Close("soap:Header")
	}
	w.Open("soap:Body")
	w.Open(operation, "xmlns", namespace)
	content(w)
	w.Close(operation)
	w.Close("soap:Body")
	w.Close("soap:Envelope")
	return w.Bytes()
}

func action(operation string) string { return namespace + "/" + operation }

func (o Options) contentType(operation string) string {
	if o.edition() == soap.SOAP12 {
		return `application/soap+xml; charset=utf-8; action="` + action(operation) + `"`
	}
	return "text/xml; charset=utf-8"
}

// multipart puts the envelope and the images into one MTOM message.
func (o Options) multipart(envelope []byte, ids []string, attachments []Attachment) ([]byte, string, error) {
	boundary, err := o.boundary(attachments)
	if err != nil {
		return nil, "", err
	}
	media := o.edition().MediaType()
	var b bytes.Buffer
	fmt.Fprintf(&b, "--%s\r\nContent-Type: application/xop+xml; charset=utf-8; type=\"%s\"\r\nContent-Transfer-Encoding: 8bit\r\nContent-ID: <envelope@client>\r\n\r\n", boundary, media)
	b.Write(envelope)
	for i, a := range attachments {
		fmt.Fprintf(&b, "\r\n--%s\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <%s>\r\n\r\n", boundary, ids[i])
		b.Write(a.Content)
	}
	fmt.Fprintf(&b, "\r\n--%s--\r\n", boundary)
	contentType := fmt.Sprintf(`multipart/related; type="application/xop+xml"; start="<envelope@client>"; start-info="%s"; boundary="%s"`, media, boundary)
	if o.edition() == soap.SOAP12 {
		contentType += `; action="` + action("SubmitOrder") + `"`
	}
	return b.Bytes(), contentType, nil
}

func (o Options) boundary(attachments []Attachment) (string, error) {
	boundary := o.Boundary
	if boundary == "" {
		var random [16]byte
		rand.Read(random[:]) // never fails
		boundary = "court-" + hex.EncodeToString(random[:])
	}
	for _, a := range attachments {
		if bytes.Contains(a.Content, []byte("--"+boundary)) {
			return "", errors.New("an image contains the boundary of the message; choose another")
		}
	}
	return boundary, nil
}

// messages is the profile of whole messages, as large as the hub may take them.
var messages = canon.NewProfile(canon.Limits{MaxBytes: 1 << 30}, append(append(append(soap.Namespaces(), sig.Namespaces()...), sig.MessageNamespaces()...), namespace, packageNamespace, codesNamespace)...)

// profile is that of package documents.
var profile = canon.NewProfile(canon.Limits{}, append(sig.Namespaces(), packageNamespace, codesNamespace)...)

// Sign signs a package with the agency's key, as the hub wants it.
func Sign(pkg []byte, key crypto.Signer, certificate *x509.Certificate) ([]byte, error) {
	return sig.Sign(pkg, key, certificate, sig.Options{Profile: profile})
}

// documentElement cuts an XML document down to its document element.
func documentElement(doc []byte) ([]byte, error) {
	var s canon.Scanner
	if err := s.Reset(doc, profile); err != nil {
		return nil, fmt.Errorf("read the package: %w", err)
	}
	if _, err := s.Next(); err != nil {
		return nil, fmt.Errorf("read the package: %w", err)
	}
	from := s.Offset()
	if err := s.Skip(); err != nil {
		return nil, fmt.Errorf("read the package: %w", err)
	}
	end := s.Offset()
	if tag := doc[end:]; bytes.HasPrefix(tag, []byte("</")) {
		end += bytes.IndexByte(tag, '>') + 1
	}
	if _, err := s.Next(); err != nil {
		return nil, fmt.Errorf("read the package: %w", err)
	}
	return doc[from:end], nil
}

// Digest is the SHA-256 by which the hub names a message it received, in hexadecimal.
func Digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
