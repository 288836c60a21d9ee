// Package order holds the words of the domain: a court's protective order, the people in it, its terms,
// its service, and the identifiers by which courts, law enforcement and CARPOS speak of them.
//
// A value that exists is valid: identifiers, dates and codes are made only by Parse functions that can fail,
// and the zero value of an optional field means that the court did not say. The JSON form of these types is the
// hub's canonical order, as the store keeps it and as the golden cases print it.
//
// The package imports nothing of ours. It knows no XML, no SQL and no CARPOS field, and it refuses to guess:
// what a form does not say stays unsaid.
package order

// Order is one court's protective order against one restrained person, in one version.
type Order struct {
	// ID is the court's own identification of the order, the same in every package about it.
	ID   LocalID `json:"id"`
	Form Form    `json:"form"`
	// Case is the number of the case in which the order was made.
	Case       CaseNumber  `json:"case"`
	OtherCases []OtherCase `json:"otherCases,omitempty"`
	// Follows is the temporary or emergency order of the same court that this one follows.
	Follows LocalID `json:"follows,omitempty"`
	Court   Court   `json:"court"`
	// Issued is the day on which the judicial officer made the order; the legal clock starts there (Fam. Code 6380(a)).
	Issued     Date       `json:"issued"`
	IssuedTime *TimeOfDay `json:"issuedTime,omitempty"`
	Judge      string     `json:"judge"`
	// Modification is the box of that name (CR-160): the order changes an earlier one.
	Modification bool  `json:"modification,omitempty"`
	Stage        Stage `json:"stage"`
	// Statutes are the provisions named on the form, as "PC 136.2".
	Statutes []string  `json:"statutes,omitempty"`
	Hearings []Hearing `json:"hearings,omitempty"`
	Expiry   Expiry    `json:"expiry"`
	Access   Access    `json:"access"`

	Restrained Restrained  `json:"restrained"`
	Protected  []Protected `json:"protected,omitempty"`
	// Organizations are the employers, schools and establishments that the order protects (WV, SV, retail theft).
	Organizations []Organization `json:"organizations,omitempty"`
	// Petitioner asked for the order, where that is not the protected person; nil where it is.
	Petitioner *Petitioner `json:"petitioner,omitempty"`
	// Officer is the officer who asked for an emergency order (EPO-001, EPO-002).
	Officer *Officer `json:"officer,omitempty"`
	// Foreign is the order of another state, tribe or country that this one registers (DV-600, DV-630).
	Foreign *Foreign `json:"foreign,omitempty"`

	Terms Terms `json:"terms"`
	// OtherOrders is what the judge wrote by hand or the form has no box for, word for word.
	OtherOrders string `json:"otherOrders,omitempty"`
	// Service is what the order itself says of service; later proofs are Service values of their own.
	Service ServiceState `json:"service"`

	Documents []Document `json:"documents,omitempty"`
}

// Form is the Judicial Council form on which the order was made, as the form table in mapping/forms knows it.
type Form struct {
	Number   string `json:"number"`   // "CR-160"
	Revision Date   `json:"revision"` // first day of the revision printed on the form
	Family   Family `json:"family"`
	// Designator is the CLETS designator printed in the form's title: "CPO".
	Designator string `json:"designator"`
	Title      string `json:"title"`
}

// Family is the kind of order in the words of the courts: "CPO", "DV", "EPO". The list is data (mapping/forms).
type Family string

// Stage says where in a case the order stands.
type Stage string

// The stages of an order.
const (
	StageEmergency      Stage = "emergency"
	StageTemporary      Stage = "temporary"
	StageAfterHearing   Stage = "afterHearing"
	StagePreTrial       Stage = "preTrial"
	StagePostConviction Stage = "postConviction"
	StageRegistered     Stage = "registered" // an order of another state, tribe or country (Fam. Code 6404, 6457)
)

// Access is the class that decides who may read the order.
type Access string

// The access classes of an order.
const (
	AccessNormal   Access = "normal"
	AccessJuvenile Access = "juvenile"
	AccessSealed   Access = "sealed"
)

