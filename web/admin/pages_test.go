package admin

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/mapping/places"
	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/web/site"
	"ccpor/web/site/sitetest"
)

// now is a Tuesday noon in California.
var now = time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC)

const (
	court    order.ORI = "CA030013J"
	far      order.ORI = "CA019013J"
	operator order.ORI = "CA0349901"
)

// office is the pages over a store, with whoever comes, and listeners that confirm or do not.
type office struct {
	*testing.T
	*store.Store
	who       site.Visitor
	confirmed bool
	tried     []string
	letters   []string
	site      *site.Site
}

func (o *office) WriteTo(ctx context.Context, id store.PersonID, kind store.LetterKind) error {
	o.letters = append(o.letters, fmt.Sprintf("%d %s", id, kind))
	return o.Store.WriteTo(ctx, id, kind)
}

func (o *office) Check(url string) error {
	if !strings.HasPrefix(url, "https://") {
		return errors.New("https is needed")
	}
	return nil
}

func (o *office) Try(_ context.Context, l store.Listener) (bool, string) {
	o.tried = append(o.tried, l.URL)
	return o.confirmed, map[bool]string{true: "It was confirmed.", false: "Nobody answered there."}[o.confirmed]
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, Store: storetest.New(t)}
	for ori, kind := range map[order.ORI]access.Kind{court: access.KindCourt, far: access.KindCourt, operator: access.KindOperator} {
		_, err := o.RegisterAgency(t.Context(), store.Agency{ORI: ori, Name: "Agency " + string(ori), County: map[order.ORI]string{court: "Orange", far: "Los Angeles"}[ori], Kind: kind,
			Submits: !kind.Central(), ReadOnly: kind.Central()})
		o.must(err)
	}
	zone, err := time.LoadLocation("America/Los_Angeles")
	o.must(err)
	register, err := places.Load()
	o.must(err)
	c := sitetest.Config(o.Store, &o.who, func() time.Time { return now })
	c.Zone, c.Notices = zone, Notices(o.Store, zone, c.Now)
	o.site = sitetest.Open(t, c, &Pages{Store: o, Places: register, Listeners: o, Zone: zone})
	o.who = system()
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func system() site.Visitor {
	return site.Visitor{ID: 9001, Login: "sam@operator.example", Name: "Sam System", Agency: "The exchange",
		Asker: access.Asker{Kind: access.KindOperator, Agency: operator, Roles: []access.Role{access.SystemAdministrator}}}
}

func administrator(kind access.Kind, ori order.ORI) site.Visitor {
	return site.Visitor{ID: 9002, Login: "ada@court.example", Name: "Ada Admin", Agency: "Agency " + string(ori), Asker: access.Asker{Kind: kind, Agency: ori, Roles: []access.Role{access.AgencyAdministrator}}}
}

// page is what came of a request.
type page struct {
	code     int
	to, body string
}

func (o *office) send(r *http.Request) page {
	o.Helper()
	w := sitetest.Send(o.site, r)
	return page{w.Code, w.Header().Get("Location"), w.Body.String()}
}

func (o *office) get(path string) page {
	o.Helper()
	return o.send(sitetest.Request(o, path, nil))
}

// post sends a form: names and values by turns.
func (o *office) post(path string, pairs ...string) page {
	o.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return o.send(sitetest.Request(o, path, form))
}

// upload sends a form with a file.
func (o *office) upload(path string, file []byte, pairs ...string) page {
	o.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		o.must(w.WriteField(pairs[i], pairs[i+1]))
	}
	part, err := w.CreateFormFile("file", "court.pem")
	o.must(err)
	_, err = part.Write(file)
	o.must(errors.Join(err, w.Close()))
	r := httptest.NewRequestWithContext(o.Context(), http.MethodPost, sitetest.URL+path, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return o.send(r)
}

