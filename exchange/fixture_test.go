package exchange

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
	"ccpor/mapping/rules"
	"ccpor/schemas"
	"ccpor/store"
)

// now is a Friday morning in California, the day after the sample order was made.
var now = time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)

const (
	courtORI = "CA030013J"
	otherORI = "CA002013J"
)

// pdf is the smallest thing that looks like the image of an order.
var pdf = []byte("%PDF-1.4\n1 0 obj <</Type/Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n")

// sampleOrder is an unsigned package that adds an order; "PKG-1" and "ORDER-1" stand for identifications.
func sampleOrder() string {
	sum := sha256.Sum256(pdf)
	return `<OrderPackage xmlns="urn:ccpor:exchange:package:1.0" Id="package">
  <PackageHeader>
    <PackageIdentification>PKG-1</PackageIdentification>
    <PackageActionCode>add</PackageActionCode>
    <PackageSentDateTime>2026-11-20T08:59:00-08:00</PackageSentDateTime>
    <SubmitterOrganizationORIIdentification>CA030013J</SubmitterOrganizationORIIdentification>
    <SoftwareName>Sample Case Manager</SoftwareName>
    <TestIndicator>false</TestIndicator>
  </PackageHeader>
  <ProtectionOrder>
    <OrderIdentification>ORDER-1</OrderIdentification>
    <FormNumberText>CR-160</FormNumberText>
    <FormRevisionDate>2019-01-22</FormRevisionDate>
    <CaseDocketID>26NF0886</CaseDocketID>
    <CourtOrderIssuingCourt>
      <OrganizationORIIdentification>CA030013J</OrganizationORIIdentification>
      <CourtName>Superior Court of California, County of Orange</CourtName>
      <CourtCountyName>Orange</CourtCountyName>
    </CourtOrderIssuingCourt>
    <CourtOrderIssuingDate>2026-11-19</CourtOrderIssuingDate>
    <CourtOrderIssuingJudicialOfficialName>Ronald K. Har</CourtOrderIssuingJudicialOfficialName>
    <CourtOrderStageCode>preTrial</CourtOrderStageCode>
    <StatuteText>PC 136.2</StatuteText>
    <CourtHearing>
      <HearingPurposeCode>heard</HearingPurposeCode>
      <HearingDate>2026-11-19</HearingDate>
      <HearingTime>08:30:00</HearingTime>
    </CourtHearing>
    <OrderExpirationDate>2029-11-19</OrderExpirationDate>
    <RestrainedPerson>
      <PersonName><PersonGivenName>Marc</PersonGivenName><PersonSurName>Jones</PersonSurName></PersonName>
      <PersonSexCode>M</PersonSexCode>
      <PersonRaceCode>white</PersonRaceCode>
      <PersonBirthDate>1981-11-21</PersonBirthDate>
      <PersonHeightMeasure>73</PersonHeightMeasure>
      <PersonWeightMeasure>260</PersonWeightMeasure>
      <PersonHairColorCode>BRO</PersonHairColorCode>
      <PersonEyeColorCode>BRO</PersonEyeColorCode>
      <PresentAtHearingIndicator>true</PresentAtHearingIndicator>
    </RestrainedPerson>
    <ProtectedPerson>
      <PersonName><PersonGivenName>Mary</PersonGivenName><PersonSurName>Smith</PersonSurName></PersonName>
      <PersonSexCode>F</PersonSexCode>
      <PersonBirthDate>1977-01-01</PersonBirthDate>
    </ProtectedPerson>
    <CourtOrderConditions>
      <NoHarmIndicator>true</NoHarmIndicator>
      <NoContactIndicator>true</NoContactIndicator>
      <NoThirdPartyContactIndicator>true</NoThirdPartyContactIndicator>
      <StayAway>
        <StayAwayDistanceYards>100</StayAwayDistanceYards>
        <StayAwayPlace><PlaceCode>person</PlaceCode></StayAwayPlace>
      </StayAway>
      <FirearmRestriction>
        <NoPossessionIndicator>true</NoPossessionIndicator>
        <NoPurchaseIndicator>true</NoPurchaseIndicator>
        <SurrenderIndicator>true</SurrenderIndicator>
        <SurrenderWithinHours>24</SurrenderWithinHours>
      </FirearmRestriction>
    </CourtOrderConditions>
    <CourtOrderServiceCode>present</CourtOrderServiceCode>
  </ProtectionOrder>
  <Document>
    <DocumentIdentification>order-image</DocumentIdentification>
    <DocumentRoleCode>order</DocumentRoleCode>
    <DocumentMediaTypeText>application/pdf</DocumentMediaTypeText>
    <DocumentByteCount>` + strconv.Itoa(len(pdf)) + `</DocumentByteCount>
    <DocumentSHA256>` + hex.EncodeToString(sum[:]) + `</DocumentSHA256>
  </Document>
</OrderPackage>`
}

