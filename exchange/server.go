package exchange

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"ccpor/exchange/seal"
	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
	"ccpor/mapping/rules"
	"ccpor/schemas"
	"ccpor/schemas/canon"
	"ccpor/store"
	"ccpor/wsdl"
)

// Store is what the exchange needs of the store; *store.Store is one.
type Store interface {
	AgencyByTLS(ctx context.Context, fingerprint [32]byte, now time.Time) (store.Agency, []store.SigningCert, error)
	Accept(ctx context.Context, a store.Accepted) (store.Receipt, error)
	Refuse(ctx context.Context, r store.Refused) (order.Tracking, error)
	OwnStatus(ctx context.Context, by store.Reach, t order.Tracking) (store.Status, error)
	StatusByPackage(ctx context.Context, by store.Reach, id order.LocalID) (store.Status, error)
	OnBehalf(ctx context.Context, ori order.ORI) (store.Agency, []store.SigningCert, error)
	TakenSince(ctx context.Context, by store.Reach, since time.Time) (int, error)
	Closed(ctx context.Context, court order.ORI, now time.Time) ([]order.Date, error)
	Windows(ctx context.Context, now time.Time) ([]store.Window, error)
	KnownOrder(ctx context.Context, court order.ORI, id order.LocalID, test bool) (store.Known, error)
	Audit(ctx context.Context, e store.Event) error
	List(ctx context.Context, q store.ListQuery) (store.Page, error)
	FindOrders(ctx context.Context, q store.OrderQuery) ([]store.FoundOrder, error)
	Search(ctx context.Context, q store.Search) (store.Hits, error)
	FindOrder(ctx context.Context, court order.ORI, id order.LocalID, test bool) (store.FoundOrder, error)
	History(ctx context.Context, f store.FoundOrder) (store.History, error)
	Image(ctx context.Context, t order.Tracking, document string) (store.Image, error)
}

// Planner says what CARPOS would get of a package. The exchange itself knows nothing of the switch.
type Planner interface {
	// Plan is for a package of an agency, about an order that is known or not (nil).
	Plan(p mapping.Package, agency store.Agency, known *store.Known) Plan
}

// Plan is a transaction as it would be sent.
type Plan struct {
	// Transaction is the key of the transaction; empty: none would be sent.
	Transaction string
	Fields      []PlanField
	// Lacks are what CARPOS would need and the package does not give.
	Lacks []PlanLack
	Notes []order.Note
}

// PlanField is one field of a transaction. Its value is the sender's own word.
type PlanField struct{ Name, Label, Value string }

// PlanLack is one thing that would hold the transaction.
type PlanLack struct{ Field, Reason, FormItem, Whose string }

// Config is what a Hub is made of. Store, Schemas, Mapper, Rules and Calendar are needed; the rest has defaults.
type Config struct {
	Store    Store
	Schemas  *schemas.Set
	Mapper   *mapping.Mapper
	Rules    *rules.Book
	Calendar *calendar.Calendar
	// Forms are the form table, for GetPolicy. Planner is for ValidateOrder; nil: it says nothing of CARPOS.
	Forms   *forms.Table
	Planner Planner
	// Address is the absolute URL at which senders reach the service, for the contract; empty: https, the request's Host and path.
	Address string
	Limits  Limits
	// TestRegion says that registered replayers may send here what other agencies sent elsewhere. No hub with a live switch is one.
	TestRegion bool
	// Seal signs receipts; nil: they go unsigned.
	Seal *seal.Sealer
	// Stalled says that the audit log is not made evident any more, so that no order may be taken; nil: never.
	Stalled func() bool
	// Observe is told of each request; nil: nobody is.
	Observe Observer
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Log gets one line for every request, with codes, sizes and times and never with content; nil discards it.
	Log *slog.Logger
}

