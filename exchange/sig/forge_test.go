package sig_test

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"strings"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
	"ccpor/schemas/canon/canontest"
)

// Names of the service contract, as the attacks use them.
const (
	orderNS   = "urn:ccpor:exchange:package:1.0"
	serviceNS = "urn:ccpor:exchange:service:1.0"
	codesNS   = "urn:ccpor:exchange:codes:1.0"
)

var (
	orderPackage = canon.Name{Space: orderNS, Local: "OrderPackage"}
	contract     = canon.NewProfile(canon.Limits{}, append(sig.Namespaces(), orderNS, codesNS, serviceNS, canontest.SOAP, wsu)...)
)

// forge is a signed package of which every part can be bent. What it builds is
// signed for real, of libxml2's canonical form: the attack is the bend alone.
type forge struct {
	key        string
	root       string // start tag without its brackets
	content    string
	before     string // in front of the signature, inside the package
	c14n       string // algorithm of SignedInfo
	c14nIn     string // content of CanonicalizationMethod
	method     string
	methodIn   string
	hash       crypto.Hash
	uri        string // attribute with its name
	transforms string
	digest     string
	digestBy   crypto.Hash
	references string // further ones
	infoEnd    string // behind the references
	keyInfo    string
	object     string // behind KeyInfo
	value      string // base64 instead of a real SignatureValue
	digestText string // instead of a real DigestValue
	attributes string // of ds:Signature
}

const (
	envelopedTransform = `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>`
	excTransform       = `<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>`
	goodContent        = `<Order><CaseNumber>06NF0886</CaseNumber><StayAway yards="100">yes</StayAway></Order>`
)

func good() forge {
	return forge{
		key:  "court-rsa",
		root: `OrderPackage xmlns="` + orderNS + `" Id="pkg-1"`, content: goodContent,
		c14n: sig.EC, method: more + "rsa-sha256", hash: crypto.SHA256, uri: `URI="#pkg-1"`,
		transforms: envelopedTransform + excTransform, digest: enc + "sha256", digestBy: crypto.SHA256,
	}
}

func (f forge) ec() forge {
	f.key, f.method = "court-p256", more+"ecdsa-sha256"
	return f
}

// template is the package with places for digest and value.
func (f forge) template() string {
	local, _, _ := strings.Cut(f.root, " ")
	return "<" + f.root + ">" + f.before +
		`<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"` + f.attributes + `><ds:SignedInfo>` +
		`<ds:CanonicalizationMethod Algorithm="` + f.c14n + `">` + f.c14nIn + `</ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="` + f.method + `">` + f.methodIn + `</ds:SignatureMethod>` +
		`<ds:Reference ` + f.uri + `><ds:Transforms>` + f.transforms + `</ds:Transforms>` +
		`<ds:DigestMethod Algorithm="` + f.digest + `"></ds:DigestMethod><ds:DigestValue>` + canontest.DigestPlace + `</ds:DigestValue></ds:Reference>` +
		f.references + f.infoEnd + `</ds:SignedInfo><ds:SignatureValue>` + canontest.ValuePlace + `</ds:SignatureValue>` +
		f.keyInfo + f.object + `</ds:Signature>` + f.content + "</" + local + ">"
}

// build signs the template.
func (f forge) build(t testing.TB) string {
	t.Helper()
	doc := f.template()
	octets := forged(t, doc, nil, true)
	digest := base64.StdEncoding.EncodeToString(hashed(f.digestBy, octets))
	if f.digestText != "" {
		digest = f.digestText
	}
	doc = strings.Replace(doc, canontest.DigestPlace, digest, 1)
	value := f.value
	if value == "" {
		value = base64.StdEncoding.EncodeToString(rawSignature(t, testKey(t, f.key).key, f.hash, forged(t, doc, []int{0, 0}, false)))
	}
	return strings.Replace(doc, canontest.ValuePlace, value, 1)
}

// forged is libxml2's canonical form; ill-formed namespaces do not stop it.
func forged(t testing.TB, doc string, path []int, omit bool) []byte {
	t.Helper()
	octets, err := canontest.Exclusive([]byte(doc), path, nil, omit)
	if err != nil && octets == nil {
		t.Fatalf("libxml2: %v\n%s", err, doc)
	}
	return octets
}

// with replaces text in a signed document; the text must be there.
func with(t testing.TB, doc, old, new string) string {
	t.Helper()
	if !strings.Contains(doc, old) {
		t.Fatalf("%q is not in the document", old)
	}
	return strings.Replace(doc, old, new, 1)
}

// signatureOf cuts the ds:Signature out of a signed document.
func signatureOf(t testing.TB, doc string) (signature, rest string) {
	t.Helper()
	from, to := strings.Index(doc, "<ds:Signature "), strings.Index(doc, "</ds:Signature>")
	if from < 0 || to < from {
		t.Fatal("no signature in the document")
	}
	to += len("</ds:Signature>")
	return doc[from:to], doc[:from] + doc[to:]
}

// soap wraps a body's content in an envelope.
func soap(header, body string) string {
	return `<soap:Envelope xmlns:soap="` + canontest.SOAP + `"><soap:Header>` + header + `</soap:Header><soap:Body><SubmitOrder xmlns="` + serviceNS + `">` + body + `</SubmitOrder></soap:Body></soap:Envelope>`
}

func certInfo(t testing.TB, name string) string {
	return `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>` + base64.StdEncoding.EncodeToString(testKey(t, name).cert.Raw) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
}

// soapPath is the place of the package in such an envelope.
var soapPath = []int{1, 0, 0}

func TestGoodForgeVerifies(t *testing.T) {
	t.Parallel()
	for _, f := range []forge{good(), good().ec()} {
		f.keyInfo = certInfo(t, f.key)
		doc := f.build(t)
		v, err := sig.VerifyDocument([]byte(doc), contract, orderPackage, testKey(t, f.key).trusted(), now)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(v.Octets(), forged(t, doc, nil, true)) {
			t.Errorf("octets: %s", v.Octets())
		}
		var s canon.Scanner
		if err := at(&s, []byte(soap("", doc)), contract, soapPath); err != nil {
			t.Fatal(err)
		}
		if v, err = sig.Verify(&s, orderPackage, testKey(t, f.key).trusted(), now); err != nil || !bytes.Equal(v.Octets(), forged(t, doc, nil, true)) {
			t.Errorf("in SOAP: %v: %s", err, v.Octets())
		}
	}
}
