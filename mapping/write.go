package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"ccpor/mapping/order"
	"ccpor/schemas"
)

// ErrUnwritable says that a package is none: it lacks what the schema needs, or holds text that XML cannot carry.
var ErrUnwritable = errors.New("this cannot be written as a package")

// Write gives the package as unsigned XML in canonical form (exclusive C14N), ready to be signed; its root has the Id "package". A default expiry is left out, as on
// the form. The result is valid by the schemas when the values are; schemas.Validate tells. The error wraps ErrUnwritable.
func Write(p Package) ([]byte, error) {
	if p.subjects() != 1 {
		return nil, fmt.Errorf("%w: it needs exactly one of an order, a proof of service, a cancellation and a supplement", ErrUnwritable)
	}
	w := &writer{b: make([]byte, 0, 8<<10)}
	w.b = append(w.b, `<OrderPackage xmlns="`+schemas.PackageNamespace+`" Id="package">`...)
	w.depth = 1
	w.header(p)
	w.subject(p)
	if p.Confidential != nil {
		w.confidential(p.Confidential)
	}
	for _, d := range p.Documents {
		w.document(d)
	}
	w.close(schemas.Root.Local)
	return w.b, w.err
}

func (p Package) subjects() (n int) {
	for _, there := range []bool{p.Order != nil, p.Service != nil, p.Cancellation != nil, p.Supplement != nil} {
		if there {
			n++
		}
	}
	return n
}

func (w *writer) subject(p Package) {
	switch {
	case p.Order != nil:
		if p.Modification != nil {
			w.modification(p.Modification)
		}
		w.order(p.Order)
	case p.Service != nil:
		w.service(p.Service)
	case p.Cancellation != nil:
		w.cancellation(p.Cancellation)
	case p.Supplement != nil:
		w.supplement(p.Supplement)
	}
}

func (w *writer) header(p Package) {
	w.open("PackageHeader")
	w.leaf("PackageIdentification", string(p.ID))
	w.leaf("PackageActionCode", string(p.Action))
	w.leaf("PackageSentDateTime", p.Sent.UTC().Format(time.RFC3339Nano))
	w.leaf("SubmitterOrganizationORIIdentification", string(p.Submitter))
	w.leaf("SoftwareName", p.Software)
	w.some("SoftwareVersionText", p.SoftwareVersion)
	w.leaf("TestIndicator", strconv.FormatBool(p.Test))
	w.close("PackageHeader")
}

func (w *writer) order(o *order.Order) {
	w.open("ProtectionOrder")
	w.leaf("OrderIdentification", string(o.ID))
	w.leaf("FormNumberText", o.Form.Number)
	w.leaf("FormRevisionDate", o.Form.Revision.String())
	w.leaf("CaseDocketID", string(o.Case))
	for _, c := range o.OtherCases {
		w.otherCase(c)
	}
	w.some("FollowedOrderIdentification", string(o.Follows))
	w.court(o.Court)
	w.leaf("CourtOrderIssuingDate", o.Issued.String())
	w.time("CourtOrderIssuingTime", o.IssuedTime)
	w.leaf("CourtOrderIssuingJudicialOfficialName", o.Judge)
	w.yes("CourtOrderModificationIndicator", o.Modification)
	w.leaf("CourtOrderStageCode", string(o.Stage))
	w.each("StatuteText", o.Statutes)
	for _, h := range o.Hearings {
		w.hearing(h)
	}
	w.expiry(o.Expiry)
	if o.Access != order.AccessNormal {
		w.some("DocumentAccessCode", string(o.Access))
	}
	w.restrained(o.Restrained)
	for _, p := range o.Protected {
		w.protected(p)
	}
	for _, g := range o.Organizations {
		w.organization(g)
	}
	w.petitioner(o.Petitioner)
	if o.Officer != nil {
		w.officer("RequestingOfficer", *o.Officer)
	}
	w.foreign(o.Foreign)
	w.terms(o.Terms)
	w.some("CourtOrderSpecialInstructionText", o.OtherOrders)
	w.leaf("CourtOrderServiceCode", string(o.Service))
	w.close("ProtectionOrder")
}

