package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

// DeskStore is what the desk needs of the store; *store.Store is one.
type DeskStore interface {
	Work(ctx context.Context, id store.TransmissionID) (store.Work, error)
	QueueItem(ctx context.Context, id store.TransmissionID) (store.QueueItem, error)
	Act(ctx context.Context, id store.TransmissionID, a store.Act) (store.Acted, error)
}

// Desk is where people of the hub work on what is owed to CARPOS: it shows a transmission in plain words, and does what a person decides. What
// a person supplies is judged by the dictionary before anything is kept.
type Desk struct {
	author
	store DeskStore
}

// NewDesk makes a desk over a store and a dictionary. It needs no line and no running relay.
func NewDesk(s DeskStore, d *carpos.Dictionary, zone *time.Location) *Desk { return &Desk{author{d, zone}, s} }

// Item reads a transmission, with what was sent and answered in plain words. Values that are data about a person are withheld unless personal is true; the bytes
// themselves are never in it. ErrNotFound.
func (d *Desk) Item(ctx context.Context, id store.TransmissionID, personal bool) (store.QueueItem, error) {
	i, err := d.store.QueueItem(ctx, id)
	if err != nil {
		return i, err
	}
	for n := range i.Attempts {
		a := &i.Attempts[n]
		a.Said, a.Bytes = d.dict.Describe(d.decode(a.Bytes), personal), nil
	}
	for n := range i.Replies {
		m := &i.Replies[n]
		reply, _ := d.dict.ParseReply([]byte(m.Text)) // what is not understood is described as that
		m.Said, m.Text = d.dict.DescribeReply(reply, personal), ""
	}
	return i, nil
}

// Suppliable are the fields that a person may supply for a transmission of that kind.
func (d *Desk) Suppliable(k store.Kind) []store.Suppliable {
	var all []store.Suppliable
	for _, c := range d.dict.Correctable(saidIn(k)) {
		all = append(all, store.Suppliable{Field: c.Field, Label: c.Label, Shape: c.Shape, Reason: c.Reason})
	}
	return all
}

// saidIn is the transaction in which an order says the fields of a transmission: a change is the difference of two entries.
func saidIn(k store.Kind) carpos.Key {
	if k == store.KindModify {
		return carpos.Enter
	}
	return carpos.Key(k)
}

// Try says what an act would do, as things stand, and does nothing. Its errors are those of Act.
func (d *Desk) Try(ctx context.Context, id store.TransmissionID, a store.Act) (string, error) {
	i, err := d.store.QueueItem(ctx, id)
	if err != nil {
		return "", err
	}
	if !a.Seen.IsZero() && !a.Seen.Equal(i.ChangedAt) {
		return "", store.ErrMovedOn
	}
	if why := i.Allows(a.Verb, a.At); why != "" {
		return "", &store.ActError{Transmission: id, State: i.State, Verb: a.Verb, Why: why}
	}
	if a.Verb == store.VerbCorrect {
		if _, err := d.judge(ctx, id, a.Corrections); err != nil {
			return "", err
		}
	}
	return i.Means(a.Verb), nil
}

// Act does what a person decided; store.Act says how it ends. Corrections are judged first: a *store.SupplyError refuses them, and nothing is kept.
func (d *Desk) Act(ctx context.Context, id store.TransmissionID, a store.Act) (store.Acted, error) {
	if a.Verb == store.VerbCorrect {
		judged, err := d.judge(ctx, id, a.Corrections)
		if err != nil {
			return store.Acted{}, err
		}
		a.Corrections = judged
	}
	return d.store.Act(ctx, id, a)
}

// StillLacking says that CARPOS would not take the transaction with what was supplied: it would be held again at once.
type StillLacking struct{ Reason string }

func (e *StillLacking) Error() string { return "with that it would be held again. " + e.Reason }

var errNothingSupplied = errors.New("nothing is supplied: name a field and its value")

// judge completes corrections with the version that they are for, and says what is wrong with them.
func (d *Desk) judge(ctx context.Context, id store.TransmissionID, supplied []store.Correction) ([]store.Correction, error) {
	w, err := d.store.Work(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read transmission %d: %w", id, err)
	}
	if len(supplied) == 0 {
		return nil, &store.SupplyError{Err: errNothingSupplied}
	}
	said, lacks, version, name := d.said(w)
	var errs []error
	judged := slices.Clone(supplied)
	for i, c := range judged {
		judged[i].Value, judged[i].Version = strings.ToUpper(strings.TrimSpace(c.Value)), version
		errs = append(errs, d.dict.CheckCorrection(carpos.Correction{Field: c.Field, Value: judged[i].Value}, said, lacks, name, w.Field))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &store.SupplyError{Err: err}
	}
	w.Corrections = with(w.Corrections, judged)
	if _, lacks := d.owed(w); len(lacks) > 0 {
		return nil, &store.SupplyError{Err: &StillLacking{holdFor(lacks).Reason}}
	}
	return judged, nil
}

// with are corrections in which newer ones stand for older ones of the same field.
func with(older, newer []store.Correction) []store.Correction {
	kept := slices.DeleteFunc(slices.Clone(older), func(o store.Correction) bool {
		return slices.ContainsFunc(newer, func(n store.Correction) bool { return n.Field == o.Field })
	})
	return append(kept, newer...)
}

// said is what the order itself says, without what people supplied, of which version, and the restrained person's name in it.
func (d *Desk) said(w store.Work) (carpos.Transaction, []carpos.Lack, int, order.Name) {
	w.Corrections = nil
	if w.Kind == store.KindModify {
		w.Kind = store.KindEnter
	}
	t, lacks := d.owed(w)
	if w.Kind == store.KindEnter {
		return t, lacks, w.Version, w.Order.Restrained.Name
	}
	return t, lacks, w.Known.Version, w.Known.Order.Restrained.Name
}