// sampleService is an unsigned package with a proof of service of ORDER-1.
func sampleService() string {
	return `<OrderPackage xmlns="urn:ccpor:exchange:package:1.0" Id="package">
  <PackageHeader>
    <PackageIdentification>PKG-1</PackageIdentification>
    <PackageActionCode>serve</PackageActionCode>
    <PackageSentDateTime>2026-11-20T08:59:00-08:00</PackageSentDateTime>
    <SubmitterOrganizationORIIdentification>CA030013J</SubmitterOrganizationORIIdentification>
    <SoftwareName>Sample Case Manager</SoftwareName>
    <TestIndicator>false</TestIndicator>
  </PackageHeader>
  <CourtOrderService>
    <OrderIdentification>ORDER-1</OrderIdentification>
    <OrganizationORIIdentification>CA030013J</OrganizationORIIdentification>
    <CaseDocketID>26NF0886</CaseDocketID>
    <RestrainedPersonName><PersonGivenName>Marc</PersonGivenName><PersonSurName>Jones</PersonSurName></RestrainedPersonName>
    <CourtOrderServiceDate>2026-11-19</CourtOrderServiceDate>
    <CourtOrderServiceTime>17:00:00</CourtOrderServiceTime>
    <ServiceMethodCode>personal</ServiceMethodCode>
    <CourtOrderServiceOfficial><PersonFullName>Deputy Sample</PersonFullName></CourtOrderServiceOfficial>
    <EnteringAgencyServedIndicator>true</EnteringAgencyServedIndicator>
  </CourtOrderService>
</OrderPackage>`
}

// identity is a certificate with its key.
type identity struct {
	cert *x509.Certificate
	key  crypto.Signer
	tls  tls.Certificate
}

func keyPair(t testing.TB, name string) identity {
	t.Helper()
	pair, err := tls.LoadX509KeyPair("../testdata/keys/"+name+".crt", "../testdata/keys/"+name+".key")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		t.Fatalf("%s has no signing key", name)
	}
	return identity{cert: cert, key: key, tls: pair}
}

func authority(t testing.TB) *x509.CertPool {
	t.Helper()
	b, err := os.ReadFile("../testdata/keys/ca.crt")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return pool
}