// says fails where an answer has another status, or lacks a text.
func (o *office) says(what string, p page, code int, texts ...string) {
	o.Helper()
	if p.code != code {
		o.Errorf("%s: %d to %q, want %d\n%s", what, p.code, p.to, code, sitetest.Main(p.body))
		return
	}
	for _, text := range texts {
		if !strings.Contains(p.body+"to "+p.to, text) {
			o.Errorf("%s lacks %q:\n%s", what, text, sitetest.Main(p.body))
		}
	}
}

// key is a file of testdata/keys.
func (o *office) key(name string) []byte {
	o.Helper()
	b, err := os.ReadFile("../../testdata/keys/" + name)
	o.must(err)
	return b
}

// last is the newest entry about an object.
func (o *office) last(object string) store.Event {
	o.Helper()
	trail, err := o.AuditTrail(o.Context(), object, 1)
	o.must(err)
	if len(trail) == 0 {
		return store.Event{}
	}
	return trail[0]
}

// entry is the newest of an action about an object.
func (o *office) entry(object, action string) store.Event {
	o.Helper()
	trail, err := o.AuditTrail(o.Context(), object, 100)
	o.must(err)
	for _, e := range trail {
		if e.Action == action {
			return e
		}
	}
	return store.Event{}
}

const goodAgency = "/agencies/new"

func newCourt(change ...string) []string {
	form := []string{"ori", "CA001013J", "name", "Superior Court of California, County of Alameda", "kind", "court", "county", "Alameda", "enters", "hub", "signature", "accepted"}
	for i := 0; i < len(change); i += 2 {
		for j := 0; j < len(form); j += 2 {
			if form[j] == change[i] {
				form[j+1] = change[i+1]
				change[i] = ""
			}
		}
		if change[i] != "" {
			form = append(form, change[i], change[i+1])
		}
	}
	return form
}

