package sig

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"hash"
	"strings"
	"time"

	"ccpor/schemas/canon"
)

// Namespaces of WS-Security, 1.0 and what 1.1 adds.
const (
	WSSE   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	WSU    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	WSSE11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
)

// MessageNamespaces are those a canon.Profile must list, beside Namespaces, for messages that are signed as a whole.
func MessageNamespaces() []string { return []string{WSSE, WSU, WSSE11} }

// Bounds of a message's signature. Timestamp, Body, a token and the seven blocks of WS-Addressing are ten.
const (
	mostReferences = 16
	mostIDs        = 64 // attributes Id in the head of a message
)

// Place says where things stand in a message. Whoever read the envelope found them by their position.
type Place struct {
	Envelope canon.Mark
	Security []canon.Mark // the Security headers for this node, of which there may be one
	// MustUnderstand says that the sender wants all of the Security header understood.
	MustUnderstand bool
}

// VerifyMessage verifies the WS-Security signature of the message in whose Body's start tag the scanner stands, and leaves it there.
// Timestamp and Body must be signed, by one of the sender's registered certificates; further blocks of the header may be. The
// certificate is nil where the Security header holds no signature. The error is a *MessageError, or a *canon.Error.
//
// References are held against what position gave: the Body is the one whose start tag this is, the Timestamp the Security header's own
// child, other blocks children of Header. Every Id in the message must be unique. The Timestamp must be in force at now.
func (v *Verifier) VerifyMessage(s *canon.Scanner, at Place, trusted []Trusted, now time.Time) (*x509.Certificate, error) {
	r := v.reading(s)
	defer v.done(r)
	r.id, r.cert = r.id[:0], r.cert[:0]
	m := message{reading: r, at: at, body: s.Mark()}
	cert, err := m.verify(trusted, now)
	var e *Error
	switch {
	case errors.As(err, &e):
		return nil, &MessageError{*e}
	case err != nil:
		return nil, err
	}
	return cert, nil
}

// message is the state of one verification.
type message struct {
	*reading
	at   Place
	body canon.Mark

	ids       []named // of the Body, and of all elements before it
	timestamp canon.Mark
	signature canon.Mark
	signed    []reference
	hints     []hint
	token     []byte // Id of the BinarySecurityToken to which KeyInfo points
}

// named is the Body, or an element before it, with an attribute Id.
type named struct {
	id   []byte
	mark canon.Mark
	part part
	// referable says that the attribute is wsu:Id, or Id without a namespace.
	referable bool
}

// part is what an element of the message is, by its position.
type part uint8

const (
	anything  part = iota
	timestamp      // the Timestamp of the Security header
	token          // a BinarySecurityToken of the Security header
	block          // another child of Header
	body
)

// reference is one ds:Reference.
type reference struct {
	id        []byte
	enveloped bool // enveloped-signature stands before exclusive C14N
	prefixes  [][]byte
	digest    *digest
	want      sum
	line      int
}

var none canon.Mark

// verify is the whole way. The signature is judged before any content is digested.
func (m *message) verify(trusted []Trusted, now time.Time) (*x509.Certificate, error) {
	if len(m.at.Security) != 1 {
		return nil, m.fail(TwoHeaders, "more than one Security header for this service", "send one; others need an actor or role of their own")
	}
	if err := m.keepIDs(body); err != nil {
		return nil, err
	}
	if err := m.survey(); err != nil {
		return nil, err
	}
	if err := m.inTime(now); err != nil {
		return nil, err
	}
	if m.signature == none {
		return nil, m.s.Rewind(m.body)
	}
	if err := m.readSignature(); err != nil {
		return nil, err
	}
	if err := m.readToken(); err != nil {
		return nil, err
	}
	candidates := m.candidates(trusted)
	if len(candidates) == 0 {
		return nil, m.fail(CertificateUnknown, "KeyInfo names no certificate that is registered for this sender, or contradicts itself", "register the certificate for signing, or sign with the registered one")
	}
	cert, err := m.signer(candidates, now)
	if err != nil {
		return nil, err
	}
	if err := m.head(); err != nil {
		return nil, err
	}
	return cert, m.bodySigned()
}

// survey walks from the Envelope to the end of Header and notes what stands where.
func (m *message) survey() error {
	if err := m.s.Rewind(m.at.Envelope); err != nil {
		return err
	}
	for in := none; ; {
		switch depth := m.s.Depth(); {
		case m.s.Kind() == canon.End && depth == 2:
			return nil
		case m.s.Kind() == canon.Start:
			if depth == 3 {
				in = m.s.Mark()
			}
			p, err := m.partOf(depth, in == m.at.Security[0])
			if err != nil {
				return err
			}
			if err := m.keepIDs(p); err != nil {
				return err
			}
		}
		if _, err := m.s.Next(); err != nil {
			return err
		}
	}
}