func parts(t testing.TB, s Store) Config {
	t.Helper()
	set, err := schemas.Load()
	check(t, err)
	table, err := forms.Load()
	check(t, err)
	days, err := calendar.Load()
	check(t, err)
	return Config{Store: s, Schemas: set, Mapper: mapping.New(table, days), Rules: rules.New(table, days), Calendar: days, Forms: table, Now: func() time.Time { return now }}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// running is a hub on a port of this machine, with everything that a sender meets.
type running struct {
	hub         *Hub
	url         string
	log         *lines
	connections *sync.Map // transports by certificate
}

// transport keeps the connections of one certificate.
func (r running) transport(t testing.TB, as string) *http.Transport {
	t.Helper()
	if have, ok := r.connections.Load(as); ok {
		return have.(*http.Transport)
	}
	have, _ := r.connections.LoadOrStore(as, &http.Transport{TLSClientConfig: clientTLS(t, as)})
	return have.(*http.Transport)
}

func start(t testing.TB, c Config) running {
	t.Helper()
	log := &lines{}
	c.Log = slog.New(slog.NewJSONHandler(log, nil))
	h, err := NewHub(c)
	check(t, err)
	r := serve(t, h, h)
	r.log = log
	return r
}

// serve puts a handler of the hub's on a port.
func serve(t testing.TB, h *Hub, handler http.Handler) running {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s := Server(handler, TLSConfig(keyPair(t, "hub").tls), h.Log)
	done := make(chan error, 1)
	go func() { done <- s.ServeTLS(LimitConnections(l, 256, 0), "", "") }()
	t.Cleanup(func() {
		check(t, s.Close())
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return running{hub: h, url: "https://" + l.Addr().String() + "/soap", connections: &sync.Map{}}
}

// inHand is what the hub has taken of its budget.
func inHand(r running) int64 {
	r.hub.inFlight.mu.Lock()
	defer r.hub.inFlight.mu.Unlock()
	return r.hub.Limits.InFlightBytes - r.hub.inFlight.free
}

// as is a client with a certificate of testdata/keys; "" is one without.
func (r running) as(t testing.TB, name string) *client.Client {
	t.Helper()
	c := client.New(r.url, clientTLS(t, name))
	t.Cleanup(c.Close)
	return c
}

func clientTLS(t testing.TB, name string) *tls.Config {
	config := &tls.Config{RootCAs: authority(t), MinVersion: tls.VersionTLS12}
	if name != "" {
		config.Certificates = []tls.Certificate{keyPair(t, name).tls}
	}
	return config
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

// message is a SubmitOrder on its way from a court to the hub, open for mischief at every step. The zero value is in order.
type message struct {
	edition  soap.Edition
	mtom     bool
	tls      string // "court-rsa"
	signer   string // "court-rsa"; "none" leaves the package unsigned
	pack     string // sampleOrder
	images   []client.Attachment
	noImages bool
	signed   func(string) string // changes the signed package
	wire     func(string) string // changes the body
	media    func(string) string // changes the Content-Type
	headers  map[string]string
}

func (m message) request(t testing.TB, id string) (body []byte, contentType string) {
	t.Helper()
	if m.pack == "" {
		m.pack = sampleOrder()
	}
	pack := strings.ReplaceAll(m.pack, "PKG-1", "P-"+id)
	pack = strings.ReplaceAll(pack, "ORDER-1", "O-"+id)
	if m.signer != "none" {
		by := keyPair(t, or(m.signer, "court-rsa"))
		signed, err := client.Sign([]byte(pack), by.key, by.cert)
		check(t, err)
		pack = string(signed)
	}
	if m.signed != nil {
		pack = m.signed(pack)
	}
	if m.images == nil && !m.noImages {
		m.images = []client.Attachment{{ID: "order-image", Content: pdf}}
	}
	body, contentType = m.envelope(t, pack)
	if m.wire != nil {
		body = []byte(m.wire(string(body)))
	}
	if m.media != nil {
		contentType = m.media(contentType)
	}
	return body, contentType
}

// envelope wraps what may no longer be a document that the client would take.
func (m message) envelope(t testing.TB, pack string) ([]byte, string) {
	t.Helper()
	const stand = `<OrderPackage xmlns="urn:ccpor:exchange:package:1.0"></OrderPackage>`
	body, contentType, err := client.Request([]byte(stand), m.images, client.Options{Edition: m.edition, MTOM: m.mtom, Boundary: "MIME-boundary"})
	check(t, err)
	return bytes.Replace(body, []byte(stand), []byte(pack), 1), contentType
}

func or(s, byDefault string) string {
	if s == "" {
		return byDefault
	}
	return s
}

// send posts the message and gives the answer.
func (r running) send(t testing.TB, m message, id string) *client.Reply {
	t.Helper()
	body, contentType := m.request(t, id)
	return r.post(t, or(m.tls, "court-rsa"), body, contentType, m.headers)
}

func (r running) post(t testing.TB, as string, body []byte, contentType string, headers map[string]string) *client.Reply {
	t.Helper()
	if as == "nobody" {
		as = ""
	}
	transport := r.transport(t, as)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url, bytes.NewReader(body))
	check(t, err)
	req.Header.Set("Content-Type", contentType)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := transport.RoundTrip(req)
	check(t, err)
	defer res.Body.Close()
	var answer bytes.Buffer
	_, err = answer.ReadFrom(res.Body)
	check(t, err)
	var wait time.Duration
	if after := res.Header.Get("Retry-After"); after != "" {
		wait, err = time.ParseDuration(after + "s")
		check(t, err)
	}
	return &client.Reply{Status: res.StatusCode, RetryAfter: wait, ContentType: res.Header.Get("Content-Type"), Correlation: res.Header.Get("X-Correlation-ID"), Body: answer.Bytes()}
}

// memory is a store without a database, for what can be tested without one.
type memory struct {
	mu      sync.Mutex
	byID    map[string]kept1
	refused map[order.Tracking]store.Refused
	events  []store.Event
	accepts int
	numbers uint64
	accept  func(context.Context, store.Accepted) error // before anything is kept
	settled func()                                      // after it
	refuse  func(store.Refused) error
	lookup  func() error
	// elsewhere is what other hubs took of each agency.
	elsewhere int
	audit     func() error
	agencies  map[[32]byte]store.Agency
	signers   map[store.AgencyID][]store.SigningCert
}

type kept1 struct {
	canonical [32]byte
	receipt   store.Receipt
	accepted  store.Accepted
}

func newMemory(t testing.TB) *memory {
	t.Helper()
	m := &memory{byID: map[string]kept1{}, refused: map[order.Tracking]store.Refused{}, agencies: map[[32]byte]store.Agency{}, signers: map[store.AgencyID][]store.SigningCert{}}
	courts := []store.Agency{{ID: 1, ORI: courtORI, Name: "Orange", Submits: true}, {ID: 2, ORI: otherORI, Name: "Alpine", Submits: true}}
	for name, a := range map[string]store.Agency{"court-rsa": courts[0], "court-p256": courts[0], "other-court": courts[1]} {
		cert := keyPair(t, name).cert
		m.agencies[fingerprint(cert)] = a
		m.signers[a.ID] = append(m.signers[a.ID], store.SigningCert{Certificate: cert, From: now.AddDate(-1, 0, 0), To: now.AddDate(1, 0, 0)})
	}
	return m
}

func (m *memory) AgencyByTLS(_ context.Context, f [32]byte, _ time.Time) (store.Agency, []store.SigningCert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lookup != nil {
		if err := m.lookup(); err != nil {
			return store.Agency{}, nil, err
		}
	}
	a, ok := m.agencies[f]
	if !ok {
		return a, nil, store.ErrUnknownCertificate
	}
	return a, m.signers[a.ID], nil
}

func (m *memory) number() order.Tracking {
	m.numbers++
	return order.NewTracking(m.numbers * 7919)
}

func (m *memory) Accept(ctx context.Context, a store.Accepted) (store.Receipt, error) {
	if m.accept != nil {
		if err := m.accept(ctx, a); err != nil {
			return store.Receipt{}, err
		}
	}
	if m.settled != nil {
		defer m.settled()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	name := string(a.Agency.ORI) + "/" + string(a.Package)
	if k, ok := m.byID[name]; ok && k.canonical != a.Canonical {
		return store.Receipt{}, &store.ConflictError{Package: a.Package, Tracking: k.receipt.Tracking}
	} else if ok {
		again := k.receipt
		again.Duplicate = true
		return again, nil
	}
	m.accepts++
	a.Received.Wire = bytes.Clone(a.Received.Wire) // like a database, it keeps the bytes and not the memory
	a.Images = slices.Clone(a.Images)
	for i := range a.Images {
		a.Images[i].Content = bytes.Clone(a.Images[i].Content)
	}
	r := store.Receipt{Tracking: m.number(), At: a.Received.At, Digest: a.Received.Digest, Due: a.Deadline.Due, Rule: a.Deadline.Rule, State: store.SubmissionAccepted, Owed: true}
	m.byID[name] = kept1{a.Canonical, r, a}
	return r, nil
}

func (m *memory) Refuse(_ context.Context, r store.Refused) (order.Tracking, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		if err := m.refuse(r); err != nil {
			return "", err
		}
	}
	r.Received.Wire = bytes.Clone(r.Received.Wire)
	t := m.number()
	m.refused[t] = r
	return t, nil
}

func (m *memory) Status(_ context.Context, t order.Tracking) (store.Status, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.refused[t]; ok {
		return store.Status{Tracking: t, Agency: store.Agency{ID: r.Agency}, Package: r.Package, Action: r.Action, State: store.SubmissionRefused, ReceivedAt: r.Received.At,
			Digest: r.Received.Digest, Stages: r.Received.Stages, RefusedStage: r.Stage, RefusedCode: r.Code, Problems: r.Problems, Next: store.Move{Whose: store.PartyCourt, Sentence: "Send a corrected package."}}, nil
	}
	for _, k := range m.byID {
		if k.receipt.Tracking == t {
			return k.status(), nil
		}
	}
	return store.Status{}, store.ErrNotFound
}

func (m *memory) OwnStatus(ctx context.Context, by store.Reach, t order.Tracking) (store.Status, error) {
	s, err := m.Status(ctx, t)
	if err == nil && s.Agency.ID != by.Agency {
		return store.Status{}, store.ErrNotFound
	}
	return s, err
}

func (k kept1) status() store.Status {
	a := k.accepted
	return store.Status{Tracking: k.receipt.Tracking, Agency: a.Agency, Package: a.Package, Action: a.Action, State: store.SubmissionAccepted, ReceivedAt: k.receipt.At,
		Digest: k.receipt.Digest, Canonical: a.Canonical, Stages: a.Received.Stages, Due: k.receipt.Due, DueRule: k.receipt.Rule, Owed: true,
		Transmissions: []store.TransmissionStatus{{Transmission: store.Transmission{Kind: store.KindEnter, State: store.StateReady}}},
		Next:          store.Move{Whose: store.PartyHub, Sentence: "The hub sends it to CARPOS."}}
}

func (m *memory) OnBehalf(_ context.Context, ori order.ORI) (store.Agency, []store.SigningCert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.agencies {
		if a.ORI == ori {
			return a, m.signers[a.ID], nil
		}
	}
	return store.Agency{}, nil, store.ErrNotFound
}

func (m *memory) KnownOrder(context.Context, order.ORI, order.LocalID, bool) (store.Known, error) {
	return store.Known{}, store.ErrNotFound
}

func (m *memory) List(context.Context, store.ListQuery) (store.Page, error) { return store.Page{}, nil }

func (m *memory) FindOrders(context.Context, store.OrderQuery) ([]store.FoundOrder, error) {
	return nil, nil
}

func (m *memory) Search(context.Context, store.Search) (store.Hits, error) {
	return store.Hits{}, nil
}

func (m *memory) FindOrder(context.Context, order.ORI, order.LocalID, bool) (store.FoundOrder, error) {
	return store.FoundOrder{}, store.ErrNotFound
}

func (m *memory) History(context.Context, store.FoundOrder) (store.History, error) {
	return store.History{}, nil
}

func (m *memory) Image(context.Context, order.Tracking, string) (store.Image, error) {
	return store.Image{}, store.ErrNotFound
}

// TakenSince counts what is kept here, and what other hubs took.
func (m *memory) Closed(context.Context, order.ORI, time.Time) ([]order.Date, error) { return nil, nil }

func (m *memory) Windows(context.Context, time.Time) ([]store.Window, error) {
	return []store.Window{{ID: 1, Starts: now.Add(time.Hour), Ends: now.Add(2 * time.Hour), Text: "A new disk."}}, nil
}

func (m *memory) TakenSince(_ context.Context, by store.Reach, since time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.elsewhere
	for _, k := range m.byID {
		if k.accepted.Agency.ID == by.Agency && (k.accepted.Test || k.accepted.Agency.Test) == by.Test && !k.accepted.Received.At.Before(since) {
			n++
		}
	}
	return n, nil
}

func (m *memory) StatusByPackage(_ context.Context, by store.Reach, id order.LocalID) (store.Status, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.byID {
		if k.accepted.Agency.ID == by.Agency && k.accepted.Package == id {
			return k.status(), nil
		}
	}
	return store.Status{}, store.ErrNotFound
}

func (m *memory) Audit(_ context.Context, e store.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.audit != nil {
		return m.audit()
	}
	m.events = append(m.events, e)
	return nil
}
