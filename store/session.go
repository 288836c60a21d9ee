package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Sessions keeps browsers' sessions by the digest of what the browser holds (alexedwards/scs, CtxStore). Sign-in clears away what is over.
type Sessions struct {
	store *Store
	now   func() time.Time
}

// Sessions are the browsers' sessions, on a clock.
func (s *Store) Sessions(now func() time.Time) *Sessions { return &Sessions{s, now} }

// FindCtx reads a session that is not over.
func (s *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.store.pool.QueryRow(ctx, "select data from session where token = $1 and expires_at > $2", token, s.now()).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read a session: %w", err)
	}
	return data, true, nil
}

// CommitCtx keeps a session.
func (s *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	_, err := s.store.pool.Exec(ctx, "insert into session (token, data, expires_at) values ($1, $2, $3) on conflict (token) do update set data = excluded.data, expires_at = excluded.expires_at", token, data, expires)
	if err != nil {
		return fmt.Errorf("keep a session: %w", err)
	}
	return nil
}

// DeleteCtx ends a session.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	if _, err := s.store.pool.Exec(ctx, "delete from session where token = $1", token); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// Find, Commit and Delete are for a part of the interface that is not used where the others are there.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx.
func (s *Sessions) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

// Delete is DeleteCtx.
func (s *Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// IdentityProvider is an agency's own way to sign its people in (OpenID Connect).
type IdentityProvider struct {
	Agency         order.ORI
	Issuer, Client string
	// Secret is sealed in the database.
	Secret string
	// Domains are those of the e-mail addresses for which the provider may speak.
	Domains []string
}

// SetIdentityProvider sets an agency's identity provider. ErrNotFound; vault.ErrNoKeys.
func (s *Store) SetIdentityProvider(ctx context.Context, p IdentityProvider, by By, now time.Time) error {
	sealed, err := s.safe.seal(ctx, inProvider, string(p.Agency), []byte(p.Secret))
	if err != nil {
		return fmt.Errorf("keep a secret: %w", err)
	}
	return s.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `insert into identity_provider (agency_id, issuer, client, secret, domains, set_at) select id, $2, $3, $4, $5, $6 from agency where ori = $1
			on conflict (agency_id) do update set issuer = excluded.issuer, client = excluded.client, secret = excluded.secret, domains = excluded.domains, set_at = excluded.set_at`,
			string(p.Agency), p.Issuer, p.Client, sealed, p.Domains, now)
		if err != nil {
			return fmt.Errorf("set an identity provider: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		return note(ctx, tx, Event{At: now, Actor: by.Actor, Person: by.Person, Agency: by.Agency, Action: "agency.identity-provider", Object: "agency " + string(p.Agency), Outcome: "set", Details: p.Issuer})
	})
}

// DropIdentityProvider takes an agency's identity provider away. ErrNotFound.
func (s *Store) DropIdentityProvider(ctx context.Context, agency order.ORI, by By, now time.Time) error {
	return s.transact(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "delete from identity_provider where agency_id = (select id from agency where ori = $1)", string(agency))
		if err != nil {
			return fmt.Errorf("remove an identity provider: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		return note(ctx, tx, Event{At: now, Actor: by.Actor, Person: by.Person, Agency: by.Agency, Action: "agency.identity-provider", Object: "agency " + string(agency), Outcome: "removed"})
	})
}

// IdentityProviders lists them by agency. vault.ErrNoKeys.
func (s *Store) IdentityProviders(ctx context.Context) ([]IdentityProvider, error) {
	providers, err := all(ctx, s.pool, func(row pgx.CollectableRow) (p IdentityProvider, err error) {
		var secret []byte
		if err := row.Scan(&p.Agency, &p.Issuer, &p.Client, &secret, &p.Domains); err != nil {
			return p, err
		}
		p.Secret = string(secret)
		return p, nil
	}, "list identity providers", "select a.ori, i.issuer, i.client, i.secret, i.domains from identity_provider i join agency a on a.id = i.agency_id order by a.ori")
	if err != nil {
		return nil, err
	}
	for i := range providers {
		p := &providers[i]
		if err = s.safe.openText(ctx, inProvider, sealed{[]byte(p.Secret), string(p.Agency)}, &p.Secret); err != nil {
			return nil, fmt.Errorf("read a secret: %w", err)
		}
	}
	return providers, nil
}
