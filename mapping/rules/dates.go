package rules

import (
	"fmt"

	"ccpor/mapping/forms"
	"ccpor/mapping/order"
)

const expiryPath = orderPath + "/OrderExpirationDate"

func issuedInFuture(in *input) []place {
	return one(in.o.Issued.After(in.today), orderPath+"/CourtOrderIssuingDate",
		fmt.Sprintf("The date of issue, %v, is in the future.", in.o.Issued),
		"Correct the date of issue.")
}

func expiryUnknown(in *input) []place {
	return one(in.formErr == nil && in.o.Expiry.Basis == "", expiryPath,
		"The order names no expiration date, and the hearing until which it would stand is not named either. Nobody could tell how long it is in force.",
		"Send the expiration date or the hearing.")
}

func expiryBeforeIssue(in *input) []place {
	e := in.o.Expiry
	if e.Date == nil {
		return nil
	}
	broken := e.Date.Before(in.o.Issued)
	if *e.Date == in.o.Issued && e.Time != nil && in.o.IssuedTime != nil {
		broken = *e.Time < *in.o.IssuedTime
	}
	return one(broken, expiryPath,
		fmt.Sprintf("The order ends (%v) before it was issued (%v).", *e.Date, in.o.Issued),
		"Correct the expiration date or the date of issue.")
}

func expiryTooLong(in *input) []place {
	longest, from := in.longest()
	latest, bound := longest.Latest(from)
	if in.formErr != nil || !bound || in.countsCourtDays() { // those have a rule of their own
		return nil
	}
	e := in.o.Expiry
	const fix = "Check the expiration date. If the court meant it, nothing is to be done."
	if e.Basis == order.ExpiryPermanent {
		return one(in.m == nil || lengthens(in.m.Reason), orderPath+"/OrderPermanentIndicator",
			fmt.Sprintf("The order has no end. Orders on form %s usually end by %v (%s).", in.form.Number, latest, longest.Citation), fix)
	}
	return one(e.Date != nil && e.Date.After(latest), expiryPath,
		fmt.Sprintf("The order lasts longer than orders on form %s usually can, until %v (%s).", in.form.Number, latest, longest.Citation), fix)
}

// longest is how long the order can last, and from when. After a change it counts from the change: an earlier one may have made the order longer, and is not
// seen here. A renewal lasts as long as its own form says; a continuance until its hearing, whenever that is.
func (in *input) longest() (forms.Max, order.Date) {
	switch {
	case in.m == nil:
		return in.form.Max, in.o.Issued
	case in.m.Reason == order.ModifyContinue:
		return forms.Max{}, in.m.Date
	case lengthens(in.m.Reason):
		if f, err := in.book.forms.Change(in.m.Form); err == nil {
			return f.Max, in.m.Date
		}
	}
	return in.form.Max, in.m.Date
}

// lengthens says that a change makes an order last longer.
func lengthens(r order.ModifyReason) bool {
	return r == order.ModifyContinue || r == order.ModifyExtend || r == order.ModifyRenew
}

// countsCourtDays says that orders on the form end by the emergency order's court-day rule.
func (in *input) countsCourtDays() bool {
	r, ok := in.book.forms.Expiry(in.form.Expiry)
	return ok && r.Kind == forms.Emergency
}

func emergencyExpiry(in *input) []place {
	if in.formErr != nil || !in.countsCourtDays() {
		return nil
	}
	latest, _ := in.book.calendar.EmergencyExpiry(in.o.Issued)
	e := in.o.Expiry
	return one(e.Basis == order.ExpiryPermanent || e.Date != nil && e.Date.After(latest), expiryPath,
		fmt.Sprintf("The emergency order ends later than the law lets it: the last day is %v.", latest),
		"Check the expiration date; count court days from the day after issue, and do not count judicial holidays.")
}

func expiredAlready(in *input) []place {
	e := in.o.Expiry
	return one(e.Date != nil && e.Date.Before(in.today) && !e.Date.Before(in.o.Issued), expiryPath,
		"The order has expired already.",
		"Check the expiration date. An order of the past is taken for the record.")
}

func hearingMissing(in *input) []place {
	if !in.form.NeedsHearing {
		return nil
	}
	for _, h := range in.o.Hearings {
		if h.Purpose == order.HearingNext {
			return nil
		}
	}
	return one(true, orderPath+"/CourtHearing",
		fmt.Sprintf("Orders on form %s stand until a hearing, and the package names none to come.", in.form.Number),
		"Send the day, time and department of the hearing.")
}

func hearingBeforeIssue(in *input) []place {
	var all []place
	for i, h := range in.o.Hearings {
		path := nth(orderPath+"/CourtHearing", i) + "/HearingDate"
		switch {
		case h.Purpose == order.HearingHeard && h.Date.After(in.o.Issued):
			all = append(all, place{path, "The hearing at which the order was made is after its issue.", "Check the hearing's date and the date of issue."})
		case h.Purpose != order.HearingHeard && h.Date.Before(in.o.Issued):
			all = append(all, place{path, "A hearing to come is before the issue of the order.", "Check the hearing's date and the date of issue."})
		}
	}
	return all
}

// nth is the path of the i-th of like-named siblings, from 0.
func nth(path string, i int) string {
	if i == 0 {
		return path
	}
	return fmt.Sprintf("%s[%d]", path, i+1)
}
