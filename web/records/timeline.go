package records

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// happening is one line of what became of an order.
type happening struct {
	At   time.Time
	What string
	// By is who did it, Says more about it; To leads to it, with Link as its words.
	By, Says, To, Link string
	// Look says that somebody looked, and nothing changed.
	Look bool
}

type timelineView struct {
	store.FoundOrder
	Rows []happening
	// Looks says that looks are among the rows, and MoreLooks that there are older ones.
	Looks, MoreLooks bool
}

// timeline shows all that became of an order, the newest first: packages, transmissions, notices, and who looked.
func (p *Pages) timeline(r *site.Request) (site.Answer, error) {
	l, err := p.look(r)
	if err != nil {
		return site.Answer{}, err
	}
	if !l.whole() {
		return site.Answer{}, site.Hidden(noSuchOrder(l.object()))
	}
	v := timelineView{FoundOrder: store.FoundOrder{Known: store.Known{Order: order.Order{ID: l.Order.ID, Court: l.Order.Court}, FCN: l.FCN}}}
	for _, add := range []func(*site.Request, looked) error{p.packagesOf(&v), p.toldOf(&v), p.looksOf(&v)} {
		if err := add(r, l); err != nil {
			return site.Answer{}, err
		}
	}
	slices.SortStableFunc(v.Rows, func(a, b happening) int { return b.At.Compare(a.At) })
	return site.Answer{Page: "timeline", Title: fmt.Sprintf("What became of order %s", l.Order.ID), Data: v, Object: l.object(), Details: "timeline",
		Above: []site.Link{{To: "/orders", Name: "Orders"}, {To: addressOfOrder(l.Order.Court.ORI, l.Order.ID), Name: "Order " + string(l.Order.ID)}}}, nil
}

func (v *timelineView) add(h happening) {
	if !h.At.IsZero() {
		v.Rows = append(v.Rows, h)
	}
}

// packagesOf adds the submissions that brought something, each with what it brought and what came of its transmissions.
func (p *Pages) packagesOf(v *timelineView) func(*site.Request, looked) error {
	return func(r *site.Request, l looked) error {
		h, err := p.Reader.History(r.Context(), l.FoundOrder)
		if err != nil {
			return err
		}
		entry, err := p.Reader.EntryOf(r.Context(), l.FoundOrder)
		if err != nil {
			return err
		}
		o := orderView{}
		if err := p.addSubmissions(&o, r, h, entry.AddedIn); err != nil {
			return err
		}
		for _, s := range o.Submissions {
			status, err := p.Reader.Status(r.Context(), s.Tracking)
			if err != nil {
				return err
			}
			v.submission(s, status)
		}
		if first, err := p.Reader.Status(r.Context(), entry.AddedIn); err != nil {
			return err
		} else if first.Order != nil {
			v.reported(*first.Order)
		}
		return nil
	}
}

func (v *timelineView) submission(row submissionRow, s store.Status) {
	v.add(happening{At: s.ReceivedAt, What: "Received: " + row.Brought, By: s.Agency.Name, Says: "package " + string(s.Package) + ", " + string(s.Action), To: row.To, Link: string(s.Tracking)})
	for _, t := range s.Transmissions {
		v.transmission(t)
	}
	for _, c := range s.Supplied {
		v.add(happening{At: c.At, What: "Supplied for CARPOS: " + c.Field, By: whoWord(c.By), Says: c.Source})
	}
}

// transmission adds each sending and look-up with its end, and where it stands now.
func (v *timelineView) transmission(t store.TransmissionStatus) {
	for _, a := range t.Attempts {
		what := "Sent to CARPOS: "
		if a.Purpose == store.PurposeLookup {
			what = "Looked up at CARPOS: "
		}
		v.add(happening{At: a.SentAt, What: what + string(t.Kind), Says: "control number " + a.Control + ", line " + a.Line})
		v.add(happening{At: a.FinishedAt, What: fmt.Sprintf("CARPOS on %s: %s", t.Kind, cmp.Or(verdictWords[a.Verdict], string(a.Verdict))), Says: strings.TrimSpace(a.Text)})
	}
	if t.State != store.StateAccepted {
		v.add(happening{At: t.ChangedAt, What: fmt.Sprintf("%s is %s", t.Kind, string(t.State)), Says: t.Reason})
	}
}

// verdictWords say what came of an attempt.
var verdictWords = map[store.Verdict]string{store.VerdictAccepted: "accepted", store.VerdictOnFile: "had it on file", store.VerdictRejected: "rejected", store.VerdictRetry: "to be tried again", store.VerdictUnknown: "no answer",
	store.VerdictNotFound: "did not have it", store.VerdictHeld: "held for a person", store.VerdictGaveUp: "given up"}

// reported adds what CARPOS told unasked, services that law enforcement recorded, and violations that people report.
func (v *timelineView) reported(o store.OrderSummary) {
	for _, x := range o.Reported {
		switch {
		case x.Service != nil:
			v.add(happening{At: x.At, What: "CARPOS told of service by another agency", Says: string(x.Service.Method) + ", " + x.Service.Date.String(), By: x.Service.Server.Agency})
		case x.Violation != nil:
			v.add(happening{At: x.At, What: "CARPOS told of a violation", By: string(x.Violation.Agency)})
		}
	}
	for _, x := range o.Recorded {
		v.add(happening{At: x.At, What: "Service was recorded: " + methodWord(x.Service.Method), Says: "served " + x.Service.Date.String() + " " + x.Service.Time.String(), By: whoWord(x.Person)})
		if x.Transmission != nil {
			v.transmission(*x.Transmission)
		}
	}
	for _, x := range o.Violations {
		v.add(happening{At: x.At, What: "A violation was reported", By: string(x.Agency)})
		v.transmission(x.Transmission)
	}
}

// toldOf adds what agencies' listeners were told.
func (p *Pages) toldOf(v *timelineView) func(*site.Request, looked) error {
	return func(r *site.Request, l looked) error {
		all, err := p.Reader.ToldOf(r.Context(), l.FoundOrder)
		for _, t := range all {
			v.add(happening{At: t.DeliveredAt, What: fmt.Sprintf("Told to %s: %s is %s", t.Agency, t.Kind, string(t.State)), Says: "written " + t.At.In(p.Zone).Format("2 Jan 2006 15:04:05")})
		}
		return err
	}
}

// looksOf adds who looked, for whom that is.
func (p *Pages) looksOf(v *timelineView) func(*site.Request, looked) error {
	return func(r *site.Request, l looked) error {
		entry, err := p.Reader.EntryOf(r.Context(), l.FoundOrder)
		if err != nil {
			return err
		}
		var o orderView
		if err := p.addLooks(&o)(r, l, entry); err != nil {
			return err
		}
		v.Looks, v.MoreLooks = o.AllLooks, o.MoreLooks
		for _, e := range o.Looks {
			v.add(happening{At: e.At, What: actionWord(e.Action) + ": " + e.Outcome, By: whoWord(e.Actor) + ", " + string(e.Event.Agency), Says: e.Purpose, Look: true})
		}
		return nil
	}
}
