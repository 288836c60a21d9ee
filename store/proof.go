package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrReplayed says that a one-time code was used before, or a newer one was.
var ErrReplayed = errors.New("this code was used before")

// TakeTry counts a try to prove who one is, before it is judged: where most tries have failed, the person is locked out for a time, and ok is false until then. Tries that come at once are
// counted one after the other, so that none is free. Whoever succeeds gives the try back, or signs in. That a person is locked out goes on record, and a letter tells the person.
func (s *Store) TakeTry(ctx context.Context, id PersonID, most int, lock time.Duration, now time.Time) (ok bool, err error) {
	err = s.transact(ctx, func(tx pgx.Tx) error {
		var failed int
		err := tx.QueryRow(ctx, `with tried as (select id, case when locked_until is null then failed + 1 else 1 end as n from person
				where id = $1 and (locked_until is null or locked_until <= $2) for update)
			update person p set failed = t.n, locked_until = case when t.n >= $3 then $4::timestamptz end from tried t where p.id = t.id returning p.failed`, int64(id), now, most, now.Add(lock)).Scan(&failed)
		ok = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("count a try: %w", err)
		}
		return nil
	})
	return ok, err
}

func (s *Store) transact(ctx context.Context, do func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, do)
}

// GiveTryBack says that a try was good, though the person has not signed in by it: a right password, and the second factor is to come.
func (s *Store) GiveTryBack(ctx context.Context, id PersonID, most int) error {
	_, err := s.pool.Exec(ctx, "update person set failed = greatest(failed - 1, 0), locked_until = case when failed - 1 >= $2 then locked_until end where id = $1", int64(id), most)
	if err != nil {
		return fmt.Errorf("give a try back: %w", err)
	}
	return nil
}

// TryFailed puts a failure on record; from is the address, what was tried: "password". Where it was the one that locked the person out, that is on record too, and a letter is due.
func (s *Store) TryFailed(ctx context.Context, id PersonID, what, from string, now time.Time) error {
	return s.transact(ctx, func(tx pgx.Tx) error {
		p, err := one(ctx, tx, scanPerson, "find a person", "select "+personColumns+personFrom+"where p.id = $1", int64(id))
		if err != nil {
			return err
		}
		nobody := By{Actor: "address " + from}
		if err := note(ctx, tx, nobody.event(now, "person.sign-in", p, "refused", what)); err != nil || !p.Locked(now) {
			return err
		}
		if err := note(ctx, tx, nobody.event(now, "person.lock", p, "locked", fmt.Sprintf("after %d failures", p.Failed))); err != nil {
			return err
		}
		return s.queueLetter(ctx, tx, id, LetterLocked)
	})
}

// SignIn begins a person's new epoch: sessions of earlier ones have ended. how says with what the person has proved who they are. ErrNotFound; ErrPersonState where the person is not active.
func (s *Store) SignIn(ctx context.Context, id PersonID, how, from string, now time.Time) (Person, error) {
	var after Person
	err := s.act(ctx, id, now, personAct{action: "person.sign-in", outcome: "signed in", do: func(tx pgx.Tx, p Person) (string, error) {
		if p.State != PersonActive {
			return "", ErrPersonState
		}
		_, err := tx.Exec(ctx, "delete from session where expires_at < $1", now)
		if err == nil {
			_, err = tx.Exec(ctx, "update person set epoch = epoch + 1, signed_before = signed_in, signed_in = $2, failed = 0, locked_until = null where id = $1", int64(id), now)
		}
		if err != nil {
			return "", fmt.Errorf("sign in: %w", err)
		}
		after, err = one(ctx, tx, scanPerson, "find a person", "select "+personColumns+personFrom+"where p.id = $1", int64(id))
		return how + ", from " + from, err
	}})
	return after, err
}

// Unlocked says that a person whose session was locked has proved who they are, and takes back their failures.
func (s *Store) Unlocked(ctx context.Context, id PersonID, how, from string, now time.Time) error {
	return s.act(ctx, id, now, personAct{action: "person.prove", outcome: "done", do: func(tx pgx.Tx, p Person) (string, error) {
		_, err := update(ctx, "go on with a session", "failed = 0, locked_until = null")(tx, p)
		return how + ", from " + from, err
	}})
}

// SignOut puts on record that a person has signed out, and ends the epoch. ErrNotFound.
func (s *Store) SignOut(ctx context.Context, id PersonID, now time.Time) error {
	return s.act(ctx, id, now, personAct{action: "person.sign-out", outcome: "signed out", do: update(ctx, "sign out", "epoch = epoch + 1")})
}

// Secrets are what a person's proofs are judged by. They go to package identity and nowhere else.
type Secrets struct {
	// Password is the argon2id hash (PHC string); empty: there is none.
	Password string
	// TOTP is the secret in base32; empty: there is none. Next is one that is shown and not confirmed.
	TOTP, Next string
}

// Secrets reads what a person's proofs are judged by. ErrNotFound; vault.ErrNoKeys.
func (s *Store) Secrets(ctx context.Context, id PersonID) (Secrets, error) {
	var k Secrets
	var totp, next []byte
	err := s.pool.QueryRow(ctx, "select password, totp, totp_next from person where id = $1", int64(id)).Scan(&k.Password, &totp, &next)
	if errors.Is(err, pgx.ErrNoRows) {
		return k, ErrNotFound
	}
	if err == nil {
		err = s.safe.openText(ctx, inTOTP, sealed{totp, idRow(id)}, &k.TOTP)
	}
	if err == nil {
		err = s.safe.openText(ctx, inTOTPNext, sealed{next, idRow(id)}, &k.Next)
	}
	if err != nil {
		return Secrets{}, fmt.Errorf("read what a person proves themselves with: %w", err)
	}
	return k, nil
}

