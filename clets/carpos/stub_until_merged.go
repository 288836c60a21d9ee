package carpos

import (
	"slices"

	"ccpor/mapping/order"
)

func (d *Dictionary) Modify(onRecord, want Transaction, reason order.ModifyReason, c Context) (Transaction, []Lack) {
	rsn := map[order.ModifyReason]string{order.ModifyCorrect: "CORR", order.ModifyAmend: "AMND", order.ModifyContinue: "CONT", order.ModifyExtend: "EXTD", order.ModifyRenew: "EXTD"}[reason]
	b := d.begin(Modify, c, "")
	b.add("FCN", string(c.FCN))
	b.add("NAM", onRecord.First("NAM"))
	if n := want.First("NAM"); n != onRecord.First("NAM") {
		b.add("NNM", n)
	}
	b.add("OCA", c.OCA)
	b.add("RSN", rsn)
	done := map[string]bool{"NAM": true, "OCA": true}
	for _, f := range append(slices.Clone(want.Fields), onRecord.Fields...) {
		if done[f.Name] {
			continue
		}
		done[f.Name] = true
		if !slices.Equal(want.All(f.Name), onRecord.All(f.Name)) {
			for _, v := range want.All(f.Name) {
				b.add(f.Name, v)
			}
		}
	}
	return b.t, b.lacks
}

func (t Transaction) ChangesNothing() bool { return t.Key == Modify && len(t.Fields) <= 4 }

func Apply(onRecord, modify Transaction) Transaction {
	for _, f := range modify.Fields {
		if f.Name == "NNM" {
			f.Name = "NAM"
		}
		for i := range onRecord.Fields {
			if onRecord.Fields[i].Name == f.Name {
				onRecord.Fields[i].Value = f.Value
			}
		}
	}
	return onRecord
}

func (d *Dictionary) Cancel(x order.Cancellation, c Context) (Transaction, []Lack) {
	b := d.begin(Cancel, c, x.Form)
	b.add("FCN", string(c.FCN))
	b.name("NAM", c.Restrained)
	b.add("OCA", c.OCA)
	b.add("CXD", x.Date.Compact())
	b.add("CXR", map[order.CancelReason]string{order.CancelTerminated: "T", order.CancelInError: "E", order.CancelDeceased: "D"}[x.Reason])
	return b.finish()
}

func WithConfidential(o order.Order, c *order.Confidential) order.Order {
	if c != nil && c.Restrained != nil && o.Restrained.Race == "" {
		o.Restrained.Race = c.Restrained.Race
	}
	return o
}

func (h Hit) ShowsModification(modify Transaction) Shown {
	for _, f := range modify.Fields[4:] {
		if has(h.Fields, f.Name) && h.First(f.Name) != modify.First(f.Name) {
			return ShownNo
		}
	}
	return ShownYes
}

func (h Hit) ShowsCancellation(cancel Transaction) Shown {
	if h.Status == "CANCELLED" {
		return ShownYes
	}
	return ShownNo
}
