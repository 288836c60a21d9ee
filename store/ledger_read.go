package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"ccpor/mapping/order"
)

// Checkpoint is a signed root of the ledger's tree.
type Checkpoint struct {
	Number   int64
	Size     int64
	Root     [32]byte
	At       time.Time
	Document []byte
}

// LastCheckpoint is the newest; ErrNotFound.
func (r *Reader) LastCheckpoint(ctx context.Context) (Checkpoint, error) {
	return one(ctx, r.pool, scanCheckpoint, "read the last checkpoint", "select n, size, root, at, document from checkpoint order by n desc limit 1")
}

func scanCheckpoint(row pgx.CollectableRow) (c Checkpoint, err error) {
	var root []byte
	err = row.Scan(&c.Number, &c.Size, &root, &c.At, &c.Document)
	copy(c.Root[:], root)
	c.At = c.At.UTC()
	return c, err
}

// Proven is a record of the ledger, with the proof that the tree of a checkpoint holds it (RFC 6962 2.1.1).
type Proven struct {
	N     int64
	Text  []byte
	Proof [][32]byte
}

// ProveSubmission gives the newest checkpoint, and each record about a submission and its transmissions that it holds, oldest first. ErrNotFound: there is
// no checkpoint yet, or it holds nothing of the submission.
func (r *Reader) ProveSubmission(ctx context.Context, t order.Tracking) (Checkpoint, []Proven, error) {
	c, err := r.LastCheckpoint(ctx)
	if err != nil {
		return c, nil, err
	}
	records, err := all(ctx, r.pool, scanKept, "find the submission's records", `
		select l.n, coalesce((select p.chain from ledger p where p.n = l.n - 1), ''), l.seals, `+entryColumns+`
		from audit a join ledger l on l.audit_id = a.id
		where l.n < $2 and (a.object = $1 or a.object like '% of ' || $1) order by l.n`, "submission "+string(t), c.Size)
	if err != nil {
		return c, nil, err
	}
	if len(records) == 0 {
		return c, nil, ErrNotFound
	}
	proven := make([]Proven, len(records))
	for i, rec := range records {
		if proven[i], err = r.prove(ctx, rec, c.Size); err != nil {
			return c, nil, fmt.Errorf("prove a record: %w", err)
		}
	}
	return c, proven, nil
}

func scanKept(row pgx.CollectableRow) (r record, err error) {
	var before []byte
	err = row.Scan(append([]any{&r.N, &before, &r.Seals}, r.Entry.fields()...)...)
	copy(r.Before[:], before)
	return r, err
}

func (r *Reader) prove(ctx context.Context, rec record, size int64) (Proven, error) {
	hashes, err := tlog.ProveRecord(size, rec.N, &growing{ctx: ctx, tx: r.pool, known: map[int64]tlog.Hash{}})
	p := Proven{N: rec.N, Text: rec.text()}
	for _, h := range hashes {
		p.Proof = append(p.Proof, h)
	}
	return p, err
}

// SignerOf is the certificate that signed a submission's package, with its registration as it is now; ErrNotFound.
func (r *Reader) SignerOf(ctx context.Context, t order.Tracking) (SigningCert, error) {
	return one(ctx, r.pool, scanSigning, "find the signer's certificate",
		"select "+signingColumns+" from submission s join certificate c on c.fingerprint = s.signer and c.use = 'signing' where s.tracking = $1", string(t))
}

// ContentType is the header that says how to read a submission's wire bytes; ErrNotFound.
func (r *Reader) ContentType(ctx context.Context, t order.Tracking) (string, error) {
	return one(ctx, r.pool, pgx.RowTo[string], "read the content type", "select r.content_type from received r join submission s on s.id = r.submission_id where s.tracking = $1", string(t))
}
