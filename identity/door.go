package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"ccpor/store"
)

// Errors of proofs. Each is all that whoever comes may know.
var (
	// ErrRefused says that a proof was not taken: it was wrong, or used, or the person is unknown, locked out or disabled.
	ErrRefused = errors.New("not taken: it is wrong, or the account is locked or unknown")
	// ErrPace says that too many tries came from the address.
	ErrPace = errors.New("too many tries from this address")
	// ErrLastFactor says that a person must keep a second factor.
	ErrLastFactor = errors.New("that is the last second factor")
)

// Config is what a Door stands on and by what it judges; the zero value of a limit is its default.
type Config struct {
	Store *store.Store
	Now   func() time.Time
	Log   *slog.Logger
	// URL is the address of the pages, as browsers see it: passkeys are bound to its host, and links lead there.
	URL *url.URL
	// Service is the exchange's name in letters, on passkeys and in apps for one-time codes.
	Service string
	// Tries is how many failures lock a person out (5), and Lock for how long (15 minutes).
	Tries int
	Lock  time.Duration
	// PerSecond and Burst are the pace of tries from one address (1, 60); a negative PerSecond sets none.
	PerSecond float64
	Burst     int
	// Invitation and Reset are for how long such links are good (7 days, 30 minutes).
	Invitation, Reset time.Duration
	// Hash is the cost of a password's hash; zero: RFC 9106's second recommended option (64 MiB, three passes, four lanes).
	Hash argon2id.Params
	// Settle rounds the time of refusals up to a multiple, so that nobody can tell them apart by it; zero: not at all.
	Settle time.Duration
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if c.Service == "" {
		c.Service = "Protective Order Exchange"
	}
	for _, n := range []struct {
		value    *int
		standard int
	}{{&c.Tries, 5}, {&c.Burst, 60}} {
		if *n.value == 0 {
			*n.value = n.standard
		}
	}
	for _, t := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&c.Lock, 15 * time.Minute}, {&c.Invitation, 7 * 24 * time.Hour}, {&c.Reset, 30 * time.Minute}} {
		if *t.value == 0 {
			*t.value = t.standard
		}
	}
	if c.PerSecond == 0 {
		c.PerSecond = 1
	}
	if c.Hash == (argon2id.Params{}) {
		c.Hash = argon2id.Params{Memory: 64 << 10, Iterations: 3, Parallelism: 4, SaltLength: 16, KeyLength: 32}
	}
	return c
}

// Door is where people prove who they are. It is safe for use by many goroutines.
type Door struct {
	Config
	hasher   *hasher
	paces    *paces
	passkeys *webauthn.WebAuthn
}

// New makes a door.
func New(c Config) (*Door, error) {
	c = c.withDefaults()
	keys, err := webauthn.New(&webauthn.Config{RPID: c.URL.Hostname(), RPDisplayName: c.Service, RPOrigins: []string{c.URL.Scheme + "://" + c.URL.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired}})
	if err != nil {
		return nil, fmt.Errorf("make the door: %w", err)
	}
	return &Door{Config: c, hasher: newHasher(c.Hash), paces: newPaces(c.PerSecond, c.Burst), passkeys: keys}, nil
}

// Pace takes a try from an address; ErrPace.
func (d *Door) Pace(from string) error {
	if !d.paces.take(from, d.Now()) {
		return ErrPace
	}
	return nil
}

// Password judges the first step of signing in. Who passes it has proved nothing yet but the password: the second factor is to come. ErrRefused, ErrPace.
func (d *Door) Password(ctx context.Context, login, password, from string) (store.Person, error) {
	defer d.settle(ctx, time.Now())
	if err := d.Pace(from); err != nil {
		return store.Person{}, err
	}
	p, err := d.Store.PersonByLogin(ctx, login)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Person{}, err
	}
	if err != nil || p.State != store.PersonActive || !p.HasPassword || p.Issuer != "" {
		return store.Person{}, d.turnAway(ctx, p, password, from)
	}
	if err := d.try(ctx, p, "password", from, func() (bool, error) { return d.isPassword(ctx, p.ID, password) }); err != nil {
		return store.Person{}, err
	}
	return p, d.Store.GiveTryBack(ctx, p.ID, d.Tries)
}

