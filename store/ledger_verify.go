package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"ccpor/vault"
)

// Finding is one thing that is not as the ledger says.
type Finding struct {
	// What is wrong: "changed", "missing", "inserted" or "unsigned".
	What string `json:"what"`
	// Where it is: "order 17", "audit entry 4711", "checkpoint 800".
	Where string `json:"where"`
}

// LedgerReport is what a verification found.
type LedgerReport struct {
	Entries     int64     `json:"entries"`     // with a record
	Pending     int64     `json:"pending"`     // too new to have one
	Checkpoints int64     `json:"checkpoints"` // whose root and signature are right
	Packages    int64     `json:"packages"`
	Orders      int64     `json:"orders"`
	Attempts    int64     `json:"attempts"`
	Images      int64     `json:"images"`
	Unopened    int64     `json:"unopened"` // images that were compared with nothing, since no keys are at hand
	Size        int64     `json:"size"`     // of the tree
	Root        [32]byte  `json:"-"`
	At          time.Time `json:"at"` // when the ledger was last taken further
	Findings    []Finding `json:"findings"`
}

// OpenCheckpoint reads a signed checkpoint; an error says that it is not the hub's.
type OpenCheckpoint func(document []byte) (size int64, root [32]byte, at time.Time, err error)

// KnownRoot is a checkpoint that somebody kept elsewhere: whoever writes the whole ledger anew cannot change that one.
type KnownRoot struct {
	Size int64
	Root [32]byte
}

// VerifyLedger compares everything that the ledger vouches for with its seals, in one snapshot, and computes the chain, the tree and each checkpoint anew. It needs
// about 100 bytes of memory an entry. open is nil where nobody can say whose the checkpoints are: then only their roots are compared. The error says that it could
// not be done; what was found is in the report.
func (r *Reader) VerifyLedger(ctx context.Context, open OpenCheckpoint, known ...KnownRoot) (LedgerReport, error) {
	v := &verification{ctx: ctx, open: open, known: known, elsewhere: r.images != nil, safe: r.safe, seals: map[string]map[int64]seal{}, pending: map[string]map[int64]bool{}}
	err := pgx.BeginTxFunc(ctx, r.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		v.tx = tx
		for _, step := range []func() error{v.settings, v.readHead, v.records, v.withoutRecord, v.hashes, v.checkpoints, v.sealed, v.strays, v.contents} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return LedgerReport{}, fmt.Errorf("verify the ledger: %w", err)
	}
	return v.out, nil
}

type verification struct {
	ctx       context.Context
	tx        pgx.Tx
	open      OpenCheckpoint
	known     []KnownRoot
	elsewhere bool // images are kept outside the database
	safe      safe
	head      head
	tree      memoryTree
	seals     map[string]map[int64]seal // the newest seal by kind, without its edition, and id
	pending   map[string]map[int64]bool // what entries without a record speak of
	out       LedgerReport
}

// seal is a digest, and by which edition of the columns.
type seal struct{ edition, digest string }

// kindOf is the kind of an edition.
func kindOf(edition string) string {
	kind, _, _ := strings.Cut(edition, "/")
	return kind
}

func (v *verification) find(what, format string, a ...any) {
	v.out.Findings = append(v.out.Findings, Finding{what, fmt.Sprintf(format, a...)})
}

// settings let Postgres plan for many rows, and write values as it did when they were sealed.
func (v *verification) settings() error {
	_, err := v.tx.Exec(v.ctx, "set local timezone = 'UTC'; set local datestyle = 'ISO, MDY'; set local bytea_output = 'hex'; set local enable_seqscan = on")
	return err
}

func (v *verification) readHead() (err error) {
	v.head, err = one(v.ctx, v.tx, func(row pgx.CollectableRow) (h head, err error) {
		var chain []byte
		err = row.Scan(&h.size, &chain, &h.written, &h.audit, &h.signed, &h.at)
		copy(h.chain[:], chain)
		return h, err
	}, "read the ledger's head", "select size, chain, written::text, audit_id, signed, at from ledger_head")
	v.out.At = v.head.at.UTC()
	return err
}

