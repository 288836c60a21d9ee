package notify_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertest"

	"ccpor/exchange/client"
	"ccpor/exchange/notify"
	"ccpor/exchange/seal"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

var noon = time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)

// clock is what a test says that the time is.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func testPair(t testing.TB, name string) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair("../../testdata/keys/"+name+".crt", "../../testdata/keys/"+name+".key")
	check(t, err)
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	check(t, err)
	return pair, cert
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lines is a log that tests can look into.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// scene is a store with courts whose orders move, and a hub that tells them.
type scene struct {
	t     testing.TB
	url   string
	store *store.Store
	clock *clock
	log   *lines
	seal  *seal.Sealer
	made  atomic.Int64
}

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{t: t, url: storetest.NewURL(t), clock: &clock{now: noon}, log: &lines{}}
	s.store = storetest.Open(t, s.url, store.Options{})
	pair, cert := testPair(t, "court-p256") // stands for the hub's signing key
	var err error
	s.seal, err = seal.New(pair.PrivateKey.(crypto.Signer), cert)
	check(t, err)
	return s
}

func (s *scene) court(n int) store.Agency {
	s.t.Helper()
	ori := order.ORI(fmt.Sprintf("CA0300%02dJ", n))
	_, err := s.store.RegisterAgency(s.t.Context(), store.Agency{ORI: ori, Name: fmt.Sprintf("Court %d", n), Submits: true})
	check(s.t, err)
	a, err := s.store.AgencyByORI(s.t.Context(), ori)
	check(s.t, err)
	return a
}

// move makes n orders of the court, each of which is held: one notice each.
func (s *scene) move(a store.Agency, n int) {
	s.t.Helper()
	for range n {
		i := s.made.Add(1)
		o := &order.Order{ID: order.LocalID(fmt.Sprintf("o-%d", i)), Case: "26NF0001", Court: order.Court{ORI: a.ORI}, Restrained: order.Restrained{Name: order.Name{Given: "Rowan", Surname: "Granite"}}}
		wire := []byte(fmt.Sprint("package ", i))
		r, err := s.store.Accept(s.t.Context(), store.Accepted{Agency: a, Package: order.LocalID(fmt.Sprintf("p-%d", i)), Action: store.ActionAdd, Order: o,
			Received: store.Received{At: noon, Wire: wire, Digest: sha256.Sum256(wire), Stages: []store.Stage{}}, Canonical: sha256.Sum256(wire), Algorithm: "x"})
		check(s.t, err)
		st, err := s.store.Status(s.t.Context(), r.Tracking)
		check(s.t, err)
		check(s.t, s.store.Hold(s.t.Context(), st.Transmissions[0].ID, store.Hold{Reason: "It lacks <something>.", Item: "3", At: noon}))
	}
}

func (s *scene) notifier(st *store.Store, change func(*notify.Config)) *notify.Notifier {
	s.t.Helper()
	own, _ := testPair(s.t, "switch")
	c := notify.Config{Seal: s.seal, Certificate: &own, Now: s.clock.Now, Jitter: func() float64 { return 0.5 }, Log: slog.New(slog.NewJSONHandler(s.log, nil))}
	if change != nil {
		change(&c)
	}
	n, err := notify.New(st, c)
	check(s.t, err)
	return n
}

// ear is a court's listener, open for mischief: meddle may answer instead.
type ear struct {
	client.Listener
	server *httptest.Server
	meddle atomic.Pointer[http.HandlerFunc]
	heard  chan client.Notice
	inside atomic.Int32
}

