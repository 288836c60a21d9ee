package sig_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
)

const (
	soap11  = "http://schemas.xmlsoap.org/soap/envelope/"
	soap12  = "http://www.w3.org/2003/05/soap-envelope"
	wsa     = "http://www.w3.org/2005/08/addressing"
	service = "urn:example:service:1"
)

// messages is a profile of whole messages: unknown header blocks pass.
var messages = canon.NewProfile(canon.Limits{Foreign: true}, append(append(sig.Namespaces(), sig.MessageNamespaces()...), pkgNS, soap11, soap12, wsa, service)...)

// verifyMessage finds the places of a message by position, as package soap does, and verifies it.
func verifyMessage(doc string, trusted []sig.Trusted, at time.Time) (*x509.Certificate, error) {
	var s canon.Scanner
	if err := s.Reset([]byte(doc), messages); err != nil {
		return nil, err
	}
	var place sig.Place
	for {
		k, err := s.Next()
		if err != nil {
			return nil, err
		}
		switch {
		case k == canon.EOF:
			return nil, errors.New("no Body")
		case k != canon.Start:
		case s.Depth() == 1:
			place.Envelope = s.Mark()
		case s.Depth() == 3 && s.Is(sig.WSSE, "Security"):
			if actor, ok := s.Attr(soap11, "actor"); ok && string(actor) != "" {
				continue
			}
			must, _ := s.Attr(soap11, "mustUnderstand")
			place.Security, place.MustUnderstand = append(place.Security, s.Mark()), string(must) == "1"
		case s.Depth() == 2 && (s.Is(soap11, "Body") || s.Is(soap12, "Body")):
			body := s.Mark()
			cert, err := new(sig.Verifier).VerifyMessage(&s, place, trusted, at)
			if err == nil && s.Mark() != body {
				return nil, errors.New("the scanner was left somewhere else")
			}
			return cert, err
		}
	}
}

// sending is a message on its way, open for mischief at every step. The zero value, once made, is in order.
type sending struct {
	key      pair
	rootAttr string // of Envelope
	before   string // blocks before Security
	security string // attributes of Security
	first    string // before the token
	token    string
	stamp    string
	last     string // after the signature
	after    string // blocks after Security
	bodyAttr string
	body     string
	behind   string // after Body
	refs     []ref
	info     string // replaces all of SignedInfo's content, with digests already in it
	method   string
	c14n     string
	keyInfo  string
	order    string // "TSG": token, stamp, signature
	change   func(string) string
}

// ref is a reference, with the element that is digested for it.
type ref struct {
	uri        string
	transforms string
	method     string
	element    func(*canon.Scanner) bool
	prefixes   string
	value      string // instead of the digest
	attr       string
}

const (
	exc    = `<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>`
	envSig = `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>`
	sum256 = "http://www.w3.org/2001/04/xmlenc#sha256"
	x509v3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
	b64    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
	str    = `<wsse:SecurityTokenReference><wsse:Reference URI="#tok" ValueType="` + x509v3 + `"/></wsse:SecurityTokenReference>`
)

func isBody(s *canon.Scanner) bool { return s.Depth() == 2 && s.Name().Local == "Body" }
func hasID(id string) func(*canon.Scanner) bool {
	return func(s *canon.Scanner) bool {
		for _, a := range s.Attrs() {
			if strings.EqualFold(a.Name.Local, "id") && string(a.Value) == id {
				return true
			}
		}
		return false
	}
}

func bodyRef() ref  { return ref{uri: "#body", element: isBody} }
func stampRef() ref { return ref{uri: "#ts", element: hasID("ts")} }

func timestampAt(created, expires string) string {
	s := `<wsu:Timestamp wsu:Id="ts"><wsu:Created>` + created + `</wsu:Created>`
	if expires != "" {
		s += `<wsu:Expires>` + expires + `</wsu:Expires>`
	}
	return s + `</wsu:Timestamp>`
}

func tokenOf(c *x509.Certificate, id string) string {
	return `<wsse:BinarySecurityToken wsu:Id="` + id + `" ValueType="` + x509v3 + `" EncodingType="` + b64 + `">` + base64.StdEncoding.EncodeToString(c.Raw) + `</wsse:BinarySecurityToken>`
}

func sendingOf(t testing.TB, key string) sending {
	k := testKey(t, key)
	method := "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	if k.cert.PublicKeyAlgorithm == x509.ECDSA {
		method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
	}
	return sending{key: k, token: tokenOf(k.cert, "tok"), stamp: timestampAt("2026-11-22T07:59:00Z", "2026-11-22T08:04:00Z"), bodyAttr: `wsu:Id="body"`,
		body: `<q:Do xmlns:q="` + service + `"><p:Package xmlns:p="` + pkgNS + `" Id="pkg-1">Rowan Granite</p:Package></q:Do>`,
		refs: []ref{bodyRef(), stampRef()}, method: method, c14n: "http://www.w3.org/2001/10/xml-exc-c14n#", keyInfo: str, order: "TSG"}
}

