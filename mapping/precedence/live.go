package precedence

import (
	"slices"
	"time"

	"ccpor/mapping/order"
)

// moment is a day and, where it is known, the time of day.
type moment struct {
	day  order.Date
	time *order.TimeOfDay
}

// sortOut puts every order that is not in force to the left, with why; given is sorted by key, the newest versions first.
func (s *sitting) sortOut(given []Standing) {
	var current []Standing
	for i, o := range given {
		if i > 0 && given[i-1].Key == o.Key {
			s.leave(o, superseded, o.Key)
			continue
		}
		current = append(current, o)
	}
	for _, o := range current {
		if why, by := s.gone(o, current); why != "" {
			s.leave(o, why, by)
			continue
		}
		s.live = append(s.live, s.stands(o))
	}
}

func (s *sitting) leave(o Standing, why BranchID, by string) {
	s.ruling.Left = append(s.ruling.Left, Placed{Key: o.Key, Version: o.Version, Reason: s.law.branch(why), By: by})
}

// gone says why an order is not in force; empty when it is.
func (s *sitting) gone(o Standing, all []Standing) (why BranchID, by string) {
	if s.at.Before(s.start(o.Order.Issued, o.Order.IssuedTime)) {
		return notYet, ""
	}
	if o.Cancelled != nil && !s.at.Before(s.start(o.Cancelled.Date, nil)) {
		return cancelled, ""
	}
	if i := slices.IndexFunc(all, func(later Standing) bool { return s.replaces(later, o) }); i >= 0 {
		return replaced, all[i].Key
	}
	if end := o.Order.Expiry; end.Date != nil && !s.at.Before(s.end(*end.Date, end.Time)) {
		return expired, ""
	}
	return "", ""
}

// replaces says whether an order that was made by now follows a temporary or emergency order of the same court. It ends that one even if it has ended itself, unless it was entered
// in error.
func (s *sitting) replaces(later, o Standing) bool {
	return later.Key != o.Key && !inError(later) && later.Order.Follows != "" && later.Order.Follows == o.Order.ID && later.Order.Court.ORI == o.Order.Court.ORI && untilHearing(o.Order) &&
		!later.Order.Issued.Before(o.Order.Issued) && !s.at.Before(s.start(later.Order.Issued, later.Order.IssuedTime))
}

func inError(o Standing) bool {
	return o.Cancelled != nil && o.Cancelled.Reason == order.CancelInError
}

func untilHearing(o order.Order) bool {
	return o.Stage == order.StageTemporary || o.Stage == order.StageEmergency
}

// start is the moment from which an order of the day and hour is made.
func (s *sitting) start(day order.Date, hour *order.TimeOfDay) time.Time {
	if hour == nil {
		return day.At(0, s.law.zone)
	}
	return day.At(*hour, s.law.zone)
}

// end is the moment from which an order that ends on the day and hour has ended: without an hour the day's own end.
func (s *sitting) end(day order.Date, hour *order.TimeOfDay) time.Time {
	if hour == nil {
		return day.AddDays(1).At(0, s.law.zone)
	}
	return day.At(*hour, s.law.zone)
}

// stands is an order in force, read for the ranking.
func (s *sitting) stands(o Standing) *standing {
	kind := s.law.kind(o.Order.Form)
	t := &standing{Standing: o, side: kind.Side, noContact: o.Order.Terms.NoContact, says: says(&o.Order), issued: moment{o.Order.Issued, o.Order.IssuedTime}}
	t.beside = kind.Side == SideFirearms || len(o.Order.Protected) == 0
	if f := o.Order.Foreign; f != nil && f.Issued != nil {
		t.issued = moment{day: *f.Issued}
	}
	return t
}
