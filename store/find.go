package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// SubmissionsLike says how the submissions of a list stand; each is a list that the help desk asks for.
type SubmissionsLike string

// The lists. Where a submission owes CARPOS something, that transmission says in which it is.
const (
	LikeAny      SubmissionsLike = ""
	LikeRefused  SubmissionsLike = "refused"
	LikeRegistry SubmissionsLike = "registry" // accepted, whatever CARPOS says
	LikeOwed     SubmissionsLike = "owed"     // not settled
	LikeSending  SubmissionsLike = "sending"  // on its way over a line, or waiting for the reply
	LikeHeld     SubmissionsLike = "held"
	LikeLate     SubmissionsLike = "late"   // owed, and past its deadline
	LikeAtRisk   SubmissionsLike = "risk"   // owed, and a warning share of its time has passed
	LikeCarpos   SubmissionsLike = "carpos" // CARPOS has it
	LikeGivenUp  SubmissionsLike = "givenup"
)

// SubmissionsLikes are all lists, in the order in which a submission goes through them.
var SubmissionsLikes = []SubmissionsLike{LikeRefused, LikeRegistry, LikeOwed, LikeSending, LikeHeld, LikeAtRisk, LikeLate, LikeCarpos, LikeGivenUp}

// SubmissionQuery asks for submissions by what somebody knows of them. Fields that are empty do not count; its zero value finds everything.
type SubmissionQuery struct {
	// Package is the sender's own identification, and Orders are those that the submission is about: whatever one of the two finds is found.
	Package order.LocalID
	Orders  []OrderKey
	// Agency is the sender.
	Agency order.ORI
	// From and To bound when it was received: from on, and before.
	From, To time.Time
	Like     SubmissionsLike
	// Code is that of a refusal, or the beginning of one with a star at its end: "Client.Schema.*".
	Code string
	// Tests finds tests only, Live everything else.
	Tests, Live bool
	// Now and Warn judge deadlines, as Clock.Outlook takes them.
	Now  time.Time
	Warn []float64
	// Before goes on with a list; its zero value begins with the newest.
	Before Place
	Limit  int
}

// Place is where a list of submissions goes on, given out as a text that means nothing to its holder; its zero value is the beginning.
type Place struct{ at, number int64 }

// String is the place as it is given out; the beginning is the empty text.
func (p Place) String() string {
	if p == (Place{}) {
		return ""
	}
	return strconv.FormatInt(p.at, 36) + "." + strconv.FormatInt(p.number, 36)
}

// ParsePlace reads what String wrote; the error is ErrMark.
func ParsePlace(s string) (Place, error) {
	if s == "" {
		return Place{}, nil
	}
	a, b, ok := strings.Cut(s, ".")
	at, err := strconv.ParseInt(a, 36, 64)
	number, err2 := strconv.ParseInt(b, 36, 64)
	if !ok || err != nil || err2 != nil || at < 0 || at > latest || number < 1 {
		return Place{}, ErrMark
	}
	return Place{at, number}, nil
}

// latest is the last microsecond that a Place can name: the year 9999, which Postgres knows.
const latest = 253402300799999999

// FoundSubmissions are one page of a list, newest first.
type FoundSubmissions struct {
	Submissions []Summary
	// Next is where the list goes on; its zero value says that it has ended.
	Next Place
	// Short says that the page is not full although the list goes on: so much was looked through that the rest is left to the next page. Back is when what was looked at last came.
	Short bool
	Back  time.Time
}

// Looked is how many submissions one page is looked for in at most, so that no combination of conditions makes anybody wait: what fits none of the first so many is found on a later page.
const looked = 5000

// findSettings keep a list to the index in whose order it is read, whatever the statistics say; sorting would read everything first.
func findSettings() map[string]string {
	settings := maps.Clone(keySettings)
	settings["enable_bitmapscan"], settings["enable_sort"], settings["default_transaction_read_only"] = "off", "off", "on"
	return settings
}

// FindSubmissions reads one page of a list. A submission that brought nothing of an order (a refused one) is not found by its order.
func (r *Reader) FindSubmissions(ctx context.Context, q SubmissionQuery) (FoundSubmissions, error) {
	w := q.way()
	rows, err := all(ctx, r.finds, scanPlaced, "find submissions", w.sql(), w.args...)
	if err != nil {
		return FoundSubmissions{}, err
	}
	var f FoundSubmissions
	for _, p := range rows[:min(len(rows), q.Limit)] {
		f.Submissions = append(f.Submissions, p.Summary)
	}
	if len(rows) > q.Limit {
		f.Next = rows[q.Limit-1].at
		return f, nil
	}
	last, err := one(ctx, r.finds, scanLast, "find where a list goes on", w.lastSQL(), w.args[:w.bound]...)
	switch {
	case errors.Is(err, ErrNotFound):
		return f, nil
	case err != nil:
		return FoundSubmissions{}, err
	}
	f.Next, f.Short, f.Back = last.place, true, last.received
	return f, nil
}

