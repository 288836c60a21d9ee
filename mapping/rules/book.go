package rules

const (
	orderPath   = "/OrderPackage/ProtectionOrder"
	changePath  = "/OrderPackage/CourtOrderModification"
	servicePath = "/OrderPackage/CourtOrderService"
	cancelPath  = "/OrderPackage/CourtOrderCancellation"
	attachPath  = "/OrderPackage/CourtOrderSupplement"
)

// Where no statute says so, the citation tells why the exchange asks.
const (
	ourContract = "the exchange's contract"
	ownSense    = "an order must not contradict itself"
	proofSense  = "a proof must fit the order that it proves"
	changeSense = "what changes or ends an order must fit that order"
)

// packageRules judge every package.
var packageRules = []Rule{
	{ID: "ActionMismatch", Severity: Error, Whose: Sender, Citation: ourContract, find: actionMismatch,
		Asks: "The content is what the action asks for: add an order, modify an order with its modification, serve a proof, cancel a cancellation, attach a supplement."},
	{ID: "ConfidentialMisplaced", Severity: Error, Whose: Sender, Citation: ourContract, find: confidentialMisplaced,
		Asks: "Confidential information comes with an order or a supplement only."},
	{ID: "DocumentRepeated", Severity: Error, Whose: Sender, Citation: ourContract, find: documentRepeated,
		Asks: "Each document of the package has an identification of its own."},
}

// confidentialRule judges CLETS-001 beside the order that it describes.
var confidentialRule = Rule{ID: "ConfidentialDiffers", Severity: Warning, Whose: Court, Citation: "Cal. Rules of Court, rule 1.51 (CLETS-001 describes the people of the order)", find: confidentialDiffers,
	Asks: "CLETS-001 and the order describe the same restrained person."}

