package exchange

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/wsdl"
)

// caller is one of the four who ask: of the court or another agency, over a certificate for tests or for orders.
type caller struct {
	key   string
	own   bool // of the court, whose the two submissions are
	tests bool
}

// cell is one question: somebody, whose agency lacks one grant or none, about the court's order or its test.
type cell struct {
	caller
	lacks store.Grant // empty: none
	test  bool        // what is asked about
	n     int
}

func (c cell) reaches() bool { return c.own && c.tests == c.test }

// matrix is a running hub with an order and a test of the same identifications.
type matrix struct {
	restSide
	tracking map[bool]string // of the order's submission and the test's
}

// asking is a row: what an operation needs, how it is asked, and what by rule is answered to those who are granted it.
type asking struct {
	needs []store.Grant
	ask   func(t *testing.T, m matrix, c cell) string
	rule  func(c cell) string
}

func always(answer string) func(cell) string { return func(cell) string { return answer } }

func ownOr(code string) func(cell) string {
	return func(c cell) string {
		if c.reaches() {
			return "ok"
		}
		return code
	}
}

func sameKindOr(code string) func(cell) string {
	return func(c cell) string {
		if c.tests == c.test {
			return "ok"
		}
		return code
	}
}

func kind(c cell) string { return fmt.Sprint("test ", c.tests) }

// sent is what becomes of a package of the court that says it is a test, or not.
func sent(ok func(cell) string) func(cell) string {
	return func(c cell) string {
		switch {
		case c.test && !c.tests:
			return "Client.Package.TestOverLive"
		case !c.own:
			return "Client.Package.WrongSubmitter"
		}
		return ok(c)
	}
}

// askings are the rows. Which operations there are is not theirs to say: TestEveryOperationHasItsRow.
var askings = map[string]asking{
	"SubmitOrder":         {[]store.Grant{store.GrantSubmit}, submits("SubmitOrder"), sent(kind)},
	"ValidateOrder":       {[]store.Grant{store.GrantSubmit}, submits("ValidateOrder"), sent(always("ok"))},
	"GetSubmissionStatus": {nil, soapAsks("GetSubmissionStatus", trackingXML), ownOr("Client.Operation.NotFound")},
	"ListSubmissions":     {nil, soapSees("ListSubmissions", func(matrix, cell) string { return "" }, theTracking), ownOr("nothing")},
	"SearchOrders": {[]store.Grant{store.GrantQuery}, soapSees("SearchOrders", func(_ matrix, c cell) string {
		return requesterXML("judicialOfficer") + "<CaseDocketID>" + caseOf(c.test) + "</CaseDocketID>"
	}, func(matrix, cell) string { return "<OrderSummary>" }), sameKindOr("nothing")},
	"GetOrder": {[]store.Grant{store.GrantQuery}, soapSees("GetOrder", func(matrix, cell) string {
		return requesterXML("judicialOfficer") + namedOrder
	}, func(_ matrix, c cell) string { return caseOf(c.test) }), sameKindOr("nothing")},
	"GetOrderImage": {[]store.Grant{store.GrantQuery, store.GrantImages}, soapAsks("GetOrderImage", func(m matrix, c cell) string {
		return requesterXML("judicialOfficer") + namedOrder + trackingXML(m, c) + "<DocumentIdentification>order-image</DocumentIdentification>"
	}), sameKindOr("Client.Query.NotFound")},
	"GetPolicy": {nil, soapAsks("GetPolicy", func(matrix, cell) string { return "" }), always("ok")},
	"Ping":      {nil, soapKind, kind},

	"GET submissions":            {nil, getSees("submissions"), ownOr("nothing")},
	"GET submissions/{tracking}": {nil, func(t *testing.T, m matrix, c cell) string { return m.getCode(c, "submissions/"+m.tracking[c.test]) }, ownOr("Client.Operation.NotFound")},
	"GET policy":                 {nil, func(t *testing.T, m matrix, c cell) string { return m.getCode(c, "policy") }, always("ok")},
	"GET ping": {nil, func(t *testing.T, m matrix, c cell) string {
		_, _, body := m.request(c.key, http.MethodGet, APIPath+"ping", true)
		return fmt.Sprint("test ", strings.Contains(string(body), `"test":true`))
	}, kind},
}

func caseOf(test bool) string { return map[bool]string{true: "26TEST", false: "26LIVE"}[test] }

func theTracking(m matrix, c cell) string { return m.tracking[c.test] }

func trackingXML(m matrix, c cell) string {
	return "<TrackingIdentification>" + m.tracking[c.test] + "</TrackingIdentification>"
}