// Limits bound what senders can make the hub hold. Zero fields mean the defaults.
type Limits struct {
	MessageBytes  int64 // of one HTTP body; 32 MiB
	PackageBytes  int   // of one signed package without attachments; 4 MiB
	InFlightBytes int64 // of all bodies in hand; 256 MiB, at least one message. One agency may have a quarter, or one message.
	// BodyTime is how long a request may take after its header, and BodyRate for how many bytes that have come a second is added; 10 s and
	// 64 KiB.
	BodyTime time.Duration
	BodyRate int64
	// AnswerTime is how long a sender may take to read its answer; 30 s.
	AnswerTime time.Duration
	// KeepTime is how long the store may take to keep a package; 20 s.
	KeepTime time.Duration
	// StrangersPerMinute is how many refusals of unregistered senders are kept; all of them are logged. 60.
	StrangersPerMinute int
	// RetryAfter is what a sender is told to wait when the hub cannot take anything; 5 s.
	RetryAfter time.Duration
	// Agency is the pace of each agency, in this process, and Address that of an address from which unknown senders come. Zero is no bound.
	Agency, Address Pace
	// Daily is how many packages of one agency are taken in a day of the court's. Zero is no bound. An agency may have a pace and a bound of its own.
	Daily int
}

func (l Limits) withDefaults() Limits {
	l.MessageBytes = orDefault(l.MessageBytes, 32<<20)
	l.PackageBytes = orDefault(l.PackageBytes, 4<<20)
	l.InFlightBytes = max(orDefault(l.InFlightBytes, 256<<20), l.MessageBytes)
	l.BodyTime = orDefault(l.BodyTime, 10*time.Second)
	l.BodyRate = orDefault(l.BodyRate, 64<<10)
	l.AnswerTime = orDefault(l.AnswerTime, 30*time.Second)
	l.KeepTime = orDefault(l.KeepTime, 20*time.Second)
	l.StrangersPerMinute = orDefault(l.StrangersPerMinute, 60)
	l.RetryAfter = orDefault(l.RetryAfter, 5*time.Second)
	return l
}

func orDefault[T int | int64 | time.Duration](v, byDefault T) T {
	if v <= 0 {
		return byDefault
	}
	return v
}

// Hub is the SOAP endpoint. It is an http.Handler for one path.
type Hub struct {
	Config
	profile   *canon.Profile
	verifier  sig.Verifier
	inFlight  *budget
	strangers allowance
	paces     paces
	quotas    quotas
	door      *door
	contract  *wsdl.Contract // nil: made for each request's Host
}

// NewHub makes the endpoint of the parts given.
func NewHub(c Config) (*Hub, error) {
	if c.Store == nil || c.Schemas == nil || c.Mapper == nil || c.Rules == nil || c.Calendar == nil || c.Forms == nil {
		return nil, errors.New("exchange: store, schemas, mapper, rules, calendar and forms are needed")
	}
	c.Limits = c.Limits.withDefaults()
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{Config: c, profile: Profile(int(c.Limits.MessageBytes))}
	h.verifier.MaxOctets = c.Limits.PackageBytes
	h.inFlight = newBudget(c.Limits.InFlightBytes, max(c.Limits.InFlightBytes/4, c.Limits.MessageBytes))
	h.strangers.perMinute = c.Limits.StrangersPerMinute
	h.quotas.of = map[store.Reach]*taken{}
	h.paces.of, h.door = map[store.Reach]*agencyPace{}, newDoor(c.Limits.Address)
	if c.Address != "" {
		contract, err := wsdl.At(c.Address)
		if err != nil {
			return nil, err
		}
		h.contract = &contract
	}
	return h, nil
}

// Expect says which connections' certificates (SHA-256 of the DER) are registered: these do not wait behind strangers from the same address. Others that are registered later are
// known once they have come.
func (h *Hub) Expect(fingerprints [][32]byte) { h.door.expect(fingerprints) }

// Profile is the closed profile of the messages that the hub reads: envelopes with operations of the service and packages in them.
func Profile(bytes int) *canon.Profile {
	spaces := append(append(soap.Namespaces(), sig.Namespaces()...), sig.MessageNamespaces()...)
	return canon.NewProfile(canon.Limits{MaxBytes: bytes, Foreign: true}, append(spaces, wsdl.Namespace, schemas.PackageNamespace, schemas.CodesNamespace)...)
}