func (s *scene) ear(a store.Agency, certificate string) *ear {
	s.t.Helper()
	e := &ear{heard: make(chan client.Notice, 1000)}
	e.Listener = client.Listener{ORI: a.ORI, Hub: []*x509.Certificate{s.seal.Certificate()}, Keep: func(n client.Notice) error { e.heard <- n; return nil }}
	pair, _ := testPair(s.t, certificate)
	e.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if e.inside.Add(1) != 1 {
			s.t.Error("two notices of one agency at a time")
		}
		defer e.inside.Add(-1)
		if m := e.meddle.Load(); m != nil {
			(*m)(w, req)
			return
		}
		if len(req.TLS.PeerCertificates) == 0 || req.TLS.PeerCertificates[0].Subject.CommonName != "TEST switch - NEVER TRUST" {
			s.t.Error("the hub does not show its certificate")
		}
		e.ServeHTTP(w, req)
	}))
	e.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	e.server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert}
	e.server.StartTLS()
	s.t.Cleanup(e.server.Close)
	return e
}

func (s *scene) register(a store.Agency, url, edition, certificate string) {
	s.t.Helper()
	_, cert := testPair(s.t, certificate)
	check(s.t, s.store.RegisterListener(s.t.Context(), store.Listener{Agency: a.ID, URL: url, Edition: edition, Certificate: cert, Active: true}))
}

func (s *scene) deliver(n *notify.Notifier, a store.Agency) time.Duration {
	s.t.Helper()
	again, err := n.Deliver(s.t.Context(), a.ID)
	check(s.t, err)
	return again
}

func (s *scene) status() store.ListenerStatus {
	s.t.Helper()
	all, err := s.store.Listeners(s.t.Context())
	check(s.t, err)
	return all[0]
}

func (e *ear) numbers() (heard []int64) {
	for len(e.heard) > 0 {
		heard = append(heard, (<-e.heard).Number)
	}
	return heard
}

func TestDelivered(t *testing.T) {
	t.Parallel()
	for _, edition := range []string{"1.1", "1.2"} {
		for _, pinned := range []string{"hub", "ca"} {
			t.Run(edition+" "+pinned, func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				a := s.court(1)
				e := s.ear(a, "hub")
				s.register(a, e.server.URL, edition, pinned)
				s.move(a, 3)
				if again := s.deliver(s.notifier(s.store, nil), a); again != notify.Done {
					t.Errorf("again after %s", again)
				}
				first := <-e.heard
				want := client.Change{At: noon, Tracking: first.Change.Tracking, Package: "p-1", Order: "o-1", Transaction: "ERR", State: "held", Reason: "It lacks <something>.", Item: "3",
					NextWhose: "hub", NextText: first.Change.NextText}
				if *first.Change != want || first.Change.NextText == "" || first.Agency != a.ORI || first.Number != 1 || first.Missed != 0 || !first.SignedAt.Equal(noon) {
					t.Errorf("heard %+v %+v", first, first.Change)
				}
				if rest := e.numbers(); !slices.Equal(rest, []int64{2, 3}) {
					t.Errorf("then %v", rest)
				}
				if st := s.status(); st.Pending != 0 || st.Last != 3 {
					t.Errorf("%+v", st)
				}
			})
		}
	}
}