// write is the message, with a signature.
func (m sending) write(signature string) string {
	parts := map[rune]string{'T': m.token, 'S': m.stamp, 'G': signature}
	security := m.first
	for _, r := range m.order {
		security += parts[r]
	}
	return `<s:Envelope xmlns:s="` + soap11 + `" xmlns:wsu="` + sig.WSU + `" xmlns:wsse="` + sig.WSSE + `" xmlns:wsa="` + wsa + `" ` + m.rootAttr + `><s:Header>` + m.before +
		`<wsse:Security ` + m.security + `>` + security + m.last + `</wsse:Security>` + m.after + `</s:Header><s:Body ` + m.bodyAttr + `>` + m.body + `</s:Body>` + m.behind + `</s:Envelope>`
}

func (m sending) signedInfo(t testing.TB) string {
	info := `<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="` + m.c14n + `"/><ds:SignatureMethod Algorithm="` + m.method + `"/>`
	for _, r := range m.refs {
		transforms := r.transforms
		if transforms == "" {
			transforms = exc
		}
		method := r.method
		if method == "" {
			method = sum256
		}
		value := r.value
		if value == "" && r.element != nil {
			value = digestOf(t, m.write(""), r)
		}
		info += "\n" + `<ds:Reference ` + r.attr + ` URI="` + r.uri + `"><ds:Transforms>` + transforms + `</ds:Transforms><ds:DigestMethod Algorithm="` + method + `"/><ds:DigestValue>` + value + `</ds:DigestValue></ds:Reference>`
	}
	return info + `</ds:SignedInfo>`
}

func digestOf(t testing.TB, doc string, r ref) string {
	t.Helper()
	var s canon.Scanner
	if err := s.Reset([]byte(doc), messages); err != nil {
		t.Fatal(err)
	}
	for {
		k, err := s.Next()
		if err != nil || k == canon.EOF {
			t.Fatalf("nothing to digest: %v\n%s", err, doc)
		}
		if k != canon.Start || !r.element(&s) {
			continue
		}
		var list [][]byte
		for _, p := range strings.Fields(r.prefixes) {
			list = append(list, []byte(p))
		}
		octets, err := s.Canonical(nil, canon.Exclusive{Prefixes: list})
		if err != nil {
			t.Fatal(err)
		}
		h := crypto.SHA256.New()
		if strings.HasSuffix(r.method, "sha1") {
			h = sha1.New()
		} else if strings.HasSuffix(r.method, "sha512") {
			h = crypto.SHA512.New()
		}
		h.Write(octets)
		return base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
}

// sealed is the whole message, signed.
func (m sending) sealed(t testing.TB) string {
	t.Helper()
	info := m.info
	if info == "" {
		info = m.signedInfo(t)
	}
	frame := func(value string) string {
		return `<ds:Signature xmlns:ds="` + sig.DS + `">` + info + `<ds:SignatureValue>` + value + `</ds:SignatureValue><ds:KeyInfo>` + m.keyInfo + `</ds:KeyInfo></ds:Signature>`
	}
	var s canon.Scanner
	if err := s.Reset([]byte(m.write(frame("AAAA"))), messages); err != nil {
		t.Fatal(err)
	}
	for {
		k, err := s.Next()
		if err != nil || k == canon.EOF {
			t.Fatalf("no SignedInfo: %v", err)
		}
		if k == canon.Start && s.Is(sig.DS, "SignedInfo") {
			break
		}
	}
	octets, err := s.Canonical(nil, canon.Exclusive{})
	if err != nil {
		t.Fatal(err)
	}
	doc := m.write(frame(m.value(t, octets)))
	if m.change != nil {
		doc = m.change(doc)
	}
	return doc
}

func (m sending) value(t testing.TB, octets []byte) string {
	hashed := crypto.SHA256
	if strings.HasSuffix(m.method, "sha1") {
		hashed = crypto.SHA1
	} else if strings.HasSuffix(m.method, "sha384") {
		hashed = crypto.SHA384
	}
	h := hashed.New()
	h.Write(octets)
	value, err := m.key.key.Sign(nil, h.Sum(nil), hashed)
	if err != nil {
		t.Fatal(err)
	}
	if k, ok := m.key.cert.PublicKey.(*ecdsa.PublicKey); ok {
		var v struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(value, &v); err != nil {
			t.Fatal(err)
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		value = append(v.R.FillBytes(make([]byte, size)), v.S.FillBytes(make([]byte, size))...)
	}
	return base64.StdEncoding.EncodeToString(value)
}

// judgedByXMLSec has xmlsec1 verify a message with the public key of a certificate. Where the Ids are, it is told.
func judgedByXMLSec(t testing.TB, doc, key string) error {
	t.Helper()
	bin, err := exec.LookPath("xmlsec1")
	if err != nil {
		tools(t, "xmlsec1")
	}
	file := filepath.Join(t.TempDir(), "message.xml")
	if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bin, "--verify", "--pubkey-cert-pem", keyFile(key+".crt"), "--id-attr:Id", "Body", "--id-attr:Id", "Timestamp", "--id-attr:Id", "BinarySecurityToken",
		"--id-attr:Id", "Action", "--id-attr:Id", "MessageID", file).CombinedOutput()
	if err != nil {
		return errors.New(string(out))
	}
	return nil
}