// OtherCase is another case that the order names: the family case of a CR-160's exception, the police report of an EPO-001.
type OtherCase struct {
	Kind   string     `json:"kind"` // family, juvenile, criminal, lawEnforcement
	Number CaseNumber `json:"number"`
	Court  string     `json:"court,omitempty"`
	Issued *Date      `json:"issued,omitempty"`
}

// Court is the court that made the order, as the package names it.
type Court struct {
	ORI ORI `json:"ori"`
	// Name is the name of the court as on the form's caption.
	Name       string   `json:"name"`
	County     string   `json:"county,omitempty"`
	Department string   `json:"department,omitempty"`
	Address    *Address `json:"address,omitempty"`
	// Telephone is ten digits.
	Telephone string `json:"telephone,omitempty"`
}

// Address is a postal address in the United States or elsewhere.
type Address struct {
	Street string `json:"street"`
	City   string `json:"city,omitempty"`
	State  string `json:"state,omitempty"`
	Postal string `json:"postal,omitempty"`
}

// Hearing is a day in court that the order names.
type Hearing struct {
	Purpose    HearingPurpose `json:"purpose"`
	Date       Date           `json:"date"`
	Time       *TimeOfDay     `json:"time,omitempty"`
	Department string         `json:"department,omitempty"`
	Room       string         `json:"room,omitempty"`
	Judge      string         `json:"judge,omitempty"`
}

// HearingPurpose tells the hearing at which the order was made from those that are to come.
type HearingPurpose string

// The purposes of a hearing.
const (
	HearingHeard  HearingPurpose = "heard"
	HearingNext   HearingPurpose = "next"
	HearingReview HearingPurpose = "review"
)

// Expiry says until when the order stands and how that is known.
type Expiry struct {
	// Date is nil only when the order does not end by itself (Basis permanent).
	Date *Date `json:"date,omitempty"`
	// Time is nil when the order ends at the end of the day.
	Time  *TimeOfDay  `json:"time,omitempty"`
	Basis ExpiryBasis `json:"basis"`
	// Rule names the default rule that gave the date, when the form left it blank.
	Rule string `json:"rule,omitempty"`
}

// ExpiryBasis says where the expiry comes from.
type ExpiryBasis string

// The bases of an expiry.
const (
	ExpiryExplicit   ExpiryBasis = "explicit"
	ExpiryDefault    ExpiryBasis = "default"
	ExpiryHearingEnd ExpiryBasis = "hearingEnd"
	ExpiryCourtDay   ExpiryBasis = "courtDay" // counted in court days, for an emergency order (Fam. Code 6256)
	ExpiryPermanent  ExpiryBasis = "permanent"
)

// Restrained is the person whom the order binds.
type Restrained struct {
	Name    Name   `json:"name"`
	Aliases []Name `json:"aliases,omitempty"`
	Person
	// Height is in inches, Weight in pounds; zero when not said.
	Height int    `json:"height,omitempty"`
	Weight int    `json:"weight,omitempty"`
	Hair   string `json:"hair,omitempty"` // code of the table "hair"
	Eyes   string `json:"eyes,omitempty"` // code of the table "eyes"
	// Marks are scars, marks and tattoos, in the court's words.
	Marks         []string `json:"marks,omitempty"`
	Address       *Address `json:"address,omitempty"`
	DriverLicense *License `json:"driverLicense,omitempty"`
	// CII and FBI are the state's and the FBI's numbers of the person.
	CII string `json:"cii,omitempty"`
	FBI string `json:"fbi,omitempty"`
	// PeaceOfficer is the department of a restrained peace officer (CR-160).
	PeaceOfficer string `json:"peaceOfficer,omitempty"`
	// Minor marks a child (JV-265).
	Minor bool `json:"minor,omitempty"`
	// Present says whether the person was in court when the order was made; nil when the form does not say.
	Present *bool `json:"present,omitempty"`
}

// Person is what a form says of anybody's description.
type Person struct {
	// Sex and Race are codes of the package's own tables (mapping/codes), empty when not said.
	Sex  string `json:"sex,omitempty"`
	Race string `json:"race,omitempty"`
	Born *Date  `json:"born,omitempty"`
	// Age is in years, zero when not said; it may be an estimate.
	Age int `json:"age,omitempty"`
}

