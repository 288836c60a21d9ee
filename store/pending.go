package store

import (
	"context"
	"errors"
	"time"

	"ccpor/mapping/order"
)

var errPending = errors.New("body follows")

// Refuse keeps a refused package with every reason, in a transaction of its own.
func (s *Store) Refuse(ctx context.Context, r Refused) (order.Tracking, error) { return "", errPending }

// Audit writes an entry, for reads and for acts of people.
func (s *Store) Audit(ctx context.Context, e Event) error { return errPending }

// Work reads a transmission with all that is needed to send it; ErrNotFound. It locks nothing: BeginAttempt decides who sends.
func (s *Store) Work(ctx context.Context, id TransmissionID) (Work, error) { return Work{}, errPending }

// NextControl gives a control number: ten characters A-Z0-9, never given twice by any hub on this database.
func (s *Store) NextControl(ctx context.Context) (string, error) { return "", errPending }

// BeginAttempt stores the bytes and takes the transmission: a sending moves it from ready to sending, a look-up leaves it unknown.
// It returns after the commit; only then may the bytes be sent. ErrNotReady: another has it or it has moved on. ErrUnsettled: a look-up is due first.
func (s *Store) BeginAttempt(ctx context.Context, a Attempt) (AttemptID, error) { return 0, errPending }

// MarkSent records that the bytes have been written to the line: sending → sent.
func (s *Store) MarkSent(ctx context.Context, id AttemptID, at time.Time) error { return errPending }

// MarkAcked records the switch's ACK; it implies MarkSent.
func (s *Store) MarkAcked(ctx context.Context, id AttemptID, at time.Time) error { return errPending }

// AttemptByControl finds the attempt that a control number belongs to; ErrNotFound.
func (s *Store) AttemptByControl(ctx context.Context, control string) (AttemptRef, error) {
	return AttemptRef{}, errPending
}

// Inbound keeps a message from the switch before it is confirmed with GOT. fresh is false when the switch repeated one that is kept
// already (same line, number, control and text): it is confirmed again, and handled only if it had not been.
func (s *Store) Inbound(ctx context.Context, line, outseq, control, text string, at time.Time) (id InboundID, fresh bool, err error) {
	return 0, false, errPending
}

// Unhandled lists kept messages that nobody has handled, received before the given time, oldest first: a hub died in between, or a person is to look.
func (s *Store) Unhandled(ctx context.Context, before time.Time, limit int) ([]Inbound, error) {
	return nil, errPending
}

// Handled marks a message as handled, with what was done in a few words; Finish does so for the reply that it rests on.
func (s *Store) Handled(ctx context.Context, id InboundID, what string, at time.Time) error {
	return errPending
}

// Finish ends an attempt, in one transaction: its verdict, the transmission's state, FCN and NIC on the order, the audit entry, the next
// transmission and the job. A late reply counts: an attempt finished as unknown may be finished again, and an acceptance moves any
// transmission that is not final. *MoveError when the transmission's state does not allow it; nothing is changed then.
func (s *Store) Finish(ctx context.Context, id AttemptID, o Outcome) (Finished, error) {
	return Finished{}, errPending
}

// Hold sets a ready or unknown transmission aside for a person, without an attempt.
func (s *Store) Hold(ctx context.Context, id TransmissionID, h Hold) error { return errPending }

// Release gives a held transmission back to the relay, with a job: ready, or unknown where an earlier sending has never been looked up.
func (s *Store) Release(ctx context.Context, id TransmissionID, who string, at time.Time) error {
	return errPending
}

// GiveUp ends a held transmission for good, with a person's reason. What follows it is sent, but after an entry that was given up
// nothing can follow: the order's waiting transmissions are given up with it.
func (s *Store) GiveUp(ctx context.Context, id TransmissionID, who, reason string, at time.Time) error {
	return errPending
}

// Orphans finds attempts begun before the given time and never finished: their hub died or hangs. Each one's outcome is unknown from
// now on (a look-up's is tried again), with a job. It must be further back than the longest time the relay waits for a reply.
func (s *Store) Orphans(ctx context.Context, olderThan, now time.Time) ([]TransmissionID, error) {
	return nil, errPending
}

// OrphansOfLine is Orphans for every unfinished attempt on one line, whatever its age: a hub calls it after it got the line's lease and before it logs on.
func (s *Store) OrphansOfLine(ctx context.Context, line string, now time.Time) ([]TransmissionID, error) {
	return nil, errPending
}

// Stranded finds ready and unknown transmissions that were due before the given time and for which no job is left, and gives each a job.
func (s *Store) Stranded(ctx context.Context, dueBefore, now time.Time) ([]TransmissionID, error) {
	return nil, errPending
}

// Lease takes the line for this hub for a time (the database's clock counts). ErrLeased when another hub has it. A hub that has it already gets it again, with a new term.
func (s *Store) Lease(ctx context.Context, line string, ttl time.Duration) (Lease, error) {
	return Lease{}, errPending
}

// Renew prolongs a lease of this term; ErrLostLease.
func (s *Store) Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	return Lease{}, errPending
}

// ReleaseLease gives a lease back; one that is lost already is no error.
func (s *Store) ReleaseLease(ctx context.Context, l Lease) error { return errPending }

// Status tells everything of a submission; ErrNotFound.
func (r *Reader) Status(ctx context.Context, t order.Tracking) (Status, error) {
	return Status{}, errPending
}

// StatusByPackage is Status by the sender's own identification: of the accepted package, else of the last refused one.
func (r *Reader) StatusByPackage(ctx context.Context, agency AgencyID, id order.LocalID) (Status, error) {
	return Status{}, errPending
}

// Recent lists submissions, newest first: at most limit, those with a Number below before (0: from the newest).
func (r *Reader) Recent(ctx context.Context, limit int, before int64) ([]Summary, error) {
	return nil, errPending
}

// Order reads the current version of the order that the submission is about; ErrNotFound.
func (r *Reader) Order(ctx context.Context, t order.Tracking) (order.Order, error) {
	return order.Order{}, errPending
}

// Image reads an image of the submission by its document identification; ErrNotFound.
func (r *Reader) Image(ctx context.Context, t order.Tracking, document string) (Image, error) {
	return Image{}, errPending
}

// Wire reads the exact bytes received; ErrNotFound. Of a refused package it may be the beginning only (whole false).
func (r *Reader) Wire(ctx context.Context, t order.Tracking) (wire []byte, whole bool, err error) {
	return nil, false, errPending
}

type controls struct{}
