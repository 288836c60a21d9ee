package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// AuditQuery asks for entries of the audit log. Fields that are empty do not count; its zero value finds everything.
type AuditQuery struct {
	// Within leaves out what neither this agency's people did nor is about its things: who may search that agency's entries only.
	Within order.ORI
	// Agency is the same as a wish of who asks.
	Agency order.ORI
	// Who is a person: the e-mail address with which one signs in, in any case, or the name at the command line.
	Who string
	// User is a user of an agency's own system, as that agency names it: with Agency only.
	User string
	// Objects are those about which it is, each as entries name it; nil for any, empty for none.
	Objects []string
	Action  string
	Outcome string
	// People leaves out what no agency's person did.
	People bool
	// From and To bound when it was: from on, and before.
	From, To time.Time
	// Before goes on with a list; its zero value begins with the newest.
	Before AuditPlace
	Limit  int
}

// AuditPlace is where a list of entries goes on, given out as a text; its zero value is the beginning.
type AuditPlace struct{ at, number int64 }

// String is the place as it is given out; the beginning is the empty text.
func (p AuditPlace) String() string {
	if p == (AuditPlace{}) {
		return ""
	}
	return strconv.FormatInt(p.at, 36) + "." + strconv.FormatInt(p.number, 36)
}

// farthest is the last microsecond that a place can name: the end of the year 9999.
const farthest = 253402300799999999

// ParseAuditPlace reads what String wrote; the error is ErrMark.
func ParseAuditPlace(s string) (AuditPlace, error) {
	if s == "" {
		return AuditPlace{}, nil
	}
	a, b, _ := strings.Cut(s, ".")
	at, err := strconv.ParseInt(a, 36, 64)
	number, err2 := strconv.ParseInt(b, 36, 64)
	if err != nil || err2 != nil || at < 0 || at > farthest || number < 1 {
		return AuditPlace{}, ErrMark
	}
	return AuditPlace{at, number}, nil
}

// Entered is an entry with its number, whose things it is about, and where it stands in the ledger.
type Entered struct {
	Event
	ID int64
	// About is the court of the order, the agency, the person's, or the sender of the submission; empty where that is not known.
	About order.ORI
	// Taken says that the ledger has it, Sealed that a signed checkpoint covers it.
	Taken, Sealed bool
}

// AuditPage is a part of a list, newest first. Next is where it goes on; its zero value says that it has ended.
type AuditPage struct {
	Entries []Entered
	Next    AuditPlace
	// Short says that the page is not full although the list goes on, from Back: so many entries were looked at that the rest is left to the next page.
	Short bool
	Back  time.Time
}

// searched are the columns of an entry that a search needs.
const searched = "id, at, actor, action, object, outcome, details, person, agency, purpose, about"

// auditLooked is how many entries one page is looked for in at most, so that no combination of conditions makes anybody wait.
const auditLooked = 5000

// SearchAudit reads one page of the audit log.
func (r *Reader) SearchAudit(ctx context.Context, q AuditQuery) (AuditPage, error) {
	w := q.way()
	found, err := all(ctx, r.pool, scanEntered, "search the audit log", w.sql(q.Limit+1), w.args...)
	if err != nil {
		return AuditPage{}, err
	}
	p := AuditPage{Entries: found[:min(len(found), q.Limit)]}
	if len(found) > q.Limit {
		p.Next = found[q.Limit-1].place()
		return p, nil
	}
	last, err := all(ctx, r.pool, scanLastEntry, "find where the audit log goes on", w.lastSQL(), w.args[:w.bound]...)
	if err != nil || len(last) == 0 {
		return p, err
	}
	p.Next, p.Short, p.Back = last[0].place(), true, last[0].At
	return p, nil
}

func (e Entered) place() AuditPlace { return AuditPlace{e.At.UnixMicro(), e.ID} }

func scanEntered(row pgx.CollectableRow) (e Entered, err error) {
	err = row.Scan(&e.ID, &e.At, &e.Actor, &e.Action, &e.Object, &e.Outcome, &e.Details, &e.Person, &e.Agency, &e.Purpose, &e.About, &e.Taken, &e.Sealed)
	e.At = e.At.UTC()
	return e, err
}

func scanLastEntry(row pgx.CollectableRow) (e Entered, err error) {
	err = row.Scan(&e.ID, &e.At)
	return e, err
}