var faultIn = regexp.MustCompile(`<FaultCode>([^<]+)</FaultCode>`)

// codeOf is the first code that an answer tells, or "ok".
func codeOf(r *client.Reply) string {
	if code := faultIn.FindSubmatch(r.Body); code != nil {
		return string(code[1])
	}
	return "ok"
}

func soapAsks(operation string, content func(matrix, cell) string) func(*testing.T, matrix, cell) string {
	return func(t *testing.T, m matrix, c cell) string {
		return codeOf(m.asks(t, c.key, operation, content(m, c), soap.SOAP12))
	}
}

// soapSees is "ok" where the answer holds a text, and "nothing" where it holds it not.
func soapSees(operation string, content, text func(matrix, cell) string) func(*testing.T, matrix, cell) string {
	return func(t *testing.T, m matrix, c cell) string {
		r := m.asks(t, c.key, operation, content(m, c), soap.SOAP12)
		if r.Status != http.StatusOK {
			return codeOf(r)
		}
		return saw(strings.Contains(string(r.Body), text(m, c)))
	}
}

func saw(seen bool) string {
	if seen {
		return "ok"
	}
	return "nothing"
}

func soapKind(t *testing.T, m matrix, c cell) string {
	return toldKind(m.asks(t, c.key, "Ping", "", soap.SOAP12))
}

func toldKind(r *client.Reply) string {
	if code := codeOf(r); code != "ok" {
		return code
	}
	return fmt.Sprint("test ", strings.Contains(string(r.Body), "<TestIndicator>true<"))
}

func getSees(path string) func(*testing.T, matrix, cell) string {
	return func(t *testing.T, m matrix, c cell) string {
		_, _, body := m.request(c.key, http.MethodGet, APIPath+path, true)
		return saw(strings.Contains(string(body), m.tracking[c.test]))
	}
}

func (m matrix) getCode(c cell, path string) string {
	status, _, body := m.request(c.key, http.MethodGet, APIPath+path, true)
	var p problemDetails
	if status != http.StatusOK && json.Unmarshal(body, &p) == nil {
		return p.Code
	}
	return "ok"
}

// submits sends a new package of the court's.
func submits(operation string) func(*testing.T, matrix, cell) string {
	return func(t *testing.T, m matrix, c cell) string {
		pack := strings.Replace(sampleOrder(), "<TestIndicator>false<", fmt.Sprintf("<TestIndicator>%v<", c.test), 1)
		body, contentType := message{pack: pack, signer: c.key}.request(t, fmt.Sprintf("%s-%d", operation, c.n))
		r := m.post(t, c.key, []byte(strings.ReplaceAll(string(body), "SubmitOrder", operation)), strings.ReplaceAll(contentType, "SubmitOrder", operation), nil)
		if operation == submitOrder {
			return toldKind(r)
		}
		return codeOf(r)
	}
}

var callers = []caller{{"court-rsa", true, false}, {"court-p256", true, true}, {"other-court", false, false}, {"other-court-p256", false, true}}

// newMatrix registers the four callers and has the court send an order and a test with the same identifications.
func newMatrix(t *testing.T) (matrix, *store.Store) {
	t.Helper()
	s := storetest.New(t)
	for _, a := range []store.Agency{{ORI: courtORI, Name: "Superior Court of California, County of Orange", County: "Orange", Submits: true}, {ORI: otherORI, Name: "Superior Court of California, County of Alpine", County: "Alpine", Submits: true}} {
		id, err := s.RegisterAgency(t.Context(), a)
		check(t, err)
		for _, c := range callers {
			if c.own != (a.ORI == courtORI) {
				continue
			}
			register := s.RegisterCertificate
			if c.tests {
				register = s.RegisterTestCertificate
			}
			for _, use := range []store.Use{store.UseTLS, store.UseSigning} {
				check(t, register(t.Context(), id, use, keyPair(t, c.key).cert, now.AddDate(-2, 0, 0), now.AddDate(1, 0, 0)))
			}
		}
	}
	m := matrix{startAPI(t, parts(t, s)), map[bool]string{}}
	for _, c := range callers[:2] {
		receipt, err := m.send(t, message{tls: c.key, signer: c.key, pack: sample("26NF0886", caseOf(c.tests))}, "one").Receipt()
		check(t, err)
		if receipt.Duplicate || receipt.Test != c.tests || receipt.Entry.Owed == c.tests {
			t.Fatalf("%s: %+v", c.key, receipt)
		}
		m.tracking[c.tests] = string(receipt.Tracking)
		a, err := s.AgencyByORI(t.Context(), courtORI)
		check(t, err)
		for told := 0; told == 0; { // a list tells what is older than every transaction under way, other tests' too
			page, err := s.List(t.Context(), store.ListQuery{Reach: store.Reach{Agency: a.ID, Test: c.tests}, Limit: 1})
			check(t, err)
			told = len(page.Submissions)
		}
	}
	return m, s
}

