package carpos

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

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
	// Own is the agency whose things are shown, where they are no other's.
	Own    order.ORI
	MayAct bool
}

var kinds = []store.Kind{store.KindEnter, store.KindModify, store.KindCancel, store.KindServe, store.KindViolate}

func (p *Pages) queueList(r *site.Request) (site.Answer, error) {
	asked := r.URL.Query()
	f, after, err := queueFilter(asked, r.Now)
	if err != nil {
		return site.Answer{}, site.Bad("That is no filter", err.Error())
	}
	own := order.ORI("")
	if r.Scope == access.Own {
		own, f.Agency = r.Visitor.Asker.Agency, r.Visitor.Asker.Agency
		asked.Set("agency", string(own))
	}
	v := queueView{Asked: asked, States: store.TransmissionStates, Kinds: kinds, Own: own, MayAct: r.May(access.ActOnQueue)}
	if v.Counts, err = p.Reader.QueueCounts(r.Context(), own); err == nil {
		v.Rows, err = p.Reader.Queue(r.Context(), f, perPage, after)
	}
	if err != nil {
		return site.Answer{}, err
	}
	if len(v.Rows) == perPage {
		v.Next = nextPage(asked, v.Rows[perPage-1].ID)
	}
	return site.Answer{Page: "queue", Title: "Owed to CARPOS", Data: v, Object: "queue"}, nil
}

func nextPage(asked url.Values, last store.TransmissionID) string {
	next := url.Values{}
	for k := range asked {
		next.Set(k, asked.Get(k))
	}
	next.Set("after", fmt.Sprint(last))
	return "/queue?" + next.Encode()
}

// mistake is what is wrong with a filter, as a sentence for people.
type mistake string

func (m mistake) Error() string { return string(m) }