// auditWay is how the log is read: candidates in the order of an index, and what is asked of each of them.
type auditWay struct {
	args       []any
	candidates []string // each the newest of one index; several are put together
	bound      int      // how many of the args are the candidates'
	asked      []string
}

func (w *auditWay) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

// way takes the index that leads past the fewest entries that are not asked for.
func (q AuditQuery) way() *auditWay {
	w := &auditWay{}
	span := q.span(w)
	newest := func(where string) {
		w.candidates = append(w.candidates, fmt.Sprintf("(select "+searched+" from audit where %s%s order by at desc, id desc limit %d)", where, span, auditLooked))
	}
	agency := q.Agency
	if agency == "" {
		agency = q.Within
	}
	switch {
	case q.Objects != nil:
		newest("object = any(" + w.arg(q.Objects) + ")")
	case q.Who != "":
		newest("actor like 'person %' and lower(split_part(actor, ',', 1)) = " + w.arg("person "+strings.ToLower(q.Who)))
	case agency != "":
		at := w.arg(string(agency))
		newest("agency <> '' and agency = " + at)
		newest("about <> '' and about = " + at)
	default:
		newest("true")
	}
	w.bound = len(w.args)
	q.ask(w)
	return w
}

// span bounds candidates in time.
func (q AuditQuery) span(w *auditWay) string {
	var s strings.Builder
	if !q.From.IsZero() {
		s.WriteString(" and at >= " + w.arg(q.From))
	}
	if !q.To.IsZero() {
		s.WriteString(" and at < " + w.arg(q.To))
	}
	if q.Before != (AuditPlace{}) {
		s.WriteString(" and (at, id) < (" + w.arg(time.UnixMicro(q.Before.at).UTC()) + "::timestamptz, " + w.arg(q.Before.number) + "::bigint)")
	}
	return s.String()
}

// ask says what is asked of each candidate, whatever the way.
func (q AuditQuery) ask(w *auditWay) {
	is := func(condition string, v any) { w.asked = append(w.asked, strings.ReplaceAll(condition, "?", w.arg(v))) }
	for _, agency := range []order.ORI{q.Within, q.Agency} {
		if agency != "" {
			is("? in (c.agency, c.about)", string(agency))
		}
	}
	if q.Who != "" {
		is("(c.actor like 'person %' and lower(split_part(c.actor, ',', 1)) = ?)", "person "+strings.ToLower(q.Who))
	}
	if q.User != "" {
		is("c.actor = ?", "agency "+string(q.Agency)+" user "+q.User)
	}
	if q.Action != "" {
		is("c.action = ?", q.Action)
	}
	if q.Outcome != "" {
		is("c.outcome = ?", q.Outcome)
	}
	if q.People {
		w.asked = append(w.asked, "c.agency <> ''")
	}
}

// found are the newest candidates of all ways together.
func (w *auditWay) found() string {
	return fmt.Sprintf("(select * from (%s) u order by at desc, id desc limit %d)", strings.Join(w.candidates, " union "), auditLooked)
}

func (w *auditWay) sql(limit int) string {
	return "select c.id, c.at, c.actor, c.action, c.object, c.outcome, c.details, c.person, c.agency, c.purpose, c.about, l.n is not null, coalesce(l.n < (select max(size) from checkpoint), false) from " +
		w.found() + " c left join ledger l on l.audit_id = c.id where " + strings.Join(append(w.asked, "true"), " and ") + fmt.Sprintf(" order by c.at desc, c.id desc limit %d", limit)
}

// lastSQL reads the last candidate where as many were looked at as there may be.
func (w *auditWay) lastSQL() string {
	return "select c.id, c.at from " + w.found() + fmt.Sprintf(" c order by c.at desc, c.id desc offset %d limit 1", auditLooked-1)
}

// LooksAt counts how often people of agencies have looked at an object, and how many they were.
func (r *Reader) LooksAt(ctx context.Context, object string) (looks, people int, err error) {
	type counts struct{ Looks, People int }
	c, err := one(ctx, r.pool, pgx.RowToStructByPos[counts], "count who has looked", `select count(*)::int, count(distinct actor)::int from audit
		where object = $1 and agency <> '' and action = any($2)`, object, lookActions)
	return c.Looks, c.People, err
}

// lookActions are those by which a person sees something of an order.
var lookActions = []string{"page.read", "page.export", "order.read", "image.read"}