func (w *writer) expiry(e order.Expiry) {
	switch e.Basis {
	case order.ExpiryPermanent:
		w.leaf("OrderPermanentIndicator", "true")
	case order.ExpiryExplicit:
		w.date("OrderExpirationDate", e.Date)
		w.time("OrderExpirationTime", e.Time)
	}
}

func (w *writer) otherCase(c order.OtherCase) {
	w.open("CaseOtherIdentification")
	w.leaf("CaseCategoryCode", c.Kind)
	w.leaf("CaseDocketID", string(c.Number))
	w.some("CourtName", c.Court)
	w.date("CourtOrderIssuingDate", c.Issued)
	w.close("CaseOtherIdentification")
}

func (w *writer) court(c order.Court) {
	w.open("CourtOrderIssuingCourt")
	w.leaf("OrganizationORIIdentification", string(c.ORI))
	w.leaf("CourtName", c.Name)
	w.some("CourtCountyName", c.County)
	w.some("CourtDivisionText", c.Department)
	w.address("CourtAddress", c.Address)
	w.some("CourtTelephoneNumber", c.Telephone)
	w.close("CourtOrderIssuingCourt")
}

func (w *writer) address(name string, a *order.Address) {
	if a == nil {
		return
	}
	w.open(name)
	w.leaf("LocationStreetFullText", a.Street)
	w.some("LocationCityName", a.City)
	w.some("LocationStateCode", a.State)
	w.some("LocationPostalCode", a.Postal)
	w.close(name)
}

func (w *writer) hearing(h order.Hearing) {
	w.open("CourtHearing")
	w.leaf("HearingPurposeCode", string(h.Purpose))
	w.leaf("HearingDate", h.Date.String())
	w.time("HearingTime", h.Time)
	w.some("CourtDivisionText", h.Department)
	w.some("CourtRoomText", h.Room)
	w.some("JudicialOfficialName", h.Judge)
	w.close("CourtHearing")
}

func (w *writer) name(name string, n order.Name) {
	w.open(name)
	w.some("PersonGivenName", n.Given)
	w.some("PersonMiddleName", n.Middle)
	w.leaf("PersonSurName", n.Surname)
	w.some("PersonNameSuffixText", n.Suffix)
	w.close(name)
}

func (w *writer) person(p order.Person) {
	w.some("PersonSexCode", p.Sex)
	w.some("PersonRaceCode", p.Race)
	w.date("PersonBirthDate", p.Born)
	w.number("PersonAgeMeasure", p.Age)
}

func (w *writer) restrained(p order.Restrained) {
	w.open("RestrainedPerson")
	w.name("PersonName", p.Name)
	for _, n := range p.Aliases {
		w.name("PersonAlternateName", n)
	}
	w.person(p.Person)
	w.number("PersonHeightMeasure", p.Height)
	w.number("PersonWeightMeasure", p.Weight)
	w.some("PersonHairColorCode", p.Hair)
	w.some("PersonEyeColorCode", p.Eyes)
	w.each("PersonPhysicalFeatureText", p.Marks)
	w.address("PersonResidenceAddress", p.Address)
	w.license(p.DriverLicense)
	w.some("PersonStateFingerprintIdentification", p.CII)
	w.some("PersonFBIIdentification", p.FBI)
	w.some("PeaceOfficerDepartmentName", p.PeaceOfficer)
	w.yes("PersonMinorIndicator", p.Minor)
	w.said("PresentAtHearingIndicator", p.Present)
	w.close("RestrainedPerson")
}

func (w *writer) license(l *order.License) {
	if l == nil {
		return
	}
	w.open("DriverLicense")
	w.leaf("DriverLicenseIdentification", l.Number)
	w.leaf("DriverLicenseStateCode", l.State)
	w.number("DriverLicenseExpirationYear", l.Year)
	w.close("DriverLicense")
}

