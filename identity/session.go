package identity

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"ccpor/store"
)

// Times of a session. CJIS Security Policy 6.0: locked after 30 minutes without activity (AC-11), proved anew after 12 hours (IA-11).
const (
	// Idle is after how long without activity a session is locked.
	Idle = 30 * time.Minute
	// Longest is for how long a session lasts whatever happens.
	Longest = 12 * time.Hour
	// Recent is for how long a proof is good for changing what one proves oneself with.
	Recent = 15 * time.Minute
	// Begun is for how long somebody may be about to sign in, and Stepped for how long a password is good until the second factor comes.
	Begun   = time.Hour
	Stepped = 10 * time.Minute
	// noted is how old the note of the last activity may be.
	noted = time.Minute
)

// Errors of sessions.
var (
	// ErrNobody says that nobody has signed in, or not any more.
	ErrNobody = errors.New("nobody has signed in")
	// ErrIdle says that who has signed in was away for too long, and has to prove themselves.
	ErrIdle = errors.New("the session is locked")
)

// Keys of a session's values.
const (
	keyBanner  = "banner"  // the banner was accepted
	keyNext    = "next"    // where to go after signing in
	keyPending = "pending" // who has passed the first step
	keySince   = "since"   // and when
	keyPerson  = "person"  // who has signed in
	keyEpoch   = "epoch"   // in which epoch
	keyBegun   = "begun"   // when
	keySeen    = "seen"    // the last activity
	keyProved  = "proved"  // the last proof
	keyAsked   = "asked"   // the challenge to which an answer is due
	keyToken   = "token"   // of the link that was opened
	keyPurpose = "purpose" // and what it is good for
	keyTrip    = "trip"    // a sign-in at an agency's provider that is under way
)

// Sessions are browsers' sessions: one signed-in session a person, whose token is new at each sign-in. What the browser holds is 32 random bytes; the store has its digest.
type Sessions struct {
	door    *Door
	manager *scs.SessionManager
}

// NewSessions are the sessions of the pages. The cookie is bound to the host, and to https where the pages have it.
func NewSessions(d *Door) *Sessions {
	m := scs.New()
	m.Store, m.HashTokenInStore, m.Lifetime = d.Store.Sessions(d.Now), true, Begun
	m.Cookie.Name, m.Cookie.Persist, m.Cookie.SameSite = "ccpor", false, http.SameSiteLaxMode
	if d.URL.Scheme == "https" {
		m.Cookie.Name, m.Cookie.Secure = "__Host-ccpor", true
	}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		d.Log.ErrorContext(r.Context(), "session not kept", "error", err)
		http.Error(w, "The registry cannot be read now. Try again in a minute.", http.StatusServiceUnavailable)
	}
	return &Sessions{d, m}
}

// Wrap loads the session of each request, and keeps what was changed.
func (s *Sessions) Wrap(next http.Handler) http.Handler { return s.manager.LoadAndSave(next) }

// Who is who has signed in, as the store knows the person now: a role that was taken away, a lock of the account or another sign-in counts at once. Whether the person themselves did
// something says active: a page that loads itself anew keeps no session open. ErrNobody, ErrIdle.
func (s *Sessions) Who(ctx context.Context, active bool) (store.Person, error) {
	p, err := s.held(ctx)
	if err != nil {
		return store.Person{}, err
	}
	now := s.door.Now()
	seen := s.time(ctx, keySeen)
	if now.Sub(seen) >= Idle {
		return store.Person{}, ErrIdle
	}
	if active && now.Sub(seen) >= noted {
		s.put(ctx, keySeen, now)
	}
	return p, nil
}

// Held is whose session it is, locked or not; ErrNobody.
func (s *Sessions) Held(ctx context.Context) (store.Person, error) { return s.held(ctx) }

func (s *Sessions) held(ctx context.Context) (store.Person, error) {
	id := s.manager.GetInt64(ctx, keyPerson)
	if id == 0 {
		return store.Person{}, ErrNobody
	}
	p, err := s.door.Store.Person(ctx, store.PersonID(id))
	if errors.Is(err, store.ErrNotFound) {
		return store.Person{}, ErrNobody
	}
	if err != nil {
		return store.Person{}, err
	}
	if p.State != store.PersonActive || p.Epoch != s.manager.GetInt64(ctx, keyEpoch) || s.door.Now().Sub(s.time(ctx, keyBegun)) >= Longest {
		return store.Person{}, ErrNobody
	}
	return p, nil
}

// Begin makes the session that of who was just admitted, under a new token.
func (s *Sessions) Begin(ctx context.Context, p store.Person) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	now := s.door.Now()
	s.manager.SetDeadline(ctx, now.Add(Longest))
	s.manager.Put(ctx, keyPerson, int64(p.ID))
	s.manager.Put(ctx, keyEpoch, p.Epoch)
	for _, key := range []string{keyBegun, keySeen, keyProved} {
		s.put(ctx, key, now)
	}
	return nil
}

