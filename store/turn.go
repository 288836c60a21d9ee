package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Class is a kind of transmissions that are due, for the choice of what goes next. Nothing of a class goes while something of a class before it could go on
// the same line.
type Class struct {
	// Name is one word, Reason why the class has its place, for people.
	Name, Reason string
	// when is SQL that is true of its members: the first class for which it is true counts. turn is what they are sorted by within an agency.
	when, turn string
}

// Classes are the classes, best first. They read a transmission t, when s it came and is due, the moment $1, and from the settings how long an order is fresh ($2) and from
// which share of the legal time on it is urgent ($3).
//
// What is late already does not go before what is fresh: its deadline is lost whenever it goes, in a backlog there are thousands of it, and each fresh order that
// waited behind them would be the next one that is late. What is not late yet, but will be, goes before both.
var classes = [...]Class{
	{"lookup", "Its outcome is unknown: nobody can say whether officers see the order until it is looked up, and nothing follows it before. A look-up that brought no answer " +
		"takes its turn with everything else when it is tried again: a switch that answers none would get nothing else.",
		"t.state = 'unknown' and (select a.purpose from attempt a where a.transmission_id = t.id order by a.id desc limit 1) = 'send'", "t.retry_at"},
	{"urgent", "Its deadline can still be met, and the most of its time has gone.",
		urgentFrom + " <= $1 and s.due > $1", "s.due"},
	{"fresh", "It has just come: it reaches officers within the minute on any day, whatever lies in front of it.",
		"s.received_at > $1 - $2::interval", "t.retry_at"},
	{"backlog", "Everything else, the oldest deadline first. Those whose deadline has passed are here.",
		"true", "coalesce(s.due, s.received_at + interval '1 day')"},
}

const urgentFrom = "s.received_at + (s.due - s.received_at) * $3::float8"

// Classes are the classes, best first.
func Classes() []Class { return classes[:] }

// ErrNothingDue says that nothing that is due may go on the line.
var ErrNothingDue = errors.New("nothing is due")

// Route is a free place for which a transmission is chosen.
type Route struct {
	// Line is the mnemonic of the line. What agencies with a mnemonic of their own send goes over no other.
	Line string
	// Test says that it leads to a test switch; tests go over no other.
	Test bool
}

// Claimed is how long a chosen transmission is passed over by other choices until an attempt of it begins: much longer than a living hub takes, and a hub that takes
// longer finds that another has it. It bounds too how often one that cannot even be read is tried again.
const Claimed = 5 * time.Second

// classing bounds how many transmissions one statement gives their class.
const classing = 1000

// Choose takes the transmission that goes next over a free place at a moment: due, of the best class, of the agency that was served longest ago, the first in
// its class there. Nobody else is given it until an attempt has begun, it has moved on, or the time Claimed has passed. ErrNothingDue.
func (s *Store) Choose(ctx context.Context, r Route, at time.Time) (TransmissionID, error) {
	for {
		var chosen *int64
		var b pgx.Batch
		classed := s.queueClasses(&b, at)
		b.Queue("select choose_transmission($1, $2, $3, $4)", r.Line, r.Test, at, at.Add(Claimed)).QueryRow(func(row pgx.Row) error { return row.Scan(&chosen) })
		if err := s.marks.SendBatch(ctx, &b).Close(); err != nil {
			return 0, fmt.Errorf("choose a transmission: %w", err)
		}
		switch {
		case *classed == classing: // there was more to be classed than one statement takes
			if err := s.putBack(ctx, chosen); err != nil {
				return 0, err
			}
		case chosen == nil:
			return 0, ErrNothingDue
		default:
			return TransmissionID(*chosen), nil
		}
	}
}

func (s *Store) putBack(ctx context.Context, chosen *int64) error {
	if chosen == nil {
		return nil
	}
	if _, err := s.marks.Exec(ctx, "update transmission set claimed_until = null where id = $1", *chosen); err != nil {
		return fmt.Errorf("put a transmission back: %w", err)
	}
	return nil
}

