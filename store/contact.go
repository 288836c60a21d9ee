package store

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// ContactKind is for what an agency is called.
type ContactKind string

// The kinds of contacts.
const (
	ContactOffice       ContactKind = "office"       // about orders, in the hours of the office
	ContactTechnical    ContactKind = "technical"    // about its system, certificates and listener
	ContactConfirmation ContactKind = "confirmation" // confirms hits around the clock
	ContactHelpDesk     ContactKind = "helpDesk"     // answers its own people
)

// ContactKinds are all kinds.
func ContactKinds() []ContactKind {
	return []ContactKind{ContactOffice, ContactTechnical, ContactConfirmation, ContactHelpDesk}
}

// ContactID is the hub's own number of a contact.
type ContactID int64

// Contact is whom to call at an agency: a function, never a person by name.
type Contact struct {
	ID     ContactID   `json:"id"`
	Agency order.ORI   `json:"agency"`
	Kind   ContactKind `json:"kind"`
	// Name is of a function, 1 to 100 characters.
	Name string `json:"name"`
	// Telephone or Email is given, or both: 40 characters at most, and an address in ASCII.
	Telephone string `json:"telephone,omitempty"`
	Email     string `json:"email,omitempty"`
	// Hours are in words, as "Mon-Fri 8:00 to 16:00"; 100 characters at most.
	Hours string `json:"hours,omitempty"`
}

// InputError says which part of what somebody gave cannot be taken, and why in a sentence.
type InputError struct{ Part, Why string }

func (e *InputError) Error() string { return e.Part + ": " + e.Why }

// check says everything that is wrong with it, as *InputErrors.
func (c Contact) check() error {
	var errs []error
	wrong := func(is bool, part, why string) {
		if is {
			errs = append(errs, &InputError{part, why})
		}
	}
	wrong(!slices.Contains(ContactKinds(), c.Kind), "kind", "It is one of those that are offered.")
	wrong(!IsLine(c.Name, 1, 100), "name", "Name the function in 1 to 100 characters on one line, as \"Clerk's office, protective orders\".")
	wrong(!IsLine(c.Telephone, 0, 40), "telephone", "It has at most 40 characters on one line.")
	wrong(c.Email != "" && !IsAddress(c.Email), "email", "An e-mail address looks like office@court.example.")
	wrong(!IsLine(c.Hours, 0, 100), "hours", "They take at most 100 characters on one line.")
	wrong(c.Telephone == "" && c.Email == "", "telephone", "A telephone number or an e-mail address is needed.")
	return errors.Join(errs...)
}

// IsLine says that a text is one line of so many characters, without blanks around it where it has any.
func IsLine(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return n >= least && n <= most && utf8.ValidString(s) && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}

// IsAddress says that it is the address of an e-mail, in ASCII and nothing but the address.
func IsAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 254 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func (c Contact) described() string {
	return fmt.Sprintf("contact %d, %s: name %s, telephone %s, e-mail %s, hours %s", c.ID, c.Kind, strconv.Quote(c.Name), strconv.Quote(c.Telephone), strconv.Quote(c.Email), strconv.Quote(c.Hours))
}

// ContactsOf lists whom to call at an agency, by kind and number.
func (r *Reader) ContactsOf(ctx context.Context, ori order.ORI) ([]Contact, error) {
	return all(ctx, r.pool, scanContact, "list the contacts", "select "+contactColumns+" from agency_contact c join agency a on a.id = c.agency_id where a.ori = $1 order by c.kind, c.id", string(ori))
}

const contactColumns = "c.id, a.ori, c.kind, c.name, c.telephone, c.email, c.hours"

func scanContact(row pgx.CollectableRow) (c Contact, err error) {
	err = row.Scan(&c.ID, &c.Agency, &c.Kind, &c.Name, &c.Telephone, &c.Email, &c.Hours)
	return c, err
}

// AddContact adds a contact to its agency. *InputErrors; ErrNotFound: there is no such agency.
func (s *Store) AddContact(ctx context.Context, c Contact, by By, now time.Time) (Contact, error) {
	if err := c.check(); err != nil {
		return Contact{}, err
	}
	err := s.onAgency(ctx, c.Agency, by, now, func(tx pgx.Tx, a Agency) (agencyNote, error) {
		err := tx.QueryRow(ctx, "insert into agency_contact (agency_id, kind, name, telephone, email, hours) values ($1, $2, $3, $4, $5, $6) returning id",
			int64(a.ID), string(c.Kind), c.Name, c.Telephone, c.Email, c.Hours).Scan(&c.ID)
		if err != nil {
			return agencyNote{}, fmt.Errorf("add a contact: %w", err)
		}
		return agencyNote{"agency.contact", "added", c.described()}, nil
	})
	return c, err
}

// RemoveContact takes a contact away; the log keeps what it was. ErrNotFound: the agency has no such contact.
func (s *Store) RemoveContact(ctx context.Context, ori order.ORI, id ContactID, by By, now time.Time) error {
	return s.onAgency(ctx, ori, by, now, func(tx pgx.Tx, a Agency) (agencyNote, error) {
		c, err := one(ctx, tx, scanContact, "remove a contact",
			"delete from agency_contact c using agency a where c.agency_id = $1 and c.id = $2 and a.id = c.agency_id returning "+contactColumns, int64(a.ID), int64(id))
		return agencyNote{"agency.contact", "removed", c.described()}, err
	})
}

// agencyNote is what goes on record of an act about an agency.
type agencyNote struct{ action, outcome, details string }

// onAgency does something about an agency and puts it on record, both or neither. ErrNotFound.
func (s *Store) onAgency(ctx context.Context, ori order.ORI, by By, now time.Time, do func(tx pgx.Tx, a Agency) (agencyNote, error)) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		a, err := one(ctx, tx, scanAgency, "find the agency", "select "+agencyColumns+" from agency a where ori = $1 for no key update", string(ori))
		if err != nil {
			return err
		}
		n, err := do(tx, a)
		if err != nil {
			return err
		}
		return note(ctx, tx, by.aboutAgency(ori, now, n))
	})
}

// aboutAgency is an entry about an agency.
func (b By) aboutAgency(ori order.ORI, at time.Time, n agencyNote) Event {
	return Event{At: at, Actor: b.Actor, Person: b.Person, Agency: b.Agency, Action: n.action, Object: "agency " + string(ori), Outcome: n.outcome, Details: n.details}
}
