package helpdesk

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

const perPage = 50

// asked is what a search asks for, as its address says it. Every field is as it was typed.
type asked struct {
	Q, Agency, From, Until, State, Code, Tests, Before string
}

func askedBy(v url.Values) asked {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	return asked{get("q"), strings.ToUpper(get("agency")), get("from"), get("to"), get("state"), get("code"), get("tests"), get("before")}
}

// Query is the search as an address says it.
func (a asked) Query() string {
	v := url.Values{}
	for name, value := range map[string]string{"q": a.Q, "agency": a.Agency, "from": a.From, "to": a.Until, "state": a.State, "code": a.Code, "tests": a.Tests, "before": a.Before} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v.Encode()
}

// To is the address of the search.
func (a asked) To() string {
	if q := a.Query(); q != "" {
		return "/submissions?" + q
	}
	return "/submissions"
}

// Any says that something is asked for at all.
func (a asked) Any() bool { return a.Query() != "" }

// by says by what was searched, for the log, which has no room for the values.
func (a asked) by() string {
	var by []string
	for _, f := range [][2]string{{a.Q, "number"}, {a.Agency, "agency"}, {a.From + a.Until, "time"}, {a.State, "state"}, {a.Code, "code"}, {a.Tests, "tests"}} {
		if f[0] != "" {
			by = append(by, f[1])
		}
	}
	return cmp.Or(strings.Join(by, ", "), "nothing")
}

// problems are what is wrong with the fields of a search, by their names.
type problems map[string]string

// query reads the fields but the box.
func (d *desk) query(r *site.Request, a asked) (store.SubmissionQuery, problems) {
	q, wrong := store.SubmissionQuery{Code: a.Code, Now: r.Now, Warn: d.Warn, Limit: perPage}, problems{}
	if a.Agency != "" {
		var err error
		if q.Agency, err = order.ParseORI(a.Agency); err != nil {
			wrong["agency"] = "An ORI has two letters and seven letters or digits, as CA030013J."
		}
	}
	q.From, q.To = d.day(a.From, 0, "from", wrong), d.day(a.Until, 1, "to", wrong)
	if q.Like = store.SubmissionsLike(a.State); q.Like != "" && !slices.Contains(store.SubmissionsLikes, q.Like) {
		q.Like, wrong["state"] = "", "There is no such state."
	}
	if a.Code != "" && (!codeShape.MatchString(a.Code) || q.Like != "" && q.Like != store.LikeRefused) {
		q.Code, wrong["code"] = "", "A code is as Client.Schema.Invalid, or Client.Schema.* for its kin, of what was refused."
	}
	q.Tests, q.Live = a.Tests == "only", a.Tests == "none"
	var err error
	if q.Before, err = store.ParsePlace(a.Before); err != nil {
		wrong["before"] = "The address was cut. Begin again with the newest."
	}
	if r.Scope == access.Own {
		q.Agency = r.Visitor.Asker.Agency
	}
	return q, wrong
}

var codeShape = regexp.MustCompile(`^[A-Z][A-Za-z]{0,20}(\.[A-Za-z0-9]{1,40}){1,3}(\.\*)?$`)

// day is the beginning of a day in the courts' zone, so many days later; zero for nothing.
func (d *desk) day(typed string, later int, field string, wrong problems) time.Time {
	if typed == "" {
		return time.Time{}
	}
	at, err := time.ParseInLocation(time.DateOnly, typed, d.Zone)
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		wrong[field] = "A day is written as 2026-11-29."
		return time.Time{}
	}
	return at.AddDate(0, 0, later)
}

// findView is what the page of a search shows.
type findView struct {
	Asked    asked
	Problems problems
	States   []site.Choice
	Own      bool // the visitor's own agency only
	// Says is what there is to say of what was typed into the box, and Near which tracking numbers may be meant.
	Says  string
	Near  []order.Tracking
	Found store.FoundSubmissions
	Next  string // the next page's address
	Rows  []row
	Day   *dayView
	Saved []savedView
	Most  int
}