// An agency comes aboard in four steps, each of which leads on to what is missing.
func TestComingAboard(t *testing.T) {
	t.Parallel()
	o := open(t)
	at := "/agencies/CA001013J"
	o.says("the form, begun with a court", o.get("/agencies/new?like=001"), 200, "Superior Court of California, County of Alameda", `value="ALAMEDA COUNTY SUPERIOR COURT"`, `value="CA001"`, "Tolowa Dee-ni&#39; Nation Tribal Court")
	o.says("registered", o.post(goodAgency, newCourt()...), 303, "to "+at+"/aboard")
	if e := o.entry("agency CA001013J", "agency.add"); e.Person != 9001 || e.Agency != operator || e.Actor != "person sam@operator.example, CA0349901" {
		t.Errorf("on record: %+v", e)
	}
	o.says("what is missing", o.get(at+"/aboard"), 200, "A certificate for the connection is missing", "Invite the first administrator")

	for _, use := range []string{"tls", "signing"} {
		shown := o.upload(at+"/certificates", o.key("court-p256.crt"), "do", "look", "use", use, "kind", "live")
		o.says("the certificate is shown", shown, 200, "It is not registered yet", "ECDSA, P-256", "SHA-256")
		if certs, err := o.CertificatesOf(t.Context(), "CA001013J"); err != nil || len(certs) > 0 && use == "tls" {
			t.Errorf("taken before it was said: %v, %v", certs, err)
		}
		o.says("trusted", o.post(at+"/certificates", "do", "trust", "use", use, "kind", "live", "der", sitetest.Hidden(shown.body, "der")), 303, "to "+at+"/aboard")
	}
	if e := o.entry("agency CA001013J", "certificate.trust"); e.Person != 9001 {
		t.Errorf("on record: %+v", e)
	}
	o.says("a contact", o.post(at+"/contacts", "do", "add", "kind", "office", "name", "Clerk's office", "telephone", "555-0100"), 303, "to "+at+"/aboard")
	o.says("the form of the first administrator", o.get(at+"/people"), 200, `value="agencyAdministrator" checked`)
	o.says("invited", o.post(at+"/people", "name", "Ada Admin", "login", "ada@alameda.example", "role", "agencyAdministrator"), 303, "to /people/")
	o.says("aboard", o.get(at+"/aboard"), 200, "Nothing is missing: the agency is aboard.")
	o.says("the page", o.get(at), 200, "Clerk&#39;s office", "555-0100", "the exchange enters its orders, on any line", "Connection (TLS)", "send packages, be told of changes")
	if e := o.entry("person ada@alameda.example", "person.invite"); e.Person != 9001 || !strings.Contains(e.Details, "agencyAdministrator") {
		t.Errorf("on record: %+v", e)
	}
	o.says("in the list", o.get("/agencies?county=Alameda"), 200, "County of Alameda", "in ")
	if p := o.get("/agencies?ending=yes"); p.code != 200 || strings.Contains(p.body, "County of Alameda</a>") || !strings.Contains(p.body, "Agency "+string(far)) || strings.Contains(p.body, "Agency "+string(operator)) {
		t.Errorf("certificates that are a matter for somebody: %s", sitetest.Main(p.body))
	}
	o.says("a tribal court without a county", o.post(goodAgency, newCourt("ori", "CA012013J", "kind", "tribalCourt", "name", "Hoopa Valley Tribal Court", "county", "")...), 303)
	o.says("its page", o.get("/agencies/CA012013J"), 200, "Hoopa Valley Tribe", "the number of Humboldt")
	o.says("a help desk", o.post(goodAgency, newCourt("ori", "CA0349902", "kind", "helpDesk", "name", "Help desk", "county", "")...), 303)
	if a, err := o.AgencyByORI(t.Context(), "CA0349902"); err != nil || a.Submits || !a.ReadOnly || !a.NoCallbacks {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestAgenciesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	o := open(t)
	_, err := o.ChangeAgency(t.Context(), far, store.By{Actor: "a test"}, now, func(a *store.Agency, _ bool) error { a.Mnemonic = "CCP2"; return nil })
	o.must(err)
	for what, c := range map[string]struct {
		change []string
		text   string
	}{
		"no ORI":                {[]string{"ori", "ca-1"}, "An ORI has nine characters"},
		"an ORI that is taken":  {[]string{"ori", string(court), "county", "Orange"}, "registered under this ORI already"},
		"a mnemonic taken":      {[]string{"mnemonic", "ccp2"}, "go on this line"},
		"a bad mnemonic":        {[]string{"mnemonic", "C P"}, "four letters or digits"},
		"another county's ORI":  {[]string{"county", "Orange"}, "the number of the county of Alameda"},
		"no county":             {[]string{"county", ""}, "A superior court has a county"},
		"a county of nowhere":   {[]string{"county", "Atlantis"}, "one of California&#39;s counties"},
		"no kind":               {[]string{"kind", "tavern"}, "Choose what the agency is"},
		"no name":               {[]string{"name", " "}, "A name has 1 to 100 characters"},
		"a name of two lines":   {[]string{"name", "a\nb"}, "A name has 1 to 100 characters"},
		"a long name in CARPOS": {[]string{"carpos", strings.Repeat("X", 31)}, "at most 30 characters"},
		"another without ORI":   {[]string{"enters", "other"}, "Name that agency by its ORI"},
		"nobody enters":         {[]string{"enters", "nobody"}, "Choose who enters its orders"},
		"a signature of sorts":  {[]string{"signature", "maybe"}, "Choose one of the three"},
	} {
		o.says(what, o.post(goodAgency, newCourt(c.change...)...), 422, c.text, "Nothing was changed")
	}
	if a, err := o.AgencyByORI(t.Context(), "CA001013J"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("registered: %+v, %v", a, err)
	}
	o.says("a name that is a page", o.post(goodAgency, newCourt("name", `<script>alert("x")</script>`)...), 303)
	for _, path := range []string{"/agencies", "/agencies/CA001013J", "/agencies/CA001013J/edit", "/agencies/CA001013J/aboard", "/agencies/CA001013J/people"} {
		if p := o.get(path); p.code != 200 || strings.Contains(p.body, "<script>alert") || !strings.Contains(p.body, "&lt;script&gt;") {
			t.Errorf("%s: %d %s", path, p.code, sitetest.Main(p.body))
		}
	}
}

func TestChangingAnAgency(t *testing.T) {
	t.Parallel()
	o := open(t)
	at := "/agencies/" + string(court)
	o.says("the form", o.get(at+"/edit"), 200, `value="Agency CA030013J"`)
	form := newCourt("ori", string(far), "name", "Another name", "county", "Orange", "enters", "other", "entered-by", "CA0300000", "test", "yes")
	o.says("changed", o.post(at+"/edit", form...), 303, "to "+at)
	a, err := o.AgencyByORI(t.Context(), court)
	if err != nil || a.Name != "Another name" || a.Submits || a.EnteredBy != "CA0300000" || !a.Test {
		t.Errorf("%+v, %v", a, err)
	}
	o.says("not changed", o.post(at+"/edit", newCourt("county", "Orange", "name", "")...), 422)
	o.says("grants", o.post(at+"/rights", "do", "grant", "grant", "query", "grant", "submit"), 303)
	if a, err = o.AgencyByORI(t.Context(), court); err != nil || !a.MayQuery || a.ReadOnly || a.MayImages || !a.NoCallbacks {
		t.Errorf("%+v, %v", a, err)
	}
	if e := o.entry("agency CA030013J", "agency.grant"); e.Outcome != "withheld" || e.Details != "callbacks" || e.Person != 9001 {
		t.Errorf("%+v", e)
	}
	o.says("limits", o.post(at+"/rights", "do", "limit", "rate", "2.5", "daily", "300"), 303)
	if a, err = o.AgencyByORI(t.Context(), court); err != nil || a.Limits != (store.AgencyLimits{PerSecond: 2.5, Daily: 300}) {
		t.Errorf("%+v, %v", a, err)
	}
	for _, bad := range []string{"-1", "0", "NaN", "Inf", "1e99", "2.5", "many"} {
		o.says("a limit of "+bad, o.post(at+"/rights", "do", "limit", "daily", bad), 422, "A limit is a number above 0")
	}
	o.says("the exchange's own sends", o.post("/agencies/"+string(operator)+"/rights", "do", "grant", "grant", "submit"), 422, "send no orders")
	o.says("nothing that is done", o.post(at+"/rights", "do", "dance"), 400)
}

// What the policy refuses is said in words, and nothing is kept.
func TestCertificatesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	o := open(t)
	at := "/agencies/" + string(court) + "/certificates"
	parse := func(name string) *x509.Certificate {
		block, _ := pem.Decode(o.key(name))
		cert, err := x509.ParseCertificate(block.Bytes)
		o.must(err)
		return cert
	}
	trust := store.Trust{Agency: far, Use: store.UseTLS, Certificate: parse("other-court.crt"), From: now.AddDate(0, -1, 0), To: now.AddDate(1, 0, 0)}
	o.must(o.TrustCertificate(t.Context(), trust, store.By{Actor: "a test"}, now))
	test := store.Trust{Agency: court, Use: store.UseTLS, Certificate: parse("court-p384.crt"), From: now.AddDate(0, -1, 0), To: now.AddDate(1, 0, 0), Test: true}
	o.must(o.TrustCertificate(t.Context(), test, store.By{Actor: "a test"}, now))
	own, key := o.key("court-rsa.crt"), o.key("court-rsa.key")
	for what, c := range map[string]struct {
		file []byte
		text string
	}{
		"one that has ended":     {o.key("expired.crt"), "the certificate ended on"},
		"a weak key":             {o.key("weak.crt"), "RSA of 2048 bits or more"},
		"another agency's":       {o.key("other-court.crt"), "registered for another agency"},
		"one for tests":          {o.key("court-p384.crt"), "registered for the other kind"},
		"no certificate":         {[]byte("<html>"), "holds no certificate"},
		"nothing":                {nil, "holds no certificate"},
		"with its private key":   {append(append([]byte{}, own...), key...), "holds a private key"},
		"several":                {append(append([]byte{}, own...), o.key("ca.crt")...), "holds 2 certificates"},
		"a file that is too big": {bytes.Repeat([]byte("x"), mostCertificate+1), "too long for a certificate"},
	} {
		p := o.upload(at, c.file, "do", "look", "use", "signing", "kind", "live")
		o.says(what, p, 422, c.text)
		if strings.Contains(p.body, "BEGIN") && strings.Contains(p.body, "MII") {
			t.Errorf("%s: the file comes back", what)
		}
	}
	o.says("huge", o.upload(at, bytes.Repeat([]byte("x"), 2<<20), "do", "look", "use", "signing", "kind", "live"), 400, "too long")
	o.says("no use", o.upload(at, own, "do", "look", "use", "hammer", "kind", "live"), 422, "Choose what the certificate is for")
	o.says("no file", o.post(at, "do", "look", "use", "tls", "kind", "live"), 422, "Choose the certificate&#39;s file")

	// The second step judges anew what comes with it.
	shown := o.upload(at, own, "do", "look", "use", "tls", "kind", "live")
	o.says("shown", shown, 200, "RSA, 2048 bits")
	expired := o.key("expired.crt")
	block, _ := pem.Decode(expired)
	o.says("swapped between the steps", o.post(at, "do", "trust", "use", "tls", "kind", "live", "der", base64Of(block.Bytes)), 422, "the certificate ended on")
	o.says("no DER", o.post(at, "do", "trust", "use", "tls", "kind", "live", "der", "%%%"), 400)
	o.says("no certificate", o.post(at, "do", "trust", "use", "tls", "kind", "live", "der", "AAAA"), 400)
	certs, err := o.CertificatesOf(t.Context(), court)
	if err != nil || len(certs) != 1 {
		t.Fatalf("%+v, %v", certs, err)
	}
	// DER is as good as PEM; and what is revoked does not come back.
	der, _ := pem.Decode(own)
	o.says("DER", o.upload(at, der.Bytes, "do", "look", "use", "tls", "kind", "live"), 200, "RSA, 2048 bits")
	o.says("taken", o.post(at, "do", "trust", "use", "tls", "kind", "live", "der", sitetest.Hidden(shown.body, "der")), 303)
	sum := strings.ReplaceAll(regexp.MustCompile(`([0-9a-f]{2}:){31}[0-9a-f]{2}`).FindString(shown.body), ":", "")
	o.says("revoked for no reason", o.post(at, "do", "revoke", "fingerprint", sum), 422, "Say why")
	o.says("none that is there", o.post(at, "do", "revoke", "fingerprint", strings.Repeat("ab", 32), "reason", "key lost"), 409)
	o.says("revoked", o.post(at, "do", "revoke", "fingerprint", sum, "reason", "key lost"), 303)
	o.says("again", o.upload(at, own, "do", "look", "use", "tls", "kind", "live"), 422, "was revoked")
	if e := o.entry("agency CA030013J", "certificate.revoke"); e.Person != 9001 || e.Agency != operator {
		t.Errorf("%+v", e)
	}
}