// orderRules judge an order, new or changed.
var orderRules = []Rule{
	{ID: "FormUnknown", Severity: Error, Whose: Sender, Citation: "Cal. Rules of Court, rule 1.51 (orders on Judicial Council forms)", find: formUnknown,
		Asks: "The form is in the form table."},
	{ID: "FormRevisionUnknown", Severity: Error, Whose: Sender, Citation: "the revision date at the foot of the form", find: formRevisionUnknown,
		Asks: "The form's revision is in the form table."},
	{ID: "FormNotInUse", Severity: Warning, Whose: Court, Citation: "the revision date at the foot of the form", find: formNotInUse,
		Asks: "On the day of issue the courts used this revision."},
	{ID: "StageNotOfForm", Severity: Error, Whose: Court, Citation: ownSense, find: stageNotOfForm,
		Asks: "The form makes orders of this stage."},
	{ID: "IssuedInFuture", Severity: Error, Whose: Court, Citation: ownSense, find: issuedInFuture,
		Asks: "The order was issued on or before today."},
	{ID: "ExpiryUnknown", Severity: Error, Whose: Court, Citation: "Fam. Code 6380(b) (duration of the order)", find: expiryUnknown,
		Asks: "The order names its end, or the law's default can be counted."},
	{ID: "ExpiryBeforeIssue", Severity: Error, Whose: Court, Citation: ownSense, find: expiryBeforeIssue,
		Asks: "The order ends after it was issued."},
	{ID: "ExpiryTooLong", Severity: Warning, Whose: Court, Citation: "the form's longest duration (form table)", find: expiryTooLong,
		Asks: "The order lasts no longer than orders on this form can."},
	{ID: "EmergencyExpiry", Severity: Warning, Whose: Court, Citation: "Fam. Code 6256", find: emergencyExpiry,
		Asks: "An emergency order ends by the fifth court day or the seventh day, whichever is earlier."},
	{ID: "ExpiredAlready", Severity: Warning, Whose: Court, Citation: "Fam. Code 6380(a) (entry within one business day)", find: expiredAlready,
		Asks: "The order is still in force today."},
	{ID: "HearingMissing", Severity: Warning, Whose: Court, Citation: "Fam. Code 242", find: hearingMissing,
		Asks: "An order until a hearing names that hearing."},
	{ID: "HearingBeforeIssue", Severity: Warning, Whose: Court, Citation: ownSense, find: hearingBeforeIssue,
		Asks: "Hearings to come are not before the issue, and the hearing held is not after it."},
	{ID: "RestrainedIsProtected", Severity: Error, Whose: Court, Citation: ownSense, find: restrainedIsProtected,
		Asks: "Nobody is restrained and protected by the same order."},
	{ID: "ProtectedMissing", Severity: Error, Whose: Court, Citation: "Fam. Code 6380(b) (names of the protected persons)", find: protectedMissing,
		Asks: "The order names as many protected persons as its form needs."},
	{ID: "BornAfterIssue", Severity: Error, Whose: Court, Citation: ownSense, find: bornAfterIssue,
		Asks: "The restrained person was born before the issue, a protected person before today."},
	{ID: "AgeAgainstBirth", Severity: Warning, Whose: Court, Citation: ownSense, find: ageAgainstBirth,
		Asks: "Age and date of birth agree within a year."},
	{ID: "PresenceContradicted", Severity: Error, Whose: Court, Citation: "Fam. Code 6384 (no proof of service where the person was present)", find: presenceContradicted,
		Asks: "Service by presence in court does not stand beside absence from it."},
	{ID: "OrganizationMissing", Severity: Warning, Whose: Court, Citation: "the form names the employer, school or establishment (form table)", find: organizationMissing,
		Asks: "The order names as many protected organizations as its form needs."},
	{ID: "PetitionerMissing", Severity: Warning, Whose: Court, Citation: "the form names the petitioner apart from the protected persons (form table)", find: petitionerMissing,
		Asks: "Where somebody else asks than the protected person, the order names who."},
	{ID: "PetitionerNotOfForm", Severity: Warning, Whose: Court, Citation: "the form table", find: petitionerNotOfForm,
		Asks: "The petitioner is of a kind that can ask for an order on this form."},
	{ID: "ForeignMissing", Severity: Warning, Whose: Court, Citation: "Fam. Code 6404, 6457", find: foreignMissing,
		Asks: "A registration names the order that it registers, and no other form does."},
	{ID: "AccessClass", Severity: Warning, Whose: Court, Citation: "Welf. & Inst. Code 827; Fam. Code 6404(a)", find: accessClass,
		Asks: "Orders that the law keeps from the public are sent with that access class."},
	{ID: "FieldNotOfForm", Severity: Warning, Whose: Sender, Citation: "the form table", find: fieldNotOfForm,
		Asks: "The order says nothing that its form has no box for."},
	confidentialRule,
	{ID: "FollowsItself", Severity: Error, Whose: Sender, Citation: ownSense, find: followsItself,
		Asks: "An order does not follow itself."},
	{ID: "OfficerMissing", Severity: Warning, Whose: Court, Citation: "Fam. Code 6250.3", find: officerMissing,
		Asks: "An emergency order names the officer who asked for it."},
	{ID: "FirearmsMissing", Severity: Warning, Whose: Court, Citation: "Fam. Code 6389; Pen. Code 136.2(d)", find: firearmsMissing,
		Asks: "Where the form always has a firearm clause, the package has it."},
	{ID: "FirearmsInFinancialAbuse", Severity: Warning, Whose: Court, Citation: "Fam. Code 6389; Welf. & Inst. Code 15657.03 (no firearm clause for financial abuse alone)", find: firearmsInFinancialAbuse,
		Asks: "An order for financial abuse alone has no firearm clause."},
	{ID: "ExchangeWithoutCase", Severity: Warning, Whose: Court, Citation: "CR-160, exceptions for the exchange of children", find: exchangeWithoutCase,
		Asks: "An exception for the exchange of children names the case that orders visitation."},
}

// modificationRules judge a modification by itself and by the order that it leaves.
var modificationRules = []Rule{
	{ID: "ModifiedInFuture", Severity: Error, Whose: Court, Citation: changeSense, find: modifiedInFuture,
		Asks: "The order was changed on or before today."},
	{ID: "ModifiedBeforeIssue", Severity: Error, Whose: Court, Citation: changeSense, find: modifiedBeforeIssue,
		Asks: "The order was changed on or after its issue."},
	{ID: "ChangeFormUnknown", Severity: Warning, Whose: Sender, Citation: "the form table", find: changeFormUnknown,
		Asks: "The form of the change is in the form table, and changes orders of this family for this reason."},
	{ID: "ContinuedNotTemporary", Severity: Warning, Whose: Court, Citation: "Fam. Code 245", find: continuedNotTemporary,
		Asks: "Only an order that stands until a hearing is continued."},
}

// serviceRules judge a proof of service, by itself.
var serviceRules = []Rule{
	{ID: "ServedInFuture", Severity: Error, Whose: Court, Citation: proofSense, find: servedInFuture,
		Asks: "The order was served on or before today."},
	{ID: "ProofFormUnknown", Severity: Warning, Whose: Sender, Citation: ourContract, find: proofFormUnknown,
		Asks: "The form of the proof is in the form table."},
	{ID: "ProofOtherMethod", Severity: Warning, Whose: Court, Citation: "the proof's own form", find: proofOtherMethod,
		Asks: "The form of the proof states this method of service."},
}

