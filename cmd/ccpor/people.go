package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ccpor/access"
	people "ccpor/identity"
	"ccpor/mapping/order"
	"ccpor/store"
)

type peopleCommand struct {
	Invite  peopleInviteCommand  `cmd:"" help:"Give somebody of an agency access, or invite anew who has lost the second factor, and print the link by which that person accepts."`
	List    peopleListCommand    `cmd:"" help:"List people, what they may do and how they stand."`
	Change  peopleChangeCommand  `cmd:"" help:"Change a person's roles, certification or sight of sealed orders. The person signs in anew."`
	Disable peopleDisableCommand `cmd:"" help:"End a person's access and sessions, at once."`
	Unlock  peopleUnlockCommand  `cmd:"" help:"Let in again who is locked out after failures to sign in."`
}

// personOut is a person as JSON.
type personOut struct {
	ID          store.PersonID    `json:"id"`
	Login       string            `json:"login"`
	Name        string            `json:"name"`
	Agency      order.ORI         `json:"agency"`
	State       store.PersonState `json:"state"`
	Roles       []access.Role     `json:"roles"`
	Sealed      bool              `json:"sealed"`
	CLETSUntil  *order.Date       `json:"cletsUntil,omitempty"`
	SignedIn    time.Time         `json:"signedIn,omitzero"`
	LockedUntil time.Time         `json:"lockedUntil,omitzero"`
	Passkeys    int               `json:"passkeys"`
	Codes       bool              `json:"oneTimeCodes"`
	Provider    string            `json:"provider,omitempty"`
	Link        string            `json:"link,omitempty"`
}

func personOf(p store.Person, link string) personOut {
	o := personOut{p.ID, p.Login, p.Name, p.AgencyORI, p.State, p.Roles, p.Sealed, p.CertifiedUntil, p.SignedIn, time.Time{}, p.Passkeys, p.HasTOTP, p.Issuer, link}
	if p.Locked(time.Now()) {
		o.LockedUntil = p.LockedUntil
	}
	return o
}

// personFlags are what of a person is decided by whoever invites.
type personFlags struct {
	Role       []access.Role `help:"A role, several times for several; access.md says for which an agency of its kind can vouch." placeholder:"ROLE"`
	Sealed     *bool         `negatable:"" help:"Sealed orders may be seen, where the roles allow it."`
	CLETSUntil *string       `name:"clets-until" help:"Last day of the CLETS certification; empty: there is none." placeholder:"YYYY-MM-DD"`
}

// certified is the last day that was named; nil for none.
func (f personFlags) certified() (*order.Date, error) {
	if f.CLETSUntil == nil || *f.CLETSUntil == "" {
		return nil, nil
	}
	d, err := order.ParseDate(*f.CLETSUntil)
	if err != nil {
		return nil, fmt.Errorf("--clets-until: %w", err)
	}
	return &d, nil
}

type peopleInviteCommand struct {
	Database    database `embed:""`
	person      `embed:""`
	personFlags `embed:""`

	PagesURL string `name:"pages-url" env:"CCPOR_PAGES_URL" default:"http://localhost:8918" help:"Address at which browsers reach the pages: the link leads there." placeholder:"URL"`
	Agency   string `help:"ORI of the agency that vouches for the person; needed for a new one." placeholder:"ORI"`
	Name     string `help:"The person's name; needed for a new one."`
	Letter   bool   `help:"Have a running hub send the link by letter, instead of printing it."`
	Email    string `arg:"" help:"The e-mail address with which the person signs in."`
}

// Run adds the person, or takes from a known one everything that signs in; either way there is a new link.
func (c *peopleInviteCommand) Run(ctx context.Context, t *terminal) error {
	by, err := c.onRecord()
	if err != nil {
		return err
	}
	pages, err := pagesConfig{PagesURL: c.PagesURL}.address(nil)
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		door, err := newDoor(s, pages, 0, nil)
		if err != nil {
			return err
		}
		p, err := c.invited(ctx, door, store.By{Actor: by})
		if err != nil {
			return err
		}
		if c.Letter {
			if err := door.Write(ctx, p.ID, store.LetterInvitation); err != nil {
				return err
			}
			return t.print(personOf(p, ""), "%s is invited. A running hub sends the letter, where it knows a mail server (CCPOR_SMTP_URL).\n", p.Login)
		}
		link, err := door.Link(ctx, p.ID, store.TokenInvitation, store.By{Actor: by})
		if err != nil {
			return err
		}
		return t.print(personOf(p, link), "%s is invited, for %s (%s), as %s. Give the person this link by a way that you trust; it is good once, for 7 days:\n  %s\n",
			p.Login, p.AgencyName, p.AgencyORI, rolesText(p.Roles), link)
	})
}