func says(status int, media, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func envelope11(body string) string {
	return `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>` + body + `</e:Body></e:Envelope>`
}

func confirms(number string) string {
	return envelope11(`<NotifySubmissionStatusResponse xmlns="urn:ccpor:exchange:listener:1.0"><NoticeNumber>` + number + `</NoticeNumber></NotifySubmissionStatusResponse>`)
}

const fault12 = `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text xml:lang="en">Rowan Granite</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>`

// Whatever goes wrong, it is known by its code only, nothing overtakes the notice, and it comes again under its number.
func TestWhatGoesWrong(t *testing.T) {
	t.Parallel()
	good := confirms("1")
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   notify.Code
	}{
		"status 500":              {says(500, "text/html", "<h1>Rowan Granite"), "http500"},
		"status 404":              {says(404, "text/xml", "<no/>"), "http404"},
		"not SOAP":                {says(200, "text/html", "<h1>hello"), notify.Unreadable},
		"nothing":                 {says(200, "text/xml", ""), notify.Unreadable},
		"not XML":                 {says(200, "text/xml", "{}"), notify.Unreadable},
		"a doctype":               {says(200, "text/xml", "<!DOCTYPE x [<!ENTITY e 'x'>]>"+good), notify.Unreadable},
		"another operation":       {says(200, "text/xml", envelope11(`<x xmlns="urn:x"/>`)), notify.Unreadable},
		"another namespace":       {says(200, "text/xml", strings.ReplaceAll(good, "listener:1.0", "listener:2.0")), notify.Unreadable},
		"no number":               {says(200, "text/xml", confirms("one")), notify.Unreadable},
		"two confirmations":       {says(200, "text/xml", strings.Replace(good, "</e:Body>", `<x/></e:Body>`, 1)), notify.Unreadable},
		"multipart":               {says(200, `multipart/related; type="application/xop+xml"; boundary=b`, good), notify.Unreadable},
		"another number":          {says(200, "text/xml", confirms("2")), notify.WrongNumber},
		"confirmed with a 500":    {says(500, "text/xml", good), "http500"},
		"a redirect":              {says(307, "text/xml", good), notify.Redirected},
		"too long":                {says(200, "text/xml", good+strings.Repeat(" ", 70<<10)), notify.TooLong},
		"a fault of ours":         {says(500, "text/xml", envelope11(`<e:Fault><faultcode>e:Client.Authentication</faultcode><faultstring>Rowan Granite</faultstring></e:Fault>`)), notify.FaultSender},
		"a fault of theirs":       {says(500, "text/xml", envelope11(`<e:Fault><faultcode>e:Server</faultcode><faultstring>x</faultstring></e:Fault>`)), notify.FaultReceiver},
		"a fault in SOAP 1.2":     {says(500, "application/soap+xml", fault12), notify.FaultReceiver},
		"a fault with status 200": {says(200, "text/xml", envelope11(`<e:Fault><faultcode>e:Rowan.Granite</faultcode></e:Fault>`)), notify.FaultOther},
		"a fault without code":    {says(500, "text/xml", envelope11(`<e:Fault/>`)), notify.FaultOther},
		"the connection breaks":   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, notify.NotReached},
		"an answer without an end": {func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Length", "999")
			_, _ = io.WriteString(w, good)
		}, notify.NotReached},
		"no answer": {func(_ http.ResponseWriter, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body) // then the server sees that the hub goes
			<-req.Context().Done()
		}, notify.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			a := s.court(1)
			e := s.ear(a, "hub")
			s.register(a, e.server.URL, "1.1", "hub")
			s.move(a, 2)
			e.meddle.Store(&c.answer)
			n := s.notifier(s.store, func(c *notify.Config) { c.Timeout = time.Second })
			again := s.deliver(n, a)
			st := s.status()
			if again != 10*time.Second || st.LastCode != string(c.want) || st.Fails != 1 || st.Pending != 2 || st.Last != 1 || !st.RetryAt.Equal(noon.Add(again)) || len(e.heard) > 0 {
				t.Errorf("again after %s: %+v", again, st)
			}
			if c.want.Meaning() == "" || strings.Contains(s.log.String(), "Granite") {
				t.Errorf("log %s", s.log)
			}
			e.meddle.Store(nil)
			if again := s.deliver(n, a); again != notify.Done || len(e.heard) > 0 {
				t.Errorf("delivered within the pause, %s", again)
			}
			s.clock.advance(again)
			if again := s.deliver(n, a); again != notify.Done {
				t.Errorf("again after %s", again)
			}
			if heard := e.numbers(); !slices.Equal(heard, []int64{1, 2}) {
				t.Errorf("heard %v", heard)
			}
		})
	}
}

