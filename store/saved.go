package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// SavedSearch is a search that a person keeps. Only that person sees it.
type SavedSearch struct {
	ID   int64
	Name string
	// Query is the search as an address says it: "agency=CA030013J&state=held".
	Query string
	At    time.Time
}

// MostSaved is how many searches a person keeps.
const MostSaved = 50

// Errors of searches that are kept.
var (
	ErrSavedEnough = fmt.Errorf("a person keeps %d searches at most", MostSaved)
	ErrSavedName   = errors.New("a search that is kept needs a name of 1 to 60 characters, and is itself no longer than 1000")
)

// SaveSearch keeps a search of the person of the act under its name, in place of an earlier one of that name. ErrSavedName, ErrSavedEnough.
func (s *Store) SaveSearch(ctx context.Context, by Event, k SavedSearch) error {
	name := strings.TrimSpace(k.Name)
	if n := utf8.RuneCountInString(name); n < 1 || n > 60 || len(k.Query) > 1000 {
		return ErrSavedName
	}
	return s.actOf(ctx, "keep a search", by, Event{Action: "search.keep", Object: "saved searches", Outcome: "kept"}, func(tx pgx.Tx) error {
		// Two at once of one person wait for each other, so that neither miscounts.
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('saved_search', $1))", int64(by.Person)); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `insert into saved_search (person, name, query, at) select $1, $2, $3, $4
			where (select count(*) from saved_search where person = $1 and name <> $2) < $5 on conflict on constraint saved_search_name do update set query = excluded.query, at = excluded.at`,
			int64(by.Person), name, k.Query, by.At, MostSaved)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrSavedEnough
		}
		return err
	})
}

// ForgetSearch forgets a search of the person of the act; ErrNotFound where that person keeps no such.
func (s *Store) ForgetSearch(ctx context.Context, by Event, id int64) error {
	return s.actOf(ctx, "forget a search", by, Event{Action: "search.forget", Object: "saved searches", Outcome: "forgotten"}, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "delete from saved_search where id = $1 and person = $2", id, int64(by.Person))
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrNotFound
		}
		return err
	})
}

// SavedSearches are those of a person, by their names.
func (r *Reader) SavedSearches(ctx context.Context, of PersonID) ([]SavedSearch, error) {
	return all(ctx, r.pool, pgx.RowToStructByPos[SavedSearch], "read the searches that a person keeps",
		"select id, name, query, at from saved_search where person = $1 order by lower(name), id", int64(of))
}

// errNoPerson says that an act is nobody's; it is a mistake of the program.
var errNoPerson = errors.New("an act needs its person and its time")

// actOf does what a person decided and puts it on record, in one transaction. by says who it is, for which agency and when; what is the rest of the entry.
func (s *Store) actOf(ctx context.Context, doing string, by, what Event, do func(tx pgx.Tx) error) error {
	if by.Person == 0 || by.Actor == "" || by.At.IsZero() {
		return fmt.Errorf("%s: %w", doing, errNoPerson)
	}
	what.At, what.Actor, what.Person, what.Agency = by.At, by.Actor, by.Person, by.Agency
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return note(ctx, tx, what)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
