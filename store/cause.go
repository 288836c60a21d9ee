package store

import "time"

// cause is one kind of alarm with the query that finds what is so now: rows of whom it is about, how many, since when, the stage and code of most refusals, and whether it is bad enough to raise an
// alarm. An alarm lasts as long as there is a row. In the query $1 is since, $2 the moment of the look, $3 most.
type cause struct {
	kind  AlarmKind
	since time.Time
	most  int
	query string
}

// with is the beginning of a statement; it gives the parameters their types, since not every query names them all.
func (c cause) with() string {
	return "with asked as (select $1::timestamptz, $2::timestamptz, $3::int), cause (who, count, last_at, stage, code, raised) as (" + c.query + ")"
}

// lateGrace is how long a package that came after its deadline may be with the hub before that counts as the hub's breach.
const lateGrace = "interval '1 hour'"

// A hub says every 30 seconds how its lines stand. One that has said nothing for three times as long holds none; one that has been silent for a day is forgotten.
const (
	silent    = "interval '90 seconds'"
	forgotten = "interval '1 day'"
)

// linesNow is SQL for every line that some hub has: whether it is up, and when it was last, as far as is known.
const linesNow = `(select line, bool_or(up and seen_at > $2 - ` + silent + `) as up, coalesce(max(up_at), min(since)) as last_up
	from line_status where seen_at > $2 - ` + forgotten + ` group by line) l`

// causes are those to be looked at.
func (l AlarmLimits) causes(now time.Time) []cause {
	none := ", '', '', "
	byAgency := " group by a.ori"
	whose := " join submission s on s.id = t.submission_id join agency a on a.id = s.agency_id"
	table := []cause{
		{AlarmDeadline, now, 0, "select 'agency ' || a.ori, count(*), min(s.due)" + none + "true from " + unsettled + whose +
			" where not t.test and " + ofPackage("t") + " and case when s.received_at < s.due then s.due else s.received_at + " + lateGrace + " end < $2" + byAgency},
	}
	if l.Refusals > 0 && l.Window > 0 {
		table = append(table, cause{AlarmRefusals, now.Add(-l.Window), l.Refusals, `select who, count(*), max(at), split_part(mode() within group (order by stage || ' ' || code), ' ', 1),
			split_part(mode() within group (order by stage || ' ' || code), ' ', 2), count(*) >= $3 from ` + refusedSince + " group by who"})
	}
	if l.Held > 0 {
		table = append(table, cause{AlarmHeld, now.Add(-l.Held), 0, "select 'agency ' || a.ori, count(*), min(t.changed_at)" + none + "true from transmission t" + whose +
			" where t.state = 'held' and not t.test and t.changed_at < $1" + byAgency})
	}
	if l.Line > 0 {
		table = append(table,
			// While no line is up that is one cause, and no more lines are told of; those that were told of are still down.
			cause{AlarmLine, now.Add(-l.Line), 0, "select 'line ' || line, 1, last_up" + none + "exists (select from " + linesNow + " where up) from " + linesNow + " where not up and last_up < $1"},
			cause{AlarmLines, now.Add(-l.Line), 0, "select 'switch', count(*), max(last_up)" + none + "true from " + linesNow + " having count(*) > 0 and not bool_or(up) and max(last_up) < $1"})
	}
	if l.Inbound > 0 {
		table = append(table, cause{AlarmInbound, now.Add(-l.Inbound), 0, "select 'switch', count(*), min(at)" + none + "true from inbound where handled_at is null and at < $1 having count(*) > 0"})
	}
	if l.Rejects > 0 {
		table = append(table, cause{AlarmRejecting, now, l.Rejects, "select 'switch', count(*), min(finished_at)" + none + "count(*) = $3 from (" +
			"select verdict, code, finished_at from attempt where verdict <> '' order by id desc limit $3) a having count(*) > 0 and bool_and(verdict = 'retry' and code in (11, 90, 91))"})
	}
	return table
}