// Nobody but who is registered is told, and nothing travels in clear.
func TestWhoIsNotTold(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	a := s.court(1)
	e := s.ear(a, "hub")
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("told in clear") }))
	t.Cleanup(plain.Close)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	check(t, gone.Close())
	wrongName := httptest.NewUnstartedServer(e.server.Config.Handler) // the registered certificate, which is not for this address
	check(t, wrongName.Listener.Close())
	wrongName.Listener, err = net.Listen("tcp", "127.0.0.2:0")
	check(t, err)
	wrongName.TLS, wrongName.Config.ErrorLog = &tls.Config{Certificates: e.server.TLS.Certificates}, e.server.Config.ErrorLog
	wrongName.StartTLS()
	t.Cleanup(wrongName.Close)
	picky := s.ear(a, "hub")
	_, ca := testPair(t, "ca")
	picky.server.TLS.ClientAuth, picky.server.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	s.move(a, 1)
	n := s.notifier(s.store, nil)
	for name, c := range map[string]struct {
		url         string
		certificate string
		want        notify.Code
	}{
		"another's certificate": {e.server.URL, "other-court", notify.Certificate},
		"for another name":      {wrongName.URL, "hub", notify.Certificate},
		"in clear":              {plain.URL, "hub", notify.BadAddress},
		"clear behind https":    {strings.Replace(plain.URL, "http:", "https:", 1), "hub", notify.NotReached},
		"nobody there":          {"https://" + gone.Addr().String(), "hub", notify.NotReached},
		"the hub is refused":    {picky.server.URL, "hub", notify.Certificate},
	} {
		_, cert := testPair(t, c.certificate)
		if got := n.Trial(t.Context(), store.Listener{ORI: a.ORI, URL: c.url, Edition: "1.1", Certificate: cert}); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := n.Trial(t.Context(), store.Listener{ORI: a.ORI, URL: e.server.URL, Edition: "1.1"}); got != notify.BadAddress {
		t.Errorf("https without a registered certificate: %q", got)
	}
	late := s.notifier(s.store, func(c *notify.Config) { c.Now = func() time.Time { return ca.NotAfter.Add(time.Hour) }; c.Seal = nil })
	if got := late.Trial(t.Context(), store.Listener{ORI: a.ORI, URL: e.server.URL, Edition: "1.1", Certificate: ca}); got != notify.Certificate {
		t.Errorf("a certificate that has expired: %q", got)
	}
	if heard := e.numbers(); len(heard) > 0 {
		t.Errorf("heard %v", heard)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][2]bool{ // in a sandbox, elsewhere
		"https://court.example/listener": {true, true}, "https://10.0.0.7:8443/x?y=z": {true, true}, "http://localhost:1/": {true, false}, "http://127.0.0.1:1/": {true, false},
		"http://[::1]:1/": {true, false}, "http://court.example/": {false, false}, "http://127.0.0.1.evil.example/": {false, false}, "https://user:secret@court.example/": {false, false},
		"https:///x": {false, false}, "https://:443/": {false, false}, "court.example": {false, false}, "file:///etc/passwd": {false, false}, "ftp://court.example/": {false, false}, "https://court.example/#x": {false, false}, "": {false, false},
	} {
		for i, plain := range []bool{true, false} {
			if err := notify.CheckAddress(address, plain); (err == nil) != want[i] {
				t.Errorf("%q, plain %v: %v", address, plain, err)
			}
		}
	}
}

func TestTrial(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	a := s.court(1)
	e := s.ear(a, "hub")
	s.move(a, 1)
	_, cert := testPair(t, "hub")
	if got := s.notifier(s.store, nil).Trial(t.Context(), store.Listener{ORI: a.ORI, URL: e.server.URL, Edition: "1.2", Certificate: cert}); got != notify.Confirmed {
		t.Errorf("%q", got)
	}
	if n := <-e.heard; n.Number != 0 || n.Change != nil || e.Last != 0 {
		t.Errorf("%+v", n)
	}
}

// The pauses grow and never end, and a person is told once.
func TestPausesAndThePerson(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	a := s.court(1)
	e := s.ear(a, "hub")
	s.register(a, e.server.URL, "1.1", "hub")
	s.move(a, 1)
	broken := says(503, "text/plain", "")
	e.meddle.Store(&broken)
	n := s.notifier(s.store, nil)
	var last time.Duration
	for range 200 { // more than a week
		again := s.deliver(n, a)
		if again < last || again > time.Hour {
			t.Fatalf("a pause of %s after %s", again, last)
		}
		last = again
		if st := s.status(); st.Late != (s.clock.Now().Sub(noon) >= 4*time.Hour) {
			t.Fatalf("%s after the first failure: %+v", s.clock.Now().Sub(noon), st)
		}
		s.clock.advance(again)
	}
	if last != time.Hour || strings.Count(s.log.String(), `"level":"ERROR"`) != 1 {
		t.Errorf("last pause %s\n%s", last, s.log)
	}
	e.meddle.Store(nil)
	s.deliver(n, a)
	if heard := e.numbers(); !slices.Equal(heard, []int64{1}) || s.status().Late {
		t.Errorf("heard %v, %+v", heard, s.status())
	}
}