// find answers a search: the page of the one submission that a number leads to, or a list.
func (d *desk) find(r *site.Request) (site.Answer, error) {
	a := askedBy(r.URL.Query())
	q, wrong := d.query(r, a)
	v := findView{Asked: a, Problems: wrong, States: states(), Own: r.Scope == access.Own, Most: store.MostSaved}
	answer := site.Answer{Page: "submissions", Title: "Submissions", Action: "page.search", Object: "submissions", Details: "by " + a.by()}
	if len(wrong) > 0 {
		answer.Status, answer.Outcome = 422, "not understood"
	} else if to, err := d.search(r, q, &v); err != nil || to != "" {
		return site.Answer{To: to, Action: "page.search", Object: "submissions", Outcome: "one found", Details: answer.Details}, err
	}
	var err error
	if v.Day, err = d.today(r); err != nil {
		return answer, err
	}
	if v.Saved, err = d.saved(r); err != nil {
		return answer, err
	}
	answer.Data = v
	answer.Outcome = cmp.Or(answer.Outcome, fmt.Sprintf("%d shown", len(v.Rows)))
	return answer, nil
}

// savedView is a search that the visitor keeps, with its address.
type savedView struct {
	store.SavedSearch
	To string
}

func (d *desk) saved(r *site.Request) (all []savedView, err error) {
	kept, err := d.Reader.SavedSearches(r.Context(), r.Visitor.ID)
	for _, k := range kept {
		values, _ := url.ParseQuery(k.Query) // what of it is none is left out
		all = append(all, savedView{k, askedBy(values).To()})
	}
	return all, err
}

// search looks for what was asked; to is where it leads where there is one and no doubt.
func (d *desk) search(r *site.Request, q store.SubmissionQuery, v *findView) (to string, err error) {
	alone := v.Asked.Query() == asked{Q: v.Asked.Q}.Query()
	if v.Asked.Q != "" {
		if to, err = d.byTracking(r, v.Asked.Q); err != nil || to != "" {
			return to, err
		}
		some, err := d.byNumber(r, v.Asked.Q, &q)
		switch {
		case err != nil:
			return "", err
		case !some:
			return "", d.nothing(r, v)
		}
	}
	if v.Found, err = d.Reader.FindSubmissions(r.Context(), q); err != nil {
		return "", err
	}
	for _, s := range v.Found.Submissions {
		v.Rows = append(v.Rows, rowOf(s, r.Now))
	}
	if v.Found.Next != (store.Place{}) {
		further := v.Asked
		further.Before = v.Found.Next.String()
		v.Next = further.To()
	}
	switch {
	case v.Asked.Q == "":
		return "", nil
	case len(v.Rows) == 0 && !v.Found.Short && v.Asked.Before == "":
		return "", d.nothing(r, v)
	case len(v.Rows) == 1 && alone && v.Next == "":
		return "/submission/" + string(v.Rows[0].Tracking), nil
	}
	return "", nil
}

// byTracking leads to the submission of a tracking number that the visitor may look at.
func (d *desk) byTracking(r *site.Request, typed string) (to string, err error) {
	t, bad := order.ParseTracking(typed)
	if bad != nil {
		return "", nil
	}
	senders, err := d.Reader.SendersOf(r.Context(), []order.Tracking{t})
	if agency, there := senders[t]; err == nil && there && r.MayAbout(access.FindSubmissions, agency) {
		return "/submission/" + string(t), nil
	}
	return "", err
}

var ocaShape = regexp.MustCompile(`^[A-Z0-9-]{1,20}$`)