func (w *writer) protected(p order.Protected) {
	w.open("ProtectedPerson")
	w.name("PersonName", p.Name)
	w.person(p.Person)
	w.some("RelationshipText", p.Relation)
	w.yes("PersonMinorIndicator", p.Minor)
	w.close("ProtectedPerson")
}

func (w *writer) officer(name string, o order.Officer) {
	w.open(name)
	w.leaf("PersonFullName", o.Name)
	w.some("OfficerBadgeText", o.Badge)
	w.some("OrganizationName", o.Agency)
	w.some("OrganizationORIIdentification", string(o.AgencyORI))
	w.some("TelephoneNumber", o.Telephone)
	w.close(name)
}

func (w *writer) terms(t order.Terms) {
	w.open("CourtOrderConditions")
	w.yes("NoHarmIndicator", t.NoHarm)
	w.yes("NoContactIndicator", t.NoContact)
	w.yes("NoThirdPartyContactIndicator", t.NoThirdPartyContact)
	w.yes("ChildExchangeExceptionIndicator", t.ChildExchange)
	for _, s := range t.StayAway {
		w.stayAway(s)
	}
	if t.MoveOut {
		w.open("MoveOut")
		w.address("MoveOutAddress", t.MoveOf)
		w.close("MoveOut")
	}
	if f := t.Firearms; f != nil {
		w.open("FirearmRestriction")
		w.leaf("NoPossessionIndicator", strconv.FormatBool(f.NoPossession))
		w.leaf("NoPurchaseIndicator", strconv.FormatBool(f.NoPurchase))
		w.leaf("SurrenderIndicator", strconv.FormatBool(f.Surrender))
		w.number("SurrenderWithinHours", f.WithinHours)
		w.yes("NoBodyArmorIndicator", f.NoBodyArmor)
		w.each("FirearmText", f.Named)
		w.close("FirearmRestriction")
	}
	w.yes("CustodyToProtectedIndicator", t.CustodyToProtected)
	w.yes("VisitationToRestrainedIndicator", t.VisitationToRestrained)
	w.yes("NoDissuasionIndicator", t.NoDissuasion)
	w.yes("MayRecordCommunicationIndicator", t.MayRecord)
	w.said("ProtectionOrderBradyIndicator", t.Brady)
	w.yes("FinancialAbuseOnlyIndicator", t.FinancialAbuseOnly)
	w.some("AnimalsText", t.Animals)
	w.some("PropertyText", t.Property)
	w.some("SupportText", t.Support)
	w.each("ProgramText", t.Programs)
	w.date("ElectronicMonitoringEndDate", t.MonitoredUntil)
	w.close("CourtOrderConditions")
}

func (w *writer) stayAway(s order.StayAway) {
	w.open("StayAway")
	w.leaf("StayAwayDistanceYards", strconv.Itoa(s.Yards))
	for _, p := range s.Places {
		w.open("StayAwayPlace")
		w.leaf("PlaceCode", string(p.Kind))
		w.some("PlaceText", p.Text)
		w.close("StayAwayPlace")
	}
	w.close("StayAway")
}

func (w *writer) service(s *order.Service) {
	w.open("CourtOrderService")
	w.leaf("OrderIdentification", string(s.OrderID))
	w.leaf("OrganizationORIIdentification", string(s.Court))
	w.leaf("CaseDocketID", string(s.Case))
	w.some("FormNumberText", s.Form)
	w.name("RestrainedPersonName", s.Restrained)
	w.leaf("CourtOrderServiceDate", s.Date.String())
	w.time("CourtOrderServiceTime", &s.Time)
	w.leaf("ServiceMethodCode", string(s.Method))
	w.officer("CourtOrderServiceOfficial", s.Server)
	w.leaf("EnteringAgencyServedIndicator", strconv.FormatBool(s.Own))
	w.some("ServiceLocationText", s.Place)
	w.each("ServedFormNumberText", s.Papers)
	w.close("CourtOrderService")
}