// partOf says what the current element is. What Security holds beside a Timestamp, tokens and a signature is passed over, unless it must be understood.
func (m *message) partOf(depth int, security bool) (part, error) {
	switch {
	case depth == 3 && !security:
		return block, nil
	case depth != 4 || !security:
		return anything, nil
	case m.s.Is(WSSE, "BinarySecurityToken"):
		return token, nil
	case m.s.Is(WSU, "Timestamp"):
		if m.timestamp != none {
			return anything, m.fail(Timestamp, "two Timestamps in the Security header", "send one")
		}
		m.timestamp = m.s.Mark()
		return timestamp, nil
	case m.s.Is(DS, "Signature"):
		if m.signature != none {
			return anything, m.fail(TwoSignatures, "two Signatures in the Security header", "sign Body and Timestamp by one Signature")
		}
		m.signature = m.s.Mark()
	case m.at.MustUnderstand:
		return anything, m.fail(NotUnderstood, "the Security header must be understood and holds what is not: "+m.s.Name().Local,
			"send Timestamp, BinarySecurityToken and Signature only; user names, assertions and encryption are not taken")
	}
	return anything, nil
}

// keepIDs keeps the attributes of the current element that are an Id to some reader.
func (m *message) keepIDs(p part) error {
	var mark canon.Mark
	for _, a := range m.s.Attrs() {
		if !strings.EqualFold(a.Name.Local, "id") {
			continue
		}
		if m.find(a.Value) != nil {
			return m.twice()
		}
		if len(m.ids) == mostIDs {
			return m.malformed("the message's header has too many attributes Id")
		}
		if mark == none {
			mark = m.s.Mark()
		}
		m.ids = append(m.ids, named{id: bytes.Clone(a.Value), mark: mark, part: p, referable: referable(a.Name)})
	}
	return nil
}

func referable(n canon.Name) bool { return n.Local == "Id" && (n.Space == WSU || n.Space == "") }

func (m *message) twice() error {
	return m.fail(DuplicateID, "an Id stands twice in the message", "give every Id, in whatever namespace and case, a value of its own")
}

func (m *message) find(id []byte) *named {
	for i := range m.ids {
		if bytes.Equal(m.ids[i].id, id) {
			return &m.ids[i]
		}
	}
	return nil
}

// to goes to the start tag of an element of Security, or of Header.
func (m *message) to(mark canon.Mark, p part) error {
	if p != block {
		if err := m.s.Rewind(m.at.Security[0]); err != nil {
			return err
		}
	}
	return m.s.Rewind(mark)
}

// readSignature reads the Signature of the Security header.
func (m *message) readSignature() error {
	if err := m.to(m.signature, anything); err != nil {
		return err
	}
	if err := m.only([]string{"Id"}); err != nil {
		return err
	}
	if err := m.open("SignedInfo", "Id"); err != nil {
		return err
	}
	info := m.s.Mark()
	if err := m.signedInfo(); err != nil {
		return err
	}
	if err := m.canonicalInfo(info); err != nil {
		return err
	}
	if err := m.signatureValue(); err != nil {
		return err
	}
	return m.keyInfo()
}

// signedInfo reads the content of SignedInfo to its End.
func (m *message) signedInfo() error {
	if err := m.methods(); err != nil {
		return withHint(err)
	}
	for {
		k, err := m.next()
		switch {
		case err != nil:
			return err
		case k == canon.End && len(m.signed) == 0:
			return m.malformed("SignedInfo has no Reference")
		case k == canon.End:
			return nil
		case !m.s.Is(DS, "Reference"):
			return m.malformed("an element that has no place in SignedInfo: " + m.s.Name().Local)
		case len(m.signed) == mostReferences:
			return m.fail(WrongReference, "too many References", "sign Body, Timestamp, the token and blocks of WS-Addressing")
		}
		if err := m.readReference(); err != nil {
			return err
		}
	}
}

// withHint tells users of zeep, whose defaults are SHA-1, what to set.
func withHint(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Code == Algorithm {
		e.Hint += "; with zeep: Signature(..., signature_method=xmlsec.Transform.RSA_SHA256, digest_method=xmlsec.Transform.SHA256)"
	}
	return err
}