func TestContactsAndClosures(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.who = administrator(access.KindCourt, court)
	at := "/agencies/" + string(court)
	o.says("no contact", o.post(at+"/contacts", "do", "add", "kind", "office", "name", "Office"), 422, "A telephone number or an e-mail address is needed")
	o.says("a hostile one", o.post(at+"/contacts", "do", "add", "kind", "technical", "name", `"><img src=x>`, "email", "it@court.example"), 303, "to "+at+"/contacts")
	if p := o.get(at + "/contacts"); p.code != 200 || strings.Contains(p.body, "<img") {
		t.Errorf("%d %s", p.code, sitetest.Main(p.body))
	}
	contacts, err := o.ContactsOf(t.Context(), court)
	if err != nil || len(contacts) != 1 {
		t.Fatal(contacts, err)
	}
	id := fmt.Sprint(contacts[0].ID)
	o.says("removed", o.post(at+"/contacts", "do", "remove", "contact", id), 303)
	o.says("removed again", o.post(at+"/contacts", "do", "remove", "contact", id), 409)
	o.says("no number", o.post(at+"/contacts", "do", "remove", "contact", "x"), 400)

	o.says("closed", o.post(at+"/closures", "do", "close", "first", "2026-12-03", "last", "2026-12-04", "name", "Flood"), 303)
	o.says("shown", o.get(at+"/closures"), 200, "3 Dec 2026", "Flood")
	o.says("shown on its page", o.get(at), 200, "4 Dec 2026: Flood")
	for what, c := range map[string][]string{"no day": {"first", "soon", "name", "Flood"}, "backwards": {"first", "2026-12-03", "last", "2026-12-02", "name", "Flood"},
		"a year": {"first", "2026-12-03", "last", "2027-12-02", "name", "Flood"}, "for no reason": {"first", "2026-12-03"}} {
		o.says(what, o.post(at+"/closures", append(c, "do", "close")...), 422, "Nothing was changed")
	}
	o.says("open after all", o.post(at+"/closures", "do", "open", "day", "2026-12-03"), 303)
	o.says("open already", o.post(at+"/closures", "do", "open", "day", "2026-12-03"), 409)
	if e := o.entry("agency CA030013J", "agency.closure"); e.Person != 9002 || e.Agency != court {
		t.Errorf("%+v", e)
	}
}

