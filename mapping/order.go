package mapping

import "ccpor/mapping/order"

func (r *reader) order() (o order.Order) {
	o.Access = order.AccessNormal // as the schema says of an absent code
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "OrderIdentification":
			o.ID = value(r, order.ParseLocalID)
		case "FormNumberText":
			o.Form.Number = r.token()
		case "FormRevisionDate":
			o.Form.Revision = r.date()
		case "CaseDocketID":
			o.Case = value(r, order.ParseCaseNumber)
		case "CaseOtherIdentification":
			o.OtherCases = append(o.OtherCases, r.otherCase())
		case "FollowedOrderIdentification":
			o.Follows = value(r, order.ParseLocalID)
		case "CourtOrderIssuingCourt":
			o.Court = r.court()
		case "CourtOrderIssuingDate":
			o.Issued = r.date()
		case "CourtOrderIssuingTime":
			o.IssuedTime = r.timeAt()
		case "CourtOrderIssuingJudicialOfficialName":
			o.Judge = r.token()
		case "CourtOrderModificationIndicator":
			o.Modification = r.yes()
		case "CourtOrderStageCode":
			o.Stage = order.Stage(r.token())
		case "StatuteText":
			o.Statutes = append(o.Statutes, r.token())
		case "CourtHearing":
			o.Hearings = append(o.Hearings, r.hearing())
		case "OrderExpirationDate":
			o.Expiry.Date, o.Expiry.Basis = r.dateAt(), order.ExpiryExplicit
		case "OrderExpirationTime":
			o.Expiry.Time = r.timeAt()
		case "OrderPermanentIndicator":
			if r.yes() {
				o.Expiry.Basis = order.ExpiryPermanent
			}
		case "DocumentAccessCode":
			o.Access = order.Access(r.token())
		case "RestrainedPerson":
			o.Restrained = r.restrained()
		case "ProtectedPerson":
			o.Protected = append(o.Protected, r.protected())
		case "ProtectedOrganization":
			o.Organizations = append(o.Organizations, r.organization())
		case "Petitioner":
			p := r.petitioner()
			o.Petitioner = &p
		case "RequestingOfficer":
			f := r.officer()
			o.Officer = &f
		case "ForeignOrder":
			f := r.foreign()
			o.Foreign = &f
		case "CourtOrderConditions":
			o.Terms = r.terms()
		case "CourtOrderSpecialInstructionText":
			o.OtherOrders = r.text()
		case "CourtOrderServiceCode":
			o.Service = order.ServiceState(r.token())
		default:
			r.unknown()
		}
	}
	return o
}

func (r *reader) otherCase() (c order.OtherCase) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "CaseCategoryCode":
			c.Kind = r.token()
		case "CaseDocketID":
			c.Number = value(r, order.ParseCaseNumber)
		case "CourtName":
			c.Court = r.token()
		case "CourtOrderIssuingDate":
			c.Issued = r.dateAt()
		default:
			r.unknown()
		}
	}
	return c
}

func (r *reader) court() (c order.Court) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "OrganizationORIIdentification":
			c.ORI = value(r, order.ParseORI)
		case "CourtName":
			c.Name = r.token()
		case "CourtCountyName":
			c.County = r.token()
		case "CourtDivisionText":
			c.Department = r.token()
		case "CourtAddress":
			c.Address = r.address()
		case "CourtTelephoneNumber":
			c.Telephone = r.token()
		default:
			r.unknown()
		}
	}
	return c
}

func (r *reader) address() *order.Address {
	a := new(order.Address)
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "LocationStreetFullText":
			a.Street = r.token()
		case "LocationCityName":
			a.City = r.token()
		case "LocationStateCode":
			a.State = r.token()
		case "LocationPostalCode":
			a.Postal = r.token()
		default:
			r.unknown()
		}
	}
	return a
}

func (r *reader) hearing() (h order.Hearing) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "HearingPurposeCode":
			h.Purpose = order.HearingPurpose(r.token())
		case "HearingDate":
			h.Date = r.date()
		case "HearingTime":
			h.Time = r.timeAt()
		case "CourtDivisionText":
			h.Department = r.token()
		case "CourtRoomText":
			h.Room = r.token()
		case "JudicialOfficialName":
			h.Judge = r.token()
		default:
			r.unknown()
		}
	}
	return h
}

func (r *reader) foreign() (f order.Foreign) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "ForeignCourtName":
			f.Court = r.token()
		case "ForeignJurisdictionText":
			f.Jurisdiction = r.token()
		case "ForeignCaseText":
			f.Case = r.token()
		case "CourtOrderIssuingDate":
			f.Issued = r.dateAt()
		case "CertifiedCopyIndicator":
			f.Certified = r.yesAt()
		default:
			r.unknown()
		}
	}
	return f
}
