package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/store"
)

// signedBy gives options with which a court of testdata/keys signs its messages at a time.
func signedBy(t testing.TB, name string, at time.Time) *client.MessageKey {
	k := keyPair(t, name)
	return &client.MessageKey{Key: k.key, Certificate: k.cert, Now: func() time.Time { return at }}
}

// agreed is a hub whose first court has an agreement on signatures over messages.
func agreed(t testing.TB, a store.MessageSignature) (running, *memory) {
	s := newMemory(t)
	for f, agency := range s.agencies {
		if agency.ORI == courtORI {
			agency.MessageSignature = a
			s.agencies[f] = agency
		}
	}
	return start(t, parts(t, s)), s
}

// submission is a signed package in a message that is signed too.
func submission(t testing.TB, id string, o client.Options) ([]byte, string) {
	t.Helper()
	by := keyPair(t, "court-rsa")
	pack, err := client.Sign([]byte(strings.ReplaceAll(strings.ReplaceAll(sampleOrder(), "PKG-1", "P-"+id), "ORDER-1", "O-"+id)), by.key, by.cert)
	check(t, err)
	body, contentType, err := client.Request(pack, []client.Attachment{{ID: "order-image", Content: pdf}}, o)
	check(t, err)
	return body, contentType
}

func faultCode(t testing.TB, reply *client.Reply) string {
	t.Helper()
	_, err := reply.Receipt()
	var fault *client.Fault
	if err == nil {
		return ""
	}
	if !errors.As(err, &fault) {
		t.Fatalf("no fault: %v\n%s", err, reply.Body)
	}
	return fault.Code
}

// A message signed as a whole is taken in both versions, inline and as MTOM, with WS-Addressing, and whatever the agreement but "off", where it must not
// be understood. What is kept is what came.
func TestSignedMessageIsTaken(t *testing.T) {
	t.Parallel()
	for _, agreement := range []store.MessageSignature{"", store.MessageSignatureAccepted, store.MessageSignatureRequired} {
		r, s := agreed(t, agreement)
		n := 0
		for _, e := range []soap.Edition{soap.SOAP11, soap.SOAP12} {
			for _, mtom := range []bool{false, true} {
				for _, key := range []string{"court-rsa", "court-p256"} {
					n++
					id := fmt.Sprint("message-", n)
					body, contentType := submission(t, id, client.Options{Edition: e, MTOM: mtom, MessageID: "urn:uuid:1", Message: signedBy(t, key, now)})
					receipt, err := r.post(t, "court-rsa", body, contentType, nil).Receipt()
					if err != nil {
						t.Fatalf("%q %v %v %s: %v", agreement, e, mtom, key, err)
					}
					if k := s.byID[courtORI+"/"+string(receipt.Package)]; !bytes.Equal(k.accepted.Received.Wire, body) || receipt.MessageSHA256 != client.Digest(body) {
						t.Error("what is kept is not what came")
					}
				}
			}
		}
		if !strings.Contains(r.log.String(), `"messageSigned":true`) {
			t.Error("the log does not say that the message was signed")
		}
	}
}

