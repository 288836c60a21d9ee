package order

import "time"

// Over says that an order with this expiry has ended by itself at a moment. The moment's location is the zone of the courts: an order without a time of day stands to the end of its last day there.
func (e Expiry) Over(at time.Time) bool {
	switch {
	case e.Date == nil:
		return false
	case e.Time == nil:
		return DateOf(at).After(*e.Date)
	}
	return !at.Before(e.Date.At(*e.Time, at.Location()))
}
