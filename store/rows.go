package store

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// The rows of a shared transaction travel as one array a column, so that a statement costs the same for one package and for sixty.

// orderRows are the columns of lockOrders.
type orderRows struct {
	court, id, relay, oca, follows      []string
	test, imaged, attached              []bool
	addedBy, agency, cancelledBy        []int64
	version, nextSeq, open, nextVersion []int32
}

func (c *orderRows) add(e *entry, opts Options) {
	own := e.ownNotOwed(opts)
	relay, version, addedBy, agency := relayUnknown, int32(0), int64(0), int64(0)
	if e.Action == ActionAdd {
		relay, version, addedBy, agency = relayOwed, 1, e.submission, int64(e.Agency.ID)
		if own != "" {
			relay = relayNotOwed
		}
	}
	follows, cancelledBy := "", int64(0)
	if e.Order != nil {
		follows = string(e.Order.Follows)
	}
	if e.Action == ActionCancel {
		cancelledBy = e.submission
	}
	c.court, c.id, c.test = append(c.court, e.order.court), append(c.id, e.order.id), append(c.test, e.order.test)
	c.addedBy, c.agency, c.version = append(c.addedBy, addedBy), append(c.agency, agency), append(c.version, version)
	c.nextSeq, c.open = append(c.nextSeq, 2+count(e.Action != ActionAdd && own != NotOwedImage)), append(c.open, count(own == ""))
	c.relay, c.oca = append(c.relay, relay), append(c.oca, e.oca)
	c.nextVersion, c.follows = append(c.nextVersion, 2+count(e.Action == ActionModify)), append(c.follows, follows)
	c.imaged, c.attached = append(c.imaged, e.shows()), append(c.attached, e.Action == ActionAttach)
	c.cancelledBy = append(c.cancelledBy, cancelledBy)
}

// count is 1 for what is so.
func count(is bool) int32 {
	if is {
		return 1
	}
	return 0
}

func (c *orderRows) args() []any {
	return []any{c.court, c.id, c.test, c.addedBy, c.agency, c.version, c.nextSeq, c.open, c.relay, c.oca, c.nextVersion, c.follows, c.imaged, c.attached, c.cancelledBy}
}

// column collects one value of each row.
func column[R, T any](rows []R, of func(R) T) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = of(r)
	}
	return out
}

// some are the requests for which is holds.
func some(requests []*request, is func(*request) bool) []*request {
	return slices.DeleteFunc(slices.Clone(requests), func(r *request) bool { return !is(r) })
}

// queueSubmissions inserts what every package has: its submission, what came over the wire, and the audit entry.
func (t *transaction) queueSubmissions(b *pgx.Batch) {
	rs := t.requests
	b.Queue(`with n as (
			select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bool[], $7::timestamptz[], $8::text[], $9::text[], $10::bytea[],
				$11::bytea[], $12::bytea[], $13::text[], $14::bigint[], $15::timestamptz[], $16::text[], $17::text[], $18::text[],
				$19::bytea[], $20::bigint[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::text[], $27::bytea[])
			as n (id, tracking, agency_id, package, action, test, received_at, peer, correlation, digest, canonical, signer, algorithm,
				order_id, due, due_rule, not_owed, waited_for, wire, wire_bytes, content_type, stages, notes, actor, details, replay_of, warnings)),
		kept as (
			insert into received (submission_id, wire, wire_bytes, whole, content_type, stages, notes, warnings)
			select id, wire, wire_bytes, true, content_type, stages, notes, warnings from n),
		audited as (
			insert into audit (at, actor, action, object, outcome, details, submission_id, order_id)
			select case replay_of when '' then received_at else now() end, actor, 'submission.accept', 'submission ' || tracking, 'accepted', details, id, order_id from n)
		insert into submission (id, tracking, agency_id, package, action, state, test, received_at, peer, correlation, digest, canonical, signer, algorithm,
			order_id, due, due_rule, not_owed, waited_for, refused_stage, refused_code, replay_of, named)
		select id, tracking, agency_id, package, action, 'accepted', test, received_at, peer, correlation, digest, canonical, signer, algorithm,
			order_id, due, due_rule, not_owed, waited_for, '', '', replay_of, true from n`,
		column(rs, func(r *request) int64 { return r.submission }),
		column(rs, func(r *request) string { return string(r.tracking) }),
		column(rs, func(r *request) int64 { return int64(r.Agency.ID) }),
		column(rs, func(r *request) string { return string(r.Package) }),
		column(rs, func(r *request) string { return string(r.Action) }),
		column(rs, func(r *request) bool { return r.test }),
		column(rs, func(r *request) time.Time { return r.Received.At }),
		column(rs, func(r *request) string { return r.Received.Peer }),
		column(rs, func(r *request) string { return r.Received.Correlation }),
		column(rs, func(r *request) []byte { return r.Received.Digest[:] }),
		column(rs, func(r *request) []byte { return r.Canonical[:] }),
		column(rs, func(r *request) []byte { return r.Signer[:] }),
		column(rs, func(r *request) string { return r.Algorithm }),
		column(rs, func(r *request) int64 { return r.orderID }),
		column(rs, func(r *request) *time.Time { return moment(r.Deadline.Due) }),
		column(rs, func(r *request) string { return r.Deadline.Rule }),
		column(rs, func(r *request) string { return string(r.notOwed) }),
		column(rs, func(r *request) string { return string(r.waitedFor) }),
		column(rs, func(r *request) []byte { return r.sealed.wire }),
		column(rs, func(r *request) int64 { return int64(len(r.Received.Wire)) }),
		column(rs, func(r *request) string { return r.Received.ContentType }),
		column(rs, func(r *request) string { return r.stages }),
		column(rs, func(r *request) string { return r.notes }),
		column(rs, func(r *request) string { return r.whoSent() }),
		column(rs, func(r *request) string { return r.about() }),
		column(rs, func(r *request) string { return r.Received.Replay.of() }),
		column(rs, func(r *request) []byte { return r.sealed.warned }))
}

