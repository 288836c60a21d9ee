package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ccpor/access"
	"ccpor/mapping/order"
)

// PersonState is where a person stands who may sign in.
type PersonState string

// The states of a person; docs/states.md draws them.
const (
	PersonInvited  PersonState = "invited"  // has not accepted the invitation, and cannot sign in
	PersonActive   PersonState = "active"   // may sign in
	PersonDisabled PersonState = "disabled" // may not
)

// Person is somebody of an agency who may sign in. Nothing of it is a secret.
type Person struct {
	ID PersonID
	// Agency, AgencyORI, AgencyName, Kind and Test are of the agency to which the person belongs, for good.
	Agency     AgencyID
	AgencyORI  order.ORI
	AgencyName string
	Kind       access.Kind
	Test       bool
	// Login is the e-mail address with which the person signs in, in ASCII; one person has it, whatever its case.
	Login string
	Name  string
	State PersonState
	// Roles are such as the agency can vouch for, at least one.
	Roles []access.Role
	// Sealed says that the agency lets this person see sealed orders, where the roles do.
	Sealed bool
	// CertifiedUntil is the last day of the CLETS certification; nil: there is none.
	CertifiedUntil *order.Date
	// HasPassword, HasTOTP, Passkeys and Codes say what the person can prove themselves with; Codes is how many recovery codes are left.
	HasPassword, HasTOTP bool
	Passkeys, Codes      int
	// Failed counts failures since the last success; the person is locked out until LockedUntil.
	Failed      int
	LockedUntil time.Time
	// Epoch numbers the person's sessions: one of an earlier epoch has ended.
	Epoch int64
	// SignedIn is the last sign-in, SignedBefore the one before it; zero: there was none.
	SignedIn, SignedBefore time.Time
	// Issuer and Subject are of the agency's own identity provider, where the person signs in there.
	Issuer, Subject string
	// Handle is by which passkeys know the person, 32 random bytes.
	Handle []byte
}

// By is who does something to a person, as the audit log has it; a person who acts on the pages, or "person jdoe, command line".
type By struct {
	Actor  string
	Person PersonID
	Agency order.ORI
}

// By is the person as who acts.
func (p Person) By() By {
	return By{Actor: "person " + p.Login + ", " + string(p.AgencyORI), Person: p.ID, Agency: p.AgencyORI}
}

// Locked says that the person is locked out at a time.
func (p Person) Locked(now time.Time) bool { return now.Before(p.LockedUntil) }

// Asker is the person as the tables of package access know one.
func (p Person) Asker() access.Asker {
	return access.Asker{Kind: p.Kind, Agency: p.AgencyORI, Test: p.Test, Roles: p.Roles, Sealed: p.Sealed, CertifiedUntil: p.CertifiedUntil}
}

// Errors about people.
var (
	// ErrLoginTaken says that somebody has this e-mail address already.
	ErrLoginTaken = errors.New("somebody has this e-mail address already")
	// ErrToken says that a token is none, was used, was replaced or has expired.
	ErrToken = errors.New("this link is not valid any more")
	// ErrNotVouched says that the person's agency cannot vouch for a role.
	ErrNotVouched = errors.New("an agency of this kind cannot vouch for the role")
	// ErrPersonState says that the person is not in a state in which that can be done.
	ErrPersonState = errors.New("that cannot be done to a person in this state")
)

const personColumns = `p.id, p.agency_id, a.ori, a.name, a.kind, a.test, p.login, p.name, p.state, p.roles, p.sealed, p.clets_until, p.password <> '', p.totp is not null,
	(select count(*) from passkey k where k.person_id = p.id and k.ended_at is null), (select count(*) from recovery_code c where c.person_id = p.id and c.ended_at is null),
	p.failed, p.locked_until, p.epoch, p.signed_in, p.signed_before, p.issuer, p.subject, p.handle`

const personFrom = " from person p join agency a on a.id = p.agency_id "

func scanPerson(row pgx.CollectableRow) (p Person, err error) {
	var until, locked, in, before *time.Time
	err = row.Scan(&p.ID, &p.Agency, &p.AgencyORI, &p.AgencyName, &p.Kind, &p.Test, &p.Login, &p.Name, &p.State, &p.Roles, &p.Sealed, &until, &p.HasPassword, &p.HasTOTP, &p.Passkeys, &p.Codes,
		&p.Failed, &locked, &p.Epoch, &in, &before, &p.Issuer, &p.Subject, &p.Handle)
	if until != nil {
		d := order.DateOf(*until)
		p.CertifiedUntil = &d
	}
	p.LockedUntil, p.SignedIn, p.SignedBefore = known(locked), known(in), known(before)
	return p, err
}

