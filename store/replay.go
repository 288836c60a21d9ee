package store

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// ReplayFilter selects submissions to be replayed. Every field narrows; zero fields select all.
type ReplayFilter struct {
	Agency       order.ORI
	Form         string
	Since, Until time.Time // received at or after, and before
	State        SubmissionState
	Action       Action
	Tracking     []order.Tracking
	// Orders are courts' own identifications of orders, Packages those of packages, Digests those of messages as received (SHA-256): any of them selects.
	Orders, Packages []order.LocalID
	Digests          [][]byte
	// Limit is how many at most, the newest; zero is no bound.
	Limit int
}

// Replayable is a submission as it can be sent again. Reader.Wire has its bytes.
type Replayable struct {
	Number      int64 // counts up
	Tracking    order.Tracking
	Agency      order.ORI // empty where the sender was not known
	Package     order.LocalID
	Action      Action
	Digest      [32]byte
	ReceivedAt  time.Time
	ContentType string
	// Whole is false where only the beginning of a refused message is kept.
	Whole                     bool
	RefusedStage, RefusedCode string
}

// Replayable lists submissions, the first received first. Replays themselves are not among them.
func (r *Reader) Replayable(ctx context.Context, f ReplayFilter) ([]Replayable, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (p Replayable, err error) {
		var digest []byte
		err = row.Scan(&p.Number, &p.Tracking, &p.Agency, &p.Package, &p.Action, &digest, &p.ReceivedAt, &p.ContentType, &p.Whole, &p.RefusedStage, &p.RefusedCode)
		copy(p.Digest[:], digest)
		p.ReceivedAt = p.ReceivedAt.UTC()
		return p, err
	}, "list what can be replayed", `select * from (
			select s.id, s.tracking, coalesce(a.ori, ''), s.package, s.action, s.digest, s.received_at, r.content_type, r.whole, s.refused_stage, s.refused_code
			from submission s join received r on r.submission_id = s.id left join agency a on a.id = s.agency_id left join order_ o on o.id = s.order_id
			left join order_version v on v.order_id = o.id and v.version = o.version
			where s.replay_of = '' and ($1 = '' or a.ori = $1) and ($2 = '' or v.form = $2) and ($3::timestamptz is null or s.received_at >= $3)
				and ($4::timestamptz is null or s.received_at < $4) and ($5 = '' or s.state = $5) and ($6 = '' or s.action = $6)
				and ($7::text[] is null or s.tracking = any($7))
				and (($8::text[] is null and $9::text[] is null and $10::bytea[] is null) or o.local_id = any($8) or s.package = any($9) or s.digest = any($10))
			order by s.id desc limit nullif($11::int, 0)) newest order by id`,
		string(f.Agency), f.Form, moment(f.Since), moment(f.Until), string(f.State), string(f.Action), texts(f.Tracking), texts(f.Orders), texts(f.Packages), f.Digests, f.Limit)
}

