package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Event is one entry of the audit log: who did what to what, when, and how it ended. An entry stands for itself: it needs no other
// row to be understood. It holds no personal data, and the database refuses to change or delete it.
type Event struct {
	At time.Time
	// Actor is who: "agency CA030013J", "hub west-1", "person jdoe".
	Actor string
	// Action is what: "submission.accept", "order.read".
	Action string
	// Object is to what: "submission 7K4M-X2Q9-PC", "order CA030013J/06NF0886-1".
	Object string
	// Outcome is how it ended: "accepted", "refused", "CARPOS-30".
	Outcome string
	// Details is what else a reader of the log needs.
	Details string
	// Person is who acted, where that person has signed in, Agency for which agency a person acted, and Purpose why, in that person's words.
	Person  PersonID
	Agency  order.ORI
	Purpose string
}

// PersonID is the hub's own number of a person who may sign in; 0 is nobody.
type PersonID int64

// Audit writes an entry, for reads and for acts of people.
func (s *Store) Audit(ctx context.Context, e Event) error {
	_, err := s.pool.Exec(ctx, "insert into audit (at, actor, action, object, outcome, details, person, agency, purpose) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		e.At, e.Actor, e.Action, e.Object, e.Outcome, e.Details, int64(e.Person), string(e.Agency), e.Purpose)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

// AuditTrail reads the audit log, newest first: at most limit entries about the object, or about all when it is empty.
func (r *Reader) AuditTrail(ctx context.Context, object string, limit int) ([]Event, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (e Event, err error) {
		err = row.Scan(&e.At, &e.Actor, &e.Action, &e.Object, &e.Outcome, &e.Details, &e.Person, &e.Agency, &e.Purpose)
		e.At = e.At.UTC()
		return e, err
	}, "read the audit log", "select at, actor, action, object, outcome, details, person, agency, purpose from audit where $1 in ('', object) order by id desc limit $2", object, limit)
}
