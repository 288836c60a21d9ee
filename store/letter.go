package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"ccpor/access"
	"ccpor/mapping/order"
)

// LetterKind is what a letter to a person is about.
type LetterKind string

// The letters.
const (
	LetterInvitation LetterKind = "invitation" // a link by which the invitation is accepted
	LetterReset      LetterKind = "reset"      // a link by which a new password is set
	LetterChanged    LetterKind = "changed"    // something of what the person proves themselves with has changed
	LetterLocked     LetterKind = "locked"     // the person is locked out
	LetterGlass      LetterKind = "glass"      // somebody of the person's agency has broken the glass
)

// LetterQueue is the queue of letters.
const LetterQueue = "letters"

// LetterArgs is the job of writing to a person. The token of a link is made when the letter is written: a job holds no secret.
type LetterArgs struct {
	Person int64      `json:"person"`
	Letter LetterKind `json:"letter"`
}

// Kind is River's name of the job.
func (LetterArgs) Kind() string { return "letter" }

// InsertOpts puts letters into a queue of their own, and tries each for about a day.
func (LetterArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: LetterQueue, MaxAttempts: 12}
}

func (s *Store) queueLetter(ctx context.Context, tx pgx.Tx, id PersonID, kind LetterKind) error {
	if _, err := s.jobs.InsertTx(ctx, tx, LetterArgs{int64(id), kind}, nil); err != nil {
		return fmt.Errorf("have a letter written: %w", err)
	}
	return nil
}

