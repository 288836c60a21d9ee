package mapping

import "ccpor/mapping/order"

func (r *reader) name() (n order.Name) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "PersonGivenName":
			n.Given = r.token()
		case "PersonMiddleName":
			n.Middle = r.token()
		case "PersonSurName":
			n.Surname = r.token()
		case "PersonNameSuffixText":
			n.Suffix = r.token()
		default:
			r.unknown()
		}
	}
	return n
}

// person reads the elements that both sides share; false for any other.
func (r *reader) person(p *order.Person) bool {
	switch r.Name().Local {
	case "PersonSexCode":
		p.Sex = r.token()
	case "PersonRaceCode":
		p.Race = r.token()
	case "PersonBirthDate":
		p.Born = r.dateAt()
	case "PersonAgeMeasure":
		if p.Age = r.number(); p.Age == 0 {
			r.note("AgeUnderOne", "An age of 0 is kept as not said. Send the date of birth of a child under one year.")
		}
	default:
		return false
	}
	return true
}

func (r *reader) restrained() (p order.Restrained) {
	for d := r.Depth(); r.child(d); {
		if r.person(&p.Person) {
			continue
		}
		switch r.Name().Local {
		case "PersonName":
			p.Name = r.name()
		case "PersonAlternateName":
			p.Aliases = append(p.Aliases, r.name())
		case "PersonHeightMeasure":
			p.Height = r.number()
		case "PersonWeightMeasure":
			p.Weight = r.number()
		case "PersonHairColorCode":
			p.Hair = r.token()
		case "PersonEyeColorCode":
			p.Eyes = r.token()
		case "PersonPhysicalFeatureText":
			p.Marks = append(p.Marks, r.token())
		case "PersonResidenceAddress":
			p.Address = r.address()
		case "DriverLicense":
			p.DriverLicense = r.license()
		case "PersonStateFingerprintIdentification":
			p.CII = r.token()
		case "PersonFBIIdentification":
			p.FBI = r.token()
		case "PeaceOfficerDepartmentName":
			p.PeaceOfficer = r.token()
		case "PersonMinorIndicator":
			p.Minor = r.yes()
		case "PresentAtHearingIndicator":
			p.Present = r.yesAt()
		default:
			r.unknown()
		}
	}
	return p
}

func (r *reader) license() *order.License {
	l := new(order.License)
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "DriverLicenseIdentification":
			l.Number = r.token()
		case "DriverLicenseStateCode":
			l.State = r.token()
		case "DriverLicenseExpirationYear":
			l.Year = r.number()
		default:
			r.unknown()
		}
	}
	return l
}

func (r *reader) protected() (p order.Protected) {
	for d := r.Depth(); r.child(d); {
		if r.person(&p.Person) {
			continue
		}
		switch r.Name().Local {
		case "PersonName":
			p.Name = r.name()
		case "RelationshipText":
			p.Relation = r.token()
		case "PersonMinorIndicator":
			p.Minor = r.yes()
		default:
			r.unknown()
		}
	}
	return p
}

func (r *reader) officer() (o order.Officer) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "PersonFullName":
			o.Name = r.token()
		case "OfficerBadgeText":
			o.Badge = r.token()
		case "OrganizationName":
			o.Agency = r.token()
		case "OrganizationORIIdentification":
			o.AgencyORI = value(r, order.ParseORI)
		case "TelephoneNumber":
			o.Telephone = r.token()
		default:
			r.unknown()
		}
	}
	return o
}

func (r *reader) organization() (o order.Organization) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "OrganizationName":
			o.Name = r.token()
		case "OrganizationSiteAddress":
			o.Sites = append(o.Sites, *r.address())
		default:
			r.unknown()
		}
	}
	return o
}

func (r *reader) petitioner() (p order.Petitioner) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "PetitionerCategoryCode":
			p.Kind = order.PetitionerKind(r.token())
		case "PetitionerName":
			p.Name = r.token()
		case "OrganizationORIIdentification":
			p.ORI = value(r, order.ParseORI)
		default:
			r.unknown()
		}
	}
	return p
}
