package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Inbound keeps a message from the switch before it is confirmed with GOT. fresh is false when the switch repeated one that is kept
// already (same line, number, control and text): it is confirmed again, and handled only if it had not been.
func (s *Store) Inbound(ctx context.Context, line, outseq, control, text string, at time.Time) (id InboundID, fresh bool, err error) {
	digest := sha256.Sum256([]byte(control + "\n" + text))
	secret, err := s.seal(ctx, inInbound, nameOfInbound(line, outseq, digest[:]), []byte(text))
	if err != nil {
		return 0, false, fmt.Errorf("keep a message of the switch: %w", err)
	}
	keep := func() error {
		return s.pool.QueryRow(ctx, keepInbound, line, outseq, control, secret, digest[:], at).Scan(&id, &fresh)
	}
	if err = keep(); errors.Is(err, pgx.ErrNoRows) {
		err = keep() // its repetition was committed while this statement ran, which therefore does not see it
	}
	if err != nil {
		return 0, false, fmt.Errorf("keep a message of the switch: %w", err)
	}
	return id, fresh, nil
}

const keepInbound = `
	with a as (select id, transmission_id from attempt where control = $3 and $3 <> ''),
	     fresh as (
		insert into inbound (line, outseq, control, text, digest, at, attempt_id, transmission_id, kind)
		values ($1, $2, $3, $4::bytea, $5, $6, (select id from a), (select transmission_id from a), case when $3 = '' then '' else 'reply' end)
		on conflict on constraint inbound_once do nothing returning id)
	select id, true from fresh
	union all
	select id, false from inbound where line = $1 and outseq = $2 and digest = $5 and not exists (select from fresh)`

// inboundColumns are the columns of inbound i that Inbound.scan reads.
const inboundColumns = "i.id, i.line, i.outseq, i.control, i.at, coalesce(i.attempt_id, 0), coalesce(i.transmission_id, 0), i.text, " + inboundRow

func (s safe) scanInbound(ctx context.Context) pgx.RowToFunc[Inbound] {
	return func(row pgx.CollectableRow) (m Inbound, err error) {
		err = m.scan(ctx, row, s)
		return m, err
	}
}

// scan reads inboundColumns, and others behind them.
func (m *Inbound) scan(ctx context.Context, row pgx.CollectableRow, by safe, others ...any) error {
	var text sealed
	fields := append([]any{&m.ID, &m.Line, &m.OutSeq, &m.Control, &m.At, &m.Attempt, &m.Transmission}, text.fields()...)
	if err := row.Scan(append(fields, others...)...); err != nil {
		return err
	}
	m.At = m.At.UTC()
	return by.openText(ctx, inInbound, text, &m.Text)
}

// Unhandled lists kept messages that nobody has handled, received before the given time, oldest first: a hub died in between, or a person is to look.
func (s *Store) Unhandled(ctx context.Context, before time.Time, limit int) ([]Inbound, error) {
	return all(ctx, s.pool, s.scanInbound(ctx), "list unhandled messages",
		"select "+inboundColumns+" from inbound i where handled_at is null and at < $1 order by id limit $2", before, limit)
}

// Handled marks a message as handled by this hub, with what was done in a few words; Finish does so for the reply that it rests on. One that is handled
// already stays as it is. ErrNotFound.
func (s *Store) Handled(ctx context.Context, id InboundID, what string, at time.Time) error {
	err := s.HandleMessage(ctx, id, what, "hub "+s.opts.Hub, at)
	if errors.Is(err, ErrHandled) {
		return nil
	}
	return err
}

// controls hands out control numbers from blocks drawn from the database.
type controls struct {
	mu         sync.Mutex
	next, left int64
}

// controlBlock is the sequence's increment.
const controlBlock = 100

// NextControl gives a control number: ten characters A-Z0-9, never given twice by any hub on this database.
func (s *Store) NextControl(ctx context.Context) (string, error) {
	s.control.mu.Lock()
	defer s.control.mu.Unlock()
	if s.control.left == 0 {
		if err := s.pool.QueryRow(ctx, "select nextval('control_number')").Scan(&s.control.next); err != nil {
			return "", fmt.Errorf("draw control numbers: %w", err)
		}
		s.control.left = controlBlock
	}
	n := s.control.next
	s.control.next++
	s.control.left--
	return controlNumber(n), nil
}

// controlNumber writes a number in ten characters 0-9A-Z. There are 36^10 (3.6 * 10^15) of them.
func controlNumber(n int64) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var b strings.Builder
	b.Grow(10)
	for power := int64(101559956668416); power > 0; power /= 36 { // 36^9
		b.WriteByte(digits[n/power%36])
	}
	return b.String()
}

// Lease takes the line for this hub for a time (the database's clock counts). ErrLeased when another hub has it. A hub that has it already gets it again, with a new term.
func (s *Store) Lease(ctx context.Context, line string, ttl time.Duration) (Lease, error) {
	l, err := one(ctx, s.pool, scanLease, "lease a line", `
		insert into lease (line, holder, term, until) values ($1, $2, 1, now() + $3::interval)
		on conflict (line) do update set holder = $2, term = lease.term + 1, until = now() + $3::interval
		where lease.holder = $2 or lease.until <= now()
		returning line, holder, term, until`, line, s.opts.Hub, ttl)
	if err == ErrNotFound {
		return l, ErrLeased
	}
	return l, err
}

func scanLease(row pgx.CollectableRow) (l Lease, err error) {
	err = row.Scan(&l.Line, &l.Holder, &l.Term, &l.Until)
	return l, err
}

// Renew prolongs a lease of this term; ErrLostLease. A lease that ran out is lost even when nobody has taken it since.
func (s *Store) Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	renewed, err := one(ctx, s.pool, scanLease, "renew a lease", `
		update lease set until = now() + $4::interval where line = $1 and holder = $2 and term = $3 and until > now()
		returning line, holder, term, until`, l.Line, l.Holder, l.Term, ttl)
	if err == ErrNotFound {
		return Lease{}, ErrLostLease
	}
	return renewed, err
}

// ReleaseLease gives a lease back; one that is lost already is no error.
func (s *Store) ReleaseLease(ctx context.Context, l Lease) error {
	_, err := s.pool.Exec(ctx, "update lease set until = now() where line = $1 and holder = $2 and term = $3 and until > now()", l.Line, l.Holder, l.Term)
	if err != nil {
		return fmt.Errorf("give a lease back: %w", err)
	}
	return nil
}