// Every operation, asked by everybody about everything, with every grant missing once: what is answered is what the rules say.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	m, s := newMatrix(t)
	n := 0
	for _, lacks := range append(store.Grants(), "") {
		for _, ori := range []order.ORI{courtORI, otherORI} {
			grantAllBut(t, s, ori, lacks)
		}
		for _, operation := range slices.Sorted(maps.Keys(askings)) {
			row := askings[operation]
			for _, who := range callers {
				for _, test := range []bool{false, true} {
					n++
					c := cell{who, lacks, test, n}
					want := row.rule(c)
					if slices.Contains(row.needs, lacks) {
						want = "Client.Operation.NotGranted"
					}
					if got := row.ask(t, m, c); got != want {
						t.Errorf("%s by %s about test %v without %q: %s, want %s", operation, who.key, test, lacks, got, want)
					}
				}
			}
		}
	}
	if want := len(askings) * len(callers) * 2 * (len(store.Grants()) + 1); n != want {
		t.Errorf("%d cells, want %d", n, want)
	}
}

func grantAllBut(t *testing.T, s *store.Store, ori order.ORI, lacks store.Grant) {
	t.Helper()
	_, err := s.SetGrants(t.Context(), ori, store.By{Actor: "a test"}, now, true, store.Grants()...)
	check(t, err)
	if lacks != "" {
		_, err = s.SetGrants(t.Context(), ori, store.By{Actor: "a test"}, now, false, lacks)
		check(t, err)
	}
}

// A revoked certificate opens nothing and signs nothing any more, and the agency's others go on; what was accepted is still told.
func TestRevokedOverTheWire(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	receipt, err := r.send(t, message{signer: "court-p256"}, "one").Receipt()
	check(t, err)
	check(t, s.Revoke(t.Context(), courtORI, sha256.Sum256(keyPair(t, "court-p256").cert.Raw), "key lost", store.By{Actor: "a test"}, now))
	refusedWith(t, "signed with it", r.send(t, message{signer: "court-p256"}, "two"), "Client.Signature.CertificateRevoked")
	_, err = r.send(t, message{}, "three").Receipt()
	check(t, err)
	if again, err := r.as(t, "court-rsa").Status(t.Context(), receipt.Tracking, "", client.Options{}); err != nil || again.Tracking != receipt.Tracking {
		t.Errorf("what was accepted before: %+v, %v", again, err)
	}
	check(t, s.Revoke(t.Context(), courtORI, sha256.Sum256(keyPair(t, "court-rsa").cert.Raw), "key lost", store.By{Actor: "a test"}, now))
	reply := r.asks(t, "court-rsa", "Ping", "", soap.SOAP12)
	refusedWith(t, "connected with it", reply, "Client.Peer.CertificateRevoked")
	last, err := s.LastRefusals(t.Context(), now.Add(-time.Minute), 9)
	if err != nil || len(last) != 2 || last[0].Stage != "receive" && last[1].Stage != "receive" || last[0].Who == last[1].Who {
		t.Errorf("on record: %+v, %v", last, err)
	}
}

// An operation that is new has a row here and in the table of grants, or this fails.
func TestEveryOperationHasItsRow(t *testing.T) {
	t.Parallel()
	contract, err := wsdl.At("https://hub.example/soap")
	check(t, err)
	there := map[string]bool{submitOrder: true}
	for _, name := range regexp.MustCompile(`<wsdl:operation name="([^"]+)"`).FindAllStringSubmatch(string(contract.WSDL()), -1) {
		there[name[1]] = true
	}
	for name := range operations {
		there[name] = true
	}
	for path := range resources {
		there["GET "+path] = true
	}
	want := slices.Sorted(maps.Keys(there))
	if got := slices.Sorted(maps.Keys(askings)); !slices.Equal(got, want) {
		t.Errorf("rows of the test: %v\noperations: %v", got, want)
	}
	if got := slices.Sorted(maps.Keys(grants)); !slices.Equal(got, want) {
		t.Errorf("rows of the table: %v\noperations: %v", got, want)
	}
}