// queueFilter reads the filters of a list. Its errors are mistakes.
func queueFilter(asked url.Values, now time.Time) (f store.QueueFilter, after store.TransmissionID, err error) {
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
		f.ChangedBefore = now.Add(-older)
	}
	if within > 0 {
		f.DueBefore = now.Add(within)
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
	// MayAct says that the visitor may act on what is owed, SeesCase that the visitor sees the order's case number,
	// and what was sent and answered in words; values about people are masked in them for everybody.
	MayAct, SeesCase bool
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

func (p *Pages) queueItem(r *site.Request) (site.Answer, error) {
	i, err := p.item(r)
	if err != nil {
		return site.Answer{}, err
	}
	v := itemView{QueueItem: i, Class: stateClass(i.State), Done: r.URL.Query().Has("done"), Late: !i.State.Final() && !i.Due.IsZero() && r.Now.After(i.Due),
		MayAct: r.MayAbout(access.ActOnQueue, i.AgencyORI), SeesCase: seesCase(r, i)}
	if v.MayAct {
		v.Acts, v.Nothing = acts(i, r.Now)
	}
	return site.Answer{Page: "transmission", Title: fmt.Sprintf("Transmission %d (%s)", i.ID, i.Kind), Above: queueLink(), Data: v, Object: object(i.ID)}, nil
}

// acts are those that can be done now, or why none can.
func acts(i store.QueueItem, now time.Time) (acts []actView, nothing string) {
	for _, verb := range store.Verbs {
		if i.Allows(verb, now) == "" {
			acts = append(acts, actView{verb, verbNames[verb], i.Means(verb)})
		}
	}
	if len(acts) == 0 {
		nothing = i.Allows(store.VerbRelease, now)
	}
	return acts, nothing
}

// seesCase says that the visitor sees the order whole, or reads contents of that agency's submissions as an engineer does. A clerk's right to contents does not open a sealed order.
func seesCase(r *site.Request, i store.QueueItem) bool {
	engineer := r.Visitor.Has(access.IntegrationEngineer) && r.MayAbout(access.ReadContents, i.AgencyORI)
	return engineer || r.Visitor.Sees(i.Order.Object(), r.Now) == access.Whole
}

// item reads the transmission that the address names, where it is the visitor's to see.
func (p *Pages) item(r *site.Request) (store.QueueItem, error) {
	n, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || n < 1 {
		return store.QueueItem{}, noTransmission()
	}
	i, err := p.Desk.Item(r.Context(), store.TransmissionID(n), false)
	if errors.Is(err, store.ErrNotFound) {
		return i, noTransmission()
	}
	if err == nil {
		err = r.About(i.AgencyORI, noTransmission())
	}
	return i, err
}

func object(id store.TransmissionID) string { return fmt.Sprintf("transmission %d", id) }

func noTransmission() error {
	return site.NotFound("There is no such transmission", "Nothing is owed to CARPOS under this number here. The page of a submission names its transmissions.")
}

// confirmView is the page that says what an act would do, and takes the person's words.
type confirmView struct {
	actView
	Item store.QueueItem
	// Seen is the state's time as the person saw it: whoever acts on what has moved on since does nothing.
	Seen string
	// Wants say what is asked for; Supply are the fields that may be supplied.
	WantsReason bool
	Supply      []supplyView
	// Wrong says what was wrong with what was sent; the rest is what was typed.
	Wrong, Reason, Source string
	// Who is the visitor, as the act goes on record.
	Who string
}

type supplyView struct {
	store.Suppliable
	Value string
	// Lacks says that it is what the transmission is held for.
	Lacks bool
}

func (p *Pages) queueConfirm(r *site.Request) (site.Answer, error) {
	i, err := p.item(r)
	if err != nil {
		return site.Answer{}, err
	}
	verb := store.Verb(r.PathValue("verb"))
	if verbNames[verb] == "" {
		return site.Answer{}, noSuchAct()
	}
	if why := i.Allows(verb, r.Now); why != "" {
		return site.Answer{}, site.Conflict("That cannot be done now", fmt.Sprintf("Transmission %d is %s. %s", i.ID, stateWords[i.State], why))
	}
	return confirming(p.confirm(r, i, verb)), nil
}

func confirming(v confirmView) site.Answer {
	return site.Answer{Page: "confirm", Title: fmt.Sprintf("%s: transmission %d (%s)?", v.Name, v.Item.ID, v.Item.Kind), Above: append(queueLink(), site.Link{To: fmt.Sprintf("/queue/%d", v.Item.ID), Name: fmt.Sprintf("Transmission %d", v.Item.ID)}), Data: v, Object: object(v.Item.ID), Details: string(v.Verb)}
}

func noSuchAct() error {
	return site.NotFound("There is no such act", "The address is not one of this program's. Go to the page of the transmission.")
}

func (p *Pages) confirm(r *site.Request, i store.QueueItem, verb store.Verb) confirmView {
	v := confirmView{actView: actView{verb, verbNames[verb], i.Means(verb)}, Item: i, Seen: i.ChangedAt.Format(time.RFC3339Nano), WantsReason: verb == store.VerbHold || verb == store.VerbGiveUp,
		Who: r.Visitor.Name}
	if verb == store.VerbCorrect {
		for _, s := range p.Desk.Suppliable(i.Kind) {
			v.Supply = append(v.Supply, supplyView{Suppliable: s, Lacks: s.Field == i.Field})
		}
	}
	return v
}

// queueAct does what the form says. What has moved on, or was done already by the same form, is told and not done.
func (p *Pages) queueAct(r *site.Request) (site.Answer, error) {
	verb := store.Verb(r.PathValue("verb"))
	if verbNames[verb] == "" {
		return site.Answer{}, noSuchAct()
	}
	i, err := p.item(r)
	if err != nil {
		return site.Answer{}, err
	}
	a, wrong := actOf(r, verb)
	if wrong == "" {
		_, err := p.Desk.Act(r.Context(), i.ID, a)
		if wrong, err = unable(err); err != nil {
			return site.Answer{}, err
		}
	}
	if wrong == "" {
		return site.Answer{To: fmt.Sprintf("/queue/%d?done", i.ID), Object: object(i.ID), Details: string(verb)}, nil
	}
	v := p.confirm(r, i, verb)
	v.Wrong, v.Reason, v.Source, v.Seen = wrong, r.PostForm.Get("reason"), r.PostForm.Get("source"), r.PostForm.Get("seen")
	for n := range v.Supply {
		v.Supply[n].Value = r.PostForm.Get("field-" + v.Supply[n].Field)
	}
	again := confirming(v)
	again.Status = http.StatusUnprocessableEntity
	return again, nil
}

// unable says why an act was not done: in a sentence what the person can mend in the form, as an error everything else.
func unable(err error) (wrong string, _ error) {
	var not *store.ActError
	var supply *store.SupplyError
	switch {
	case errors.As(err, &supply):
		return "Nothing was kept: " + supply.Error() + ".", nil
	case errors.Is(err, store.ErrMovedOn):
		return "", site.Conflict("It has moved on", "The transmission is not any more as you saw it, and nothing was done. Look at its page again, and decide anew.")
	case errors.As(err, &not):
		return "", site.Conflict("That cannot be done now", "Nothing was done. "+not.Why)
	case errors.Is(err, store.ErrNotFound):
		return "", noTransmission()
	}
	return "", err
}

// actOf reads an act from its form; wrong is a sentence about what is missing.
func actOf(r *site.Request, verb store.Verb) (a store.Act, wrong string) {
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	seen, err := time.Parse(time.RFC3339Nano, get("seen"))
	if err != nil {
		return a, "The form is not whole: open the page of the transmission again."
	}
	reason, source := get("reason"), get("source")
	a = store.Act{Verb: verb, Who: r.Visitor.Actor(), Reason: reason, Seen: seen, At: r.Now}
	switch {
	case (verb == store.VerbHold || verb == store.VerbGiveUp) && !isLine(reason, 3, 300):
		return a, "A reason is needed, 3 to 300 characters on one line."
	case verb == store.VerbCorrect && !isLine(source, 3, 80):
		return a, "Where it comes from is needed, 3 to 80 characters."
	}
	for name := range r.PostForm {
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

// queueLink is what each transmission's page is under.
func queueLink() []site.Link { return []site.Link{{To: "/queue", Name: "Owed to CARPOS"}} }
