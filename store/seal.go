package store

import "strings"

// The kinds of seal, each with the edition of its columns: a column that comes later makes a new edition, and old seals are compared by their own.
const (
	sealPackage = "package/1"
	sealOrder   = "order/3"
	sealAttempt = "attempt/1"
)

// digestOf is SQL for the SHA-256 of columns as Postgres writes a row of them. Long contents are digested first.
func digestOf(columns string) string {
	return "pg_catalog.sha256(convert_to(row(" + columns + ")::text, 'UTF8'))"
}

// packageSeal is SQL for the digest of everything that came with a submission, none of which ever changes. Where a transmission stands for it, the reason why
// nothing is owed for it may change, and belongs to the order's seal. The same rows in another order are other rows: each has its table and its key in front.
func packageSeal(id string) string {
	return joined(`
		select 1 as t, 0 as k, ` + digestOf("s.id, s.tracking, s.agency_id, s.package, s.action, s.state, s.test, s.received_at, s.peer, s.correlation, s.digest, s.canonical, s.signer, s.algorithm, s.order_id, s.due, s.due_rule, s.waited_for, s.refused_stage, s.refused_code, s.written, s.replay_of, case when exists (select from transmission t where t.order_id = s.order_id and t.submission_id = s.id) then null else s.not_owed end") + ` as d
		from submission s where s.id = ` + id + `
		union all select 2, 0, ` + digestOf("pg_catalog.sha256(r.wire), r.wire_bytes, r.whole, r.content_type, r.stages, r.notes, r.warnings") + ` from received r where r.submission_id = ` + id + `
		union all select 3, p.n, ` + digestOf("p.n, p.code, p.rule, p.severity, p.text, p.path, p.line, p.col, p.element, p.value, p.citation, p.fix, p.whose") + ` from problem p where p.submission_id = ` + id + `
		union all select 4, i.n, ` + digestOf("i.n, i.document_id, i.role, i.media, i.bytes, i.pages, i.sha256") + ` from image i where i.submission_id = ` + id + `
		union all select 5, v.version, ` + digestOf("v.order_id, v.version, v.document, v.form, v.designator, v.case_number, v.issued, v.expires, v.access, v.surname, v.given, v.born, v.protected, v.modification") + `
		from submission s join order_version v on v.order_id = s.order_id and v.submission_id = s.id where s.id = ` + id + `
		union all select 6, 0, ` + digestOf("x.order_id, x.document") + ` from service x where x.submission_id = ` + id + `
		union all select 7, 0, ` + digestOf("x.order_id, x.document") + ` from supplement x where x.submission_id = ` + id + `
		union all select 8, 0, ` + digestOf("x.id, x.order_id, x.document") + ` from confidential x where x.submission_id = ` + id)
}

// orderSeal is SQL for the digest of how an order stands: its row, its OCAs, what ended it, what is owed for it, its transmissions, and what did not come from its
// court: values that were supplied, what other agencies reported, violations, and services that were recorded. Of a transmission whose attempt is under way, what changes until that ends is left
// out; of every one, what the choice of the next keeps for itself, which it makes anew.
func orderSeal(id string) string {
	return joined(orderParts(id, ", t.held_by, t.violation_id, t.recorded_id") + fromElsewhere(id) + `
		union all select 7, y.id, ` + digestOf("y.id, y.order_id, y.agency_id, y.person, y.actor, y.document, y.digest, y.at") + ` from recorded y where y.order_id = ` + id)
}

// secondOrderSeal is the edition order/2, which knew no recorded service.
func secondOrderSeal(id string) string {
	return joined(orderParts(id, ", t.held_by, t.violation_id") + fromElsewhere(id))
}

// fromElsewhere are the digests of what did not come from the order's court and was known to the edition order/2.
func fromElsewhere(id string) string {
	return `
		union all select 4, c.id, ` + digestOf("c.id, c.order_id, c.transmission_id, c.field, c.value, c.version, c.source, c.actor, c.at") + ` from correction c where c.order_id = ` + id + `
		union all select 5, p.inbound_id, ` + digestOf("p.inbound_id, p.order_id, p.kind, p.document, p.digest, p.at") + ` from reported p where p.order_id = ` + id + `
		union all select 6, w.id, ` + digestOf("w.id, w.order_id, w.agency_id, w.report, w.document, w.person, w.at") + ` from violation w where w.order_id = ` + id
}

// firstOrderSeal is the edition order/1, which knew neither who holds a transmission nor what came from elsewhere.
func firstOrderSeal(id string) string { return joined(orderParts(id, "")) }

// orderParts are the digests of the order's own row, of what ended it and of its transmissions, of which more columns may be taken.
func orderParts(id, more string) string {
	return `
		select 1 as t, 0::bigint as k, ` + digestOf("o.id, o.court, o.local_id, o.test, o.added_by, o.agency_id, o.version, o.next_seq, o.open, o.relay, o.entered, o.oca, o.fcn, o.nic, o.next_version, o.entry_version, o.follows, o.imaged, o.attached, o.cancelled_by") + ` as d
		from order_ o where o.id = ` + id + `
		union all select 2, c.submission_id, ` + digestOf("c.submission_id, c.order_id, c.document, c.ends") + ` from cancellation c where c.order_id = ` + id + `
		union all select 3, t.id, case when t.open_attempt is null then ` +
		digestOf("t.id, t.order_id, t.seq, t.submission_id, t.kind, t.state, t.test, t.tries, t.doubt, t.retry_at, t.reason, t.field, t.item, t.open_line, t.open_since, t.changed_at, s.not_owed"+more) + ` else ` +
		digestOf("'open', t.id, t.order_id, t.seq, t.submission_id, t.kind, t.test, t.tries, t.doubt, t.open_attempt, t.open_since, t.open_line, s.not_owed"+more) + ` end
		from transmission t join submission s on s.id = t.submission_id where t.order_id = ` + id
}

// attemptSeal is SQL for the digest of an attempt; of one that is under way, of what it began with.
func attemptSeal(id string) string {
	return `(select case when m.finished_at is null then ` +
		digestOf("'open', m.id, m.transmission_id, m.purpose, m.control, m.line, m.hub, pg_catalog.sha256(m.bytes), m.at") + ` else ` +
		digestOf("m.id, m.transmission_id, m.purpose, m.control, m.line, m.hub, pg_catalog.sha256(m.bytes), m.at, m.sent_at, m.acked_at, m.finished_at, m.verdict, m.code, m.text") + ` end
		from attempt m where m.id = ` + id + `)`
}

// joined is SQL for one digest over the digests of rows, each behind its table and key; null where there are no rows.
func joined(rows string) string {
	return "(select pg_catalog.sha256(string_agg(convert_to(x.t || ' ' || x.k || ' ', 'UTF8') || x.d, ''::bytea order by x.t, x.k)) from (" + rows + ") x)"
}

// sealColumns are the seals of what entry a vouches for; null where that is nothing.
var sealColumns = strings.Join([]string{
	"case when a.submission_id is not null then " + packageSeal("a.submission_id") + " end",
	"case when a.order_id is not null then " + orderSeal("a.order_id") + " end",
	"case when a.attempt_id is not null then " + attemptSeal("a.attempt_id") + " end",
}, ", ")
