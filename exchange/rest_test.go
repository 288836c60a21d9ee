package exchange

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"ccpor/exchange/soap"
	"ccpor/store"
)

// restSide is a running hub with its reading side, and a judge of everything that it answers.
type restSide struct {
	running
	t     *testing.T
	base  string
	judge validator.Validator
}

func startAPI(t *testing.T, c Config) restSide {
	t.Helper()
	r := start(t, c)
	mux := http.NewServeMux()
	mux.Handle("/soap", r.hub)
	mux.Handle(APIPath, r.hub.API())
	log := r.log
	r = serve(t, r.hub, mux)
	r.log = log
	document, err := libopenapi.NewDocument(openAPI)
	check(t, err)
	judge, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return restSide{r, t, strings.TrimSuffix(r.url, "/soap"), judge}
}

// request asks with a certificate's name and gives the answer, which the description must know if described is set.
func (r restSide) request(as, method, path string, described bool) (int, http.Header, []byte) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, nil)
	check(r.t, err)
	if as == "nobody" {
		as = ""
	}
	res, err := r.transport(r.t, as).RoundTrip(req)
	check(r.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	check(r.t, err)
	if described {
		res.Body = io.NopCloser(bytes.NewReader(body))
		if ok, errs := r.judge.ValidateHttpResponse(req, res); !ok {
			for _, e := range errs {
				r.t.Errorf("%s %s: %s: %s %v\n%s", method, path, e.Message, e.Reason, e.SchemaValidationErrors, body)
			}
		}
	}
	return res.StatusCode, res.Header, body
}

func (r restSide) get(as, path string, into any) {
	r.t.Helper()
	status, header, body := r.request(as, http.MethodGet, APIPath+path, true)
	if status != http.StatusOK || header.Get("Content-Type") != "application/json" || header.Get("X-Correlation-ID") == "" || header.Get("Cache-Control") != "no-store" {
		r.t.Fatalf("%s: %d %v %s", path, status, header, body)
	}
	check(r.t, json.Unmarshal(body, into))
}

func TestOpenAPIDocument(t *testing.T) {
	t.Parallel()
	r := startAPI(t, parts(t, newMemory(t)))
	if ok, errs := r.judge.ValidateDocument(); !ok {
		for _, e := range errs {
			t.Errorf("%s: %s %v", e.Message, e.Reason, e.SchemaValidationErrors)
		}
	}
	status, _, body := r.request("nobody", http.MethodGet, APIPath+"openapi.json", false)
	if status != http.StatusOK || !bytes.Equal(body, openAPI) {
		t.Errorf("%d", status)
	}
	// Every resource and each of its parameters is described, and nothing else.
	var doc struct {
		Paths map[string]struct {
			Get struct {
				Parameters []struct{ Name, In string }
			}
		}
	}
	check(t, json.Unmarshal(openAPI, &doc))
	if len(doc.Paths) != len(resources) {
		t.Errorf("%d paths are described, there are %d", len(doc.Paths), len(resources))
	}
	for path, resource := range resources {
		var described []string
		for _, p := range doc.Paths["/"+path].Get.Parameters {
			if p.In == "query" {
				described = append(described, p.Name)
			}
		}
		if fmt.Sprint(described) != fmt.Sprint(resource.params) {
			t.Errorf("%s: described with %v, asked with %v", path, described, resource.params)
		}
	}
}

