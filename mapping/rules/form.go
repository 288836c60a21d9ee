package rules

import (
	"fmt"
	"slices"
	"strings"

	"ccpor/mapping"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
)

// content is whether a package brings what its action asks for.
func content(p *mapping.Package) bool {
	switch p.Action {
	case mapping.ActionAdd:
		return p.Order != nil && p.Modification == nil
	case mapping.ActionModify:
		return p.Order != nil && p.Modification != nil
	case mapping.ActionServe:
		return p.Service != nil
	case mapping.ActionCancel:
		return p.Cancellation != nil
	case mapping.ActionAttach:
		return p.Supplement != nil
	}
	return false
}

func actionMismatch(in *input) []place {
	return one(!content(in.p), "/OrderPackage/PackageHeader/PackageActionCode",
		"The action and the content of the package do not fit: add brings an order, modify a modification with the whole order, serve a proof of service, cancel a cancellation, attach a supplement.",
		"Correct the action, or send the content that belongs to it.")
}

func confidentialMisplaced(in *input) []place {
	return one(in.p.Confidential != nil && in.o == nil && in.p.Supplement == nil, "/OrderPackage/ConfidentialInformation",
		"Confidential information comes with a proof of service or a cancellation, which is about neither person.",
		"Send it with the order, or in a package of its own with the action attach.")
}

func nothingAttached(in *input) []place {
	return one(len(in.p.Documents) == 0 && in.p.Confidential == nil, attachPath,
		"The supplement brings neither a document nor confidential information.",
		"Send what is to be attached.")
}

func documentRepeated(in *input) []place {
	var all []place
	seen := map[string]bool{}
	for i, d := range in.p.Documents {
		if seen[d.ID] {
			all = append(all, place{nth("/OrderPackage/Document", i) + "/DocumentIdentification",
				"Two documents of the package have the same identification.",
				"Give each document an identification of its own, and name its attachment by it."})
		}
		seen[d.ID] = true
	}
	return all
}

func formUnknown(in *input) []place {
	return one(in.formErr != nil && len(in.formErr.Known) == 0, orderPath+"/FormNumberText",
		"The exchange does not know this form.",
		"Check the form number. If it is right, tell the help desk: the form has to be added to the form table.")
}

func formRevisionUnknown(in *input) []place {
	if in.formErr == nil || len(in.formErr.Known) == 0 {
		return nil
	}
	known := make([]string, len(in.formErr.Known))
	for i, d := range in.formErr.Known {
		known[i] = d.String()
	}
	return one(true, orderPath+"/FormRevisionDate",
		fmt.Sprintf("The exchange does not know this revision of form %s. Known revisions: %s.", in.o.Form.Number, strings.Join(known, ", ")),
		"Take the revision date from the foot of the form. If it is right, tell the help desk: the revision has to be added to the form table.")
}

func formNotInUse(in *input) []place {
	return one(in.formErr == nil && !in.form.InUse(in.o.Issued), orderPath+"/FormRevisionDate",
		fmt.Sprintf("On the day of issue, %v, the courts did not use this revision of the form.", in.o.Issued),
		"Check the revision date against the foot of the form, and the date of issue.")
}

func stageNotOfForm(in *input) []place {
	if in.formErr != nil {
		return nil
	}
	stages := make([]string, len(in.form.Stages))
	for i, s := range in.form.Stages {
		stages[i] = string(s)
	}
	return one(!in.form.HasStage(in.o.Stage), orderPath+"/CourtOrderStageCode",
		fmt.Sprintf("Form %s makes no order of the stage %s. Its stages: %s.", in.form.Number, in.o.Stage, strings.Join(stages, ", ")),
		"Correct the stage or the form number.")
}

func officerMissing(in *input) []place {
	return one(in.form.NeedsOfficer && in.o.Officer == nil, orderPath+"/RequestingOfficer",
		"The order does not name the officer who asked for it.",
		"Send the officer's name and agency as on the form.")
}

func firearmsMissing(in *input) []place {
	return one(in.form.AlwaysFirearms && !in.o.Terms.FinancialAbuseOnly && in.o.Terms.Firearms == nil, orderPath+"/CourtOrderConditions/FirearmRestriction",
		"The package says nothing of firearms, but the form always does.",
		"Send the form's firearm clause.")
}

func firearmsInFinancialAbuse(in *input) []place {
	return one(in.o.Terms.FinancialAbuseOnly && in.o.Terms.Firearms != nil, orderPath+"/CourtOrderConditions/FirearmRestriction",
		"The order is for financial abuse alone, which has no firearm clause, and the package has one.",
		"Check whether the order is for financial abuse alone. If it is not, leave that indicator out: the order is then of another type.")
}

func organizationMissing(in *input) []place {
	return one(in.formErr == nil && len(in.o.Organizations) < in.form.OrganizationsMin, orderPath+"/ProtectedOrganization",
		fmt.Sprintf("The order names %d protected organizations; form %s needs at least %d.", len(in.o.Organizations), in.form.Number, in.form.OrganizationsMin),
		"Send the employer, school or establishment as on the form.")
}

func petitionerMissing(in *input) []place {
	return one(in.form.NeedsPetitioner && in.o.Petitioner == nil, orderPath+"/Petitioner",
		fmt.Sprintf("Orders on form %s are asked for by somebody else than the protected persons, and the package does not say by whom.", in.form.Number),
		"Send the petitioner as on the form.")
}

func petitionerNotOfForm(in *input) []place {
	p := in.o.Petitioner
	return one(in.formErr == nil && p != nil && !slices.Contains(in.form.Petitioners, p.Kind), orderPath+"/Petitioner/PetitionerCategoryCode",
		fmt.Sprintf("Form %s is not for petitioners of this kind.", in.form.Number),
		"Check the kind of petitioner and the form number.")
}