func TestCallback(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.who = administrator(access.KindCourt, court)
	at := "/agencies/" + string(court) + "/callback"
	o.says("no test without an address", o.post(at, "do", "test"), 409)
	o.says("a host of the agency's choice", o.upload(at, o.key("court-p256.crt"), "do", "set", "url", "https://10.0.0.1:8443/", "soap", "1.2"), 422, "The operator of the exchange says on which host")
	o.who = system()
	o.says("set by the operator", o.upload(at, o.key("court-rsa.crt"), "do", "set", "url", "https://court.example/first", "soap", "1.1"), 303)
	o.who = administrator(access.KindCourt, court)
	o.says("another host", o.post(at, "do", "set", "url", "https://court.example:8443/", "soap", "1.2"), 422, "The operator of the exchange says on which host")
	o.says("in clear", o.upload(at, o.key("court-p256.crt"), "do", "set", "url", "http://court.example/", "soap", "1.2"), 422, "begins with https://")
	o.says("without a certificate", o.post(at, "do", "set", "url", "https://court.example/", "soap", "1.2"), 422, "Choose the certificate")
	o.says("another edition", o.upload(at, o.key("court-p256.crt"), "do", "set", "url", "https://court.example/", "soap", "3"), 422, "Choose one of the two")
	o.says("set", o.upload(at, o.key("court-p256.crt"), "do", "set", "url", "https://court.example/", "soap", "1.2"), 303)
	o.says("not confirmed", o.post(at, "do", "test"), 200, "Nobody answered there.")
	o.confirmed = true
	o.says("confirmed", o.post(at, "do", "test"), 200, "It was confirmed.")
	if fmt.Sprint(o.tried) != "[https://court.example/ https://court.example/]" {
		t.Errorf("tried %v", o.tried)
	}
	if e := o.last("agency CA030013J"); e.Action != "agency.callback" || e.Outcome != "tried, confirmed" || e.Person != 9002 {
		t.Errorf("%+v", e)
	}
	o.says("off", o.post(at, "do", "off"), 303)
	if l, err := o.ListenerOf(t.Context(), court); err != nil || l.Active || l.Certificate == nil {
		t.Errorf("%+v, %v", l, err)
	}
	_, err := o.SetGrants(t.Context(), court, store.By{Actor: "a test"}, now, false, store.GrantCallbacks)
	o.must(err)
	o.says("withheld", o.post(at, "do", "set", "url", "https://court.example/", "soap", "1.2"), 422, "withholds callbacks")
}

