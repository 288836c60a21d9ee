package relay

import (
	"strings"
	"testing"
	"time"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

// What may come of a sending or a look-up has a row; nothing else has.
func TestPolicyIsComplete(t *testing.T) {
	t.Parallel()
	both := []event{rejectAgain, reject, nakAgain, nak, notSent, noAnswer, lineClosed, cut, unreadable, foreign}
	want := map[store.Purpose][]event{
		store.PurposeSend:   append([]event{entered, onFile}, both...),
		store.PurposeLookup: append([]event{found, notThere, otherData, orderGone, unclear}, both...),
	}
	for purpose, events := range want {
		if len(policy[purpose]) != len(events) {
			t.Errorf("%s has %d rows, %d events", purpose, len(policy[purpose]), len(events))
		}
		for _, e := range events {
			r, ok := policy[purpose][e]
			if !ok || r.text == "" || r.verdict == "" {
				t.Errorf("%s %s: %+v", purpose, e, r)
			}
			detailed := e == rejectAgain || e == reject || e == nakAgain || e == nak
			if strings.Contains(r.text, "%s") != detailed {
				t.Errorf("%s %s: %q", purpose, e, r.text)
			}
		}
	}
	if r := policy.of(store.PurposeSend, found); r.verdict != store.VerdictHeld {
		t.Errorf("an event without a rule: %+v", r)
	}
}

// Only what is certain not to have changed anything is tried again without being looked up (profile section 4, rules 3 and 4).
func TestPolicyNeverResendsBlindly(t *testing.T) {
	t.Parallel()
	for e, r := range policy[store.PurposeSend] {
		certain := e == rejectAgain || e == nakAgain || e == notSent
		if (r.verdict == store.VerdictRetry) != certain {
			t.Errorf("%s: %s", e, r.verdict)
		}
		accepted := r.verdict == store.VerdictAccepted || r.verdict == store.VerdictOnFile
		if accepted != (e == entered || e == onFile) {
			t.Errorf("%s: %s", e, r.verdict)
		}
	}
	for e, r := range policy[store.PurposeLookup] {
		if (r.verdict == store.VerdictNotFound) != (e == notThere) || (r.verdict == store.VerdictAccepted) != (e == found) {
			t.Errorf("look-up %s: %s", e, r.verdict)
		}
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n      int
		chance float64
		want   time.Duration
	}{
		{-1, 0.5, time.Minute}, {0, 0.5, time.Minute}, {0, 0, 48 * time.Second}, {0, 1, 72 * time.Second}, {1, 0.5, 2 * time.Minute}, {2, 0.5, 5 * time.Minute},
		{3, 0.5, 15 * time.Minute}, {4, 0.5, 30 * time.Minute}, {5, 0.5, time.Hour}, {500, 0.5, time.Hour},
	} {
		if got := step(pauses, c.n, c.chance); got != c.want {
			t.Errorf("pause %d at chance %v: %s", c.n, c.chance, got)
		}
	}
}

const (
	replyHead  = "8AYX.CA030013J\r\nRE: "
	entryEcho  = "ERR.CA030013J.OCA/N1\r\n"
	proofEcho  = "SRR.CA030013J.FCN/77\r\n"
	lookupEcho = "QRR.CA030013J.OCA/N1\r\n"
)

func hit(fcn, oca, banner, name, issued, service string) string {
	return "MATCH MADE ON\r\nOCA/N1\r\nOCA FIELD SEARCH REVEALS:\r\n" + block(fcn, oca, banner, name, issued, service)
}

func block(fcn, oca, banner, name, issued, service string) string {
	return "ROS HIT # 001\r\nFCN/" + fcn + "\r\nORI/CA030013J\r\nOCA/" + oca + "\r\n*** " + banner + " CRIMINAL PROTECTIVE ORDER ***\r\n" +
		"* * * * * RESTRAINED PERSON INFORMATION * * * * *\r\nNAM/" + name + "\r\n* * * * * COURT INFORMATION * * * * *\r\nISSUE DATE/" + issued + "\r\n" + service +
		"***** END OF DVROS MESSAGE *****\r\n"
}

const details = "* * * * * ORDER INFORMATION * * * * *\r\nORT/CPO\r\nSVN/A. CECIL\r\nSVD/20260303\r\nSVT/1700\r\n"

// One table for what every answer means to every attempt.
func TestJudge(t *testing.T) {
	t.Parallel()
	d, err := carpos.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(&idle{}, d, Config{Lines: []Line{{Mnemonic: "CCPR"}}})
	if err != nil {
		t.Fatal(err)
	}
	entry := carpos.Transaction{Key: carpos.Enter, ORI: "CA030013J", Fields: []carpos.Field{{Name: "OCA", Value: "N1"}, {Name: "ISD", Value: "20260302"}, {Name: "NAM", Value: "JONES,MARC"}}}
	proof := carpos.Transaction{Key: carpos.Serve, ORI: "CA030013J", Fields: []carpos.Field{{Name: "FCN", Value: "77"}, {Name: "SVN", Value: "A. CECIL"}, {Name: "SVD", Value: "20260303"}, {Name: "SVT", Value: "1700"}}}
	sendEntry := sent{purpose: store.PurposeSend, owed: entry, first: "ERR.CA030013J.OCA/N1"}
	sendProof := sent{purpose: store.PurposeSend, owed: proof, first: "SRR.CA030013J.FCN/77", fcn: "77"}
	findEntry := sent{purpose: store.PurposeLookup, owed: entry, first: "QRR.CA030013J.OCA/N1"}
	findProof := sent{purpose: store.PurposeLookup, owed: proof, first: "QRR.CA030013J.OCA/N1", fcn: "77"}
	servedBefore := findProof
	servedBefore.entryServed = true
	for name, c := range map[string]struct {
		sent sent
		text string
		want event
		fcn  order.FCN
	}{
		"accepted":                  {sendEntry, entryEcho + "ENTRY ACCEPTED\r\nFCN/77\r\n", entered, "77"},
		"on file":                   {sendEntry, entryEcho + "ON FILE\r\nFCN/77\r\n", onFile, "77"},
		"proof accepted":            {sendProof, proofEcho + "SERVICE ACCEPTED\r\nFCN/77\r\n", entered, "77"},
		"another order's proof":     {sendProof, proofEcho + "SERVICE ACCEPTED\r\nFCN/78\r\n", foreign, ""},
		"a proof on file":           {sendProof, proofEcho + "ON FILE\r\nFCN/77\r\n", foreign, ""},
		"another transaction":       {sendEntry, entryEcho + "SERVICE ACCEPTED\r\nFCN/77\r\n", foreign, ""},
		"another order's echo":      {sendEntry, "ERR.CA030013J.OCA/N2\r\nENTRY ACCEPTED\r\nFCN/77\r\n", foreign, ""},
		"a cut echo":                {sendEntry, "ERR.CA030013J.OCA/\r\nENTRY ACCEPTED\r\nFCN/77\r\n", foreign, ""},
		"hits for an entry":         {sendEntry, entryEcho + hit("77", "N1", "NOT SERVED", "JONES,MARC", "20260302", ""), foreign, ""},
		"no record for an entry":    {sendEntry, entryEcho + "NO RECORD FOUND\r\n", foreign, ""},
		"later":                     {sendEntry, entryEcho + "REJECT 90 CARPOS UNAVAILABLE, TRY LATER\r\n", rejectAgain, ""},
		"later and wrong":           {sendEntry, entryEcho + "REJECT 90 X\r\nREJECT 06 X FLD/RAC\r\n", reject, ""},
		"same number":               {sendEntry, entryEcho + "REJECT 40 X\r\n", reject, ""},
		"garbled":                   {sendEntry, entryEcho + "DETPECCA YRTNE\r\n", unreadable, ""},
		"nothing":                   {sendEntry, "", cut, ""},
		"look-up: there":            {findEntry, lookupEcho + hit("77", "N1", "NOT SERVED", "JONES,MARC", "20260302", ""), found, "77"},
		"look-up: cancelled":        {findEntry, lookupEcho + hit("77", "N1", "CANCELLED", "JONES,MARC", "20260302", ""), found, "77"},
		"look-up: other name":       {findEntry, lookupEcho + hit("77", "N1", "NOT SERVED", "JONES,MARK", "20260302", ""), otherData, ""},
		"look-up: other date":       {findEntry, lookupEcho + hit("77", "N1", "NOT SERVED", "JONES,MARC", "20260301", ""), otherData, ""},
		"look-up: other number":     {findEntry, lookupEcho + hit("77", "N2", "NOT SERVED", "JONES,MARC", "20260302", ""), otherData, ""},
		"look-up: twice":            {findEntry, lookupEcho + hit("77", "N1", "NOT SERVED", "JONES,MARC", "20260302", "") + block("78", "N1", "NOT SERVED", "JONES,MARC", "20260302", ""), otherData, ""},
		"look-up: beside another":   {findEntry, lookupEcho + hit("76", "N1", "NOT SERVED", "SMITH,JOHN", "20260302", "") + block("77", "N1", "NOT SERVED", "JONES,MARC", "20260302", ""), found, "77"},
		"look-up: not there":        {findEntry, lookupEcho + "NO RECORD FOUND\r\n", notThere, ""},
		"look-up: later":            {findEntry, lookupEcho + "REJECT 91 X\r\n", rejectAgain, ""},
		"look-up: refused":          {findEntry, lookupEcho + "REJECT 30 X\r\n", reject, ""},
		"look-up: an acceptance":    {findEntry, lookupEcho + "ENTRY ACCEPTED\r\nFCN/77\r\n", foreign, ""},
		"look-up: the entry's echo": {findEntry, entryEcho + "NO RECORD FOUND\r\n", foreign, ""},
		"proof: shown":              {findProof, lookupEcho + hit("77", "N1", "SERVED", "JONES,MARC", "20260302", details), found, ""},
		"proof: another":            {findProof, lookupEcho + hit("77", "N1", "SERVED", "JONES,MARC", "20260302", strings.Replace(details, "1700", "1701", 1)), notThere, ""},
		"proof: bare, served":       {findProof, lookupEcho + hit("77", "N1", "SERVED", "JONES,MARC", "20260302", ""), found, ""},
		"proof: bare, not served":   {findProof, lookupEcho + hit("77", "N1", "NOT SERVED", "JONES,MARC", "20260302", ""), notThere, ""},
		"proof: bare, was served":   {servedBefore, lookupEcho + hit("77", "N1", "SERVED", "JONES,MARC", "20260302", ""), unclear, ""},
		"proof: another record":     {findProof, lookupEcho + hit("78", "N1", "SERVED", "JONES,MARC", "20260302", details), orderGone, ""},
		"proof: no order":           {findProof, lookupEcho + "NO RECORD FOUND\r\n", orderGone, ""},
	} {
		reply, _ := d.ParseReply([]byte(replyHead + c.text))
		got := r.judge(c.sent, reply)
		if got.event != c.want || got.fcn != c.fcn {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for code, want := range map[int]event{10: nakAgain, 11: nakAgain, 12: nak, 13: nak, 14: nak, 15: nak, 99: nak} {
		if got := r.nacked(code); got.event != want || got.code != code {
			t.Errorf("NAK %d: %+v", code, got)
		}
	}
}

// What a person is told names rule, field and item, and never what CARPOS repeated of the order.
func TestOutcomeWords(t *testing.T) {
	t.Parallel()
	d, err := carpos.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(&idle{}, d, Config{Lines: []Line{{Mnemonic: "CCPR"}}, Jitter: func() float64 { return 0.5 }})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)
	s := sent{purpose: store.PurposeSend, first: "ERR.CA030013J.OCA/N1", form: "CR-160", tries: 3}
	reply, err := d.ParseReply([]byte(replyHead + entryEcho + "REJECT 06 JONES IS NOT IN TABLE FLD/RAC\r\nREJECT 77 SMITH\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	o := r.outcome(s, r.judge(s, reply), 5, now)
	if o.Verdict != store.VerdictRejected || o.Code != 6 || o.Field != "RAC" || o.Item != "Person to be restrained" || o.Inbound != 5 ||
		o.Text != "CARPOS refuses it: 06 code not in table (RAC); 77 a number that is not known." {
		t.Errorf("%+v", o)
	}
	o = r.outcome(s, r.nacked(10), 0, now)
	if o.Verdict != store.VerdictRetry || !o.RetryAt.Equal(now.Add(5*time.Minute)) || o.Text != "The switch cannot take it now: 10 busy." {
		t.Errorf("%+v", o)
	}
}
