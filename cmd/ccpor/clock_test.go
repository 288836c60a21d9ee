package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// clockRig is a database with one court, whose commands are run as an operator types them.
type clockRig struct {
	*testing.T
	url   string
	store *store.Store
	court store.Agency
}

func newClockRig(t *testing.T) *clockRig {
	t.Helper()
	r := &clockRig{T: t, url: storetest.NewURL(t)}
	r.store = storetest.Open(t, r.url, store.Options{})
	r.step(0, "is registered", "agency", "add", "--ori", "CA030013J", "--name", "Invented Court", "--county", "Orange")
	var err error
	if r.court, err = r.store.AgencyByORI(t.Context(), "CA030013J"); err != nil {
		t.Fatal(err)
	}
	return r
}

// step runs a command, which has to end with the status and to say what is wanted; it gives back what was said.
func (r *clockRig) step(status int, want string, args ...string) string {
	r.Helper()
	var out, errOut bytes.Buffer
	if got := run(r.Context(), append(args, "--database-url", r.url, "--keys", storetest.KeyFile(r, r.url)), &out, &errOut); got != status || !strings.Contains(out.String()+errOut.String(), want) {
		r.Errorf("ccpor %s: status %d, want %d and %q:\n%s%s", strings.Join(args, " "), got, status, want, out.String(), errOut.String())
	}
	return out.String()
}

// peoples is everything of the invented order that nobody outside may learn.
var peoples = []string{"QUIETLY", "Quietly", "HIDDEN", "Hidden", "1981", "19811121", "77 Nowhere", "06NF0886", "o-secret", "5550123", "CR-160", "2320632500001", "H123456789"}

// take has the store take an order of the court that is full of people's data.
func (r *clockRig) take(pkg string, received, due time.Time) store.Receipt {
	r.Helper()
	born, expires := order.MakeDate(1981, 11, 21), order.MakeDate(2031, 6, 7)
	o := &order.Order{ID: order.LocalID("o-secret-" + pkg), Case: "06NF0886", Form: order.Form{Number: "CR-160", Revision: order.MakeDate(2005, 1, 1), Family: "CPO", Designator: "CPO", Title: "Protective Order"},
		Court: order.Court{ORI: "CA030013J", Name: "Invented Court", County: "Orange", Telephone: "7145550123"}, Issued: order.MakeDate(2026, 3, 2), Expiry: order.Expiry{Date: &expires, Basis: order.ExpiryExplicit},
		Access:     order.AccessNormal,
		Restrained: order.Restrained{Name: order.Name{Given: "Marc", Surname: "Quietly"}, Person: order.Person{Sex: "M", Race: "B", Born: &born}},
		Protected:  []order.Protected{{Name: order.Name{Given: "Mary", Surname: "Hidden"}, Person: order.Person{Sex: "F"}}},
		Terms:      order.Terms{NoContact: true, Property: "77 Nowhere Street"}}
	wire := []byte("<package id='" + pkg + "'/>")
	receipt, err := r.store.Accept(r.Context(), store.Accepted{Agency: r.court, Package: order.LocalID(pkg), Action: store.ActionAdd, Order: o,
		Received:  store.Received{At: received, Peer: "192.0.2.7", Wire: wire, Digest: sha256.Sum256(wire), ContentType: "text/xml", Correlation: "c"},
		Canonical: sha256.Sum256([]byte(pkg)), Signer: sha256.Sum256([]byte("signer")), Algorithm: "ecdsa-sha256", Deadline: store.Deadline{Due: due, Rule: "CARPOS-ONE-BUSINESS-DAY"}})
	if err != nil {
		r.Fatal(err)
	}
	return receipt
}

