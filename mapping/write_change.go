package mapping

import "ccpor/mapping/order"

func (w *writer) modification(m *order.Modification) {
	w.open("CourtOrderModification")
	w.leaf("ModificationReasonCode", string(m.Reason))
	w.leaf("ModificationDate", m.Date.String())
	w.some("FormNumberText", m.Form)
	w.some("JudicialOfficialName", m.Judge)
	w.close("CourtOrderModification")
}

func (w *writer) reference(r order.Reference) {
	w.leaf("OrderIdentification", string(r.OrderID))
	w.leaf("OrganizationORIIdentification", string(r.Court))
	w.leaf("CaseDocketID", string(r.Case))
}

func (w *writer) cancellation(c *order.Cancellation) {
	w.open("CourtOrderCancellation")
	w.reference(c.Reference)
	w.some("FormNumberText", c.Form)
	w.name("RestrainedPersonName", c.Restrained)
	w.leaf("CancellationReasonCode", string(c.Reason))
	w.leaf("CancellationDate", c.Date.String())
	w.some("JudicialOfficialName", c.Judge)
	w.close("CourtOrderCancellation")
}

func (w *writer) supplement(s *order.Supplement) {
	w.open("CourtOrderSupplement")
	w.reference(s.Reference)
	w.some("FormNumberText", s.Form)
	if s.Restrained != nil {
		w.name("RestrainedPersonName", *s.Restrained)
	}
	w.close("CourtOrderSupplement")
}

func (w *writer) organization(o order.Organization) {
	w.open("ProtectedOrganization")
	w.leaf("OrganizationName", o.Name)
	for i := range o.Sites {
		w.address("OrganizationSiteAddress", &o.Sites[i])
	}
	w.close("ProtectedOrganization")
}

func (w *writer) petitioner(p *order.Petitioner) {
	if p == nil {
		return
	}
	w.open("Petitioner")
	w.leaf("PetitionerCategoryCode", string(p.Kind))
	w.leaf("PetitionerName", p.Name)
	w.some("OrganizationORIIdentification", string(p.ORI))
	w.close("Petitioner")
}

func (w *writer) foreign(f *order.Foreign) {
	if f == nil {
		return
	}
	w.open("ForeignOrder")
	w.leaf("ForeignCourtName", f.Court)
	w.leaf("ForeignJurisdictionText", f.Jurisdiction)
	w.some("ForeignCaseText", f.Case)
	w.date("CourtOrderIssuingDate", f.Issued)
	w.said("CertifiedCopyIndicator", f.Certified)
	w.close("ForeignOrder")
}

func (w *writer) confidential(c *order.Confidential) {
	w.open("ConfidentialInformation")
	if c.Restrained != nil {
		w.confidentialRestrained(c.Restrained)
	}
	for _, p := range c.Protected {
		w.confidentialProtected(p)
	}
	w.close("ConfidentialInformation")
}

func (w *writer) confidentialRestrained(p *order.ConfidentialRestrained) {
	w.open("RestrainedPersonConfidential")
	for _, n := range p.Aliases {
		w.name("PersonAlternateName", n)
	}
	w.person(p.Person)
	w.number("PersonHeightMeasure", p.Height)
	w.number("PersonWeightMeasure", p.Weight)
	w.some("PersonHairColorCode", p.Hair)
	w.some("PersonEyeColorCode", p.Eyes)
	w.each("PersonPhysicalFeatureText", p.Marks)
	w.some("PersonSSNIdentification", p.SSN)
	w.license(p.DriverLicense)
	w.address("PersonResidenceAddress", p.Address)
	w.each("TelephoneNumber", p.Telephones)
	w.some("EmployerName", p.Employer)
	w.address("EmployerAddress", p.EmployerAddress)
	w.each("VehicleText", p.Vehicles)
	w.some("PersonPrimaryLanguageText", p.Language)
	w.said("SpeaksEnglishIndicator", p.SpeaksEnglish)
	w.some("FirearmsKnownCode", p.FirearmsKnown)
	w.each("FirearmText", p.Firearms)
	w.close("RestrainedPersonConfidential")
}

func (w *writer) confidentialProtected(p order.ConfidentialProtected) {
	w.open("ProtectedPersonConfidential")
	w.name("PersonName", p.Name)
	w.person(p.Person)
	w.some("RelationshipText", p.Relation)
	w.address("PersonResidenceAddress", p.Address)
	w.each("TelephoneNumber", p.Telephones)
	w.close("ProtectedPersonConfidential")
}
