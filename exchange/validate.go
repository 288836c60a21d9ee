package exchange

import (
	"context"
	"errors"
	"strings"

	"ccpor/exchange/soap"
	"ccpor/mapping"
	"ccpor/store"
)

// trial is how far a package came that is only tried.
type trial struct {
	checked
	problems []store.Problem
	code     string // of the fault that SubmitOrder would answer with; empty: it would be taken
	plan     Plan
	planned  bool
}

// validateOrder answers ValidateOrder: the way of a package as take has it, up to the store and without any effect. What would refuse the package is told, not answered
// with a fault.
func (h *Hub) validateOrder(ctx context.Context, o opened) (reply, error) {
	t, err := h.try(ctx, o)
	if err != nil {
		return reply{}, err
	}
	outcome := "would be taken"
	if t.code != "" {
		outcome = "would be refused: " + t.code
	}
	if err := h.record(ctx, o, store.Event{Action: "package.validate", Object: "package " + string(t.pack.ID), Outcome: outcome}); err != nil {
		return reply{}, err
	}
	o.end(true, "")
	return o.answer(func(w *soap.Writer) {
		w.Bool("AcceptableIndicator", t.code == "")
		w.Optional("FaultCode", t.code)
		w.Optional("PackageIdentification", string(t.pack.ID))
		for _, p := range t.problems {
			writeProblem(w, "Problem", p)
		}
		for _, p := range t.warnings {
			writeProblem(w, "Warning", p)
		}
		writeNotes(w, t.pack.Notes)
		for _, s := range o.stages {
			writeStage(w, s)
		}
		if t.planned {
			writePlan(w, t.plan)
		}
	}), nil
}

// try takes a package through the stages. The error is one of the hub's own; what is wrong with the package stands in the trial.
func (h *Hub) try(ctx context.Context, o opened) (trial, error) {
	var t trial
	s, err := h.verify(o)
	var v valid
	if err == nil {
		v, err = h.validate(ctx, s)
	}
	if err == nil {
		t.read, err = h.read(v)
	}
	if err == nil {
		var c checked
		if c, err = h.check(ctx, t.read); err == nil || c.pack.ID != "" {
			t.checked = c
		}
	}
	var known *store.Known
	if err == nil {
		known, err = h.foresee(ctx, &t)
	}
	if err != nil {
		out := tell(err)
		if out.inside || strings.HasPrefix(out.code, "Server.") {
			return t, err
		}
		o.end(false, out.code)
		t.code, t.problems = out.code, out.all()
	}
	if known != nil && countyOf(known.Order.Court.ORI) != countyOf(o.agency.ORI) {
		known = nil // a proof of service may come from anywhere; what the hub has of the order is not told for it
	}
	if t.pack.Reference().OrderID != "" && h.Planner != nil {
		t.plan, t.planned = h.Planner.Plan(t.pack, o.agency, known), true
	}
	return t, nil
}

// foresee finds what the store would say: a package or an order that was there before.
func (h *Hub) foresee(ctx context.Context, t *trial) (*store.Known, error) {
	t.begin("store")
	earlier, err := h.Store.StatusByPackage(ctx, t.reach(), t.pack.ID)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return nil, h.unavailable(t.opened, "package not looked up", err)
	case err == nil && earlier.State == store.SubmissionAccepted && earlier.Canonical != t.verified.Digest():
		return nil, &store.ConflictError{Package: t.pack.ID, Tracking: earlier.Tracking}
	}
	same := err == nil && earlier.State == store.SubmissionAccepted
	ref := t.pack.Reference()
	known, err := h.Store.KnownOrder(ctx, ref.Court, ref.OrderID, t.pack.Test || t.agency.Test)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, h.unavailable(t.opened, "order not looked up", err)
	case t.pack.Action == mapping.ActionAdd && !same:
		return &known, &store.OrderExistsError{Court: ref.Court, Order: ref.OrderID}
	}
	return &known, nil
}

func writePlan(w *soap.Writer, p Plan) {
	w.Open("CarposPlan")
	w.Optional("TransactionCode", p.Transaction)
	for _, f := range p.Fields {
		w.Open("TransactionField")
		w.Leaf("FieldCode", f.Name)
		w.Leaf("FieldText", f.Label)
		w.Leaf("ValueText", f.Value)
		w.Close("TransactionField")
	}
	for _, l := range p.Lacks {
		w.Open("Lack")
		w.Leaf("FieldCode", l.Field)
		w.Leaf("ReasonText", l.Reason)
		w.Optional("FormItemText", l.FormItem)
		w.Leaf("NextMoveCode", l.Whose)
		w.Close("Lack")
	}
	writeNotes(w, p.Notes)
	w.Close("CarposPlan")
}