// Person finds a person; ErrNotFound.
func (r *Reader) Person(ctx context.Context, id PersonID) (Person, error) {
	return one(ctx, r.pool, scanPerson, "find a person", "select "+personColumns+personFrom+"where p.id = $1", int64(id))
}

// PersonByLogin finds a person by e-mail address, in any case; ErrNotFound.
func (r *Reader) PersonByLogin(ctx context.Context, login string) (Person, error) {
	return one(ctx, r.pool, scanPerson, "find a person", "select "+personColumns+personFrom+"where lower(p.login) = lower($1)", login)
}

// PersonByHandle finds the person whom a passkey names; ErrNotFound.
func (r *Reader) PersonByHandle(ctx context.Context, handle []byte) (Person, error) {
	return one(ctx, r.pool, scanPerson, "find a person", "select "+personColumns+personFrom+"where p.handle = $1", handle)
}

// PersonBySubject finds the person whom an agency's identity provider names; ErrNotFound.
func (r *Reader) PersonBySubject(ctx context.Context, issuer, subject string) (Person, error) {
	return one(ctx, r.pool, scanPerson, "find a person", "select "+personColumns+personFrom+"where p.issuer = $1 and p.subject = $2 and $1 <> ''", issuer, subject)
}

// People lists the people of an agency, or all where the ORI is empty, by agency and login.
func (r *Reader) People(ctx context.Context, agency order.ORI) ([]Person, error) {
	return all(ctx, r.pool, scanPerson, "list people", "select "+personColumns+personFrom+"where $1 in ('', a.ori) order by a.ori, lower(p.login)", string(agency))
}

// check says what of a person's description cannot be.
func (p Person) check() error {
	for _, r := range p.Roles {
		if !slices.Contains(access.Vouched(p.Kind), r) {
			return fmt.Errorf("%w: %s at a %s", ErrNotVouched, r, p.Kind)
		}
	}
	if len(p.Roles) == 0 {
		return errors.New("a person needs a role at least")
	}
	return nil
}

// NewPerson describes somebody to be invited.
type NewPerson struct {
	Agency         order.ORI
	Login, Name    string
	Roles          []access.Role
	Sealed         bool
	CertifiedUntil *order.Date
}

// InvitePerson adds a person, who cannot sign in before the invitation is accepted (NewToken, Activate). ErrNotFound: there is no such agency; ErrLoginTaken; ErrNotVouched.
func (s *Store) InvitePerson(ctx context.Context, n NewPerson, by By, now time.Time) (Person, error) {
	var p Person
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		a, err := one(ctx, tx, scanAgency, "find the agency", "select "+agencyColumns+" from agency a where ori = $1", string(n.Agency))
		if err != nil {
			return err
		}
		if err := (Person{Kind: a.Kind, Roles: n.Roles}).check(); err != nil {
			return err
		}
		handle := make([]byte, 32)
		rand.Read(handle) // never fails
		var id int64
		err = tx.QueryRow(ctx, "insert into person (handle, agency_id, login, name, roles, sealed, clets_until, made_at) values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
			handle, int64(a.ID), n.Login, n.Name, texts(n.Roles), n.Sealed, day(n.CertifiedUntil), now).Scan(&id)
		if breaks(err, "person_login") {
			return ErrLoginTaken
		}
		if err != nil {
			return fmt.Errorf("invite a person: %w", err)
		}
		if p, err = one(ctx, tx, scanPerson, "find a person", "select "+personColumns+personFrom+"where p.id = $1", id); err != nil {
			return err
		}
		return note(ctx, tx, by.event(now, "person.invite", p, "invited", p.described()))
	})
	return p, err
}

// breaks says that this unique index refuses a row.
func breaks(err error, index string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == index
}

// described is what of a person an audit entry tells.
func (p Person) described() string {
	text := strings.Join(texts(p.Roles), ", ")
	if p.Sealed {
		text += "; sealed"
	}
	if p.CertifiedUntil != nil {
		text += "; CLETS until " + p.CertifiedUntil.String()
	}
	return text
}

// event is an entry about a person.
func (b By) event(at time.Time, action string, about Person, outcome, details string) Event {
	return Event{At: at, Actor: b.Actor, Person: b.Person, Agency: b.Agency, Action: action, Object: "person " + about.Login, Outcome: outcome, Details: details}
}

