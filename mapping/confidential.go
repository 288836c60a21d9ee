package mapping

import "ccpor/mapping/order"

func (r *reader) confidential() (c order.Confidential) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "RestrainedPersonConfidential":
			p := r.confidentialRestrained()
			c.Restrained = &p
		case "ProtectedPersonConfidential":
			c.Protected = append(c.Protected, r.confidentialProtected())
		default:
			r.unknown()
		}
	}
	return c
}

func (r *reader) confidentialRestrained() (p order.ConfidentialRestrained) {
	for d := r.Depth(); r.child(d); {
		if r.person(&p.Person) {
			continue
		}
		switch r.Name().Local {
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
		case "PersonSSNIdentification":
			p.SSN = r.token()
		case "DriverLicense":
			p.DriverLicense = r.license()
		case "PersonResidenceAddress":
			p.Address = r.address()
		case "TelephoneNumber":
			p.Telephones = append(p.Telephones, r.token())
		case "EmployerName":
			p.Employer = r.token()
		case "EmployerAddress":
			p.EmployerAddress = r.address()
		case "VehicleText":
			p.Vehicles = append(p.Vehicles, r.token())
		case "PersonPrimaryLanguageText":
			p.Language = r.token()
		case "SpeaksEnglishIndicator":
			p.SpeaksEnglish = r.yesAt()
		case "FirearmsKnownCode":
			p.FirearmsKnown = r.token()
		case "FirearmText":
			p.Firearms = append(p.Firearms, r.token())
		default:
			r.unknown()
		}
	}
	return p
}

func (r *reader) confidentialProtected() (p order.ConfidentialProtected) {
	for d := r.Depth(); r.child(d); {
		if r.person(&p.Person) {
			continue
		}
		switch r.Name().Local {
		case "PersonName":
			p.Name = r.name()
		case "RelationshipText":
			p.Relation = r.token()
		case "PersonResidenceAddress":
			p.Address = r.address()
		case "TelephoneNumber":
			p.Telephones = append(p.Telephones, r.token())
		default:
			r.unknown()
		}
	}
	return p
}
