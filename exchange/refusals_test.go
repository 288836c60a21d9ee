package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/wsdl"
)

// refusedCase is one kind of bad input, and what its sender is told.
type refusedCase struct {
	name string
	message
	code   string
	status int          // the HTTP status in SOAP 1.2; zero is 400. 400 is 500 in SOAP 1.1.
	only   soap.Edition // for what exists in one of them only
}

// edit replaces exactly one occurrence, or the first of several where the case does not care.
func edit(old, new string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic("nothing to replace: " + old)
		}
		return strings.Replace(s, old, new, 1)
	}
}

func sample(old, new string) string { return edit(old, new)(sampleOrder()) }

func media(s string) func(string) string { return func(string) string { return s } }

func envelope11(body string) func(string) string {
	return media(`<e:Envelope xmlns:e="` + soap.Namespace11 + `"><e:Body>` + body + `</e:Body></e:Envelope>`)
}

var (
	signature      = regexp.MustCompile(`(?s)<ds:Signature .*</ds:Signature>`)
	signatureValue = regexp.MustCompile(`(<ds:SignatureValue>)....`)
)

// refusedCases is the list of bad input, one kind a line.
func refusedCases() []refusedCase {
	other := bytes.Replace(pdf, []byte("Catalog"), []byte("Cutalog"), 1)
	image := func(id string, content []byte) client.Attachment { return client.Attachment{ID: id, Content: content} }
	return []refusedCase{
		// Transport.
		{name: "wrong content type", message: message{media: media("application/json")}, code: "Client.Transport.MediaType", status: 415},
		{name: "no content type", message: message{media: media("")}, code: "Client.Transport.MediaType", status: 415},
		{name: "another charset announced", message: message{media: media("text/xml; charset=iso-8859-1")}, code: "Client.Transport.Charset", status: 415},
		{name: "compressed in another way", message: message{headers: map[string]string{"Content-Encoding": "br"}}, code: "Client.Transport.ContentEncoding", status: 415},
		{name: "compressed twice", message: message{wire: zipped, headers: map[string]string{"Content-Encoding": "gzip, gzip"}}, code: "Client.Transport.ContentEncoding", status: 415},
		{name: "not compressed, but said to be", message: message{headers: map[string]string{"Content-Encoding": "gzip"}}, code: "Client.Transport.Gzip"},
		{name: "compressed, but not said to be", message: message{wire: zipped}, code: "Client.Xml.NotUTF8"},
		{name: "compressed, and cut off", message: message{wire: func(s string) string { return zipped(s)[:400] }, headers: gzipHeader}, code: "Client.Transport.Gzip"},
		{name: "compressed, without its checksum", message: message{wire: func(s string) string { z := zipped(s); return z[:len(z)-8] }, headers: gzipHeader}, code: "Client.Transport.Gzip"},
		{name: "compressed, with another checksum", message: message{wire: func(s string) string { z := zipped(s); return z[:len(z)-8] + "abcd" + z[len(z)-4:] }, headers: gzipHeader}, code: "Client.Transport.Gzip"},
		{name: "compressed, with something behind it", message: message{wire: func(s string) string { return zipped(s) + "x" }, headers: gzipHeader}, code: "Client.Transport.Gzip"},
		{name: "compressed, in two streams", message: message{wire: func(s string) string { return zipped(s[:100]) + zipped(s[100:]) }, headers: gzipHeader}, code: "Client.Transport.Gzip"},
		{name: "compressed nothing", message: message{wire: func(string) string { return zipped("") }, headers: gzipHeader}, code: "Client.Transport.Empty"},
		{name: "compressed, and too large", message: message{wire: func(s string) string { return zipped(s + strings.Repeat(" ", 200<<10)) }, headers: gzipHeader}, code: "Client.Transport.TooLarge", status: 413},
		{name: "SOAP with Attachments", message: message{media: media(`multipart/related; type="text/xml"; boundary=b`)}, code: "Client.Transport.MediaType", status: 415},
		{name: "too large", message: message{wire: func(s string) string { return s + strings.Repeat(" ", 200<<10) }}, code: "Client.Transport.TooLarge", status: 413},
		{name: "empty", message: message{wire: media("")}, code: "Client.Transport.Empty"},
		// Who sends.
		{name: "no certificate", message: message{tls: "nobody"}, code: "Client.Peer.CertificateMissing", status: 403},
		{name: "unknown certificate", message: message{tls: "court-p384"}, code: "Client.Peer.CertificateUnknown", status: 403},
		{name: "expired certificate", message: message{tls: "expired"}, code: "Client.Peer.CertificateExpired", status: 403},
		{name: "certificate whose registration has ended", message: message{tls: "switch"}, code: "Client.Peer.CertificateExpired", status: 403},
		{name: "another agency's connection", message: message{tls: "other-court"}, code: "Client.Signature.CertificateUnknown"},
		{name: "another agency's connection and signature", message: message{tls: "other-court", signer: "other-court"}, code: "Client.Package.WrongSubmitter"},
		{name: "another county's court's order", message: message{tls: "other-court", signer: "other-court", pack: sample("<SubmitterOrganizationORIIdentification>CA030013J", "<SubmitterOrganizationORIIdentification>CA002013J")}, code: "Client.Package.WrongCourt"},
		// XML.
		{name: "not XML", message: message{wire: media("hello")}, code: "Client.Xml.NotWellFormed"},
		{name: "cut off", message: message{wire: func(s string) string { return s[:len(s)-20] }}, code: "Client.Xml.NotWellFormed"},
		{name: "something after the end", message: message{wire: func(s string) string { return s + "<x/>" }}, code: "Client.Xml.NotWellFormed"},
		{name: "DOCTYPE", message: message{wire: edit("<soap:Envelope", `<!DOCTYPE x SYSTEM "file:///etc/hostname"><soap:Envelope`)}, code: "Client.Xml.Doctype"},
		{name: "entities that multiply", message: message{wire: edit("<soap:Envelope", `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><soap:Envelope`)}, code: "Client.Xml.Doctype"},
		{name: "entity without a declaration", message: message{signed: edit("Marc", "&marc;")}, code: "Client.Xml.BadReference"},
		{name: "processing instruction", message: message{wire: edit("<soap:Body>", "<?php x?><soap:Body>")}, code: "Client.Xml.ProcessingInstruction"},
		{name: "comment in the package", message: message{signed: edit("Marc", "Ma<!-- -->rc")}, code: "Client.Xml.Comment"},
		{name: "CDATA in the package", message: message{signed: edit("Marc", "<![CDATA[Marc]]>")}, code: "Client.Xml.Cdata"},
		{name: "UTF-16", message: message{wire: func(s string) string { return "\xff\xfe" + strings.Join(strings.Split(s, ""), "\x00") + "\x00" }}, code: "Client.Xml.Encoding"},
		{name: "Latin-1 declared", message: message{wire: edit(`encoding="UTF-8"`, `encoding="ISO-8859-1"`)}, code: "Client.Xml.Encoding"},
		{name: "Latin-1 bytes", message: message{signed: edit("Marc", "M\xe1rc")}, code: "Client.Xml.NotUTF8"},
		{name: "nested too deep", message: message{wire: addHeader(strings.Repeat(`<x:a xmlns:x="urn:x">`, 70) + strings.Repeat("</x:a>", 70))}, code: "Client.Xml.TooDeep"},
		{name: "xsi:type", message: message{signed: edit("<PackageHeader>", `<PackageHeader xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x">`)}, code: "Client.Xml.ForbiddenAttribute"},
		{name: "attribute twice", message: message{wire: edit("<soap:Body>", `<soap:Body a="1" a="2">`)}, code: "Client.Xml.DuplicateAttribute"},
		{name: "prefix without declaration", message: message{wire: edit("<soap:Body>", `<soap:Body><y:x/>`)}, code: "Client.Xml.UndeclaredPrefix"},
		// Envelope.
		{name: "no envelope", message: message{wire: media(`<Order xmlns="urn:ccpor:exchange:service:1.0"/>`)}, code: "Client.Envelope.Version"},
		{name: "1.2 announced as 1.1", message: message{edition: soap.SOAP12, media: media("text/xml")}, code: "Client.Envelope.VersionMix", only: soap.SOAP12},
		{name: "1.1 announced as 1.2", message: message{edition: soap.SOAP11, media: media("application/soap+xml")}, code: "Client.Envelope.VersionMix", only: soap.SOAP11},
		{name: "empty Body", message: message{wire: envelope11("")}, code: "Client.Envelope.EmptyBody", only: soap.SOAP11},
		{name: "two operations", message: message{wire: edit("</soap:Body>", `<GetSubmissionStatus xmlns="urn:ccpor:exchange:service:1.0"/></soap:Body>`)}, code: "Client.Envelope.CrowdedBody"},
		{name: "unknown operation", message: message{wire: envelope11(`<CancelOrder xmlns="urn:ccpor:exchange:service:1.0"/>`)}, code: "Client.Operation.Unknown", only: soap.SOAP11},
		{name: "operation of another namespace", message: message{wire: envelope11(`<SubmitOrder xmlns="urn:other"/>`)}, code: "Client.Operation.Unknown", only: soap.SOAP11},
		{name: "header to be understood", message: message{wire: addHeader(`<w:Security xmlns:w="urn:w" soap:mustUnderstand="1"/>`)}, code: "Client.Envelope.MustUnderstand"},
		{name: "answer elsewhere", message: message{wire: addHeader(`<a:ReplyTo xmlns:a="` + soap.NamespaceA + `"><a:Address>http://127.0.0.1/</a:Address></a:ReplyTo>`)}, code: "Client.Envelope.Addressing"},
		{name: "another operation's action", message: message{headers: map[string]string{"SOAPAction": `"urn:ccpor:exchange:service:1.0/GetSubmissionStatus"`}}, code: "Client.Envelope.Action"},
		{name: "another operation's action in the header", message: message{wire: addHeader(`<a:Action xmlns:a="` + soap.NamespaceA + `">urn:other</a:Action>`)}, code: "Client.Envelope.Action"},
		// Operation.
		{name: "no package", message: message{signed: media("")}, code: "Client.Package.Missing"},
		{name: "attachment before the package", message: message{wire: edit(`<OrderPackage`, `<Attachment><AttachmentIdentification>a</AttachmentIdentification><AttachmentContent/></Attachment><OrderPackage`)}, code: "Client.Package.Missing"},
		{name: "two packages", message: message{signed: func(s string) string { return s + s }}, code: "Client.Operation.Malformed"},
		{name: "attachment without content", message: message{wire: func(s string) string { return strings.ReplaceAll(s, "AttachmentContent", "Content") }}, code: "Client.Operation.Malformed"},
		{name: "package without end of size", message: message{pack: sample("<SoftwareName>Sample Case Manager<", "<SoftwareName>"+strings.Repeat("Sample", 4000)+"<")}, code: "Client.Package.TooLarge"},
		{name: "package that outgrows its size when written canonically", message: message{signed: edit("Sample Case Manager", strings.Repeat(">", 8<<10))}, code: "Client.Package.TooLarge"},
		// Signature.
		{name: "unsigned", message: message{signer: "none"}, code: "Client.Signature.Missing"},
		{name: "changed after signing", message: message{signed: edit(">100<", ">1<")}, code: "Client.Signature.DigestMismatch"},
		{name: "signature over something else", message: message{signed: edit(`URI="#package"`, `URI="#another"`)}, code: "Client.Signature.WrongReference"},
		{name: "two signatures", message: message{signed: func(s string) string {
			return signature.ReplaceAllStringFunc(s, func(x string) string { return x + x })
		}}, code: "Client.Signature.TwoSignatures"},
		{name: "signature at the end", message: message{signed: func(s string) string {
			return strings.Replace(signature.ReplaceAllString(s, ""), "</OrderPackage>", signature.FindString(s)+"</OrderPackage>", 1)
		}}, code: "Client.Signature.NotFirstChild"},
		{name: "one Id twice, inside", message: message{signed: edit("<PackageHeader>", `<PackageHeader Id="package">`)}, code: "Client.Signature.DuplicateId"},
		{name: "one Id twice, in a header", message: message{wire: addHeader(`<x:Order xmlns:x="urn:x" x:Id="package"/>`)}, code: "Client.Signature.DuplicateId"},
		{name: "signed with an unregistered key", message: message{signer: "court-p384"}, code: "Client.Signature.CertificateUnknown"},
		{name: "signed with another agency's key", message: message{signer: "other-court"}, code: "Client.Signature.CertificateUnknown"},
		{name: "signed with an expired certificate", message: message{signer: "expired"}, code: "Client.Signature.CertificateExpired"},
		{name: "signature value of another", message: message{signed: func(s string) string { return signatureValue.ReplaceAllString(s, "${1}AAAA") }}, code: "Client.Signature.SignatureMismatch"},
		// Schema.
		{name: "invalid by the schema", message: message{pack: sample(">100<", ">a hundred<")}, code: "Client.Schema.Invalid"},
		{name: "element missing", message: message{pack: sample("<CaseDocketID>26NF0886</CaseDocketID>", "")}, code: "Client.Schema.Invalid"},
		{name: "day that does not exist", message: message{pack: sample("<CourtOrderIssuingDate>2026-11-19", "<CourtOrderIssuingDate>2026-02-30")}, code: "Client.Schema.Invalid"},
		// Rules.
		{name: "unknown form", message: message{pack: sample("CR-160", "XX-999")}, code: "Client.Rule.FormUnknown"},
		{name: "unknown revision", message: message{pack: sample("2019-01-22", "1999-01-01")}, code: "Client.Rule.FormRevisionUnknown"},
		{name: "made in the future", message: message{pack: sample("<CourtOrderIssuingDate>2026-11-19", "<CourtOrderIssuingDate>2027-11-19")}, code: "Client.Rule.IssuedInFuture"},
		{name: "ends before it begins", message: message{pack: sample("<OrderExpirationDate>2029", "<OrderExpirationDate>2025")}, code: "Client.Rule.ExpiryBeforeIssue"},
		{name: "served in the future", message: message{pack: edit("<CourtOrderServiceDate>2026", "<CourtOrderServiceDate>2027")(sampleService()), noImages: true}, code: "Client.Rule.ServedInFuture"},
		// Images.
		{name: "image missing", message: message{noImages: true}, code: "Client.Image.Missing"},
		{name: "surplus image", message: message{images: []client.Attachment{image("order-image", pdf), image("another", pdf)}}, code: "Client.Image.Surplus"},
		{name: "image twice", message: message{images: []client.Attachment{image("order-image", pdf), image("order-image", pdf)}}, code: "Client.Image.Twice"},
		{name: "image of another length", message: message{images: []client.Attachment{image("order-image", append(bytes.Clone(pdf), '\n'))}}, code: "Client.Image.SizeMismatch"},
		{name: "another image", message: message{images: []client.Attachment{image("order-image", other)}}, code: "Client.Image.DigestMismatch"},
		{name: "another image, as a part", message: message{mtom: true, images: []client.Attachment{image("order-image", other)}}, code: "Client.Image.DigestMismatch"},
		{name: "no base64", message: message{wire: edit("<AttachmentContent>", "<AttachmentContent>!")}, code: "Client.Image.Encoding"},
		{name: "base64 with blanks that XML does not know", message: message{wire: edit("JVBERi", "JVBE\u00a0Ri")}, code: "Client.Image.Encoding"},
		{name: "not what its type says", message: message{pack: sample("application/pdf", "image/tiff")}, code: "Client.Image.MediaMismatch"},
		{name: "PDF without its end", message: message{pack: withImage(pdf[:40]), images: []client.Attachment{image("order-image", pdf[:40])}}, code: "Client.Image.MediaMismatch"},
		{name: "image larger than the agency may send", message: message{pack: withImage(large()), images: []client.Attachment{image("order-image", large())}, mtom: true}, code: "Client.Image.TooLarge"},
		// Parts.
		{name: "part missing", message: message{mtom: true, wire: edit("cid:image-1", "cid:image-2")}, code: "Client.Mtom.PartMissing"},
		{name: "part outside the message", message: message{mtom: true, wire: edit("cid:image-1%40client", "https://127.0.0.1/image")}, code: "Client.Mtom.PartMissing"},
		{name: "part used twice", message: message{mtom: true, images: []client.Attachment{image("order-image", pdf), image("b", pdf)}, wire: edit("cid:image-2", "cid:image-1")}, code: "Client.Mtom.PartTwice"},
		{name: "two parts of one name", message: message{mtom: true, images: []client.Attachment{image("order-image", pdf), image("b", pdf)}, wire: edit("<image-2", "<image-1")}, code: "Client.Mtom.PartTwice"},
		{name: "part that nobody uses", message: message{mtom: true, wire: edit("--MIME-boundary--", "--MIME-boundary\r\nContent-ID: <x>\r\n\r\nx\r\n--MIME-boundary--")}, code: "Client.Mtom.PartUnused"},
		{name: "part cut off", message: message{mtom: true, wire: func(s string) string { return s[:len(s)-30] }}, code: "Client.Mtom.Parts"},
		{name: "multipart without parts", message: message{mtom: true, wire: media("--MIME-boundary--")}, code: "Client.Mtom.Parts"},
		{name: "multipart that is none", message: message{mtom: true, wire: media("hello")}, code: "Client.Mtom.Parts"},
	}
}