// placed is a line of a list with its place there.
type placed struct {
	Summary
	at Place
}

func scanPlaced(row pgx.CollectableRow) (p placed, err error) {
	var due *time.Time
	var not NotOwed
	var tries int
	err = row.Scan(&p.at.at, &p.at.number, &p.Number, &p.Tracking, &p.AgencyORI, &p.AgencyName, &p.Package, &p.Action, &p.Test, &p.State, &p.ReceivedAt, &due, &p.RefusedCode, &not, &p.Transmission, &tries)
	p.ReceivedAt, p.Due = p.ReceivedAt.UTC(), known(due)
	p.Owed = p.State == SubmissionAccepted && not == ""
	p.Next = nextMove(p.State, not, p.Transmission, tries)
	return p, err
}

type lastLooked struct {
	place    Place
	received time.Time
}

func scanLast(row pgx.CollectableRow) (l lastLooked, err error) {
	var received *time.Time
	err = row.Scan(&l.place.at, &l.place.number, &received)
	l.received = known(received)
	return l, err
}

// way is how a list is read: candidates in the order of one index, and what is asked of each.
type way struct {
	args []any
	// candidates are submissions s in the list's order, as many as are looked at for one page; bound of the args are theirs.
	candidates string
	bound      int
	// place are the two columns that make a candidate's Place, and newest is the list's order.
	place, newest string
	// asked are conditions on s, its agency a and its transmission t.
	asked []string
	limit int
}

const (
	// keptOfSubmission are the columns of submission s that lists need.
	keptOfSubmission = "s.id, s.tracking, s.agency_id, s.package, s.action, s.test, s.state, s.received_at, s.due, s.refused_code, s.not_owed, s.order_id"
	placeInTime      = "(extract(epoch from s.received_at) * 1000000)::bigint, s.id"
	newestInTime     = "s.received_at desc, s.id desc"
)

// way decides by which index a list is read: the one that leads past the fewest submissions that are not on it.
func (q SubmissionQuery) way() *way {
	w := &way{limit: q.Limit + 1, place: placeInTime, newest: newestInTime}
	switch {
	case q.Package != "" || len(q.Orders) > 0:
		q.byNumber(w)
	case slices.Contains([]SubmissionsLike{LikeOwed, LikeSending, LikeHeld, LikeLate, LikeAtRisk, LikeGivenUp}, q.Like):
		q.byTransmission(w)
	default:
		q.byTime(w)
	}
	w.bound = len(w.args)
	q.ask(w)
	return w
}

// sql reads one page and one submission more. What is joined is looked up one by one, for as many as the page takes.
func (w *way) sql() string {
	return "select " + w.place + ", s.id, s.tracking, coalesce(a.ori, ''), coalesce(a.name, ''), s.package, s.action, s.test, s.state, s.received_at, s.due, s.refused_code, s.not_owed, coalesce(t.state, ''), coalesce(t.tries, 0)" +
		" from (" + w.candidates + ") s left join lateral (select g.ori, g.name from agency g where g.id = s.agency_id limit 1) a on true" +
		" left join lateral (select x.state, x.tries from transmission x where x.order_id = s.order_id and x.submission_id = s.id and " + ofPackage("x") + " order by x.seq desc limit 1) t on true" +
		" where " + strings.Join(append(w.asked, "s.id is not null"), " and ") + " order by " + w.newest + fmt.Sprintf(" limit %d", w.limit)
}

// lastSQL reads the last candidate of a page for which as many were looked at as there may be.
func (w *way) lastSQL() string {
	return "select " + w.place + ", s.received_at from (" + w.candidates + ") s order by " + w.newest + fmt.Sprintf(" offset %d limit 1", looked-1)
}

// arg adds a value and gives its place holder.
func (w *way) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

// ask adds a condition in which question marks are the values, one after the other.
func (w *way) ask(is bool, sql string, values ...any) {
	if !is {
		return
	}
	for _, v := range values {
		sql = strings.Replace(sql, "?", w.arg(v), 1)
	}
	w.asked = append(w.asked, sql)
}

