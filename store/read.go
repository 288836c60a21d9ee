package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Status tells everything of a submission; ErrNotFound.
func (r *Reader) Status(ctx context.Context, t order.Tracking) (Status, error) {
	return r.status(ctx, "s.tracking = $1", string(t))
}

// OwnStatus is Status of a submission within reach, for its sender; ErrNotFound for every other one.
func (r *Reader) OwnStatus(ctx context.Context, by Reach, t order.Tracking) (Status, error) {
	return r.status(ctx, reached+" and s.tracking = $3", int64(by.Agency), by.Test, string(t))
}

// StatusByPackage is OwnStatus by the sender's own identification: of the accepted package, else of the last refused one.
func (r *Reader) StatusByPackage(ctx context.Context, by Reach, id order.LocalID) (Status, error) {
	number, err := one(ctx, r.pool, pgx.RowTo[int64], "find the package",
		`select id from (
			(select s.id, 1 as rank from submission s join agency a on a.id = s.agency_id where `+reached+` and s.package = $3 and s.state = 'accepted')
			union all
			(select s.id, 2 from submission s join agency a on a.id = s.agency_id where `+reached+` and s.package = $3 and s.state = 'refused' and s.package <> '' order by s.id desc limit 1)) as found
		order by rank limit 1`, int64(by.Agency), by.Test, string(id))
	if err != nil {
		return Status{}, err
	}
	return r.status(ctx, "s.id = $1", number)
}

// status reads in one snapshot, so that what it tells was true at one moment.
func (r *Reader) status(ctx context.Context, which string, args ...any) (Status, error) {
	var s Status
	tx, err := r.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return s, fmt.Errorf("read the status: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // nothing was written
	number, orderID, err := s.readSubmission(ctx, tx, r.safe, which, args...)
	if err != nil {
		return s, err
	}
	if err := s.readParts(ctx, tx, r.safe, number, orderID); err != nil {
		return s, fmt.Errorf("read the status: %w", err)
	}
	s.Next = s.next()
	return s, nil
}

// statusRow is the part of a status that stands in one row.
type statusRow struct {
	number, orderID           int64
	digest, canonical, signer []byte
	due                       *time.Time
	stages, notes             string
	warnings                  sealed
}

func (s *Status) readSubmission(ctx context.Context, tx pgx.Tx, by safe, which string, args ...any) (number, orderID int64, err error) {
	var w statusRow
	fields := []any{&w.number, &w.orderID, &s.Tracking, &s.Package, &s.Action, &s.Test, &s.State, &s.ReceivedAt, &s.Peer, &w.digest, &w.canonical, &w.signer,
		&s.Algorithm, &s.Correlation, &s.RefusedStage, &s.RefusedCode, &w.due, &s.DueRule, &s.NotOwed, &s.WireBytes, &w.stages, &w.notes, &s.ReplayOf, &w.warnings.bytes}
	fields = append(fields, s.Agency.fields()...)
	err = tx.QueryRow(ctx, `select s.id, coalesce(s.order_id, 0), s.tracking, s.package, s.action, s.test, s.state, s.received_at, s.peer, s.digest, s.canonical, s.signer,
			s.algorithm, s.correlation, s.refused_stage, s.refused_code, s.due, s.due_rule, s.not_owed, r.wire_bytes, r.stages, r.notes, s.replay_of, r.warnings, `+optionalAgency+`
		from submission s join received r on r.submission_id = s.id left join agency a on a.id = s.agency_id where `+which, args...).Scan(fields...)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, ErrNotFound
	}
	if err == nil {
		w.warnings.row = string(s.Tracking)
		err = errors.Join(s.fill(w), by.openInto(ctx, inWarnings, w.warnings, &s.Warnings))
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the status: %w", err)
	}
	return w.number, w.orderID, nil
}

