package conflict

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
	"ccpor/mapping/precedence"
	"ccpor/store"
	"ccpor/store/storetest"
)

const orange, alpine = order.ORI("CA030013J"), order.ORI("CA002013J")

// bench is a finder over a fresh store with two courts that listen.
type bench struct {
	*Finder
	t   *testing.T
	url string
	log bytes.Buffer
	now time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	law, err := precedence.Load(zone)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, url: storetest.NewURL(t), now: time.Date(2026, 11, 29, 12, 0, 0, 0, zone)}
	b.Finder = &Finder{Store: storetest.Open(t, b.url, store.Options{}), Law: law, Now: func() time.Time { return b.now }, Log: slog.New(slog.NewTextHandler(&b.log, nil))}
	for _, ori := range []order.ORI{orange, alpine} {
		id, err := b.Store.RegisterAgency(t.Context(), store.Agency{ORI: ori, Name: "Court " + string(ori), Kind: "court", Submits: true})
		if err == nil {
			err = b.Store.RegisterListener(t.Context(), store.Listener{Agency: id, Active: true, URL: "http://localhost:1/", Edition: "1.1"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// bring adds an order of a court between the same two people; action modify sends a later version.
func (b *bench) bring(court order.ORI, id string, action store.Action, change func(*order.Order)) {
	b.t.Helper()
	from, err := b.Store.AgencyByORI(b.t.Context(), court)
	if err != nil {
		b.t.Fatal(err)
	}
	born, expires := order.MakeDate(1981, 11, 21), order.MakeDate(2028, 6, 7)
	hers := order.MakeDate(1985, 1, 2)
	o := &order.Order{ID: order.LocalID(id), Case: order.CaseNumber("case" + id), Access: order.AccessNormal, Form: order.Form{Number: "DV-130", Revision: order.MakeDate(2025, 1, 1), Family: "DV", Designator: "OAH", Title: "Restraining Order"},
		Court: order.Court{ORI: court, Name: "Court " + string(court)}, Issued: order.MakeDate(2026, 11, 20), Judge: "I. Nvented", Stage: order.StageAfterHearing, Expiry: order.Expiry{Basis: order.ExpiryExplicit, Date: &expires},
		Restrained: order.Restrained{Name: order.Name{Given: "Sam", Surname: "Slate"}, Person: order.Person{Sex: "M", Born: &born}},
		Protected:  []order.Protected{{Name: order.Name{Given: "Pat", Surname: "Quartz"}, Person: order.Person{Born: &hers}}},
		Terms:      order.Terms{NoHarm: true, StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlacePerson}}}}}, Service: order.ServiceServed}
	if change != nil {
		change(o)
	}
	a := store.Accepted{Agency: from, Action: action, Order: o, Package: order.LocalID("pk-" + id + "-" + string(action)), Deadline: store.Deadline{Due: b.now.Add(36 * time.Hour), Rule: "FC 6380(a)"}}
	if action == store.ActionModify {
		a.Modification = &order.Modification{Reason: order.ModifyAmend, Date: order.MakeDate(2026, 11, 28)}
	}
	wire := []byte(a.Package)
	a.Canonical = sha256.Sum256(wire)
	a.Received = store.Received{At: b.now, Peer: "192.0.2.7", Wire: wire, Digest: sha256.Sum256(wire), ContentType: "text/xml", Correlation: string(a.Package)}
	if _, err := b.Store.Accept(b.t.Context(), a); err != nil {
		b.t.Fatal(err)
	}
}

// told are the conflicts of a court, and the news in its notices.
func (b *bench) told(court order.ORI) string {
	b.t.Helper()
	all, err := b.Store.Conflicts(b.t.Context(), court, false, 0, 10)
	if err != nil {
		b.t.Fatal(err)
	}
	from, err := b.Store.AgencyByORI(b.t.Context(), court)
	if err != nil {
		b.t.Fatal(err)
	}
	notices, err := b.Store.Notices(b.t.Context(), from.ID, 100)
	if err != nil {
		b.t.Fatal(err)
	}
	var said []string
	for _, c := range all {
		said = append(said, fmt.Sprintf("%s v%d with %s v%d: %s", c.Order.ID, c.Order.Version, c.Other.ID, c.Other.Version, strings.Join(c.Clauses, "+")))
	}
	for _, n := range notices {
		if n.Reason != "" {
			said = append(said, fmt.Sprintf("%s: %s", n.Order, n.Reason))
		}
	}
	return strings.Join(said, "\n")
}

// far says a larger distance.
func far(o *order.Order) { o.Terms.StayAway[0].Yards = 300 }