// License is a driver's licence.
type License struct {
	Number string `json:"number"`
	State  string `json:"state"`
	Year   int    `json:"year,omitempty"` // of expiry
}

// Protected is a person whom the order protects.
type Protected struct {
	Name Name `json:"name"`
	Person
	// Relation is the relationship to the restrained person, in the court's words.
	Relation string `json:"relation,omitempty"`
	// Minor marks a child.
	Minor bool `json:"minor,omitempty"`
}

// Organization is an employer, a school or an establishment that an order protects.
type Organization struct {
	Name  string    `json:"name"`
	Sites []Address `json:"sites,omitempty"`
}

// Petitioner is who asked for an order on behalf of others.
type Petitioner struct {
	Kind PetitionerKind `json:"kind"`
	Name string         `json:"name"`
	// ORI is that of a law-enforcement agency.
	ORI ORI `json:"ori,omitempty"`
}

// PetitionerKind is in what capacity somebody asks.
type PetitionerKind string

// The kinds of petitioners.
const (
	PetitionerPerson         PetitionerKind = "person"         // a relative, coworker or teacher (gun violence)
	PetitionerGuardian       PetitionerKind = "guardian"       // who acts for a child, elder or dependent adult
	PetitionerLawEnforcement PetitionerKind = "lawEnforcement" // an officer or agency
	PetitionerEmployer       PetitionerKind = "employer"
	PetitionerSchool         PetitionerKind = "school"
	PetitionerEstablishment  PetitionerKind = "establishment"
	PetitionerPeople         PetitionerKind = "people" // the People of the State, in a criminal case
)

// Foreign is the order that a registration makes known in California.
type Foreign struct {
	Court        string `json:"court"`
	Jurisdiction string `json:"jurisdiction"` // state, tribe, country or armed force
	Case         string `json:"case,omitempty"`
	Issued       *Date  `json:"issued,omitempty"`
	// Certified says that a certified copy was shown; nil when the form does not say.
	Certified *bool `json:"certified,omitempty"`
}

// Officer is the law-enforcement officer who asked for an order or served one.
type Officer struct {
	Name      string `json:"name"`
	Badge     string `json:"badge,omitempty"`
	Agency    string `json:"agency,omitempty"`
	AgencyORI ORI    `json:"agencyOri,omitempty"`
	Telephone string `json:"telephone,omitempty"`
}

// Terms are what the order forbids and commands, as boxes of its form.
type Terms struct {
	// NoHarm: must not harass, strike, threaten, stalk or disturb the peace of the protected persons.
	NoHarm bool `json:"noHarm,omitempty"`
	// NoContact and NoThirdPartyContact: no contact directly, or through others except a lawyer.
	NoContact           bool `json:"noContact,omitempty"`
	NoThirdPartyContact bool `json:"noThirdPartyContact,omitempty"`
	// ChildExchange: peaceful contact is allowed only for the safe exchange of children (CR-160 items 4 and 5).
	ChildExchange bool       `json:"childExchange,omitempty"`
	StayAway      []StayAway `json:"stayAway,omitempty"`
	// MoveOut: must leave the address at once.
	MoveOut bool     `json:"moveOut,omitempty"`
	MoveOf  *Address `json:"moveOutOf,omitempty"`
	// Firearms is nil when the form says nothing of firearms.
	Firearms *Firearms `json:"firearms,omitempty"`
	// CustodyToProtected and VisitationToRestrained: custody or visitation is ordered (PCO 09, 06).
	CustodyToProtected     bool `json:"custodyToProtected,omitempty"`
	VisitationToRestrained bool `json:"visitationToRestrained,omitempty"`
	// NoDissuasion: must not dissuade a victim or witness (Pen. Code 136.2).
	NoDissuasion bool `json:"noDissuasion,omitempty"`
	// MayRecord: the protected person may record prohibited communications.
	MayRecord bool `json:"mayRecord,omitempty"`
	// FinancialAbuseOnly: an elder-abuse order for financial abuse alone, which has no firearm clause (TEF, EAF).
	FinancialAbuseOnly bool `json:"financialAbuseOnly,omitempty"`
	// Animals, Property and Support are what is ordered of animals, of property, debts and payments, and of support, in the court's words.
	Animals  string `json:"animals,omitempty"`
	Property string `json:"property,omitempty"`
	Support  string `json:"support,omitempty"`
	// Programs are those that the restrained person must complete.
	Programs []string `json:"programs,omitempty"`
	// MonitoredUntil is the last day of electronic monitoring (CR-160, at most a year).
	MonitoredUntil *Date `json:"monitoredUntil,omitempty"`
	// Brady is what the court says of 18 U.S.C. 922(g)(8); nil when it does not say.
	Brady *bool `json:"brady,omitempty"`
}

