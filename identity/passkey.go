package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"ccpor/store"
)

// Challenge is what a browser is asked to sign: Options go to the browser, State is kept on this side until the answer comes.
type Challenge struct{ Options, State string }

// passkeyTime is for how long a challenge is good.
const passkeyTime = 5 * time.Minute

// asked is a challenge as it is kept.
type asked struct {
	At      time.Time            `json:"at"`
	Session webauthn.SessionData `json:"session"`
}

func (d *Door) challenge(options any, session *webauthn.SessionData) (Challenge, error) {
	o, err := json.Marshal(options)
	if err != nil {
		return Challenge{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	s, err := json.Marshal(asked{d.Now(), *session})
	if err != nil {
		return Challenge{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return Challenge{string(o), string(s)}, nil
}

// pending reads a kept challenge that is still good; ErrRefused.
func (d *Door) pending(state string) (webauthn.SessionData, error) {
	var a asked
	if json.Unmarshal([]byte(state), &a) != nil || d.Now().Sub(a.At) > passkeyTime {
		return a.Session, ErrRefused
	}
	return a.Session, nil
}

// AskPasskey asks for any passkey of this site.
func (d *Door) AskPasskey() (Challenge, error) {
	options, session, err := d.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Challenge{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return d.challenge(options.Response, session)
}

// SignInByPasskey judges an answer and signs its person in: a passkey on which its holder was verified is two factors. ErrRefused, ErrPace.
func (d *Door) SignInByPasskey(ctx context.Context, state, answer, from string) (store.Person, error) {
	p, err := d.byPasskey(ctx, 0, state, answer, from)
	if err != nil {
		return store.Person{}, err
	}
	return d.admit(ctx, p.ID, "passkey", from)
}

// UnlockByPasskey judges an answer of who goes on with a session. ErrRefused where it is another person's; ErrPace.
func (d *Door) UnlockByPasskey(ctx context.Context, id store.PersonID, state, answer, from string) error {
	if _, err := d.byPasskey(ctx, id, state, answer, from); err != nil {
		return err
	}
	return d.Store.Unlocked(ctx, id, "passkey", from, d.Now())
}

// byPasskey finds and judges the person whose passkey has answered; only is 0, or the one person who may.
func (d *Door) byPasskey(ctx context.Context, only store.PersonID, state, answer, from string) (store.Person, error) {
	if err := d.Pace(from); err != nil {
		return store.Person{}, err
	}
	session, err := d.pending(state)
	if err != nil {
		return store.Person{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return store.Person{}, ErrRefused
	}
	p, err := d.Store.PersonByHandle(ctx, parsed.Response.UserHandle)
	if errors.Is(err, store.ErrNotFound) || err == nil && (p.State != store.PersonActive || only != 0 && p.ID != only) {
		return store.Person{}, ErrRefused
	}
	if err != nil {
		return store.Person{}, err
	}
	keys, err := d.Store.Passkeys(ctx, p.ID)
	if err != nil {
		return store.Person{}, err
	}
	return p, d.try(ctx, p, "passkey", from, func() (bool, error) { return d.isPasskey(ctx, holder{p, keys}, session, parsed) })
}

// isPasskey judges an answer, and takes the passkey from its holder when its counter shows that there are two of it.
func (d *Door) isPasskey(ctx context.Context, h holder, session webauthn.SessionData, parsed *protocol.ParsedCredentialAssertionData) (bool, error) {
	_, credential, err := d.passkeys.ValidatePasskeyLogin(func([]byte, []byte) (webauthn.User, error) { return h, nil }, session, parsed)
	if err != nil {
		return false, nil
	}
	for _, k := range h.keys {
		if !bytes.Equal(k.Credential, credential.ID) {
			continue
		}
		if credential.Authenticator.CloneWarning {
			return false, d.Store.EndPasskey(ctx, h.person.ID, k.ID, "its counter went back: there may be a copy", d.Now())
		}
		err := d.Store.UsePasskey(ctx, k, credential.Authenticator.SignCount, credential.Flags.BackupState, d.Now())
		if errors.Is(err, store.ErrCounter) {
			return false, nil
		}
		return err == nil, err
	}
	return false, nil
}

// OfferPasskey asks a person's browser for a new passkey.
func (d *Door) OfferPasskey(ctx context.Context, p store.Person) (Challenge, error) {
	keys, err := d.Store.Passkeys(ctx, p.ID)
	if err != nil {
		return Challenge{}, err
	}
	h := holder{p, keys}
	options, session, err := d.passkeys.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return Challenge{}, fmt.Errorf("ask for a new passkey: %w", err)
	}
	return d.challenge(options.Response, session)
}

// AddPasskey takes a new passkey under a name of the person's choice; ErrRefused where the answer is not good, or was not meant for this person or this site.
func (d *Door) AddPasskey(ctx context.Context, p store.Person, state, answer, name string) error {
	session, err := d.pending(state)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return ErrRefused
	}
	c, err := d.passkeys.CreateCredential(holder{person: p}, session, parsed)
	if err != nil {
		return ErrRefused
	}
	if name = strings.TrimSpace(name); name == "" || len([]rune(name)) > 60 {
		name = "Passkey of " + d.Now().Format("2 Jan 2006")
	}
	var transports []string
	for _, t := range c.Transport {
		transports = append(transports, string(t))
	}
	err = d.Store.AddPasskey(ctx, store.Passkey{Person: p.ID, Name: name, Credential: c.ID, PublicKey: c.PublicKey, AAGUID: c.Authenticator.AAGUID, Attestation: c.AttestationFormat, Transports: transports,
		Signed: c.Authenticator.SignCount, BackupEligible: c.Flags.BackupEligible, BackedUp: c.Flags.BackupState}, d.Now())
	if errors.Is(err, store.ErrPasskeyTaken) {
		return ErrRefused
	}
	return err
}

// DropPasskey takes a passkey from a person who has another second factor; ErrLastFactor, store.ErrNotFound.
func (d *Door) DropPasskey(ctx context.Context, p store.Person, passkey int64) error {
	if p.Passkeys <= 1 && !p.HasTOTP {
		return ErrLastFactor
	}
	return d.Store.EndPasskey(ctx, p.ID, passkey, "by its holder", d.Now())
}

// holder is a person as the library knows one.
type holder struct {
	person store.Person
	keys   []store.Passkey
}

// WebAuthnID is the random handle.
func (h holder) WebAuthnID() []byte { return h.person.Handle }

// WebAuthnName is the login.
func (h holder) WebAuthnName() string { return h.person.Login }

// WebAuthnDisplayName is the name.
func (h holder) WebAuthnDisplayName() string { return h.person.Name }

// WebAuthnCredentials are the person's passkeys.
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, k := range h.keys {
		c := webauthn.Credential{ID: k.Credential, PublicKey: k.PublicKey, AttestationFormat: k.Attestation,
			Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: k.BackupEligible, BackupState: k.BackedUp},
			Authenticator: webauthn.Authenticator{AAGUID: k.AAGUID, SignCount: k.Signed}}
		for _, t := range k.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		all = append(all, c)
	}
	return all
}
