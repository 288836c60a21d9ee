package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// The ledger makes the audit log evident. Some time after an entry was written (a second, as a rule) one of the hubs gives it a record: the entry's words, the digests of
// the package, the order and the attempt that it vouches for as they are then, and the digest of the record before. Over the records stands a Merkle tree
// (RFC 6962), whose root the hub signs. What was changed in between is not seen; whatever is changed later is.

// ledgerBatch bounds what one transaction takes further.
const ledgerBatch = 2000

// SignCheckpoint signs the root of the tree at a size, at a time of whole seconds.
type SignCheckpoint func(size int64, root [32]byte, at time.Time) ([]byte, error)

// head is how far the ledger has come.
type head struct {
	size    int64
	chain   [32]byte
	written string
	audit   int64
	signed  int64 // checkpoints
	sealed  int64 // the size of the last one
	at      time.Time
}

// record is a line of the ledger with the entry that it is about.
type record struct {
	N      int64
	Before [32]byte // the chain of the record before
	Entry  LedgerEntry
	Seals  string
}

// LedgerEntry is an audit entry as the ledger repeats it.
type LedgerEntry struct {
	Event
	ID                        int64
	Written                   string
	Package, Order, AttemptID int64
}

// text is what is digested: a line each for the number, the chain and the entry (as JSON), then one for each seal.
func (r record) text() []byte {
	e := r.Entry
	words := []any{e.ID, e.At.UTC().Format(time.RFC3339Nano), e.Actor, e.Action, e.Object, e.Outcome, e.Details, e.Written, e.Package, e.Order, e.AttemptID}
	// Entries from before people signed in have none of these, and their records stay as they were.
	if e.Person != 0 || e.Event.Agency != "" || e.Purpose != "" {
		words = append(words, e.Person, e.Event.Agency, e.Purpose)
	}
	entry, err := json.Marshal(words)
	if err != nil { // of numbers and texts there is none
		entry = []byte(err.Error())
	}
	return fmt.Appendf(nil, "%d\n%x\n%s\n%s", r.N, r.Before, entry, r.Seals)
}

// entryColumns are the columns of audit a that scanEntry reads.
const entryColumns = "a.id, a.at, a.actor, a.action, a.object, a.outcome, a.details, a.written::text, coalesce(a.submission_id, 0), coalesce(a.order_id, 0), coalesce(a.attempt_id, 0), a.person, a.agency, a.purpose"

func (e *LedgerEntry) fields() []any {
	return []any{&e.ID, &e.At, &e.Actor, &e.Action, &e.Object, &e.Outcome, &e.Details, &e.Written, &e.Package, &e.Order, &e.AttemptID, &e.Person, &e.Agency, &e.Purpose}
}

// Advance gives records to the audit entries that have none, and signs the root where no checkpoint has it yet; sign is nil where the hub has no key or it is not
// the time. It returns how many entries it took, and whether there may be more. When another hub is at it, that is no error and nothing is done.
func (s *Store) Advance(ctx context.Context, sign SignCheckpoint, now time.Time) (taken int, more bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		h, err := lockHead(ctx, tx)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		records, err := newRecords(ctx, tx, h)
		if err != nil {
			return err
		}
		taken, more = len(records), len(records) == ledgerBatch
		return extend(ctx, tx, h, records, sign, now)
	})
	if err != nil {
		return 0, false, fmt.Errorf("take the ledger further: %w", err)
	}
	return taken, more, nil
}

// LedgerAt is when the ledger was last known to hold everything that was due.
func (r *Reader) LedgerAt(ctx context.Context) (time.Time, error) {
	return one(ctx, r.pool, pgx.RowTo[time.Time], "ask how old the ledger is", "select at from ledger_head")
}

func lockHead(ctx context.Context, tx pgx.Tx) (head, error) {
	return one(ctx, tx, func(row pgx.CollectableRow) (h head, err error) {
		var chain []byte
		err = row.Scan(&h.size, &chain, &h.written, &h.audit, &h.signed, &h.sealed)
		copy(h.chain[:], chain)
		return h, err
	}, "lock the ledger's head", "select size, chain, written::text, audit_id, signed, coalesce((select c.size from checkpoint c where c.n = signed), 0) from ledger_head for update skip locked")
}

// newRecords reads the entries after the head whose transactions are all over, with the seals as they are now.
func newRecords(ctx context.Context, tx pgx.Tx, h head) ([]record, error) {
	rs, err := all(ctx, tx, scanRecord, "read new entries", `
		select `+entryColumns+", "+sealColumns+`
		from (select * from audit where (written, id) > ($1::text::xid8, $2::bigint) and written < pg_snapshot_xmin(pg_current_snapshot()) order by written, id limit $3) a
		order by a.written, a.id`, h.written, h.audit, ledgerBatch)
	if err != nil {
		return nil, err
	}
	chain := h.chain
	for i := range rs {
		rs[i].N, rs[i].Before = h.size+int64(i), chain
		chain = sha256.Sum256(rs[i].text())
	}
	return rs, nil
}