// StayAway is a distance and the places from which it is measured.
type StayAway struct {
	Yards  int     `json:"yards"`
	Places []Place `json:"places"`
}

// Place is something to stay away from.
type Place struct {
	Kind PlaceKind `json:"kind"`
	// Text names the place where the form does; it may be the protected side's whereabouts.
	Text string `json:"text,omitempty"`
}

// PlaceKind is what sort of place it is.
type PlaceKind string

// The kinds of places on the forms.
const (
	PlacePerson    PlaceKind = "person"
	PlaceResidence PlaceKind = "residence"
	PlaceWork      PlaceKind = "work"
	PlaceSchool    PlaceKind = "school"
	PlaceChildCare PlaceKind = "childCare"
	PlaceVehicle   PlaceKind = "vehicle"
	PlaceOther     PlaceKind = "other"
)

// Firearms is the form's firearm clause.
type Firearms struct {
	NoPossession bool `json:"noPossession,omitempty"`
	NoPurchase   bool `json:"noPurchase,omitempty"`
	Surrender    bool `json:"surrender,omitempty"`
	// WithinHours is the time to surrender, zero when not said.
	WithinHours int `json:"withinHours,omitempty"`
	// NoBodyArmor: may not have body armor either (forms since 2025).
	NoBodyArmor bool `json:"noBodyArmor,omitempty"`
	// Named are the firearms that the order names, in the court's words.
	Named []string `json:"named,omitempty"`
}

// ServiceState is what the order says of its own service.
type ServiceState string

// The states of service on an order.
const (
	ServicePresent   ServiceState = "present"   // present in court: no further proof is required
	ServiceNotServed ServiceState = "notServed" // still to be served
	ServiceServed    ServiceState = "served"
	ServiceMail      ServiceState = "mail" // may be served by mail
)

// Service is a proof of service of an order.
type Service struct {
	// OrderID, Court and Case name the order that was served.
	OrderID LocalID    `json:"orderId"`
	Court   ORI        `json:"court"`
	Case    CaseNumber `json:"case"`
	// Form is the proof's own form (DV-200); empty when the return stands on the order or on the agency's own paper.
	Form       string        `json:"form,omitempty"`
	Restrained Name          `json:"restrained"`
	Date       Date          `json:"date"`
	Time       TimeOfDay     `json:"time"`
	Method     ServiceMethod `json:"method"`
	Server     Officer       `json:"server"`
	// Own says that the entering agency served it, not another one.
	Own       bool       `json:"own"`
	Place     string     `json:"place,omitempty"`
	Papers    []string   `json:"papers,omitempty"` // forms that were served
	Documents []Document `json:"documents,omitempty"`
}

// Reference names an order in a package about it: the court's identification, the court's ORI and the case number.
type Reference struct {
	OrderID LocalID    `json:"orderId"`
	Court   ORI        `json:"court"`
	Case    CaseNumber `json:"case"`
}

// Modification says why, when and by what the court changed an order that it had made.
type Modification struct {
	Reason ModifyReason `json:"reason"`
	Date   Date         `json:"date"`
	// Form is the form of the change (DV-116, CH-730); empty when it was made on the order's own form or on none.
	Form  string `json:"form,omitempty"`
	Judge string `json:"judge,omitempty"`
}

// ModifyReason is why an order was changed.
type ModifyReason string

// The reasons of a change.
const (
	ModifyCorrect  ModifyReason = "correct"  // the data were wrong
	ModifyAmend    ModifyReason = "amend"    // the court changed the terms
	ModifyContinue ModifyReason = "continue" // the hearing, and with it the end of a temporary order, was put off
	ModifyExtend   ModifyReason = "extend"   // it lasts longer
	ModifyRenew    ModifyReason = "renew"    // it was renewed
)

