package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ccpor/exchange"
	"ccpor/exchange/seal"
	"ccpor/exchange/sig"
	"ccpor/mapping/order"
	"ccpor/store"
)

// format names the edition of the file.
const format = "ccpor evidence 1"

// File is everything about one accepted submission that a third person needs to see what a court sent, when, and what the hub did with it. It is written as JSON in one
// way only, so that no byte of it can change.
type File struct {
	Format   string         `json:"format"`
	Tracking order.Tracking `json:"tracking"`
	Made     time.Time      `json:"made"`
	Checks   []Check        `json:"checks"`

	Message    Message  `json:"message"`
	Package    Package  `json:"package"`
	Signer     Signer   `json:"signer"`
	Receipt    []byte   `json:"receipt"`    // as the hub signed it, XML
	Checkpoint []byte   `json:"checkpoint"` // as the hub signed it, XML
	Records    []Record `json:"records"`
	Stamp      *Stamp   `json:"stamp,omitempty"` // where the hub has a time-stamping authority
}

// Check says how one part can be checked, by anybody, without the hub's program.
type Check struct {
	Part string `json:"part"`
	How  string `json:"how"`
}

// Message is what came over the wire.
type Message struct {
	ReceivedAt  time.Time `json:"receivedAt"`
	ContentType string    `json:"contentType"`
	SHA256      string    `json:"sha256"`
	Bytes       []byte    `json:"bytes"`
}

// Package is what the court signed.
type Package struct {
	ID        order.LocalID `json:"id"`
	Submitter order.ORI     `json:"submitter"`
	Algorithm string        `json:"algorithm"`
	SHA256    string        `json:"sha256"`
	Octets    []byte        `json:"octets"` // the canonical octets that were signed
}

