package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"ccpor/mapping/order"
	"ccpor/store"
)

// QueueReader lists what is owed to CARPOS; *store.Reader is one.
type QueueReader interface {
	Queue(ctx context.Context, f store.QueueFilter, limit int, after store.TransmissionID) ([]store.QueueEntry, error)
	QueueCounts(ctx context.Context) ([]store.StateCount, error)
}

// Desk shows one transmission in plain words, without values about people, and does what a person decides: holds, releases, makes due, corrects or gives up,
// each with its audit entry. It is all through which pages act.
type Desk interface {
	Item(ctx context.Context, id store.TransmissionID, personal bool) (store.QueueItem, error)
	Suppliable(k store.Kind) []store.Suppliable
	Act(ctx context.Context, id store.TransmissionID, a store.Act) (store.Acted, error)
}

// WithQueue adds the pages on which people work on what is owed to CARPOS.
func (p *Pages) WithQueue(q QueueReader, d Desk) *Pages {
	p.queue, p.desk = q, d
	return p
}

func (p *Pages) queueRoutes(mux *http.ServeMux) {
	if p.queue == nil {
		return
	}
	mux.HandleFunc("GET /queue", p.queueList)
	mux.HandleFunc("GET /queue/{id}", p.queueItem)
	mux.HandleFunc("GET /queue/{id}/{verb}", p.queueConfirm)
	mux.HandleFunc("POST /queue/{id}/{verb}", p.queueAct)
}

// queueView is the page of the queue.
type queueView struct {
	Counts []store.StateCount
	Rows   []store.QueueEntry
	// Asked are the filters as they were asked for, States and Kinds the choices.
	Asked  url.Values
	States []store.TransmissionState
	Kinds  []store.Kind
	// Next is the address of the next page, empty at the end.
	Next string
}

var kinds = []store.Kind{store.KindEnter, store.KindModify, store.KindCancel, store.KindServe, store.KindViolate}

func (p *Pages) queueList(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	f, after, err := p.queueFilter(asked)
	if err != nil {
		p.refuse(w, http.StatusBadRequest, "That is no filter", err.Error())
		return
	}
	v := queueView{Asked: asked, States: store.TransmissionStates, Kinds: kinds}
	if v.Counts, err = p.queue.QueueCounts(r.Context()); err == nil {
		v.Rows, err = p.queue.Queue(r.Context(), f, perPage, after)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if !p.audited(w, r, "queue") {
		return
	}
	if len(v.Rows) == perPage {
		next := url.Values{}
		for k := range asked {
			next.Set(k, asked.Get(k))
		}
		next.Set("after", fmt.Sprint(v.Rows[perPage-1].ID))
		v.Next = "/queue?" + next.Encode()
	}
	p.render(w, http.StatusOK, "queue", v)
}

// mistake is what is wrong with a filter, as a sentence for people.
type mistake string

func (m mistake) Error() string { return string(m) }

// queueFilter reads the filters of a list. Its errors are mistakes.
func (p *Pages) queueFilter(asked url.Values) (f store.QueueFilter, after store.TransmissionID, err error) {
	get := func(name string) string { return strings.TrimSpace(asked.Get(name)) }
	if s := store.TransmissionState(get("state")); s != "" {
		if !slices.Contains(store.TransmissionStates, s) {
			return f, 0, mistake("There is no such state. Choose one from the list.")
		}
		f.States = []store.TransmissionState{s}
	}
	if f.Kind = store.Kind(get("kind")); f.Kind != "" && !slices.Contains(kinds, f.Kind) {
		return f, 0, mistake("There is no such kind of transaction. Choose one from the list.")
	}
	f.Agency, f.Field, f.Reason, f.Line = order.ORI(strings.ToUpper(get("agency"))), strings.ToUpper(get("field")), get("about"), strings.ToUpper(get("line"))
	f.Tests, f.Live = get("tests") == "only", get("tests") == "none"
	if t := get("tracking"); t != "" {
		if f.Tracking, err = order.ParseTracking(t); err != nil {
			return f, 0, mistake("The tracking number is mistyped: it has ten letters and digits, and the last one checks the others.")
		}
	}
	older, err := hours(get("older"))
	if err != nil {
		return f, 0, err
	}
	within, err := hours(get("within"))
	if err != nil {
		return f, 0, err
	}
	if older > 0 {
		f.ChangedBefore = p.now().Add(-older)
	}
	if within > 0 {
		f.DueBefore = p.now().Add(within)
	}
	if a := get("after"); a != "" {
		n, err := strconv.ParseInt(a, 10, 64)
		if err != nil || n < 0 {
			return f, 0, mistake("There is no such page. Begin again with the first.")
		}
		after = store.TransmissionID(n)
	}
	return f, after, nil
}

func hours(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 10000 {
		return 0, mistake("A time is given in whole hours, up to 10000.")
	}
	return time.Duration(n) * time.Hour, nil
}

// itemView is the page of one transmission.
type itemView struct {
	store.QueueItem
	Class string
	// Done says that the person has just acted.
	Done bool
	Acts []actView
	Late bool
	// Nothing says why nothing can be done, where nothing can.
	Nothing string
}

// actView is an act as it is offered, or why it is not.
type actView struct {
	Verb  store.Verb
	Name  string
	Means string
}

var verbNames = map[store.Verb]string{store.VerbHold: "Hold", store.VerbRelease: "Release", store.VerbRetry: "Retry now", store.VerbGiveUp: "Give up", store.VerbCorrect: "Correct and release"}

func (p *Pages) queueItem(w http.ResponseWriter, r *http.Request) {
	i, ok := p.item(w, r)
	if !ok {
		return
	}
	now := p.now()
	v := itemView{QueueItem: i, Class: stateClass(i.State), Done: r.URL.Query().Has("done"), Late: !i.State.Final() && !i.Due.IsZero() && now.After(i.Due)}
	for _, verb := range store.Verbs {
		if i.Allows(verb, now) == "" {
			v.Acts = append(v.Acts, actView{verb, verbNames[verb], i.Means(verb)})
		}
	}
	if len(v.Acts) == 0 {
		v.Nothing = i.Allows(store.VerbRelease, now)
	}
	p.render(w, http.StatusOK, "transmission", v)
}

// item reads the transmission that the address names, and puts the look on record; where it answers itself, it says no.
func (p *Pages) item(w http.ResponseWriter, r *http.Request) (store.QueueItem, bool) {
	n, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || n < 1 {
		p.noTransmission(w)
		return store.QueueItem{}, false
	}
	i, err := p.desk.Item(r.Context(), store.TransmissionID(n), false)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		p.fail(w, r, err)
		return i, false
	}
	if !p.audited(w, r, fmt.Sprintf("transmission %d", n)) {
		return i, false
	}
	if err != nil {
		p.noTransmission(w)
	}
	return i, err == nil
}

