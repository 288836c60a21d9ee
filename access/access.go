// Package access says who may do what: for which roles an agency can vouch, what a person may do in a role and about whose things, and how much of an order that person sees.
//
// It is one set of tables and the few functions that read them; service, desks and pages ask here and nowhere else, and docs/access.md is the same tables for people.
// It knows no session, no page and no database, and keeps nothing. What is not in a table is forbidden.
package access

import (
	"slices"
	"time"

	"ccpor/mapping/order"
)

// Kind is what sort of agency it is.
type Kind string

// The kinds of agencies. The help desk and the operator are the exchange's own: they send no orders, and reach what all agencies sent.
const (
	KindCourt          Kind = "court"
	KindTribalCourt    Kind = "tribalCourt"
	KindLawEnforcement Kind = "lawEnforcement"
	KindHelpDesk       Kind = "helpDesk"
	KindOperator       Kind = "operator"
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{KindCourt, KindTribalCourt, KindLawEnforcement, KindHelpDesk, KindOperator}
}

// Central says that the agency is the exchange's own.
func (k Kind) Central() bool { return k == KindHelpDesk || k == KindOperator }

// Role is in what capacity a person acts. A person may have several.
type Role string

// The roles.
const (
	JudicialOfficer     Role = "judicialOfficer"
	CourtClerk          Role = "courtClerk"
	LawEnforcement      Role = "lawEnforcement"
	HelpDesk            Role = "helpDesk"
	AgencyAdministrator Role = "agencyAdministrator"
	IntegrationEngineer Role = "integrationEngineer"
	Auditor             Role = "auditor"
	SystemAdministrator Role = "systemAdministrator"
)

// Roles are all of them.
func Roles() []Role {
	return []Role{JudicialOfficer, CourtClerk, LawEnforcement, HelpDesk, AgencyAdministrator, IntegrationEngineer, Auditor, SystemAdministrator}
}

// names are the roles as people call them.
var names = map[Role]string{
	JudicialOfficer: "judicial officer", CourtClerk: "court clerk", LawEnforcement: "law enforcement", HelpDesk: "help desk", AgencyAdministrator: "agency administrator",
	IntegrationEngineer: "integration engineer", Auditor: "auditor", SystemAdministrator: "system administrator",
}

// Name is the role as people call it.
func (r Role) Name() string { return names[r] }

// vouches says for which roles an agency of a kind can vouch.
var vouches = map[Kind][]Role{
	KindCourt:          {JudicialOfficer, CourtClerk, HelpDesk, AgencyAdministrator, IntegrationEngineer, Auditor},
	KindTribalCourt:    {JudicialOfficer, CourtClerk, HelpDesk, AgencyAdministrator, IntegrationEngineer, Auditor},
	KindLawEnforcement: {LawEnforcement, HelpDesk, AgencyAdministrator, IntegrationEngineer, Auditor},
	KindHelpDesk:       {HelpDesk, AgencyAdministrator, Auditor},
	KindOperator:       {HelpDesk, AgencyAdministrator, IntegrationEngineer, Auditor, SystemAdministrator},
}

// Vouched are the roles that a person of an agency of this kind can have.
func Vouched(k Kind) []Role { return slices.Clone(vouches[k]) }

// Asking are the roles in which a person asks about orders over the service, where the agency vouches for the person with each request.
func Asking(k Kind) []Role {
	return slices.DeleteFunc(Vouched(k), func(r Role) bool {
		return !slices.Contains([]Role{JudicialOfficer, CourtClerk, LawEnforcement, HelpDesk}, r)
	})
}

// Asker is who asks or acts: a person of an agency, in that person's roles.
type Asker struct {
	Kind   Kind
	Agency order.ORI
	// Test says that the agency is one for tests: it sees test orders, and no others.
	Test  bool
	Roles []Role
	// Sealed says that the agency lets this person see sealed orders, where the roles do.
	Sealed bool
	// CertifiedUntil is the last day of the person's CLETS certification; nil: there is none.
	CertifiedUntil *order.Date
	// Opened are the orders that the person has opened for a time by breaking the glass, for a reason that is on record.
	Opened []Opened
}

// Opened is one order opened to one person, by its court and that court's identification, until a time.
type Opened struct {
	Court order.ORI
	ID    order.LocalID
	Until time.Time
}

// Has says that the person has the role, and that the agency can vouch for it.
func (a Asker) Has(r Role) bool {
	return slices.Contains(a.Roles, r) && slices.Contains(vouches[a.Kind], r)
}

// Certified says that the person is CLETS-certified on a day.
func (a Asker) Certified(today order.Date) bool {
	return a.CertifiedUntil != nil && !a.CertifiedUntil.Before(today)
}