// Server is an http.Server for the handler with the limits that keep slow and idle clients from holding it.
func Server(handler http.Handler, config *tls.Config, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		TLSConfig:         config,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 100},
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// ServeHTTP is the edge: it keeps the process alive and answers what the stages behind it say.
func (h *Hub) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	v := h.newVisit(req)
	w.Header().Set("X-Correlation-ID", v.correlation)
	defer h.recoverFrom(w, v)
	if err := h.limit(w, req); err != nil {
		h.fault(w, req, v, err, "")
		return
	}
	switch {
	case req.Method == http.MethodPost:
		h.post(w, req, v)
	case (req.Method == http.MethodGet || req.Method == http.MethodHead) && h.serveContract(w, req):
	default:
		w.Header().Set("Allow", "POST, GET")
		h.fault(w, req, v, &refusal{code: "Client.Transport.Method"}, "")
	}
}

// limit sets the deadline of a request's body before anything can refuse the request: what a refused sender still owes is waited for no
// longer. The connection of somebody without a certificate ends with the answer.
func (h *Hub) limit(w http.ResponseWriter, req *http.Request) error {
	if req.TLS == nil || len(req.TLS.PeerCertificates) == 0 {
		w.Header().Set("Connection", "close")
	}
	return http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.Limits.BodyTime)) // by the system's clock, as a connection's deadlines are
}

// recoverFrom answers a panic of any stage as an internal error.
func (h *Hub) recoverFrom(w http.ResponseWriter, v *visit) {
	if p := recover(); p != nil {
		h.panicked(v, p)
		h.write(w, v, soap.AnswerFault(v.edition, v.addressing, h.faultOf(v, internal(), "")), http.StatusInternalServerError)
	}
}

// panicked logs a panic. What it said may be content and is not logged.
func (h *Hub) panicked(v *visit, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	what := fmt.Sprintf("%T", p)
	if e, ok := p.(runtime.Error); ok {
		what = e.Error()
	}
	h.observed(v, internal().code)
	h.Log.Error("panic", "correlation", v.correlation, "stage", v.stage, "what", what, "stack", string(debug.Stack()))
}

// post takes one message and answers it.
func (h *Hub) post(w http.ResponseWriter, req *http.Request, v *visit) {
	m := &received{visit: v, hub: h, memory: workspaces.Get().(*workspace)}
	defer m.done()
	if err := h.receive(w, req, m); err != nil {
		h.refuse(w, req, v, m, err)
		return
	}
	answer, err := h.take(req.Context(), m)
	if err != nil {
		h.refuse(w, req, v, m, err)
		return
	}
	m.done() // a sender that does not read its answer holds nothing else
	h.writeAs(w, v, answer.media, answer.body, http.StatusOK)
	h.log(req, v, "accepted", nil)
}

// refuse keeps a refusal with all that is known, and then tells the sender. When it cannot be kept, the sender is told to come again:
// what nobody can look up later was not refused. What the hub could not look at or keep for its own reasons is no refusal at all.
func (h *Hub) refuse(w http.ResponseWriter, req *http.Request, v *visit, m *received, err error) {
	o := tell(err)
	v.end(false, o.code)
	if o.inside {
		h.Log.Error("failed", "correlation", v.correlation, "agency", v.agency.ORI, "stage", v.stage, "error", loggable(err))
	}
	if v.agency.ID == 0 {
		w.Header().Set("Connection", "close")
	}
	if !h.kept(v, o) {
		m.done()
		h.fault(w, req, v, err, "")
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), h.Limits.KeepTime)
	defer cancel()
	m.held = true
	tracking, keepErr := h.Store.Refuse(ctx, v.refused(m, o))
	m.held = keepErr != nil
	if keepErr != nil {
		h.Log.Error("refusal not kept", "correlation", v.correlation, "code", o.code, "error", loggable(keepErr))
		err = &refusal{code: "Server.Unavailable"}
	}
	m.done()
	h.fault(w, req, v, err, tracking)
}