func TestReadingSide(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	c := parts(t, s)
	r := startAPI(t, c)
	var ping apiPing
	r.get("court-rsa", "ping", &ping)
	if ping.Agency != courtORI || !ping.Time.Equal(now) || ping.Policy != r.hub.edition() {
		t.Errorf("%+v", ping)
	}
	receipt, err := r.send(t, message{}, "one").Receipt()
	check(t, err)
	_, err = r.send(t, message{pack: sample("<CourtOrderStageCode>preTrial", "<CourtOrderStageCode>emergency")}, "two").Receipt()
	if err == nil {
		t.Fatal("a broken rule was taken")
	}
	r.asks(t, "court-rsa", "ListSubmissions", "<CursorText>x</CursorText>", soap.SOAP11) // a refused question is no submission
	var list apiList
	for end := time.Now().Add(time.Minute); len(list.Submissions) < 2 && time.Now().Before(end); runtime.Gosched() {
		r.get("court-rsa", "submissions", &list)
	}
	if len(list.Submissions) != 2 || list.Submissions[0].Tracking != receipt.Tracking || list.Submissions[0].Transmission != store.StateReady || list.Submissions[1].Fault != "Client.Rule.StageNotOfForm" || list.More {
		t.Fatalf("%+v", list)
	}
	var first, second apiList
	r.get("court-rsa", "submissions?limit=1", &first)
	r.get("court-rsa", "submissions?since="+first.Cursor, &second)
	if !first.More || len(first.Submissions) != 1 || len(second.Submissions) != 1 || second.Submissions[0].State != store.SubmissionRefused {
		t.Errorf("%+v, then %+v", first, second)
	}
	for query, want := range map[string]int{"state=accepted": 1, "state=refused": 1, "action=add": 2, "action=serve": 0, "package=P-one": 1, "package=P-none": 0,
		"from=2000-01-01T00:00:00Z": 2, "from=2100-01-01T00:00:00%2B01:00": 0} {
		var some apiList
		if r.get("court-rsa", "submissions?"+query, &some); len(some.Submissions) != want {
			t.Errorf("%s: %d, want %d", query, len(some.Submissions), want)
		}
	}
	var one apiSubmission
	r.get("court-rsa", "submissions/"+strings.ToLower(string(receipt.Tracking)), &one)
	if one.MessageSHA256 != receipt.MessageSHA256 || one.PackageSHA256 != receipt.PackageSHA256 || !one.Owed || len(one.Transmissions) != 1 || one.Order != "O-one" || len(one.Stages) == 0 {
		t.Errorf("%+v", one)
	}
	var refused apiSubmission
	if r.get("court-rsa", "submissions/"+string(list.Submissions[1].Tracking), &refused); len(refused.Problems) == 0 || refused.Owed {
		t.Errorf("%+v", refused)
	}
	var others apiList
	if r.get("other-court", "submissions", &others); len(others.Submissions) != 0 {
		t.Errorf("another agency's submissions: %+v", others)
	}
	if r.get("other-court", "submissions?package=P-one", &others); len(others.Submissions) != 0 {
		t.Errorf("another agency's package: %+v", others)
	}
	trail, err := s.AuditTrail(t.Context(), "submission "+string(receipt.Tracking), 10)
	check(t, err)
	if len(trail) == 0 || trail[0].Action != "submission.read" || trail[0].Actor != "agency CA030013J" {
		t.Errorf("the read is not on record: %+v", trail)
	}
}

// Both ways of answering tell one policy.
func TestPolicyAsJSON(t *testing.T) {
	t.Parallel()
	c := parts(t, newMemory(t))
	c.Seal = hubSealer(t)
	r := startAPI(t, c)
	var p apiPolicy
	r.get("court-rsa", "policy", &p)
	xml := string(r.asks(t, "court-rsa", "GetPolicy", "", soap.SOAP11).Body)
	if p.Edition != r.hub.edition() || len(p.Forms) != strings.Count(xml, "<Form>") || len(p.Codes) != strings.Count(xml, "<CodeList>") || len(p.Limits) != strings.Count(xml, "<Limit>") ||
		len(p.Errors) != strings.Count(xml, "<ErrorCode>") || len(p.Algorithms) != strings.Count(xml, "<SignatureAlgorithmURI>") || len(p.Expirations) != strings.Count(xml, "<ExpirationRule>") || len(p.Maintenance) != 1 || len(p.Windows) != 1 || !p.Windows[0].Starts.Equal(now.Add(time.Hour)) || strings.Count(xml, "<MaintenanceWindow>") != 1 || strings.Count(xml, "<MaintenanceText>"+p.Maintenance[0]+"<") != 1 || len(p.Errors) == 0 {
		t.Errorf("%d forms, %d lists, %d limits, %d errors against\n%s", len(p.Forms), len(p.Codes), len(p.Limits), len(p.Errors), xml)
	}
	if der := c.Seal.Certificate().Raw; len(p.Receipts) != 1 || !bytes.Equal(p.Receipts[0], der) || !strings.Contains(xml, "<ReceiptCertificate>"+base64.StdEncoding.EncodeToString(der)+"<") {
		t.Error("the certificate of receipts is another")
	}
	for _, f := range p.Forms {
		if !strings.Contains(xml, "<FormNumberText>"+f.Number+"</FormNumberText>") {
			t.Errorf("%s is in one of them only", f.Number)
		}
	}
}

