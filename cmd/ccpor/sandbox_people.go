package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pquerna/otp/totp"

	"ccpor/access"
	people "ccpor/identity"
	"ccpor/mapping/order"
	"ccpor/store"
)

// sandboxPerson is somebody who can sign in to a sandbox, with everything for it in clear.
type sandboxPerson struct {
	Role     access.Role `json:"role"`
	Name     string      `json:"name"`
	Login    string      `json:"login"`
	Agency   order.ORI   `json:"agency"`
	Password string      `json:"password"`
	// TOTP is the secret for one-time codes, in base32.
	TOTP string `json:"totp"`
}

// sandboxAgencies are those of a sandbox beside the sample courts. Their ORIs are invented.
var sandboxAgencies = []store.Agency{
	{ORI: "CA0300000", Name: "Sheriff of Orange County (sandbox)", County: "Orange", Kind: store.KindLawEnforcement, Submits: true, MayQuery: true, MayImages: true},
	{ORI: "CA034HLPX", Name: "Help Desk (sandbox)", County: "Sacramento", Kind: access.KindHelpDesk, ReadOnly: true},
	{ORI: "CA034OPRX", Name: "Operator of the Exchange (sandbox)", County: "Sacramento", Kind: access.KindOperator, ReadOnly: true},
}

// sandboxContacts are whom another agency calls to confirm a hit.
func sandboxContacts() []store.Contact {
	return []store.Contact{
		{Agency: "CA0300000", Kind: store.ContactConfirmation, Name: "Communications center", Telephone: "714-555-0142", Hours: "around the clock"},
		{Agency: "CA030013J", Kind: store.ContactOffice, Name: "Clerk's office, protective orders", Telephone: "714-555-0108", Hours: "Mon-Fri 8:00 to 16:00"},
	}
}

// sandboxPeople are one person of each role, at the agency where one expects it.
func sandboxPeople() []sandboxPerson {
	return []sandboxPerson{
		{Role: access.JudicialOfficer, Name: "Judith Example", Login: "judge@court.example", Agency: "CA030013J"},
		{Role: access.CourtClerk, Name: "Clara Example", Login: "clerk@court.example", Agency: "CA030013J"},
		{Role: access.AgencyAdministrator, Name: "Adam Example", Login: "administrator@court.example", Agency: "CA030013J"},
		{Role: access.LawEnforcement, Name: "Otto Example", Login: "officer@sheriff.example", Agency: "CA0300000"},
		{Role: access.HelpDesk, Name: "Hanna Example", Login: "helpdesk@exchange.example", Agency: "CA034HLPX"},
		{Role: access.IntegrationEngineer, Name: "Ina Example", Login: "engineer@exchange.example", Agency: "CA034OPRX"},
		{Role: access.Auditor, Name: "Aude Example", Login: "auditor@exchange.example", Agency: "CA034OPRX"},
		{Role: access.SystemAdministrator, Name: "Sven Example", Login: "system@exchange.example", Agency: "CA034OPRX"},
	}
}

// inhabit makes the sandbox's people, the first time; their passwords and secrets lie in people.json beside the data, and are the same at each start.
func (s *sandbox) inhabit(ctx context.Context) ([]sandboxPerson, error) {
	for _, a := range sandboxAgencies {
		if _, err := s.hub.store.RegisterAgency(ctx, a); err != nil {
			return nil, fmt.Errorf("registering %s: %w", a.ORI, err)
		}
	}
	file := filepath.Join(s.command.Data, "people.json")
	b, err := os.ReadFile(file)
	if err == nil {
		var known []sandboxPerson
		return known, json.Unmarshal(b, &known)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, c := range sandboxContacts() {
		if _, err := s.hub.store.AddContact(ctx, c, store.By{Actor: "sandbox"}, time.Now()); err != nil {
			return nil, fmt.Errorf("a contact of %s: %w", c.Agency, err)
		}
	}
	all := sandboxPeople()
	for i := range all {
		if err := s.settle(ctx, &all[i]); err != nil {
			return nil, fmt.Errorf("giving access to %s: %w", all[i].Login, err)
		}
	}
	if b, err = json.MarshalIndent(all, "", "  "); err != nil {
		return nil, err
	}
	return all, os.WriteFile(file, append(b, '\n'), 0o600)
}

// settle invites one person, who accepts at once. It happens a while ago, so that the one-time code that was used for it is not the one of now.
func (s *sandbox) settle(ctx context.Context, p *sandboxPerson) error {
	ago := time.Now().Add(-10 * time.Minute)
	door, err := people.New(people.Config{Store: s.hub.store, Now: func() time.Time { return ago }, Log: s.log, URL: s.hub.pagesAddress})
	if err != nil {
		return err
	}
	by := store.By{Actor: "sandbox"}
	person, err := s.hub.store.PersonByLogin(ctx, p.Login)
	switch {
	case errors.Is(err, store.ErrNotFound):
		until := order.DateOf(time.Now()).AddYears(2)
		person, err = door.Invite(ctx, store.NewPerson{Agency: p.Agency, Login: p.Login, Name: p.Name, Roles: []access.Role{p.Role}, CertifiedUntil: &until, Sealed: true}, by)
	case err == nil: // an earlier start was broken off before its people were written down
		err = s.hub.store.ReinvitePerson(ctx, person.ID, by, ago)
	}
	if err != nil {
		return err
	}
	link, err := door.Link(ctx, person.ID, store.TokenInvitation, by)
	if err != nil {
		return err
	}
	return s.accept(ctx, door, person, link, p)
}

func (s *sandbox) accept(ctx context.Context, door *people.Door, person store.Person, link string, p *sandboxPerson) error {
	u, err := url.Parse(link)
	if err != nil {
		return err
	}
	token := filepath.Base(u.Path)
	p.Password = strings.ToLower(rand.Text()[:20])
	if err := door.ChoosePassword(ctx, token, p.Password); err != nil {
		return err
	}
	offer, err := door.OfferTOTP(ctx, person)
	if err != nil {
		return err
	}
	p.TOTP = strings.ReplaceAll(offer.Secret, "-", "")
	code, err := totp.GenerateCode(p.TOTP, door.Now())
	if err != nil {
		return err
	}
	if err := door.ConfirmTOTP(ctx, person, code); err != nil {
		return err
	}
	_, _, err = door.Accept(ctx, token, "127.0.0.1")
	return err
}

// introduce prints who can sign in, and how.
func (s *sandbox) introduce(all []sandboxPerson) {
	if s.t.json {
		return
	}
	s.say("\nPeople, all invented. The one-time secret goes into an app for such codes, or: oathtool --totp -b SECRET\n")
	w := tabwriter.NewWriter(s.t.out, 0, 0, 2, ' ', 0)
	for _, p := range all {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", p.Role.Name(), p.Login, p.Password, p.TOTP)
	}
	_ = w.Flush() // a terminal that is gone needs no table
	s.say("  letters are put into %s\n", filepath.Join(s.command.Data, "mail"))
}
