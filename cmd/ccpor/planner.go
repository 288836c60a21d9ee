package main

import (
	"cmp"

	"ccpor/clets/carpos"
	"ccpor/exchange"
	"ccpor/mapping"
	"ccpor/mapping/order"
	"ccpor/store"
)

// planner says what CARPOS would get of a package, for ValidateOrder. It sends nothing and keeps nothing.
type planner struct{ dictionary *carpos.Dictionary }

func newPlanner() (planner, error) {
	d, err := carpos.Load()
	return planner{d}, err
}

// toCome stands for numbers that an order has only after it was kept, or entered.
const toCome = "TO-COME"

// Plan is the transaction of a package beside the order as the hub has it. What CARPOS has of that order is taken to be what an entry would make of it.
func (p planner) Plan(pack mapping.Package, agency store.Agency, known *store.Known) exchange.Plan {
	c := carpos.Context{ORI: agency.ORI, OCA: toCome, CourtName: cmp.Or(agency.CarposName, agency.Name), Confirm: agency.ConfirmText, FCN: "TOCOME"}
	was := order.Order{}
	if known != nil {
		was = known.Order
		c.OCA, c.FCN, c.Restrained = known.OCA, cmp.Or(known.FCN, c.FCN), was.Restrained.Name
	}
	switch {
	case pack.Service != nil:
		return p.tell(p.dictionary.Serve(*pack.Service, c))
	case pack.Cancellation != nil:
		return p.tell(p.dictionary.Cancel(*pack.Cancellation, c))
	case pack.Order != nil && pack.Modification != nil:
		return p.change(was, *pack.Order, pack.Modification.Reason, pack.Confidential, c)
	case pack.Order != nil:
		return p.tell(p.dictionary.EnterWith(*pack.Order, pack.Confidential, c))
	case pack.Confidential != nil && known != nil:
		return p.change(was, was, order.ModifyCorrect, pack.Confidential, c)
	}
	return exchange.Plan{Notes: []order.Note{{Code: "NothingToSend", Text: "An image alone is not sent to CARPOS."}}}
}

// change plans the difference between two states of an order.
func (p planner) change(was, is order.Order, reason order.ModifyReason, secret *order.Confidential, c carpos.Context) exchange.Plan {
	want, lacks := p.dictionary.EnterWith(is, secret, c)
	onRecord, _ := p.dictionary.Enter(was, c)
	change, more := p.dictionary.Modify(onRecord, want, reason, c)
	plan := p.tell(change, append(lacks, more...))
	if change.ChangesNothing() {
		plan.Notes = append(plan.Notes, order.Note{Code: "NothingToSend", Text: "Nothing that CARPOS holds would change."})
	}
	return plan
}

func (p planner) tell(t carpos.Transaction, lacks []carpos.Lack) exchange.Plan {
	labels := map[string]string{}
	for _, f := range p.dictionary.Fields(t.Key) {
		labels[f.Name] = f.Label
	}
	plan := exchange.Plan{Transaction: string(t.Key), Notes: t.Notes}
	for _, f := range t.Fields {
		plan.Fields = append(plan.Fields, exchange.PlanField{Name: f.Name, Label: labels[f.Name], Value: f.Value})
	}
	for _, l := range lacks {
		whose := "court"
		if l.Whose == carpos.HelpDesk {
			whose = "hub"
		}
		plan.Lacks = append(plan.Lacks, exchange.PlanLack{Field: l.Field, Reason: l.Reason, FormItem: l.FormItem, Whose: whose})
	}
	return plan
}