// Classify gives every transmission that is due its class as it is at the moment, and returns how many changed. Choose does so too; in an outage, when nothing is
// chosen, this keeps what a choice has to catch up with small.
func (s *Store) Classify(ctx context.Context, at time.Time) (int, error) {
	for sum := 0; ; {
		var b pgx.Batch
		n := s.queueClasses(&b, at)
		if err := s.marks.SendBatch(ctx, &b).Close(); err != nil {
			return sum, fmt.Errorf("give transmissions their class: %w", err)
		}
		sum += *n
		if *n < classing {
			return sum, nil
		}
	}
}

// queueClasses classes what has become due and what may have another class by now, and counts it.
func (s *Store) queueClasses(b *pgx.Batch, at time.Time) *int {
	n := new(int)
	b.Queue(classSQL, at, s.opts.Fresh, s.opts.UrgentShare).QueryRow(func(row pgx.Row) error { return row.Scan(n) })
	return n
}

var classSQL = fmt.Sprintf(`
	with due as materialized (
		select id from transmission where class is null and state in ('ready', 'unknown') and open_attempt is null and retry_at <= $1
		order by retry_at limit %[1]d for update skip locked),
	aged as materialized (
		select id from transmission where class is not null and class_until <= $1 order by class_until limit %[1]d for update skip locked),
	classed as (
		update transmission y set class = n.class, turn = n.turn, agency_id = n.agency_id, class_until = n.until
		from (
			select t.id, coalesce(o.agency_id, s.agency_id) as agency_id, case %[2]s end as class, case %[3]s end as turn,
				(select min(edge) from (values (%[4]s), (s.due), (s.received_at + $2::interval)) as e (edge) where edge > $1) as until
			from (select id from due union all select id from aged limit %[1]d) d
			join transmission t on t.id = d.id cross join lateral (select agency_id, %[5]s as received_at, %[6]s as due from submission s where s.id = t.submission_id) s join order_ o on o.id = t.order_id) n
		where y.id = n.id returning y.id, y.agency_id),
	turns as (
		insert into agency_turn (agency_id, served) select distinct agency_id, 0 from classed order by 1 on conflict (agency_id) do nothing)
	select count(*)::int from classed`, classing, caseOf(func(i int, _ Class) string { return fmt.Sprint(i) }), caseOf(func(_ int, c Class) string { return c.turn }), urgentFrom, cameAt, dueBy)

// caseOf is the arms of SQL's case over the classes.
func caseOf(value func(int, Class) string) string {
	var arms []string
	for i, c := range classes {
		arms = append(arms, "when "+c.when+" then "+value(i, c))
	}
	return strings.Join(arms, " ")
}

// Owed says whether a transmission is due at the moment, or within the given time after it, that nobody is at, whatever line it needs.
func (s *Store) Owed(ctx context.Context, at time.Time, within time.Duration) (bool, error) {
	var owed bool
	err := s.marks.QueryRow(ctx, `select exists (select from transmission where class is not null and retry_at <= $1 and (claimed_until is null or claimed_until < $1))
		or exists (select from transmission where class is null and state in ('ready', 'unknown') and open_attempt is null and retry_at <= $2)`, at, at.Add(within)).Scan(&owed)
	if err != nil {
		return false, fmt.Errorf("look whether anything is due: %w", err)
	}
	return owed, nil
}

// DueTest is a transmission that is due and a test, for a hub that has no line to a test switch. ErrNothingDue.
func (s *Store) DueTest(ctx context.Context, at time.Time) (TransmissionID, error) {
	id, err := one(ctx, s.marks, pgx.RowTo[TransmissionID], "find a test that is due", `
		select id from transmission where class is not null and test and retry_at <= $1 and (claimed_until is null or claimed_until < $1) limit 1`, at)
	if errors.Is(err, ErrNotFound) {
		return 0, ErrNothingDue
	}
	return id, err
}
