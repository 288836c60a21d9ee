package rules

import (
	"fmt"
	"slices"

	"ccpor/mapping/order"
)

func modifiedInFuture(in *input) []place {
	return one(in.m.Date.After(in.today), changePath+"/ModificationDate",
		fmt.Sprintf("The date of the modification, %v, is in the future.", in.m.Date),
		"Correct the date of the modification.")
}

func modifiedBeforeIssue(in *input) []place {
	return one(in.m.Date.Before(in.o.Issued), changePath+"/ModificationDate",
		fmt.Sprintf("The order was changed (%v) before it was issued (%v).", in.m.Date, in.o.Issued),
		"Correct the date of the modification. The order keeps the date of issue that it had.")
}

func changeFormUnknown(in *input) []place {
	if in.m.Form == "" {
		return nil
	}
	const path, fix = changePath + "/FormNumberText", "Check the form number and the reason; leave the form out where the change was made on none."
	f, err := in.book.forms.Change(in.m.Form)
	switch {
	case err != nil:
		return one(true, path, "The exchange does not know this form as one by which orders are changed.", fix)
	case !slices.Contains(f.Reasons, in.m.Reason):
		return one(true, path, fmt.Sprintf("Form %s does not change orders for this reason.", in.m.Form), fix)
	}
	return one(in.formErr == nil && f.Family != in.form.Family, path,
		fmt.Sprintf("Form %s changes orders of another family than form %s.", in.m.Form, in.form.Number), fix)
}

func continuedNotTemporary(in *input) []place {
	return one(in.m.Reason == order.ModifyContinue && in.o.Stage != order.StageTemporary && in.o.Stage != order.StageEmergency, changePath+"/ModificationReasonCode",
		"Only an order that stands until a hearing is continued; this one is of another stage.",
		"Check the reason: an order after hearing is extended or renewed.")
}

func modifiedAfterEnd(in *input) []place {
	return one(in.ended != nil, orderPath+"/OrderIdentification",
		"The order was cancelled before, and is no longer changed.",
		"If the court made an order again, add it under an identification of its own.")
}

func modifiedOtherCase(in *input) []place {
	return one(!sameCase(in.o.Case, in.known.Case), orderPath+"/CaseDocketID",
		"The changed order has another case number than before.",
		"Check the case number and the identification of the order.")
}

// modifiedSomebodyElse tells a corrected name from another person: neither surname nor given name nor other name agrees, and the descriptions are of two people.
func modifiedSomebodyElse(in *input) []place {
	return one(in.restrainsSomebodyElse(), orderPath+"/RestrainedPerson",
		"The changed order restrains another person than before: name and description are somebody else's.",
		"Check the identification of the order. An order against another person is a new order.")
}

func (in *input) restrainsSomebodyElse() bool {
	was, is := in.known.Restrained, in.o.Restrained
	return fold(was.Name.Surname) != fold(is.Name.Surname) && !either(was.Name.Given, is.Name.Given) &&
		!restrains(in.known, is.Name) && !restrains(in.o, was.Name) && apart(was.Person, is.Person)
}

func modifiedOtherPerson(in *input) []place {
	return one(in.m.Reason != order.ModifyCorrect && !restrains(in.known, in.o.Restrained.Name) && !in.restrainsSomebodyElse(), orderPath+"/RestrainedPerson/PersonName",
		"The changed order restrains somebody of another name than before.",
		"Check the identification of the order. A name that was wrong is changed with the reason correct.")
}

func modifiedOtherForm(in *input) []place {
	return one(in.formErr == nil && in.known.Form.Designator != "" && in.form.Order(in.o.Terms).Designator != in.known.Form.Designator, orderPath+"/FormNumberText",
		"The changed order is of another type than before.",
		"An order of another type is a new order: add it, and name the one that it follows.")
}