// fault answers with a SOAP fault in the version of the request.
func (h *Hub) fault(w http.ResponseWriter, req *http.Request, v *visit, err error, tracking order.Tracking) {
	o := tell(err)
	h.tellWait(w, o)
	if o.kind == soap.WrongVersion && v.edition == soap.SOAP12 {
		w.Header().Set("Upgrade", "SOAP/1.2")
	}
	status := o.status
	if status == bad && v.edition == soap.SOAP11 {
		status = http.StatusInternalServerError
	}
	h.write(w, v, soap.AnswerFault(v.edition, v.addressing, h.faultOf(v, o, tracking)), status)
	h.log(req, v, "refused", &o)
}

// tellWait says after how many seconds what may come again should: whole ones, and never too early.
func (h *Hub) tellWait(w http.ResponseWriter, o outward) {
	if !o.retry {
		return
	}
	wait := h.Limits.RetryAfter
	if o.after > 0 {
		wait = o.after + time.Second - 1
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
}

func (h *Hub) write(w http.ResponseWriter, v *visit, answer []byte, status int) {
	h.writeAs(w, v, "", answer, status)
}

// writeAs sends an answer of a media type; empty is that of the edition.
func (h *Hub) writeAs(w http.ResponseWriter, v *visit, media string, answer []byte, status int) {
	w.Header().Set("Cache-Control", "no-store")
	if media == "" {
		media = v.edition.MediaType() + "; charset=utf-8"
	}
	if err := h.send(w, status, media, answer); err != nil {
		h.Log.Info("the sender did not wait for its answer", "correlation", v.correlation, "error", loggable(err))
	}
}

// send writes an answer to whoever takes it in time.
func (h *Hub) send(w http.ResponseWriter, status int, media string, answer []byte) error {
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.Limits.AnswerTime)); err != nil {
		return err
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	w.WriteHeader(status)
	_, err := w.Write(answer)
	return err
}

func (h *Hub) log(req *http.Request, v *visit, what string, o *outward) {
	attrs := []any{"correlation", v.correlation, "agency", v.agency.ORI, "peer", req.RemoteAddr, "operation", v.operation,
		"bytes", v.size, "took", h.Now().Sub(v.began), "stages", durations(v.stages)}
	if v.messageSigned {
		attrs = append(attrs, "messageSigned", true)
	}
	if v.tracking != "" {
		attrs = append(attrs, "tracking", v.tracking)
	}
	if o != nil {
		attrs = append(attrs, "code", o.code, "problems", len(o.problems), "stage", v.stage)
	}
	h.Log.Info(what, attrs...)
	h.observed(v, toldCode(o))
}

// serveContract answers ?wsdl, ?wsdl=listener and ?xsd=NAME, to anybody.
func (h *Hub) serveContract(w http.ResponseWriter, req *http.Request) bool {
	query := req.URL.Query()
	name := query.Get("xsd")
	listener := strings.EqualFold(req.URL.RawQuery, "wsdl=listener")
	if name == "" && !listener && !strings.EqualFold(req.URL.RawQuery, "wsdl") {
		return false
	}
	contract, err := h.contractFor(req)
	if err != nil {
		h.Log.Error("contract", "error", err)
		http.Error(w, "The contract cannot be read.", http.StatusInternalServerError)
		return true
	}
	text := contract.WSDL()
	if listener {
		text = contract.Listener()
	} else if name != "" {
		var ok bool
		if text, ok = contract.Schema(name); !ok {
			http.Error(w, "There is no such schema.", http.StatusNotFound)
			return true
		}
	}
	if err := h.send(w, http.StatusOK, "text/xml; charset=utf-8", text); err != nil {
		h.Log.Debug("the contract was not read to its end", "error", loggable(err))
	}
	return true
}

func (h *Hub) contractFor(req *http.Request) (*wsdl.Contract, error) {
	if h.contract != nil {
		return h.contract, nil
	}
	c, err := wsdl.At("https://" + req.Host + req.URL.Path)
	return &c, err
}

