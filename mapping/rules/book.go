package rules

const (
	orderPath   = "/OrderPackage/ProtectionOrder"
	servicePath = "/OrderPackage/CourtOrderService"
)

// Where no statute says so, the citation tells why the exchange asks.
const (
	ourContract = "the exchange's contract"
	ownSense    = "an order must not contradict itself"
	proofSense  = "a proof must fit the order that it proves"
)

// orderRules judge a package with an order.
var orderRules = []Rule{
	{ID: "ActionMismatch", Severity: Error, Whose: Sender, Citation: ourContract, find: actionMismatch,
		Asks: "The action add brings an order, the action serve brings a proof of service."},
	{ID: "DocumentRepeated", Severity: Error, Whose: Sender, Citation: ourContract, find: documentRepeated,
		Asks: "Each document of the package has an identification of its own."},
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
	{ID: "OfficerMissing", Severity: Warning, Whose: Court, Citation: "Fam. Code 6250.3", find: officerMissing,
		Asks: "An emergency order names the officer who asked for it."},
	{ID: "FirearmsMissing", Severity: Warning, Whose: Court, Citation: "Fam. Code 6389; Pen. Code 136.2(d)", find: firearmsMissing,
		Asks: "Where the form always has a firearm clause, the package has it."},
	{ID: "ExchangeWithoutCase", Severity: Warning, Whose: Court, Citation: "CR-160, exceptions for the exchange of children", find: exchangeWithoutCase,
		Asks: "An exception for the exchange of children names the case that orders visitation."},
}

// serviceRules judge a package with a proof of service, by itself.
var serviceRules = []Rule{
	{ID: "ActionMismatch", Severity: Error, Whose: Sender, Citation: ourContract, find: actionMismatch,
		Asks: "The action add brings an order, the action serve brings a proof of service."},
	{ID: "DocumentRepeated", Severity: Error, Whose: Sender, Citation: ourContract, find: documentRepeated,
		Asks: "Each document of the package has an identification of its own."},
	{ID: "ServedInFuture", Severity: Error, Whose: Court, Citation: proofSense, find: servedInFuture,
		Asks: "The order was served on or before today."},
	{ID: "ProofFormUnknown", Severity: Warning, Whose: Sender, Citation: ourContract, find: proofFormUnknown,
		Asks: "The form of the proof is in the form table."},
	{ID: "ProofOtherMethod", Severity: Warning, Whose: Court, Citation: "the proof's own form", find: proofOtherMethod,
		Asks: "The form of the proof states this method of service."},
}

// againstRules judge a proof of service by the order that it names.
var againstRules = []Rule{
	{ID: "ServiceOtherCase", Severity: Error, Whose: Court, Citation: proofSense, find: serviceOtherCase,
		Asks: "Proof and order have the same case number."},
	{ID: "ServiceOtherPerson", Severity: Error, Whose: Court, Citation: proofSense, find: serviceOtherPerson,
		Asks: "The person served is the one whom the order restrains."},
	{ID: "ServedBeforeIssue", Severity: Error, Whose: Court, Citation: proofSense, find: servedBeforeIssue,
		Asks: "The order was served on or after its issue."},
	{ID: "ServedAfterExpiry", Severity: Warning, Whose: Court, Citation: proofSense, find: servedAfterExpiry,
		Asks: "The order was served while it was in force."},
}