func (m *message) readReference() error {
	if err := m.only([]string{"Id", "URI"}); err != nil {
		return err
	}
	ref := reference{line: m.s.Line()}
	uri, _ := m.s.Attr("", "URI")
	if len(uri) < 2 || uri[0] != '#' || !ncName(uri[1:]) {
		return m.fail(WrongReference, "a Reference that is not \"#\" and a plain Id", "refer to Body and Timestamp by their wsu:Id")
	}
	ref.id = bytes.Clone(uri[1:])
	for i := range m.signed {
		if bytes.Equal(m.signed[i].id, ref.id) {
			return m.fail(WrongReference, "two References to one element", "refer to each element once")
		}
	}
	if err := m.transforms(&ref); err != nil {
		return err
	}
	var err error
	if ref.digest, err = m.digested(&ref.want); err != nil {
		return withHint(err)
	}
	m.signed = append(m.signed, ref)
	return nil
}

// transforms reads exclusive C14N, or enveloped-signature and exclusive C14N. The Signature stands inside neither Body nor Timestamp, so that the
// former does nothing.
func (m *message) transforms(ref *reference) error {
	if err := m.open("Transforms"); err != nil {
		return err
	}
	k, err := m.next()
	if err != nil {
		return err
	}
	if k == canon.Start && m.s.Is(DS, "Transform") && string(m.algorithm()) == enveloped {
		ref.enveloped = true
		if err := m.only([]string{"Algorithm"}); err != nil {
			return err
		}
		if err := m.close(); err != nil {
			return err
		}
		if k, err = m.next(); err != nil {
			return err
		}
	}
	if k != canon.Start || !m.s.Is(DS, "Transform") || string(m.algorithm()) != excC14N {
		return m.transformError()
	}
	if err := m.only([]string{"Algorithm"}); err != nil {
		return err
	}
	ref.prefixes, err = m.lastTransform(nil)
	return err
}

// head holds the references to what stands before the Body against their digests. The Timestamp must be among them.
func (m *message) head() error {
	dated := false
	for i := range m.signed {
		ref := &m.signed[i]
		n := m.find(ref.id)
		if n == nil || !n.referable || n.part == anything {
			return ref.fail(WrongReference, "a Reference to something else than the Body, the Timestamp and the tokens of this Security header, and blocks of Header", "refer to Body and Timestamp by their wsu:Id")
		}
		if n.part == body {
			continue
		}
		if ref.enveloped && n.part != timestamp {
			return ref.fail(Transform, "enveloped-signature on something else than Body and Timestamp", "use exclusive C14N alone")
		}
		if err := m.to(n.mark, n.part); err != nil {
			return err
		}
		if err := m.compare(ref, nil); err != nil {
			return err
		}
		dated = dated || n.part == timestamp
	}
	if !dated {
		return m.fail(TimestampNotSigned, "the Timestamp is not signed", "sign Body and Timestamp")
	}
	return nil
}

// bodySigned holds the Body against its digest and leaves the scanner at its start tag. No Id of what stands before it, nor its own, may be in it.
func (m *message) bodySigned() error {
	if err := m.s.Rewind(m.body); err != nil {
		return err
	}
	var signed *reference
	for i := range m.signed {
		if ref := &m.signed[i]; m.find(ref.id).part == body {
			if signed != nil {
				return ref.fail(WrongReference, "two References to the Body", "refer to each element once")
			}
			signed = ref
		}
	}
	if signed == nil {
		return m.fail(BodyNotSigned, "the Body is not signed", "sign Body and Timestamp: a signature over less says nothing about the message")
	}
	taken := make([][]byte, len(m.ids))
	for i := range m.ids {
		taken[i] = m.ids[i].id
	}
	if err := m.compare(signed, taken); err != nil {
		return err
	}
	return m.s.Rewind(m.body)
}

// compare digests the current element and compares.
func (m *message) compare(ref *reference, taken [][]byte) error {
	h, name := ref.digest.new(), m.s.Name().Local
	if err := m.s.Digest(h, canon.Exclusive{Prefixes: ref.prefixes, Taken: taken}); err != nil {
		return ours(err)
	}
	var got sum
	got.n = len(h.Sum(got.octets[:0]))
	if subtle.ConstantTimeCompare(got.bytes(), ref.want.bytes()) != 1 {
		return ref.fail(DigestMismatch, "the content of "+name+" is not what was signed", "send the message exactly as it was signed; with MTOM, sign the xop:Include as it is sent")
	}
	return nil
}

func (ref *reference) fail(code Code, what, hint string) error {
	return &Error{Code: code, Line: ref.line, What: what, Hint: hint}
}

// new is a hash that computes the digest.
func (d *digest) new() hash.Hash {
	switch d.uri {
	case enc + "sha256":
		return sha256.New()
	case more + "sha384":
		return sha512.New384()
	}
	return sha512.New()
}