// Jitter spreads what failed together.
func TestJitter(t *testing.T) {
	t.Parallel()
	for chance, want := range map[float64]time.Duration{0: 8 * time.Second, 1: 12 * time.Second} {
		s := newScene(t)
		a := s.court(1)
		s.register(a, "https://127.0.0.1:1/", "1.1", "hub")
		s.move(a, 1)
		if again := s.deliver(s.notifier(s.store, func(c *notify.Config) { c.Jitter = func() float64 { return chance } }), a); again != want {
			t.Errorf("chance %g: %s", chance, again)
		}
	}
}

// A hub dies after the listener has confirmed and before that is on record: another delivers again, under the same number, and the court's side knows it.
func TestAHubDies(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	a := s.court(1)
	e := s.ear(a, "hub")
	s.register(a, e.server.URL, "1.1", "hub")
	s.move(a, 2)
	dead := dying{Store: s.store}
	n := s.notifierOn(dead)
	if _, err := n.Deliver(t.Context(), a.ID); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	if heard := e.numbers(); !slices.Equal(heard, []int64{1}) {
		t.Fatalf("heard %v", heard)
	}
	other := s.notifier(storetest.Open(t, s.url, store.Options{}), nil)
	if s.deliver(other, a); len(e.heard) > 0 {
		t.Error("another hub took the turn before its time was over")
	}
	s.clock.advance(time.Hour)
	s.deliver(other, a)
	if heard := e.numbers(); !slices.Equal(heard, []int64{2}) { // 1 came again and was known
		t.Errorf("heard %v", heard)
	}
	if st := s.status(); st.Pending != 0 || st.Last != 2 {
		t.Errorf("%+v", st)
	}
}

var errDied = errors.New("the hub died")

// dying is a store whose hub dies before a delivery is on record.
type dying struct{ *store.Store }

func (dying) Delivered(context.Context, store.Turn, store.Notice, time.Time) error { return errDied }

func (s *scene) notifierOn(st notify.Store) *notify.Notifier {
	s.t.Helper()
	n, err := notify.New(st, notify.Config{Seal: s.seal, Now: s.clock.Now, Certificate: func() *tls.Certificate { c, _ := testPair(s.t, "switch"); return &c }()})
	check(s.t, err)
	return n
}

// A listener that cannot keep a notice hears it again; one that lost some is told how many; another agency's and a forged one are refused.
func TestListener(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	a := s.court(1)
	e := s.ear(a, "hub")
	s.register(a, e.server.URL, "1.1", "hub")
	s.move(a, 1)
	full := true
	keep := e.Keep
	e.Keep = func(n client.Notice) error {
		if full {
			return errors.New("the disk is full")
		}
		return keep(n)
	}
	n := s.notifier(s.store, nil)
	again := s.deliver(n, a)
	if st := s.status(); st.LastCode != string(notify.FaultReceiver) || e.Last != 0 {
		t.Errorf("%+v", st)
	}
	full = false
	s.clock.advance(again)
	s.deliver(n, a)
	s.move(a, 1)
	e.Last = -3
	s.deliver(n, a)
	if first, second := <-e.heard, <-e.heard; first.Number != 1 || second.Number != 2 || second.Missed != 4 {
		t.Errorf("%+v %+v", first, second)
	}
	_, cert := testPair(t, "hub")
	other := store.Listener{ORI: "CA030099J", URL: e.server.URL, Edition: "1.2", Certificate: cert}
	if got := n.Trial(t.Context(), other); got != notify.FaultSender {
		t.Errorf("another agency's notice: %q", got)
	}
	other.ORI = a.ORI
	pair, forger := testPair(t, "other-court-p256")
	forged, err := seal.New(pair.PrivateKey.(crypto.Signer), forger)
	check(t, err)
	for name, by := range map[string]*seal.Sealer{"unsigned": nil, "forged": forged} {
		if got := s.notifier(s.store, func(c *notify.Config) { c.Seal = by }).Trial(t.Context(), other); got != notify.FaultSender {
			t.Errorf("a notice that is %s: %q", name, got)
		}
	}
	if len(e.heard) > 0 {
		t.Errorf("heard %+v", <-e.heard)
	}
}

