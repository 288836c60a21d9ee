package evidence

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"ccpor/exchange"
	"ccpor/exchange/client"
	"ccpor/exchange/seal"
	"ccpor/exchange/sig"
)

// Proof is what a file proves.
type Proof struct {
	File    File
	Receipt client.Proof
	// Hub signed the file, the receipt and the checkpoint; more than one while the hub changed keys.
	Hub []*x509.Certificate
	// Size and At are the checkpoint's.
	Size int64
	At   time.Time
	// Stamped is nil where the file has no time stamp.
	Stamped *StampProof
}

// StampProof is what another's clock says of the acceptance: it was on record at that time.
type StampProof struct {
	At        time.Time
	Authority *x509.Certificate
	Judged    bool // that the authority is one of those the caller trusts
}

// PartError says which part of a file does not prove what it should.
type PartError struct {
	Part  string // as in File.Checks
	Cause error
}

func (e *PartError) Error() string { return "the " + e.Part + " does not hold: " + e.Cause.Error() }
func (e *PartError) Unwrap() error { return e.Cause }

// Is says whether bytes are an evidence file, by how they begin.
func Is(file []byte) bool {
	return bytes.HasPrefix(file, []byte("{\n \"format\": \""+format+"\""))
}

// Verify checks every part of a file, with the certificates of the hub alone, and with those of time-stamping authorities where authorities is not nil. The error is
// a *PartError.
func Verify(file []byte, hub []*x509.Certificate, authorities *x509.CertPool) (Proof, error) {
	v := &verifying{hub: hub, authorities: authorities, whole: file}
	for _, part := range []struct {
		name  string
		check func() error
	}{{"file", v.file}, {"message", v.message}, {"package", v.pkg}, {"receipt", v.receipt}, {"checkpoint", v.checkpoint}, {"records", v.records}, {"stamp", v.stamp}} {
		if err := part.check(); err != nil {
			return Proof{}, &PartError{part.name, err}
		}
	}
	return v.out, nil
}

type verifying struct {
	hub         []*x509.Certificate
	authorities *x509.CertPool
	whole       []byte
	root        tlog.Hash
	out         Proof
}

var (
	errForm   = errors.New("it is not written as the hub writes it")
	errDigest = errors.New("its digest is another one")
	errOther  = errors.New("it is about something else")
)

// file checks the seal in the last line, and that everything before it is written in the one way.
func (v *verifying) file() error {
	body, ok := bytes.CutSuffix(v.whole, []byte("\n"))
	at := bytes.LastIndexByte(body, '\n')
	if !ok || at < 0 {
		return errForm
	}
	text, sealed := v.whole[:at+1], body[at+1:]
	o, err := seal.OpenExact(sealed, seal.Evidence, v.hub)
	if err != nil {
		return err
	}
	v.out.Hub = append(v.out.Hub, o.Certificate())
	var said struct {
		Digest []string `xml:"FileSHA256"`
	}
	if err := xml.Unmarshal(o.Octets(), &said); err != nil {
		return err
	}
	if len(said.Digest) != 1 || said.Digest[0] != fmt.Sprintf("%x", sha256.Sum256(text)) {
		return errDigest
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v.out.File); err != nil {
		return err
	}
	if again, err := v.out.File.write(); err != nil || !bytes.Equal(again, text) || v.out.File.Format != format {
		return errForm
	}
	return nil
}

func (v *verifying) message() error {
	m := v.out.File.Message
	if m.SHA256 != fmt.Sprintf("%x", sha256.Sum256(m.Bytes)) {
		return errDigest
	}
	return nil
}

// pkg opens the message again and verifies the court's signature in it.
func (v *verifying) pkg() error {
	f := v.out.File
	cert, err := x509.ParseCertificate(f.Signer.Certificate)
	if err != nil {
		return err
	}
	verified, err := exchange.Reopen(f.Message.Bytes, f.Message.ContentType, []sig.Trusted{{Certificate: cert}}, f.Message.ReceivedAt)
	if err != nil {
		return err
	}
	digest := verified.Digest()
	switch {
	case !bytes.Equal(verified.Octets(), f.Package.Octets), hex.EncodeToString(digest[:]) != f.Package.SHA256, f.Signer.SHA256 != sig.KeyID(cert), f.Package.Algorithm != verified.Algorithm():
		return errDigest
	}
	return nil
}

func (v *verifying) receipt() (err error) {
	f := v.out.File
	if v.out.Receipt, err = client.VerifyReceipt(f.Receipt, v.hub); err != nil {
		return err
	}
	r := v.out.Receipt
	v.out.Hub = append(v.out.Hub, r.Hub)
	if r.Tracking != f.Tracking || r.Package != f.Package.ID || r.Submitter != f.Package.Submitter || r.PackageSHA256 != f.Package.SHA256 || r.MessageSHA256 != f.Message.SHA256 ||
		!r.ReceivedAt.Equal(f.Message.ReceivedAt.Truncate(time.Millisecond)) && !r.ReceivedAt.Equal(f.Message.ReceivedAt) {
		return errOther
	}
	return nil
}

func (v *verifying) checkpoint() error {
	size, root, at, err := Open(v.hub)(v.out.File.Checkpoint)
	v.out.Size, v.out.At, v.root = size, at, root
	return err
}

// records checks each inclusion proof, and that the first record is the acceptance of this very package.
func (v *verifying) records() error {
	f := v.out.File
	for _, r := range f.Records {
		if err := holds(v.out.Size, v.root, r, r.Proof); err != nil {
			return err
		}
		if !strings.Contains(r.Text, "submission "+string(f.Tracking)+"\"") {
			return errOther
		}
	}
	if len(f.Records) == 0 || !strings.Contains(f.Records[0].Text, "\"submission.accept\"") || !strings.Contains(f.Records[0].Text, "sha256 "+f.Package.SHA256) {
		return errOther
	}
	return nil
}

// holds checks that a tree holds a record.
func holds(size int64, root tlog.Hash, r Record, path []string) error {
	var proof tlog.RecordProof
	for _, text := range path {
		h, err := hex.DecodeString(text)
		if err != nil || len(h) != tlog.HashSize {
			return errForm
		}
		proof = append(proof, tlog.Hash(h))
	}
	return tlog.CheckRecord(proof, size, root, r.N, tlog.RecordHash([]byte(r.Text)))
}

// stamp checks the time stamp over a checkpoint that holds the acceptance.
func (v *verifying) stamp() error {
	s := v.out.File.Stamp
	if s == nil {
		return nil
	}
	size, root, _, err := Open(v.hub)(s.Checkpoint)
	if err != nil {
		return err
	}
	if err := holds(size, root, v.out.File.Records[0], s.Proof); err != nil {
		return err
	}
	at, signer, err := OpenStamp(s.Token, s.Checkpoint, v.authorities)
	v.out.Stamped = &StampProof{at, signer, v.authorities != nil}
	return err
}