// records computes the chain and the tree anew from the entries as they stand.
func (v *verification) records() error {
	rows, err := v.tx.Query(v.ctx, "select l.n, l.audit_id, l.seals, l.chain, a.id is not null, "+strings.ReplaceAll(orNothing(entryColumns), "a.id,", "l.audit_id,")+
		" from ledger l left join audit a on a.id = l.audit_id order by l.n")
	if err != nil {
		return err
	}
	var chain [32]byte
	next, audit, written := int64(0), int64(0), "0"
	for rows.Next() {
		var r record
		var kept []byte
		var there bool
		if err := rows.Scan(append([]any{&r.N, &audit, &r.Seals, &kept, &there}, r.Entry.fields()...)...); err != nil {
			return err
		}
		for ; next < r.N; next++ {
			v.find("missing", "record %d of the ledger", next)
		}
		next = r.N + 1
		r.Before = chain
		text := r.text()
		switch {
		case !there:
			v.find("missing", "audit entry %d", audit)
		case sha256.Sum256(text) != [32]byte(kept):
			v.find("changed", "audit entry %d, or record %d of the ledger", audit, r.N)
		}
		chain = [32]byte(kept) // the next record is judged by what it was made from
		if err := v.tree.add(r.N, tlog.RecordHash(text)); err != nil {
			v.find("missing", "the tree cannot be computed from record %d on", r.N)
		}
		if written = v.head.written; there {
			written = r.Entry.Written
		}
		v.remember(r.Seals)
		v.out.Entries++
	}
	v.out.Size = next
	if next != v.head.size || chain != v.head.chain || audit != v.head.audit || written != v.head.written {
		v.find("changed", "the ledger's head: it says %d records, and there are %d", v.head.size, next)
	}
	return rows.Err()
}

// orNothing makes columns of a left join read as zero where there is no row.
func orNothing(columns string) string {
	for _, c := range []struct{ column, zero string }{{"a.at", "'epoch'"}, {"a.actor", "''"}, {"a.action", "''"}, {"a.object", "''"}, {"a.outcome", "''"}, {"a.details", "''"}, {"a.written::text", "''"},
		{"a.person", "0"}, {"a.agency", "''"}, {"a.purpose", "''"}} {
		columns = strings.Replace(columns, c.column, "coalesce("+c.column+", "+c.zero+")", 1)
	}
	return columns
}

// remember keeps the newest seal of everything.
func (v *verification) remember(seals string) {
	for line := range strings.Lines(seals) {
		f := strings.Fields(line)
		if len(f) != 3 {
			if len(f) == 2 { // it vouched for something that was not there
				f = append(f, "")
			} else {
				continue
			}
		}
		id, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			continue // the record's digest tells
		}
		kind := kindOf(f[0])
		if v.seals[kind] == nil {
			v.seals[kind] = map[int64]seal{}
		}
		v.seals[kind][id] = seal{f[0], f[2]}
	}
}

// withoutRecord tells entries that came too late for the ledger from those that are too new for it.
func (v *verification) withoutRecord() error {
	rows, err := v.tx.Query(v.ctx, `select a.id, (a.written, a.id) > ($1::text::xid8, $2::bigint), coalesce(a.submission_id, 0), coalesce(a.order_id, 0), coalesce(a.attempt_id, 0)
		from audit a where not exists (select from ledger l where l.audit_id = a.id) order by a.id`, v.head.written, v.head.audit)
	if err != nil {
		return err
	}
	var id, pack, order, attempt int64
	var newer bool
	_, err = pgx.ForEachRow(rows, []any{&id, &newer, &pack, &order, &attempt}, func() error {
		if !newer {
			v.find("inserted", "audit entry %d", id)
			return nil
		}
		v.out.Pending++
		for edition, about := range map[string]int64{sealPackage: pack, sealOrder: order, sealAttempt: attempt} {
			kind := kindOf(edition)
			if v.pending[kind] == nil {
				v.pending[kind] = map[int64]bool{}
			}
			v.pending[kind][about] = true
		}
		return nil
	})
	return err
}

// hashes compares the kept tree with the computed one.
func (v *verification) hashes() error {
	rows, err := v.tx.Query(v.ctx, "select place, hash from ledger_hash order by place")
	if err != nil {
		return err
	}
	var place, next int64
	var hash []byte
	if _, err = pgx.ForEachRow(rows, []any{&place, &hash}, func() error {
		if place != next {
			v.find("missing", "hash %d of the tree", next)
		}
		next = place + 1
		if place < 0 || place >= int64(len(v.tree)) || v.tree[place] != tlog.Hash(hash) {
			v.find("changed", "hash %d of the tree", place)
		}
		return nil
	}); err != nil {
		return err
	}
	if next < int64(len(v.tree)) {
		v.find("missing", "hashes of the tree from %d on", next)
	}
	return nil
}