// Two hubs work the queue; courts move all the time, one of them never answers. The others hear everything, in order, one notice at a time.
func TestManyCourtsTwoHubs(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	const courts, each = 5, 8
	down := s.court(50)
	silence := make(chan struct{})
	deaf := s.ear(down, "hub")
	wait := http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { <-silence })
	deaf.meddle.Store(&wait)
	s.register(down, deaf.server.URL, "1.1", "hub")
	var ears []*ear
	var agencies []store.Agency
	for i := range courts {
		a := s.court(i)
		e := s.ear(a, "hub")
		s.register(a, e.server.URL, "1.1", "hub")
		ears, agencies = append(ears, e), append(agencies, a)
	}
	for range 2 {
		n := s.notifier(storetest.Open(t, s.url, store.Options{}), func(c *notify.Config) { c.Workers = 3; c.Timeout = time.Minute })
		check(t, n.Start(t.Context()))
		t.Cleanup(func() { check(t, n.Stop(context.Background())) })
	}
	t.Cleanup(func() { close(silence) }) // before the hubs stop
	s.move(down, 3)
	for range each {
		for _, a := range agencies {
			s.move(a, 1)
		}
	}
	for i, e := range ears {
		for want := int64(1); want <= each; want++ {
			if n := <-e.heard; n.Number != want || n.Missed != 0 {
				t.Fatalf("court %d heard %d, want %d", i, n.Number, want)
			}
		}
	}
	if len(deaf.heard) > 0 {
		t.Error("the court that does not answer has heard")
	}
}

// River's own test kit: a failed delivery snoozes its job until the pause is over, which uses up no attempt.
func TestAFailedDeliverySnoozesItsJob(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	a := s.court(1)
	e := s.ear(a, "hub")
	s.register(a, e.server.URL, "1.1", "hub")
	s.move(a, 1)
	broken := says(503, "text/plain", "")
	e.meddle.Store(&broken)
	pool, err := pgxpool.New(t.Context(), s.url)
	check(t, err)
	t.Cleanup(pool.Close)
	w := rivertest.NewWorker(t, riverpgxv5.New(pool), &river.Config{}, s.notifier(s.store, nil).Worker())
	work := func() *rivertest.WorkResult {
		tx, err := pool.Begin(t.Context())
		check(t, err)
		defer func() { check(t, ignoreDone(tx.Rollback(context.Background()))) }()
		r, err := w.Work(t.Context(), t, tx, store.DeliverArgs{AgencyID: int64(a.ID)}, nil)
		check(t, err)
		return r
	}
	if r := work(); r.EventKind != river.EventKindJobSnoozed || r.Job.Attempt != 0 {
		t.Errorf("%s, attempt %d", r.EventKind, r.Job.Attempt)
	}
	if r := work(); r.EventKind != river.EventKindJobCompleted { // within the pause
		t.Error(r.EventKind)
	}
	e.meddle.Store(nil)
	s.clock.advance(time.Minute)
	if r := work(); r.EventKind != river.EventKindJobCompleted || len(e.heard) != 1 {
		t.Error(r.EventKind, len(e.heard))
	}
}

func ignoreDone(err error) error {
	if errors.Is(err, pgx.ErrTxClosed) {
		return nil
	}
	return err
}
