package soap_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ccpor/exchange/soap"
)

const nasty = "a<b>&\"c'\r\n\t\x00\x1b\xff\uFFFEé]]>"

func faultOf(kind soap.FaultKind) soap.Fault {
	return soap.Fault{Kind: kind, Subcode: "Client.Test.Nasty", Namespace: service, Reason: nasty, Detail: func(w *soap.Writer) {
		w.Open("Detail", "xmlns", service, "note", nasty)
		w.Leaf("Text", nasty)
		w.Optional("Nothing", "")
		w.Int("Line", 7)
		w.Bool("Retry", true)
		w.Close("Detail")
	}}
}

// Whatever goes in, the answer is well-formed for libxml2 and says what was meant.
func TestAnswersAreWellFormed(t *testing.T) {
	t.Parallel()
	to := soap.Addressing{Used: true, MessageID: nasty}
	for name, answer := range map[string][]byte{
		"fault11.xml": soap.AnswerFault(soap.SOAP11, to, faultOf(soap.Sender)),
		"fault12.xml": soap.AnswerFault(soap.SOAP12, to, faultOf(soap.Receiver)),
		"answer.xml":  soap.Answer(soap.SOAP12, soap.Addressing{}, "urn:done", func(w *soap.Writer) { w.Leaf("Done", nasty, "xmlns", service) }),
	} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, answer, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("xmllint", "--noout", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", name, err, out, answer)
		}
	}
}

func TestFaultShapes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		edition soap.Edition
		kind    soap.FaultKind
		want    string
		not     string
	}{
		{soap.SOAP11, soap.Sender, "<faultcode>soap:Client</faultcode>", "Subcode"},
		{soap.SOAP11, soap.Receiver, "<faultcode>soap:Server</faultcode>", "Subcode"},
		{soap.SOAP11, soap.NotUnderstood, "<faultcode>soap:MustUnderstand</faultcode>", "Subcode"},
		{soap.SOAP12, soap.Sender, "<soap:Value>soap:Sender</soap:Value>", "faultcode"},
		{soap.SOAP12, soap.Receiver, "<soap:Value>soap:Receiver</soap:Value>", "faultcode"},
		{soap.SOAP12, soap.WrongVersion, "<soap:Value>soap:VersionMismatch</soap:Value>", "faultcode"},
		{soap.SOAP12, soap.Sender, `<soap:Value xmlns:sub="` + service + `">sub:Client.Test.Nasty</soap:Value>`, "faultcode"},
	} {
		got := soap.AnswerFault(c.edition, soap.Addressing{}, faultOf(c.kind))
		if !bytes.Contains(got, []byte(c.want)) || bytes.Contains(got, []byte(c.not)) || bytes.Contains(got, []byte("encodingStyle")) {
			t.Errorf("%v, kind %d: %s", c.edition, c.kind, got)
		}
	}
}

func TestAnswerRelatesToTheRequest(t *testing.T) {
	t.Parallel()
	done := func(w *soap.Writer) { w.Leaf("Done", "", "xmlns", service) }
	with := soap.Answer(soap.SOAP11, soap.Addressing{Used: true, MessageID: "urn:uuid:1"}, "urn:done", done)
	for _, want := range []string{"<wsa:RelatesTo>urn:uuid:1</wsa:RelatesTo>", "<wsa:Action>urn:done</wsa:Action>"} {
		if !bytes.Contains(with, []byte(want)) {
			t.Errorf("no %s in %s", want, with)
		}
	}
	if without := soap.Answer(soap.SOAP11, soap.Addressing{}, "urn:done", done); bytes.Contains(without, []byte("Header")) {
		t.Errorf("a header that nobody asked for: %s", without)
	}
}

func FuzzWriter(f *testing.F) {
	f.Add(nasty)
	f.Fuzz(func(t *testing.T, s string) {
		d := xml.NewDecoder(bytes.NewReader(soap.Answer(soap.SOAP11, soap.Addressing{Used: true, MessageID: s}, s, func(w *soap.Writer) { w.Leaf("a", s, "b", s) })))
		for {
			if _, err := d.Token(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}
