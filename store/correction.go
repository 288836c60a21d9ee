package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Correction is what a person of the hub supplied for CARPOS of one order: it changes what is sent, never the order in the registry.
type Correction struct {
	// Field is the CARPOS field, three letters; Value what is sent in it. Values are personal data: they go into no log, audit entry or list.
	Field, Value string
	// Version is the order's version that it was made for: what the court says itself in a later one counts more.
	Version int
	// Source is where it comes from, in words without a person's name: "court clerk by telephone".
	Source string
	// By is who supplied it, and At when.
	By string
	At time.Time
}

// SupplyError says that what a person supplied is not taken; nothing of it is kept. Its text holds no value.
type SupplyError struct{ Err error }

func (e *SupplyError) Error() string { return e.Err.Error() }

// Unwrap is the reason.
func (e *SupplyError) Unwrap() error { return e.Err }

// errCorrection says that corrections cannot be kept as they are.
var errCorrection = errors.New("a correction needs a field of three letters, once, a value and its source")

func checkCorrections(all []Correction) error {
	var fields []string
	for _, c := range all {
		if len(c.Field) != 3 || c.Value == "" || strings.TrimSpace(c.Source) == "" || slices.Contains(fields, c.Field) {
			return &SupplyError{errCorrection}
		}
		fields = append(fields, c.Field)
	}
	return nil
}

// supply keeps the corrections and gives the transmission back to the relay. The reason stays with it and goes into the court's notice: the court is to put
// its own data right.
func (c *change) supply(a Act) error {
	for _, n := range a.Corrections {
		value, err := c.s.seal(c.ctx, inCorrection, nameOfCorrection(c.orderID, n.Field, a.At), []byte(n.Value))
		if err != nil {
			return err
		}
		c.b.Queue(`insert into correction (order_id, transmission_id, field, value, version, source, actor, at) values ($1, $2, $3, $4::bytea, $5, $6, $7, $8)`,
			c.orderID, int64(c.id), n.Field, value, n.Version, n.Source, a.Who, a.At)
	}
	fields, to := fieldsOf(a.Corrections), c.released()
	told := fmt.Sprintf("The exchange supplied %s for CARPOS (source: %s). The court puts it into its own data and sends a change.", fields, sourcesOf(a.Corrections))
	c.move(to, why{reason: told, field: a.Corrections[0].Field}, a.At, a.At)
	c.enqueue(time.Time{}, c.id)
	c.heldBy("")
	c.audit(a.At, a.Who, "transmission.correct", string(c.state), fmt.Sprintf("%s supplied, source: %s", fields, sourcesOf(a.Corrections)))
	return nil
}

func fieldsOf(all []Correction) string {
	return strings.Join(column(all, func(c Correction) string { return c.Field }), ", ")
}

func sourcesOf(all []Correction) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(column(all, func(c Correction) string { return c.Source })))), "; ")
}

// newestCorrections are those of order $1 that count.
const newestCorrections = "select distinct on (field) field, version, source, actor, at, value, " + correctionRow + " from correction where order_id = $1 order by field, id desc"

// scanCorrection reads a correction without its value.
func scanCorrection(row pgx.CollectableRow) (Correction, error) {
	c, _, err := scanCorrected(row)
	return c, err
}

func scanCorrected(row pgx.CollectableRow) (c Correction, value sealed, err error) {
	err = row.Scan(append([]any{&c.Field, &c.Version, &c.Source, &c.By, &c.At}, value.fields()...)...)
	c.At = c.At.UTC()
	return c, value, err
}

func (s *Store) queueCorrections(ctx context.Context, b *pgx.Batch, id TransmissionID, w *Work) {
	b.Queue(strings.Replace(newestCorrections, "$1", "(select order_id from transmission where id = $1)", 1), int64(id)).Query(func(rows pgx.Rows) (err error) {
		w.Corrections, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Correction, error) {
			c, value, err := scanCorrected(row)
			if err == nil {
				err = s.openText(ctx, inCorrection, value, &c.Value)
			}
			return c, err
		})
		return err
	})
}

// Suppliable is a CARPOS field that a person may supply: what it is, what its value looks like, and why it may be supplied.
type Suppliable struct{ Field, Label, Shape, Reason string }
