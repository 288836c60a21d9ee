package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/store"
)

// stamp is a signature for tests: a digest with a word that an attacker does not know.
func stamp(size int64, root [32]byte, at time.Time) ([]byte, error) {
	text := fmt.Sprintf("%d %x %s", size, root, at.UTC().Format(time.RFC3339))
	sum := sha256.Sum256([]byte("a word " + text))
	return []byte(text + " " + hex.EncodeToString(sum[:])), nil
}

func unstamp(document []byte) (size int64, root [32]byte, at time.Time, err error) {
	f := strings.Fields(string(document))
	if len(f) != 4 {
		return 0, root, at, errors.New("no checkpoint")
	}
	size, err = strconv.ParseInt(f[0], 10, 64)
	digest, err2 := hex.DecodeString(f[1])
	at, err3 := time.Parse(time.RFC3339, f[2])
	if err = errors.Join(err, err2, err3); err != nil || len(digest) != 32 {
		return 0, root, at, errors.New("no checkpoint")
	}
	root = [32]byte(digest)
	if again, _ := stamp(size, root, at); string(again) != string(document) {
		return 0, root, at, errors.New("forged")
	}
	return size, root, at, nil
}

// ledger takes the ledger as far as the log goes. Transactions of other databases on the server may hold it up.
func (h *hub) ledger() {
	h.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 10000 {
		if _, _, err := h.Advance(h.t.Context(), stamp, noon); err != nil {
			h.t.Fatal(err)
		}
		if h.sql("select (count(*) - (select count(*) from ledger))::text from audit") == "0" {
			return
		}
		<-tick.C
	}
	h.t.Fatal("the ledger does not get through the log")
}

func (h *hub) verified(known ...store.KnownRoot) store.LedgerReport {
	h.t.Helper()
	report, err := h.VerifyLedger(h.t.Context(), unstamp, known...)
	if err != nil {
		h.t.Fatal(err)
	}
	return report
}