// checkpoints compares every signed root with the tree as it was at that size, and those that were kept elsewhere.
func (v *verification) checkpoints() error {
	rows, err := v.tx.Query(v.ctx, "select n, size, root, at, document from checkpoint order by n")
	if err != nil {
		return err
	}
	var n, next, size int64
	var root, document []byte
	var at time.Time
	if _, err = pgx.ForEachRow(rows, []any{&n, &size, &root, &at, &document}, func() error {
		for next++; next < n; next++ {
			v.find("missing", "checkpoint %d", next)
		}
		if v.rootIs(size, [32]byte(root), fmt.Sprintf("checkpoint %d", n)) && v.signed(n, size, [32]byte(root), at, document) {
			v.out.Checkpoints++
		}
		return nil
	}); err != nil {
		return err
	}
	if next != v.head.signed {
		v.find("changed", "the checkpoints: the ledger's head says %d, and the last is %d", v.head.signed, next)
	}
	for _, k := range v.known {
		v.rootIs(k.Size, k.Root, fmt.Sprintf("the ledger, by the checkpoint of size %d that was kept elsewhere", k.Size))
	}
	if v.out.Size > 0 {
		if v.out.Root, err = v.tree.root(v.out.Size); err != nil {
			v.find("missing", "the tree has no root")
		}
	}
	return nil
}

func (v *verification) rootIs(size int64, root [32]byte, where string) bool {
	computed, err := v.tree.root(size)
	if err != nil || computed != root {
		v.find("changed", "%s", where)
		return false
	}
	return true
}

func (v *verification) signed(n, size int64, root [32]byte, at time.Time, document []byte) bool {
	if v.open == nil {
		return true
	}
	s, r, signedAt, err := v.open(document)
	if err != nil || s != size || r != root || !signedAt.Equal(at) {
		v.find("unsigned", "checkpoint %d", n)
		return false
	}
	return true
}

// edition is one set of columns of a kind of seal, by its name and the SQL of its digest.
type edition struct {
	name   string
	digest func(id string) string
}

// sealed compares every package, order and attempt with its newest seal, by the columns of that seal's edition.
func (v *verification) sealed() error {
	for _, k := range []struct {
		name, table string
		editions    []edition
		count       *int64
	}{
		{"package", "submission", []edition{{sealPackage, packageSeal}}, &v.out.Packages},
		{"order", "order_", []edition{{sealOrder, orderSeal}, {"order/2", secondOrderSeal}, {"order/1", firstOrderSeal}}, &v.out.Orders},
		{"attempt", "attempt", []edition{{sealAttempt, attemptSeal}}, &v.out.Attempts},
	} {
		columns, digests := []string{"q.id"}, make([][]byte, len(k.editions))
		var id int64
		into := []any{&id}
		for i, e := range k.editions {
			columns, into = append(columns, e.digest("q.id")), append(into, &digests[i])
		}
		rows, err := v.tx.Query(v.ctx, "select "+strings.Join(columns, ", ")+" from "+k.table+" q order by q.id")
		if err != nil {
			return err
		}
		left := maps.Clone(v.seals[k.name])
		if _, err = pgx.ForEachRow(rows, into, func() error {
			*k.count++
			kept, sealed := left[id]
			delete(left, id)
			i := slices.IndexFunc(k.editions, func(e edition) bool { return e.name == kept.edition })
			switch {
			case v.pending[k.name][id]:
			case !sealed:
				v.find("inserted", "%s %d", k.name, id)
			case i < 0 || kept.digest != fmt.Sprintf("%x", digests[i]):
				v.find("changed", "%s %d", k.name, id)
			}
			return nil
		}); err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(left)) {
			v.find("missing", "%s %d", k.name, id)
		}
	}
	return nil
}