// texts is null for none.
func texts[T ~string](values []T) []string {
	if len(values) == 0 {
		return nil
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// Made is what a hub made of a submission, stage by stage. Documents are JSON as the store keeps them, empty where there is none.
type Made struct {
	Tracking                            order.Tracking
	State                               SubmissionState
	Package                             order.LocalID
	Action                              Action
	Signer                              [32]byte
	Algorithm                           string
	Canonical                           [32]byte
	RefusedStage, RefusedCode           string
	Problems, Warnings                  []Problem
	Notes                               []order.Note
	Subject, Modification, Confidential string
	Due                                 time.Time
	DueRule                             string
	NotOwed                             NotOwed
	Transmissions                       []MadeTransmission
}

// MadeTransmission is one CARPOS transaction that a submission brought, and what came of it.
type MadeTransmission struct {
	Kind                Kind
	Order               order.LocalID // the order that it is about
	State               TransmissionState
	Reason, Field, Item string
	// Code is CARPOS's own number of the last answer, 0 for none.
	Code int
	// Request is the body as it was last sent; empty where nothing was.
	Request []byte
	OCA     string
	FCN     order.FCN
}

// Made reads what the hub made of each of these submissions; one that is not there is not in the result.
func (r *Reader) Made(ctx context.Context, trackings []order.Tracking) (map[order.Tracking]*Made, error) {
	numbers := map[int64]*Made{}
	if err := r.madeSubmissions(ctx, trackings, numbers); err != nil {
		return nil, err
	}
	if err := r.madeProblems(ctx, trackings, numbers); err != nil {
		return nil, err
	}
	if err := r.madeTransmissions(ctx, trackings, numbers); err != nil {
		return nil, err
	}
	out := make(map[order.Tracking]*Made, len(numbers))
	for _, m := range numbers {
		out[m.Tracking] = m
	}
	return out, nil
}

func (r *Reader) madeSubmissions(ctx context.Context, trackings []order.Tracking, into map[int64]*Made) error {
	type numbered struct {
		number int64
		*Made
	}
	found, err := all(ctx, r.pool, func(row pgx.CollectableRow) (n numbered, err error) {
		m := &Made{}
		var signer, canonical []byte
		var due *time.Time
		var notes string
		var warnings, subject, modification, confidential sealed
		err = row.Scan(&n.number, &m.Tracking, &m.State, &m.Package, &m.Action, &signer, &m.Algorithm, &canonical, &m.RefusedStage, &m.RefusedCode, &notes, &warnings.bytes,
			&due, &m.DueRule, &m.NotOwed, &subject.bytes, &modification.bytes, &confidential.bytes)
		if err != nil {
			return n, err
		}
		copy(m.Signer[:], signer)
		copy(m.Canonical[:], canonical)
		m.Due = known(due)
		n.Made = m
		for _, part := range []*sealed{&warnings, &subject, &modification, &confidential} {
			part.row = string(m.Tracking)
		}
		return n, errors.Join(json.Unmarshal([]byte(notes), &m.Notes), r.openInto(ctx, inWarnings, warnings, &m.Warnings), r.openText(ctx, inDocument[m.Action], subject, &m.Subject),
			r.openText(ctx, inModification, modification, &m.Modification), r.openText(ctx, inConfidential, confidential, &m.Confidential))
	}, "read what was made of submissions", `select s.id, s.tracking, s.state, s.package, s.action, s.signer, s.algorithm, s.canonical, s.refused_stage, s.refused_code, r.notes, r.warnings,
			s.due, s.due_rule, s.not_owed, coalesce(v.document, p.document, case s.action when 'cancel' then x.document end, u.document), v.modification, c.document
		from submission s join received r on r.submission_id = s.id
		left join order_version v on v.order_id = s.order_id and v.submission_id = s.id left join service p on p.submission_id = s.id
		left join cancellation x on x.submission_id = s.id left join supplement u on u.submission_id = s.id left join confidential c on c.submission_id = s.id
		where s.tracking = any($1)`, texts(trackings))
	for _, n := range found {
		into[n.number] = n.Made
	}
	return err
}

func (r *Reader) madeProblems(ctx context.Context, trackings []order.Tracking, into map[int64]*Made) error {
	_, err := all(ctx, r.pool, func(row pgx.CollectableRow) (p Problem, err error) {
		var number int64
		var t order.Tracking
		err = p.scan(ctx, row, r.safe, &t, &number, &t)
		if m := into[number]; m != nil {
			m.Problems = append(m.Problems, p)
		}
		return p, err
	}, "read the problems of submissions", "select p.submission_id, s.tracking, "+problemColumns+`
		from submission s join problem p on p.submission_id = s.id where s.tracking = any($1) order by p.submission_id, p.n`, texts(trackings))
	return err
}

func (r *Reader) madeTransmissions(ctx context.Context, trackings []order.Tracking, into map[int64]*Made) error {
	_, err := all(ctx, r.pool, func(row pgx.CollectableRow) (t MadeTransmission, err error) {
		var number int64
		var request sealed
		err = row.Scan(append([]any{&number, &t.Kind, &t.Order, &t.State, &t.Reason, &t.Field, &t.Item, &t.Code, &t.OCA, &t.FCN}, request.fields()...)...)
		if err != nil {
			return t, err
		}
		t.Request, err = r.open(ctx, inAttempt, request)
		if m := into[number]; m != nil {
			m.Transmissions = append(m.Transmissions, t)
		}
		return t, err
	}, "read the transmissions of submissions", about+`
		select t.submission_id, t.kind, o.local_id, t.state, t.reason, t.field, t.item, coalesce(l.code, 0), o.oca, o.fcn, q.bytes, q.control
		from about b join transmission t on t.order_id = b.id and t.submission_id = b.submission_id and `+ofPackage("t")+` join order_ o on o.id = t.order_id
		left join lateral (select code from attempt where transmission_id = t.id order by id desc limit 1) l on true
		left join lateral (select bytes, control from attempt where transmission_id = t.id and purpose = 'send' order by id desc limit 1) q on true
		order by t.submission_id, o.local_id, t.seq`, texts(trackings))
	return err
}

// about are, for submissions, the orders that they are about, and those that these follow: what follows an order ends it.
const about = `with about as materialized (
			select s.tracking, s.id as submission_id, o.id from submission s join order_ o on o.id = s.order_id where s.tracking = any($1)
			union
			select s.tracking, s.id, p.id from submission s join order_ o on o.id = s.order_id
			join order_ p on p.court = o.court and p.local_id = o.follows and p.test = o.test where s.tracking = any($1) and o.follows <> '')`

// Unsettled are those of the submissions for whose orders, or the orders that these follow, the hub still has something to do by itself. What waits for a
// person, a court or another package is settled.
func (r *Reader) Unsettled(ctx context.Context, trackings []order.Tracking) ([]order.Tracking, error) {
	return all(ctx, r.pool, pgx.RowTo[order.Tracking], "find what is not settled", `
		`+about+`
		select distinct a.tracking from about a
		where exists (select from transmission t where t.order_id = a.id and t.state in ('ready', 'sending', 'sent', 'unknown'))
			or exists (select from river_job j where j.kind = 'follow' and j.finalized_at is null and (j.args ->> 'order_id')::bigint = a.id)`, texts(trackings))
}

// Registration is a certificate of an agency and the time in which it counts, up to its revocation.
type Registration struct {
	Agency order.ORI
	Use    Use
	*x509.Certificate
	From, To time.Time
	Test     bool
}

// Registrations are all certificates of all agencies.
func (r *Reader) Registrations(ctx context.Context) ([]Registration, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (g Registration, err error) {
		var der []byte
		if err = row.Scan(&g.Agency, &g.Use, &der, &g.From, &g.To, &g.Test); err == nil {
			g.Certificate, err = x509.ParseCertificate(der)
		}
		return g, err
	}, "list the certificates", "select a.ori, c.use, c.der, c.valid_from, greatest(least(c.valid_to, c.revoked_at), c.valid_from + interval '1 second'), c.test from certificate c join agency a on a.id = c.agency_id order by a.ori, c.use, c.fingerprint")
}