// Signer is the certificate that signed, and how the hub had it registered when the file was made.
type Signer struct {
	Agency      string    `json:"agency"`
	Certificate []byte    `json:"certificate"` // DER
	SHA256      string    `json:"sha256"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	// Revoked is since when the registry trusts the certificate no more; zero: it does. What was received before is proven all the same.
	Revoked time.Time `json:"revoked,omitzero"`
}

// Record is a record of the ledger with the proof that the checkpoint's tree holds it.
type Record struct {
	N     int64    `json:"n"`
	Text  string   `json:"text"`
	Proof []string `json:"proof"` // SHA-256, from the leaf to the root
}

// Stamp is what another's clock says: a checkpoint that holds the first record, and a time stamp over it.
type Stamp struct {
	Checkpoint []byte   `json:"checkpoint"` // as the hub signed it, XML
	Proof      []string `json:"proof"`      // of the first record in that checkpoint's tree
	Token      []byte   `json:"token"`      // RFC 3161, DER
}

var checks = []Check{
	{"message", "SHA-256 of the bytes is message.sha256, which is the MessageSHA256 of the receipt."},
	{"package", "The bytes are a SOAP message; its OrderPackage in exclusive canonical form without its signature is package.octets, whose SHA-256 is package.sha256, the PackageSHA256 of the receipt."},
	{"signature", "The OrderPackage's XML signature (xmldsig, enveloped) verifies with signer.certificate."},
	{"receipt", "The receipt's XML signature verifies with the hub's certificate, which the hub's operator publishes."},
	{"checkpoint", "The checkpoint's XML signature verifies with the same. It names the size and the root of a Merkle tree by RFC 6962."},
	{"records", "Each record's text is a leaf of that tree, by its inclusion proof (RFC 6962, 2.1.1). A text is: number, SHA-256 of the record before, the audit entry as JSON, the digests that it vouches for."},
	{"stamp", "Where there is one: stamp.token is a time stamp (RFC 3161) over the bytes of stamp.checkpoint, whose tree holds the first record by stamp.proof; the authority is not the hub's. openssl ts -verify checks it."},
	{"file", "The last line is the hub's XML signature on the SHA-256 of all bytes before it."},
}

// ErrNotAccepted says that there is no evidence of what was refused: the hub gave no receipt for it.
var ErrNotAccepted = errors.New("the package was refused, so there is no receipt to prove")

// ErrNoCheckpoint says that no signed checkpoint holds the submission yet.
var ErrNoCheckpoint = errors.New("no signed checkpoint of the ledger holds the submission yet; one comes every second where the hub has a key and runs")

// Collect reads everything about a submission and seals it. Errors: store.ErrNotFound, ErrNotAccepted, ErrNoCheckpoint.
func Collect(ctx context.Context, r *store.Reader, t order.Tracking, by *seal.Sealer, now time.Time) ([]byte, error) {
	now = now.UTC().Truncate(time.Second)
	status, err := r.Status(ctx, t)
	if err != nil {
		return nil, err
	}
	if status.State != store.SubmissionAccepted {
		return nil, ErrNotAccepted
	}
	f := File{Format: format, Tracking: t, Made: now, Checks: checks}
	if err := f.message(ctx, r, status); err != nil {
		return nil, fmt.Errorf("collect the message: %w", err)
	}
	if err := f.records(ctx, r); err != nil {
		return nil, err
	}
	if f.Receipt, err = exchange.ReceiptAgain(status, by, now); err != nil {
		return nil, fmt.Errorf("sign the receipt: %w", err)
	}
	return f.seal(by)
}

func (f *File) message(ctx context.Context, r *store.Reader, s store.Status) error {
	wire, _, err := r.Wire(ctx, f.Tracking)
	if err != nil {
		return err
	}
	kind, err := r.ContentType(ctx, f.Tracking)
	if err != nil {
		return err
	}
	signer, err := r.SignerOf(ctx, f.Tracking)
	if err != nil {
		return err
	}
	trusted := []sig.Trusted{{Certificate: signer.Certificate}}
	verified, err := exchange.Reopen(wire, kind, trusted, s.ReceivedAt)
	if err != nil {
		return err
	}
	f.Message = Message{s.ReceivedAt, kind, hex.EncodeToString(s.Digest[:]), wire}
	f.Package = Package{s.Package, s.Agency.ORI, verified.Algorithm(), hex.EncodeToString(s.Canonical[:]), bytes.Clone(verified.Octets())}
	f.Signer = Signer{s.Agency.Name, signer.Certificate.Raw, sig.KeyID(signer.Certificate), signer.From.UTC(), signer.To.UTC(), signer.Revoked}
	return nil
}

func (f *File) records(ctx context.Context, r *store.Reader) error {
	c, proven, err := r.ProveSubmission(ctx, f.Tracking)
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoCheckpoint
	}
	if err != nil {
		return err
	}
	f.Checkpoint = c.Document
	for _, p := range proven {
		f.Records = append(f.Records, Record{N: p.N, Text: string(p.Text), Proof: hexed(p.Proof)})
	}
	return f.stamp(ctx, r)
}

// stamp adds the time stamp that was first to cover the acceptance, where there is one.
func (f *File) stamp(ctx context.Context, r *store.Reader) error {
	s, proof, err := r.FirstStamped(ctx, f.Records[0].N)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	f.Stamp = &Stamp{Checkpoint: s.Document, Proof: hexed(proof), Token: s.Token}
	return nil
}

func hexed(hashes [][32]byte) []string {
	all := make([]string, len(hashes))
	for i, h := range hashes {
		all[i] = hex.EncodeToString(h[:])
	}
	return all
}

// write is the one way in which a file is written.
func (f *File) write() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(f)
	return b.Bytes(), err
}

// seal puts the hub's signature on everything before it into the last line.
func (f *File) seal(by *seal.Sealer) ([]byte, error) {
	text, err := f.write()
	if err != nil {
		return nil, fmt.Errorf("write the evidence: %w", err)
	}
	document := fmt.Sprintf(`<Evidence xmlns="%s" Id="evidence-%s"><FileSHA256>%x</FileSHA256><SignedDateTime>%s</SignedDateTime></Evidence>`,
		seal.Evidence.Space, f.Tracking, sha256.Sum256(text), f.Made.Format(time.RFC3339))
	signed, err := by.Seal([]byte(document), f.Made)
	if err != nil {
		return nil, fmt.Errorf("seal the evidence: %w", err)
	}
	return append(append(text, signed...), '\n'), nil
}