func TestReadingSideRefuses(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := startAPI(t, parts(t, s))
	receipt, err := r.send(t, message{}, "one").Receipt()
	check(t, err)
	own := string(receipt.Tracking)
	slip := strings.Map(func(c rune) rune {
		if c == rune(own[0]) {
			return map[bool]rune{true: '3', false: '2'}[c == '2']
		}
		return c
	}, own)
	for _, bad := range []struct {
		as, method, path string
		status           int
		code             string
	}{
		{"nobody", "GET", "ping", 403, "Client.Peer.CertificateMissing"},
		{"court-p384", "GET", "submissions", 403, "Client.Peer.CertificateUnknown"},
		{"expired", "GET", "policy", 403, "Client.Peer.CertificateExpired"},
		{"switch", "GET", "policy", 403, "Client.Peer.CertificateExpired"},
		{"other-court", "GET", "submissions/" + own, 404, "Client.Operation.NotFound"},
		{"court-rsa", "GET", "submissions/" + slip, 400, "Client.Operation.TrackingNumber"},
		{"court-rsa", "GET", "submissions/..%2f..%2fsoap", 400, "Client.Operation.TrackingNumber"},
		{"court-rsa", "GET", "submissions?limit=0", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?limit=501", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?limit=-1", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?since=x", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?state=lost", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?action=adD", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?from=2026-11-19", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?limit=1&limit=2", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?agency=CA002013J", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?package=P-one&limit=1", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?package=", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?package=P%00", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?since=%zz", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "submissions?state=" + strings.Repeat("a", 600), 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "ping?x=1", 400, "Client.Operation.Malformed"},
		{"court-rsa", "GET", "orders", 404, "Client.Resource.Unknown"},
		{"court-rsa", "POST", "submissions", 405, "Client.Resource.Method"},
		{"court-rsa", "DELETE", "submissions/" + own, 405, "Client.Resource.Method"},
		{"nobody", "DELETE", "submissions/" + own, 403, "Client.Peer.CertificateMissing"},
	} {
		status, header, body := r.request(bad.as, bad.method, APIPath+bad.path, false)
		var p problemDetails
		check(t, json.Unmarshal(body, &p))
		if status != bad.status || p.Status != status || p.Code != bad.code || p.Type != "urn:ccpor:exchange:fault:"+bad.code || header.Get("Content-Type") != "application/problem+json" ||
			p.Correlation == "" || p.Correlation != header.Get("X-Correlation-ID") || p.Title == "" {
			t.Errorf("%s %s as %s: %d %s, want %d %s", bad.method, bad.path, bad.as, status, body, bad.status, bad.code)
		}
		if status == http.StatusMethodNotAllowed && header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: no Allow", bad.path)
		}
		trail, err := s.AuditTrail(t.Context(), "", 1)
		check(t, err)
		if len(trail) != 1 || trail[0].Action != "read.refuse" || !strings.Contains(trail[0].Details, bad.code) || !strings.Contains(trail[0].Details, p.Correlation) || (trail[0].Actor == "stranger") != (bad.status == 403) {
			t.Errorf("%s: on record is %+v", bad.path, trail)
		}
	}
	for _, described := range []string{"submissions?limit=0", "submissions/" + slip, "submissions/" + own} {
		r.request("other-court", http.MethodGet, APIPath+described, true)
	}
}

// What cannot be put on record is not told, and a panic ends no process.
func TestReadingSideWithoutAStore(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	r := startAPI(t, parts(t, m))
	m.mu.Lock()
	m.audit = func() error { return errors.New("no room") }
	m.mu.Unlock()
	for _, path := range []string{"submissions", "submissions?package=P-1", "submissions?limit=0"} {
		status, header, body := r.request("court-rsa", http.MethodGet, APIPath+path, true)
		if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || !bytes.Contains(body, []byte("Server.Unavailable")) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	m.mu.Lock()
	m.audit = func() error { panic("Marc Jones") }
	m.mu.Unlock()
	status, _, body := r.request("court-rsa", http.MethodGet, APIPath+"submissions", true)
	if status != http.StatusInternalServerError || !bytes.Contains(body, []byte("Server.Internal")) || strings.Contains(r.log.String()+string(body), "Jones") {
		t.Errorf("%d %s\n%s", status, body, r.log.String())
	}
}

// An agency that has agreed to sign its messages is not let in by a side where nothing can be signed.
func TestReadingSideKeepsToTheAgreement(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := startAPI(t, parts(t, s))
	grant(t, s, func(a *store.Agency) { a.MessageSignature = store.MessageSignatureRequired })
	for path := range resources {
		status, _, body := r.request("court-rsa", http.MethodGet, APIPath+strings.Replace(path, "{tracking}", "0000-0000-00", 1), true)
		if status != http.StatusBadRequest || !bytes.Contains(body, []byte("Client.MessageSignature.Missing")) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
