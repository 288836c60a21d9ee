package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// scene is a hub's database with one transmission in every state, as the relay would have left them. Its people are invented.
type scene struct {
	*testing.T
	store *store.Store
	url   string
	dict  *carpos.Dictionary
	court store.Agency
	at    time.Time
	// in is the transmission that is in a state.
	in map[store.TransmissionState]store.TransmissionID
}

func newScene(t *testing.T) *scene {
	t.Helper()
	url := storetest.NewURL(t)
	s := &scene{T: t, url: url, store: storetest.Open(t, url, store.Options{Hub: "west-1"}), at: time.Now().Add(-time.Hour).Truncate(time.Second), in: map[store.TransmissionState]store.TransmissionID{}}
	var err error
	if s.dict, err = carpos.Load(); err != nil {
		t.Fatal(err)
	}
	if _, err = s.store.RegisterAgency(t.Context(), store.Agency{ORI: "CA030013J", Name: "Superior Court of Invented County", CarposName: "INVENTED CO SUPERIOR COURT", Submits: true, ConfirmText: "CALL THE COURT"}); err != nil {
		t.Fatal(err)
	}
	if s.court, err = s.store.AgencyByORI(t.Context(), "CA030013J"); err != nil {
		t.Fatal(err)
	}
	for _, state := range []store.TransmissionState{store.StateReady, store.StateSending, store.StateSent, store.StateUnknown, store.StateHeld, store.StateAccepted, store.StateGivenUp} {
		s.bring(state)
	}
	served := &order.Service{OrderID: "2026-held", Court: "CA030013J", Case: "26-held", Restrained: order.Name{Given: "Sam", Surname: "Sample"}, Date: order.MakeDate(2026, 3, 3), Time: 17 * 60,
		Method: order.MethodPersonal, Server: order.Officer{Name: "I. Nvented", AgencyORI: "CA0300000"}}
	s.in[store.StateWaiting] = s.take("serve", store.Accepted{Action: store.ActionServe, Service: served})
	return s
}

// take accepts a package and gives the transmission that it brought.
func (s *scene) take(id string, a store.Accepted) store.TransmissionID {
	s.Helper()
	wire := []byte(id)
	a.Agency, a.Package, a.Canonical = s.court, order.LocalID(id), sha256.Sum256(wire)
	a.Received = store.Received{At: s.at, Peer: "192.0.2.7", Wire: wire, Digest: sha256.Sum256(wire), ContentType: "text/xml", Correlation: id}
	a.Deadline = store.Deadline{Due: s.at.Add(36 * time.Hour), Rule: "FC 6380(a)"}
	r, err := s.store.Accept(s.Context(), a)
	if err != nil {
		s.Fatal(err)
	}
	ids, err := s.store.TransmissionsOf(s.Context(), r.Tracking)
	if err != nil {
		s.Fatal(err)
	}
	return ids[0]
}

// sampleOf is an order; what is held says no race.
func sampleOf(state store.TransmissionState) *order.Order {
	born, yes := order.MakeDate(1981, 11, 21), true
	o := &order.Order{ID: order.LocalID("2026-" + state), Case: order.CaseNumber("26-" + state),
		Form:  order.Form{Number: "CR-160", Revision: order.MakeDate(2005, 1, 1), Family: "CPO", Designator: "CPO", Title: "Protective Order in Criminal Proceeding"},
		Court: order.Court{ORI: "CA030013J", Name: "Superior Court of Invented County"}, Issued: order.MakeDate(2026, 3, 2), Judge: "I. Nvented", Stage: order.StagePreTrial,
		Expiry: order.Expiry{Basis: order.ExpiryExplicit}, Access: order.AccessNormal,
		Restrained: order.Restrained{Name: order.Name{Given: "Sam", Surname: "Sample"}, Person: order.Person{Sex: "M", Race: "unknown", Born: &born}, Present: &yes},
		Protected:  []order.Protected{{Name: order.Name{Given: "Pat", Surname: "Sample"}}},
		Terms: order.Terms{NoHarm: true, NoContact: true, StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlacePerson}}}},
			Firearms: &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, WithinHours: 24}},
		Service: order.ServiceNotServed}
	expires := order.MakeDate(2036, 6, 7)
	o.Expiry.Date = &expires
	if state == store.StateHeld {
		o.Restrained.Race = ""
	}
	return o
}