// optionalAgency are agencyColumns where there may be no agency.
const optionalAgency = `coalesce(a.id, 0), coalesce(a.ori, ''), coalesce(a.name, ''), coalesce(a.county, ''), coalesce(a.kind, ''), coalesce(a.carpos_name, ''),
	coalesce(a.mnemonic, ''), coalesce(a.submits, false), coalesce(a.test, false), coalesce(a.max_document_bytes, 0), coalesce(a.confirm_text, ''), coalesce(a.may_query, false), coalesce(a.may_images, false), coalesce(a.read_only, false), coalesce(a.no_callbacks, false),
	coalesce(a.message_signature, ''), coalesce(a.replays, false), coalesce(a.per_second, 0), coalesce(a.burst, 0), coalesce(a.daily, 0), coalesce(a.entered_by, '')`

func (s *Status) fill(w statusRow) error {
	copy(s.Digest[:], w.digest)
	copy(s.Canonical[:], w.canonical)
	copy(s.Signer[:], w.signer)
	s.ReceivedAt = s.ReceivedAt.UTC()
	if w.due != nil {
		s.Due = w.due.UTC()
	}
	s.Owed = s.State == SubmissionAccepted && s.NotOwed == ""
	return errors.Join(json.Unmarshal([]byte(w.stages), &s.Stages), json.Unmarshal([]byte(w.notes), &s.Notes))
}

// readParts reads what stands in several rows.
func (s *Status) readParts(ctx context.Context, tx pgx.Tx, by safe, number, orderID int64) (err error) {
	if s.State == SubmissionRefused {
		s.Problems, err = all(ctx, tx, by.scanProblem(ctx, s.Tracking), "read the problems", "select "+problemColumns+" from problem p where p.submission_id = $1 order by p.n", number)
		return err
	}
	if s.Order, err = readOrder(ctx, tx, orderID); err != nil {
		return err
	}
	if s.Supplied, err = readSupplied(ctx, tx, orderID); err != nil {
		return err
	}
	if err := s.Order.readTold(ctx, tx, by, orderID); err != nil {
		return err
	}
	s.Images, err = all(ctx, tx, scanImage, "read the images",
		"select "+imageColumns+" from image i join submission s on s.id = i.submission_id where i.submission_id = $1 order by i.n", number)
	if err != nil {
		return err
	}
	s.Transmissions, err = all(ctx, tx, scanTransmission, "read the transmissions", "select "+transmissionColumns+`, t.retry_at, t.changed_at
		from transmission t join order_ o on o.id = t.order_id where t.order_id = $1 and t.submission_id = $2 and `+ofPackage("t")+` order by t.seq`, orderID, number)
	if err != nil {
		return err
	}
	for i := range s.Transmissions {
		t := &s.Transmissions[i]
		if t.Attempts, err = readAttempts(ctx, tx, t.ID); err != nil {
			return err
		}
	}
	return nil
}

func readAttempts(ctx context.Context, tx pgx.Tx, id TransmissionID) ([]AttemptStatus, error) {
	return all(ctx, tx, scanAttempt, "read the attempts",
		"select id, purpose, control, line, hub, at, sent_at, acked_at, finished_at, verdict, code, text from attempt where transmission_id = $1 order by id", int64(id))
}

func readOrder(ctx context.Context, tx pgx.Tx, id int64) (*OrderSummary, error) {
	return one(ctx, tx, func(row pgx.CollectableRow) (*OrderSummary, error) {
		var o OrderSummary
		err := row.Scan(&o.Court, &o.ID, &o.Case, &o.Version, &o.OCA, &o.FCN, &o.NIC, &o.AddedBy, &o.CancelledBy, &o.Follows, &o.FollowedBy, &o.Access, &o.Test)
		return &o, err
	}, "read the order", `select o.court, o.local_id, coalesce(v.case_number, ''), o.version, o.oca, o.fcn, o.nic, coalesce(s.tracking, ''), coalesce(x.tracking, ''),
			coalesce((select e.tracking from order_ f join submission e on e.id = f.added_by
				where f.court = o.court and f.local_id = o.follows and f.test = o.test and f.id <> o.id), ''),
			coalesce((select e.tracking from order_ f join submission e on e.id = f.added_by
				where f.court = o.court and f.follows = o.local_id and f.test = o.test and f.follows <> '' and f.id <> o.id order by f.id limit 1), ''), coalesce(v.access, ''), o.test
		from order_ o left join order_version v on v.order_id = o.id and v.version = o.version left join submission s on s.id = o.added_by
		left join submission x on x.id = o.cancelled_by where o.id = $1`, id)
}

