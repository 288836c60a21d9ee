package exchange

import (
	"cmp"
	"crypto/sha256"
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"ccpor/store"
)

// Pace is how many requests a second may come, and how many at once after a pause. The zero value sets no bound.
type Pace struct {
	PerSecond float64
	Burst     int
}

// take lets one request pass, or says how long to wait for the next one.
func take(l *rate.Limiter, now time.Time) time.Duration {
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// paces hold each agency to its pace, in this process, its tests apart from its orders. Only who has shown a registered certificate is here, so it grows with the registry alone.
type paces struct {
	mu sync.Mutex
	of map[store.Reach]*agencyPace
}

type agencyPace struct {
	pace    Pace
	limiter *rate.Limiter
	// refused are the refusals since the last one that was put on record, at recorded.
	refused  int
	recorded time.Time
}

// take lets one request of the agency pass, or says how long to wait.
func (p *paces) take(by store.Reach, pace Pace, now time.Time) time.Duration {
	if pace.PerSecond <= 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.agency(by)
	if a.pace != pace { // also when the registration has changed
		a.pace, a.limiter = pace, rate.NewLimiter(rate.Limit(pace.PerSecond), max(pace.Burst, 1))
	}
	return take(a.limiter, now)
}

// recordable counts a refusal for an agency's being beyond a limit, and says whether it is the one of this minute that is put on record, and
// how many there were since the last such: to record each would be as much work as the limit spares.
func (p *paces) recordable(by store.Reach, now time.Time) (since int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.agency(by)
	a.refused++
	if !a.recorded.IsZero() && now.Sub(a.recorded).Abs() < time.Minute {
		return a.refused, false
	}
	since, a.refused, a.recorded = a.refused, 0, now
	return since, true
}

func (p *paces) agency(by store.Reach) *agencyPace {
	a, ok := p.of[by]
	if !ok {
		a = &agencyPace{}
		p.of[by] = a
	}
	return a
}

// doorPlaces is how many paces the door keeps.
const doorPlaces = 4096

// door holds whom the hub does not know to a pace by address, before anything is looked up. It never grows: addresses share its places, by a hash
// that nobody outside can compute. Who has come with a registered certificate goes past it, whoever else comes from the same address.
type door struct {
	seed   maphash.Seed
	places []*rate.Limiter // empty: no bound
	mu     sync.Mutex
	known  map[[32]byte]bool // registered certificates; grows with the registry alone
}

func newDoor(p Pace) *door {
	d := &door{seed: maphash.MakeSeed(), known: map[[32]byte]bool{}}
	if p.PerSecond > 0 {
		for range doorPlaces {
			d.places = append(d.places, rate.NewLimiter(rate.Limit(p.PerSecond), max(p.Burst, 1)))
		}
	}
	return d
}

// pass lets a request in, or says how long it has to wait.
func (d *door) pass(req *http.Request, now time.Time) time.Duration {
	if len(d.places) == 0 || d.knows(req) {
		return 0
	}
	network := networkOf(peerOf(req))
	return take(d.places[maphash.Comparable(d.seed, network)%doorPlaces], now)
}

func (d *door) knows(req *http.Request) bool {
	if req.TLS == nil || len(req.TLS.PeerCertificates) == 0 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[sha256.Sum256(req.TLS.PeerCertificates[0].Raw)]
}

// expect notes certificates that are registered, so that whoever comes with one after a start does not wait behind strangers from its address.
func (d *door) expect(fingerprints [][32]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range fingerprints {
		d.known[f] = true
	}
}

// remember notes whether a certificate is a registered one, and trusted now.
func (d *door) remember(fingerprint [32]byte, trusted bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if trusted {
		d.known[fingerprint] = true
	} else {
		delete(d.known, fingerprint)
	}
}

// peerOf is from where a request comes; nil where that is no address.
func peerOf(req *http.Request) net.Addr {
	a, err := netip.ParseAddrPort(req.RemoteAddr)
	if err != nil {
		return nil
	}
	return net.TCPAddrFromAddrPort(a)
}

// paceOf is the agency's own pace; what it does not say is everybody's.
func paceOf(a store.Agency, everybody Pace) Pace {
	return Pace{PerSecond: cmp.Or(a.Limits.PerSecond, everybody.PerSecond), Burst: cmp.Or(a.Limits.Burst, everybody.Burst)}
}

// pace refuses an agency's request that comes too early. A test region's replayer speaks for many agencies and has none.
func (h *Hub) pace(v *visit) error {
	if h.TestRegion && v.agency.Replays {
		return nil
	}
	wait := h.paces.take(v.reach(), paceOf(v.agency, h.Limits.Agency), v.began)
	if wait > 0 {
		return &refusal{code: "Client.Limit.Rate", after: wait}
	}
	return nil
}

// kept says whether a refusal is put on record: not what the hub cannot keep, not more than some a minute of strangers, and one a minute of each
// agency that is beyond a limit of its own.
func (h *Hub) kept(v *visit, o outward) bool {
	switch {
	case o.code == "Server.Busy" || o.code == "Server.Unavailable" || o.code == "Server.LedgerStalled":
		return false
	case v.agency.ID == 0:
		return o.status != http.StatusTooManyRequests && h.strangers.allow(v.at)
	case o.code != "Client.Limit.Rate": // beyond the quota too: that is a whole order, which the court will ask for
		return true
	}
	since, ok := h.paces.recordable(v.reach(), v.began)
	if ok {
		h.Log.Warn("an agency is beyond its limit", "agency", v.agency.ORI, "code", o.code, "sinceLast", since)
	}
	return ok
}