// moment is null for a time that is not known.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// queueVersions inserts the versions of orders that were added or changed, and the OCA of each new one. The OCAs come in their own order, since
// another hub may be giving the same.
func (t *transaction) queueVersions(b *pgx.Batch) {
	rs := some(t.requests, func(r *request) bool { return r.Order != nil })
	if len(rs) == 0 {
		return
	}
	slices.SortFunc(rs, func(a, b *request) int { return cmp.Compare(a.oca, b.oca) })
	b.Queue(`with n as (
			select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::date[], $8::date[], $9::text[], $10::text[], $11::text[], $12::date[], $13::text[], $14::text[],
				$15::int[], $16::bytea[])
			as n (order_id, submission_id, document, form, designator, case_number, issued, expires, access, surname, given, born, protected, oca, version, modification)),
		given as (insert into oca (oca, order_id) select oca, order_id from n where oca <> '')
		insert into order_version (order_id, version, submission_id, document, form, designator, case_number, issued, expires, access, surname, given, born, protected, modification)
		select order_id, version, submission_id, document, form, designator, case_number, issued, expires, access, surname, given, born, protected, modification
		from n`,
		column(rs, func(r *request) int64 { return r.orderID }),
		column(rs, func(r *request) int64 { return r.submission }),
		column(rs, func(r *request) []byte { return r.sealed.document }),
		column(rs, func(r *request) string { return r.search.form }),
		column(rs, func(r *request) string { return r.search.designator }),
		column(rs, func(r *request) string { return r.search.number }),
		column(rs, func(r *request) *time.Time { return r.search.issued }),
		column(rs, func(r *request) *time.Time { return r.search.expires }),
		column(rs, func(r *request) string { return r.search.access }),
		column(rs, func(r *request) string { return r.search.surname }),
		column(rs, func(r *request) string { return r.search.given }),
		column(rs, func(r *request) *time.Time { return r.search.born }),
		column(rs, func(r *request) string { return r.search.protected }),
		column(rs, func(r *request) string { return r.oca }),
		column(rs, func(r *request) int32 { return int32(r.version) }),
		column(rs, func(r *request) []byte { return r.sealed.changed }))
}

// partyRows are the columns of the party table.
type partyRows struct {
	order                []int64
	version              []int32
	role, surname, given []string
}

func (t *transaction) queueParties(b *pgx.Batch) {
	var c partyRows
	for _, r := range t.requests {
		for _, p := range r.search.parties {
			c.order, c.version = append(c.order, r.orderID), append(c.version, int32(r.version))
			c.role, c.surname, c.given = append(c.role, p.role), append(c.surname, p.surname), append(c.given, p.given)
		}
	}
	if len(c.order) == 0 {
		return
	}
	b.Queue(`insert into party (order_id, version, role, surname, given)
		select order_id, version, role, surname, given from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[]) as n (order_id, version, role, surname, given)`,
		c.order, c.version, c.role, c.surname, c.given)
}

// queueDocuments inserts the documents of those packages into a table of submission, order and document.
func (t *transaction) queueDocuments(b *pgx.Batch, table string, is func(*request) bool, document func(*request) []byte) {
	rs := some(t.requests, is)
	if len(rs) == 0 {
		return
	}
	b.Queue(`insert into `+table+` (submission_id, order_id, document)
		select submission_id, order_id, document from unnest($1::bigint[], $2::bigint[], $3::bytea[]) as n (submission_id, order_id, document)`,
		column(rs, func(r *request) int64 { return r.submission }), column(rs, func(r *request) int64 { return r.orderID }), column(rs, document))
}

