package access

import "ccpor/mapping/order"

// Deed is something that a person does here. Every page and every act belongs to one.
type Deed string

// The deeds.
const (
	Enter            Deed = "enter"             // what everybody does who has signed in: the start page, one's own account
	FindSubmissions  Deed = "submissions.find"  // lists and pages of submissions, without names and contents
	ReadContents     Deed = "contents.read"     // what a submission holds, stage by stage, and the package as it came
	ReadOrders       Deed = "orders.read"       // orders, as far as the sights allow
	ReadImages       Deed = "images.read"       // images of orders that are seen whole
	SeeConflicts     Deed = "conflicts.see"     // the list of one's court's orders that conflict with others
	BreakGlass       Deed = "glass.break"       // opening an order that the sights forbid, for a reason, for an hour
	RecordService    Deed = "service.record"    // recording that an order was served
	SeeUnserved      Deed = "unserved.see"      // the list of orders in force that nobody has served
	ReadConfidential Deed = "confidential.read" // what CLETS-001 says
	ConfirmHits      Deed = "hits.confirm"      // answering other agencies that ask whether an order is valid
	AskCarpos        Deed = "carpos.ask"        // inquiries to CARPOS
	ReadTexts        Deed = "texts.read"        // texts of the line to CARPOS as they are
	SeeQueue         Deed = "queue.see"         // what is owed to CARPOS, and its deadlines
	ActOnQueue       Deed = "queue.act"         // hold, release, retry, correct, give up
	SeeMessages      Deed = "messages.see"      // what the switch sent unasked, without its text
	SeeBoard         Deed = "board.see"         // how the exchange stands
	SeeJobs          Deed = "jobs.see"          // the jobs behind it
	SeeAgency        Deed = "agency.see"        // an agency's page
	ContactAgency    Deed = "agency.contact"    // its contacts, closures and callback
	ManageAgencies   Deed = "agencies.manage"   // on-boarding, certificates, limits, grants
	ManagePeople     Deed = "people.manage"     // inviting, roles, ending access
	ManageWindows    Deed = "windows.manage"    // maintenance windows
	SearchAudit      Deed = "audit.search"      // who did and saw what
)

// Deeds are all of them.
func Deeds() []Deed {
	return []Deed{Enter, FindSubmissions, ReadContents, ReadOrders, ReadImages, SeeConflicts, BreakGlass, RecordService, SeeUnserved, ReadConfidential, ConfirmHits, AskCarpos, ReadTexts, SeeQueue, ActOnQueue, SeeMessages, SeeBoard, SeeJobs,
		SeeAgency, ContactAgency, ManageAgencies, ManagePeople, ManageWindows, SearchAudit}
}

// Scope is about whose things somebody may do something.
type Scope int

// The scopes, from the narrowest to the widest.
const (
	Nobodys   Scope = iota // not at all
	Own                    // what belongs to one's own agency
	Everybody              // what belongs to any agency
)

// cell is what the table of deeds says for a role: a scope by the kind of agency that the person belongs to.
type cell struct{ agency, central Scope }

var (
	never   = cell{}
	own     = cell{Own, Own}             // one's own agency, wherever one belongs
	home    = cell{Own, Everybody}       // at the exchange itself: everybody's
	central = cell{Nobodys, Everybody}   // nobody but at the exchange itself
	all     = cell{Everybody, Everybody} // the sights decide, or nothing has to
)

// deeds say what a role may do. docs/access.md is this table for people.
var deeds = map[Role]map[Deed]cell{
	JudicialOfficer: {Enter: all, FindSubmissions: own, ReadOrders: all, ReadImages: all, SeeConflicts: own, BreakGlass: all, SeeUnserved: own, AskCarpos: all, SeeAgency: own},
	CourtClerk: {Enter: all, FindSubmissions: own, ReadContents: own, ReadOrders: all, ReadImages: all, SeeConflicts: own, BreakGlass: all, SeeUnserved: own, ConfirmHits: own, AskCarpos: all, SeeQueue: own,
		SeeAgency: own},
	LawEnforcement: {Enter: all, FindSubmissions: own, ReadOrders: all, ReadImages: all, RecordService: all, SeeUnserved: all, ReadConfidential: all, ConfirmHits: own, AskCarpos: all,
		SeeAgency: own},
	HelpDesk:            {Enter: all, FindSubmissions: home, ReadOrders: all, SeeQueue: home, SeeMessages: central, SeeBoard: central, SeeAgency: home},
	AgencyAdministrator: {Enter: all, FindSubmissions: own, SeeAgency: own, ContactAgency: own, ManagePeople: own, SearchAudit: own},
	IntegrationEngineer: {Enter: all, FindSubmissions: home, ReadContents: home, ReadTexts: central, SeeQueue: home, ActOnQueue: central, SeeMessages: central, SeeBoard: central,
		SeeJobs: central, SeeAgency: home},
	Auditor: {Enter: all, FindSubmissions: home, SeeBoard: central, SeeAgency: home, SearchAudit: home},
	SystemAdministrator: {Enter: all, FindSubmissions: central, SeeQueue: central, ActOnQueue: central, SeeMessages: central, SeeBoard: central, SeeJobs: central, SeeAgency: central,
		ContactAgency: central, ManageAgencies: central, ManagePeople: central, ManageWindows: central},
}

// certified are the deeds that DOJ lets CLETS-certified people do only (CLETS Policies, Practices and Procedures 1.9.2).
var certified = map[Deed]bool{AskCarpos: true, ReadTexts: true, ReadConfidential: true}

// May says about whose things the person may do a deed on a day: the widest of what the roles allow.
func (a Asker) May(d Deed, today order.Date) Scope {
	widest := Nobodys
	if certified[d] && !a.Certified(today) {
		return widest
	}
	for _, r := range a.Roles {
		if !a.Has(r) {
			continue
		}
		c := deeds[r][d]
		if a.Kind.Central() {
			widest = max(widest, c.central)
		} else {
			widest = max(widest, c.agency)
		}
	}
	return widest
}

// MayAbout says whether the person may do a deed about what belongs to an agency.
func (a Asker) MayAbout(d Deed, agency order.ORI, today order.Date) bool {
	switch a.May(d, today) {
	case Everybody:
		return true
	case Own:
		return agency == a.Agency && agency != ""
	}
	return false
}