// A new order of another court that orders otherwise is told to both courts, once, with no name; one that orders the same is told to nobody.
func TestBothCourtsAreTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.bring(orange, "O-1", store.ActionAdd, nil)
	b.bring(alpine, "A-same", store.ActionAdd, nil)
	b.Look(t.Context())
	if said := b.told(orange) + b.told(alpine); said != "" {
		t.Fatalf("told of orders that say the same:\n%s", said)
	}
	b.bring(alpine, "A-far", store.ActionAdd, func(o *order.Order) { far(o); o.Issued = order.MakeDate(2026, 11, 10) }) // the smaller distance was ordered last
	b.Look(t.Context())
	b.Look(t.Context())
	for court, want := range map[order.ORI][]string{
		orange: {"A-far v1 with O-1 v1: ", "O-1: Order A-far of CA002013J orders otherwise: "},
		alpine: {"A-far v1 with O-1 v1: ", "A-far: Order O-1 of CA030013J orders otherwise: ", "A-far v1 with A-same v1: "},
	} {
		said := b.told(court)
		for _, w := range want {
			if strings.Count(said, w) != 1 {
				t.Errorf("%s: %q stands %d times in\n%s", court, w, strings.Count(said, w), said)
			}
		}
		for _, name := range []string{"Sam", "Slate", "Pat", "Quartz", "1981", "case"} {
			if strings.Contains(said, name) {
				t.Errorf("%s is told %s", court, name)
			}
		}
	}
	if b.log.Len() > 0 {
		t.Error(b.log.String())
	}
}

// A version that brings the conflict is told, one that comes before it was judged is not judged twice, and the change back is no conflict.
func TestAVersionBringsTheConflict(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.bring(orange, "O-1", store.ActionAdd, nil)
	b.bring(alpine, "A-1", store.ActionAdd, nil)
	b.Look(t.Context())
	b.bring(alpine, "A-1", store.ActionModify, far)
	b.Look(t.Context())
	if said := b.told(orange); !strings.Contains(said, "A-1 v2 with O-1 v1: ") || strings.Count(said, "orders otherwise") != 1 {
		t.Errorf("%s", said)
	}
}

// Who must not know of an order is not told of it by its conflict; the other court is.
func TestASealedOrderIsNotTold(t *testing.T) {
	t.Parallel()
	for class, told := range map[order.Access]bool{order.AccessNormal: true, order.AccessJuvenile: false, order.AccessSealed: false} {
		b := newBench(t)
		b.bring(orange, "O-1", store.ActionAdd, nil)
		b.bring(alpine, "A-1", store.ActionAdd, func(o *order.Order) { far(o); o.Access = class })
		b.Look(t.Context())
		if said := b.told(orange); (said != "") != told {
			t.Errorf("%s: Orange is told %q", class, said)
		}
		if said := b.told(alpine); !strings.Contains(said, "Order O-1 of CA030013J") {
			t.Errorf("%s: Alpine is told %q", class, said)
		}
	}
}

// Other people, and orders that are over, conflict with nothing.
func TestNoConflict(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.bring(orange, "O-1", store.ActionAdd, nil)
	other := order.MakeDate(1999, 1, 1)
	b.bring(alpine, "A-other", store.ActionAdd, func(o *order.Order) { far(o); o.Restrained.Born = &other })
	b.bring(alpine, "A-over", store.ActionAdd, func(o *order.Order) { far(o); d := order.MakeDate(2026, 11, 28); o.Expiry.Date = &d })
	b.bring(alpine, "A-else", store.ActionAdd, func(o *order.Order) { far(o); o.Protected[0].Name.Given = "Ida" })
	b.Look(t.Context())
	if said := b.told(orange) + b.told(alpine); said != "" {
		t.Errorf("told:\n%s", said)
	}
}

// Orders whose names are not kept yet, from before there was a table of them, wait: judged by what is there they would pass as alone, one after the other.
func TestOrdersWaitForTheirNames(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.bring(orange, "O-1", store.ActionAdd, nil)
	b.bring(alpine, "A-1", store.ActionAdd, far)
	conn, err := pgx.Connect(t.Context(), b.url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), "update submission set named = false; delete from named")
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	for named := range 2 {
		b.Look(t.Context())
		if said := b.told(orange) + b.told(alpine); said != "" {
			t.Errorf("%d named: %s", named, said)
		}
		if _, err := b.Store.NameOrders(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	b.Look(t.Context())
	if said := b.told(orange); strings.Count(said, "A-1 v1 with O-1 v1") != 1 || b.log.Len() > 0 {
		t.Errorf("%q, %s", said, &b.log)
	}
}

// What cannot be judged now waits, and is judged the next time.
func TestAFailureWaits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.bring(orange, "O-1", store.ActionAdd, nil)
	b.bring(alpine, "A-1", store.ActionAdd, far)
	n, err := b.Store.JudgeVersions(t.Context(), 10, func(store.Related, []store.Related) ([]store.Clash, error) { return nil, errors.New("no") }, b.now)
	if err == nil || n != 0 {
		t.Fatal(n, err)
	}
	// The one that failed comes last: it keeps nobody waiting.
	var first order.LocalID
	_, err = b.Store.JudgeVersions(t.Context(), 1, func(of store.Related, _ []store.Related) ([]store.Clash, error) {
		first = of.Order.ID
		return nil, errors.New("no")
	}, b.now)
	if err == nil || first != "A-1" {
		t.Errorf("%v, %s comes first", err, first)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	b.Look(gone)
	b.Look(t.Context())
	if said := b.told(orange); !strings.Contains(said, "A-1 v1 with O-1 v1") && !strings.Contains(said, "O-1 v1 with A-1 v1") {
		t.Errorf("%q", said)
	}
}