// tellAdministrators has a letter written to each administrator of an agency who can sign in.
func (s *Store) tellAdministrators(ctx context.Context, tx pgx.Tx, agency order.ORI, kind LetterKind) error {
	rows, err := tx.Query(ctx, "select p.id from person p join agency a on a.id = p.agency_id where a.ori = $1 and p.state = 'active' and $2 = any(p.roles)", string(agency), string(access.AgencyAdministrator))
	if err != nil {
		return fmt.Errorf("find an agency's administrators: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[PersonID])
	if err != nil {
		return fmt.Errorf("find an agency's administrators: %w", err)
	}
	for _, id := range ids {
		if err := s.queueLetter(ctx, tx, id, kind); err != nil {
			return err
		}
	}
	return nil
}

// WriteTo has a letter written to a person. Nobody (0) costs as much as somebody, and gets none.
func (s *Store) WriteTo(ctx context.Context, id PersonID, kind LetterKind) error {
	return s.transact(ctx, func(tx pgx.Tx) error { return s.queueLetter(ctx, tx, id, kind) })
}

// TokenPurpose is what a token is good for.
type TokenPurpose string

// The purposes of tokens.
const (
	TokenInvitation TokenPurpose = "invitation"
	TokenReset      TokenPurpose = "reset"
)

// ErrTooMany says that a person has got as many letters as one gets in an hour.
var ErrTooMany = errors.New("the person has got several such letters within the hour")

// lettersAnHour bounds how many links a person can be sent: whoever knows an address could fill its inbox.
const lettersAnHour = 5

// NewToken keeps the hash (SHA-256) of a token for the person; an earlier one for the purpose ends. A new invitation is given to an invited person only, a reset to an active one with a password: ErrPersonState.
// ErrNotFound, ErrTooMany.
func (s *Store) NewToken(ctx context.Context, id PersonID, purpose TokenPurpose, hash []byte, expires time.Time, by By, now time.Time) (Person, error) {
	var about Person
	err := s.act(ctx, id, now, personAct{action: "person.token", outcome: "made", by: by, do: func(tx pgx.Tx, p Person) (string, error) {
		if about = p; purpose == TokenInvitation != (p.State == PersonInvited) || purpose == TokenReset && (p.State != PersonActive || !p.HasPassword) {
			return "", ErrPersonState
		}
		var made int
		err := tx.QueryRow(ctx, "select count(*) from person_token where person_id = $1 and made_at > $2", int64(id), now.Add(-time.Hour)).Scan(&made)
		if err == nil && made >= lettersAnHour {
			return "", ErrTooMany
		}
		if err == nil {
			_, err = tx.Exec(ctx, "update person_token set ended_at = $3 where person_id = $1 and purpose = $2 and ended_at is null", int64(id), string(purpose), now)
		}
		if err == nil {
			_, err = tx.Exec(ctx, "insert into person_token (hash, person_id, purpose, made_at, expires_at) values ($1, $2, $3, $4, $5)", hash, int64(id), string(purpose), now, expires)
		}
		if err != nil {
			return "", fmt.Errorf("make a link: %w", err)
		}
		return string(purpose), nil
	}})
	return about, err
}

// Token finds the person for whom a token is good now; ErrToken.
func (r *Reader) Token(ctx context.Context, hash []byte, purpose TokenPurpose, now time.Time) (Person, error) {
	p, err := one(ctx, r.pool, scanPerson, "find a link's person", "select "+personColumns+personFrom+`join person_token t on t.person_id = p.id
		where t.hash = $1 and t.purpose = $2 and t.ended_at is null and t.expires_at > $3`, hash, string(purpose), now)
	if errors.Is(err, ErrNotFound) {
		return p, ErrToken
	}
	return p, err
}

// useToken uses up a token; ErrToken where it is not good, or another's.
func useToken(ctx context.Context, tx pgx.Tx, id PersonID, hash []byte, purpose TokenPurpose, now time.Time) error {
	tag, err := tx.Exec(ctx, "update person_token set ended_at = $4 where hash = $1 and person_id = $2 and purpose = $3 and ended_at is null and expires_at > $4", hash, int64(id), string(purpose), now)
	if err != nil {
		return fmt.Errorf("use a link: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrToken
	}
	return nil
}

func endTokens(ctx context.Context, tx pgx.Tx, id PersonID, now time.Time) error {
	if _, err := tx.Exec(ctx, "update person_token set ended_at = $2 where person_id = $1 and ended_at is null", int64(id), now); err != nil {
		return fmt.Errorf("end a person's links: %w", err)
	}
	return nil
}

// ResetPassword sets a new password for whom the token is good, uses the token up and ends the person's sessions. It does not sign in, and ends no lockout: the second factor is asked for as ever. A letter tells
// the person. ErrToken.
func (s *Store) ResetPassword(ctx context.Context, token []byte, hash string, now time.Time) error {
	about, err := s.Token(ctx, token, TokenReset, now)
	if err != nil {
		return err
	}
	return s.act(ctx, about.ID, now, personAct{action: "person.password", outcome: "reset", do: func(tx pgx.Tx, p Person) (string, error) {
		if p.State != PersonActive {
			return "", ErrToken
		}
		if err := useToken(ctx, tx, p.ID, token, TokenReset, now); err != nil {
			return "", err
		}
		if err := setPassword(ctx, tx, p.ID, hash, now); err != nil {
			return "", err
		}
		return "", s.queueLetter(ctx, tx, p.ID, LetterChanged)
	}})
}

// ChoosePassword keeps the password of somebody who has opened an invitation; it counts when the person becomes active. ErrToken.
func (s *Store) ChoosePassword(ctx context.Context, token []byte, hash string, now time.Time) error {
	about, err := s.Token(ctx, token, TokenInvitation, now)
	if err != nil {
		return err
	}
	return s.act(ctx, about.ID, now, personAct{action: "person.password", outcome: "chosen", do: func(tx pgx.Tx, p Person) (string, error) {
		if p.State != PersonInvited {
			return "", ErrToken
		}
		return "", setPassword(ctx, tx, p.ID, hash, now)
	}})
}

// Activate accepts the invitation for which the token is good and uses it up: the person has a password and a second factor, or that is ErrPersonState. ErrToken.
func (s *Store) Activate(ctx context.Context, token []byte, now time.Time) (Person, error) {
	about, err := s.Token(ctx, token, TokenInvitation, now)
	if err != nil {
		return Person{}, err
	}
	err = s.act(ctx, about.ID, now, personAct{action: "person.accept", outcome: "active", do: func(tx pgx.Tx, p Person) (string, error) {
		if p.State != PersonInvited || !p.HasPassword || !p.HasTOTP && p.Passkeys == 0 {
			return "", ErrPersonState
		}
		if err := useToken(ctx, tx, p.ID, token, TokenInvitation, now); err != nil {
			return "", err
		}
		return update(ctx, "accept an invitation", "state = 'active'")(tx, p)
	}})
	return about, err
}