// bring adds an order and takes its entry into a state.
func (s *scene) bring(state store.TransmissionState) {
	s.Helper()
	id := s.take(string(state), store.Accepted{Action: store.ActionAdd, Order: sampleOf(state)})
	s.in[state] = id
	hold := store.Hold{Reason: "RAC: The order does not say the restrained person's race; unknown must be said too. (On the form: restrained person, race.)", Field: "RAC",
		Item: "restrained person, race", At: s.at.Add(time.Second)}
	switch state {
	case store.StateHeld:
		s.must(s.store.Hold(s.Context(), id, hold))
		return
	case store.StateGivenUp:
		s.must(s.store.Hold(s.Context(), id, hold))
		s.must(s.store.GiveUp(s.Context(), id, "person jdoe, command line", "The court withdrew the order by telephone.", s.at.Add(time.Minute)))
		return
	}
	attempt, control := s.attempt(id, state)
	if state == store.StateSending {
		return
	}
	s.must(s.store.MarkSent(s.Context(), attempt, s.at.Add(2*time.Second)))
	s.must(s.store.MarkAcked(s.Context(), attempt, s.at.Add(2*time.Second)))
	o := store.Outcome{At: s.at.Add(3 * time.Second), RetryAt: s.at.Add(3 * time.Hour)}
	reply := ""
	switch state {
	case store.StateSent:
		return
	case store.StateReady:
		o.Verdict, o.Code, o.Text, reply = store.VerdictRetry, 90, "CARPOS cannot take it now: 90 CARPOS is unavailable, try later.", "REJECT 90 CARPOS UNAVAILABLE"
	case store.StateUnknown:
		o.Verdict, o.Text = store.VerdictUnknown, "There was no answer in time; it is looked up."
	case store.StateAccepted:
		o.Verdict, o.Text, o.FCN, reply = store.VerdictAccepted, "CARPOS has it.", "2320632500001", "ENTRY ACCEPTED\r\nFCN/2320632500001"
	}
	if reply != "" {
		in, _, err := s.store.Inbound(s.Context(), "CCPR", fmt.Sprintf("%06d", id), control, "CCPR.CA030013J\r\nRE: ERR.CA030013J.OCA/26\r\n"+reply, o.At)
		s.must(err)
		o.Inbound = in
	}
	_, err := s.store.Finish(s.Context(), attempt, o)
	s.must(err)
}

