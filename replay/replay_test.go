package replay_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/replay"
	"ccpor/store"
)

func TestNames(t *testing.T) {
	t.Parallel()
	got := replay.Names([]byte(`<p:PackageIdentification>P-1</p:PackageIdentification><OrderIdentification>
		O-1 </OrderIdentification><FollowedOrderIdentification>O-0</FollowedOrderIdentification><OrderIdentification>no name</OrderIdentification>`))
	if want := []string{"package P-1", "order O-1", "order O-0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := replay.Names([]byte("no XML at all")); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// What shares a name, through whatever others, is one sequence in the order in which it came.
func TestLanes(t *testing.T) {
	t.Parallel()
	items := []replay.Item{
		{Names: []string{"order A"}}, {Names: []string{"order B"}}, {}, {Names: []string{"order B", "package 1"}}, {Names: []string{"package 1", "order A"}}, {Names: []string{"order C"}},
	}
	got := replay.Lanes(items)
	if want := [][]int{{0, 1, 3, 4}, {2}, {5}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// slowHub is done with a submission some time after it was sent, and remembers what was sent while another of the same order was not done.
type slowHub struct {
	mu       sync.Mutex
	done     map[order.Tracking]time.Time
	busy     map[string]order.Tracking
	overlaps int
	most     int
	fails    order.Tracking
	sent     []time.Time
}

func (h *slowHub) Send(_ context.Context, i replay.Item) (order.Tracking, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i.Origin == h.fails {
		return "", errors.New("the hub is gone")
	}
	now := time.Now()
	h.sent = append(h.sent, now)
	open := 0
	for _, t := range h.busy {
		if h.done[t].After(now) {
			open++
		}
	}
	h.most = max(h.most, open+1)
	for _, n := range i.Names {
		if t, ok := h.busy[n]; ok && h.done[t].After(now) {
			h.overlaps++
		}
		h.busy[n] = i.Origin
	}
	h.done[i.Origin] = now.Add(time.Second)
	return i.Origin, nil
}

func (h *slowHub) Unsettled(_ context.Context, sent []order.Tracking) (open []order.Tracking, _ error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range sent {
		if h.done[t].After(time.Now()) {
			open = append(open, t)
		}
	}
	return open, nil
}

func items(orders, each int) []replay.Item {
	var all []replay.Item
	for n := range orders * each {
		all = append(all, replay.Item{Origin: order.NewTracking(uint64(n)), Names: []string{fmt.Sprint("order ", n%orders)}})
	}
	return all
}

func newSlowHub() *slowHub {
	return &slowHub{done: map[order.Tracking]time.Time{}, busy: map[string]order.Tracking{}}
}

func TestRunKeepsTheSequenceOfAnOrderAndGoesOnWithOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSlowHub()
		sent, err := replay.Run(t.Context(), items(6, 3), h, replay.Plan{Abreast: 4})
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range sent {
			if s.Tracking != order.NewTracking(uint64(i)) || s.Late {
				t.Errorf("item %d: %s, late %v", i, s.Tracking, s.Late)
			}
		}
		if h.overlaps > 0 || h.most != 4 {
			t.Errorf("%d were sent before the one before was done; %d went side by side", h.overlaps, h.most)
		}
	})
}

func TestRunIsPacedAndPatientWithinBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSlowHub()
		sent, err := replay.Run(t.Context(), items(5, 1), h, replay.Plan{Abreast: 5, PerSecond: 2, Settle: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range sent {
			if !s.Late {
				t.Errorf("item %d was settled in time", i)
			}
		}
		if took := h.sent[4].Sub(h.sent[0]); took < 2*time.Second-10*time.Millisecond {
			t.Errorf("five at two a second took %v", took)
		}
	})
}

func TestRunEndsWithItsFirstError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSlowHub()
		h.fails = order.NewTracking(7)
		if _, err := replay.Run(t.Context(), items(6, 3), h, replay.Plan{Abreast: 2}); err == nil || !strings.Contains(err.Error(), "the hub is gone") {
			t.Errorf("%v", err)
		}
	})
}

func comparer(t *testing.T) *replay.Comparer {
	t.Helper()
	d, err := carpos.Load()
	if err != nil {
		t.Fatal(err)
	}
	return replay.NewComparer(d)
}

// made is an accepted order that is in CARPOS.
func made(number string) *store.Made {
	return &store.Made{State: store.SubmissionAccepted, Algorithm: "rsa-sha256", Subject: `{"restrained":{"name":{"surname":"Jones"},"hair":"BRO"},"protected":[{"race":"white"}]}`,
		Warnings: []store.Problem{{Code: "Warning.Rule.ExpiredAlready", Path: "/OrderPackage"}},
		Transmissions: []store.MadeTransmission{{Kind: store.KindEnter, State: store.StateAccepted, OCA: "OCA" + number, FCN: order.FCN("FCN" + number),
			Request: []byte("MSG.0000000001.\r\nERR.CA030013J.OCA/OCA" + number + "\r\nNAM/JONES,MARC\r\nRAC/W\r\nHAI/BRO\r\nCCN/26NF0886\r\n")}}}
}

