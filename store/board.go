package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Board is how the exchange stands, for its operator: numbers, agencies and lines, and nobody's data.
type Board struct {
	// Durations are nanoseconds in JSON. At is when it was read, Measured the minute of what was measured; zero: nobody has measured yet.
	At       time.Time `json:"at"`
	Measured time.Time `json:"measured,omitzero"`
	// Queue is by state, Jobs by River's state.
	Queue  map[TransmissionState]int `json:"queue"`
	Jobs   map[string]int            `json:"jobs"`
	Late   int                       `json:"late"`
	AtRisk int                       `json:"atRisk"`
	// Unsent is how long ago the package came that is ready to be sent for longest; 0: none is.
	Unsent   time.Duration `json:"unsent"`
	Messages int           `json:"messages"`
	Notices  int           `json:"notices"`
	Lines    []LineReport  `json:"lines"`
	Alarms   []Alarm       `json:"alarms"`
	// Ending are agencies' certificates that end within 60 days or have ended in the last 30, and are not revoked, nearest end first.
	Ending []Ending `json:"ending"`
	// Own are the ends of hubs' own certificates within 60 days, by hub and use.
	Own []OwnEnd `json:"own"`
	// Refused are the refusals of the last 24 hours by agency, most first; that of nobody known has no ORI.
	Refused  []RefusedBy   `json:"refused"`
	Database DatabaseState `json:"database"`
	// Clocks are by how much the database's clock is before each hub's.
	Clocks map[string]time.Duration `json:"clocks"`
	// LedgerAt is when the ledger last held everything that was due, Sealed when its root was last signed (zero: never) and Records how many it has.
	LedgerAt time.Time `json:"ledgerAt"`
	Sealed   time.Time `json:"sealed,omitzero"`
	Records  int64     `json:"records"`
}

// Ending is a certificate that comes to its end, with whether a later one of the same agency, use and kind is registered.
type Ending struct {
	CertificateStatus
	Successor bool `json:"successor"`
}

// OwnEnd is when a certificate of a hub's own ends.
type OwnEnd struct {
	Hub string    `json:"hub"`
	Use string    `json:"use"`
	To  time.Time `json:"to"`
}

// RefusedBy counts refusals of one agency.
type RefusedBy struct {
	Agency order.ORI `json:"agency,omitempty"`
	Name   string    `json:"name,omitempty"`
	Count  int       `json:"count"`
}

const (
	boardEnding  = 60 * 24 * time.Hour // as the watch warns first
	boardEnded   = 30 * 24 * time.Hour
	boardRefused = 24 * time.Hour
	// ownKept is for how long a hub counts that does not speak any more.
	ownKept = 5 * time.Minute
)

const (
	lastMeasured  = "select what, label, at, value from measurement where at = (select at from measuring) and what = any($1)"
	ownMeasured   = "select distinct on (what, label) what, label, at, value from measurement where what in ('clock', 'ownEnd') and at > $1 order by what, label, at desc"
	refusedBy     = "select v.label, coalesce(a.name, ''), sum(v.value)::bigint from measurement v left join agency a on a.ori = v.label where v.what = 'refused' and v.at > $1 and v.value > 0 group by 1, 2 order by 3 desc, 1"
	ledgerAndSeal = "select h.at, h.size, (select c.at from checkpoint c order by c.n desc limit 1) from ledger_head h"
)