func withImage(content []byte) string {
	sum, was := sha256.Sum256(content), sha256.Sum256(pdf)
	s := strings.Replace(sampleOrder(), hex.EncodeToString(was[:]), hex.EncodeToString(sum[:]), 1)
	return strings.Replace(s, "<DocumentByteCount>"+strconv.Itoa(len(pdf)), "<DocumentByteCount>"+strconv.Itoa(len(content)), 1)
}

func large() []byte {
	return append(append([]byte("%PDF-1.4\n"), make([]byte, 70<<10)...), "%%EOF\n"...)
}

// realStore is a database with two courts.
func realStore(t *testing.T) *store.Store {
	t.Helper()
	s := storetest.New(t)
	ids := map[string]store.AgencyID{}
	for _, a := range []store.Agency{
		{ORI: courtORI, Name: "Superior Court of California, County of Orange", County: "Orange", CarposName: "ORANGE", Submits: true, MaxDocumentBytes: 64 << 10},
		{ORI: otherORI, Name: "Superior Court of California, County of Alpine", County: "Alpine", CarposName: "ALPINE", Submits: true},
	} {
		id, err := s.RegisterAgency(t.Context(), a)
		check(t, err)
		ids[string(a.ORI)] = id
	}
	for _, c := range []struct {
		name, ori string
		use       store.Use
		years     int // until when, from now
	}{
		{"court-rsa", courtORI, store.UseTLS, 1}, {"court-rsa", courtORI, store.UseSigning, 1}, {"court-p256", courtORI, store.UseSigning, 1},
		{"expired", courtORI, store.UseSigning, 1}, {"switch", courtORI, store.UseTLS, -1},
		{"other-court", otherORI, store.UseTLS, 1}, {"other-court", otherORI, store.UseSigning, 1},
	} {
		check(t, s.RegisterCertificate(t.Context(), ids[c.ori], c.use, keyPair(t, c.name).cert, now.AddDate(-2, 0, 0), now.AddDate(c.years, 0, 0)))
	}
	return s
}

