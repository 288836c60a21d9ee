package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Refuse keeps a refused package with every reason, in a transaction of its own.
func (s *Store) Refuse(ctx context.Context, r Refused) (order.Tracking, error) {
	tracking, err := newTracking()
	if err != nil {
		return "", err
	}
	b, err := s.refusal(tracking, r)
	if err != nil {
		return "", fmt.Errorf("refuse: %w", err)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return tx.SendBatch(ctx, b).Close() })
	if err != nil {
		return "", fmt.Errorf("refuse: %w", err)
	}
	return tracking, nil
}

func (s *Store) refusal(tracking order.Tracking, r Refused) (*pgx.Batch, error) {
	stages, err := json.Marshal(r.Received.Stages)
	if err != nil {
		return nil, err
	}
	wire := r.Received.Wire[:min(len(r.Received.Wire), s.opts.RefusedBytes)]
	b := new(pgx.Batch)
	b.Queue(`insert into submission (tracking, agency_id, package, action, state, test, received_at, peer, correlation, digest, algorithm, due_rule, not_owed, waited_for, refused_stage, refused_code, replay_of)
		values ($1, nullif($2::bigint, 0), $3, $4, 'refused', $5, $6, $7, $8, $9, '', '', '', '', $10, $11, $12)`,
		string(tracking), int64(r.Agency), string(r.Package), string(r.Action), r.Test || r.Received.Replay != nil, r.Received.At, r.Received.Peer, r.Received.Correlation, r.Received.Digest[:], r.Stage, r.Code, r.Received.Replay.of())
	b.Queue(`insert into received (submission_id, wire, wire_bytes, whole, content_type, stages, notes) values (currval('submission_id'), $1, $2, $3, $4, $5, 'null')`,
		s.Reader.codec.pack(wire), int64(len(r.Received.Wire)), len(wire) == len(r.Received.Wire), r.Received.ContentType, string(stages))
	for i, p := range r.Problems {
		b.Queue(`insert into problem (submission_id, n, code, rule, severity, text, path, line, col, element, value, citation, fix, whose)
			values (currval('submission_id'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			i+1, p.Code, p.Rule, p.Severity, p.Text, p.Path, p.Line, p.Column, p.Element, p.Value, p.Citation, p.Fix, p.Whose)
	}
	b.Queue(`insert into audit (at, actor, action, object, outcome, details, submission_id)
		values (case $6 when '' then $1::timestamptz else now() end, $6 || coalesce('agency ' || (select ori from agency where id = $2), 'peer ' || $3), 'submission.refuse', $4, 'refused', $5, currval('submission_id'))`,
		r.Received.At, int64(r.Agency), r.Received.Peer, "submission "+string(tracking), r.Stage+": "+r.Code, r.Received.Replay.by())
	return b, nil
}