// cancellationRules judge a cancellation, by itself.
var cancellationRules = []Rule{
	{ID: "CancelledInFuture", Severity: Error, Whose: Court, Citation: changeSense, find: cancelledInFuture,
		Asks: "The order ended on or before today."},
	{ID: "EndFormUnknown", Severity: Warning, Whose: Sender, Citation: "the form table", find: endFormUnknown,
		Asks: "The form of the end is in the form table, and ends orders for this reason."},
}

// supplementRules judge a supplement, by itself.
var supplementRules = []Rule{
	{ID: "NothingAttached", Severity: Error, Whose: Sender, Citation: ourContract, find: nothingAttached,
		Asks: "A supplement brings a document or confidential information."},
}

// againstService judge a proof of service by the order that it names.
var againstService = []Rule{
	{ID: "ServiceOtherCase", Severity: Error, Whose: Court, Citation: proofSense, find: serviceOtherCase,
		Asks: "Proof and order have the same case number."},
	{ID: "ServiceOtherPerson", Severity: Error, Whose: Court, Citation: proofSense, find: serviceOtherPerson,
		Asks: "The person served is the one whom the order restrains."},
	{ID: "ServedBeforeIssue", Severity: Error, Whose: Court, Citation: proofSense, find: servedBeforeIssue,
		Asks: "The order was served on or after its issue."},
	{ID: "ServedAfterExpiry", Severity: Warning, Whose: Court, Citation: proofSense, find: servedAfterExpiry,
		Asks: "The order was served while it was in force."},
	{ID: "ServedAfterEnd", Severity: Warning, Whose: Court, Citation: proofSense, find: servedAfterEnd,
		Asks: "The order was served before the court ended it."},
}

// againstModification judge a changed order by the order as it was.
var againstModification = []Rule{
	{ID: "ModifiedAfterEnd", Severity: Error, Whose: Court, Citation: changeSense, find: modifiedAfterEnd,
		Asks: "An order that no longer stands is not changed."},
	{ID: "ModifiedAfterExpiry", Severity: Warning, Whose: Court, Citation: changeSense, find: modifiedAfterExpiry,
		Asks: "The order was changed while it was in force; what was wrong in it may be corrected later."},
	{ID: "ModifiedOtherCase", Severity: Warning, Whose: Court, Citation: changeSense, find: modifiedOtherCase,
		Asks: "The changed order has the case number that it had."},
	{ID: "ModifiedSomebodyElse", Severity: Error, Whose: Court, Citation: changeSense, find: modifiedSomebodyElse,
		Asks: "The changed order restrains the same person, under whatever name."},
	{ID: "ModifiedOtherPerson", Severity: Warning, Whose: Court, Citation: changeSense, find: modifiedOtherPerson,
		Asks: "The changed order restrains whom it restrained; a name is changed to correct it."},
	{ID: "ModifiedOtherForm", Severity: Error, Whose: Court, Citation: "a new order is added, not modified", find: modifiedOtherForm,
		Asks: "The changed order is of the type that it was."},
	{ID: "NotLonger", Severity: Warning, Whose: Court, Citation: changeSense, find: notLonger,
		Asks: "An order that is continued, extended or renewed ends later than before."},
}

// againstCancellation judge a cancellation by the order that it ends.
var againstCancellation = []Rule{
	{ID: "CancelledAlready", Severity: Error, Whose: Court, Citation: changeSense, find: cancelledAlready,
		Asks: "What no longer stands is not cancelled again."},
	{ID: "CancelOtherCase", Severity: Error, Whose: Court, Citation: changeSense, find: cancelOtherCase,
		Asks: "Cancellation and order have the same case number."},
	{ID: "CancelOtherPerson", Severity: Error, Whose: Court, Citation: changeSense, find: cancelOtherPerson,
		Asks: "The cancellation names the person whom the order restrains."},
	{ID: "CancelledBeforeIssue", Severity: Error, Whose: Court, Citation: changeSense, find: cancelledBeforeIssue,
		Asks: "The order ended on or after its issue."},
	{ID: "EndOtherFamily", Severity: Warning, Whose: Court, Citation: "the form table", find: endOtherFamily,
		Asks: "The form of the end is one for orders of this family."},
}

// againstSupplement judge a supplement by the order that it names.
var againstSupplement = []Rule{
	{ID: "SupplementOtherPerson", Severity: Error, Whose: Court, Citation: changeSense, find: supplementOtherPerson,
		Asks: "A supplement that names a person names the one whom the order restrains."},
	confidentialRule,
	{ID: "SupplementOtherCase", Severity: Error, Whose: Court, Citation: changeSense, find: supplementOtherCase,
		Asks: "Supplement and order have the same case number."},
}
