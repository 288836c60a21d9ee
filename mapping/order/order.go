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
	Court      Court       `json:"court"`
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
	// Officer is the officer who asked for an emergency order (EPO-001).
	Officer *Officer `json:"officer,omitempty"`

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
	Role  string `json:"role"` // order, proofOfService, attachment
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