func foreignMissing(in *input) []place {
	return one(in.formErr == nil && in.form.Foreign != (in.o.Foreign != nil), orderPath+"/ForeignOrder",
		fmt.Sprintf("Form %s and the registered order do not fit: a registration names the order of the other state, tribe or country, and no other form does.", in.form.Number),
		"Send the court, jurisdiction and date of the registered order with a registration, and leave them out otherwise.")
}

func accessClass(in *input) []place {
	return one(in.form.Access != "" && in.o.Access == order.AccessNormal, orderPath+"/DocumentAccessCode",
		fmt.Sprintf("Orders on form %s are not open to everybody: they belong to the access class %s.", in.form.Number, in.form.Access),
		"Send the access class.")
}

func followsItself(in *input) []place {
	return one(in.o.Follows != "" && in.o.Follows == in.o.ID, orderPath+"/FollowedOrderIdentification",
		"The order is said to follow itself.",
		"Send the identification of the temporary order, or leave it out.")
}

// said finds each clause of the form table in an order, with its place.
var said = map[forms.Clause]struct {
	path string
	in   func(o *order.Order) bool
}{
	"noHarm":        {"CourtOrderConditions/NoHarmIndicator", func(o *order.Order) bool { return o.Terms.NoHarm }},
	"noContact":     {"CourtOrderConditions/NoContactIndicator", func(o *order.Order) bool { return o.Terms.NoContact }},
	"noThirdParty":  {"CourtOrderConditions/NoThirdPartyContactIndicator", func(o *order.Order) bool { return o.Terms.NoThirdPartyContact }},
	"childExchange": {"CourtOrderConditions/ChildExchangeExceptionIndicator", func(o *order.Order) bool { return o.Terms.ChildExchange }},
	"stayAway":      {"CourtOrderConditions/StayAway", func(o *order.Order) bool { return len(o.Terms.StayAway) > 0 }},
	"moveOut":       {"CourtOrderConditions/MoveOut", func(o *order.Order) bool { return o.Terms.MoveOut }},
	"firearms":      {"CourtOrderConditions/FirearmRestriction", func(o *order.Order) bool { return o.Terms.Firearms != nil && !o.Terms.FinancialAbuseOnly }},
	"bodyArmor": {"CourtOrderConditions/FirearmRestriction/NoBodyArmorIndicator", func(o *order.Order) bool {
		return o.Terms.Firearms != nil && o.Terms.Firearms.NoBodyArmor
	}},
	"named": {"CourtOrderConditions/FirearmRestriction/FirearmText", func(o *order.Order) bool {
		return o.Terms.Firearms != nil && len(o.Terms.Firearms.Named) > 0
	}},
	"custody":        {"CourtOrderConditions/CustodyToProtectedIndicator", func(o *order.Order) bool { return o.Terms.CustodyToProtected }},
	"visitation":     {"CourtOrderConditions/VisitationToRestrainedIndicator", func(o *order.Order) bool { return o.Terms.VisitationToRestrained }},
	"noDissuasion":   {"CourtOrderConditions/NoDissuasionIndicator", func(o *order.Order) bool { return o.Terms.NoDissuasion }},
	"mayRecord":      {"CourtOrderConditions/MayRecordCommunicationIndicator", func(o *order.Order) bool { return o.Terms.MayRecord }},
	"brady":          {"CourtOrderConditions/ProtectionOrderBradyIndicator", func(o *order.Order) bool { return o.Terms.Brady != nil }},
	"animals":        {"CourtOrderConditions/AnimalsText", func(o *order.Order) bool { return o.Terms.Animals != "" }},
	"property":       {"CourtOrderConditions/PropertyText", func(o *order.Order) bool { return o.Terms.Property != "" }},
	"support":        {"CourtOrderConditions/SupportText", func(o *order.Order) bool { return o.Terms.Support != "" }},
	"programs":       {"CourtOrderConditions/ProgramText", func(o *order.Order) bool { return len(o.Terms.Programs) > 0 }},
	"monitoring":     {"CourtOrderConditions/ElectronicMonitoringEndDate", func(o *order.Order) bool { return o.Terms.MonitoredUntil != nil }},
	"financialAbuse": {"CourtOrderConditions/FinancialAbuseOnlyIndicator", func(o *order.Order) bool { return o.Terms.FinancialAbuseOnly }},
	"statutes":       {"StatuteText", func(o *order.Order) bool { return len(o.Statutes) > 0 }},
	"otherCases":     {"CaseOtherIdentification", func(o *order.Order) bool { return len(o.OtherCases) > 0 }},
	"organizations":  {"ProtectedOrganization", func(o *order.Order) bool { return len(o.Organizations) > 0 }},
}

func fieldNotOfForm(in *input) []place {
	if in.formErr != nil {
		return nil
	}
	var all []place
	for _, c := range forms.Clauses() {
		if s := said[c]; !in.form.Has(c) && s.in(in.o) {
			all = append(all, place{orderPath + "/" + s.path, fmt.Sprintf("The order says this, but form %s has no box for it.", in.form.Number),
				"Check the form number, and whether the order says it. If the judge wrote it by hand, send it as text of other orders."})
		}
	}
	return all
}

func exchangeWithoutCase(in *input) []place {
	if !in.o.Terms.ChildExchange {
		return nil
	}
	for _, c := range in.o.OtherCases {
		if c.Kind == "family" || c.Kind == "juvenile" || c.Kind == "probate" {
			return nil
		}
	}
	return one(true, orderPath+"/CaseOtherIdentification",
		"The order allows contact for the exchange of children, but names no family, juvenile or probate case that orders visitation.",
		"Send the number of that case, if the form names one.")
}