// turnAway refuses who cannot sign in by a password, after as much work as a wrong password costs.
func (d *Door) turnAway(ctx context.Context, p store.Person, password, from string) error {
	if err := d.hasher.waste(ctx, password); err != nil {
		return err
	}
	object, why := "person unknown", "unknown"
	if p.ID != 0 {
		object, why = "person "+p.Login, string(p.State)
	}
	err := d.Store.Audit(ctx, store.Event{At: d.Now(), Actor: "address " + from, Action: "person.sign-in", Object: object, Outcome: "refused", Details: why})
	return errors.Join(ErrRefused, err)
}

func (d *Door) isPassword(ctx context.Context, id store.PersonID, password string) (bool, error) {
	k, err := d.Store.Secrets(ctx, id)
	if err != nil {
		return false, err
	}
	if k.Password == "" {
		return false, d.hasher.waste(ctx, password)
	}
	return d.hasher.is(ctx, password, k.Password)
}

// try counts a try and has it judged. Where it fails, or the person is locked out already, that goes on record: ErrRefused. A try that could not be judged counts.
func (d *Door) try(ctx context.Context, p store.Person, what, from string, judge func() (bool, error)) error {
	taken, err := d.Store.TakeTry(ctx, p.ID, d.Tries, d.Lock, d.Now())
	if err != nil {
		return err
	}
	if !taken {
		return d.lockedOut(ctx, p, what, from)
	}
	good, err := judge()
	if err == nil && !good {
		err = errors.Join(ErrRefused, d.Store.TryFailed(ctx, p.ID, what, from, d.Now()))
	}
	return err
}

// lockedOut refuses whatever it is that came, unseen, after as much work as a wrong password costs.
func (d *Door) lockedOut(ctx context.Context, p store.Person, what, from string) error {
	if err := d.hasher.waste(ctx, ""); err != nil {
		return err
	}
	err := d.Store.Audit(ctx, store.Event{At: d.Now(), Actor: "address " + from, Action: "person.sign-in", Object: "person " + p.Login, Outcome: "refused", Details: what + ", locked out"})
	return errors.Join(ErrRefused, err)
}

// Second is the second step's proof.
type Second string

// The proofs of the second step that are typed.
const (
	SecondCode     Second = "one-time code"
	SecondRecovery Second = "recovery code"
)

// SecondFactor judges the second step for who has passed the first, and signs the person in. ErrRefused, ErrPace.
func (d *Door) SecondFactor(ctx context.Context, id store.PersonID, kind Second, code, from string) (store.Person, error) {
	defer d.settle(ctx, time.Now())
	if err := d.Pace(from); err != nil {
		return store.Person{}, err
	}
	p, err := d.Store.Person(ctx, id)
	if err != nil {
		return store.Person{}, err
	}
	judge := d.isCode
	if kind == SecondRecovery {
		judge = d.isRecovery
	}
	if err := d.try(ctx, p, string(kind), from, func() (bool, error) { return judge(ctx, p, code) }); err != nil {
		return store.Person{}, err
	}
	return d.admit(ctx, p.ID, "password, "+string(kind), from)
}

// admit signs in who has proved enough. All ways to sign in end here. ErrRefused where the person is not active any more.
func (d *Door) admit(ctx context.Context, id store.PersonID, how, from string) (store.Person, error) {
	p, err := d.Store.SignIn(ctx, id, how, from, d.Now())
	if errors.Is(err, store.ErrPersonState) || errors.Is(err, store.ErrNotFound) {
		return store.Person{}, ErrRefused
	}
	return p, err
}

// Unlock judges the password of who goes on with a session that was locked, or is to prove themselves anew. ErrRefused, ErrPace.
func (d *Door) Unlock(ctx context.Context, id store.PersonID, password, from string) error {
	defer d.settle(ctx, time.Now())
	if err := d.Pace(from); err != nil {
		return err
	}
	p, err := d.Store.Person(ctx, id)
	if err != nil {
		return err
	}
	if err := d.try(ctx, p, "password", from, func() (bool, error) { return d.isPassword(ctx, id, password) }); err != nil {
		return err
	}
	return d.Store.Unlocked(ctx, id, "password", from, d.Now())
}

// settle waits until the time since begin is a multiple of Settle.
func (d *Door) settle(ctx context.Context, begin time.Time) {
	if d.Settle <= 0 {
		return
	}
	wait := time.NewTimer(d.Settle - time.Since(begin)%d.Settle)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}