// byNumber makes the query one for whatever else has the number: a package, a case, an FCN, an OCA. Orders that the visitor may
// neither see nor read in what came have none. some says that there is anything to look for.
func (d *desk) byNumber(r *site.Request, typed string, q *store.SubmissionQuery) (some bool, err error) {
	if id, err := order.ParseLocalID(typed); err == nil {
		q.Package, some = id, true
	}
	reads := r.Visitor.Has(access.IntegrationEngineer) && r.May(access.ReadContents)
	for _, written := range slices.Compact([]string{typed, strings.ToUpper(typed)}) {
		var n store.Number
		n.Case, _ = order.ParseCaseNumber(written) // what is none of them is not looked for as that
		n.FCN, _ = order.ParseFCN(written)
		if ocaShape.MatchString(written) {
			n.OCA = written
		}
		if n == (store.Number{}) {
			continue
		}
		orders, err := d.Reader.OrdersNumbered(r.Context(), n)
		if err != nil {
			return some, err
		}
		for _, o := range orders {
			if r.Visitor.Sees(o.Object, r.Now) != access.Nothing || reads {
				q.Orders, some = append(q.Orders, o.Key), true
			}
		}
	}
	return some, nil
}

// nothing says what may be wrong with a number that leads to nothing.
func (d *desk) nothing(r *site.Request, v *findView) error {
	v.Says = "Nothing was found that has this number and fits the rest. It was looked for as tracking number, package identification, case number, FCN and OCA."
	if _, err := order.ParseTracking(v.Asked.Q); err == nil {
		v.Says = "It is a well-formed tracking number, but nothing was received under it here, and no package, case, FCN or OCA has it either."
		return nil
	}
	if !likeTracking.MatchString(v.Asked.Q) {
		return nil
	}
	says, near, err := d.near(r, v.Asked.Q)
	if v.Near = near; says != "" {
		v.Says += " If it is meant as a tracking number: " + says
	}
	return err
}

// likeTracking is what somebody may have meant as a tracking number.
var likeTracking = regexp.MustCompile(`^[0-9A-Za-z]{3,5}[- ]?[0-9A-Za-z]{3,5}[- ]?[0-9A-Za-z]{1,3}$`)

// askedBefore leads the address by which tracking numbers were looked up before to the search.
func askedBefore(r *site.Request) (site.Answer, error) {
	return site.Answer{To: "/submissions?" + url.Values{"q": {r.URL.Query().Get("tracking")}}.Encode()}, nil
}

// dayView is how today went, each figure with the search that lists what it counts.
type dayView struct {
	At     time.Time
	Today  []figure
	Codes  []figure
	Now    []figure
	Partly bool
}

type figure struct {
	Name  string
	Count int
	To    string
	Class string
}

// today counts what the visitor may list.
func (d *desk) today(r *site.Request) (*dayView, error) {
	now := r.Now.In(d.Zone)
	from := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, d.Zone)
	q := store.DayQuery{From: from, To: from.AddDate(0, 0, 1), Tests: r.Visitor.Test, Now: r.Now, Warn: d.Warn}
	base := asked{Tests: "none"}
	if q.Tests {
		base.Tests = "only"
	}
	if r.Scope == access.Own {
		q.Agency = r.Visitor.Asker.Agency
	}
	day, err := d.Reader.Day(r.Context(), q)
	if err != nil {
		return nil, err
	}
	v := &dayView{At: r.Now, Partly: day.Partly}
	standing := func(like store.SubmissionsLike) string { a := base; a.State = string(like); return a.To() }
	base.From, base.Until = from.Format(time.DateOnly), from.Format(time.DateOnly)
	v.Today = []figure{{"Received", day.Received, standing(store.LikeAny), ""}, {"Accepted", day.Accepted, standing(store.LikeRegistry), "good"}, {"In CARPOS", day.Carpos, standing(store.LikeCarpos), "good"}, {"Refused", day.Refused, standing(store.LikeRefused), "bad"}}
	for _, c := range day.RefusedBy {
		a := base
		a.Code = c.Family + ".*"
		v.Codes = append(v.Codes, figure{c.Family, c.Count, a.To(), "bad"})
	}
	base.From, base.Until = "", ""
	v.Now = []figure{{"Held", day.Held, standing(store.LikeHeld), "bad"}, {"Late", day.Late, standing(store.LikeLate), "bad"}, {"At risk", day.AtRisk, standing(store.LikeAtRisk), "wait"}}
	return v, nil
}
