package exchange

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/hostile"
	"ccpor/mapping/order"
	"ccpor/store"
)

// attacked is a hub in which the cast of package hostile is registered, and its sender. Its clock is the system's, as that of messages signed now.
func attacked(t *testing.T) (*memory, *hostile.Cast, *hostile.Sender, running) {
	t.Helper()
	return attackedAt(t, time.Now(), nil)
}

// attackedAt is the same for messages of a moment, with the hub's clock.
func attackedAt(t *testing.T, moment time.Time, clock func() time.Time) (*memory, *hostile.Cast, *hostile.Sender, running) {
	t.Helper()
	s := newMemory(t)
	cast, err := hostile.NewCast("../testdata/keys", moment)
	check(t, err)
	for i, a := range cast.Agencies {
		agency := store.Agency{ID: store.AgencyID(100 + i), ORI: order.ORI(a.ORI), Name: a.Name, County: hostile.County, Submits: true, MessageSignature: store.MessageSignatureAccepted}
		if a.Strict {
			agency.MessageSignature = store.MessageSignatureRequired
		}
		if a.Lapsed {
			continue // the store tells that, TestAgencies
		}
		s.agencies[fingerprint(a.Peer.Leaf)] = agency
		if a.Signs != nil {
			s.signers[agency.ID] = []store.SigningCert{{Certificate: a.Signs, From: moment.AddDate(-1, 0, 0), To: moment.AddDate(1, 0, 0)}}
		}
	}
	c := parts(t, s)
	c.Now = clock
	r := start(t, c)
	address, _, _ := strings.Cut(strings.TrimPrefix(r.url, "https://"), "/")
	sender := hostile.NewSender(cast, strings.Replace(address, "127.0.0.1", "localhost", 1), authority(t))
	t.Cleanup(sender.Close)
	return s, cast, sender, r
}

// controls sends a good message of every kind: where these are refused, refusals say nothing.
func controls(t *testing.T, cast *hostile.Cast, sender *hostile.Sender, from int) {
	t.Helper()
	for i, kind := range hostile.Kinds() {
		request, err := cast.Control(kind, from+i, time.Now())
		check(t, err)
		if code, err := sender.Send(hostile.Finished(request)); err != nil || code != hostile.Accepted {
			t.Fatalf("a good message, %s: %s, %v", kind, code, err)
		}
	}
}

// Every case of the kept corpus is refused by the code that stands beside it.
func TestAttackCorpus(t *testing.T) {
	t.Parallel()
	cases, err := hostile.Corpus("../testdata/attacks")
	check(t, err)
	s, cast, sender, r := attacked(t)
	controls(t, cast, sender, 0)
	for _, k := range cases {
		if k.Slow || k.Code == "Client.Peer.CertificateExpired" {
			continue // deadlines are for make attack, and this store has no lapsed registrations
		}
		request, err := k.Request(cast, time.Now())
		check(t, err)
		code, err := sender.Send(request)
		if err != nil || code != k.Code {
			t.Errorf("%s: %s, %v; want %s", k.Name, code, err, k.Code)
		}
	}
	controls(t, cast, sender, 100)
	if want := 2 * len(hostile.Kinds()); s.accepts != want || len(cases) < 400 {
		t.Errorf("%d taken of %d good messages; %d cases", s.accepts, want, len(cases))
	}
	if strings.Contains(r.log.String(), `"msg":"panic"`) {
		t.Error("a panic")
	}
}

// A few hundred of the variants, of every mutation.
func TestAttackVariants(t *testing.T) {
	t.Parallel()
	s, cast, sender, r := attacked(t)
	controls(t, cast, sender, 0)
	g, err := hostile.NewGenerator(cast, 7, time.Now())
	check(t, err)
	for i := range 600 {
		v, err := g.Variant(i)
		check(t, err)
		if code, err := sender.Send(v.Request); err != nil || !v.Refused(code) {
			t.Errorf("%d, %s: %s, %v", i, v.Mutation, code, err)
		}
	}
	controls(t, cast, sender, 100)
	if want := 2 * len(hostile.Kinds()); s.accepts != want {
		t.Errorf("%d taken of %d good messages", s.accepts, want)
	}
	if strings.Contains(r.log.String(), `"msg":"panic"`) {
		t.Error("a panic")
	}
}

// A body within the limit that unpacks to a thousand times its size is refused when that shows, and not when all of it is there. What unpacks less
// is taken, whatever its size.
func TestBombIsStoppedEarly(t *testing.T) { // not parallel: it looks at the memory of all
	var before, after runtime.MemStats
	inflate := func(plain []byte) error {
		body := []byte(zipped(string(plain)))
		h, err := NewHub(parts(t, newMemory(t)))
		check(t, err)
		r := reading{of: &received{visit: &visit{}, hub: h, memory: new(workspace)}, limits: h.Limits}
		runtime.ReadMemStats(&before)
		_, err = r.inflate(body, nil)
		runtime.ReadMemStats(&after)
		return err
	}
	if got := tell(inflate(make([]byte, 30<<20))).code; got != "Client.Transport.TooLarge" {
		t.Errorf("zeros: %s", got)
	}
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 24 {
		t.Errorf("%d MB for a bomb", took)
	}
	check(t, inflate(make([]byte, mostUnpacked)))
	chance := make([]byte, 8<<20)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range chance[:1<<20] {
		chance[i] = byte(rng.Uint32())
	}
	check(t, inflate(chance))
}