func notLonger(in *input) []place {
	was, is := in.known.Expiry, in.o.Expiry
	sooner := is.Date != nil && (was.Basis == order.ExpiryPermanent || was.Date != nil && !is.Date.After(*was.Date))
	return one(lengthens(in.m.Reason) && sooner, orderPath+"/OrderExpirationDate",
		"The order is said to last longer, but does not end later than before.",
		"Check the expiration date and the reason of the modification.")
}

func modifiedAfterExpiry(in *input) []place {
	end := in.known.Expiry.Date
	return one(end != nil && in.m.Date.After(*end) && in.m.Reason != order.ModifyCorrect, changePath+"/ModificationDate",
		"The order had expired when it was changed.",
		"Check the date of the modification. If the court made the order again, add it under an identification of its own.")
}

func cancelledInFuture(in *input) []place {
	return one(in.c.Date.After(in.today), cancelPath+"/CancellationDate",
		fmt.Sprintf("The date of the cancellation, %v, is in the future.", in.c.Date),
		"Correct the date. An order that ends later is cancelled when it has ended, or modified to expire then.")
}

func endFormUnknown(in *input) []place {
	if in.c.Form == "" {
		return nil
	}
	f, err := in.book.forms.Change(in.c.Form)
	return one(err != nil || !slices.Contains(f.Ends, in.c.Reason), cancelPath+"/FormNumberText",
		"The exchange does not know this form as one by which orders end for this reason.",
		"Check the form number and the reason; leave the form out where there is none.")
}

func endOtherFamily(in *input) []place {
	f, err := in.book.forms.Change(in.c.Form)
	return one(err == nil && f.Family != in.known.Form.Family, cancelPath+"/FormNumberText",
		"The form of the cancellation is for orders of another family than the order that it ends.",
		"Check the form number, and the identification of the order.")
}

func cancelledAlready(in *input) []place {
	return one(in.ended != nil, cancelPath+"/OrderIdentification",
		"The order was cancelled before; the earlier cancellation stands.",
		"Nothing is to be done, unless another order was meant.")
}

func cancelOtherCase(in *input) []place {
	return one(!sameCase(in.c.Case, in.known.Case), cancelPath+"/CaseDocketID",
		"The cancellation names another case number than the order.",
		"Correct the case number, or the identification of the order.")
}

func cancelOtherPerson(in *input) []place {
	return one(!restrains(in.known, in.c.Restrained), cancelPath+"/RestrainedPersonName",
		"The cancellation names another person than the order restrains.",
		"Correct the name, or the identification of the order.")
}

func cancelledBeforeIssue(in *input) []place {
	return one(in.c.Date.Before(in.known.Issued), cancelPath+"/CancellationDate",
		fmt.Sprintf("The order ended (%v) before it was issued (%v).", in.c.Date, in.known.Issued),
		"Correct the date of the cancellation, or the identification of the order.")
}

// supplementOtherPerson keeps one person's papers, and the whereabouts in them, from another one's order.
func supplementOtherPerson(in *input) []place {
	n := in.p.Supplement.Restrained
	return one(n != nil && !restrains(in.known, *n), attachPath+"/RestrainedPersonName",
		"The supplement names another person than the order restrains.",
		"Correct the name, or the identification of the order.")
}

const confidentialPath = "/OrderPackage/ConfidentialInformation/RestrainedPersonConfidential"

// confidentialDiffers asks the order that came along, or the one that a supplement is about.
func confidentialDiffers(in *input) []place {
	o := in.o
	if o == nil {
		o = in.known
	}
	c := in.p.Confidential
	return one(c != nil && c.Restrained != nil && apart(c.Restrained.Person, o.Restrained.Person), confidentialPath,
		"The confidential information describes somebody else than the order restrains: sex, age or date of birth differ.",
		"Check that both are of the same case. Where both are sent, the order's own description counts.")
}

func supplementOtherCase(in *input) []place {
	return one(!sameCase(in.p.Supplement.Case, in.known.Case), attachPath+"/CaseDocketID",
		"The supplement names another case number than the order.",
		"Correct the case number, or the identification of the order.")
}
