package client_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/schemas/canon"
)

const pack = `<OrderPackage xmlns="urn:ccpor:exchange:package:1.0" Id="p"><PackageHeader/></OrderPackage>`

// The package goes into the message byte for byte, whatever stands around it.
func TestRequestKeepsThePackage(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"bare": pack, "with declaration": `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + pack + "\n", "with byte order mark": "\ufeff" + pack,
	} {
		for _, o := range []client.Options{{}, {Edition: soap.SOAP12}, {MTOM: true}, {Edition: soap.SOAP12, MTOM: true, MessageID: "urn:uuid:1"}} {
			body, contentType, err := client.Request([]byte(doc), []client.Attachment{{ID: "a", Content: []byte("%PDF\r\n\x00")}}, o)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Count(body, []byte(pack)) != 1 || bytes.Count(body, []byte("<?xml")) != 1 {
				t.Errorf("%s, %+v: %s", name, o, body)
			}
			ct, err := soap.ParseContentType(contentType)
			if err != nil || o.Edition != 0 && ct.Edition != o.Edition || ct.Multipart != o.MTOM {
				t.Errorf("%s: %s: %+v, %v", name, contentType, ct, err)
			}
			m, err := soap.Split(body, ct)
			if err != nil {
				t.Fatalf("%s: %v\n%q", name, err, body)
			}
			if o.MTOM {
				if got, _, err := m.Take("cid:image-1%40client"); err != nil || string(got) != "%PDF\r\n\x00" {
					t.Errorf("part %q, %v", got, err)
				}
			}
		}
	}
}

func TestRequestIsWellFormed(t *testing.T) {
	t.Parallel()
	body, _, err := client.Request([]byte(pack), []client.Attachment{{ID: `a<"&`, Content: []byte("x")}}, client.Options{Edition: soap.SOAP12, MessageID: "<m>"})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "request.xml")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("xmllint", "--noout", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, body)
	}
}

func TestRequestRefuses(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{"", "hello", pack + pack, "<!DOCTYPE x>" + pack, pack[:40]} {
		_, _, err := client.Request([]byte(doc), nil, client.Options{})
		var gate *canon.Error
		if !errors.As(err, &gate) {
			t.Errorf("%q: %v", doc, err)
		}
	}
	if _, _, err := client.Request([]byte(pack), []client.Attachment{{ID: "a", Content: []byte("x--edge")}}, client.Options{MTOM: true, Boundary: "edge"}); err == nil {
		t.Error("an image with the boundary in it goes out")
	}
}

// answer is a hub that gives one answer.
func answer(t *testing.T, status int, header, body string) *client.Client {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", header)
		w.WriteHeader(status)
		if _, err := w.Write([]byte(body)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	config := s.Client().Transport.(*http.Transport).TLSClientConfig
	c := client.New(s.URL, config)
	t.Cleanup(c.Close)
	return c
}

func TestReadsFaultsOfBothVersions(t *testing.T) {
	t.Parallel()
	fault := soap.Fault{Kind: soap.Receiver, Subcode: "Server.Unavailable", Namespace: "urn:ccpor:exchange:service:1.0", Reason: "Later.", Detail: func(w *soap.Writer) {
		w.Open("SubmissionFault", "xmlns", "urn:ccpor:exchange:service:1.0")
		w.Leaf("FaultCode", "Server.Unavailable")
		w.Leaf("FaultText", "Later.")
		w.Bool("RetryIndicator", true)
		w.Leaf("TrackingIdentification", "7K4M-X2Q9-PC")
		w.Open("Problem")
		w.Leaf("ProblemCode", "Client.Schema.ValueEmpty")
		w.Int("LineNumber", 7)
		w.Close("Problem")
		w.Close("SubmissionFault")
	}}
	for e, kind := range map[soap.Edition]string{soap.SOAP11: "Server", soap.SOAP12: "Receiver"} {
		c := answer(t, http.StatusServiceUnavailable, "5", string(soap.AnswerFault(e, soap.Addressing{}, fault)))
		_, err := c.Submit(t.Context(), []byte(pack), nil, client.Options{Edition: e})
		var f *client.Fault
		if !errors.As(err, &f) || f.Code != "Server.Unavailable" || f.Kind != kind || !f.Retry || f.Status != 503 || f.RetryAfter != 5*time.Second ||
			f.Tracking != "7K4M-X2Q9-PC" || len(f.Problems) != 1 || f.Problems[0].Line != 7 || !strings.Contains(f.Error(), "7K4M-X2Q9-PC") {
			t.Errorf("%v: %+v", e, err)
		}
	}
}

// What is no answer of a hub is an error, and no receipt.
func TestReadsNothingIntoOtherAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>Bad Gateway</html>", `<e:Envelope xmlns:e="` + soap.Namespace11 + `"><e:Body/></e:Envelope>`, "not XML"} {
		c := answer(t, http.StatusOK, "", body)
		if r, err := c.Submit(t.Context(), []byte(pack), nil, client.Options{}); err == nil || r.Tracking != "" {
			t.Errorf("%q is read as %+v", body, r)
		}
		if s, err := c.Status(t.Context(), "7K4M-X2Q9-PC", "", client.Options{}); err == nil || s.Tracking != "" {
			t.Errorf("%q is read as %+v", body, s)
		}
	}
	c := answer(t, http.StatusOK, "", strings.Repeat(" ", 9<<20))
	if _, err := c.Submit(t.Context(), []byte(pack), nil, client.Options{}); err == nil || !strings.Contains(err.Error(), "longer") {
		t.Errorf("endless answer: %v", err)
	}
}
