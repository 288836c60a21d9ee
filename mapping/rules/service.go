package rules

import (
	"fmt"
	"slices"

	"ccpor/mapping/order"
)

func servedInFuture(in *input) []place {
	return one(in.s.Date.After(in.today), servicePath+"/CourtOrderServiceDate",
		fmt.Sprintf("The date of service, %v, is in the future.", in.s.Date),
		"Correct the date of service.")
}

func proofFormUnknown(in *input) []place {
	_, err := in.book.forms.Proof(in.s.Form)
	return one(err != nil, servicePath+"/FormNumberText",
		"The exchange does not know this form of a proof of service.",
		"Check the form number; leave it out where the return stands on the order itself.")
}

func proofOtherMethod(in *input) []place {
	f, err := in.book.forms.Proof(in.s.Form)
	return one(err == nil && !slices.Contains(f.Methods, in.s.Method), servicePath+"/ServiceMethodCode",
		fmt.Sprintf("Form %s is no proof of service by this method.", in.s.Form),
		"Correct the method or the form number.")
}

func serviceOtherCase(in *input) []place {
	return one(!sameCase(in.s.Case, in.known.Case), servicePath+"/CaseDocketID",
		"The proof of service names another case number than the order.",
		"Correct the case number, or the identification of the order.")
}

func serviceOtherPerson(in *input) []place {
	return one(!restrains(in.known, in.s.Restrained), servicePath+"/RestrainedPersonName",
		"The proof of service names another person than the order restrains.",
		"Correct the name, or the identification of the order.")
}

func sameCase(a, b order.CaseNumber) bool { return fold(string(a)) == fold(string(b)) }

// restrains says that a name is the restrained person's, or another one that the order gives for that person.
func restrains(o *order.Order, n order.Name) bool {
	same := func(k order.Name) bool {
		return fold(k.Surname) == fold(n.Surname) && either(k.Given, n.Given) && either(k.Middle, n.Middle)
	}
	return same(o.Restrained.Name) || slices.ContainsFunc(o.Restrained.Aliases, same)
}

func servedBeforeIssue(in *input) []place {
	broken := in.s.Date.Before(in.known.Issued)
	if t := in.known.IssuedTime; t != nil && in.s.Date == in.known.Issued {
		broken = in.s.Time < *t
	}
	return one(broken, servicePath+"/CourtOrderServiceDate",
		fmt.Sprintf("The date and time of service, %v %v, are before the issue of the order, %v.", in.s.Date, in.s.Time, in.known.Issued),
		"Correct the date of service, or the identification of the order.")
}

func servedAfterExpiry(in *input) []place {
	e := in.known.Expiry
	return one(e.Date != nil && in.s.Date.After(*e.Date), servicePath+"/CourtOrderServiceDate",
		"The order was served after it had expired.",
		"Check the date of service.")
}

func servedAfterEnd(in *input) []place {
	never := in.ended != nil && in.ended.Reason == order.CancelInError // it never stood
	return one(never || in.ended != nil && in.s.Date.After(in.ended.Date), servicePath+"/CourtOrderServiceDate",
		"The order that was served had been cancelled.",
		"Check the date of service.")
}
