package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"

	"ccpor/store"
)

// Errors of what an administrator writes.
var (
	ErrLogin = errors.New("that is no e-mail address that can be used here: letters of the English alphabet, digits and signs, and a domain")
	ErrName  = errors.New("a name has 2 to 100 characters")
)

var loginShape = regexp.MustCompile(`^[!-~]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,180}[A-Za-z0-9])?$`)

// ParseLogin takes an e-mail address in ASCII, without a name beside it; ErrLogin.
func ParseLogin(s string) (string, error) {
	s = strings.TrimSpace(s)
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || !loginShape.MatchString(s) {
		return "", ErrLogin
	}
	return s, nil
}

// Invite adds a person, who gets a link by Link or by a letter (Write). ErrLogin, ErrName, and the store's: ErrLoginTaken, ErrNotVouched, ErrNotFound.
func (d *Door) Invite(ctx context.Context, n store.NewPerson, by store.By) (store.Person, error) {
	var err error
	if n.Login, err = ParseLogin(n.Login); err != nil {
		return store.Person{}, err
	}
	n.Name = strings.TrimSpace(n.Name)
	if r := []rune(n.Name); len(r) < 2 || len(r) > 100 || strings.ContainsFunc(n.Name, unicode.IsControl) {
		return store.Person{}, ErrName
	}
	return d.Store.InvitePerson(ctx, n, by, d.Now())
}

// Write has a letter written to a person; the link in it is made when it is written.
func (d *Door) Write(ctx context.Context, id store.PersonID, kind store.LetterKind) error {
	return d.Store.WriteTo(ctx, id, kind)
}

// paths are where links lead.
var paths = map[store.TokenPurpose]string{store.TokenInvitation: "/signin/invitation/", store.TokenReset: "/signin/reset/"}

// Link makes a link for a person, good once and for a time; the one before ends. store.ErrPersonState, store.ErrTooMany.
func (d *Door) Link(ctx context.Context, id store.PersonID, purpose store.TokenPurpose, by store.By) (string, error) {
	lasts := map[store.TokenPurpose]time.Duration{store.TokenInvitation: d.Invitation, store.TokenReset: d.Reset}[purpose]
	token := rand.Text()
	if _, err := d.Store.NewToken(ctx, id, purpose, digest(token), d.Now().Add(lasts), by, d.Now()); err != nil {
		return "", err
	}
	return d.URL.JoinPath(paths[purpose], token).String(), nil
}

// Forgotten has a letter with a link for a new password written to whoever has the login, where there is somebody. It answers alike, and does as much, where there is nobody. ErrPace.
func (d *Door) Forgotten(ctx context.Context, login, from string) error {
	if err := d.Pace(from); err != nil {
		return err
	}
	p, err := d.Store.PersonByLogin(ctx, strings.TrimSpace(login))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return d.Store.WriteTo(ctx, p.ID, store.LetterReset)
}

// Token finds the person for whom a link's token is good; store.ErrToken.
func (d *Door) Token(ctx context.Context, token string, purpose store.TokenPurpose) (store.Person, error) {
	return d.Store.Token(ctx, digest(token), purpose, d.Now())
}

// ResetPassword sets a new password by a link. It signs nobody in and ends no lockout. *PolicyError, store.ErrToken.
func (d *Door) ResetPassword(ctx context.Context, token, password string) error {
	p, err := d.Token(ctx, token, store.TokenReset)
	if err != nil {
		return err
	}
	hash, err := d.chosen(ctx, password, p)
	if err != nil {
		return err
	}
	return d.Store.ResetPassword(ctx, digest(token), hash, d.Now())
}

// ChoosePassword keeps the password of who accepts an invitation. *PolicyError, store.ErrToken.
func (d *Door) ChoosePassword(ctx context.Context, token, password string) error {
	p, err := d.Token(ctx, token, store.TokenInvitation)
	if err != nil {
		return err
	}
	hash, err := d.chosen(ctx, password, p)
	if err != nil {
		return err
	}
	return d.Store.ChoosePassword(ctx, digest(token), hash, d.Now())
}

// Accept accepts an invitation when password and second factor are there, gives the recovery codes and signs the person in. store.ErrToken; store.ErrPersonState where something is missing.
func (d *Door) Accept(ctx context.Context, token, from string) (store.Person, []string, error) {
	p, err := d.Store.Activate(ctx, digest(token), d.Now())
	if err != nil {
		return store.Person{}, nil, err
	}
	shown, err := d.NewCodes(ctx, p)
	if err != nil {
		return store.Person{}, nil, err
	}
	p, err = d.admit(ctx, p.ID, "invitation accepted", from)
	return p, shown, err
}

// ChangePassword sets a new password of who has signed in and knows the old one; it gives the epoch in which the session in hand goes on. *PolicyError, ErrRefused, ErrPace.
func (d *Door) ChangePassword(ctx context.Context, id store.PersonID, old, password, from string) (epoch int64, err error) {
	p, err := d.Store.Person(ctx, id)
	if err != nil {
		return 0, err
	}
	if err := d.Unlock(ctx, id, old, from); err != nil {
		return 0, err
	}
	hash, err := d.chosen(ctx, password, p)
	if err != nil {
		return 0, err
	}
	return d.Store.SetPassword(ctx, id, hash, d.Now())
}

func (d *Door) chosen(ctx context.Context, password string, p store.Person) (hash string, err error) {
	if err := d.CheckPassword(password, p); err != nil {
		return "", err
	}
	return d.hasher.hash(ctx, password)
}
