package exchange

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ccpor/exchange/sig"
	"ccpor/mapping/order"
	"ccpor/store"
)

// APIPath is under which path the service's reading side stands for those who prefer JSON.
const APIPath = "/api/v1/"

// openAPI describes what stands under APIPath: OpenAPI 3.1.
//
//go:embed openapi.json
var openAPI []byte

// resource answers a GET with something that goes out as JSON.
type resource func(h *Hub, ctx context.Context, a asked) (any, error)

// resources are what stands under APIPath, and by which parameters of the query each may be asked.
var resources = map[string]struct {
	params []string
	answer resource
}{
	"submissions":            {[]string{"since", "state", "action", "from", "limit", "package"}, (*Hub).apiSubmissions},
	"submissions/{tracking}": {nil, (*Hub).apiSubmission},
	"policy":                 {nil, (*Hub).apiPolicy},
	"ping":                   {nil, (*Hub).apiPing},
}

// API is the handler for everything under APIPath: the operations that only read, over the same functions and with the same identification, audit and limits as by
// SOAP. Refusals are problem details (RFC 9457) with the codes of the one table. Packages are sent by SOAP alone: their signature is over XML.
func (h *Hub) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+APIPath+"openapi.json", h.serveOpenAPI)
	for path, r := range resources {
		mux.HandleFunc("GET "+APIPath+path, func(w http.ResponseWriter, req *http.Request) { h.get(w, req, path, r.params, r.answer) })
		mux.HandleFunc(APIPath+path, h.refuses("Client.Resource.Method"))
	}
	mux.HandleFunc("/", h.refuses("Client.Resource.Unknown"))
	return mux
}

// serveOpenAPI gives the description to anybody, as the contract.
func (h *Hub) serveOpenAPI(w http.ResponseWriter, req *http.Request) {
	if err := h.limit(w, req); err != nil {
		h.problem(w, req, h.newVisit(req), err)
		return
	}
	if err := h.send(w, http.StatusOK, "application/json", openAPI); err != nil {
		h.Log.Debug("the description was not read to its end", "error", loggable(err))
	}
}

// noResource is asked for by those who name none.
const noResource = "a resource"

// refuses answers every request with one code.
func (h *Hub) refuses(code string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if code == "Client.Resource.Method" {
			w.Header().Set("Allow", "GET, HEAD")
		}
		h.get(w, req, noResource, nil, func(*Hub, context.Context, asked) (any, error) { return nil, &refusal{code: code} })
	}
}

// get is the edge: it identifies who asks, answers, and keeps the process alive.
func (h *Hub) get(w http.ResponseWriter, req *http.Request, path string, params []string, answer resource) {
	v := h.newVisit(req)
	v.operation = "GET " + path
	w.Header().Set("X-Correlation-ID", v.correlation)
	defer func() {
		if p := recover(); p != nil {
			h.panicked(v, p)
			h.writeProblem(w, v, internal())
		}
	}()
	body, err := h.answerGet(w, req, v, path, params, answer)
	if err != nil {
		h.problem(w, req, v, err)
		return
	}
	h.writeAs(w, v, "application/json", body, http.StatusOK)
	h.log(req, v, "accepted", nil)
}

func (h *Hub) answerGet(w http.ResponseWriter, req *http.Request, v *visit, path string, params []string, answer resource) ([]byte, error) {
	if err := h.limit(w, req); err != nil {
		return nil, err
	}
	m := &received{visit: v, hub: h}
	v.begin("receive")
	if err := h.identify(req, m); err != nil {
		return nil, err
	}
	if v.agency.MessageSignature == store.MessageSignatureRequired {
		return nil, &refusal{code: "Client.MessageSignature." + string(sig.Missing), what: "Your agency has agreed that all its messages are signed, which a GET cannot be.", hint: "Ask by SOAP."}
	}
	v.begin("answer")
	if path != noResource {
		if err := notGranted(v.agency, v.operation); err != nil {
			return nil, err
		}
	}
	a, err := askedByURL(opened{received: m}, req, path, params)
	if err != nil {
		return nil, err
	}
	value, err := answer(h, req.Context(), a)
	if err != nil {
		return nil, err
	}
	v.end(true, "")
	return json.Marshal(value)
}

// askedByURL takes the parameters of the query, each at most once and none that is not known, and the tracking number of the path.
func askedByURL(o opened, req *http.Request, path string, known []string) (asked, error) {
	a := asked{of: o, texts: map[string]string{}}
	a.of.operation = path
	query, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil {
		return a, badQuery("The address's query cannot be read.")
	}
	for name, values := range query {
		if !slices.Contains(known, name) || len(values) > 1 || len(values[0]) > maxAskedText {
			return a, badQuery("The address's query takes, each once: " + strings.Join(append(slices.Clone(known), "nothing else"), ", ") + ".")
		}
		a.texts[name] = values[0]
	}
	if t := req.PathValue("tracking"); t != "" {
		a.texts["tracking"] = t
	}
	return a, nil
}