func (t *transaction) queueServices(b *pgx.Batch) {
	t.queueDocuments(b, "service", func(r *request) bool { return r.Service != nil }, func(r *request) []byte { return r.sealed.document })
}

func (t *transaction) queueSupplements(b *pgx.Batch) {
	t.queueDocuments(b, "supplement", func(r *request) bool { return r.Supplement != nil }, func(r *request) []byte { return r.sealed.document })
}

func (t *transaction) queueConfidential(b *pgx.Batch) {
	t.queueDocuments(b, "confidential", func(r *request) bool { return r.Confidential != nil }, func(r *request) []byte { return r.sealed.secret })
}

func (t *transaction) queueCancellations(b *pgx.Batch) {
	rs := some(t.requests, func(r *request) bool { return r.Cancellation != nil })
	if len(rs) == 0 {
		return
	}
	b.Queue(`insert into cancellation (submission_id, order_id, document, ends)
		select submission_id, order_id, document, ends from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::date[]) as n (submission_id, order_id, document, ends)`,
		column(rs, func(r *request) int64 { return r.submission }), column(rs, func(r *request) int64 { return r.orderID }),
		column(rs, func(r *request) []byte { return r.sealed.document }), column(rs, func(r *request) *time.Time { return day(&r.Cancellation.Date) }))
}

// queueContents stores images that are not there yet, in the order of their digests: another hub may be storing the same.
func (t *transaction) queueContents(b *pgx.Batch) {
	type content struct{ digest, bytes []byte }
	var contents []content
	for _, r := range t.requests {
		for i := range r.Images {
			contents = append(contents, content{r.digests[i][:], r.contents[i]})
		}
	}
	if len(contents) == 0 {
		return
	}
	slices.SortFunc(contents, func(a, b content) int { return bytes.Compare(a.digest, b.digest) })
	contents = slices.CompactFunc(contents, func(a, b content) bool { return bytes.Equal(a.digest, b.digest) })
	digests, bodies := make([][]byte, len(contents)), make([][]byte, len(contents))
	for i, c := range contents {
		digests[i], bodies[i] = c.digest, c.bytes
	}
	b.Queue(`insert into image_content (sha256, content) select sha256, content from unnest($1::bytea[], $2::bytea[]) as n (sha256, content)
		on conflict on constraint image_content_once do nothing`, digests, bodies)
}

// imageRows are the columns of the image table.
type imageRows struct {
	submission, bytes   []int64
	n, pages            []int32
	document, role, typ []string
	digest              [][]byte
}

func (t *transaction) queueImages(b *pgx.Batch) {
	var c imageRows
	for _, r := range t.requests {
		for i, image := range r.Images {
			c.submission, c.n = append(c.submission, r.submission), append(c.n, int32(i+1))
			c.document, c.role, c.typ = append(c.document, image.ID), append(c.role, image.Role), append(c.typ, image.Media)
			c.bytes, c.pages, c.digest = append(c.bytes, int64(len(image.Content))), append(c.pages, int32(image.Pages)), append(c.digest, r.digests[i][:])
		}
	}
	if len(c.submission) == 0 {
		return
	}
	b.Queue(`insert into image (submission_id, n, document_id, role, media, bytes, pages, sha256)
		select submission_id, n, document_id, role, media, bytes, pages, sha256
		from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::int[], $8::bytea[])
			as n (submission_id, n, document_id, role, media, bytes, pages, sha256)`,
		c.submission, c.n, c.document, c.role, c.typ, c.bytes, c.pages, c.digest)
}

func (t *transaction) queueTransmissions(b *pgx.Batch) {
	rs := some(t.requests, func(r *request) bool { return r.state != "" })
	if len(rs) == 0 {
		return
	}
	b.Queue(`insert into transmission (id, order_id, seq, submission_id, kind, state, test, retry_at, changed_at)
		select id, order_id, seq, submission_id, kind, state, test, changed_at, changed_at
		from unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[], $5::text[], $6::bool[], $7::timestamptz[], $8::text[])
			as n (id, order_id, seq, submission_id, state, test, changed_at, kind)`,
		column(rs, func(r *request) int64 { return r.transmission }),
		column(rs, func(r *request) int64 { return r.orderID }),
		column(rs, func(r *request) int32 { return int32(r.seq) }),
		column(rs, func(r *request) int64 { return r.submission }),
		column(rs, func(r *request) string { return string(r.state) }),
		column(rs, func(r *request) bool { return r.test }),
		column(rs, func(r *request) time.Time { return r.Received.At }),
		column(rs, func(r *request) string { return string(kinds[r.Action]) }))
}
