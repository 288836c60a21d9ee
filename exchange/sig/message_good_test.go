package sig_test

import (
	"crypto"
	sum1 "crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/sig"
)

// thumbprintOf and its like are ways to name a certificate.
func thumbprintOf(c *x509.Certificate) string {
	sum := sum1.Sum(c.Raw)
	return `<wsse:SecurityTokenReference><wsse:KeyIdentifier EncodingType="` + b64 + `" ValueType="http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1">` +
		base64.StdEncoding.EncodeToString(sum[:]) + `</wsse:KeyIdentifier></wsse:SecurityTokenReference>`
}

// keyIdentifierOf names a certificate, which has no such extension, by the SHA-1 of its public key.
func keyIdentifierOf(t testing.TB, c *x509.Certificate) string {
	der, err := x509.MarshalPKIXPublicKey(c.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		t.Fatal(err)
	}
	sum := sum1.Sum(info.Key.Bytes)
	return `<wsse:SecurityTokenReference><wsse:KeyIdentifier EncodingType="` + b64 + `" ValueType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509SubjectKeyIdentifier">` +
		base64.StdEncoding.EncodeToString(sum[:]) + `</wsse:KeyIdentifier></wsse:SecurityTokenReference>`
}

func issuerSerial(issuer, serial string) string {
	return `<wsse:SecurityTokenReference><ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>` + issuer + `</ds:X509IssuerName><ds:X509SerialNumber>` + serial +
		`</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data></wsse:SecurityTokenReference>`
}

// zeepKeyInfo is what zeep's Signature sends: an issuer and serial number that say nothing, and the certificate.
func zeepKeyInfo(c *x509.Certificate) string {
	return `<wsse:SecurityTokenReference><ds:X509Data><ds:X509IssuerSerial/><ds:X509Certificate>` + inLines(base64.StdEncoding.EncodeToString(c.Raw)) + `</ds:X509Certificate></ds:X509Data></wsse:SecurityTokenReference>`
}

func inLines(s string) string {
	var b strings.Builder
	for len(s) > 64 {
		b.WriteString(s[:64] + "\n")
		s = s[64:]
	}
	return b.String() + s
}

