package identity

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// paces bound the tries from one address, in a table that does not grow: addresses that share a place, by a hash that nobody outside can compute, share its pace.
type paces struct {
	mu     sync.Mutex
	seed   maphash.Seed
	places [4096]*rate.Limiter
	limit  rate.Limit
	burst  int
}

func newPaces(perSecond float64, burst int) *paces {
	return &paces{seed: maphash.MakeSeed(), limit: rate.Limit(perSecond), burst: burst}
}

// take says whether another try may come; a whole /64 of IPv6 is one address.
func (p *paces) take(from string, now time.Time) bool {
	if p.limit < 0 {
		return true
	}
	if ip, err := netip.ParseAddr(from); err == nil && ip.Is6() && !ip.Is4In6() {
		if net, err := ip.Prefix(64); err == nil {
			from = net.String()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at := &p.places[maphash.String(p.seed, from)%uint64(len(p.places))]
	if *at == nil {
		*at = rate.NewLimiter(p.limit, p.burst)
	}
	return (*at).AllowN(now, 1)
}
