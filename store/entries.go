package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// EntryQuery asks for the registry's orders beside an answer of CARPOS: those with one of the numbers, and those to which the question itself leads.
type EntryQuery struct {
	FCNs, OCAs []string
	// Question is that of an inquiry. A name finds by surname and given name without regard to case and accents; who asks narrows what is found.
	Question Question
	Test     bool
	Limit    int
}

// Entry is an order of the registry with all that CARPOS is to have of it.
type Entry struct {
	FoundOrder
	NIC string
	// AddedIn is the submission that added it.
	AddedIn order.Tracking
	// Agency entered it; the transactions go out on its behalf.
	Agency Agency
	// Confidential is the newest that has come for the order, nil for none. It is for comparison only.
	Confidential *order.Confidential
	// Services are the proofs of service that came by package or were recorded here, in the order in which they came.
	Services []order.Service
	// NotOwed says why nothing of it goes to CARPOS through the hub; empty where it does.
	NotOwed NotOwed
	// Transmissions are what is owed to CARPOS for it, in their sequence.
	Transmissions []EntryTransmission
}

// EntryTransmission is one transmission and whose move it is.
type EntryTransmission struct {
	Kind   Kind
	State  TransmissionState
	Reason string
	Next   Move
}

// Next says of an order of which nothing is owed why that is so.
func (e Entry) Next() Move { return nextMove(SubmissionAccepted, e.NotOwed, "", 0) }

// Entries reads the orders that fit, oldest first.
func (r *Reader) Entries(ctx context.Context, q EntryQuery) ([]Entry, error) {
	name := order.Name{}
	if q.Question.Name != nil {
		name = *q.Question.Name
	}
	found, err := all(ctx, r.pool, r.scanEntry(ctx), "find the registry's orders", `
		with k as (
			select id from order_ where fcn <> '' and fcn = any($1)
			union select order_id from oca where oca = any($2)
			union select v.order_id from order_version v join order_ o on o.id = v.order_id where $3 <> '' and v.case_number = $3 and o.court = $4
			union select order_id from order_version where $5 <> '' and surname = $5 and given = $6
			union select order_id from party where $5 <> '' and surname = $5 and given = $6)
		select `+foundColumns+`, o.nic, coalesce(s.tracking, ''), coalesce(s.not_owed, ''),
			`+sealedBy("n.document", "n.submission_id")+", "+agencyColumns+`
		from k join order_ o on o.id = k.id join order_version v on v.order_id = o.id and v.version = o.version
		left join cancellation c on c.submission_id = o.cancelled_by join submission s on s.id = o.added_by join agency a on a.id = o.agency_id
		left join lateral (select document, submission_id from confidential where order_id = o.id order by id desc limit 1) n on true
		where o.test = $7 order by o.id limit $8`,
		q.FCNs, q.OCAs, q.Question.Case, string(q.Question.Court), fold(name.Surname), fold(name.Given), q.Test, q.Limit)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if err := r.completeEntry(ctx, &found[i]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (s safe) scanEntry(ctx context.Context) pgx.RowToFunc[Entry] {
	return func(row pgx.CollectableRow) (e Entry, err error) {
		var secret sealed
		others := append(append([]any{&e.NIC, &e.AddedIn, &e.NotOwed}, secret.fields()...), e.Agency.fields()...)
		if err = e.FoundOrder.scan(ctx, row, s, others...); err != nil {
			return e, err
		}
		return e, openIfThere(ctx, s, inConfidential, secret, &e.Confidential)
	}
}

// completeEntry reads what stands in rows of its own.
func (r *Reader) completeEntry(ctx context.Context, e *Entry) error {
	var b pgx.Batch
	var services []ServiceEntry
	collect(&b, &services, r.scanService(ctx), servicesOfOrder, e.key, FoundOrder{}.until())
	collect(&b, &e.Transmissions, func(row pgx.CollectableRow) (t EntryTransmission, err error) {
		var tries int
		err = row.Scan(&t.Kind, &t.State, &t.Reason, &tries)
		t.Next = nextMove(SubmissionAccepted, "", t.State, tries)
		return t, err
	}, "select kind, state, reason, tries from transmission where order_id = $1 order by seq", e.key)
	if err := r.pool.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("read what belongs to an order: %w", err)
	}
	for _, s := range services {
		if s.Tracking != "" || s.Recorded != 0 { // what CARPOS reports, it has
			e.Services = append(e.Services, s.Service)
		}
	}
	return nil
}