// What the agreement says of messages without a signature, and of Security headers.
func TestMessageAgreements(t *testing.T) {
	t.Parallel()
	const securityOnly = `<w:Security xmlns:w="` + sig.WSSE + `"%s><u:UsernameToken xmlns:u="` + sig.WSSE + `"/></w:Security>`
	unsigned := func(t *testing.T, id string) ([]byte, string) { return submission(t, id, client.Options{}) }
	with := func(attr string) func(*testing.T, string) ([]byte, string) {
		return func(t *testing.T, id string) ([]byte, string) {
			body, contentType := submission(t, id, client.Options{})
			return []byte(addHeader(fmt.Sprintf(securityOnly, attr))(string(body))), contentType
		}
	}
	signed := func(at time.Time, change func(string) string) func(*testing.T, string) ([]byte, string) {
		return func(t *testing.T, id string) ([]byte, string) {
			body, contentType := submission(t, id, client.Options{Message: signedBy(t, "court-rsa", at)})
			return []byte(change(string(body))), contentType
		}
	}
	same := func(s string) string { return s }
	const must, refused = ` soap:mustUnderstand="1"`, "Client.MessageSignature."
	for _, c := range []struct {
		name                    string
		message                 func(*testing.T, string) ([]byte, string)
		required, accepted, off string
	}{
		{"no Security header", unsigned, refused + "Missing", "", ""},
		{"a Security header without signature", with(""), refused + "Missing", "", ""},
		{"the same, to be understood", with(must), refused + "NotUnderstood", refused + "NotUnderstood", "Client.Envelope.MustUnderstand"},
		{"the same, for another", with(must + ` soap:actor="urn:other"`), refused + "Missing", "", ""},
		{"signed", signed(now, same), "", "", "Client.Envelope.MustUnderstand"},
		{"signed, not to be understood", signed(now, edit(` soap:mustUnderstand="1"`, "")), "", "", ""},
		{"signed, and changed", signed(now, edit("JVBERi", "JVBERj")), refused + "DigestMismatch", refused + "DigestMismatch", "Client.Envelope.MustUnderstand"},
		{"signed yesterday", signed(now.AddDate(0, 0, -1), same), refused + "TimestampExpired", refused + "TimestampExpired", "Client.Envelope.MustUnderstand"},
		{"signed tomorrow", signed(now.AddDate(0, 0, 1), same), refused + "TimestampFuture", refused + "TimestampFuture", "Client.Envelope.MustUnderstand"},
		{"empty Body", signed(now, func(s string) string {
			from, to := strings.Index(s, "<SubmitOrder"), strings.Index(s, "</SubmitOrder>")+len("</SubmitOrder>")
			return s[:from] + s[to:]
		}), refused + "DigestMismatch", refused + "DigestMismatch", "Client.Envelope.MustUnderstand"},
		{"a second operation", signed(now, edit("</soap:Body>", `<GetSubmissionStatus xmlns="urn:ccpor:exchange:service:1.0"/></soap:Body>`)), refused + "DigestMismatch", refused + "DigestMismatch", "Client.Envelope.MustUnderstand"},
		{"a second Body", signed(now, edit("</soap:Envelope>", `<soap:Body/></soap:Envelope>`)), "Client.Envelope.Structure", "Client.Envelope.Structure", "Client.Envelope.MustUnderstand"},
		{"two Security headers", signed(now, edit("<wsse:Security", `<wsse:Security xmlns:wsse="`+sig.WSSE+`"></wsse:Security><wsse:Security`)), refused + "TwoHeaders", refused + "TwoHeaders", "Client.Envelope.MustUnderstand"},
		{"the package's Id again", signed(now, edit(`wsu:Id="message-token"`, `wsu:Id="package"`)), refused + "KeyReference", refused + "KeyReference", "Client.Envelope.MustUnderstand"},
	} {
		for agreement, want := range map[store.MessageSignature]string{store.MessageSignatureRequired: c.required, store.MessageSignatureAccepted: c.accepted, store.MessageSignatureOff: c.off} {
			t.Run(c.name+", "+string(agreement), func(t *testing.T) {
				t.Parallel()
				r, s := agreed(t, agreement)
				body, contentType := c.message(t, "agreement")
				reply := r.post(t, "court-rsa", body, contentType, nil)
				if got := faultCode(t, reply); got != want {
					t.Errorf("%q, want %q\n%s", got, want, reply.Body)
				}
				if want != "" && s.accepts != 0 {
					t.Error("it was kept as taken")
				}
			})
		}
	}
}

// Another agency's signature is none, nor is one that the package's signer made for another connection.
func TestMessageOfAnotherAgency(t *testing.T) {
	t.Parallel()
	r, _ := agreed(t, store.MessageSignatureAccepted)
	body, contentType := submission(t, "other", client.Options{Message: signedBy(t, "other-court", now)})
	if got := faultCode(t, r.post(t, "court-rsa", body, contentType, nil)); got != "Client.MessageSignature.CertificateUnknown" {
		t.Errorf("signed by another agency: %s", got)
	}
	body, contentType = submission(t, "other", client.Options{Message: signedBy(t, "court-rsa", now)})
	if got := faultCode(t, r.post(t, "other-court", body, contentType, nil)); got != "Client.MessageSignature.CertificateUnknown" {
		t.Errorf("sent by another agency: %s", got)
	}
}

// A signature over the message never stands for the package's own.
func TestMessageSignatureIsNoPackageSignature(t *testing.T) {
	t.Parallel()
	r, _ := agreed(t, store.MessageSignatureRequired)
	body, contentType, err := client.Request([]byte(sampleOrder()), []client.Attachment{{ID: "order-image", Content: pdf}}, client.Options{Message: signedBy(t, "court-rsa", now)})
	check(t, err)
	if got := faultCode(t, r.post(t, "court-rsa", body, contentType, nil)); got != "Client.Signature.Missing" {
		t.Errorf("got %q", got)
	}
}