func (w *writer) document(d order.Document) {
	w.open("Document")
	w.leaf("DocumentIdentification", d.ID)
	w.leaf("DocumentRoleCode", d.Role)
	w.leaf("DocumentMediaTypeText", d.Media)
	w.leaf("DocumentByteCount", strconv.FormatInt(d.Bytes, 10))
	w.number("DocumentPageCount", d.Pages)
	w.leaf("DocumentSHA256", d.SHA256)
	w.close("Document")
}

// writer appends canonical XML, one element a line. Its first error stays.
type writer struct {
	b     []byte
	depth int
	err   error
}

const indentation = "\n                "

func (w *writer) line() { w.b = append(w.b, indentation[:min(1+2*w.depth, len(indentation))]...) }

func (w *writer) open(name string) {
	w.line()
	w.b = append(append(append(w.b, '<'), name...), '>')
	w.depth++
}

func (w *writer) close(name string) {
	w.depth--
	w.line()
	w.end(name)
}

func (w *writer) end(name string) { w.b = append(append(append(w.b, "</"...), name...), '>') }

// leaf writes an element that the schema requires; without a text there is no package.
func (w *writer) leaf(name, text string) {
	if text == "" && w.err == nil {
		w.err = fmt.Errorf("%w: %s is needed", ErrUnwritable, name)
	}
	w.line()
	w.b = append(append(append(w.b, '<'), name...), '>')
	w.text(name, text)
	w.end(name)
}

// some writes an element that may be left out.
func (w *writer) some(name, text string) {
	if text != "" {
		w.leaf(name, text)
	}
}

// each writes one element for every text.
func (w *writer) each(name string, texts []string) {
	for _, t := range texts {
		w.leaf(name, t)
	}
}

func (w *writer) number(name string, n int) {
	if n != 0 {
		w.leaf(name, strconv.Itoa(n))
	}
}

func (w *writer) yes(name string, b bool) {
	if b {
		w.leaf(name, "true")
	}
}

func (w *writer) said(name string, b *bool) {
	if b != nil {
		w.leaf(name, strconv.FormatBool(*b))
	}
}

func (w *writer) date(name string, d *order.Date) {
	if d != nil {
		w.leaf(name, d.String())
	}
}

func (w *writer) time(name string, t *order.TimeOfDay) {
	if t != nil {
		w.leaf(name, t.String()+":00")
	}
}

// text escapes as canonical XML does, and refuses what XML cannot carry.
func (w *writer) text(name, s string) {
	if !utf8.ValidString(s) && w.err == nil {
		w.err = fmt.Errorf("%w: %s holds bytes that are no text", ErrUnwritable, name)
	}
	for _, c := range s {
		switch {
		case c == '&':
			w.b = append(w.b, "&amp;"...)
		case c == '<':
			w.b = append(w.b, "&lt;"...)
		case c == '>':
			w.b = append(w.b, "&gt;"...)
		case c == '\r':
			w.b = append(w.b, "&#xD;"...)
		case c < ' ' && c != '\t' && c != '\n' || c == 0xFFFE || c == 0xFFFF:
			if w.err == nil {
				w.err = fmt.Errorf("%w: %s holds a control character", ErrUnwritable, name)
			}
		default:
			w.b = utf8.AppendRune(w.b, c)
		}
	}
}

// WriteOrder gives the ProtectionOrder element alone, in canonical form, with its namespace declared on it. The error wraps ErrUnwritable.
func WriteOrder(o *order.Order) ([]byte, error) {
	w := &writer{b: make([]byte, 0, 4<<10)}
	w.order(o)
	const start = "\n<ProtectionOrder"
	if w.err != nil {
		return nil, w.err
	}
	return append([]byte(start[1:]+` xmlns="`+schemas.PackageNamespace+`"`), w.b[len(start):]...), nil
}