// strays finds rows that belong to nothing, and so are in no seal.
func (v *verification) strays() error {
	for _, s := range []struct{ name, sql string }{
		{"received bytes of submission", "select x.submission_id from received x where not exists (select from submission s where s.id = x.submission_id)"},
		{"a problem of submission", "select x.submission_id from problem x where not exists (select from submission s where s.id = x.submission_id)"},
		{"an image of submission", "select x.submission_id from image x where not exists (select from submission s where s.id = x.submission_id)"},
		{"a proof of service of submission", "select x.submission_id from service x where not exists (select from submission s where s.id = x.submission_id)"},
		{"a supplement of submission", "select x.submission_id from supplement x where not exists (select from submission s where s.id = x.submission_id)"},
		{"confidential information of submission", "select x.submission_id from confidential x where not exists (select from submission s where s.id = x.submission_id)"},
		{"a version of order", "select x.order_id from order_version x where not exists (select from submission s where s.id = x.submission_id and s.order_id = x.order_id)"},
		{"a cancellation of order", "select x.order_id from cancellation x where not exists (select from order_ o where o.id = x.order_id)"},
		{"a supplied value of order", "select x.order_id from correction x where not exists (select from order_ o where o.id = x.order_id)"},
		{"what was reported of order", "select x.order_id from reported x where not exists (select from order_ o where o.id = x.order_id)"},
		{"a recorded service of order", "select x.order_id from recorded x where not exists (select from order_ o where o.id = x.order_id)"},
		{"a violation of order", "select x.order_id from violation x where not exists (select from order_ o where o.id = x.order_id)"},
		{"a transmission of order", "select x.order_id from transmission x where not exists (select from order_ o where o.id = x.order_id) or not exists (select from submission s where s.id = x.submission_id)"},
	} {
		ids, err := all(v.ctx, v.tx, pgx.RowTo[int64], "look for strays", s.sql)
		if err != nil {
			return err
		}
		for _, id := range ids {
			v.find("inserted", "%s %d", s.name, id)
		}
	}
	return nil
}

// contents compares each image with the digest by which the sealed rows name it.
func (v *verification) contents() error {
	rows, err := v.tx.Query(v.ctx, `select c.content, encode(c.sha256, 'hex'), exists (select from image i where i.sha256 = c.sha256) from image_content c`)
	if err != nil {
		return err
	}
	var content sealed
	var digest string
	var named bool
	if _, err = pgx.ForEachRow(rows, []any{&content.bytes, &digest, &named}, func() error {
		v.out.Images++
		content.row = digest
		same, err := v.isImage(content)
		switch {
		case err != nil:
			return err
		case !same:
			v.find("changed", "image %s", digest)
		case !named:
			v.find("inserted", "image %s", digest)
		}
		return nil
	}); err != nil {
		return err
	}
	if v.elsewhere {
		return nil
	}
	lost, err := all(v.ctx, v.tx, pgx.RowTo[string], "look for lost images", `select distinct encode(i.sha256, 'hex') from image i
		where not exists (select from image_content c where c.sha256 = i.sha256)`)
	for _, digest := range lost {
		v.find("missing", "image %s", digest)
	}
	return err
}

// isImage says whether the content is the one that its digest names. What nobody has keys for is counted, and passes.
func (v *verification) isImage(content sealed) (bool, error) {
	clear, err := v.safe.open(v.ctx, inImage, content)
	switch {
	case errors.Is(err, vault.ErrNoKeys):
		v.out.Unopened++
		return true, nil
	case errors.Is(err, vault.ErrForged), errors.Is(err, vault.ErrFormat), errors.Is(err, vault.ErrNoDataKey):
		return false, nil
	}
	return fmt.Sprintf("%x", sha256.Sum256(clear)) == content.row, err
}

// memoryTree is all hashes of a tree, each at its place.
type memoryTree []tlog.Hash

func (t *memoryTree) add(n int64, leaf tlog.Hash) error {
	if tlog.StoredHashIndex(0, n) != int64(len(*t)) {
		return fmt.Errorf("record %d does not follow", n)
	}
	hashes, err := tlog.StoredHashesForRecordHash(n, leaf, t)
	*t = append(*t, hashes...)
	return err
}

// ReadHashes is a tlog.HashReader.
func (t *memoryTree) ReadHashes(places []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(places))
	for i, p := range places {
		if p < 0 || p >= int64(len(*t)) {
			return nil, fmt.Errorf("the tree has no hash at place %d", p)
		}
		out[i] = (*t)[p]
	}
	return out, nil
}

func (t *memoryTree) root(size int64) ([32]byte, error) {
	h, err := tlog.TreeHash(size, t)
	return h, err
}