// fresh gives the session a new token and takes from it what it held, but for where to go and that the banner was accepted.
func (s *Sessions) fresh(ctx context.Context) error {
	next, banner := s.manager.GetString(ctx, keyNext), s.Banner(ctx)
	if err := s.manager.Clear(ctx); err != nil {
		return err
	}
	if err := s.manager.RenewToken(ctx); err != nil {
		return err
	}
	s.manager.SetDeadline(ctx, s.door.Now().Add(Begun))
	s.manager.Put(ctx, keyBanner, banner)
	s.manager.Put(ctx, keyNext, next)
	return nil
}

// Proved notes that whose session it is has proved themselves anew: it is unlocked, under a new token.
func (s *Sessions) Proved(ctx context.Context) error {
	if err := s.manager.RenewToken(ctx); err != nil {
		return err
	}
	now := s.door.Now()
	s.manager.SetDeadline(ctx, s.time(ctx, keyBegun).Add(Longest))
	s.put(ctx, keySeen, now)
	s.put(ctx, keyProved, now)
	return nil
}

// ProvedLately says whether the last proof is recent enough for changing what one proves oneself with.
func (s *Sessions) ProvedLately(ctx context.Context) bool {
	return s.door.Now().Sub(s.time(ctx, keyProved)) < Recent
}

// Continue has the session go on in a new epoch, which the person's own change has begun.
func (s *Sessions) Continue(ctx context.Context, epoch int64) error {
	s.manager.Put(ctx, keyEpoch, epoch)
	return s.Proved(ctx)
}

// End ends the session, and the person's epoch with it.
func (s *Sessions) End(ctx context.Context) error {
	p, err := s.held(ctx)
	if err != nil && !errors.Is(err, ErrNobody) {
		return err
	}
	if err == nil {
		if err := s.door.Store.SignOut(ctx, p.ID, s.door.Now()); err != nil {
			return err
		}
	}
	return s.manager.Destroy(ctx)
}

// Drop ends the session of whoever has failed to prove that it is theirs.
func (s *Sessions) Drop(ctx context.Context) error { return s.manager.Destroy(ctx) }

// AcceptBanner notes that the banner was accepted, and whether it was, Banner says.
func (s *Sessions) AcceptBanner(ctx context.Context) {
	s.manager.SetDeadline(ctx, s.door.Now().Add(Begun))
	s.manager.Put(ctx, keyBanner, true)
}

// Banner says whether the banner was accepted in this session.
func (s *Sessions) Banner(ctx context.Context) bool { return s.manager.GetBool(ctx, keyBanner) }

// SetNext notes where to go after signing in; Next takes the note.
func (s *Sessions) SetNext(ctx context.Context, path string) { s.manager.Put(ctx, keyNext, path) }

// Next is where to go after signing in; empty: nobody said.
func (s *Sessions) Next(ctx context.Context) string { return s.manager.PopString(ctx, keyNext) }

// Step notes who has passed the first step, under a new token.
func (s *Sessions) Step(ctx context.Context, p store.Person) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	s.manager.Put(ctx, keyPending, int64(p.ID))
	s.put(ctx, keySince, s.door.Now())
	return nil
}

// Stepped is who has passed the first step not long ago; ErrNobody.
func (s *Sessions) Stepped(ctx context.Context) (store.Person, error) {
	id := s.manager.GetInt64(ctx, keyPending)
	if id == 0 || s.door.Now().Sub(s.time(ctx, keySince)) >= Stepped {
		return store.Person{}, ErrNobody
	}
	p, err := s.door.Store.Person(ctx, store.PersonID(id))
	if err == nil && p.State != store.PersonActive {
		err = ErrNobody
	}
	return p, err
}

// Ask keeps a challenge until its answer comes; Asked takes it: a challenge is answered once.
func (s *Sessions) Ask(ctx context.Context, c Challenge) { s.manager.Put(ctx, keyAsked, c.State) }

// Asked is the challenge that was kept; empty: there is none.
func (s *Sessions) Asked(ctx context.Context) string { return s.manager.PopString(ctx, keyAsked) }

// Open keeps a link's token, so that no address holds it any more, under a new session.
func (s *Sessions) Open(ctx context.Context, token string, purpose store.TokenPurpose) error {
	if err := s.fresh(ctx); err != nil {
		return err
	}
	s.manager.Put(ctx, keyToken, token)
	s.manager.Put(ctx, keyPurpose, string(purpose))
	return nil
}

// Opened is the token of the link that was opened for this purpose; empty: there is none.
func (s *Sessions) Opened(ctx context.Context, purpose store.TokenPurpose) string {
	if s.manager.GetString(ctx, keyPurpose) != string(purpose) {
		return ""
	}
	return s.manager.GetString(ctx, keyToken)
}

func (s *Sessions) put(ctx context.Context, key string, at time.Time) {
	s.manager.Put(ctx, key, at.UnixMilli())
}

func (s *Sessions) time(ctx context.Context, key string) time.Time {
	return time.UnixMilli(s.manager.GetInt64(ctx, key))
}

// Travel keeps what is needed when the browser comes back from an agency's provider; Travelled takes it: an answer is good once.
func (s *Sessions) Travel(ctx context.Context, trip string) { s.manager.Put(ctx, keyTrip, trip) }

// Travelled is what was kept; empty: nothing.
func (s *Sessions) Travelled(ctx context.Context) string { return s.manager.PopString(ctx, keyTrip) }