func TestWhatAHubDrawsForItselfIsNoDifference(t *testing.T) {
	t.Parallel()
	was, is := made("1"), made("2")
	was.Tracking, is.Tracking = order.NewTracking(1), order.NewTracking(2)
	was.Transmissions[0].Reason, is.Transmissions[0].Reason = "on file as FCN1 for OCA1", "on file as FCN2 for OCA2"
	if d := comparer(t).Compare(was, is); len(d) > 0 {
		t.Errorf("%+v", d)
	}
}

func TestEveryStageIsCompared(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(m *store.Made)
		stage  replay.Stage
		what   string
	}{
		"refused by the schema": {func(m *store.Made) {
			*m = store.Made{State: store.SubmissionRefused, RefusedStage: "schema", RefusedCode: "Client.Schema.Invalid", Problems: []store.Problem{{Code: "Client.Schema.ValueEmpty", Path: "/a"}}}
		}, replay.StageSchema, "Client.Schema.ValueEmpty /a"},
		"refused by the signature": {func(m *store.Made) {
			m.State, m.RefusedStage, m.RefusedCode = store.SubmissionRefused, "signature", "Client.Signature.Missing"
		}, replay.StageSignature, "verdict"},
		"signed by another":   {func(m *store.Made) { m.Signer[0] = 1 }, replay.StageSignature, "signer"},
		"a warning is gone":   {func(m *store.Made) { m.Warnings = nil }, replay.StageRules, "Warning.Rule.ExpiredAlready /OrderPackage"},
		"a note":              {func(m *store.Made) { m.Notes = []order.Note{{Code: "ExpiryDefault"}} }, replay.StageRules, "note ExpiryDefault"},
		"another deadline":    {func(m *store.Made) { m.DueRule = "other" }, replay.StageRules, "deadline"},
		"another order":       {func(m *store.Made) { m.Subject = strings.Replace(m.Subject, "white", "black", 1) }, replay.StageOrder, "protected[0].race"},
		"confidential":        {func(m *store.Made) { m.Confidential = `{"ssn":"1"}` }, replay.StageOrder, "confidential.ssn"},
		"another CARPOS line": {func(m *store.Made) { edit(m, "CCN/26NF0886", "CCN/26NF0887") }, replay.StageCarpos, "ERR CCN"},
		"a line less":         {func(m *store.Made) { edit(m, "HAI/BRO\r\n", "") }, replay.StageCarpos, "ERR HAI"},
		"no OCA":              {func(m *store.Made) { edit(m, "OCA/OCA1\r\n", "") }, replay.StageCarpos, "ERR OCA"},
		"another ORI":         {func(m *store.Made) { edit(m, "ERR.CA030013J", "ERR.CA002013J") }, replay.StageCarpos, "ERR KEY"},
		"held":                {func(m *store.Made) { m.Transmissions[0].State = store.StateHeld }, replay.StageOutcome, "ERR state"},
		"another answer":      {func(m *store.Made) { m.Transmissions[0].Code = 7 }, replay.StageOutcome, "ERR answer"},
		"one more": {func(m *store.Made) {
			m.Transmissions = append(m.Transmissions, store.MadeTransmission{Kind: store.KindServe})
		}, replay.StageOutcome, "transaction SRR"},
		"none":     {func(m *store.Made) { m.Transmissions = nil }, replay.StageOutcome, "transaction ERR"},
		"not owed": {func(m *store.Made) { m.NotOwed = store.NotOwedAgency }, replay.StageOutcome, "not owed"},
	} {
		is := made("1")
		c.change(is)
		d := comparer(t).Compare(made("1"), is)
		if !slices.ContainsFunc(d, func(d replay.Difference) bool { return d.Stage == c.stage && d.What == c.what }) {
			t.Errorf("%s: %+v", name, d)
		}
		if back := comparer(t).Compare(is, made("1")); len(back) != len(d) {
			t.Errorf("%s: %d differences one way, %d the other", name, len(d), len(back))
		}
	}
	if d := comparer(t).Compare(made("1"), nil); len(d) != 1 || d[0].Stage != replay.StageOutcome {
		t.Errorf("not taken: %+v", d)
	}
}

func edit(m *store.Made, old, new string) {
	m.Transmissions[0].Request = []byte(strings.Replace(string(m.Transmissions[0].Request), old, new, 1))
}

