package store_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// secret is a value of a question that must stand in no other table.
const secret = "SECRETOCA"

func newInquiry(ori order.ORI) store.NewInquiry {
	return store.NewInquiry{Actor: "test", Agency: ori, Certified: "badge 4711", Purpose: "traffic stop", Question: store.Question{OCA: secret},
		Text: []byte("QRR." + string(ori) + ".OCA/" + secret + "\r\n"), At: noon, Patience: time.Minute}
}

// newAsker is a hub with a sheriff that may ask.
func newAsker(t *testing.T) *hub {
	t.Helper()
	h := newHub(t)
	register(t, h.Store, store.Agency{ORI: "CA0300000", Name: "A sheriff", Kind: store.KindLawEnforcement, MayQuery: true})
	return h
}

func (h *hub) inquire() store.InquiryID {
	h.t.Helper()
	id, err := h.Inquire(h.t.Context(), newInquiry("CA0300000"))
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// sendInquiry begins a try and returns its control number.
func (h *hub) sendInquiry(id store.InquiryID) string {
	h.t.Helper()
	control, err := h.NextControl(h.t.Context())
	if err == nil {
		err = h.BeginInquiry(h.t.Context(), store.InquiryTry{Inquiry: id, Control: control, Line: "CCPR", Bytes: []byte("MSG CCPR " + control), At: noon, Due: noon.Add(20 * time.Second)})
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return control
}

func (h *hub) inquiry(id store.InquiryID) store.Inquiry {
	h.t.Helper()
	q, err := h.Inquiry(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return q
}

func (h *hub) reply(control, text string) store.InboundID {
	h.t.Helper()
	id, _, err := h.Inbound(h.t.Context(), "CCPR", "000001", control, text, noon)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *hub) inquiryJobs() string {
	return h.sql("select count(*)::text from river_job where kind = 'inquire' and queue = 'inquire'")
}

func TestInquiryIsKeptWithWhoAsksAndWhy(t *testing.T) {
	t.Parallel()
	h := newAsker(t)
	id := h.inquire()
	q := h.inquiry(id)
	if q.State != store.InquiryAsked || q.Agency.ORI != "CA0300000" || q.Certified != "badge 4711" || q.Purpose != "traffic stop" || q.Question.OCA != secret || !q.Until.Equal(noon.Add(time.Minute)) ||
		!q.Due.Equal(noon) || !strings.HasPrefix(string(q.Text), "QRR.") {
		t.Errorf("%+v", q)
	}
	if n := h.inquiryJobs(); n != "1" {
		t.Errorf("%s jobs", n)
	}
	control := h.sendInquiry(id)
	if q := h.inquiry(id); q.State != store.InquirySending || q.Control != control || q.Tries != 1 || len(q.Lines) != 1 {
		t.Errorf("%+v", q)
	}
	if err := h.AnswerInquiry(t.Context(), control, h.reply(control, "NO RECORD FOUND"), noon.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if q := h.inquiry(id); q.State != store.InquiryAnswered || q.Reply == nil || q.Reply.Text != "NO RECORD FOUND" || !q.Ended.Equal(noon.Add(time.Second)) || !q.Due.IsZero() {
		t.Errorf("%+v", q)
	}
	if n := h.sql("select count(*)::text from inbound where handled_at is null"); n != "0" {
		t.Errorf("%s replies are left", n)
	}
	trail := h.sql(`select string_agg(concat_ws(' ', actor, action, outcome, details), E'\n' order by id) from audit where object = 'inquiry 1'`)
	for _, want := range []string{`test inquiry.ask asked for CA0300000, certified by "badge 4711", purpose "traffic stop", by OCA`, "inquiry.send begun try 1, control " + control, "inquiry.answer answered"} {
		if !strings.Contains(trail, want) {
			t.Errorf("the audit log lacks %q:\n%s", want, trail)
		}
	}
	for _, table := range []string{"audit", "river_job"} {
		if n := h.sql("select count(*)::text from " + table + " x where x::text like '%" + secret + "%'"); n != "0" {
			t.Errorf("%s holds what was asked", table)
		}
	}
}

func TestInquiriesThatAreRefused(t *testing.T) {
	t.Parallel()
	h := newAsker(t)
	for name, tt := range map[string]struct {
		change func(*store.NewInquiry)
		want   error
	}{
		"no certification": {func(n *store.NewInquiry) { n.Certified = " " }, store.ErrNotSaid},
		"no purpose":       {func(n *store.NewInquiry) { n.Purpose = "" }, store.ErrNotSaid},
		"a long purpose":   {func(n *store.NewInquiry) { n.Purpose = strings.Repeat("x", 201) }, store.ErrNotSaid},
		"nobody":           {func(n *store.NewInquiry) { n.Actor = "" }, store.ErrNotSaid},
		"no question":      {func(n *store.NewInquiry) { n.Question = store.Question{} }, store.ErrNotSaid},
		"no request":       {func(n *store.NewInquiry) { n.Text = nil }, store.ErrNotSaid},
		"no patience":      {func(n *store.NewInquiry) { n.Patience = 0 }, store.ErrNotSaid},
		"unknown agency":   {func(n *store.NewInquiry) { n.Agency = "CA9999999" }, store.ErrNotFound},
		"not granted":      {func(n *store.NewInquiry) { n.Agency = "CA030013J" }, store.ErrMayNotAsk},
	} {
		n := newInquiry("CA0300000")
		tt.change(&n)
		if _, err := h.Inquire(t.Context(), n); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := h.sql("select ((select count(*) from inquiry) + (select count(*) from audit where action like 'inquiry%'))::text") + h.inquiryJobs(); n != "00" {
		t.Errorf("something was kept: %s", n)
	}
	if _, err := h.Inquiry(t.Context(), 99); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if _, err := h.InquiryByControl(t.Context(), "0000000000"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// Each move is made by whoever is first; a second one changes nothing.
func TestInquiryMoves(t *testing.T) {
	t.Parallel()
	h := newAsker(t)
	ctx := t.Context()
	moved := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, store.ErrInquiryMoved) {
			t.Errorf("%s: %v", what, err)
		}
	}
	id := h.inquire()
	first := h.sendInquiry(id)
	moved("sent twice", h.BeginInquiry(ctx, store.InquiryTry{Inquiry: id, Control: "ZZZZZZZZZZ", Line: "CCPR", Bytes: []byte("x"), At: noon, Due: noon}))
	moved("another try asked again", h.AskAgain(ctx, "ZZZZZZZZZZ", "why", noon, noon))
	if err := h.AskAgain(ctx, first, "There was no answer.", noon.Add(time.Minute), noon); err != nil {
		t.Fatal(err)
	}
	if q := h.inquiry(id); q.State != store.InquiryAsked || !q.Due.Equal(noon.Add(time.Minute)) {
		t.Errorf("%+v", q)
	}
	moved("asked again twice", h.AskAgain(ctx, first, "why", noon, noon))
	second := h.sendInquiry(id)
	moved("failed by an old try", h.FailInquiry(ctx, id, first, "why", noon))
	if err := h.FailInquiry(ctx, id, second, "There was no answer.", noon); err != nil {
		t.Fatal(err)
	}
	moved("failed twice", h.FailInquiry(ctx, id, second, "why", noon))
	if err := h.AnswerInquiry(ctx, first, h.reply(first, "NO RECORD FOUND"), noon); err != nil {
		t.Fatalf("a late reply to the first try: %v", err)
	}
	moved("answered twice", h.AnswerInquiry(ctx, second, h.reply(second, "NO RECORD FOUND"), noon))
	if q := h.inquiry(id); q.State != store.InquiryAnswered || q.Reason != "" || q.Reply.Control != first {
		t.Errorf("%+v", q)
	}
	if got := h.sql("select string_agg(n || ' ' || text, ', ' order by n) from inquiry_try"); got != "1 There was no answer., 2 There was no answer." {
		t.Error(got)
	}
}

// An inquiry whose job is lost gets another; one that has a job does not.
func TestStrandedInquiries(t *testing.T) {
	t.Parallel()
	h := newAsker(t)
	id := h.inquire()
	if found, err := h.StrandedInquiries(t.Context(), noon.Add(time.Hour)); err != nil || len(found) != 0 {
		t.Errorf("%v %v", found, err)
	}
	if err := h.exec("delete from river_job"); err != nil {
		t.Fatal(err)
	}
	if found, err := h.StrandedInquiries(t.Context(), noon.Add(-time.Hour)); err != nil || len(found) != 0 {
		t.Errorf("not due: %v %v", found, err)
	}
	if found, err := h.StrandedInquiries(t.Context(), noon.Add(time.Hour)); err != nil || !slices.Equal(found, []store.InquiryID{id}) || h.inquiryJobs() != "1" {
		t.Errorf("%v %v", found, err)
	}
}

func TestImpossibleInquiries(t *testing.T) {
	t.Parallel()
	h := newAsker(t)
	h.sendInquiry(h.inquire())
	for name, sql := range map[string]string{
		"answered without a reply":  "update inquiry set state = 'answered', control = '', due = null, ended_at = now()",
		"failed without a reason":   "update inquiry set state = 'failed', control = '', due = null, ended_at = now()",
		"sending without a control": "update inquiry set control = ''",
		"waiting for ever":          "update inquiry set due = null",
		"another question":          "update inquiry set question = '{}'",
		"another purpose":           "update inquiry set purpose = 'none'",
		"deleted":                   "delete from inquiry",
		"its try deleted":           "delete from inquiry_try",
		"other bytes":               "update inquiry_try set bytes = 'x'",
		"a control number twice":    "insert into inquiry_try select control, inquiry_id, 2, line, hub, bytes, at from inquiry_try",
	} {
		if err := h.exec(sql); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

var inquiryStates = []store.InquiryState{store.InquiryAsked, store.InquirySending, store.InquiryAnswered, store.InquiryFailed}

// The page, the table and the database agree on the moves.
func TestOnlyDrawnInquiryMoves(t *testing.T) {
	t.Parallel()
	h := newAsker(t)
	allowed := drawnIn(t, "Inquiry")
	if table := strings.Split(h.sql(`select string_agg(before || ' ' || after, ',' order by before || ' ' || after collate "C") from inquiry_move`), ","); !slices.Equal(allowed, table) {
		t.Errorf("drawn %v\ntable %v", allowed, table)
	}
	reply := h.reply("", "NO RECORD FOUND")
	values := map[store.InquiryState]string{
		store.InquiryAsked: "0, '', now(), null, '', null", store.InquirySending: "1, 'A', now(), null, '', null",
		store.InquiryAnswered: fmt.Sprintf("1, '', null, now(), '', %d", reply), store.InquiryFailed: "1, '', null, now(), 'why', null",
	}
	if err := h.exec("alter table inquiry disable trigger inquiry_answer_kept"); err != nil { // so that the moves alone are judged
		t.Fatal(err)
	}
	for _, from := range inquiryStates {
		for _, to := range inquiryStates {
			if from == to {
				continue
			}
			const columns = "tries, control, due, ended_at, reason, reply"
			err := h.exec(fmt.Sprintf("insert into inquiry (asked_at, actor, agency_id, certified, purpose, question, text, asked_by, test, until, state, %[1]s) select now(), 'x', id, 'x', 'x', %[4]s, %[4]s, 'OCA', false, now() + interval '1 minute', '%[2]s', %[3]s from agency limit 1",
				columns, from, values[from], asSealed))
			if err != nil {
				t.Fatalf("%s: %v", from, err)
			}
			err = h.exec(fmt.Sprintf("update inquiry set state = '%s', (%s) = (%s) where id = (select max(id) from inquiry)", to, columns, values[to]))
			want := slices.Contains(allowed, string(from)+" "+string(to))
			if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "does not move") {
				t.Errorf("%s to %s: %v, drawn: %v", from, to, err, want)
			}
		}
	}
}

// drawnIn are the moves that one section of docs/states.md draws.
func drawnIn(t *testing.T, section string) []string {
	t.Helper()
	page, err := os.ReadFile("../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(page), "\n## "+section)
	if !ok {
		t.Fatalf("docs/states.md has no section %s", section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var moves []string
	for _, m := range regexp.MustCompile(`(?m)^    (\w+) --> (\w+) :`).FindAllStringSubmatch(text, -1) {
		moves = append(moves, m[1]+" "+m[2])
	}
	slices.Sort(moves)
	return moves
}

// Orders are found by the numbers of hits and by the question, with all that CARPOS is to have of them; tests stay apart.
func TestEntriesBesideAnAnswer(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	a := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	mustAccept(t, h.Store, serve(h.court, "p-2", "o-1"))
	second := add(h.court, "p-3", "o-2")
	second.Order.Restrained.Name = order.Name{Given: "José", Surname: "Núñez"}
	second.Order.Case = "OTHER-1"
	mustAccept(t, h.Store, second)
	h.finish(h.begin(h.only(a).ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictAccepted, FCN: "111"})
	oca := h.sql("select oca from order_ where local_id = 'o-2'")
	for name, tt := range map[string]struct {
		q    store.EntryQuery
		want string
	}{
		"FCN":              {store.EntryQuery{FCNs: []string{"111"}}, "o-1"},
		"OCA":              {store.EntryQuery{OCAs: []string{oca, "NONE"}}, "o-2"},
		"both":             {store.EntryQuery{FCNs: []string{"111"}, OCAs: []string{oca}}, "o-1 o-2"},
		"case":             {store.EntryQuery{Question: store.Question{Case: "OTHER-1", Court: "CA030013J"}}, "o-2"},
		"another court":    {store.EntryQuery{Question: store.Question{Case: "OTHER-1", Court: "CA019013J"}}, ""},
		"name":             {store.EntryQuery{Question: store.Question{Name: &order.Name{Surname: "nunez", Given: "jose"}}}, "o-2"},
		"protected person": {store.EntryQuery{Question: store.Question{Name: &order.Name{Surname: "Smith", Given: "Mary"}}}, "o-1 o-2"},
		"tests":            {store.EntryQuery{FCNs: []string{"111"}, Test: true}, ""},
		"no number":        {store.EntryQuery{FCNs: []string{""}}, ""},
	} {
		tt.q.Limit = 10
		found, err := h.Entries(t.Context(), tt.q)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, e := range found {
			ids = append(ids, string(e.Order.ID))
		}
		if got := strings.Join(ids, " "); got != tt.want {
			t.Errorf("%s: found %q, want %q", name, got, tt.want)
		}
	}
	found, err := h.Entries(t.Context(), store.EntryQuery{FCNs: []string{"111"}, Limit: 10})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	e := found[0]
	if e.AddedIn != a.Tracking || e.Agency.ORI != "CA030013J" || len(e.Services) != 1 || len(e.Transmissions) != 2 || e.Transmissions[0].State != store.StateAccepted || e.Transmissions[1].Next.Sentence == "" {
		t.Errorf("%+v", e)
	}
}