// SetPassword keeps the hash of a new password, and begins a new epoch, which it gives: all sessions but the one in hand end. A letter tells the person. ErrNotFound; ErrPersonState.
func (s *Store) SetPassword(ctx context.Context, id PersonID, hash string, now time.Time) (epoch int64, err error) {
	err = s.act(ctx, id, now, personAct{action: "person.password", outcome: "set", do: func(tx pgx.Tx, p Person) (string, error) {
		if p.State != PersonActive {
			return "", ErrPersonState
		}
		epoch = p.Epoch + 1
		if err := setPassword(ctx, tx, id, hash, now); err != nil {
			return "", err
		}
		return "", s.queueLetter(ctx, tx, id, LetterChanged)
	}})
	return epoch, err
}

func setPassword(ctx context.Context, tx pgx.Tx, id PersonID, hash string, now time.Time) error {
	_, err := tx.Exec(ctx, "update person set password = $2, password_at = $3, epoch = epoch + 1 where id = $1", int64(id), hash, now)
	if err != nil {
		return fmt.Errorf("set a password: %w", err)
	}
	return nil
}

// OfferTOTP keeps a secret that is shown to the person; it counts when it is confirmed. ErrNotFound; vault.ErrNoKeys.
func (s *Store) OfferTOTP(ctx context.Context, id PersonID, secret string, now time.Time) error {
	sealed, err := s.safe.seal(ctx, inTOTPNext, idRow(id), []byte(secret))
	if err != nil {
		return fmt.Errorf("keep a secret: %w", err)
	}
	return s.act(ctx, id, now, personAct{action: "person.totp", outcome: "offered", do: update(ctx, "keep a secret", "totp_next = $2", sealed)})
}

// ConfirmTOTP makes the offered secret the person's; step is that of the code that confirmed it, and is used by that. ErrNotFound; vault.ErrNoKeys.
func (s *Store) ConfirmTOTP(ctx context.Context, id PersonID, secret string, step int64, now time.Time) error {
	sealed, err := s.safe.seal(ctx, inTOTP, idRow(id), []byte(secret))
	if err != nil {
		return fmt.Errorf("keep a secret: %w", err)
	}
	return s.act(ctx, id, now, personAct{action: "person.totp", outcome: "set", do: func(tx pgx.Tx, p Person) (string, error) {
		if _, err := update(ctx, "keep a secret", "totp = $2, totp_next = null, totp_step = $3", sealed, step)(tx, p); err != nil {
			return "", err
		}
		return "", s.tellChanged(ctx, tx, p)
	}})
}

// DropTOTP takes the secret away. ErrNotFound.
func (s *Store) DropTOTP(ctx context.Context, id PersonID, now time.Time) error {
	return s.act(ctx, id, now, personAct{action: "person.totp", outcome: "removed", do: func(tx pgx.Tx, p Person) (string, error) {
		if _, err := update(ctx, "remove a secret", "totp = null, totp_next = null")(tx, p); err != nil {
			return "", err
		}
		return "", s.tellChanged(ctx, tx, p)
	}})
}

// tellChanged has a person told that something of what they prove themselves with has changed, unless they are just beginning.
func (s *Store) tellChanged(ctx context.Context, tx pgx.Tx, p Person) error {
	if p.State != PersonActive {
		return nil
	}
	return s.queueLetter(ctx, tx, p.ID, LetterChanged)
}

// UseStep uses up a time step of the person's one-time codes; ErrReplayed where it, or a later one, was used.
func (s *Store) UseStep(ctx context.Context, id PersonID, step int64) error {
	tag, err := s.pool.Exec(ctx, "update person set totp_step = $2 where id = $1 and totp_step < $2", int64(id), step)
	if err != nil {
		return fmt.Errorf("use a one-time code: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrReplayed
	}
	return nil
}

// SetCodes replaces the person's recovery codes by those with these hashes (SHA-256). ErrNotFound.
func (s *Store) SetCodes(ctx context.Context, id PersonID, hashes [][]byte, now time.Time) error {
	return s.act(ctx, id, now, personAct{action: "person.codes", outcome: "set", do: func(tx pgx.Tx, p Person) (string, error) {
		_, err := tx.Exec(ctx, "update recovery_code set ended_at = $2 where person_id = $1 and ended_at is null", int64(id), now)
		if err == nil {
			_, err = tx.Exec(ctx, "insert into recovery_code (hash, person_id, made_at) select unnest($1::bytea[]), $2, $3", hashes, int64(id), now)
		}
		if err != nil {
			return "", fmt.Errorf("keep recovery codes: %w", err)
		}
		return fmt.Sprintf("%d codes", len(hashes)), s.tellChanged(ctx, tx, p)
	}})
}

// UseCode uses up a recovery code; ErrReplayed where the person has none with this hash that is still good. A letter tells the person.
func (s *Store) UseCode(ctx context.Context, id PersonID, hash []byte, now time.Time) error {
	return s.act(ctx, id, now, personAct{action: "person.codes", outcome: "used", do: func(tx pgx.Tx, p Person) (string, error) {
		tag, err := tx.Exec(ctx, "update recovery_code set ended_at = $3 where person_id = $1 and hash = $2 and ended_at is null", int64(id), hash, now)
		if err != nil {
			return "", fmt.Errorf("use a recovery code: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return "", ErrReplayed
		}
		return fmt.Sprintf("%d left", p.Codes-1), s.tellChanged(ctx, tx, p)
	}})
}