func (s *scene) attempt(id store.TransmissionID, state store.TransmissionState) (store.AttemptID, string) {
	s.Helper()
	w, err := s.store.Work(s.Context(), id)
	s.must(err)
	tr, lacks := s.dict.Enter(*sampleOf(state), carpos.Context{ORI: "CA030013J", OCA: w.OCA, CourtName: "INVENTED CO SUPERIOR COURT", Confirm: "CALL THE COURT"})
	if len(lacks) > 0 {
		s.Fatal(lacks)
	}
	text, err := s.dict.Encode(tr)
	s.must(err)
	control, err := s.store.NextControl(s.Context())
	s.must(err)
	attempt, err := s.store.BeginAttempt(s.Context(), store.Attempt{Transmission: id, Purpose: store.PurposeSend, Control: control, Line: "CCPR",
		Bytes: append([]byte("MSG CCPR "+control+"\r\n"), text...), At: s.at.Add(time.Second)})
	s.must(err)
	return attempt, control
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// run runs ccpor queue on the scene.
func (s *scene) run(args ...string) (status int, out string) {
	var b bytes.Buffer
	status = run(s.Context(), append(append([]string{"queue"}, args...), "--database-url", s.url, "--keys", storetest.KeyFile(s, s.url)), &b, &b)
	return status, b.String()
}

// step fails the test unless a command ends with the status and says all of the texts.
func (s *scene) step(status int, says string, args ...string) {
	s.Helper()
	got, out := s.run(args...)
	for _, want := range strings.Split(says, "|") {
		if got != status || !strings.Contains(out, want) {
			s.Errorf("ccpor queue %s: status %d, want %d and %q:\n%s", strings.Join(args, " "), got, status, want, out)
		}
	}
}

func (s *scene) id(state store.TransmissionState) string { return fmt.Sprint(s.in[state]) }

// The commands as a person types them, on one transmission in every state: what they change, what they refuse, what they say, and the status they end with.
func TestQueueCommands(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	held, ready, unknown, sent, waiting, accepted, given := s.id("held"), s.id("ready"), s.id("unknown"), s.id("sent"), s.id("waiting"), s.id("accepted"), s.id("given_up")
	s.step(0, "held|ready|waiting|unknown|sending|sent|person of the hub|Next try", "list")
	s.step(0, held+" ", "list", "--state", "held", "--field", "rac", "--about", "RACE", "--agency", "CA030013J", "--kind", "ERR", "--live", "--older", "1m", "--due-within", "48h")
	s.step(0, "Nothing is there that fits", "list", "--line", "CCP9")
	s.step(0, "go on with --after "+ready, "list", "--limit", "1")
	s.step(0, sent+" ", "list", "--line", "CCPR", "--after", s.id("sending"), "--limit", "1")
	s.step(2, "must be one of", "list", "--state", "lost")
	s.step(1, "tracking number not valid", "list", "--tracking", "AAAA-AAAA-AB")
	s.step(0, "1  held, oldest since|1  given_up|Tests are not counted", "counts", "--json=false")
	for state, says := range map[store.TransmissionState]string{
		store.StateHeld:     "RAC: The order does not say|A person of the hub corrects|ccpor queue correct " + held + "|what waits behind it (1)|beside it: transmission " + waiting,
		store.StateReady:    "fault 90|ended as retry|ccpor queue retry " + ready + "|ccpor queue hold|NAM, restrained person: (withheld)",
		store.StateWaiting:  "It waits for the earlier transactions|nothing now. It waits for what the court made before it",
		store.StateSent:     "CARPOS has been asked|nothing now",
		store.StateUnknown:  "an earlier sending's outcome is not known|ccpor queue hold " + unknown,
		store.StateAccepted: "CARPOS number 2320632500001|Nothing remains to be done",
		store.StateGivenUp:  "The court withdrew the order by telephone.|given up for good",
		store.StateSending:  "The hub is sending it",
	} {
		s.step(0, says, "show", s.id(state))
		if _, out := s.run("show", s.id(state)); strings.Contains(out, "SAMPLE,") {
			t.Errorf("the page of %s shows a name", state)
		}
	}
	s.step(0, "SAMPLE,SAM", "show", ready, "--values", "--as", "jdoe")
	s.step(1, "say who acts", "show", ready, "--values", "--as", "j")
	s.step(1, "no transmission has the number 4711", "show", "4711")
	s.step(1, "neither the number", "show", "held")

	s.step(1, "say who acts", "release", held, "--as", "")
	s.step(1, "name transmissions", "release", "--as", "jdoe")
	s.step(1, "not both", "release", held, "--all", "--as", "jdoe")
	s.step(2, "--reason", "give-up", held, "--as", "jdoe")
	s.step(1, sent+"  not done: transmission "+sent+" is sent.|cannot be taken back", "hold", sent, "--reason", "The court asked.", "--as", "jdoe")
	s.step(1, "CARPOS has it", "give-up", accepted, "--reason", "why", "--as", "jdoe")
	s.step(1, "given up for good", "release", given, "--as", "jdoe")
	s.step(1, "there is no such transmission", "release", "4711", "--as", "jdoe")
	s.step(0, "would give-up: CARPOS never gets this order|what waits behind it (1)|Nothing was done", "give-up", held, "--reason", "why", "--dry-run", "--as", "jdoe")

	s.step(0, "RAC=  race: one of: A other Asian", "correct", held, "--as", "jdoe")
	s.step(1, "say where it comes from", "correct", held, "RAC=W", "--as", "jdoe")
	s.step(1, "not in table cal_doj.race", "correct", held, "RAC=Q", "--source", "court clerk by telephone", "--as", "jdoe")
	s.step(1, "the court's word alone", "correct", held, "EXP=20300101", "--source", "court clerk by telephone", "--as", "jdoe")
	s.step(0, "correct: it is ready", "correct", held, "rac=w", "--source", "court clerk by telephone", "--as", "jdoe")
	s.step(0, "supplied  RAC, by person jdoe, command line|source: court clerk by telephone", "show", held)

	s.step(0, "retry: it is ready", "retry", ready, "--as", "jdoe")
	s.step(1, "due already", "retry", ready, "--as", "jdoe")
	s.step(0, "No dead end", "check", "--under-way", "2h")
	s.step(1, "hub gone|transmission "+sent, "check", "--under-way", "1m")

	// In bulk: told first, then done, and what has moved on stops none of the others.
	s.step(0, "would hold|Nothing was done: 3 of 3 would hold", "hold", "--all", "--reason", "The switch is being repaired.", "--as", "jdoe")
	s.step(0, "3 of 3 done", "hold", "--all", "--yes", "--reason", "The switch is being repaired.", "--as", "jdoe")
	s.step(1, "release: it is ready|not done|1 of 2 done", "release", held, sent, "--as", "jdoe")
	s.step(0, "it is unknown|it is ready|2 of 2 done", "release", "--all", "--yes", "--about", "being repaired", "--as", "jdoe")
	s.step(0, "Nothing is there that fits", "release", "--all", "--yes", "--as", "jdoe")

	entries, err := s.store.AuditTrail(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	acts := map[string]int{}
	for _, e := range entries {
		if e.Actor == "person jdoe, command line" {
			acts[e.Action]++
		}
	}
	if fmt.Sprint(acts) != "map[transmission.correct:1 transmission.giveUp:1 transmission.hold:3 transmission.read:1 transmission.release:3 transmission.retry:1]" {
		t.Errorf("the audit log has %v", acts)
	}
}

func TestQueueJSON(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, args := range [][]string{{"list"}, {"counts"}, {"show", s.id("held"), s.id("accepted")}, {"check", "--under-way", "1m"}, {"correct", s.id("held"), "--as", "jdoe"},
		{"retry", "--all", "--dry-run", "--as", "jdoe"}, {"release", s.id("held"), "--as", "jdoe"}} {
		_, out := s.run(append(args, "--json")...)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		for _, l := range lines {
			if !json.Valid([]byte(l)) {
				t.Errorf("ccpor queue %v: no JSON: %s", args, l)
			}
		}
	}
}

// The runbook speaks of every state and of every command.
func TestRunbookIsWhole(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## The queue\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !ok {
		t.Fatal("the section is not there")
	}
	for _, state := range store.TransmissionStates {
		if !strings.Contains(section, "\n### `"+string(state)+"`") || !strings.Contains(section, ", "+string(state)) {
			t.Errorf("state %s has no part of its own, or no recorded page", state)
		}
	}
	parser, err := kong.New(&queueCommand{})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range parser.Model.Children {
		if !strings.Contains(section, "$ ccpor queue "+node.Name) {
			t.Errorf("no run of ccpor queue %s is recorded", node.Name)
		}
	}
	for _, kind := range []store.DeadEndKind{store.NoJob, store.NoPredecessor, store.NoReason, store.HubGone, store.WrongCount, store.TwoAtOnce} {
		if !strings.Contains(section, "`"+string(kind)+"`") {
			t.Errorf("dead end %q is not explained", kind)
		}
	}
}