// problemColumns are the columns of problem p that Problem.scan reads.
const problemColumns = "p.n, p.code, p.rule, p.severity, p.text, p.path, p.line, p.col, p.element, p.value, p.citation, p.fix, p.whose"

// scanProblem reads the problems of one submission.
func (s safe) scanProblem(ctx context.Context, t order.Tracking) pgx.RowToFunc[Problem] {
	return func(row pgx.CollectableRow) (p Problem, err error) {
		err = p.scan(ctx, row, s, &t)
		return p, err
	}
}

// scan reads problemColumns, behind those of the other fields; t is the submission's tracking number, which may be among these.
func (p *Problem) scan(ctx context.Context, row pgx.CollectableRow, by safe, t *order.Tracking, others ...any) error {
	var n int
	var value sealed
	err := row.Scan(append(others, &n, &p.Code, &p.Rule, &p.Severity, &p.Text, &p.Path, &p.Line, &p.Column, &p.Element, &value.bytes, &p.Citation, &p.Fix, &p.Whose)...)
	if err != nil {
		return err
	}
	value.row = nameOfProblem(string(*t), n)
	return by.openText(ctx, inProblem, value, &p.Value)
}

func scanTransmission(row pgx.CollectableRow) (t TransmissionStatus, err error) {
	var retry *time.Time
	err = row.Scan(append(t.Transmission.fields(), &retry, &t.ChangedAt)...)
	t.ChangedAt, t.RetryAt = t.ChangedAt.UTC(), known(retry)
	return t, err
}

func scanAttempt(row pgx.CollectableRow) (a AttemptStatus, err error) {
	var sent, acked, finished *time.Time
	err = row.Scan(&a.ID, &a.Purpose, &a.Control, &a.Line, &a.Hub, &a.At, &sent, &acked, &finished, &a.Verdict, &a.Code, &a.Text)
	a.At, a.SentAt, a.AckedAt, a.FinishedAt = a.At.UTC(), known(sent), known(acked), known(finished)
	return a, err
}

