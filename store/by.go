package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// By is who does something to a person, as the audit log has it; a person who acts on the pages, or "person jdoe, command line".
type By struct {
	Actor  string
	Person PersonID
	Agency order.ORI
}

// note writes an entry within a transaction.
func note(ctx context.Context, tx pgx.Tx, e Event) error {
	_, err := tx.Exec(ctx, "insert into audit (at, actor, action, object, outcome, details, person, agency, purpose) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		e.At, e.Actor, e.Action, e.Object, e.Outcome, e.Details, int64(e.Person), string(e.Agency), e.Purpose)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}