// Messages as clients send them verify, and xmlsec1 agrees.
func TestMessageVerifies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		key  string
		with func(*sending)
	}{
		{"WSS4J: token, Timestamp, Signature", "court-rsa", func(m *sending) {}},
		{"zeep's BinarySignature: the token after the Signature", "court-rsa", func(m *sending) { m.order = "GTS" }},
		{"zeep's Signature: empty issuer and serial number", "court-rsa", func(m *sending) { m.order, m.token, m.keyInfo = "GS", "", zeepKeyInfo(m.key.cert) }},
		{"node soap: enveloped-signature before exclusive C14N", "court-rsa", func(m *sending) {
			m.refs[0].transforms, m.refs[1].transforms, m.security = envSig+exc, envSig+exc, `s:mustUnderstand="1"`
		}},
		{"node soap: Id without a namespace", "court-rsa", func(m *sending) {
			m.bodyAttr, m.stamp = `Id="body"`, strings.Replace(m.stamp, "wsu:Id", "Id", 1)
		}},
		{"thumbprint", "court-rsa", func(m *sending) { m.token, m.keyInfo = "", thumbprintOf(m.key.cert) }},
		{"subject key identifier", "court-rsa", func(m *sending) { m.token, m.keyInfo = "", keyIdentifierOf(t, m.key.cert) }},
		{"issuer and serial number as Java writes them", "court-rsa", func(m *sending) {
			m.token, m.keyInfo = "", issuerSerial(m.key.cert.Issuer.String(), m.key.cert.SerialNumber.String())
		}},
		{"issuer and serial number as .NET writes them", "court-rsa", func(m *sending) {
			m.token, m.keyInfo = "", issuerSerial(strings.ReplaceAll(m.key.cert.Issuer.String(), ",", ", "), m.key.cert.SerialNumber.String())
		}},
		{"X509Data without SecurityTokenReference", "court-rsa", func(m *sending) {
			m.token, m.keyInfo = "", `<ds:X509Data><ds:X509Certificate>`+base64.StdEncoding.EncodeToString(m.key.cert.Raw)+`</ds:X509Certificate></ds:X509Data>`
		}},
		{"a token without EncodingType", "court-rsa", func(m *sending) { m.token = strings.Replace(m.token, ` EncodingType="`+b64+`"`, "", 1) }},
		{"a Reference without ValueType", "court-rsa", func(m *sending) { m.keyInfo = strings.Replace(str, ` ValueType="`+x509v3+`"`, "", 1) }},
		{"the certificate as a KeyIdentifier", "court-rsa", func(m *sending) {
			m.token, m.keyInfo = "", `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="`+x509v3+`">`+base64.StdEncoding.EncodeToString(m.key.cert.Raw)+`</wsse:KeyIdentifier></wsse:SecurityTokenReference>`
		}},
		{"another token beside", "court-rsa", func(m *sending) { m.last = tokenOf(testKey(t, "other-court").cert, "tok2") }},
		{"ECDSA, P-256", "court-p256", func(m *sending) {}},
		{"ECDSA, P-384", "court-p384", func(m *sending) { m.method = strings.Replace(m.method, "sha256", "sha384", 1) }},
		{"SHA-512 digests", "court-rsa", func(m *sending) {
			m.refs[0].method, m.refs[1].method = "http://www.w3.org/2001/04/xmlenc#sha512", "http://www.w3.org/2001/04/xmlenc#sha512"
		}},
		{"signed token and WS-Addressing", "court-rsa", func(m *sending) {
			m.before = `<wsa:Action wsu:Id="act">urn:do</wsa:Action>`
			m.after = `<wsa:MessageID wsu:Id="mid">urn:uuid:1</wsa:MessageID>`
			m.refs = append(m.refs, ref{uri: "#tok", element: hasID("tok")}, ref{uri: "#act", element: hasID("act")}, ref{uri: "#mid", element: hasID("mid")})
		}},
		{"PrefixList as WSS4J writes it", "court-rsa", func(m *sending) {
			m.refs[0].prefixes, m.refs[0].transforms = "wsse wsa", prefixed("wsse wsa")
			m.refs[1].prefixes, m.refs[1].transforms = "s wsse", prefixed("s wsse")
		}},
		{"#default in a PrefixList", "court-rsa", func(m *sending) {
			m.rootAttr = `xmlns="` + service + `"`
			m.refs[0].prefixes, m.refs[0].transforms = "#default", prefixed("#default")
		}},
		{"Timestamp without Expires", "court-rsa", func(m *sending) { m.stamp = timestampAt("2026-11-22T07:59:00.123Z", "") }},
		{"clocks that differ", "court-rsa", func(m *sending) { m.stamp = timestampAt("2026-11-22T08:04:59Z", "2026-11-22T08:09:00Z") }},
		{"just in time", "court-rsa", func(m *sending) { m.stamp = timestampAt("2026-11-22T07:50:00Z", "2026-11-22T07:55:00Z") }},
		{"what need not be understood", "court-rsa", func(m *sending) {
			m.first = `<wsse:UsernameToken wsu:Id="u"><wsse:Username>x</wsse:Username></wsse:UsernameToken>`
		}},
		{"a Security header for another node", "court-rsa", func(m *sending) {
			m.before = `<wsse:Security s:actor="urn:other"><wsu:Timestamp wsu:Id="other"/></wsse:Security>`
		}},
		{"escapes and empty elements", "court-rsa", func(m *sending) {
			m.body += `<q:x xmlns:q="` + service + `" b='"' a="&#9;">&#13;&gt;></q:x><q:y xmlns:q="` + service + `"/>`
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := sendingOf(t, c.key)
			c.with(&m)
			doc := m.sealed(t)
			cert, err := verifyMessage(doc, m.key.trusted(), now)
			if err != nil || cert != m.key.cert {
				t.Fatalf("%v, %v\n%s", cert, err, doc)
			}
			if err := judgedByXMLSec(t, doc, c.key); err != nil {
				t.Errorf("xmlsec1: %v\n%s", err, doc)
			}
			if _, err := verifyMessage(doc, testKey(t, "other-court").trusted(), now); err == nil {
				t.Error("another agency's certificate verifies it")
			}
			if _, err := verifyMessage(strings.Replace(doc, "Rowan", "Hazel", 1), m.key.trusted(), now); err == nil {
				t.Error("a changed Body verifies")
			}
		})
	}
}

func prefixed(list string) string {
	return `<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="` + list + `"/></ds:Transform>`
}

// A message without a Signature is no error of its own: whether it may be is the agency's agreement.
func TestMessageWithoutSignature(t *testing.T) {
	t.Parallel()
	for _, stamp := range []string{"", timestampAt("2026-11-22T07:59:00Z", "")} {
		m := sendingOf(t, "court-rsa")
		m.stamp = stamp
		if cert, err := verifyMessage(m.write(""), m.key.trusted(), now); cert != nil || err != nil {
			t.Errorf("%v, %v", cert, err)
		}
	}
}