// Every kind of bad input gets its code, its status and its edition, is kept with its reasons, and does no harm to what comes after.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	c := parts(t, s)
	c.Limits = Limits{MessageBytes: 192 << 10, PackageBytes: 16 << 10, StrangersPerMinute: 1000}
	r := start(t, c)
	answers := &collected{}
	for i, bad := range refusedCases() {
		for _, e := range []soap.Edition{soap.SOAP11, soap.SOAP12} {
			if bad.only != 0 && bad.only != e {
				continue
			}
			t.Run(fmt.Sprintf("%s, %v", bad.name, e), func(t *testing.T) {
				m := bad.message
				m.edition = e
				id := fmt.Sprintf("bad-%d-%d", i, e)
				reply := r.send(t, m, id)
				answers.add(reply.Body)
				checkRefusal(t, reply, bad, e)
				if agency := or(m.tls, "court-rsa"); agency == "court-rsa" || agency == "other-court" {
					checkKept(t, r, reply, bad.code, agency, answers)
				}
				good, err := r.send(t, message{edition: e}, id).Receipt()
				if err != nil || good.Duplicate {
					t.Errorf("a good package afterwards: %+v, %v", good, err)
				}
			})
		}
	}
	answers.validate(t)
	for _, private := range []string{"Jones", "Marc", "Smith", "26NF0886"} {
		if strings.Contains(r.log.String(), private) {
			t.Errorf("the log says %q", private)
		}
	}
}