// Board reads everything. What grows with the years or with a backlog is not counted but read as it was last measured, so that it costs the same whatever is stored.
func (r *Reader) Board(ctx context.Context, now time.Time) (Board, error) {
	b := Board{At: now, Queue: map[TransmissionState]int{}, Jobs: map[string]int{}, Clocks: map[string]time.Duration{}}
	var batch pgx.Batch
	batch.Queue("select at from measuring where at > 'epoch'").Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&b.Measured}, func() error { b.Measured = b.Measured.UTC(); return nil })
		return err
	})
	whats, _ := foldArrays(MeasureQueue, MeasureJobs, MeasureLate, MeasureAtRisk, MeasureUnsent, MeasureMessages, MeasureNotices, MeasureBytes)
	batch.Queue(lastMeasured, whats).Query(eachMeasured(b.take))
	batch.Queue(ownMeasured, now.Add(-ownKept)).Query(eachMeasured(b.takeOwn))
	batch.Queue(refusedBy, now.Add(-boardRefused)).Query(func(rows pgx.Rows) (err error) {
		b.Refused, err = pgx.CollectRows(rows, pgx.RowToStructByPos[RefusedBy])
		return err
	})
	batch.Queue(ledgerAndSeal).QueryRow(func(row pgx.Row) error {
		var sealed *time.Time
		err := row.Scan(&b.LedgerAt, &b.Records, &sealed)
		b.LedgerAt, b.Sealed = b.LedgerAt.UTC(), known(sealed)
		return err
	})
	if err := r.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return b, fmt.Errorf("read how the exchange stands: %w", err)
	}
	return b, r.boardLists(ctx, &b, now)
}

// boardLists are what the store lists elsewhere too.
func (r *Reader) boardLists(ctx context.Context, b *Board, now time.Time) (err error) {
	if b.Lines, err = r.Lines(ctx); err != nil {
		return err
	}
	if b.Alarms, err = r.Alarms(ctx, false); err != nil {
		return err
	}
	if b.Ending, err = r.ending(ctx, now); err != nil {
		return err
	}
	bytes := b.Database.Bytes
	b.Database, err = r.databaseQuick(ctx)
	b.Database.Bytes = bytes
	return err
}

func eachMeasured(take func(Measured)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var m Measured
		_, err := pgx.ForEachRow(rows, []any{&m.What, &m.Label, &m.At, &m.Value}, func() error { take(m); return nil })
		return err
	}
}

func (b *Board) take(m Measured) {
	n := int(m.Value)
	switch m.What {
	case MeasureQueue:
		b.Queue[TransmissionState(m.Label)] = n
	case MeasureJobs:
		b.Jobs[m.Label] = n
	case MeasureLate:
		b.Late = n
	case MeasureAtRisk:
		b.AtRisk = n
	case MeasureUnsent:
		b.Unsent = seconds(m.Value)
	case MeasureMessages:
		b.Messages = n
	case MeasureNotices:
		b.Notices = n
	case MeasureBytes:
		b.Database.Bytes = int64(m.Value)
	}
}

func (b *Board) takeOwn(m Measured) {
	if m.What == MeasureClock {
		b.Clocks[m.Label] = seconds(m.Value)
		return
	}
	to := time.Unix(int64(m.Value), 0).UTC()
	if to.Sub(b.At) > boardEnding {
		return
	}
	own := OwnEnd{Use: m.Label, To: to}
	if i := strings.LastIndexByte(m.Label, ' '); i > 0 { // a hub's name may hold spaces, a use does not
		own.Hub, own.Use = m.Label[:i], m.Label[i+1:]
	}
	b.Own = append(b.Own, own)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// ending lists certificates as Board.Ending has them.
func (r *Reader) ending(ctx context.Context, now time.Time) ([]Ending, error) {
	certs, err := all(ctx, r.pool, scanCertificate, "list the certificates that come to their end",
		"select "+certificateColumns+" from certificate c join agency a on a.id = c.agency_id where c.revoked_at is null and c.valid_to > $1", now.Add(-boardEnded))
	if err != nil {
		return nil, err
	}
	type place struct {
		agency order.ORI
		use    Use
		test   bool
	}
	last := map[place]time.Time{}
	for _, c := range certs {
		p := place{c.Agency, c.Use, c.Test}
		if c.To.After(last[p]) {
			last[p] = c.To
		}
	}
	var near []Ending
	for _, c := range certs {
		if left := c.To.Sub(now); left <= boardEnding && left > -boardEnded {
			near = append(near, Ending{c, last[place{c.Agency, c.Use, c.Test}].After(c.To)})
		}
	}
	slices.SortFunc(near, func(a, b Ending) int {
		return cmp.Or(a.To.Compare(b.To), cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return near, nil
}
