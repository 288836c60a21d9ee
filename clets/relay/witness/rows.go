package witness

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Instrument is what a database needs to be witnessed: a schema of its own with a history of the transmissions' moves, and a clock that stands still until
// it is set. A hub whose search_path begins with this schema has that clock for its leases.
const Instrument = `
create schema witness;
create table witness.clock (at timestamptz not null);
insert into witness.clock values ('2090-03-01 16:00:00Z');
create function witness.now() returns timestamptz language sql stable as 'select at from witness.clock';
create table witness.move (
	id bigint generated always as identity primary key,
	transmission_id bigint not null,
	before text not null,
	after text not null,
	written xid8 not null default pg_current_xact_id()
);
create index on witness.move (transmission_id);
create function witness.moved() returns trigger language plpgsql as $$
begin
	insert into witness.move (transmission_id, before, after) values (new.id, case tg_op when 'UPDATE' then old.state else '' end, new.state);
	return null;
end $$;
create trigger witnessed_birth after insert on transmission for each row execute function witness.moved();
create trigger witnessed_move after update of state on transmission for each row when (old.state <> new.state) execute function witness.moved();
create index on audit (order_id);`

// SearchPath is what the hub's connections need to have the clock of Instrument.
const SearchPath = "witness,public,pg_catalog"

// Open decrypts a column of the hub's by the names of column and row: "attempt.bytes/0000000001".
type Open func(ctx context.Context, name string, sealed []byte) ([]byte, error)

// transmission is a row of the hub's, with what is known of its order.
type transmission struct {
	ID, OrderID int64
	Order       string
	Kind        string
	Seq         int
	State       string
	Reason      string
	Tracking    string
	FCN         string
	OCA         string
	Entered     bool
}

type attempt struct {
	ID, Transmission int64
	Purpose          string
	Control          string
	Sealed           []byte
	At               time.Time
	Finished         *time.Time
	Verdict          string
	Bytes            []byte `db:"-"`
}

type inbound struct {
	ID      int64
	Line    string
	Outseq  string
	Control string
	Sealed  []byte
	Row     string
	At      time.Time
	Attempt int64
	Handled *time.Time
	Text    string `db:"-"`
}

type audited struct {
	ID      int64
	At      time.Time
	Actor   string
	Action  string
	Object  string
	Outcome string
	Order   int64
	Attempt int64
	Written uint64
}

type moved struct {
	ID            int64
	Transmission  int64
	Before, After string
	Written       uint64
}

// books are the hub's rows about some orders, each table in the sequence in which it was written.
type books struct {
	transmissions []transmission
	attempts      []attempt
	inbounds      []inbound
	audits        []audited
	moves         []moved
}

const ofOrders = "(select t.id from transmission t join order_ o on o.id = t.order_id where o.local_id = any($1))"

// read takes the rows of the orders with these identifications, and the messages that came after a number of inbound.
func read(ctx context.Context, conn *pgx.Conn, open Open, orders []string, after int64) (books, error) {
	var b pgx.Batch
	var k books
	queue(&b, &k.transmissions, `select t.id, t.order_id, o.local_id, t.kind, t.seq, t.state, t.reason, s.tracking, o.fcn, o.oca, o.entered
		from transmission t join order_ o on o.id = t.order_id join submission s on s.id = t.submission_id where o.local_id = any($1) order by o.id, t.seq`, orders)
	queue(&b, &k.attempts, "select id, transmission_id, purpose, control, bytes, at, finished_at, verdict from attempt where transmission_id in "+ofOrders+" order by id", orders)
	queue(&b, &k.inbounds, "select id, line, outseq, control, text, line || '/' || outseq || '/' || encode(digest, 'hex'), at, coalesce(attempt_id, 0), handled_at from inbound where id > $1 order by id", after)
	queue(&b, &k.audits, `select a.id, at, actor, action, object, outcome, a.order_id, coalesce(attempt_id, 0), written::text::bigint
		from audit a join order_ o on o.id = a.order_id where o.local_id = any($1) order by a.id`, orders)
	queue(&b, &k.moves, "select id, transmission_id, before, after, written::text::bigint from witness.move where transmission_id in "+ofOrders+" order by id", orders)
	if err := conn.SendBatch(ctx, &b).Close(); err != nil {
		return books{}, fmt.Errorf("read the hub's rows: %w", err)
	}
	return k, k.open(ctx, open)
}

// open decrypts what the hub keeps encrypted.
func (k *books) open(ctx context.Context, open Open) (err error) {
	for i := range k.attempts {
		a := &k.attempts[i]
		if a.Bytes, err = open(ctx, "attempt.bytes/"+a.Control, a.Sealed); err != nil {
			return fmt.Errorf("decrypt attempt %d: %w", a.ID, err)
		}
	}
	for i := range k.inbounds {
		m := &k.inbounds[i]
		text, err := open(ctx, "inbound.text/"+m.Row, m.Sealed)
		if err != nil {
			return fmt.Errorf("decrypt message %d: %w", m.ID, err)
		}
		m.Text = string(text)
	}
	return nil
}

func queue[T any](b *pgx.Batch, into *[]T, sql string, args ...any) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByPos[T])
		return err
	})
}

// Idle says whether more transmissions are the hub's move than there are jobs, with no attempt under way: some would never be looked at again. It must be asked of
// a database in which nothing but the schedule's orders is under way.
func Idle(ctx context.Context, conn *pgx.Conn) ([]Breach, error) {
	var owed, jobs int
	err := conn.QueryRow(ctx, `select (select count(*) from transmission where state in ('ready', 'unknown') and open_attempt is null),
		(select count(*) from river_job where kind = 'transmit')`).Scan(&owed, &jobs)
	if err != nil {
		return nil, fmt.Errorf("read the hub's rows: %w", err)
	}
	if jobs < owed {
		return []Breach{{LawStuck, fmt.Sprintf("%d transmissions are ready or unknown, and there are %d jobs", owed, jobs)}}, nil
	}
	return nil, nil
}
