package admin

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ccpor/exchange/sig"
	"ccpor/store"
	"ccpor/web/site"
)

// certificateRow is a registered certificate, and how it stands today.
type certificateRow struct {
	store.CertificateStatus
	Stands string
	Days   int
	Soon   bool
}

func (p *Pages) certificatesOf(r *site.Request, a store.Agency) ([]certificateRow, error) {
	all, err := p.Store.CertificatesOf(r.Context(), a.ORI)
	var rows []certificateRow
	for _, c := range all {
		rows = append(rows, certificateRow{c, c.State(r.Now), c.Days(r.Now), c.State(r.Now) == "valid" && c.Days(r.Now) < soon})
	}
	return rows, err
}

type certificatesView struct {
	store.Agency
	Rows  []certificateRow
	Steps steps
	Wrong wrong
	// Use and Kind are as chosen, Uses and Kinds the choices.
	Use, Kind   string
	Uses, Kinds []site.Choice
	// Seen is the certificate that was sent and is not taken yet.
	Seen *seenCertificate
	// Reason is what was typed as the reason of a revocation, Revoke of which.
	Reason, Revoke string
}

// seenCertificate is what is shown of a certificate before it is taken.
type seenCertificate struct {
	Subject, Issuer, Serial, Key, Fingerprint string
	From, To                                  time.Time
	Days                                      int
	// DER travels to the next step in the form, where everything is judged anew.
	DER string
	// Notes are what to look at, and do not speak against it.
	Notes []string
}

// Kinds of what a certificate reaches.
const (
	liveKind = "live"
	testKind = "test"
)

func (p *Pages) certificatesView(r *site.Request, a store.Agency) (v certificatesView, err error) {
	v = certificatesView{Agency: a, Use: string(store.UseTLS), Kind: liveKind, Uses: choices([]store.Use{store.UseTLS, store.UseSigning}, useWords),
		Kinds: []site.Choice{{Value: liveKind, Name: "Orders"}, {Value: testKind, Name: "Tests only"}}}
	if v.Rows, err = p.certificatesOf(r, a); err == nil {
		v.Steps, err = p.steps(r, a)
	}
	for _, c := range v.Rows { // the one for the connection is there: that for signing comes next
		if c.Use == store.UseTLS && c.Stands == "valid" {
			v.Use = string(store.UseSigning)
		}
	}
	return v, err
}

func (p *Pages) certificates(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	v, err := p.certificatesView(r, a)
	return certificatesAnswer(v, 0), err
}

func certificatesAnswer(v certificatesView, status int) site.Answer {
	return site.Answer{Page: "certificates", Title: "Certificates of " + v.Name, Above: over(v.Agency), Data: v, Status: status, Object: "agency " + string(v.ORI)}
}

// actOnCertificates looks at a certificate, takes it, or revokes one.
func (p *Pages) actOnCertificates(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	v, err := p.certificatesView(r, a)
	if err != nil {
		return site.Answer{}, err
	}
	v.Use, v.Kind, v.Wrong = typed(r, "use"), typed(r, "kind"), wrong{}
	switch typed(r, "do") {
	case "look":
		return p.lookAtCertificate(r, v)
	case "trust":
		return p.trustCertificate(r, v)
	case "revoke":
		return p.revokeCertificate(r, v)
	}
	return site.Answer{}, notAnAct()
}

// lookAtCertificate shows what was sent, or says why it is not taken; nothing is kept.
func (p *Pages) lookAtCertificate(r *site.Request, v certificatesView) (site.Answer, error) {
	file, err := sentFile(r, "file")
	if err != nil {
		v.Wrong["file"] = err.Error()
		return certificatesAnswer(v, again), nil
	}
	cert, err := parseCertificate(file)
	if err == nil {
		err = p.refuses(r, v, cert)
	}
	if why, known := inWords(err); known {
		v.Wrong["file"] = why
		return certificatesAnswer(v, again), nil
	} else if err != nil {
		return site.Answer{}, err
	}
	v.Seen = seen(cert, r.Now)
	a := certificatesAnswer(v, 0)
	a.Action, a.Outcome, a.Details = "certificate.look", "shown", "certificate sha256 "+strings.ReplaceAll(v.Seen.Fingerprint, ":", "")
	return a, nil
}

func (p *Pages) trustCertificate(r *site.Request, v certificatesView) (site.Answer, error) {
	der, err := base64.StdEncoding.DecodeString(typed(r, "der"))
	if err != nil {
		return site.Answer{}, notAnAct()
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return site.Answer{}, notAnAct()
	}
	if err = p.refuses(r, v, cert); err == nil {
		err = p.Store.TrustCertificate(r.Context(), trustOf(v, cert), by(r), r.Now)
	}
	if why, known := inWords(err); known {
		v.Wrong["file"] = why
		return certificatesAnswer(v, again), nil
	} else if err != nil {
		return site.Answer{}, err
	}
	to, err := p.onward(r, v.Agency, "/certificates")
	return site.Answer{To: to, Object: "agency " + string(v.ORI)}, err
}

func trustOf(v certificatesView, cert *x509.Certificate) store.Trust {
	return store.Trust{Agency: v.ORI, Use: store.Use(v.Use), Certificate: cert, From: cert.NotBefore, To: cert.NotAfter, Test: v.Kind == testKind}
}

