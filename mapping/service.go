package mapping

import "ccpor/mapping/order"

func (r *reader) service() (s order.Service) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "OrderIdentification":
			s.OrderID = value(r, order.ParseLocalID)
		case "OrganizationORIIdentification":
			s.Court = value(r, order.ParseORI)
		case "CaseDocketID":
			s.Case = value(r, order.ParseCaseNumber)
		case "FormNumberText":
			s.Form = r.token()
		case "RestrainedPersonName":
			s.Restrained = r.name()
		case "CourtOrderServiceDate":
			s.Date = r.date()
		case "CourtOrderServiceTime":
			s.Time = value(r, order.ParseTimeOfDay)
		case "ServiceMethodCode":
			s.Method = order.ServiceMethod(r.token())
		case "CourtOrderServiceOfficial":
			s.Server = r.officer()
		case "EnteringAgencyServedIndicator":
			s.Own = r.yes()
		case "ServiceLocationText":
			s.Place = r.token()
		case "ServedFormNumberText":
			s.Papers = append(s.Papers, r.token())
		default:
			r.unknown()
		}
	}
	return s
}
