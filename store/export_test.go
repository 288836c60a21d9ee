package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/vault"
)

// Exec runs a statement on a connection of the reader.
func (r *Reader) Exec(ctx context.Context, sql string) error {
	_, err := r.pool.Exec(ctx, sql)
	return err
}

// Moves is the table of next moves.
func Moves() map[TransmissionState]Move { return moves }

// Scan reads one value on a connection of the reader.
func (r *Reader) Scan(ctx context.Context, sql string, into any) error {
	return r.pool.QueryRow(ctx, sql).Scan(into)
}

// TakenSinceSQL is what TakenSince asks.
const TakenSinceSQL = takenSince

// OpenStates and JobFigures are parts of what Figures asks.
const (
	OpenStates = openStates
	JobFigures = jobFigures
)

// FirstOrderSeal is SQL for a seal of the edition order/1.
func FirstOrderSeal(id string) string { return firstOrderSeal(id) }

// SecondOrderSeal is SQL for a seal of the edition order/2.
func SecondOrderSeal(id string) string { return secondOrderSeal(id) }

// CompareSeals compares everything with these seals alone.
func (r *Reader) CompareSeals(ctx context.Context, seals string) ([]Finding, error) {
	v := &verification{ctx: ctx, seals: map[string]map[int64]seal{}}
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		v.tx = tx
		v.remember(seals)
		return v.sealed()
	})
	return v.out.Findings, err
}

// FindSettings are those of the connections that read lists.
func FindSettings() map[string]string {
	settings := findSettings()
	delete(settings, "default_transaction_read_only")
	return settings
}

// SQL is a statement with its values.
type SQL struct {
	Text string
	Args []any
}

// SearchSQL is what one page of a list asks.
func SearchSQL(q SubmissionQuery) []SQL {
	w := q.way()
	return []SQL{{w.sql(), w.args}, {w.lastSQL(), w.args[:w.bound]}}
}

// MakePlace is the place of a submission that was received then.
func MakePlace(at time.Time, number int64) Place { return Place{at.UnixMicro(), number} }

// BoardSQL is what the board asks and what is measured each minute, with values in place of the parameters.
func BoardSQL() []string {
	at := "timestamptz '2026-03-02 20:00Z'"
	times := strings.NewReplacer("$1", at, "$2", at, "$3", "7")
	return []string{
		times.Replace(countAccepted), times.Replace(countRefused), times.Replace(countAttempts), times.Replace(replyTimes), times.Replace(ownMeasured), times.Replace(refusedBy), ledgerAndSeal,
		strings.NewReplacer("$1", "7", "$2", at, "$3", at).Replace(nextAttempt),
		strings.NewReplacer("$1", "array['queue', 'late']").Replace(lastMeasured),
		strings.NewReplacer("$1", "array['queue', 'late']", "$2", "array['highest', 'highest']", "$3", at, "$4", at, "$5", "'1 hour'").Replace(readSeries),
	}
}

// Places are the encrypted columns.
func Places() []string {
	all := []place{inWire, inWarnings, inVersion, inModification, inService, inCancellation, inSupplement, inConfidential, inProblem, inImage, inAttempt, inTry, inInbound, inReported, inViolation, inRecorded,
		inCorrection, inQuestion, inRequest, inTOTP, inTOTPNext, inProvider}
	return column(all, func(p place) string { return string(p) })
}

// Renumbered says whether a package whose tracking number is drawn anew is encrypted under that one.
func (s *Store) Renumbered(ctx context.Context, a Accepted) (bool, error) {
	e, err := s.prepare(ctx, a)
	if err != nil {
		return false, err
	}
	first := e.tracking
	if err := e.track(ctx, s.safe); err != nil {
		return false, err
	}
	_, wrong := s.safe.open(ctx, inVersion, sealed{e.sealed.document, string(first)})
	_, right := s.safe.open(ctx, inVersion, sealed{e.sealed.document, string(e.tracking)})
	return errors.Is(wrong, vault.ErrForged), right
}

// KeepDataKey keeps a data key as a vault does.
func (s *Store) KeepDataKey(ctx context.Context, k vault.DataKey) error {
	return dataKeys{s.keys, s.opts.Hub}.KeepDataKey(ctx, k)
}

// AuditSQL is what a search of the audit log asks, with its arguments.
func (q AuditQuery) AuditSQL() (string, []any) {
	w := q.way()
	return w.sql(q.Limit + 1), w.args
}

// UnservedSQL is what one page of the list of unserved orders asks, with its arguments.
func (q UnservedQuery) UnservedSQL() (string, []any) { return q.way() }
