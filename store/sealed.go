package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"ccpor/vault"
)

// place is a column that is encrypted. What a place holds is compressed, then sealed under the name of the place and of the row, so that nothing can be put elsewhere:
// a row has a name that is known before it is written. docs/security.md says of every column why it is encrypted, or is not.
type place string

// The encrypted columns, by the names of their rows.
const (
	// By tracking number.
	inWire         place = "received.wire"
	inWarnings     place = "received.warnings"
	inVersion      place = "order_version.document"
	inModification place = "order_version.modification"
	inService      place = "service.document"
	inCancellation place = "cancellation.document"
	inSupplement   place = "supplement.document"
	inConfidential place = "confidential.document"
	// By tracking number and number.
	inProblem place = "problem.value"
	// By digest; what is in it is compressed already.
	inImage place = "image_content.content"
	// By control number.
	inAttempt place = "attempt.bytes"
	inTry     place = "inquiry_try.bytes"
	// By line, the switch's number and digest (inboundRow).
	inInbound place = "inbound.text"
	// By message.
	inReported place = "reported.document"
	// By transmission.
	inViolation place = "violation.document"
	// By order, field and moment (correctionRow).
	inCorrection place = "correction.value"
	// By number.
	inRecorded place = "recorded.document"
	inQuestion place = "inquiry.question"
	inRequest  place = "inquiry.text"
	// By the person's number.
	inTOTP     place = "person.totp"
	inTOTPNext place = "person.totp_next"
	// By the agency's ORI.
	inProvider place = "identity_provider.secret"
)

// sealed is an encrypted column as it is read, with the name of its row; without bytes where there is nothing.
type sealed struct {
	bytes []byte
	row   string
}

func (s *sealed) fields() []any { return []any{&s.bytes, (*zeronull.Text)(&s.row)} }

// fieldsOfAll are the fields of several.
func fieldsOfAll(all ...*sealed) []any {
	var fields []any
	for _, s := range all {
		fields = append(fields, s.fields()...)
	}
	return fields
}

// sealedBy is SQL for an encrypted column of a row that a submission brought, with the submission's tracking number.
func sealedBy(column, submission string) string {
	return column + ", (select y.tracking from submission y where y.id = " + submission + ")"
}

// SQL for the names of rows.
const (
	inboundRow    = "i.line || '/' || i.outseq || '/' || encode(i.digest, 'hex')" // of inbound i
	correctionRow = "order_id || '/' || field || '/' || (extract(epoch from at) * 1000000)::bigint"
)

func nameOfProblem(tracking string, n int) string { return fmt.Sprintf("%s/%d", tracking, n) }

func nameOfInbound(line, outseq string, digest []byte) string {
	return fmt.Sprintf("%s/%s/%x", line, outseq, digest)
}

func nameOfCorrection(order int64, field string, at time.Time) string {
	return fmt.Sprintf("%d/%s/%d", order, field, at.UnixMicro())
}

func idRow(id PersonID) string { return strconv.FormatInt(int64(id), 10) }

// safe seals and opens encrypted columns. Without keys it does neither: vault.ErrNoKeys.
type safe struct {
	vault *vault.Vault
	codec codec
}

// seal is nothing for nothing.
func (s safe) seal(ctx context.Context, in place, row string, value []byte) ([]byte, error) {
	if len(value) == 0 {
		return nil, nil
	}
	if in != inImage {
		value = s.codec.pack(value)
	}
	b, err := s.vault.Seal(ctx, in.name(row), value)
	if err != nil {
		return nil, fmt.Errorf("encrypt %s: %w", in, err)
	}
	return b, nil
}

func (in place) name(row string) string { return string(in) + "/" + row }

// sealJSON is nothing for nil.
func sealJSON[T any](ctx context.Context, s safe, in place, row string, from *T) ([]byte, error) {
	if from == nil {
		return nil, nil
	}
	b, err := json.Marshal(from)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", in, err)
	}
	return s.seal(ctx, in, row, b)
}

// open is nothing for nothing.
func (s safe) open(ctx context.Context, in place, from sealed) ([]byte, error) {
	if len(from.bytes) == 0 {
		return nil, nil
	}
	value, err := s.vault.Open(ctx, in.name(from.row), from.bytes)
	if err == nil && in != inImage {
		value, err = s.codec.dec.DecodeAll(value, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("decrypt %s: %w", in, err)
	}
	return value, nil
}

// openText opens a text.
func (s safe) openText(ctx context.Context, in place, from sealed, into *string) error {
	b, err := s.open(ctx, in, from)
	*into = string(b)
	return err
}

// openInto reads the document; nothing leaves into as it is.
func (s safe) openInto(ctx context.Context, in place, from sealed, into any) error {
	b, err := s.open(ctx, in, from)
	if err != nil || b == nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("read a stored document: %w", err)
	}
	return nil
}

// openIfThere makes the document where there is one.
func openIfThere[T any](ctx context.Context, s safe, in place, from sealed, into **T) error {
	if len(from.bytes) == 0 {
		return nil
	}
	*into = new(T)
	return s.openInto(ctx, in, from, *into)
}