// refuses says why the certificate is not taken for what was chosen.
func (p *Pages) refuses(r *site.Request, v certificatesView, cert *x509.Certificate) error {
	if useWords[store.Use(v.Use)] == "" || v.Kind != liveKind && v.Kind != testKind {
		return problem("Choose what the certificate is for.")
	}
	if err := sig.Registrable(cert, r.Now); err != nil {
		return err
	}
	return p.Store.Untrustable(r.Context(), trustOf(v, cert))
}

// problem is what is wrong with a file, as a sentence.
type problem string

func (p problem) Error() string { return string(p) }

// inWords says what speaks against a certificate; false: the error is of another kind, or there is none.
func inWords(err error) (string, bool) {
	var p problem
	var policy *sig.Error
	switch {
	case errors.As(err, &p):
		return string(p), true
	case errors.As(err, &policy):
		return "Not taken: " + policy.What + ". What to do: " + policy.Hint + ".", true
	case errors.Is(err, store.ErrOtherAgency):
		return "Not taken: the certificate is registered for another agency. A certificate belongs to one; ask which of the two sent it.", true
	case errors.Is(err, store.ErrOtherKind):
		return "Not taken: the certificate, or another with its key, is registered for the other kind. What reaches tests never reaches orders, and the other way round: a new key is needed.", true
	case errors.Is(err, store.ErrRevokedCertificate):
		return "Not taken: a certificate with this key was revoked. The agency makes a new key, and sends a certificate of that.", true
	}
	return "", false
}

// sentFile is a file of the form; a problem where there is none.
func sentFile(r *site.Request, name string) ([]byte, error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File[name]) == 0 {
		return nil, problem("Choose the certificate's file.")
	}
	f, err := r.MultipartForm.File[name][0].Open()
	if err != nil {
		return nil, problem("The file could not be read. Choose it again.")
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostCertificate+1))
	switch {
	case err != nil:
		return nil, problem("The file could not be read. Choose it again.")
	case len(b) > mostCertificate:
		return nil, problem("The file is too long for a certificate: it has more than 32 KiB.")
	}
	return b, nil
}

// mostCertificate bounds the file of a certificate; as base64 it still fits into the next form.
const mostCertificate = 32 << 10

// parseCertificate reads the one certificate of a file, PEM or DER. Its errors are problems.
func parseCertificate(file []byte) (*x509.Certificate, error) {
	if bytes.Contains(file, []byte("PRIVATE KEY-----")) {
		return nil, problem("The file holds a private key, which nobody but the agency's system may have. Nothing was kept; that key is not to be used any more. Ask for a certificate of a new key, in a file of its own.")
	}
	der, certs := file, 0
	for rest := file; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			der, certs = block.Bytes, certs+1
		}
	}
	if certs > 1 {
		return nil, problem(fmt.Sprintf("The file holds %d certificates. Send the system's own alone: which one is trusted must be clear.", certs))
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, problem("The file holds no certificate. It begins with -----BEGIN CERTIFICATE----- (PEM), or is the same in binary form (DER).")
	}
	return cert, nil
}

func seen(c *x509.Certificate, now time.Time) *seenCertificate {
	sum := sha256.Sum256(c.Raw)
	s := &seenCertificate{Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.SerialNumber.Text(16), Key: keyWords(c), Fingerprint: colons(sum[:]), From: c.NotBefore, To: c.NotAfter,
		Days: int(c.NotAfter.Sub(now) / (24 * time.Hour)), DER: base64.StdEncoding.EncodeToString(c.Raw)}
	note := func(is bool, text string) {
		if is {
			s.Notes = append(s.Notes, text)
		}
	}
	note(now.Before(c.NotBefore), "It is not valid yet: it counts from its first day on.")
	note(s.Days < soon, "It ends within two months: ask for the next one soon.")
	note(bytes.Equal(c.RawSubject, c.RawIssuer), "It is issued by itself. That is no matter here: it counts because it is registered, not by its issuer.")
	return s
}

func keyWords(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA, " + k.Curve.Params().Name
	}
	return c.PublicKeyAlgorithm.String()
}

// colons writes a fingerprint as people compare it.
func colons(b []byte) string {
	var parts []string
	for _, x := range b {
		parts = append(parts, hex.EncodeToString([]byte{x}))
	}
	return strings.Join(parts, ":")
}

func (p *Pages) revokeCertificate(r *site.Request, v certificatesView) (site.Answer, error) {
	var fingerprint [32]byte
	v.Revoke, v.Reason = typed(r, "fingerprint"), typed(r, "reason")
	raw, err := hex.DecodeString(v.Revoke)
	if err != nil || len(raw) != len(fingerprint) {
		return site.Answer{}, notAnAct()
	}
	copy(fingerprint[:], raw)
	if !store.IsLine(v.Reason, 1, 200) {
		v.Wrong["reason"] = "Say why in 1 to 200 characters, without names of people."
		return certificatesAnswer(v, again), nil
	}
	err = p.Store.Revoke(r.Context(), v.ORI, fingerprint, v.Reason, by(r), r.Now)
	if errors.Is(err, store.ErrNotFound) {
		return site.Answer{}, moved("the certificates of this agency")
	}
	return site.Answer{To: "/agencies/" + string(v.ORI) + "/certificates", Object: "agency " + string(v.ORI)}, err
}