// Cancellation says that an order no longer stands.
type Cancellation struct {
	Reference
	// Form is the form of the termination (CR-165, DV-400); empty when there is none.
	Form       string       `json:"form,omitempty"`
	Restrained Name         `json:"restrained"`
	Reason     CancelReason `json:"reason"`
	// Date is the day from which the order no longer stands.
	Date      Date       `json:"date"`
	Judge     string     `json:"judge,omitempty"`
	Documents []Document `json:"documents,omitempty"`
}

// CancelReason is why an order no longer stands.
type CancelReason string

// The reasons of a cancellation.
const (
	CancelTerminated CancelReason = "terminated" // the court ended it
	CancelInError    CancelReason = "enteredInError"
	CancelDeceased   CancelReason = "deceased" // the restrained person has died
)

// Supplement brings images or confidential information of an order apart from its data, before or after them.
type Supplement struct {
	Reference
	// Form and Restrained help to find the order's data where they have not come yet.
	Form       string     `json:"form,omitempty"`
	Restrained *Name      `json:"restrained,omitempty"`
	Documents  []Document `json:"documents,omitempty"`
}

// Confidential is what form CLETS-001 says (Cal. Rules of Court, rule 1.51). It is kept apart from the order and is for law enforcement only.
type Confidential struct {
	Restrained *ConfidentialRestrained `json:"restrained,omitempty"`
	Protected  []ConfidentialProtected `json:"protected,omitempty"`
}

// ConfidentialRestrained describes the restrained person beyond the order. Height is in inches, Weight in pounds.
type ConfidentialRestrained struct {
	Aliases []Name `json:"aliases,omitempty"`
	Person
	Height          int      `json:"height,omitempty"`
	Weight          int      `json:"weight,omitempty"`
	Hair            string   `json:"hair,omitempty"`
	Eyes            string   `json:"eyes,omitempty"`
	Marks           []string `json:"marks,omitempty"`
	SSN             string   `json:"ssn,omitempty"` // nine digits
	DriverLicense   *License `json:"driverLicense,omitempty"`
	Address         *Address `json:"address,omitempty"`
	Telephones      []string `json:"telephones,omitempty"`
	Employer        string   `json:"employer,omitempty"`
	EmployerAddress *Address `json:"employerAddress,omitempty"`
	Vehicles        []string `json:"vehicles,omitempty"`
	Language        string   `json:"language,omitempty"`
	SpeaksEnglish   *bool    `json:"speaksEnglish,omitempty"`
	// FirearmsKnown is yes, no or unknown; Firearms are what is known of them.
	FirearmsKnown string   `json:"firearmsKnown,omitempty"`
	Firearms      []string `json:"firearms,omitempty"`
}

// ConfidentialProtected describes a protected person beyond the order, with whereabouts that must not leak.
type ConfidentialProtected struct {
	Name Name `json:"name"`
	Person
	Relation   string   `json:"relation,omitempty"`
	Address    *Address `json:"address,omitempty"`
	Telephones []string `json:"telephones,omitempty"`
}

// ServiceMethod is how the order was served.
type ServiceMethod string

// The methods of service.
const (
	MethodPersonal ServiceMethod = "personal"
	MethodVerbal   ServiceMethod = "verbal"
	MethodMail     ServiceMethod = "mail"
	MethodCourt    ServiceMethod = "court"
)

// Document is an image that belongs to a package, bound by its digest inside the signed part.
type Document struct {
	// ID is the attachment's name in the message (Content-ID or inline).
	ID    string `json:"id"`
	Role  string `json:"role"` // order, proofOfService, termination, foreignOrder, attachment
	Media string `json:"media"`
	Bytes int64  `json:"bytes"`
	Pages int    `json:"pages,omitempty"`
	// SHA256 is 64 lower-case hexadecimal digits.
	SHA256 string `json:"sha256"`
}

// Note is something that the hub noticed or did on the way, which refuses nothing.
type Note struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Path string `json:"path,omitempty"`
}
