package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// DayQuery asks how a day went.
type DayQuery struct {
	// From and To bound the day: from on, and before.
	From, To time.Time
	// Agency is the sender; empty for all.
	Agency order.ORI
	// Tests counts tests only; else they are left out.
	Tests bool
	// Now and Warn judge deadlines, as Clock.Outlook takes them.
	Now  time.Time
	Warn []float64
}

// Day counts what came on a day, and what stands open now, whenever it came.
type Day struct {
	// Received is what came, Accepted and Refused make it up, and Carpos of the accepted has reached CARPOS by now.
	Received, Accepted, Refused, Carpos int
	// RefusedBy counts the refusals by the family of their codes, the most first.
	RefusedBy []CodeCount
	// Held, Late and AtRisk count submissions now. They are exact as long as no more than 5,000 transmissions are not settled; beyond, Partly says that there may be more.
	Held, Late, AtRisk int
	Partly             bool
}

// CodeCount is how often one family of codes was the reason of a refusal.
type CodeCount struct {
	// Family is the beginning that the codes have in common: "Client.Schema".
	Family string
	Count  int
}

// Family is the part of a code that it has in common with its kin, its first two words.
func Family(code string) string {
	words := strings.SplitN(code, ".", 3)
	return strings.Join(words[:min(2, len(words))], ".")
}

// Day counts a day anew.
func (r *Reader) Day(ctx context.Context, q DayQuery) (Day, error) {
	var d Day
	var b pgx.Batch
	q.queueCame(&b, &d)
	q.queueOpen(&b, &d)
	if err := r.finds.SendBatch(ctx, &b).Close(); err != nil {
		return Day{}, fmt.Errorf("count a day: %w", err)
	}
	slices.SortFunc(d.RefusedBy, func(a, b CodeCount) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Family, b.Family)
	})
	return d, nil
}

// ofAgency is a condition on submission s. The agency's number is found first, so that its index is read.
func (q DayQuery) ofAgency(args *[]any) string {
	if q.Agency == "" {
		return ""
	}
	*args = append(*args, string(q.Agency))
	return fmt.Sprintf(" and s.agency_id = (select g.id from agency g where g.ori = $%d)", len(*args))
}

func (q DayQuery) queueCame(b *pgx.Batch, d *Day) {
	args := []any{q.From, q.To, q.Tests}
	b.Queue(`select s.state, s.refused_code, count(*), count(*) filter (where t.state = 'accepted') from submission s
		left join lateral (select x.state from transmission x where s.state = 'accepted' and s.not_owed = '' and x.order_id = s.order_id and x.submission_id = s.id and `+ofPackage("x")+` order by x.seq desc limit 1) t on true
		where s.received_at >= $1 and s.received_at < $2 and s.test = $3`+q.ofAgency(&args)+" group by s.state, s.refused_code", args...).Query(func(rows pgx.Rows) error {
		var state SubmissionState
		var code string
		var count, carpos int
		_, err := pgx.ForEachRow(rows, []any{&state, &code, &count, &carpos}, func() error {
			d.add(state, code, count, carpos)
			return nil
		})
		return err
	})
}

func (d *Day) add(state SubmissionState, code string, count, carpos int) {
	d.Received += count
	if state == SubmissionAccepted {
		d.Accepted, d.Carpos = d.Accepted+count, d.Carpos+carpos
		return
	}
	d.Refused += count
	i := slices.IndexFunc(d.RefusedBy, func(c CodeCount) bool { return c.Family == Family(code) })
	if i < 0 {
		i, d.RefusedBy = len(d.RefusedBy), append(d.RefusedBy, CodeCount{Family: Family(code)})
	}
	d.RefusedBy[i].Count += count
}

// queueOpen looks at the oldest that are not settled: what is late is among them.
func (q DayQuery) queueOpen(b *pgx.Batch, d *Day) {
	args := []any{q.Tests, q.Now, earliest(q.Warn)}
	b.Queue(fmt.Sprintf(`select count(*) filter (where u.state = 'held' and s.id is not null), count(*) filter (where not u.test and s.due < $2),
			count(*) filter (where not u.test and s.due >= $2 and s.received_at + (s.due - s.received_at) * $3::float8 <= $2), count(*) >= %d
		from (select t.id, t.order_id, t.submission_id, t.state, t.test from transmission t where %s and %s and t.test = $1 order by t.id limit %d) u
		left join lateral (select s.id, s.received_at, s.due from submission s where s.id = u.submission_id and s.order_id = u.order_id%s limit 1) s on true`,
		looked, isUnsettled, ofPackage("t"), looked, q.ofAgency(&args)), args...).QueryRow(func(row pgx.Row) error {
		return row.Scan(&d.Held, &d.Late, &d.AtRisk, &d.Partly)
	})
}
