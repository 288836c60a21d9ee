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
	return one(fold(string(in.s.Case)) != fold(string(in.known.Case)), servicePath+"/CaseDocketID",
		"The proof of service names another case number than the order.",
		"Correct the case number, or the identification of the order.")
}

func serviceOtherPerson(in *input) []place {
	same := func(n order.Name) bool {
		return fold(n.Surname) == fold(in.s.Restrained.Surname) && either(n.Given, in.s.Restrained.Given) && either(n.Middle, in.s.Restrained.Middle)
	}
	return one(!same(in.known.Restrained.Name) && !slices.ContainsFunc(in.known.Restrained.Aliases, same), servicePath+"/RestrainedPersonName",
		"The proof of service names another person than the order restrains.",
		"Correct the name, or the identification of the order.")
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
