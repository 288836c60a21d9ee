package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Federated is whom an agency's identity provider has named.
type Federated struct {
	Agency          order.ORI
	Issuer, Subject string
	// Login is the person's e-mail address, for which the provider may speak.
	Login string
}

// FederatedPerson finds who that is: by the provider's name for the person, else by the login of a person of that agency who is not known by another name there. ErrNotFound.
func (r *Reader) FederatedPerson(ctx context.Context, f Federated) (Person, error) {
	p, err := r.PersonBySubject(ctx, f.Issuer, f.Subject)
	if errors.Is(err, ErrNotFound) {
		if p, err = r.PersonByLogin(ctx, f.Login); err == nil && p.Issuer != "" {
			return Person{}, ErrNotFound
		}
	}
	if err == nil && p.AgencyORI != f.Agency {
		return Person{}, ErrNotFound
	}
	return p, err
}

// Federate has a person be known by the agency's identity provider from now on, and by nothing else: password, second factors, recovery codes and links end. Who was invited is active with it.
// ErrPersonState where the person is disabled, or known by a provider already.
func (s *Store) Federate(ctx context.Context, id PersonID, f Federated, now time.Time) error {
	return s.act(ctx, id, now, personAct{action: "person.federate", outcome: "set", do: func(tx pgx.Tx, p Person) (string, error) {
		if p.State == PersonDisabled || p.Issuer != "" || p.AgencyORI != f.Agency {
			return "", ErrPersonState
		}
		if err := endProofs(ctx, tx, id, now); err != nil {
			return "", err
		}
		_, err := update(ctx, "have a person known by a provider", `state = 'active', epoch = epoch + 1, password = '', password_at = null, totp = null, totp_next = null, failed = 0, locked_until = null,
			issuer = $2, subject = $3`, f.Issuer, f.Subject)(tx, p)
		return "by " + f.Issuer, err
	}})
}

// endProofs ends a person's links, passkeys and recovery codes.
func endProofs(ctx context.Context, tx pgx.Tx, id PersonID, now time.Time) error {
	if err := endTokens(ctx, tx, id, now); err != nil {
		return err
	}
	for _, sql := range []string{"update passkey set ended_at = $2 where person_id = $1 and ended_at is null", "update recovery_code set ended_at = $2 where person_id = $1 and ended_at is null"} {
		if _, err := tx.Exec(ctx, sql, int64(id), now); err != nil {
			return fmt.Errorf("end what a person proves themselves with: %w", err)
		}
	}
	return nil
}
