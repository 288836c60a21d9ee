package sig_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
)

// messageAttacks are messages that must not pass, each with the code that refuses it.
func messageAttacks(t testing.TB) []struct {
	name string
	code string
	with func(*sending)
} {
	other := testKey(t, "other-court").cert
	evil := `<q:Do xmlns:q="` + service + `">Hazel Basalt</q:Do>`
	swap := func(old, new string) func(*sending) {
		return func(m *sending) {
			m.change = func(doc string) string {
				if !strings.Contains(doc, old) {
					t.Fatalf("nothing to change: %s", old)
				}
				return strings.Replace(doc, old, new, 1)
			}
		}
	}
	// moved is the signed Body somewhere else, with another one in its place.
	moved := func(bodyAttr string, place func(signed, doc string) string) func(*sending) {
		return func(m *sending) {
			m.change = func(doc string) string {
				from, to := strings.Index(doc, "<s:Body"), strings.Index(doc, "</s:Body>")+len("</s:Body>")
				signed := doc[from:to]
				return place(signed, doc[:from]+`<s:Body `+bodyAttr+`>`+evil+`</s:Body>`+doc[to:])
			}
		}
	}
	intoHeader := func(signed, doc string) string {
		return strings.Replace(doc, "</s:Header>", `<w:Wrapper xmlns:w="urn:w">`+signed+`</w:Wrapper></s:Header>`, 1)
	}
	return []struct {
		name string
		code string
		with func(*sending)
	}{
		// Wrapping.
		{"Body moved into a wrapper in the header, a new one without Id", "WrongReference", moved("", intoHeader)},
		{"the same, the new one with another Id", "WrongReference", moved(`wsu:Id="other"`, intoHeader)},
		{"the same, with the same Id", "DuplicateId", moved(`wsu:Id="body"`, intoHeader)},
		{"the same, with the same Id in another form", "DuplicateId", moved(`Id="body"`, intoHeader)},
		{"Body moved to be a block of the header", "DigestMismatch", moved("", func(signed, doc string) string {
			return strings.Replace(doc, "</s:Header>", strings.ReplaceAll(signed, "s:Body", "s:Was")+"</s:Header>", 1)
		})},
		{"Body moved as it is to be a block of the header", "BodyNotSigned", moved("", func(signed, doc string) string {
			return strings.Replace(doc, "</s:Header>", signed+"</s:Header>", 1)
		})},
		{"Body moved into the Security header", "WrongReference", moved("", func(signed, doc string) string {
			return strings.Replace(doc, "</wsse:Security>", signed+"</wsse:Security>", 1)
		})},
		{"Body moved into the Signature", "Malformed", moved("", func(signed, doc string) string {
			return strings.Replace(doc, "</ds:Signature>", "<ds:Object>"+signed+"</ds:Object></ds:Signature>", 1)
		})},
		{"Body moved into the new Body", "WrongReference", func(m *sending) {
			m.change = func(doc string) string {
				return strings.Replace(strings.Replace(doc, "<s:Body", "<s:Body>"+evil+"<s:Body", 1), "</s:Body>", "</s:Body></s:Body>", 1)
			}
		}},
		{"Body moved into the new Body, which has its Id", "DuplicateId", func(m *sending) {
			m.change = func(doc string) string {
				return strings.Replace(strings.Replace(doc, "<s:Body", `<s:Body wsu:Id="body">`+evil+"<s:Body", 1), "</s:Body>", "</s:Body></s:Body>", 1)
			}
		}},
		// Ids.
		{"the Body's Id inside the Body", "DuplicateId", func(m *sending) {
			m.body = strings.Replace(m.body, `Id="pkg-1"`, `Id="body"`, 1)
		}},
		{"the Body's Id inside the Body as ID", "DuplicateId", func(m *sending) {
			m.body = strings.Replace(m.body, `Id="pkg-1"`, `ID="body"`, 1)
		}},
		{"the Body's Id inside the Body as id of another namespace", "DuplicateId", func(m *sending) {
			m.body = strings.Replace(m.body, `Id="pkg-1"`, `q:id="body"`, 1)
		}},
		{"the Body's Id by references", "DuplicateId", func(m *sending) {
			m.body = strings.Replace(m.body, `Id="pkg-1"`, `Id="&#98;ody"`, 1)
		}},
		{"the Timestamp's Id inside the Body", "DuplicateId", func(m *sending) {
			m.body = strings.Replace(m.body, `Id="pkg-1"`, `wsu:Id="ts"`, 1)
		}},
		{"the Body's Id on the Envelope", "DuplicateId", func(m *sending) { m.rootAttr = `wsu:Id="body"` }},
		{"the Timestamp's Id on the Envelope", "DuplicateId", func(m *sending) { m.rootAttr = `id="ts"` }},
		{"the Timestamp's Id on a block", "DuplicateId", func(m *sending) { m.after = `<x:Y xmlns:x="urn:x" x:ID="ts"/>` }},
		{"the token's Id on the Signature", "DuplicateId", swap("<ds:Signature ", `<ds:Signature Id="tok" `)},
		{"two Ids of one value on the Body", "DuplicateId", func(m *sending) { m.bodyAttr = `wsu:Id="body" Id="body"` }},
		{"a Body with an Id that is none", "WrongReference", func(m *sending) { m.bodyAttr = `ID="body"` }},
		{"a Body without an Id", "WrongReference", func(m *sending) { m.bodyAttr = "" }},
		{"Ids without number", "Malformed", func(m *sending) {
			for i := range 70 {
				m.before += fmt.Sprintf(`<x:Y xmlns:x="urn:x" x:Id="i%d"/>`, i)
			}
		}},
		// References.
		{"a block of the header instead of the Body", "BodyNotSigned", func(m *sending) {
			m.before = `<wsa:Action wsu:Id="act">urn:do</wsa:Action>`
			m.refs[0] = ref{uri: "#act", element: hasID("act")}
		}},
		{"the Body only", "TimestampNotSigned", func(m *sending) { m.refs = m.refs[:1] }},
		{"the Timestamp only", "BodyNotSigned", func(m *sending) { m.refs = m.refs[1:] }},
		{"no Reference", "Malformed", func(m *sending) { m.refs = nil }},
		{"the Timestamp of another Security header", "WrongReference", func(m *sending) {
			m.before = `<wsse:Security s:actor="urn:other">` + strings.Replace(m.stamp, `"ts"`, `"ts2"`, 1) + `</wsse:Security>`
			m.refs[1] = ref{uri: "#ts2", element: hasID("ts2")}
		}},
		{"a Timestamp deeper in the Security header", "TimestampMissing", func(m *sending) { m.stamp = `<wsse:X>` + m.stamp + `</wsse:X>` }},
		{"the package instead of the Body", "WrongReference", func(m *sending) { m.refs[0] = ref{uri: "#pkg-1", element: hasID("pkg-1")} }},
		{"the package beside the Body", "WrongReference", func(m *sending) { m.refs = append(m.refs, ref{uri: "#pkg-1", element: hasID("pkg-1")}) }},
		{"the Header", "WrongReference", func(m *sending) {
			m.change = nil
			m.refs = append(m.refs, ref{uri: "#nothing", value: strings.Repeat("A", 43) + "="})
		}},
		{"the whole document", "WrongReference", func(m *sending) { m.refs[0].uri = "" }},
		{"an XPointer", "WrongReference", func(m *sending) { m.refs[0].uri = "#xpointer(/)" }},
		{"a part of the message", "WrongReference", func(m *sending) { m.refs[0].uri = "cid:body" }},
		{"another document", "WrongReference", func(m *sending) { m.refs[0].uri = "https://127.0.0.1/#body" }},
		{"the Body twice", "WrongReference", func(m *sending) { m.refs = append(m.refs, bodyRef()) }},
		{"the Body by both its Ids", "WrongReference", func(m *sending) {
			m.bodyAttr = `wsu:Id="body" Id="other"`
			m.refs = append(m.refs, ref{uri: "#other", element: isBody})
		}},
		{"References without number", "WrongReference", func(m *sending) {
			for i := range 20 {
				m.refs = append(m.refs, ref{uri: fmt.Sprintf("#r%d", i), value: strings.Repeat("A", 43) + "="})
			}
		}},
		{"a key's reference as a part", "WrongReference", func(m *sending) {
			m.keyInfo = strings.Replace(m.keyInfo, "<wsse:Sec", `<wsse:SecurityTokenReference wsu:Id="str"><wsse:Sec`, 1)
			m.keyInfo = strings.Replace(m.keyInfo, `<wsse:SecurityTokenReference wsu:Id="str"><wsse:SecurityTokenReference>`, `<wsse:SecurityTokenReference wsu:Id="str">`, 1)
			m.refs = append(m.refs, ref{uri: "#str", value: strings.Repeat("A", 43) + "="})
		}},
		// Transforms and algorithms.
		{"no Transforms", "Malformed", func(m *sending) {
			m.change = func(doc string) string {
				from, to := strings.Index(doc, "<ds:Transforms>"), strings.Index(doc, "</ds:Transforms>")+len("</ds:Transforms>")
				return doc[:from] + doc[to:]
			}
		}},
		{"no transform", "Transform", func(m *sending) { m.refs[0].transforms = " " }},
		{"inclusive C14N", "Transform", func(m *sending) {
			m.refs[0].transforms = `<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>`
		}},
		{"exclusive C14N with comments", "Transform", func(m *sending) {
			m.refs[0].transforms = `<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>`
		}},
		{"an XPath that selects nothing", "Transform", func(m *sending) {
			m.refs[0].transforms = `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>false()</ds:XPath></ds:Transform>` + exc
		}},
		{"XSLT", "Transform", func(m *sending) {
			m.refs[0].transforms = `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>`
		}},
		{"STR-Transform", "Transform", func(m *sending) {
			m.refs[0].transforms = `<ds:Transform Algorithm="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"/>`
		}},
		{"the two the other way round", "Transform", func(m *sending) { m.refs[0].transforms = exc + envSig }},
		{"enveloped-signature alone", "Transform", func(m *sending) { m.refs[0].transforms = envSig }},
		{"enveloped-signature twice", "Transform", func(m *sending) { m.refs[0].transforms = envSig + envSig + exc }},
		{"exclusive C14N twice", "Transform", func(m *sending) { m.refs[0].transforms = exc + exc }},
		{"enveloped-signature on a block", "Transform", func(m *sending) {
			m.before = `<wsa:Action wsu:Id="act">urn:do</wsa:Action>`
			m.refs = append(m.refs, ref{uri: "#act", element: hasID("act"), transforms: envSig + exc})
		}},
		{"enveloped-signature on the token", "Transform", func(m *sending) {
			m.refs = append(m.refs, ref{uri: "#tok", element: hasID("tok"), transforms: envSig + exc})
		}},
		{"SHA-1 signature", "Algorithm", func(m *sending) { m.method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1" }},
		{"SHA-1 digest", "Algorithm", func(m *sending) { m.refs[0].method = "http://www.w3.org/2000/09/xmldsig#sha1" }},
		{"HMAC", "Algorithm", func(m *sending) { m.method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256" }},
		{"HMAC with a length", "Algorithm", func(m *sending) {
			m.method = `http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod><ds:X a="`
		}},
		{"PSS", "Algorithm", func(m *sending) { m.method = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" }},
		{"inclusive C14N of SignedInfo", "Algorithm", func(m *sending) { m.c14n = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" }},
		// PrefixList.
		{"PrefixList with two blanks", "Malformed", func(m *sending) { m.refs[0].transforms = prefixed("s  wsse") }},
		{"PrefixList of hundreds", "Malformed", func(m *sending) { m.refs[0].transforms = prefixed(strings.Repeat("a ", 99) + "a") }},
		{"PrefixList with markup", "Malformed", func(m *sending) { m.refs[0].transforms = prefixed("s&#60;x") }},
		{"PrefixList changed after signing", "SignatureMismatch", func(m *sending) {
			m.refs[0].prefixes, m.refs[0].transforms = "wsa", prefixed("wsa")
			m.change = func(doc string) string { return strings.Replace(doc, `PrefixList="wsa"`, `PrefixList=""`, 1) }
		}},
		{"PrefixList with a foreign namespace", "canon.NamespaceNotAllowed", func(m *sending) {
			m.rootAttr = `xmlns:x="urn:foreign"`
			m.change = nil
			m.refs[0].transforms = prefixed("x")
		}},
		{"a namespace that a PrefixList protects, exchanged", "DigestMismatch", func(m *sending) {
			m.refs[0].prefixes, m.refs[0].transforms = "wsa", prefixed("wsa")
			m.change = func(doc string) string { return strings.Replace(doc, `xmlns:wsa="`+wsa, `xmlns:wsa="`+service, 1) }
		}},
		// Signature.
		{"two Signatures", "TwoSignatures", func(m *sending) {
			m.change = func(doc string) string {
				from, to := strings.Index(doc, "<ds:Signature "), strings.Index(doc, "</ds:Signature>")+len("</ds:Signature>")
				return doc[:to] + doc[from:]
			}
		}},
		{"SignedInfo twice", "Malformed", func(m *sending) {
			m.change = func(doc string) string {
				from, to := strings.Index(doc, "<ds:SignedInfo>"), strings.Index(doc, "</ds:SignedInfo>")+len("</ds:SignedInfo>")
				return doc[:to] + doc[from:to] + doc[to:]
			}
		}},
		{"SignedInfo wrapped", "Malformed", func(m *sending) {
			m.change = func(doc string) string {
				return strings.Replace(strings.Replace(doc, "<ds:SignedInfo>", "<ds:Object><ds:SignedInfo>", 1), "</ds:SignedInfo>", "</ds:SignedInfo></ds:Object>", 1)
			}
		}},
		{"a Manifest", "Malformed", swap("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object><ds:Manifest/></ds:Object>")},
		{"a signature inside the Signature", "Malformed", swap("<ds:SignatureValue>", `<ds:Signature/><ds:SignatureValue>`)},
		{"another value", "SignatureMismatch", func(m *sending) {
			m.change = func(doc string) string {
				i := strings.Index(doc, "<ds:SignatureValue>") + len("<ds:SignatureValue>")
				return doc[:i] + "AAAA" + doc[i+4:]
			}
		}},
		{"no value", "Malformed", func(m *sending) {
			m.change = func(doc string) string {
				i, j := strings.Index(doc, "<ds:SignatureValue>")+len("<ds:SignatureValue>"), strings.Index(doc, "</ds:SignatureValue>")
				return doc[:i] + doc[j:]
			}
		}},
		{"the digest changed", "SignatureMismatch", swap("<ds:DigestValue>", "<ds:DigestValue> ")},
		// Comments and their like.
		{"a comment in SignedInfo", "canon.Comment", swap("<ds:DigestValue>", "<ds:DigestValue><!-- x -->")},
		{"a comment in the Body", "canon.Comment", swap("Rowan", "Rowan<!-- x -->")},
		{"a comment in the Timestamp", "canon.Comment", swap("T07:59:00Z", "T07:59:00Z<!-- x -->")},
		{"a comment in the Security header", "canon.Comment", swap("<wsu:Timestamp", "<!-- x --><wsu:Timestamp")},
		{"CDATA in the Body", "canon.Cdata", swap("Rowan", "<![CDATA[Rowan]]>")},
		{"an instruction in the Body", "canon.ProcessingInstruction", swap("Rowan", "<?x?>Rowan")},
		// Keys.
		{"an unregistered token", "CertificateUnknown", func(m *sending) { m.token = tokenOf(other, "tok") }},
		{"an unregistered key", "SignatureMismatch", func(m *sending) { m.key = pair{testKey(t, "other-court").key, m.key.cert} }},
		{"an unregistered key with its certificate", "CertificateUnknown", func(m *sending) {
			m.key = pair{testKey(t, "other-court").key, m.key.cert}
			m.token, m.keyInfo = "", zeepKeyInfo(other)
		}},
		{"an unregistered key with an empty issuer and serial number", "SignatureMismatch", func(m *sending) {
			m.key = pair{testKey(t, "other-court").key, m.key.cert}
			m.token, m.keyInfo = "", `<wsse:SecurityTokenReference><ds:X509Data><ds:X509IssuerSerial/></ds:X509Data></wsse:SecurityTokenReference>`
		}},
		{"another agency's thumbprint", "CertificateUnknown", func(m *sending) { m.token, m.keyInfo = "", thumbprintOf(other) }},
		{"another agency's key identifier", "CertificateUnknown", func(m *sending) { m.token, m.keyInfo = "", keyIdentifierOf(t, other) }},
		{"another serial number", "CertificateUnknown", func(m *sending) {
			m.token, m.keyInfo = "", issuerSerial(m.key.cert.Issuer.String(), "99999")
		}},
		{"another issuer", "CertificateUnknown", func(m *sending) {
			m.token, m.keyInfo = "", issuerSerial("CN=Another", m.key.cert.SerialNumber.String())
		}},
		{"an issuer that is none", "KeyReference", func(m *sending) { m.token, m.keyInfo = "", issuerSerial("Another", "2") }},
		{"a serial number that is none", "KeyReference", func(m *sending) { m.token, m.keyInfo = "", issuerSerial("CN=Another", "0x2") }},
		{"certificates that contradict", "CertificateUnknown", func(m *sending) {
			one := base64.StdEncoding.EncodeToString(m.key.cert.Raw)
			two := base64.StdEncoding.EncodeToString(other.Raw)
			m.token, m.keyInfo = "", `<ds:X509Data><ds:X509Certificate>`+one+`</ds:X509Certificate><ds:X509Certificate>`+two+`</ds:X509Certificate></ds:X509Data>`
		}},
		{"a Reference without URI", "KeyReference", func(m *sending) { m.keyInfo = strings.Replace(str, ` URI="#tok"`, "", 1) }},
		{"a Reference to a token of another kind", "KeyReference", func(m *sending) { m.keyInfo = strings.Replace(str, "#X509v3", "#X509PKIPathv1", 1) }},
		{"a SecurityTokenReference that refers to nothing", "KeyReference", func(m *sending) { m.keyInfo = `<wsse:SecurityTokenReference/>` }},
		{"a KeyName in a SecurityTokenReference", "KeyReference", func(m *sending) {
			m.keyInfo = `<wsse:SecurityTokenReference><ds:KeyName>court</ds:KeyName></wsse:SecurityTokenReference>`
		}},
		{"a KeyIdentifier without ValueType", "KeyReference", func(m *sending) {
			m.keyInfo = strings.Replace(thumbprintOf(m.key.cert), "ValueType", "Kind", 1)
		}},
		{"a KeyIdentifier of another encoding", "KeyReference", func(m *sending) {
			m.keyInfo = strings.Replace(thumbprintOf(m.key.cert), "#Base64Binary", "#HexBinary", 1)
		}},
		{"a KeyIdentifier of another kind", "KeyReference", func(m *sending) {
			m.keyInfo = strings.Replace(thumbprintOf(m.key.cert), "#ThumbprintSHA1", "#EncryptedKeySHA1", 1)
		}},
		{"a token without ValueType", "KeyReference", func(m *sending) { m.token = strings.Replace(m.token, "ValueType", "Kind", 1) }},
		{"two children of KeyInfo", "Malformed", func(m *sending) { m.keyInfo += str }},
		{"two references in a SecurityTokenReference", "Malformed", func(m *sending) {
			m.keyInfo = strings.Replace(str, "</wsse:SecurityTokenReference>", `<wsse:Reference URI="#tok"/></wsse:SecurityTokenReference>`, 1)
		}},
		{"an embedded token", "KeyReference", func(m *sending) {
			m.keyInfo = `<wsse:SecurityTokenReference><wsse:Embedded>` + tokenOf(m.key.cert, "tok2") + `</wsse:Embedded></wsse:SecurityTokenReference>`
		}},
		{"a key's value", "KeyReference", func(m *sending) { m.keyInfo = `<ds:KeyValue/>` }},
		{"a key's name", "KeyReference", func(m *sending) { m.keyInfo = `<ds:KeyName>court</ds:KeyName>` }},
		{"a token elsewhere in the header", "KeyReference", func(m *sending) { m.before, m.token = m.token, "" }},
		{"a token that did not come", "KeyReference", func(m *sending) { m.token = "" }},
		{"a token elsewhere", "KeyReference", func(m *sending) { m.keyInfo = strings.Replace(str, "#tok", "https://127.0.0.1/token", 1) }},
		{"the Timestamp as a token", "KeyReference", func(m *sending) { m.keyInfo = strings.Replace(str, "#tok", "#ts", 1) }},
		{"a token of another kind", "KeyReference", func(m *sending) { m.token = strings.Replace(m.token, "#X509v3", "#X509PKIPathv1", 1) }},
		{"a token of another encoding", "KeyReference", func(m *sending) { m.token = strings.Replace(m.token, "#Base64Binary", "#HexBinary", 1) }},
		{"a token that is no base64", "KeyReference", func(m *sending) { m.token = strings.Replace(m.token, ">MII", ">!II", 1) }},
		// Timestamp.
		{"no Timestamp", "TimestampMissing", func(m *sending) { m.stamp, m.refs = "", m.refs[:1] }},
		{"two Timestamps", "Timestamp", func(m *sending) { m.last = strings.Replace(m.stamp, `"ts"`, `"ts2"`, 1) }},
		{"expired", "TimestampExpired", func(m *sending) { m.stamp = timestampAt("2026-11-22T07:40:00Z", "2026-11-22T07:54:59Z") }},
		{"old, without Expires", "TimestampExpired", func(m *sending) { m.stamp = timestampAt("2026-11-22T07:49:59Z", "") }},
		{"old, with an Expires far away", "TimestampExpired", func(m *sending) { m.stamp = timestampAt("2026-11-22T06:54:00Z", "2036-11-22T08:00:00Z") }},
		{"from the future", "TimestampFuture", func(m *sending) { m.stamp = timestampAt("2026-11-22T08:05:01Z", "2026-11-22T08:10:00Z") }},
		{"expires before it is created", "Timestamp", func(m *sending) { m.stamp = timestampAt("2026-11-22T08:00:00Z", "2026-11-22T07:59:00Z") }},
		{"no Created", "Timestamp", func(m *sending) {
			m.stamp = `<wsu:Timestamp wsu:Id="ts"><wsu:Expires>2026-11-22T08:04:00Z</wsu:Expires></wsu:Timestamp>`
		}},
		{"two Created", "Timestamp", func(m *sending) {
			m.stamp = strings.Replace(m.stamp, "</wsu:Created>", "</wsu:Created><wsu:Created>2026-11-22T08:00:00Z</wsu:Created>", 1)
		}},
		{"two Expires", "Timestamp", func(m *sending) {
			m.stamp = strings.Replace(m.stamp, "</wsu:Timestamp>", "<wsu:Expires>2026-11-22T08:30:00Z</wsu:Expires></wsu:Timestamp>", 1)
		}},
		{"something else in the Timestamp", "Timestamp", func(m *sending) {
			m.stamp = strings.Replace(m.stamp, "</wsu:Timestamp>", "<wsu:X/></wsu:Timestamp>", 1)
		}},
		{"a time that is none", "Timestamp", func(m *sending) { m.stamp = timestampAt("now", "") }},
		{"local time", "Timestamp", func(m *sending) { m.stamp = timestampAt("2026-11-22T00:00:00-08:00", "") }},
		{"time without a zone", "Timestamp", func(m *sending) { m.stamp = timestampAt("2026-11-22T08:00:00", "") }},
		// Security.
		{"two Security headers", "TwoHeaders", func(m *sending) { m.before = `<wsse:Security/>` }},
		{"a user name that must be understood", "NotUnderstood", func(m *sending) { m.first, m.security = `<wsse:UsernameToken/>`, `s:mustUnderstand="1"` }},
		{"an encrypted key that must be understood", "NotUnderstood", func(m *sending) {
			m.first, m.security = `<x:EncryptedKey xmlns:x="http://www.w3.org/2001/04/xmlenc#"/>`, `s:mustUnderstand="1"`
		}},
	}
}

func TestMessageAttacks(t *testing.T) {
	t.Parallel()
	for _, a := range messageAttacks(t) {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			m := sendingOf(t, "court-rsa")
			a.with(&m)
			doc := attempted(t, m)
			cert, err := verifyMessage(doc, testKey(t, "court-rsa").trusted(), now)
			if got := codeOfMessage(err); cert != nil || got != a.code {
				t.Errorf("%v, %s: %v; want %s\n%s", cert, got, err, a.code, doc)
			}
		})
	}
}

// attempted is the message sealed; what the own tools would not sign gets a value of any kind.
func attempted(t *testing.T, m sending) string {
	if strings.Contains(m.method, "hmac") || strings.Contains(m.method, "MGF1") {
		return m.write(`<ds:Signature xmlns:ds="` + sig.DS + `">` + m.signedInfo(t) + `<ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo>` + m.keyInfo + `</ds:KeyInfo></ds:Signature>`)
	}
	return m.sealed(t)
}

func codeOfMessage(err error) string {
	var e *sig.MessageError
	var gate *canon.Error
	switch {
	case errors.As(err, &e):
		return string(e.Refusal.Code)
	case errors.As(err, &gate):
		return "canon." + string(gate.Code)
	}
	return fmt.Sprint(err)
}

// Registrations and keys that are not good enough.
func TestMessageTrust(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		key  string
		with func(*sig.Trusted)
		code string
	}{
		{"in force", "court-rsa", func(*sig.Trusted) {}, "<nil>"},
		{"expired", "expired", func(*sig.Trusted) {}, "CertificateExpired"},
		{"registration over", "court-rsa", func(r *sig.Trusted) { r.NotAfter = now.AddDate(0, 0, -1) }, "CertificateExpired"},
		{"revoked", "court-rsa", func(r *sig.Trusted) { r.Revoked = now.AddDate(0, 0, -1) }, "CertificateRevoked"},
		{"registration to come", "court-rsa", func(r *sig.Trusted) { r.NotBefore = now.AddDate(0, 0, 1) }, "CertificateNotYetValid"},
		{"weak key", "weak", func(*sig.Trusted) {}, "WeakKey"},
		{"curve", "court-p521", func(*sig.Trusted) {}, "WeakKey"},
	} {
		m := sendingOf(t, c.key)
		trusted := m.key.trusted()
		c.with(&trusted[0])
		_, err := verifyMessage(m.sealed(t), trusted, now)
		if got := codeOfMessage(err); got != c.code {
			t.Errorf("%s: %s, want %s", c.name, got, c.code)
		}
	}
}

// Every code of the list is provoked by a test, and no other comes out.
func TestMessageCodes(t *testing.T) {
	t.Parallel()
	provoked := map[string]bool{string(sig.Missing): true, string(sig.WeakKey): true, string(sig.CertificateExpired): true, string(sig.CertificateRevoked): true, string(sig.CertificateNotYetValid): true} // TestMessageTrust, and package exchange's
	for _, a := range messageAttacks(t) {
		provoked[a.code] = true
	}
	known := sig.MessageCodes()
	for _, m := range known {
		if !provoked[string(m.Code)] {
			t.Errorf("nothing provokes %s", m.Code)
		}
		delete(provoked, string(m.Code))
	}
	for code := range provoked {
		if !strings.HasPrefix(code, "canon.") {
			t.Errorf("%s is not on the list", code)
		}
	}
}

// A message cut off anywhere is refused.
func TestMessageTruncated(t *testing.T) {
	t.Parallel()
	m := sendingOf(t, "court-p256")
	doc, trusted := m.sealed(t), m.key.trusted()
	body := strings.LastIndex(doc, "</s:Body>")
	for i := range body {
		if cert, err := verifyMessage(doc[:i], trusted, now); err == nil {
			t.Fatalf("cut at %d: %v", i, cert)
		}
	}
}

// Whatever byte of the message's signed parts is changed: it is refused, or what was signed is the same.
func TestMessageMutated(t *testing.T) {
	t.Parallel()
	m := sendingOf(t, "court-p256")
	doc, trusted := []byte(m.sealed(t)), m.key.trusted()
	body, end := strings.Index(string(doc), "<s:Body"), strings.Index(string(doc), "</s:Body>")
	want := digestOf(t, string(doc), bodyRef())
	for i := range doc {
		if i > end {
			break
		}
		for _, c := range []byte{doc[i] ^ 1, ' ', '<', '"', 'x'} {
			other := slices.Clone(doc)
			other[i] = c
			if _, err := verifyMessage(string(other), trusted, now); err != nil {
				continue
			}
			if got := digestOf(t, string(other), ref{element: isBody}); got != want || i > body && i < end && c != doc[i] && c != ' ' {
				t.Fatalf("byte %d as %q: taken with another Body\n%s", i, c, other)
			}
		}
	}
}

func FuzzVerifyMessage(f *testing.F) {
	m := sendingOf(f, "court-p256")
	trusted := m.key.trusted()
	f.Add(m.sealed(f))
	m.keyInfo, m.token, m.order = zeepKeyInfo(m.key.cert), "", "GS"
	f.Add(m.sealed(f))
	m.keyInfo = issuerSerial(m.key.cert.Issuer.String(), m.key.cert.SerialNumber.String())
	f.Add(m.sealed(f))
	f.Fuzz(func(t *testing.T, doc string) {
		cert, err := verifyMessage(doc, trusted, now)
		if err != nil && cert != nil {
			t.Fatal("a certificate with an error")
		}
		if cert != nil && !strings.Contains(doc, "Rowan Granite") {
			t.Fatalf("taken: %q", doc)
		}
	})
}

// A certificate's issuer is recognised however its name is written, and no other is.
func TestIssuerNames(t *testing.T) {
	t.Parallel()
	m := sendingOf(t, "court-rsa")
	serial := m.key.cert.SerialNumber.String()
	for _, c := range []struct {
		name string
		ok   bool
	}{
		{m.key.cert.Issuer.String(), true},
		{"O=TEST - NEVER TRUST, CN=TEST CA - NEVER TRUST", true},
		{"CN=TEST CA - NEVER TRUST;O=TEST - NEVER TRUST", true},
		{`OID.2.5.4.10="TEST - NEVER TRUST",2.5.4.3=test  ca - never trust`, true},
		{`O=TEST \2D NEVER TRUST+CN=TEST CA \- NEVER TRUST`, true},
		{"O=#131254455354202d204e45564552205452555354,CN=TEST CA - NEVER TRUST", true},
		{"CN=TEST CA - NEVER TRUST", false},
		{"O=TEST - NEVER TRUST,CN=TEST CA - NEVER TRUST,C=US", false},
		{"O=TEST CA - NEVER TRUST,CN=TEST - NEVER TRUST", false},
	} {
		m.token, m.keyInfo = "", issuerSerial(c.name, serial)
		_, err := verifyMessage(m.sealed(t), m.key.trusted(), now)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, broken := range []string{"", "x", "CN", `CN="x`, `CN=x\`, "CN=#zz", "CN=#0500", "CN=x,"} {
		m.keyInfo = issuerSerial(broken, serial)
		if _, err := verifyMessage(m.sealed(t), m.key.trusted(), now); codeOfMessage(err) != string(sig.KeyReference) {
			t.Errorf("%q: %v", broken, err)
		}
	}
}
