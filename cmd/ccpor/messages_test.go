package main

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// enteredOrder puts an invented order into the store that CARPOS has as 2320632500001.
func enteredOrder(t *testing.T, s *store.Store) order.Tracking {
	t.Helper()
	if _, err := s.RegisterAgency(t.Context(), store.Agency{ORI: "CA030013J", Name: "Invented Court", Submits: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RegisterAgency(t.Context(), store.Agency{ORI: "CA0300000", Name: "Invented Sheriff", Kind: store.KindLawEnforcement, Submits: true}); err != nil {
		t.Fatal(err)
	}
	court, err := s.AgencyByORI(t.Context(), "CA030013J")
	if err != nil {
		t.Fatal(err)
	}
	sum, now := sha256.Sum256([]byte("p-1")), time.Now()
	r, err := s.Accept(t.Context(), store.Accepted{Agency: court, Package: "p-1", Action: store.ActionAdd, Canonical: sum,
		Received: store.Received{At: now, Peer: "192.0.2.7", Wire: []byte("p-1"), Digest: sum, ContentType: "text/xml", Correlation: "c"},
		Order: &order.Order{ID: "o-1", Case: "06NF0886", Court: order.Court{ORI: "CA030013J", Name: "Invented Court"}, Issued: order.MakeDate(2026, 3, 2), Stage: order.StagePreTrial,
			Expiry: order.Expiry{Basis: order.ExpiryPermanent}, Access: order.AccessNormal, Restrained: order.Restrained{Name: order.Name{Surname: "Jones", Given: "Marc"}}, Service: order.ServiceNotServed}})
	if err != nil {
		t.Fatal(err)
	}
	status, err := s.Status(t.Context(), r.Tracking)
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.BeginAttempt(t.Context(), store.Attempt{Transmission: status.Transmissions[0].ID, Purpose: store.PurposeSend, Control: "0000012345", Line: "CCPR", Bytes: []byte("MSG"), At: now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finish(t.Context(), a, store.Outcome{Verdict: store.VerdictAccepted, FCN: "2320632500001", At: now}); err != nil {
		t.Fatal(err)
	}
	return r.Tracking
}

// keptMessage is a message of the switch that waits.
func keptMessage(t *testing.T, s *store.Store, outseq, text string, u store.Understood) {
	t.Helper()
	id, _, err := s.Inbound(t.Context(), "CCPR", outseq, "", text, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	u.Message, u.At = id, time.Now()
	if err := s.Understand(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

// recordedOrder has an officer record service of the order.
func recordedOrder(t *testing.T, s *store.Store) {
	t.Helper()
	f, err := s.FindOrder(t.Context(), "CA030013J", "o-1", false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.RecordService(t.Context(), store.Recording{Order: f, Person: 11, Actor: "person officer@sheriff.example, CA0300000", Agency: "CA0300000", At: time.Now(), Service: order.Service{
		OrderID: f.Order.ID, Court: f.Order.Court.ORI, Case: f.Order.Case, Restrained: f.Order.Restrained.Name, Date: order.MakeDate(2026, 3, 6), Time: 21*60 + 30, Method: order.MethodVerbal,
		Place: "100 Example Street", Server: order.Officer{Name: "O. Fficer", Badge: "4711", AgencyORI: "CA0300000"}}})
	if err != nil {
		t.Fatal(err)
	}
}

// The commands for the switch's messages and for violations as a person of the hub types them.
func TestMessageCommands(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{})
	tracking := string(enteredOrder(t, s))
	told := func(args ...string) (int, string) {
		var out, errOut bytes.Buffer
		status := run(t.Context(), append(args, "--database-url", url, "--keys", storetest.KeyFile(t, url)), &out, &errOut)
		return status, out.String() + errOut.String()
	}
	step := func(status int, want string, args ...string) {
		t.Helper()
		if got, said := told(args...); got != status || !strings.Contains(said, want) {
			t.Errorf("ccpor %s: status %d, want %d and %q:\n%s", strings.Join(args, " "), got, status, want, said)
		}
	}
	step(0, "No message waits for a person.", "messages")
	keptMessage(t, s, "000001", "SERVICE NOTICE\r\nFCN/9320632500001\r\nNAM/JONES,MARC\r\nSVN/DEPUTY EXAMPLE\r\nSVD/20260303\r\nSVT/0930\r\nSVA/CA0300000\r\nSVM/P\r\nSVR/OTH\r\n",
		store.Understood{Kind: store.MessageService, FCN: "9320632500001", Wait: store.WaitNoOrder})
	keptMessage(t, s, "000002", "ADMINISTRATIVE MESSAGE\r\nASK FOR ANN SECRET\r\n", store.Understood{Kind: store.MessageAdmin, Wait: store.WaitAdmin})
	step(1, "1 not handled: serviceNotice", "messages")
	step(1, "No order here has CARPOS's number in it.", "messages", "list", "--kind", "serviceNotice", "--unhandled", "--line", "CCPR")
	if status, said := told("messages", "list", "--kind", "administrative"); status != 1 || strings.Contains(said, "     1  ") {
		t.Errorf("another kind is listed:\n%s", said)
	}
	step(0, "another agency served the order", "messages", "show", "1")
	for _, args := range [][]string{{"messages", "show", "1"}, {"messages", "show", "2"}, {"messages"}, {"--json", "messages", "show", "2"}} {
		if _, said := told(args...); strings.Contains(said, "EXAMPLE") || strings.Contains(said, "SECRET") || strings.Contains(said, "JONES") {
			t.Errorf("%v shows personal data:\n%s", args, said)
		}
	}
	step(1, "say why", "messages", "show", "2", "--unmask", "--as", "A. Clerk")
	step(1, "say who acts", "messages", "show", "2", "--unmask", "--reason", "call", "--as", "x")
	step(0, "ANN SECRET", "messages", "show", "2", "--unmask", "--reason", "to call back", "--as", "A. Clerk")
	step(1, "no message has the number 99", "messages", "show", "99")
	step(1, "it is not about one order", "messages", "apply", "2", "--order", tracking, "--as", "A. Clerk")
	step(1, "there is no such record", "messages", "apply", "1", "--order", string(order.NewTracking(1)), "--as", "A. Clerk")
	step(0, "The order is served.", "messages", "apply", "1", "--order", tracking, "--as", "A. Clerk")
	step(1, "handled already", "messages", "apply", "1", "--order", tracking, "--as", "A. Clerk")
	step(0, "served on 2026-03-03 at 09:30 (personal) by CA0300000, as CARPOS reports", "status", tracking)
	step(0, `"kind":"serviceNotice"`, "--json", "status", tracking)
	step(0, "is handled", "messages", "handle", "2", "--what", "called back", "--as", "A. Clerk")
	step(1, "handled already", "messages", "handle", "2", "--what", "called back", "--as", "A. Clerk")
	step(0, "called back", "messages")

	violation := []string{"violation", "--order", tracking, "--at", "2026-03-05T21:30", "--place", "100 Example Street", "--report", "EX-1", "--text", "invented", "--as", "A. Clerk"}
	step(2, "missing flags", violation...)
	step(1, "or no agency CA0300999", append(violation, "--agency", "CA0300999")...)
	step(1, "VRN: The number of the report needs", append(violation, "--agency", "CA0300000", "--report", strings.Repeat("9", 21))...)
	step(1, "--at is no day and time", append(violation, "--agency", "CA0300000", "--at", "yesterday")...)
	step(1, "still to come", append(violation, "--agency", "CA0300000", "--at", "2999-01-01T00:00")...)
	step(0, "goes to CARPOS as transmission", append(violation, "--agency", "CA0300000")...)
	step(1, "has been reported to CARPOS already", append(violation, "--agency", "CA0300000")...)
	step(0, "CARPOS    VRR ready", "status", tracking)

	recordedOrder(t, s)
	step(0, "served on 2026-03-06 at 21:30 (verbal) by CA0300000, as law enforcement recorded here", "status", tracking)
	step(0, "CARPOS    SRR waiting", "status", tracking)
	step(0, `"recorded":[{"number":1,"agency":"CA0300000","person":"person officer@sheriff.example, CA0300000"`, "--json", "status", tracking)
	if _, said := told("status", tracking); strings.Contains(said, "Fficer") || strings.Contains(said, "Example Street") {
		t.Errorf("the status shows personal data:\n%s", said)
	}
	trail, err := s.AuditTrail(t.Context(), "message 2", 10)
	if err != nil || len(trail) != 5 || trail[0].Actor != "person A. Clerk, command line" || trail[0].Action != "message.handle" {
		t.Errorf("on record: %+v %v", trail, err)
	}
	unmasked := 0
	for _, e := range trail {
		if e.Outcome == "shown with personal data" && e.Details == "to call back" {
			unmasked++
		}
	}
	if unmasked != 1 {
		t.Errorf("on record: %+v", trail)
	}
}