// A message caught and sent again within its time has no second effect; after it, it is refused, and the package is still the first one's.
func TestMessageReplayed(t *testing.T) {
	t.Parallel()
	at := now
	s := newMemory(t)
	c := parts(t, s)
	c.Now = func() time.Time { return at }
	r := start(t, c)
	body, contentType := submission(t, "replay", client.Options{Message: signedBy(t, "court-rsa", now)})
	first, err := r.post(t, "court-rsa", body, contentType, nil).Receipt()
	check(t, err)
	at = now.Add(9 * time.Minute)
	again, err := r.post(t, "court-rsa", body, contentType, nil).Receipt()
	if err != nil || !again.Duplicate || again.Tracking != first.Tracking || s.accepts != 1 {
		t.Errorf("within its time: %+v, %v", again, err)
	}
	at = now.Add(11 * time.Minute)
	if got := faultCode(t, r.post(t, "court-rsa", body, contentType, nil)); got != "Client.MessageSignature.TimestampExpired" {
		t.Errorf("after it: %s", got)
	}
	body, contentType = submission(t, "replay", client.Options{Message: signedBy(t, "court-rsa", at)})
	if again, err = r.post(t, "court-rsa", body, contentType, nil).Receipt(); err != nil || !again.Duplicate || again.Tracking != first.Tracking {
		t.Errorf("signed anew: %+v, %v", again, err)
	}
}

// Asking for status is under the same agreement.
func TestStatusUnderAnAgreement(t *testing.T) {
	t.Parallel()
	r, _ := agreed(t, store.MessageSignatureRequired)
	body, contentType := submission(t, "status", client.Options{Message: signedBy(t, "court-rsa", now)})
	receipt, err := r.post(t, "court-rsa", body, contentType, nil).Receipt()
	check(t, err)
	c := r.as(t, "court-rsa")
	if _, err := c.Status(t.Context(), receipt.Tracking, "", client.Options{Message: signedBy(t, "court-rsa", now)}); err != nil {
		t.Error(err)
	}
	var fault *client.Fault
	if _, err := c.Status(t.Context(), receipt.Tracking, "", client.Options{}); !errors.As(err, &fault) || fault.Code != "Client.MessageSignature.Missing" {
		t.Errorf("unsigned: %v", err)
	}
}

// In an MTOM message the signature over the message covers the xop:Include; the image is bound by the package's digest all the same.
func TestSignedMTOMWithAnotherImage(t *testing.T) {
	t.Parallel()
	r, _ := agreed(t, store.MessageSignatureRequired)
	body, contentType := submission(t, "mtom", client.Options{MTOM: true, Message: signedBy(t, "court-rsa", now)})
	other := bytes.Replace(body, []byte("Catalog"), []byte("Cutalog"), 1)
	if got := faultCode(t, r.post(t, "court-rsa", other, contentType, nil)); got != "Client.Image.DigestMismatch" {
		t.Errorf("got %q", got)
	}
	inline := strings.Replace(string(body), `href="cid:image-1`, `href="cid:image-2`, 1)
	if got := faultCode(t, r.post(t, "court-rsa", []byte(inline), contentType, nil)); got != "Client.MessageSignature.DigestMismatch" {
		t.Errorf("another part: %q", got)
	}
}

// A message without a Security header costs nothing for the sake of those that have one.
func TestUnsignedMessageCostsNothing(t *testing.T) {
	h, err := NewHub(parts(t, newMemory(t)))
	check(t, err)
	body, contentType := submission(t, "free", client.Options{MessageID: "urn:uuid:1"})
	ct, err := soap.ParseContentType(contentType)
	check(t, err)
	m, err := soap.Split(body, ct)
	check(t, err)
	o := opened{received: &received{visit: &visit{}, memory: new(workspace)}, message: m}
	o.scanner = &o.memory.scanner
	check(t, o.scanner.Reset(m.Root, h.profile))
	o.envelope, err = soap.Open(o.scanner, m.Edition, o.understood()...)
	check(t, err)
	at := o.scanner.Offset()
	if n := testing.AllocsPerRun(100, func() { check(t, h.verifyMessage(o)) }); n != 0 || o.scanner.Offset() != at {
		t.Errorf("%v allocations", n)
	}
}
