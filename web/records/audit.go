package records

import (
	"bytes"
	"encoding/csv"
	"errors"
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

// auditFields are those by which the log is searched.
var auditFields = []string{"who", "agency", "action", "outcome", "court", "id", "case", "tracking", "object", "from", "to"}

// auditView is what the page of the log shows.
type auditView struct {
	Asked    url.Values
	Problems problems
	// Own says that the visitor's own agency is all that is searched.
	Own    bool
	Rows   []auditRow
	Next   string // address of the next page; empty at the end
	Export string
	Page   store.AuditPage
	// Sealed is the newest checkpoint of the ledger; of number 0 where there is none.
	Sealed store.Checkpoint
}

type auditRow struct {
	store.Entered
	// To is the page of what the entry is about, where that is for the visitor; Same leads to all entries about it.
	To, Same string
}

// audit shows what was asked of the log, newest first.
func (p *Pages) audit(r *site.Request) (site.Answer, error) {
	v := auditView{Asked: askedOf(r), Problems: problems{}, Own: r.Scope == access.Own}
	a := site.Answer{Page: "audit", Title: "Audit log", Object: "audit"}
	q, err := p.auditQuery(r, v.Asked, v.Problems)
	if err != nil {
		return a, err
	}
	if v.Sealed, err = p.Reader.LastCheckpoint(r.Context()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	if len(v.Problems) > 0 {
		a.Data, a.Status = v, again
		return a, nil
	}
	q.Limit = perPage * 2
	if v.Page, err = p.Reader.SearchAudit(r.Context(), q); err != nil {
		return a, err
	}
	for _, e := range v.Page.Entries {
		v.Rows = append(v.Rows, auditRow{e, p.thing(r, e), "/audit?" + url.Values{"object": {e.Object}}.Encode()})
	}
	v.Export = "/audit/export?" + v.Asked.Encode()
	if v.Page.Next != (store.AuditPlace{}) {
		next := url.Values{"before": {v.Page.Next.String()}}
		for field, value := range v.Asked {
			next[field] = value
		}
		v.Next = "/audit?" + next.Encode()
	}
	a.Data, a.Action, a.Outcome, a.Details = v, "page.search", number(len(v.Rows), "entry shown", "entries shown"), asksFor(v.Asked)
	return a, nil
}

// askedOf are the fields of the address that were filled in.
func askedOf(r *site.Request) url.Values {
	asked := url.Values{}
	for _, field := range auditFields {
		if v := strings.TrimSpace(r.URL.Query().Get(field)); v != "" {
			asked.Set(field, v)
		}
	}
	return asked
}

// asksFor names the fields, and whose entries or what about was asked for, where that is no free text.
func asksFor(asked url.Values) string {
	var said []string
	for _, field := range auditFields {
		switch {
		case !asked.Has(field):
		case slices.Contains([]string{"agency", "court", "id", "tracking"}, field):
			said = append(said, field+" "+asked.Get(field))
		default:
			said = append(said, field)
		}
	}
	if len(said) == 0 {
		return "all"
	}
	return "by " + strings.Join(said, ", ")
}

// auditQuery reads what was asked. Whose entries are searched is the scope's: one's own agency's people and things, or all.
func (p *Pages) auditQuery(r *site.Request, asked url.Values, w problems) (q store.AuditQuery, err error) {
	q = store.AuditQuery{Agency: parsed(w, "agency", asked.Get("agency"), order.ParseORI), Action: asked.Get("action"), Outcome: asked.Get("outcome"),
		From: p.midnight(w, "from", asked.Get("from"), 0), To: p.midnight(w, "to", asked.Get("to"), 1), Before: parsed(w, "before", r.URL.Query().Get("before"), store.ParseAuditPlace)}
	if r.Scope == access.Own {
		q.Within = r.Visitor.Asker.Agency
	}
	// An agency's own systems name their users as they like; people who sign in have an e-mail address, and need no agency to be found.
	if who := asked.Get("who"); q.Agency != "" && !strings.Contains(who, "@") {
		q.User = who
	} else {
		q.Who = who
	}
	q.Objects, err = p.objects(r, asked, w)
	return q, err
}

// midnight is the beginning of a day in the courts' zone, some days later.
func (p *Pages) midnight(w problems, field, typed string, later int) time.Time {
	d := parsed(w, field, typed, order.ParseDate)
	if d.IsZero() {
		return time.Time{}
	}
	return d.AddDays(later).At(0, p.Zone)
}

// objects are what the entries are to be about, as the log names it; nil where that was not asked.
func (p *Pages) objects(r *site.Request, asked url.Values, w problems) ([]string, error) {
	court := parsed(w, "court", asked.Get("court"), order.ParseORI)
	id := parsed(w, "id", asked.Get("id"), order.ParseLocalID)
	number := parsed(w, "case", asked.Get("case"), order.ParseCaseNumber)
	tracking := parsed(w, "tracking", asked.Get("tracking"), order.ParseTracking)
	switch {
	case len(w) > 0:
		return nil, nil
	case asked.Get("object") != "":
		return []string{asked.Get("object")}, nil
	case tracking != "":
		return p.ofSubmission(r, tracking)
	case (id != "" || number != "") && court == "":
		w["court"] = "The court that made the order is needed with it."
	case id != "":
		return []string{store.OrderObject(court, id)}, nil
	case number != "":
		return p.ofCase(r, court, number)
	case court != "":
		w["id"] = "The identification of the order is needed, or the case number."
	}
	return nil, nil
}

// ofCase are a court's orders with a case number, where the court's entries are for the visitor at all: else there are none.
func (p *Pages) ofCase(r *site.Request, court order.ORI, number order.CaseNumber) ([]string, error) {
	objects := []string{}
	if !r.MayAbout(access.SearchAudit, court) {
		return objects, nil
	}
	found, err := p.Reader.FindOrders(r.Context(), store.OrderQuery{Case: number, Test: r.Visitor.Test, Limit: readAtMost})
	for _, f := range found {
		if f.Order.Court.ORI == court {
			objects = append(objects, store.OrderObject(court, f.Order.ID))
		}
	}
	return objects, err
}

// ofSubmission are a submission and the transmissions that it brought.
func (p *Pages) ofSubmission(r *site.Request, t order.Tracking) ([]string, error) {
	objects := []string{"submission " + string(t)}
	s, err := p.Reader.Status(r.Context(), t)
	if errors.Is(err, store.ErrNotFound) {
		return objects, nil
	}
	for _, x := range s.Transmissions {
		objects = append(objects, fmt.Sprintf("transmission %d (%s) of submission %s", x.ID, x.Kind, t))
	}
	return objects, err
}

var (
	orderObject      = regexp.MustCompile(`^order ([A-Z]{2}[0-9A-Z]{7})/([A-Za-z0-9][A-Za-z0-9._:-]{0,63})$`)
	submissionObject = regexp.MustCompile(`submission ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2})$`)
)

// thing is the page of what an entry is about, where the visitor may go there.
func (p *Pages) thing(r *site.Request, e store.Entered) string {
	if m := orderObject.FindStringSubmatch(e.Object); m != nil && e.Outcome != "not found" && p.leads(r, order.ORI(m[1]), order.LocalID(m[2])) {
		return "/order/" + m[1] + "/" + url.PathEscape(m[2])
	}
	if m := submissionObject.FindStringSubmatch(e.Object); m != nil && e.About != "" && r.MayAbout(access.FindSubmissions, e.About) {
		return "/submission/" + m[1]
	}
	return ""
}

// leads says that the visitor sees something of an order; one that cannot be read now has no link.
func (p *Pages) leads(r *site.Request, court order.ORI, id order.LocalID) bool {
	if !r.May(access.ReadOrders) {
		return false
	}
	f, err := p.Reader.FindOrder(r.Context(), court, id, r.Visitor.Test)
	return err == nil && sees(r, f) != access.Nothing
}

const (
	// exportAtMost is how many entries one file has, exportAtOnce how many are read at a time.
	exportAtMost = 10000
	exportAtOnce = 1000
)

// exportAudit gives out what the page shows, and what follows it, as a file for a spreadsheet.
func (p *Pages) exportAudit(r *site.Request) (site.Answer, error) {
	asked, w := askedOf(r), problems{}
	q, err := p.auditQuery(r, asked, w)
	if err != nil {
		return site.Answer{}, err
	}
	if len(w) > 0 {
		return site.Answer{}, site.Bad("That cannot be searched for", "Open the audit log, and see there what is wrong with it.")
	}
	var rows []store.Entered
	for q.Limit = exportAtOnce; len(rows) < exportAtMost; {
		page, err := p.Reader.SearchAudit(r.Context(), q)
		if err != nil {
			return site.Answer{}, err
		}
		rows = append(rows, page.Entries...)
		if q.Before = page.Next; q.Before == (store.AuditPlace{}) {
			break
		}
	}
	content, err := p.sheet(rows, q.Before != store.AuditPlace{})
	if err != nil {
		return site.Answer{}, err
	}
	return site.Answer{File: &site.File{Name: "audit-" + r.Today().String() + ".csv", Media: "text/csv; charset=utf-8", Content: content}, Object: "audit", Outcome: number(len(rows), "entry", "entries"), Details: asksFor(asked)}, nil
}

// sheet writes entries as CSV (RFC 4180), and says at its end where there are more.
func (p *Pages) sheet(rows []store.Entered, more bool) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	lines := [][]string{{"number", "at", "who", "agency", "action", "object", "outcome", "purpose", "details", "in the ledger", "sealed"}}
	for _, e := range rows {
		lines = append(lines, []string{fmt.Sprint(e.ID), e.At.In(p.Zone).Format(time.RFC3339), e.Actor, string(e.Agency), e.Action, e.Object, e.Outcome, e.Purpose, e.Details, fmt.Sprint(e.Taken), fmt.Sprint(e.Sealed)})
	}
	if more {
		lines = append(lines, []string{"", "", "", "", "", "", "", "", "There are older entries: export them by a span of time that ends before the last one here."})
	}
	for _, l := range lines {
		for i := range l {
			l[i] = harmless(l[i])
		}
	}
	err := w.WriteAll(lines)
	return b.Bytes(), err
}

// harmless is a cell that no spreadsheet takes for a formula: some cells are people's own words.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