// receive is the first stage: who sends, and the bytes as they come.
func (h *Hub) receive(w http.ResponseWriter, req *http.Request, m *received) error {
	m.begin("receive")
	if err := h.identify(req, m); err != nil {
		return err
	}
	if err := h.onBehalf(req, m); err != nil {
		return err
	}
	zipped, err := compressed(req.Header)
	if err != nil {
		return err
	}
	if m.contentType, err = soap.ParseContentType(req.Header.Get("Content-Type")); err != nil {
		return err
	}
	m.soapAction = req.Header.Get("SOAPAction")
	r := reading{of: m, limits: h.Limits, control: http.NewResponseController(w), began: time.Now()}
	m.memory.body, m.digest, err = r.body(req, m.memory.body)
	m.body, m.content, m.size = m.memory.body, m.memory.body, len(m.memory.body)
	if err == nil && zipped {
		m.visit.contentType += "\nContent-Encoding: gzip" // without it nobody could read what is kept
		m.memory.plain, err = r.inflate(m.body, m.memory.plain)
		m.content = m.memory.plain
	}
	if err != nil {
		return err
	}
	return h.stillTrusted(req, m)
}

// identify finds the agency whose certificate the connection has. The handshake has proved that the sender has its key.
func (h *Hub) identify(req *http.Request, m *received) error {
	if wait := h.door.pass(req, m.began); wait > 0 {
		return &refusal{code: "Client.Limit.Rate", after: wait}
	}
	if req.TLS == nil || len(req.TLS.PeerCertificates) == 0 {
		return &refusal{code: "Client.Peer.CertificateMissing"}
	}
	certificate := req.TLS.PeerCertificates[0]
	if m.visit.at.Before(certificate.NotBefore) || m.visit.at.After(certificate.NotAfter) {
		return &refusal{code: "Client.Peer.CertificateExpired"}
	}
	agency, signers, err := h.registered(req, m.visit, m.visit.at)
	if err != nil {
		return err
	}
	m.visit.agency = agency
	m.trust(signers)
	return h.pace(m.visit)
}

// trustFor is how long it holds that a certificate is trusted while a body comes. Then it is asked again, so that no slow body outlasts a revocation.
const trustFor = 5 * time.Second

// stillTrusted asks again, after a body that took its time, whether the connection's certificate is trusted and which may sign. What is replayed is judged by another day.
func (h *Hub) stillTrusted(req *http.Request, m *received) error {
	now := h.Now()
	if m.replay != nil || now.Sub(m.began).Abs() < trustFor {
		return nil
	}
	agency, signers, err := h.registered(req, m.visit, now)
	if err != nil {
		return err
	}
	if agency.Reach() != m.agency.Reach() { // what is held in memory is held for that one
		return &refusal{code: "Server.Unavailable"}
	}
	m.visit.agency = agency
	m.trust(signers)
	return nil
}

// registered is whose the connection's certificate is, if it is trusted at that time.
func (h *Hub) registered(req *http.Request, v *visit, at time.Time) (store.Agency, []store.SigningCert, error) {
	fingerprint := sha256.Sum256(req.TLS.PeerCertificates[0].Raw)
	agency, signers, err := h.Store.AgencyByTLS(req.Context(), fingerprint, at)
	if err == nil || errors.Is(err, store.ErrUnknownCertificate) || errors.Is(err, store.ErrRevokedCertificate) || errors.Is(err, store.ErrExpiredCertificate) {
		h.door.remember(fingerprint, err == nil)
	}
	switch {
	case errors.Is(err, store.ErrUnknownCertificate):
		err = &refusal{code: "Client.Peer.CertificateUnknown"}
	case errors.Is(err, store.ErrRevokedCertificate):
		err = &refusal{code: "Client.Peer.CertificateRevoked"}
	case errors.Is(err, store.ErrExpiredCertificate):
		err = &refusal{code: "Client.Peer.CertificateExpired"}
	case err != nil:
		h.Log.Error("agency not looked up", "correlation", v.correlation, "error", loggable(err))
		err = &refusal{code: "Server.Unavailable"}
	}
	return agency, signers, err
}

func correlation() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