// accept has CARPOS accept it.
func (r *clockRig) accept(t order.Tracking, at time.Time) {
	r.Helper()
	s, err := r.store.Status(r.Context(), t)
	if err != nil {
		r.Fatal(err)
	}
	control, err := r.store.NextControl(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	id, err := r.store.BeginAttempt(r.Context(), store.Attempt{Transmission: s.Transmissions[0].ID, Purpose: store.PurposeSend, Control: control, Line: "CCPR", Bytes: []byte("MSG NAM/QUIETLY,MARC"), At: at.Add(-time.Second)})
	if err != nil {
		r.Fatal(err)
	}
	if _, err := r.store.Finish(r.Context(), id, store.Outcome{Verdict: store.VerdictAccepted, FCN: "2320632500001", NIC: "H123456789", At: at}); err != nil {
		r.Fatal(err)
	}
}

// The clock at the command line: what is late, what an alarm says, how lines stand, and what is open to the public.
func TestClockCommands(t *testing.T) {
	t.Parallel()
	r := newClockRig(t)
	now := time.Now().UTC().Truncate(time.Second)
	r.step(0, "Nothing is late or at risk.", "deadlines")
	met := r.take("p-1", now.Add(-3*time.Hour), now.Add(-time.Hour))
	r.accept(met.Tracking, now.Add(-90*time.Minute))
	near := r.take("p-2", now.Add(-5*time.Hour), now.Add(time.Hour))
	r.step(0, "at risk", "deadlines")
	r.step(0, "Nothing is late.", "deadlines", "--late")
	late := r.take("p-3", now.Add(-5*time.Hour), now.Add(-time.Hour))
	out := r.step(1, string(late.Tracking)+"  late", "deadlines")
	if strings.Index(out, string(late.Tracking)) > strings.Index(out, string(near.Tracking)) {
		t.Errorf("the oldest deadline does not come first:\n%s", out)
	}
	r.step(0, "Nothing is late", "deadlines", "--agency", "CA019013J")
	r.step(1, "ORI not valid", "deadlines", "--agency", "nobody")
	r.step(1, "shares", "deadlines", "--deadline-warn", "0.8,0.5")
	var row deadlineOut
	if err := json.Unmarshal([]byte(strings.SplitN(r.step(1, "", "deadlines", "--json", "--late"), "\n", 2)[0]), &row); err != nil || row.Standing != store.StandingLate || row.Whose != store.PartyHub || row.Tracking != late.Tracking {
		t.Errorf("%+v, %v", row, err)
	}
	r.step(0, "deadline  late. Its deadline passed while the hub had it.", "status", string(late.Tracking))
	r.step(0, "deadline  met", "status", string(met.Tracking))
	r.step(0, `"standing":"at risk"`, "status", "--json", string(near.Tracking))

	if _, err := r.store.RaiseAlarms(t.Context(), store.AlarmLimits{}, now); err != nil {
		t.Fatal(err)
	}
	r.step(1, "agency CA030013J: 1 past their deadline in CARPOS", "alarms")
	r.accept(late.Tracking, now)
	if _, err := r.store.RaiseAlarms(t.Context(), store.AlarmLimits{}, now); err != nil {
		t.Fatal(err)
	}
	r.step(0, "No alarm is raised", "alarms")
	r.step(0, "cleared", "alarms", "--all")

	r.step(0, "No hub with a switch is running", "lines")
	if err := r.store.ReportLines(t.Context(), []store.LineReport{{Line: "CCPR", Since: now, Why: "connection refused", Window: 2, UnderWay: 1}}, now); err != nil {
		t.Fatal(err)
	}
	r.step(1, "connection refused", "lines")
	r.step(1, "1 of 2 unanswered", "lines")
}

// The export tells moments and nothing of the orders, and stands in the audit log.
func TestExportTimes(t *testing.T) {
	t.Parallel()
	r := newClockRig(t)
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 23, 30, 0, 0, zone)
	first := r.take("p-1", at, at.Add(24*time.Hour))
	r.accept(first.Tracking, at.Add(90*time.Second))
	r.take("p-2", at.Add(time.Hour), at) // the next day in Los Angeles
	file := filepath.Join(t.TempDir(), "times.csv")
	r.step(0, "1 transmissions", "export", "times", "--from", "2026-03-02", "--to", "2026-03-02", "--out", file)
	text := string(readFile(t, file))
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	want := []string{string(first.Tracking), "CA030013J", "Orange", "add", "ERR", "false", "2026-03-03T07:30:00Z", "2026-03-04T07:30:00Z", "2026-03-03T07:31:29Z", "2026-03-03T07:31:29Z", "", "2026-03-03T07:31:30Z", "1", "0",
		"accepted", "1.5", "met"}
	if err != nil || len(rows) != 2 || !slices.Equal(rows[0], timesHeader) || !slices.Equal(rows[1], want) {
		t.Errorf("%v\n%q", err, rows)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	both := r.step(0, "late", "export", "times", "--from", "2026-03-02", "--to", "2026-03-03", "--json")
	if lines := strings.Split(strings.TrimSpace(both), "\n"); len(lines) != 2 || !json.Valid([]byte(lines[0])) {
		t.Errorf("%s", both)
	}
	for _, secret := range peoples {
		if strings.Contains(text+both, secret) {
			t.Errorf("%q is told:\n%s%s", secret, text, both)
		}
	}
	r.step(1, "before the first", "export", "times", "--from", "2026-03-03", "--to", "2026-03-02")
	trail, err := r.store.AuditTrail(t.Context(), "times", 9)
	if err != nil || len(trail) != 2 || trail[1].Action != "times.export" || !strings.Contains(trail[1].Details, "from 2026-03-02 to 2026-03-02") {
		t.Errorf("%+v, %v", trail, err)
	}
}

// What is not named of an agency stays as it is.
func TestAgencyAddChangesWhatIsNamed(t *testing.T) {
	t.Parallel()
	r := newClockRig(t)
	r.step(0, "live, entered by the hub on CCP2", "agency", "add", "--ori", "CA030013J", "--mnemonic", "CCP2", "--query", "--confirm", "CALL 555-555-0100", "--message-signature", "required")
	r.step(0, "Another Name: live, entered by the hub on CCP2", "agency", "add", "--ori", "CA030013J", "--name", "Another Name")
	r.step(1, "the hub enters the agency's orders", "agency", "add", "--ori", "CA030013J", "--entered-by", "CA0300000")
	r.step(1, "ORI not valid", "agency", "add", "--ori", "CA030013J", "--no-clets", "--entered-by", "sheriff")
	r.step(0, "test, entered by CA0300000", "agency", "add", "--ori", "CA030013J", "--no-clets", "--entered-by", "CA0300000", "--test")
	a, err := r.store.AgencyByORI(t.Context(), "CA030013J")
	if err != nil || a.Name != "Another Name" || a.County != "Orange" || !a.MayQuery || a.ConfirmText != "CALL 555-555-0100" || a.Mnemonic != "CCP2" || a.MessageSignature != store.MessageSignatureRequired || !a.Test || a.Submits {
		t.Errorf("%+v, %v", a, err)
	}
	r.step(0, "entered by CA0300000", "agency", "list")
	r.step(0, "live, entered by the hub on any line", "agency", "add", "--ori", "CA030013J", "--clets", "--no-test", "--mnemonic", "")
	r.step(1, "a new agency needs a name", "agency", "add", "--ori", "CA019013J")
	trail, err := r.store.AuditTrail(t.Context(), "agency CA030013J", 1)
	if err != nil || trail[0].Details != `mnemonic: "CCP2" -> ""; clets: false -> true; entered-by: "CA0300000" -> ""; test: true -> false` {
		t.Errorf("%+v, %v", trail, err)
	}
}

// A hub for a test switch does not start on the database of a live one, nor the other way round, until somebody says so.
func TestSwitchKindIsKept(t *testing.T) {
	t.Parallel()
	r := newClockRig(t)
	start := func(test bool, address string) error {
		h := &hub{config: serveConfig{Switch: address, SwitchTest: test}, store: r.store, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
		return h.claimSwitch(context.WithoutCancel(t.Context()))
	}
	r.step(0, "No hub with a switch has used", "switch", "kind")
	for i, x := range []struct {
		test    bool
		address string
		refused bool
	}{{true, "", false}, {false, "s:1", false}, {false, "s:1", false}, {true, "s:1", true}, {true, "", true}, {false, "", false}} {
		if err := start(x.test, x.address); (err != nil) != x.refused {
			t.Errorf("hub %d: %v", i, err)
		} else if err != nil && !strings.Contains(err.Error(), "ccpor switch kind test") {
			t.Errorf("hub %d is not told what to do: %v", i, err)
		}
	}
	r.step(0, "belongs to a live switch", "switch", "kind")
	r.take("p-1", time.Now(), time.Now())
	r.step(0, "1 transmissions of orders are unsettled", "switch", "kind", "test")
	if err := start(true, "s:1"); err != nil {
		t.Error(err)
	}
	if err := start(false, "s:1"); err == nil || !strings.Contains(err.Error(), "ccpor switch kind live") {
		t.Error(fmt.Sprint("the live hub: ", err))
	}
	r.step(2, "must be one of", "switch", "kind", "both")
}