func checkRefusal(t *testing.T, reply *client.Reply, bad refusedCase, e soap.Edition) {
	t.Helper()
	_, err := reply.Receipt()
	var fault *client.Fault
	if !errors.As(err, &fault) {
		t.Fatalf("no fault: %v\n%s", err, reply.Body)
	}
	status := bad.status
	if status == 0 {
		status = http.StatusBadRequest
		if answered(reply) == soap.SOAP11 {
			status = http.StatusInternalServerError
		}
	}
	if fault.Code != bad.code || reply.Status != status {
		t.Errorf("%s with HTTP %d, want %s with %d\n%s", fault.Code, reply.Status, bad.code, status, reply.Body)
	}
	kinds := map[soap.Edition]string{soap.SOAP11: "Client", soap.SOAP12: "Sender"}
	switch bad.code {
	case "Client.Envelope.MustUnderstand":
		kinds = map[soap.Edition]string{soap.SOAP11: "MustUnderstand", soap.SOAP12: "MustUnderstand"}
	case "Client.Envelope.Version":
		kinds = map[soap.Edition]string{soap.SOAP11: "VersionMismatch", soap.SOAP12: "VersionMismatch"}
	}
	if fault.Kind != kinds[answered(reply)] || bad.media == nil && answered(reply) != e {
		t.Errorf("answered as %v with %s", answered(reply), fault.Kind)
	}
	if fault.Text == "" || fault.Tracking == "" || fault.Correlation != reply.Correlation || fault.Whose == "" || fault.Retry {
		t.Errorf("the fault does not say all: %+v", fault)
	}
}