func badQuery(what string) error {
	return &refusal{code: "Client.Operation.Malformed", what: what, problems: []store.Problem{{Code: "Client.Operation.Malformed", Text: what, Whose: sender}}}
}

// problem puts a refusal on record and answers with it. What is asked for by GET is no submission: its refusal stands in the audit log.
func (h *Hub) problem(w http.ResponseWriter, req *http.Request, v *visit, err error) {
	o := tell(err)
	v.end(false, o.code)
	if o.inside {
		h.Log.Error("failed", "correlation", v.correlation, "agency", v.agency.ORI, "stage", v.stage, "error", loggable(err))
	}
	if v.agency.ID == 0 {
		w.Header().Set("Connection", "close")
	}
	if !strings.HasPrefix(o.code, "Server.") && h.kept(v, o) {
		if err := h.record(req.Context(), opened{received: &received{visit: v}}, refusedRead(v, o)); err != nil {
			o = tell(err)
		}
	}
	h.writeProblem(w, v, o)
	h.log(req, v, "refused", &o)
}

func refusedRead(v *visit, o outward) store.Event {
	e := store.Event{Action: "read.refuse", Object: strings.TrimPrefix(v.operation, "GET "), Outcome: "refused", Details: o.code + "; stage " + v.stage + "; peer " + host(v.peer) + "; correlation " + v.correlation}
	if v.agency.ID == 0 {
		e.Actor = "stranger"
	}
	return e
}

// host is a peer without its port.
func host(peer string) string {
	if h, _, err := net.SplitHostPort(peer); err == nil {
		return h
	}
	return peer
}

// notThere are the codes that HTTP has a status of its own for, where SOAP has none.
var notThere = []string{"Client.Operation.NotFound", "Client.Query.NotFound"}

func (h *Hub) writeProblem(w http.ResponseWriter, v *visit, o outward) {
	status := o.status
	if slices.Contains(notThere, o.code) {
		status = http.StatusNotFound
	}
	h.tellWait(w, o)
	body, err := json.Marshal(problemDetails{Type: "urn:ccpor:exchange:fault:" + o.code, Title: o.text, Status: status, Code: o.code, Hint: o.hint, Retry: o.retry, Whose: o.whose,
		Correlation: v.correlation, ReceivedAt: v.at.UTC(), Problems: apiProblems(o.problems)})
	if err != nil { // of plain texts and numbers: cannot be
		h.Log.Error("a refusal could not be written", "correlation", v.correlation, "error", loggable(err))
	}
	h.writeAs(w, v, "application/problem+json", body, status)
}

func (h *Hub) apiSubmissions(ctx context.Context, a asked) (any, error) {
	if a.has("package") {
		return h.apiOfPackage(ctx, a)
	}
	q, err := a.list(listNames{"since", "state", "action", "from", "limit"})
	if err != nil {
		return nil, err
	}
	page, err := h.page(ctx, a.of, q)
	if err != nil {
		return nil, err
	}
	list := apiList{Submissions: []apiSummary{}, Cursor: page.Next.String(), More: page.More}
	for _, s := range page.Submissions {
		list.Submissions = append(list.Submissions, summaryOf(s))
	}
	return list, nil
}

// apiOfPackage is a list of the one submission of a package, or of none.
func (h *Hub) apiOfPackage(ctx context.Context, a asked) (any, error) {
	if len(a.texts) > 1 {
		return nil, badQuery("By package a submission is asked for with no other parameter.")
	}
	id, err := order.ParseLocalID(a.texts["package"])
	if err != nil {
		return nil, a.wrong("package", "1 to 64 letters, digits and . _ : - are needed")
	}
	list := apiList{Submissions: []apiSummary{}}
	s, err := h.find(ctx, a.of, question{pkg: id})
	var not *refusal
	switch {
	case errors.As(err, &not) && not.code == "Client.Operation.NotFound":
	case err != nil:
		return nil, err
	default:
		list.Submissions = append(list.Submissions, submissionOf(s).apiSummary)
	}
	return list, h.record(ctx, a.of, store.Event{Action: "submission.list", Object: "submissions of " + string(a.of.agency.ORI), Outcome: strconv.Itoa(len(list.Submissions)) + " told"})
}

func (h *Hub) apiSubmission(ctx context.Context, a asked) (any, error) {
	tracking, err := order.ParseTracking(a.texts["tracking"])
	if err != nil {
		return nil, &refusal{code: "Client.Operation.TrackingNumber"}
	}
	s, err := h.find(ctx, a.of, question{tracking: tracking})
	if err != nil {
		return nil, err
	}
	a.of.tracking = s.Tracking
	return submissionOf(s), h.record(ctx, a.of, store.Event{Action: "submission.read", Object: "submission " + string(s.Tracking), Outcome: "answered"})
}

func (h *Hub) apiPing(_ context.Context, a asked) (any, error) {
	return apiPing{Time: h.Now().UTC(), Policy: h.edition(), Agency: a.of.agency.ORI, Name: a.of.agency.Name, Test: a.of.agency.Test}, nil
}