// What the own client signs is taken by the own verifier and by xmlsec1, and changes nothing but the Body's start tag.
func TestSignMessage(t *testing.T) {
	t.Parallel()
	body := `<s:Body><q:Do xmlns:q="` + service + `">Rowan &amp; Hazel</q:Do></s:Body></s:Envelope>`
	for name, envelope := range map[string]string{
		"no Header": `<?xml version="1.0"?><s:Envelope xmlns:s="` + soap11 + `">` + body,
		"a Header":  `<s:Envelope xmlns:s="` + soap12 + `"><s:Header><a:To xmlns:a="` + wsa + `">urn:hub</a:To></s:Header>` + body,
	} {
		for _, key := range []string{"court-rsa", "court-p256", "court-p384"} {
			for _, hash := range []crypto.Hash{0, crypto.SHA384, crypto.SHA512} {
				k := testKey(t, key)
				signed, err := sig.SignMessage([]byte(envelope), k.key, k.cert, sig.MessageOptions{Profile: messages, Hash: hash, Created: now})
				if err != nil {
					t.Fatalf("%s, %s: %v", name, key, err)
				}
				if cert, err := verifyMessage(string(signed), k.trusted(), now.Add(9*time.Minute)); err != nil || cert != k.cert {
					t.Errorf("%s, %s: %v", name, key, err)
				}
				if err := judgedByXMLSec(t, string(signed), key); err != nil {
					t.Errorf("%s, %s: %v\n%s", name, key, err, signed)
				}
				if !strings.HasSuffix(string(signed), strings.TrimPrefix(body, "<s:Body>")) {
					t.Errorf("%s: the content was changed: %s", name, signed)
				}
			}
		}
	}
}

func TestSignMessageRefuses(t *testing.T) {
	t.Parallel()
	k := testKey(t, "court-rsa")
	for name, envelope := range map[string]string{
		"no Body":         `<s:Envelope xmlns:s="` + soap11 + `"/>`,
		"no prefix":       `<Envelope xmlns="` + soap11 + `"><Body/></Envelope>`,
		"an empty Header": `<s:Envelope xmlns:s="` + soap11 + `"><s:Header/><s:Body/></s:Envelope>`,
		"signed already":  sendingOf(t, "court-rsa").sealed(t),
		"an Id taken":     `<s:Envelope xmlns:s="` + soap11 + `"><s:Body><q:Do xmlns:q="` + service + `" Id="message-body"/></s:Body></s:Envelope>`,
	} {
		if signed, err := sig.SignMessage([]byte(envelope), k.key, k.cert, sig.MessageOptions{Profile: messages, Created: now}); err == nil {
			t.Errorf("%s: %s", name, signed)
		}
	}
	if _, err := sig.SignMessage([]byte(`<s:Envelope xmlns:s="`+soap11+`"><s:Body/></s:Envelope>`), testKey(t, "weak").key, testKey(t, "weak").cert, sig.MessageOptions{Profile: messages, Created: now}); err == nil {
		t.Error("signed with a weak key")
	}
}

// xmlsec1 signs the template of a message, and it verifies.
func TestMessageSignedByXMLSec(t *testing.T) {
	t.Parallel()
	bin, err := exec.LookPath("xmlsec1")
	if err != nil {
		tools(t, "xmlsec1")
	}
	for _, c := range []struct{ key, method, digest string }{
		{"court-rsa", "rsa-sha256", sum256}, {"court-rsa", "rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384"}, {"court-rsa", "rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"},
		{"court-p256", "ecdsa-sha256", sum256}, {"court-p384", "ecdsa-sha384", "http://www.w3.org/2001/04/xmlenc#sha512"},
	} {
		for _, transforms := range []string{exc, envSig + exc, prefixed("s wsse wsa")} {
			m := sendingOf(t, c.key)
			m.method = "http://www.w3.org/2001/04/xmldsig-more#" + c.method
			for i := range m.refs {
				m.refs[i].element, m.refs[i].method, m.refs[i].transforms = nil, c.digest, transforms
			}
			template := m.write(`<ds:Signature xmlns:ds="` + sig.DS + `">` + m.signedInfo(t) + `<ds:SignatureValue/><ds:KeyInfo>` + m.keyInfo + `</ds:KeyInfo></ds:Signature>`)
			file := filepath.Join(t.TempDir(), "template.xml")
			if err := os.WriteFile(file, []byte(template), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(bin, "--sign", "--privkey-pem", keyFile(c.key+".key"), "--id-attr:Id", "Body", "--id-attr:Id", "Timestamp", file).Output()
			if err != nil {
				t.Fatalf("xmlsec1: %v\n%s", err, template)
			}
			if cert, err := verifyMessage(string(out), m.key.trusted(), now); err != nil || cert != m.key.cert {
				t.Errorf("%+v %s: %v\n%s", c, transforms, err, out)
			}
		}
	}
}

// Messages that zeep 4.2 and node's soap 1.13 have signed verify. testdata/clients has what wrote them.
func TestMessagesOfClients(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/clients/*.xml")
	if err != nil || len(files) != 5 {
		t.Fatal(files, err)
	}
	k := testKey(t, "court-rsa")
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if cert, err := verifyMessage(string(doc), k.trusted(), now); err != nil || cert != k.cert {
			t.Errorf("%s: %v", file, err)
		}
		if _, err := verifyMessage(strings.Replace(string(doc), "Rowan", "Hazel", 1), k.trusted(), now); codeOfMessage(err) != string(sig.DigestMismatch) {
			t.Errorf("%s, changed: %v", file, err)
		}
	}
}