func (p *Pages) noTransmission(w http.ResponseWriter) {
	p.refuse(w, http.StatusNotFound, "There is no such transmission", "Nothing is owed to CARPOS under this number here. The page of a submission names its transmissions.")
}

// confirmView is the page that says what an act would do, and takes the person's name and words.
type confirmView struct {
	actView
	Item store.QueueItem
	// Seen is the state's time as the person saw it: whoever acts on what has moved on since does nothing.
	Seen string
	// Wants say what is asked for; Supply are the fields that may be supplied.
	WantsReason bool
	Supply      []supplyView
	// Wrong says what was wrong with what was sent; the rest is what was typed.
	Wrong, Who, Reason, Source string
}

type supplyView struct {
	store.Suppliable
	Value string
	// Lacks says that it is what the transmission is held for.
	Lacks bool
}

func (p *Pages) queueConfirm(w http.ResponseWriter, r *http.Request) {
	i, ok := p.item(w, r)
	if !ok {
		return
	}
	verb := store.Verb(r.PathValue("verb"))
	if verbNames[verb] == "" {
		p.noSuchAct(w)
		return
	}
	if why := i.Allows(verb, p.now()); why != "" {
		p.refuse(w, http.StatusConflict, "That cannot be done now", fmt.Sprintf("Transmission %d is %s. %s", i.ID, stateWords[i.State], why))
		return
	}
	p.render(w, http.StatusOK, "confirm", p.confirm(i, verb))
}

func (p *Pages) noSuchAct(w http.ResponseWriter) {
	p.refuse(w, http.StatusNotFound, "There is no such act", "The address is not one of this program's. Go to the page of the transmission.")
}

func (p *Pages) confirm(i store.QueueItem, verb store.Verb) confirmView {
	v := confirmView{actView: actView{verb, verbNames[verb], i.Means(verb)}, Item: i, Seen: i.ChangedAt.Format(time.RFC3339Nano), WantsReason: verb == store.VerbHold || verb == store.VerbGiveUp}
	if verb == store.VerbCorrect {
		for _, s := range p.desk.Suppliable(i.Kind) {
			v.Supply = append(v.Supply, supplyView{Suppliable: s, Lacks: s.Field == i.Field})
		}
	}
	return v
}

