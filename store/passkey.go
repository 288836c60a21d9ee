package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Passkey is a public key with which a person proves who they are (WebAuthn).
type Passkey struct {
	ID     int64
	Person PersonID
	// Name is what the person calls it, 1 to 60 characters.
	Name string
	// Credential is its identification, PublicKey the key in COSE form, AAGUID the authenticator's model, Attestation what vouched for that.
	Credential, PublicKey, AAGUID []byte
	Attestation                   string
	Transports                    []string
	// Signed is the authenticator's counter of signatures, as it last said; many always say 0.
	Signed uint32
	// BackupEligible and BackedUp say that it may be, and is, on several devices.
	BackupEligible, BackedUp bool
	Made, Used               time.Time
}

// ErrPasskeyTaken says that the passkey is registered already.
var ErrPasskeyTaken = errors.New("this passkey is registered already")

// ErrCounter says that a passkey's counter of signatures is not what it was: somebody else has used it meanwhile.
var ErrCounter = errors.New("the passkey was used elsewhere meanwhile")

func scanPasskey(row pgx.CollectableRow) (k Passkey, err error) {
	var used *time.Time
	var signed int64
	err = row.Scan(&k.ID, &k.Person, &k.Name, &k.Credential, &k.PublicKey, &k.AAGUID, &k.Attestation, &k.Transports, &signed, &k.BackupEligible, &k.BackedUp, &k.Made, &used)
	k.Signed, k.Made, k.Used = uint32(signed), k.Made.UTC(), known(used)
	return k, err
}

// Passkeys lists a person's passkeys that count, the oldest first.
func (r *Reader) Passkeys(ctx context.Context, id PersonID) ([]Passkey, error) {
	return all(ctx, r.pool, scanPasskey, "list passkeys", `select id, person_id, name, credential, public_key, aaguid, attestation, transports, sign_count, backup_eligible, backed_up, made_at, used_at
		from passkey where person_id = $1 and ended_at is null order by id`, int64(id))
}

// AddPasskey registers a passkey. ErrPasskeyTaken; ErrNotFound.
func (s *Store) AddPasskey(ctx context.Context, k Passkey, now time.Time) error {
	return s.act(ctx, k.Person, now, personAct{action: "person.passkey", outcome: "added", do: func(tx pgx.Tx, p Person) (string, error) {
		_, err := tx.Exec(ctx, `insert into passkey (person_id, name, credential, public_key, aaguid, attestation, transports, sign_count, backup_eligible, backed_up, made_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			int64(k.Person), k.Name, k.Credential, k.PublicKey, k.AAGUID, k.Attestation, append([]string{}, k.Transports...), int64(k.Signed), k.BackupEligible, k.BackedUp, now)
		if breaks(err, "passkey_credential_key") {
			return "", ErrPasskeyTaken
		}
		if err != nil {
			return "", fmt.Errorf("keep a passkey: %w", err)
		}
		return k.Name, s.tellChanged(ctx, tx, p)
	}})
}

// UsePasskey notes a use of the passkey with its new counter; ErrCounter where another use came first, or the passkey counts no more.
func (s *Store) UsePasskey(ctx context.Context, k Passkey, signed uint32, backedUp bool, now time.Time) error {
	tag, err := s.pool.Exec(ctx, "update passkey set sign_count = $3, backed_up = $4, used_at = $5 where id = $1 and sign_count = $2 and ended_at is null", k.ID, int64(k.Signed), int64(signed), backedUp, now)
	if err != nil {
		return fmt.Errorf("note the use of a passkey: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrCounter
	}
	return nil
}

// EndPasskey takes a passkey from a person, for good; why is for the record: "removed", "its counter went back". ErrNotFound.
func (s *Store) EndPasskey(ctx context.Context, id PersonID, passkey int64, why string, now time.Time) error {
	return s.act(ctx, id, now, personAct{action: "person.passkey", outcome: "removed", do: func(tx pgx.Tx, p Person) (string, error) {
		var name string
		err := tx.QueryRow(ctx, "update passkey set ended_at = $3 where person_id = $1 and id = $2 and ended_at is null returning name", int64(id), passkey, now).Scan(&name)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", ErrNotFound
		}
		if err != nil {
			return "", fmt.Errorf("remove a passkey: %w", err)
		}
		return name + ": " + why, s.tellChanged(ctx, tx, p)
	}})
}