// ask asks of each candidate what its index does not say.
func (q SubmissionQuery) ask(w *way) {
	family, isFamily := strings.CutSuffix(q.Code, "*")
	w.ask(q.Agency != "", "a.ori = ?", string(q.Agency))
	w.ask(q.Tests || q.Live, "s.test = ?", q.Tests)
	w.ask(!q.From.IsZero(), "s.received_at >= ?", q.From)
	w.ask(!q.To.IsZero(), "s.received_at < ?", q.To)
	w.ask(q.Code != "" && !isFamily, "s.refused_code = ?", q.Code)
	w.ask(isFamily, "starts_with(s.refused_code, ?)", family)
	switch q.Like {
	case LikeRefused:
		w.ask(true, "s.state = 'refused'")
	case LikeRegistry:
		w.ask(true, "s.state = 'accepted'")
	case LikeOwed:
		w.ask(true, isUnsettled)
	case LikeSending:
		w.ask(true, "t.state in ('sending', 'sent')")
	case LikeHeld:
		w.ask(true, "t.state = 'held'")
	case LikeLate:
		w.ask(true, isUnsettled+" and not s.test and s.due < ?", q.Now)
	case LikeAtRisk:
		w.ask(true, isUnsettled+" and not s.test and s.due >= ? and s.received_at + (s.due - s.received_at) * ?::float8 <= ?", q.Now, earliest(q.Warn), q.Now)
	case LikeCarpos:
		w.ask(true, "t.state = 'accepted'")
	case LikeGivenUp:
		w.ask(true, "t.state = 'given_up'")
	}
}

// byNumber reads the few submissions to which a number leads, and sorts those.
func (q SubmissionQuery) byNumber(w *way) {
	var ids []string
	if q.Package != "" {
		p := w.arg(string(q.Package))
		ids = append(ids, "select k.id from agency g join submission k on k.agency_id = g.id and k.package = "+p+" and k.state = 'accepted'",
			"select k.id from agency g join submission k on k.agency_id = g.id and k.package = "+p+" and k.state = 'refused' and k.package <> ''",
			"select k.id from submission k where k.agency_id is null and k.package = "+p+" and k.state = 'refused' and k.package <> ''")
	}
	if len(q.Orders) > 0 {
		o := w.arg(column(q.Orders, func(k OrderKey) int64 { return int64(k) }))
		ids = append(ids, "select k.submission_id from unnest("+o+"::bigint[]) o (id) cross join lateral ("+strings.ReplaceAll(submissionsOfOrder, "$1", "o.id")+") k")
	}
	w.candidates = "with k (id) as materialized (" + strings.Join(ids, " union ") + "), s as materialized (select " + keptOfSubmission + " from k join submission s on s.id = k.id) select s.* from s where true" +
		w.after(q.Before) + w.atMost()
}

// byTime reads submissions in the order in which they came: of an agency, of one code, of tests, or of all.
func (q SubmissionQuery) byTime(w *way) {
	refused := q.Like == LikeRefused || q.Code != ""
	where := "true"
	switch {
	case q.Agency != "":
		where = "s.agency_id = (select g.id from agency g where g.ori = " + w.arg(string(q.Agency)) + ")"
	case q.Code != "" && !strings.HasSuffix(q.Code, "*"):
		where = "s.refused_code = " + w.arg(q.Code)
	}
	switch {
	case q.Tests && !refused:
		where += " and s.test"
	case refused:
		where += " and s.state = 'refused'"
	}
	if !q.From.IsZero() {
		where += " and s.received_at >= " + w.arg(q.From)
	}
	if !q.To.IsZero() {
		where += " and s.received_at < " + w.arg(q.To)
	}
	w.candidates = "select " + keptOfSubmission + " from submission s where " + where + w.after(q.Before) + w.atMost()
}

// after leaves out what comes before a place of the list, and the place itself.
func (w *way) after(p Place) string {
	if p == (Place{}) {
		return ""
	}
	return " and (s.received_at, s.id) < ('epoch'::timestamptz + " + w.arg(p.at) + "::bigint * interval '1 microsecond', " + w.arg(p.number) + "::bigint)"
}

func (w *way) atMost() string {
	return fmt.Sprintf(" order by %s limit %d", w.newest, looked)
}

// byTransmission reads transmissions that are not settled or were given up, the newest first, in the words of the partial indexes. A transmission that its order's follower brought belongs to no submission
// of a list; it keeps its place.
func (q SubmissionQuery) byTransmission(w *way) {
	w.place, w.newest = "0::bigint, s.turn", "s.turn desc"
	where := map[SubmissionsLike]string{LikeHeld: "t.state = 'held'", LikeGivenUp: "t.state = 'given_up'"}[q.Like]
	if where == "" {
		where = isUnsettled
	}
	if q.Before != (Place{}) {
		where += " and t.id < " + w.arg(q.Before.number) + "::bigint"
	}
	w.candidates = fmt.Sprintf("select t.id as turn, s.* from (select t.id, t.order_id, t.submission_id, t.violation_id, t.recorded_id from transmission t where %s order by t.id desc limit %d) t"+
		" left join lateral (select %s from submission s where s.id = t.submission_id and s.order_id = t.order_id and %s limit 1) s on true order by t.id desc", where, looked, keptOfSubmission, ofPackage("t"))
}