// queueAct does what the form says. What has moved on, or was done already by the same form, is told and not done.
func (p *Pages) queueAct(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		p.refuse(w, http.StatusBadRequest, "The form could not be read", "Go back to the page of the transmission and begin again.")
		return
	}
	verb := store.Verb(r.PathValue("verb"))
	if verbNames[verb] == "" {
		p.noSuchAct(w)
		return
	}
	i, ok := p.item(w, r)
	if !ok {
		return
	}
	a, wrong := p.actOf(verb, r.PostForm)
	if wrong == "" {
		_, err := p.desk.Act(r.Context(), i.ID, a)
		if wrong = p.answer(w, r, i.ID, err); wrong == "" {
			return
		}
	}
	v := p.confirm(i, verb)
	v.Wrong, v.Who, v.Reason, v.Source, v.Seen = wrong, r.PostForm.Get("who"), r.PostForm.Get("reason"), r.PostForm.Get("source"), r.PostForm.Get("seen")
	for n := range v.Supply {
		v.Supply[n].Value = r.PostForm.Get("field-" + v.Supply[n].Field)
	}
	p.render(w, http.StatusUnprocessableEntity, "confirm", v)
}

// answer ends an act. What the person can mend in the form it returns as a sentence.
func (p *Pages) answer(w http.ResponseWriter, r *http.Request, id store.TransmissionID, err error) (wrong string) {
	var not *store.ActError
	var supply *store.SupplyError
	switch {
	case err == nil:
		http.Redirect(w, r, fmt.Sprintf("/queue/%d?done", id), http.StatusSeeOther)
	case errors.As(err, &supply):
		return "Nothing was kept: " + supply.Error() + "."
	case errors.Is(err, store.ErrMovedOn):
		p.refuse(w, http.StatusConflict, "It has moved on", "The transmission is not any more as you saw it, and nothing was done. Look at its page again, and decide anew.")
	case errors.As(err, &not):
		p.refuse(w, http.StatusConflict, "That cannot be done now", "Nothing was done. "+not.Why)
	case errors.Is(err, store.ErrNotFound):
		p.noTransmission(w)
	default:
		p.fail(w, r, err)
	}
	return ""
}

// actOf reads an act from its form; wrong is a sentence about what is missing.
func (p *Pages) actOf(verb store.Verb, form url.Values) (a store.Act, wrong string) {
	get := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	seen, err := time.Parse(time.RFC3339Nano, get("seen"))
	if err != nil {
		return a, "The form is not whole: open the page of the transmission again."
	}
	who, reason, source := get("who"), get("reason"), get("source")
	a = store.Act{Verb: verb, Who: "person " + who + ", page, name as typed", Reason: reason, Seen: seen, At: p.now()}
	switch {
	case !isLine(who, 2, 60):
		return a, "Your name is needed, 2 to 60 characters."
	case (verb == store.VerbHold || verb == store.VerbGiveUp) && !isLine(reason, 3, 300):
		return a, "A reason is needed, 3 to 300 characters on one line."
	case verb == store.VerbCorrect && !isLine(source, 3, 80):
		return a, "Where it comes from is needed, 3 to 80 characters."
	}
	for name := range form {
		if field, is := strings.CutPrefix(name, "field-"); is && verb == store.VerbCorrect && get(name) != "" {
			a.Corrections = append(a.Corrections, store.Correction{Field: field, Value: get(name), Source: source})
		}
	}
	slices.SortFunc(a.Corrections, func(x, y store.Correction) int { return strings.Compare(x.Field, y.Field) })
	return a, ""
}

// isLine says that a text has a length, in characters, and nothing but what can be printed.
func isLine(s string, least, most int) bool {
	n := len([]rune(s))
	return n >= least && n <= most && !strings.ContainsFunc(s, unicode.IsControl)
}

// stateWords say the states where a sentence goes on.
var stateWords = map[store.TransmissionState]string{
	store.StateWaiting: "waiting", store.StateReady: "ready", store.StateSending: "being sent", store.StateSent: "sent", store.StateAccepted: "accepted", store.StateHeld: "held",
	store.StateUnknown: "unknown", store.StateGivenUp: "given up",
}

func stateWord(s store.TransmissionState) string { return stateWords[s] }

func stateClass(s store.TransmissionState) string {
	switch s {
	case store.StateAccepted:
		return "good"
	case store.StateHeld, store.StateGivenUp:
		return "bad"
	}
	return "wait"
}