// Other agencies are for an agency's administrator as if there were none, and what is the operator's alone is refused.
func TestOthersAgencies(t *testing.T) {
	t.Parallel()
	o := open(t)
	theirs, err := o.InvitePerson(t.Context(), store.NewPerson{Agency: far, Login: "leo@far.example", Name: "Leo Far", Roles: []access.Role{access.CourtClerk}}, store.By{Actor: "a test"}, now)
	o.must(err)
	o.who = administrator(access.KindCourt, court)
	for _, rest := range []string{"", "/contacts", "/closures", "/callback", "/people"} {
		foreign, none := o.get("/agencies/"+string(far)+rest), o.get("/agencies/CA058013J"+rest)
		if foreign.code != 404 || foreign.body != none.body {
			t.Errorf("%s: %d\n%s\n%s", rest, foreign.code, sitetest.Main(foreign.body), sitetest.Main(none.body))
		}
		if rest == "" {
			continue
		}
		if p := o.post("/agencies/"+string(far)+rest, "do", "add", "name", "X", "kind", "office", "telephone", "1", "login", "x@court.example", "role", "courtClerk"); p.code != 404 {
			t.Errorf("%s: %d", rest, p.code)
		}
	}
	foreign, none := o.get(fmt.Sprintf("/people/%d", theirs.ID)), o.get("/people/99999")
	if foreign.code != 404 || foreign.body != none.body || o.post(fmt.Sprintf("/people/%d", theirs.ID), "do", "disable", "reason", "x").code != 404 {
		t.Errorf("%d\n%s\n%s", foreign.code, sitetest.Main(foreign.body), sitetest.Main(none.body))
	}
	for _, path := range []string{"/agencies/new", "/agencies/" + string(court) + "/edit", "/agencies/" + string(court) + "/rights", "/agencies/" + string(court) + "/certificates", "/agencies/" + string(court) + "/aboard", "/windows"} {
		if p := o.get(path); p.code != 403 {
			t.Errorf("%s: %d", path, p.code)
		}
	}
	o.says("the list leads to one's own", o.get("/agencies"), 303, "to /agencies/CA030013J")
	o.says("and so do people", o.get("/people"), 303, "to /agencies/CA030013J/people")
	if p := o.get("/agencies/" + string(court)); p.code != 200 || strings.Contains(p.body, "/certificates") || strings.Contains(p.body, "/rights") || !strings.Contains(p.body, "/closures") {
		t.Errorf("%d %s", p.code, sitetest.Main(p.body))
	}
	o.who.Roles = []access.Role{access.CourtClerk}
	if p := o.get("/agencies/" + string(court)); p.code != 200 || strings.Contains(p.body, "/closures") || strings.Contains(p.body, "/people") {
		t.Errorf("a clerk's: %d %s", p.code, sitetest.Main(p.body))
	}
	if p := o.get("/agencies/" + string(court) + "/people"); p.code != 403 {
		t.Errorf("a clerk sees people: %d", p.code)
	}
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// Every county's court has a name that CARPOS can show.
func TestNamesInCarposFit(t *testing.T) {
	t.Parallel()
	register, err := places.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range register.Counties() {
		if name := carposName(c.Name); len(name) > mostCarposName || !strings.HasPrefix(name, strings.ToUpper(c.Name)) {
			t.Errorf("%s: %s, %d characters", c.Name, name, len(name))
		}
	}
}
