package rules

import (
	"fmt"
	"strings"

	"ccpor/mapping"
)

func actionMismatch(in *input) []place {
	wrong := in.p.Action == mapping.ActionAdd && in.s != nil || in.p.Action == mapping.ActionServe && in.o != nil
	return one(wrong, "/OrderPackage/PackageHeader/PackageActionCode",
		"The action and the content of the package do not fit: add brings an order, serve brings a proof of service.",
		"Correct the action, or send the content that belongs to it.")
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
	return one(in.form.Firearms && in.o.Terms.Firearms == nil, orderPath+"/CourtOrderConditions/FirearmRestriction",
		"The package says nothing of firearms, but the form always does.",
		"Send the form's firearm clause.")
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
