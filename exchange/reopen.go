package exchange

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"time"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/schemas"
	"ccpor/schemas/canon"
)

// Reopen finds the package in the bytes of a message that was received, as the intake does, and verifies its signature with the certificates given, as of then.
// contentType is as the store keeps it. What else the intake asks of a message is not asked again. The error is one of soap, canon or sig.
func Reopen(wire []byte, contentType string, trusted []sig.Trusted, at time.Time) (sig.Verified, error) {
	var none sig.Verified
	media, encoding, _ := strings.Cut(contentType, "\n")
	if encoding != "" {
		plain, err := gzip.NewReader(bytes.NewReader(wire))
		if err != nil {
			return none, badGzip(err)
		}
		if wire, err = io.ReadAll(io.LimitReader(plain, keepReopened)); err != nil {
			return none, badGzip(err)
		}
	}
	ct, err := soap.ParseContentType(media)
	if err != nil {
		return none, err
	}
	message, err := soap.Split(wire, ct)
	if err != nil {
		return none, err
	}
	var s canon.Scanner
	if err := s.Reset(message.Root, Profile(keepReopened)); err != nil {
		return none, err
	}
	envelope, err := soap.Open(&s, message.Edition, security...)
	if err != nil {
		return none, err
	}
	if err := envelope.Operation(&s); err != nil {
		return none, err
	}
	if k, err := soap.Child(&s); err != nil || k != canon.Start || !s.Is(schemas.Root.Space, schemas.Root.Local) {
		return none, &refusal{code: "Client.Package.Missing"}
	}
	var v sig.Verifier
	return v.Verify(&s, schemas.Root, trusted, at)
}

// keepReopened bounds a message that is opened again, in bytes.
const keepReopened = 256 << 20