// note writes an entry within a transaction.
func note(ctx context.Context, tx pgx.Tx, e Event) error {
	_, err := tx.Exec(ctx, "insert into audit (at, actor, action, object, outcome, details, person, agency, purpose) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		e.At, e.Actor, e.Action, e.Object, e.Outcome, e.Details, int64(e.Person), string(e.Agency), e.Purpose)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

// personAct is one change of a person: do changes the row, which is locked, and gives details for the entry.
type personAct struct {
	action, outcome string
	by              By // the person, where it is zero
	do              func(tx pgx.Tx, p Person) (details string, err error)
}

// act does it and writes the entry, both or neither. ErrNotFound.
func (s *Store) act(ctx context.Context, id PersonID, now time.Time, a personAct) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		p, err := one(ctx, tx, scanPerson, "find a person", "select "+personColumns+personFrom+"where p.id = $1 for update of p", int64(id))
		if err != nil {
			return err
		}
		details, err := a.do(tx, p)
		if err != nil {
			return err
		}
		if a.by == (By{}) {
			a.by = p.By()
		}
		return note(ctx, tx, a.by.event(now, a.action, p, a.outcome, details))
	})
}

// update is a personAct whose change is one statement on the person's row, $1; other parameters follow.
func update(ctx context.Context, what, set string, args ...any) func(pgx.Tx, Person) (string, error) {
	return func(tx pgx.Tx, p Person) (string, error) {
		_, err := tx.Exec(ctx, "update person set "+set+" where id = $1", append([]any{int64(p.ID)}, args...)...)
		if err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
		return "", nil
	}
}

// ChangePerson changes name, roles, certification and whether the person may see sealed orders; nothing else of what change does counts. Where more than the name has changed, the
// person's sessions end: they sign in again (CJIS Security Policy 6.0, IA-11). ErrNotFound, ErrNotVouched.
func (s *Store) ChangePerson(ctx context.Context, id PersonID, by By, now time.Time, change func(p *Person)) (Person, error) {
	var after Person
	err := s.act(ctx, id, now, personAct{action: "person.change", outcome: "set", by: by, do: func(tx pgx.Tx, before Person) (string, error) {
		after = before
		after.Roles = slices.Clone(before.Roles)
		change(&after)
		if err := after.check(); err != nil {
			return "", err
		}
		step := 0
		if after.described() != before.described() {
			step = 1
		}
		_, err := tx.Exec(ctx, "update person set name = $2, roles = $3, sealed = $4, clets_until = $5, epoch = epoch + $6 where id = $1",
			int64(id), after.Name, texts(after.Roles), after.Sealed, day(after.CertifiedUntil), step)
		if err != nil {
			return "", fmt.Errorf("change a person: %w", err)
		}
		return before.described() + " -> " + after.described(), nil
	}})
	if err != nil {
		return Person{}, err
	}
	return s.Person(ctx, id)
}

// DisablePerson ends a person's access and sessions, for a reason without personal data. ErrNotFound; ErrPersonState where that was done already.
func (s *Store) DisablePerson(ctx context.Context, id PersonID, reason string, by By, now time.Time) error {
	return s.act(ctx, id, now, personAct{action: "person.disable", outcome: "disabled", by: by, do: func(tx pgx.Tx, p Person) (string, error) {
		if p.State == PersonDisabled {
			return "", ErrPersonState
		}
		if err := endTokens(ctx, tx, id, now); err != nil {
			return "", err
		}
		_, err := update(ctx, "disable a person", "state = 'disabled', epoch = epoch + 1")(tx, p)
		return reason, err
	}})
}

// ReinvitePerson takes away everything that the person could prove themselves with, and ends the sessions: a new invitation begins anew. It is the way back for who was disabled, and for who
// has lost the second factor and the recovery codes. ErrNotFound.
func (s *Store) ReinvitePerson(ctx context.Context, id PersonID, by By, now time.Time) error {
	return s.act(ctx, id, now, personAct{action: "person.reinvite", outcome: "invited", by: by, do: func(tx pgx.Tx, p Person) (string, error) {
		if err := endProofs(ctx, tx, id, now); err != nil {
			return "", err
		}
		return update(ctx, "invite a person anew", `state = 'invited', epoch = epoch + 1, password = '', password_at = null, totp = null, totp_next = null, failed = 0, locked_until = null,
			issuer = '', subject = ''`)(tx, p)
	}})
}

// UnlockPerson ends a lockout. ErrNotFound.
func (s *Store) UnlockPerson(ctx context.Context, id PersonID, by By, now time.Time) error {
	return s.act(ctx, id, now, personAct{action: "person.unlock", outcome: "unlocked", by: by, do: update(ctx, "unlock a person", "failed = 0, locked_until = null")})
}