func scanRecord(row pgx.CollectableRow) (r record, err error) {
	var pack, order, attempt []byte
	if err = row.Scan(append(r.Entry.fields(), &pack, &order, &attempt)...); err != nil {
		return r, err
	}
	var b strings.Builder
	for _, s := range []struct {
		kind   string
		id     int64
		digest []byte
	}{{sealPackage, r.Entry.Package, pack}, {sealOrder, r.Entry.Order, order}, {sealAttempt, r.Entry.AttemptID, attempt}} {
		if s.id != 0 {
			fmt.Fprintf(&b, "%s %d %x\n", s.kind, s.id, s.digest)
		}
	}
	r.Seals = b.String()
	return r, nil
}

// extend writes the records, the tree's new hashes, the checkpoint and the head.
func extend(ctx context.Context, tx pgx.Tx, h head, records []record, sign SignCheckpoint, now time.Time) error {
	seals := sign != nil && h.size+int64(len(records)) > h.sealed
	if len(records) == 0 && !seals {
		return touch(ctx, tx, now)
	}
	tree := &growing{ctx: ctx, tx: tx, known: map[int64]tlog.Hash{}}
	if err := appendRecords(ctx, tx, &h, tree, records); err != nil {
		return err
	}
	if seals {
		h.signed++
		if err := writeCheckpoint(ctx, tx, h, tree, sign, now); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "update ledger_head set size = $1, chain = $2, written = $3::text::xid8, audit_id = $4, signed = $5, at = $6", h.size, h.chain[:], h.written, h.audit, h.signed, now)
	return err
}

// touch notes that nothing was due: once a second is enough for whoever asks how old the ledger is.
func touch(ctx context.Context, tx pgx.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `update ledger_head h set at = $1 where not at between $1::timestamptz - interval '1 second' and $1
		and not exists (select from audit where (written, id) > (h.written, h.audit_id))`, now)
	return err
}

// appendRecords writes the records and the tree's new hashes, and moves the head behind them.
func appendRecords(ctx context.Context, tx pgx.Tx, h *head, tree *growing, records []record) error {
	if len(records) == 0 {
		return nil
	}
	rows := make([][]any, len(records))
	for i, r := range records {
		text := r.text()
		if err := tree.add(r.N, tlog.RecordHash(text)); err != nil {
			return err
		}
		h.chain = sha256.Sum256(text)
		rows[i] = []any{r.N, r.Entry.ID, r.Seals, append([]byte(nil), h.chain[:]...)}
	}
	last := records[len(records)-1].Entry
	h.size, h.written, h.audit = h.size+int64(len(records)), last.Written, last.ID
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"ledger"}, []string{"n", "audit_id", "seals", "chain"}, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"ledger_hash"}, []string{"place", "hash"}, pgx.CopyFromRows(tree.added))
	return err
}

func writeCheckpoint(ctx context.Context, tx pgx.Tx, h head, tree tlog.HashReader, sign SignCheckpoint, now time.Time) error {
	root, err := tlog.TreeHash(h.size, tree)
	if err != nil {
		return err
	}
	now = now.UTC().Truncate(time.Second)
	document, err := sign(h.size, root, now)
	if err != nil {
		return fmt.Errorf("sign a checkpoint: %w", err)
	}
	_, err = tx.Exec(ctx, "insert into checkpoint (n, size, root, at, document) values ($1, $2, $3, $4, $5)", h.signed, h.size, root[:], now, document)
	return err
}

// growing is the tree with what is added to it in a transaction.
type growing struct {
	ctx   context.Context
	tx    querier
	known map[int64]tlog.Hash
	added [][]any
}

func (g *growing) add(n int64, leaf tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(n, leaf, g)
	if err != nil {
		return err
	}
	place := tlog.StoredHashIndex(0, n)
	for i, h := range hashes {
		g.known[place+int64(i)] = h
		g.added = append(g.added, []any{place + int64(i), append([]byte(nil), h[:]...)})
	}
	return nil
}

// ReadHashes is a tlog.HashReader.
func (g *growing) ReadHashes(places []int64) ([]tlog.Hash, error) {
	var missing []int64
	for _, p := range places {
		if _, ok := g.known[p]; !ok {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		if err := g.load(missing); err != nil {
			return nil, err
		}
	}
	out := make([]tlog.Hash, len(places))
	for i, p := range places {
		h, ok := g.known[p]
		if !ok {
			return nil, fmt.Errorf("the tree has no hash at place %d", p)
		}
		out[i] = h
	}
	return out, nil
}

func (g *growing) load(places []int64) error {
	rows, err := g.tx.Query(g.ctx, "select place, hash from ledger_hash where place = any($1)", places)
	if err != nil {
		return err
	}
	var place int64
	var hash []byte
	_, err = pgx.ForEachRow(rows, []any{&place, &hash}, func() error {
		g.known[place] = tlog.Hash(hash)
		return nil
	})
	return err
}