func answered(r *client.Reply) soap.Edition {
	if bytes.Contains(r.Body, []byte(soap.Namespace12)) {
		return soap.SOAP12
	}
	return soap.SOAP11
}

// checkKept asks for the refusal by its tracking number, as its sender can.
func checkKept(t *testing.T, r running, reply *client.Reply, code, agency string, answers *collected) {
	t.Helper()
	_, err := reply.Receipt()
	var fault *client.Fault
	if !errors.As(err, &fault) {
		return
	}
	body, contentType := client.StatusRequest(fault.Tracking, "", client.Options{})
	answer := r.post(t, agency, body, contentType, nil)
	answers.add(answer.Body)
	kept, err := answer.Submission()
	if err != nil || kept.State != "refused" || kept.FaultCode != code || len(kept.Problems) == 0 {
		t.Errorf("kept as %+v, %v", kept, err)
	}
}

// collected are answers that the contract's own schema has to judge.
type collected struct {
	mu  sync.Mutex
	all [][]byte
}

func (c *collected) add(answer []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, answer)
}

var payload = regexp.MustCompile(`(?s)<(SubmissionFault|[A-Za-z]+Response)( .*)</(SubmissionFault|[A-Za-z]+Response)>`)

func (c *collected) validate(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	files, err := wsdl.Schemas()
	check(t, err)
	for name, b := range files {
		check(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	args := []string{"--noout", "--nonet", "--schema", filepath.Join(dir, "service-1.0.xsd")}
	for i, answer := range c.all {
		file := filepath.Join(dir, fmt.Sprintf("%d.xml", i))
		check(t, os.WriteFile(file, payload.Find(answer), 0o600))
		args = append(args, file)
	}
	if out, err := exec.Command("xmllint", args...).CombinedOutput(); err != nil {
		t.Errorf("answers against the contract: %v\n%s", err, out)
	}
}