// A table goes into tickets: nothing about a person may be in it, unless that is asked for.
func TestPersonalDataIsMasked(t *testing.T) {
	t.Parallel()
	was, is := made("1"), made("1")
	edit(is, "JONES,MARC", "GRANITE,ROWAN")
	edit(is, "RAC/W", "RAC/B")
	edit(is, "CCN/26NF0886", "XXX/GRANITE") // a field that the dictionary does not know
	is.Subject = strings.Replace(is.Subject, "Jones", "Granite", 1)
	is.Transmissions[0].Reason = "GRANITE,ROWAN is on file"
	d := comparer(t).Compare(was, is)
	write := func(show bool) string {
		table := replay.Table{Show: show}
		table.Add(order.NewTracking(1), d)
		table.Add(order.NewTracking(2), d)
		var b strings.Builder
		if err := replay.WriteGroups(&b, table.Groups()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	hidden, shown := write(false), write(true)
	for _, secret := range []string{"JONES", "Jones", "GRANITE", "Granite", "ROWAN"} {
		if strings.Contains(hidden, secret) {
			t.Errorf("%s is shown:\n%s", secret, hidden)
		}
	}
	if !strings.Contains(shown, "GRANITE,ROWAN") || !strings.Contains(hidden, "restrained.name.surname") {
		t.Errorf("what is asked for is missing:\n%s\n%s", hidden, shown)
	}
}

func TestTheSameDifferenceStandsOnce(t *testing.T) {
	t.Parallel()
	var table replay.Table
	for i := range 5 {
		table.Add(order.NewTracking(uint64(9-i)), []replay.Difference{{Stage: replay.StageOrder, What: fmt.Sprintf("protected[%d].race", i), Was: "a", Is: "b"},
			{Stage: replay.StageSchema, What: "x", Was: "a", Is: "b"}})
	}
	g := table.Groups()
	if len(g) != 2 || g[0].Stage != replay.StageSchema || g[1].What != "protected[].race" || g[1].Count != 5 || len(g[1].Examples) != 3 || !slices.IsSorted(g[1].Examples) {
		t.Errorf("%+v", g)
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	const pkg = `<OrderPackage xmlns="urn:x" Id="p"><ds:Signature xmlns:ds="y"><ds:SignatureValue>abc</ds:SignatureValue></ds:Signature>` +
		`<PackageIdentification>P-1</PackageIdentification><PackageSentDateTime>2026-01-01T00:00:00Z</PackageSentDateTime>` +
		`<SubmitterOrganizationORIIdentification>CA030013J</SubmitterOrganizationORIIdentification><TestIndicator>false</TestIndicator>` +
		`<OrderIdentification>O-1</OrderIdentification><FormRevisionDate>2019-01-22</FormRevisionDate><FollowedOrderIdentification>O-0</FollowedOrderIdentification>` +
		`<OrganizationORIIdentification>CA030013J</OrganizationORIIdentification><CourtOrderIssuingDate>2026-02-27</CourtOrderIssuingDate>` +
		`<OrderExpirationDate>2029-02-27</OrderExpirationDate><PersonBirthDate>1981-11-21</PersonBirthDate>` +
		`<OrganizationORIIdentification>CA0300000</OrganizationORIIdentification><CourtOrderSpecialInstructionText>on 2026-02-27</CourtOrderSpecialInstructionText></OrderPackage>`
	w := replay.Rewrite{Prefix: "R-", Agency: "CA002013J", Days: 3, Sent: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	const want = `<OrderPackage xmlns="urn:x" Id="p">` +
		`<PackageIdentification>R-P-1</PackageIdentification><PackageSentDateTime>2026-03-02T08:00:00Z</PackageSentDateTime>` +
		`<SubmitterOrganizationORIIdentification>CA002013J</SubmitterOrganizationORIIdentification><TestIndicator>true</TestIndicator>` +
		`<OrderIdentification>R-O-1</OrderIdentification><FormRevisionDate>2019-01-22</FormRevisionDate><FollowedOrderIdentification>R-O-0</FollowedOrderIdentification>` +
		`<OrganizationORIIdentification>CA002013J</OrganizationORIIdentification><CourtOrderIssuingDate>2026-03-02</CourtOrderIssuingDate>` +
		`<OrderExpirationDate>2029-03-02</OrderExpirationDate><PersonBirthDate>1981-11-21</PersonBirthDate>` +
		`<OrganizationORIIdentification>CA0300000</OrganizationORIIdentification><CourtOrderSpecialInstructionText>on 2026-02-27</CourtOrderSpecialInstructionText></OrderPackage>`
	if got := string(w.Package([]byte(pkg))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if d := replay.LastAct([]byte(pkg)); d != order.MakeDate(2026, 2, 27) {
		t.Errorf("the last act is of %v", d)
	}
	if n := replay.DaysTo(order.MakeDate(2026, 2, 27), order.MakeDate(2026, 3, 2)); n != 3 {
		t.Errorf("%d days", n)
	}
}