// known is the zero time for a time that has not come.
func known(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// Order reads the current version of the order that the submission is about; ErrNotFound.
func (r *Reader) Order(ctx context.Context, t order.Tracking) (order.Order, error) {
	return one(ctx, r.pool, scanDocument[order.Order](ctx, r.safe, inVersion), "read the order", "select "+sealedBy("v.document", "v.submission_id")+` from submission s join order_ o on o.id = s.order_id
		join order_version v on v.order_id = o.id and v.version = o.version where s.tracking = $1`, string(t))
}

// Known is an order as the registry has it.
type Known struct {
	// Order is its newest version, and Version that one's number.
	Order   order.Order
	Version int
	// Cancelled says that it no longer stands, and why; nil while it stands.
	Cancelled *order.Cancellation
	// OCA is the number under which it is entered, FCN CARPOS's number of it, once it has one.
	OCA string
	FCN order.FCN
}

// KnownOrder reads an order by its court and that court's own identification; ErrNotFound where it has not come yet. Test orders live apart.
func (r *Reader) KnownOrder(ctx context.Context, court order.ORI, id order.LocalID, test bool) (Known, error) {
	return one(ctx, r.pool, func(row pgx.CollectableRow) (k Known, err error) {
		var document, cancelled sealed
		if err = row.Scan(append(fieldsOfAll(&document, &cancelled), &k.Version, &k.OCA, &k.FCN)...); err != nil {
			return k, err
		}
		return k, errors.Join(r.openInto(ctx, inVersion, document, &k.Order), openIfThere(ctx, r.safe, inCancellation, cancelled, &k.Cancelled))
	}, "read the order", "select "+sealedBy("v.document", "v.submission_id")+", "+sealedBy("c.document", "c.submission_id")+`, v.version, o.oca, o.fcn from order_ o
		join order_version v on v.order_id = o.id and v.version = o.version left join cancellation c on c.submission_id = o.cancelled_by
		where o.court = $1 and o.local_id = $2 and o.test = $3`, string(court), string(id), test)
}

// Service reads the proof of service that the submission brought; ErrNotFound.
func (r *Reader) Service(ctx context.Context, t order.Tracking) (order.Service, error) {
	return one(ctx, r.pool, scanDocument[order.Service](ctx, r.safe, inService), "read the proof of service",
		"select p.document, s.tracking from submission s join service p on p.submission_id = s.id where s.tracking = $1", string(t))
}

// Cancellation reads the cancellation that the submission brought; ErrNotFound.
func (r *Reader) Cancellation(ctx context.Context, t order.Tracking) (order.Cancellation, error) {
	return one(ctx, r.pool, scanDocument[order.Cancellation](ctx, r.safe, inCancellation), "read the cancellation",
		"select x.document, s.tracking from submission s join cancellation x on x.submission_id = s.id where s.tracking = $1 and s.action = 'cancel'", string(t))
}

// Supplement reads what the submission attached to an order, without anything confidential; ErrNotFound.
func (r *Reader) Supplement(ctx context.Context, t order.Tracking) (order.Supplement, error) {
	return one(ctx, r.pool, scanDocument[order.Supplement](ctx, r.safe, inSupplement), "read what was attached",
		"select u.document, s.tracking from submission s join supplement u on u.submission_id = s.id where s.tracking = $1", string(t))
}

// Images lists all images of the order that the submission is about, in whatever package they came; Image reads one by its Tracking and ID.
func (r *Reader) Images(ctx context.Context, t order.Tracking) ([]ImageRef, error) {
	return all(ctx, r.pool, scanImage, "list the order's images", "select "+imageColumns+" from submission q cross join lateral ("+strings.ReplaceAll(submissionsOfOrder, "$1", "q.order_id")+`) k
		join submission s on s.id = k.submission_id join image i on i.submission_id = s.id where q.tracking = $1 order by s.id, i.n`, string(t))
}

func scanDocument[T any](ctx context.Context, s safe, in place) pgx.RowToFunc[T] {
	return func(row pgx.CollectableRow) (v T, err error) {
		var document sealed
		if err = row.Scan(document.fields()...); err == nil {
			err = s.openInto(ctx, in, document, &v)
		}
		return v, err
	}
}

// Image reads an image of the submission by its document identification; ErrNotFound.
func (r *Reader) Image(ctx context.Context, t order.Tracking, document string) (Image, error) {
	var digest [32]byte
	var content sealed
	image, err := one(ctx, r.pool, func(row pgx.CollectableRow) (i Image, err error) {
		var sum []byte
		err = row.Scan(&i.ID, &i.Role, &i.Media, &i.Bytes, &i.Pages, &i.SHA256, &sum, &content.bytes)
		copy(digest[:], sum)
		content.row = i.SHA256
		return i, err
	}, "read the image", `select i.document_id, i.role, i.media, i.bytes, i.pages, encode(i.sha256, 'hex'), i.sha256, c.content
		from submission s join image i on i.submission_id = s.id left join image_content c on c.sha256 = i.sha256
		where s.tracking = $1 and i.document_id = $2`, string(t), document)
	if err == nil && r.images != nil {
		content.bytes, err = r.images.Read(ctx, digest)
	}
	if err == nil {
		image.Content, err = r.open(ctx, inImage, content)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return image, fmt.Errorf("read the image: %w", err)
	}
	return image, err
}

// Wire reads the exact bytes received; ErrNotFound. Of a refused package it may be the beginning only (whole false).
func (r *Reader) Wire(ctx context.Context, t order.Tracking) (wire []byte, whole bool, err error) {
	packed, err := one(ctx, r.pool, func(row pgx.CollectableRow) (b sealed, err error) {
		err = row.Scan(append(b.fields(), &whole)...)
		return b, err
	}, "read the received bytes", "select r.wire, s.tracking, r.whole from submission s join received r on r.submission_id = s.id where s.tracking = $1", string(t))
	if err != nil {
		return nil, false, err
	}
	if wire, err = r.open(ctx, inWire, packed); err != nil {
		return nil, false, fmt.Errorf("read the received bytes: %w", err)
	}
	return wire, whole, nil
}