func (c *peopleInviteCommand) invited(ctx context.Context, door *people.Door, by store.By) (store.Person, error) {
	known, err := door.Store.PersonByLogin(ctx, c.Email)
	if err == nil {
		if c.Agency != "" || c.Name != "" || len(c.Role) > 0 || c.Sealed != nil || c.CLETSUntil != nil {
			return known, fmt.Errorf("%s is known here: to invite anew, name nothing but the address; to change what the person may do: ccpor person change", known.Login)
		}
		return known, door.Store.ReinvitePerson(ctx, known.ID, by, time.Now())
	}
	if !errors.Is(err, store.ErrNotFound) {
		return known, err
	}
	ori, err := order.ParseORI(c.Agency)
	if err != nil {
		return known, fmt.Errorf("--agency: %w", err)
	}
	until, err := c.certified()
	if err != nil {
		return known, err
	}
	p, err := door.Invite(ctx, store.NewPerson{Agency: ori, Login: c.Email, Name: c.Name, Roles: c.Role, Sealed: c.Sealed != nil && *c.Sealed, CertifiedUntil: until}, by)
	return p, aboutAgency(ori, err)
}

func rolesText(roles []access.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

type peopleListCommand struct {
	Database database `embed:""`

	Agency string `help:"Those of one agency only." placeholder:"ORI"`
}

// Run lists. Who has a shell and the database's URL is not put on record for reading, as with the other lists of the command line.
func (c *peopleListCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := optionalORI(c.Agency)
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		all, err := s.People(ctx, ori)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return t.say("Nobody has access.\n")
		}
		for _, p := range all {
			if err := t.print(personOf(p, ""), "%s  %-32s  %-9s  %s%s\n", p.AgencyORI, p.Login, p.State, rolesText(p.Roles), t.standing(p)); err != nil {
				return err
			}
		}
		return nil
	})
}

// standing says what else is to be known of a person.
func (t *terminal) standing(p store.Person) string {
	var text string
	if p.Sealed {
		text += "; sees sealed orders"
	}
	if p.CertifiedUntil != nil {
		text += "; CLETS until " + p.CertifiedUntil.String()
	}
	if p.Locked(time.Now()) {
		text += "; locked out until " + t.moment(p.LockedUntil)
	}
	if !p.SignedIn.IsZero() {
		text += "; signed in " + t.moment(p.SignedIn)
	}
	return text
}

type peopleChangeCommand struct {
	Database    database `embed:""`
	person      `embed:""`
	personFlags `embed:""`

	Name  *string `help:"Another name."`
	Email string  `arg:"" help:"The person's e-mail address."`
}

// Run changes what is named; roles that are named are all that the person has then.
func (c *peopleChangeCommand) Run(ctx context.Context, t *terminal) error {
	until, err := c.certified()
	if err != nil {
		return err
	}
	return c.somebody(ctx, c.Database, c.Email, func(s *store.Store, p store.Person, by store.By) error {
		after, err := s.ChangePerson(ctx, p.ID, by, time.Now(), func(p *store.Person) {
			set(&p.Name, c.Name)
			set(&p.Sealed, c.Sealed)
			if len(c.Role) > 0 {
				p.Roles = c.Role
			}
			if c.CLETSUntil != nil {
				p.CertifiedUntil = until
			}
		})
		if err != nil {
			return err
		}
		return t.print(personOf(after, ""), "%s: %s%s\n", after.Login, rolesText(after.Roles), t.standing(after))
	})
}

// somebody finds a person by e-mail address, and who acts.
func (p person) somebody(ctx context.Context, d database, email string, do func(*store.Store, store.Person, store.By) error) error {
	by, err := p.onRecord()
	if err != nil {
		return err
	}
	return withStore(ctx, d, func(s *store.Store) error {
		found, err := s.PersonByLogin(ctx, email)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("nobody has the address %s here: ccpor person list", email)
		}
		if err != nil {
			return err
		}
		return do(s, found, store.By{Actor: by})
	})
}

type peopleDisableCommand struct {
	Database database `embed:""`
	person   `embed:""`

	Reason string `required:"" help:"Why, in words that may be read by anybody who reads the audit log."`
	Email  string `arg:"" help:"The person's e-mail address."`
}

// Run ends the access; an invitation anew gives it back.
func (c *peopleDisableCommand) Run(ctx context.Context, t *terminal) error {
	return c.somebody(ctx, c.Database, c.Email, func(s *store.Store, p store.Person, by store.By) error {
		if err := s.DisablePerson(ctx, p.ID, c.Reason, by, time.Now()); errors.Is(err, store.ErrPersonState) {
			return fmt.Errorf("%s has no access any more already", p.Login)
		} else if err != nil {
			return err
		}
		return t.print(map[string]any{"login": p.Login, "state": store.PersonDisabled}, "%s has no access any more. To give it back: ccpor person invite %s\n", p.Login, p.Login)
	})
}

type peopleUnlockCommand struct {
	Database database `embed:""`
	person   `embed:""`

	Email string `arg:"" help:"The person's e-mail address."`
}

// Run ends a lockout, which ends by itself too.
func (c *peopleUnlockCommand) Run(ctx context.Context, t *terminal) error {
	return c.somebody(ctx, c.Database, c.Email, func(s *store.Store, p store.Person, by store.By) error {
		if err := s.UnlockPerson(ctx, p.ID, by, time.Now()); err != nil {
			return err
		}
		return t.print(map[string]any{"login": p.Login, "unlocked": true}, "%s may try to sign in again.\n", p.Login)
	})
}