// busy is a hub in which everything has happened that the ledger vouches for.
func busy(t *testing.T) *hub {
	h := newHub(t)
	p := add(h.court, "p-1", "o-1")
	p.Images = []store.Image{image("a.pdf", 1, 900), image("b.pdf", 2, 300)}
	p.Warnings = []store.Problem{{Code: "Warning.Rule.X", Text: "Look."}}
	r := mustAccept(t, h.Store, p)
	h.ledger()
	h.pass(r)
	h.pass(mustAccept(t, h.Store, serve(h.court, "p-2", "o-1")))
	change := mustAccept(t, h.Store, modify(h.court, "p-3", "o-1"))
	a := h.begin(h.only(change).ID, store.PurposeSend)
	if err := errors.Join(h.MarkSent(t.Context(), a, noon), h.MarkAcked(t.Context(), a, noon.Add(time.Second))); err != nil {
		t.Fatal(err)
	}
	h.ledger()
	h.finish(a, store.Outcome{Verdict: store.VerdictRejected, Code: 30, Text: "CARPOS says no.", At: noon})
	if _, err := h.Act(t.Context(), h.only(change).ID, act(store.VerbCorrect)); err != nil {
		t.Fatal(err)
	}
	filed, err := h.OrdersOfFCN(t.Context(), accepted.FCN)
	if err != nil || len(filed) != 1 {
		t.Fatal(filed, err)
	}
	h.understand(violated(h.kept("000001", "a violation"), filed[0], "EX-1"))
	h.police()
	if _, err := h.ReportViolation(t.Context(), r.Tracking, report("EX-2"), "person jdoe", noon); err != nil {
		t.Fatal(err)
	}
	if _, err := h.RecordService(t.Context(), h.recording("o-1")); err != nil {
		t.Fatal(err)
	}
	mustAccept(t, h.Store, attach(h.court, "p-4", "o-1", true))
	mustAccept(t, h.Store, attach(h.court, "p-5", "o-1", false))
	mustAccept(t, h.Store, cancel(h.court, "p-6", "o-1"))
	mustAccept(t, h.Store, serve(h.court, "p-7", "o-never"))
	refused := store.Refused{Agency: h.court.ID, ORI: h.court.ORI, Package: "p-8", Received: packageOf(h.court, "p-8", store.Accepted{}).Received, Stage: "rules", Code: "Client.Rule.X",
		Problems: []store.Problem{{Code: "Client.Rule.X", Text: "No."}, {Code: "Client.Rule.Y", Text: "Neither."}}}
	if _, err := h.Refuse(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	if err := h.Audit(t.Context(), store.Event{At: noon, Actor: "person jdoe", Action: "order.read", Object: "order CA030013J/o-1", Outcome: "whole"}); err != nil {
		t.Fatal(err)
	}
	h.ledger()
	if got := h.verified(); len(got.Findings) > 0 || got.Entries == 0 || got.Entries != got.Size || got.Checkpoints < 3 || got.Packages != 8 || got.Orders != 2 || got.Attempts != 3 || got.Images != 3 {
		t.Fatalf("before anything was changed: %+v", got)
	}
	return h
}

// sealedTables are those in which no byte changes unseen, but when the ledger's head was last looked at, and what the choice of the next transmission keeps for itself.
var sealedTables = []string{"submission", "received", "problem", "order_", "order_version", "service", "supplement", "confidential", "cancellation", "image", "image_content",
	"transmission", "attempt", "correction", "reported", "violation", "recorded", "audit", "ledger", "ledger_hash", "ledger_head", "checkpoint"}

// tamper changes one value in a row as an administrator of the database could: past every trigger.
type tamper struct {
	conn    *pgx.Conn
	columns map[string][][2]string // of each table: name and type
}

func (h *hub) tamper() *tamper {
	h.t.Helper()
	conn, err := pgx.Connect(h.t.Context(), h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(h.t.Context(), "set session_replication_role = replica; set timezone = 'UTC'"); err != nil {
		h.t.Fatal(err)
	}
	x := &tamper{conn, map[string][][2]string{}}
	rows, err := conn.Query(h.t.Context(), `select table_name, column_name, data_type from information_schema.columns
		where table_schema = current_schema() and table_name = any($1) and not (table_name = 'ledger_head' and column_name in ('at', 'single'))
			and not (table_name = 'transmission' and column_name in ('class', 'agency_id', 'turn', 'class_until', 'claimed_until')) order by 1, ordinal_position`, sealedTables)
	if err != nil {
		h.t.Fatal(err)
	}
	var table, column, typ string
	if _, err := pgx.ForEachRow(rows, []any{&table, &column, &typ}, func() error {
		x.columns[table] = append(x.columns[table], [2]string{column, typ})
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return x
}

// otherValue is SQL for a value that differs by one byte, or one unit.
func otherValue(column, typ string, r *rand.Rand) string {
	at := r.IntN(1 << 20)
	switch typ {
	case "text":
		return fmt.Sprintf("case when length(%[1]s) = 0 then 'x' else overlay(%[1]s placing chr(ascii(substr(%[1]s, %[2]d %% length(%[1]s) + 1, 1)) # 1) from %[2]d %% length(%[1]s) + 1 for 1) end", column, at)
	case "bytea":
		return fmt.Sprintf("case when coalesce(octet_length(%[1]s), 0) = 0 then '\\x00' else set_byte(%[1]s, %[2]d %% octet_length(%[1]s), get_byte(%[1]s, %[2]d %% octet_length(%[1]s)) # %[3]d) end", column, at, 1<<r.IntN(8))
	case "boolean":
		return "not " + column
	case "xid8":
		return "(" + column + "::text::bigint + 1)::text::xid8"
	case "timestamp with time zone":
		return "coalesce(" + column + " + interval '1 microsecond', 'epoch')"
	case "date":
		return "coalesce(" + column + " + 1, '2001-01-01')"
	}
	return "coalesce(" + column + " + 1, 1)"
}

// change changes a value; done is false where the database does not take it. undo puts back what was there.
func (x *tamper) change(t *testing.T, table string, r *rand.Rand) (what string, undo func(), done bool) {
	t.Helper()
	column := x.columns[table][r.IntN(len(x.columns[table]))]
	var place, old string
	var was *string
	err := x.conn.QueryRow(t.Context(), "select ctid::text, "+column[0]+"::text from "+table+" order by ctid offset (select count(*) * $1::float8 from "+table+")::int limit 1", r.Float64()*0.999).Scan(&place, &was)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil, false
	}
	if err != nil {
		t.Fatalf("%s.%s: %v", table, column[0], err)
	}
	if was != nil {
		old = *was
	}
	if err := x.conn.QueryRow(t.Context(), "update "+table+" set "+column[0]+" = "+otherValue(column[0], column[1], r)+" where ctid = $1::text::tid returning ctid::text", place).Scan(&place); err != nil {
		return "", nil, false // a constraint stands before it
	}
	return table + "." + column[0] + " which was " + strconv.Quote(old[:min(len(old), 40)]), func() {
		if _, err := x.conn.Exec(t.Context(), "update "+table+" set "+column[0]+" = $1::text::"+column[1]+" where ctid = $2::text::tid", was, place); err != nil {
			t.Fatal(err)
		}
	}, true
}

// heavy multiplies what takes long.
func heavy(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("CCPOR_HEAVY"))
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// No byte of what the ledger vouches for changes unseen.
func TestLedgerFindsEveryChange(t *testing.T) {
	t.Parallel()
	h := busy(t)
	x := h.tamper()
	r := rand.New(rand.NewPCG(2026, 11))
	tried, seen := 0, map[string]bool{}
	for want := 100 * heavy(t); tried < want; {
		what, undo, done := x.change(t, sealedTables[r.IntN(len(sealedTables))], r)
		if !done {
			continue
		}
		tried++
		seen[strings.Fields(what)[0]] = true
		if len(h.verified().Findings) == 0 {
			t.Errorf("not found: a change of %s", what)
		}
		undo()
	}
	if got := h.verified(); len(got.Findings) > 0 {
		t.Errorf("after everything was put back: %+v", got.Findings)
	}
	t.Logf("%d changes in %d columns", tried, len(seen))
}

// Nothing is taken out or put in unseen.
func TestLedgerFindsWhatIsMissingOrInserted(t *testing.T) {
	t.Parallel()
	h := busy(t)
	x := h.tamper()
	for _, table := range sealedTables {
		if table == "ledger_head" {
			continue
		}
		for _, last := range []string{"asc", "desc"} {
			name := "ledger_test_saved"
			for _, sql := range []string{"create temp table " + name + " as select ctid as tid, * from " + table + " order by ctid " + last + " limit 1",
				"delete from " + table + " where ctid in (select tid from " + name + ")", "alter table " + name + " drop column tid"} {
				if _, err := x.conn.Exec(t.Context(), sql); err != nil {
					t.Fatalf("%s: %v", sql, err)
				}
			}
			if len(h.verified().Findings) == 0 {
				t.Errorf("not found: a row of %s that is missing", table)
			}
			for _, sql := range []string{"insert into " + table + " overriding system value select * from " + name, "drop table " + name} {
				if _, err := x.conn.Exec(t.Context(), sql); err != nil {
					t.Fatalf("%s: %v", sql, err)
				}
			}
		}
	}
	if got := h.verified(); len(got.Findings) > 0 {
		t.Fatalf("after everything was put back: %+v", got.Findings)
	}
	for name, sql := range map[string]string{
		"an entry among old ones":   "insert into audit (at, actor, action, object, outcome, details, written) select at, actor, action, object, outcome, details, written from audit order by id limit 1",
		"an attempt":                "insert into attempt (id, transmission_id, purpose, control, line, hub, bytes, at) select 4711, transmission_id, purpose, 'ZZZZZZZZZZ', line, hub, bytes, at from attempt limit 1",
		"an order":                  "insert into order_ (court, local_id, test, version, next_seq, open, relay, entered, oca, fcn, nic) values ('CA030013J', 'x', false, 0, 2, 0, 'unknown', false, '', '', '')",
		"a version of an order":     "insert into order_version select order_id, 9, submission_id, document, form, designator, case_number, issued, expires, access, surname, given, born, protected from order_version limit 1",
		"a problem":                 "insert into problem select 1, 99, code, rule, severity, text, path, line, col, element, value, citation, fix, whose from problem limit 1",
		"an image":                  "insert into image select submission_id, 99, document_id, role, media, bytes, pages, sha256 from image limit 1",
		"a problem of nobody":       "insert into problem select 4711, 1, code, rule, severity, text, path, line, col, element, value, citation, fix, whose from problem limit 1",
		"an image's content":        "insert into image_content values (sha256('x'), " + asSealed + ")",
		"a transmission":            "insert into transmission (id, order_id, seq, submission_id, kind, state, test, tries, changed_at) select 4711, order_id, 77, submission_id, 'SRR', 'accepted', test, 1, changed_at from transmission limit 1",
		"a signature of our own":    "insert into checkpoint select n + 100, size - 1, root, at, document from checkpoint order by size desc limit 1",
		"an order given up quietly": "update transmission set state = 'given_up', reason = 'x' where state = 'waiting'",
	} {
		t.Run(name, func(t *testing.T) {
			tx, err := x.conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			tag, err := tx.Exec(t.Context(), sql)
			if err != nil || tag.RowsAffected() == 0 {
				t.Fatalf("%v, %s", err, tag)
			}
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := h.verified(); len(got.Findings) == 0 {
				t.Error("not found")
			}
		})
		h = busy(t)
		x = h.tamper()
	}
}

// Whoever writes the whole ledger anew is found by a checkpoint that was kept elsewhere.
func TestKeptCheckpointFindsAnotherLedger(t *testing.T) {
	t.Parallel()
	h := busy(t)
	now := h.verified()
	if got := h.verified(store.KnownRoot{Size: now.Size, Root: now.Root}); len(got.Findings) > 0 {
		t.Errorf("the ledger's own: %+v", got.Findings)
	}
	other := now.Root
	other[3] ^= 1
	for _, k := range []store.KnownRoot{{Size: now.Size, Root: other}, {Size: now.Size - 1, Root: now.Root}, {Size: now.Size + 1, Root: now.Root}} {
		if got := h.verified(k); len(got.Findings) != 1 {
			t.Errorf("size %d: %+v", k.Size, got.Findings)
		}
	}
}

// What an attempt began with is vouched for while it is under way.
func TestOpenAttemptIsSealed(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	a := h.begin(h.only(r).ID, store.PurposeSend)
	h.ledger()
	if err := h.MarkSent(t.Context(), a, noon); err != nil {
		t.Fatal(err)
	}
	if got := h.verified(); len(got.Findings) > 0 {
		t.Fatalf("a mark is taken for a change: %+v", got.Findings)
	}
	x := h.tamper()
	if _, err := x.conn.Exec(t.Context(), "update attempt set bytes = bytes || 'x'"); err != nil {
		t.Fatal(err)
	}
	if got := h.verified(); !slices.Contains(got.Findings, store.Finding{What: "changed", Where: fmt.Sprintf("attempt %d", a)}) {
		t.Errorf("found %+v", got.Findings)
	}
}

// A mark that comes after the end changes nothing that is sealed.
func TestLateMarkChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	a := h.begin(h.only(r).ID, store.PurposeSend)
	h.finish(a, accepted)
	h.ledger()
	if err := h.MarkAcked(t.Context(), a, noon); err != nil {
		t.Fatal(err)
	}
	if got := h.verified(); len(got.Findings) > 0 {
		t.Errorf("%+v", got.Findings)
	}
}

// Several hubs take one ledger further, and every entry gets one record.
func TestHubsShareTheLedger(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	done := make(chan error, 3)
	for hub := range 3 {
		go func() {
			var err error
			for i := range 20 {
				_, aErr := h.Accept(t.Context(), add(h.court, fmt.Sprintf("p-%d-%d", hub, i), fmt.Sprintf("o-%d-%d", hub, i)))
				_, _, lErr := h.Advance(t.Context(), stamp, noon)
				err = errors.Join(err, aErr, lErr)
			}
			done <- err
		}()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	h.ledger()
	if got := h.verified(); len(got.Findings) > 0 || got.Entries != 61 || got.Pending != 0 {
		t.Errorf("%+v", got)
	}
}

// What got its record without a checkpoint has one with the next, whether more has come or not; then there is none until more comes.
func TestACheckpointComesAfterItsRecords(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	given := 0
	for tick := time.NewTicker(5 * time.Millisecond); given == 0; <-tick.C { // other transactions of the server may be older
		taken, _, err := h.Advance(t.Context(), nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		given += taken
	}
	if n := h.sql("select count(*)::text from checkpoint"); n != "0" {
		t.Fatalf("%s checkpoints without a key", n)
	}
	for range 2 {
		if _, _, err := h.Advance(t.Context(), stamp, noon); err != nil {
			t.Fatal(err)
		}
		if n := h.sql("select count(*)::text from checkpoint where size = (select size from ledger_head)"); n != "1" {
			t.Errorf("%s checkpoints of the whole ledger", n)
		}
	}
	for _, f := range h.verified().Findings {
		t.Errorf("%s: %s", f.What, f.Where)
	}
}

// A seal is compared by the columns of its own edition, and one of no known edition vouches for nothing.
func TestSealsOfEditions(t *testing.T) {
	t.Parallel()
	h := busy(t)
	id := h.sql("select id::text from order_ where local_id = 'o-1'")
	first := h.sql("select encode(" + store.FirstOrderSeal(id) + ", 'hex')")
	second := h.sql("select encode(" + store.SecondOrderSeal(id) + ", 'hex')")
	for line, found := range map[string]bool{"order/1 " + id + " " + first: false, "order/2 " + id + " " + first: true, "order/2 " + id + " " + second: false, "order/3 " + id + " " + second: true, "order/9 " + id + " " + first: true} {
		findings, err := h.CompareSeals(t.Context(), line)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(findings, store.Finding{What: "changed", Where: "order " + id}); got != found {
			t.Errorf("%.9s: found %t, of %v", line, got, findings)
		}
	}
}
