package client

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"

	"ccpor/exchange/seal"
	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
)

// Proof is what a signed receipt proves: the receipt, and by which of the hub's certificates.
type Proof struct {
	Receipt
	Hub *x509.Certificate
}

// VerifyReceipt verifies a signed receipt offline by the hub certificates that the court has. Nothing of it counts where that fails. The error is
// one of exchange/seal's.
func VerifyReceipt(signed []byte, hub []*x509.Certificate) (Proof, error) {
	opened, err := seal.Open(signed, seal.Receipt, hub)
	if err != nil {
		return Proof{}, fmt.Errorf("verify the receipt: %w", err)
	}
	p := Proof{Hub: opened.Certificate()}
	if err := xml.Unmarshal(opened.Octets(), &p.Receipt); err != nil {
		return Proof{}, fmt.Errorf("read the receipt: %w", err)
	}
	p.Signed = signed
	return p, nil
}

// ErrOtherPackage says that a receipt is for another package.
var ErrOtherPackage = errors.New("the receipt is for another package: the digests differ")

// Covers says whether the receipt is for this signed package, as it was sent: nil or ErrOtherPackage. Whose signature the package carries, and
// whether it is good, the hub has judged; here only the content is compared.
func (r Receipt) Covers(pkg []byte) error {
	digest, err := PackageDigest(pkg)
	if err != nil {
		return err
	}
	if digest != r.PackageSHA256 {
		return ErrOtherPackage
	}
	return nil
}

// ErrNoReceipt says that a file holds no signed receipt.
var ErrNoReceipt = errors.New("there is no signed receipt in it: a Receipt document with the hub's signature is needed, or the hub's whole answer with a SignedReceipt")

// FindReceipt takes the signed receipt out of what a court has kept: the document itself, or the hub's whole answer. It verifies nothing.
func FindReceipt(kept []byte) ([]byte, error) {
	var root struct{ XMLName xml.Name }
	if err := xml.Unmarshal(kept, &root); err != nil {
		return nil, ErrNoReceipt
	}
	switch {
	case root.XMLName == xml.Name(seal.Receipt):
		return bytes.TrimSpace(kept), nil
	case root.XMLName.Local != "Envelope":
		return nil, ErrNoReceipt
	}
	r, err := (&Reply{Body: kept}).Receipt()
	if err != nil {
		return nil, err
	}
	if len(r.Signed) == 0 {
		return nil, ErrNoReceipt
	}
	return r.Signed, nil
}

// PackageDigest is the PackageSHA256 of a signed package: of its exclusive canonical form without the signature, in hexadecimal. It must be what was signed;
// who signed is not judged.
func PackageDigest(pkg []byte) (string, error) {
	digest, err := sig.Digest(pkg, profile, canon.Name{Space: packageNamespace, Local: "OrderPackage"})
	if err != nil {
		return "", fmt.Errorf("read the package: %w", err)
	}
	return hex.EncodeToString(digest[:]), nil
}
