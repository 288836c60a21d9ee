package mapping

import "ccpor/mapping/order"

func (r *reader) modification() (m order.Modification) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "ModificationReasonCode":
			m.Reason = order.ModifyReason(r.token())
		case "ModificationDate":
			m.Date = r.date()
		case "FormNumberText":
			m.Form = r.token()
		case "JudicialOfficialName":
			m.Judge = r.token()
		default:
			r.unknown()
		}
	}
	return m
}

// reference reads the elements by which a package names the order that it is about; false for any other.
func (r *reader) reference(ref *order.Reference) bool {
	switch r.Name().Local {
	case "OrderIdentification":
		ref.OrderID = value(r, order.ParseLocalID)
	case "OrganizationORIIdentification":
		ref.Court = value(r, order.ParseORI)
	case "CaseDocketID":
		ref.Case = value(r, order.ParseCaseNumber)
	default:
		return false
	}
	return true
}

func (r *reader) cancellation() (c order.Cancellation) {
	for d := r.Depth(); r.child(d); {
		if r.reference(&c.Reference) {
			continue
		}
		switch r.Name().Local {
		case "FormNumberText":
			c.Form = r.token()
		case "RestrainedPersonName":
			c.Restrained = r.name()
		case "CancellationReasonCode":
			c.Reason = order.CancelReason(r.token())
		case "CancellationDate":
			c.Date = r.date()
		case "JudicialOfficialName":
			c.Judge = r.token()
		default:
			r.unknown()
		}
	}
	return c
}

func (r *reader) supplement() (s order.Supplement) {
	for d := r.Depth(); r.child(d); {
		if r.reference(&s.Reference) {
			continue
		}
		switch r.Name().Local {
		case "FormNumberText":
			s.Form = r.token()
		case "RestrainedPersonName":
			n := r.name()
			s.Restrained = &n
		default:
			r.unknown()
		}
	}
	return s
}
