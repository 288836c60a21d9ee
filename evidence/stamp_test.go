package evidence_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"ccpor/evidence"
	"ccpor/store"
)

// tsa is a time-stamping authority on a real socket, with what it may do wrong.
type tsa struct {
	root, cert *x509.Certificate
	key        crypto.Signer
	at         time.Time
	change     func(*timestamp.Request) // of what was asked
	answer     func(http.ResponseWriter) bool
	url        string
}

func certificate(t testing.TB, name string, parent *x509.Certificate, by crypto.Signer, usage []x509.ExtKeyUsage) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(now.Unix()), Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 1, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true}
	if parent == nil {
		parent, by, c.IsCA, c.KeyUsage = c, key, true, x509.KeyUsageCertSign
	}
	if len(usage) > 0 { // critical, as RFC 3161 2.3 wants it
		oids := []asn1.ObjectIdentifier{}
		for _, u := range usage {
			oids = append(oids, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, int(u)})
		}
		value, err := asn1.Marshal(oids)
		check(t, err)
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: value}}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	check(t, err)
	cert, err := x509.ParseCertificate(der)
	check(t, err)
	return cert, key
}

func newTSA(t testing.TB, usage ...x509.ExtKeyUsage) *tsa {
	t.Helper()
	root, rootKey := certificate(t, "Invented root", nil, nil, nil)
	a := &tsa{root: root, at: now.Add(time.Minute)}
	a.cert, a.key = certificate(t, "Invented time-stamping authority", root, rootKey, usage)
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// The numbers of x509.ExtKeyUsage for time-stamping and e-mail are those of their OIDs.
const stamping, mail = x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageEmailProtection

func (a *tsa) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if a.answer != nil && a.answer(w) {
		return
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	asked, err := timestamp.ParseRequest(body)
	if err != nil || req.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "no query", http.StatusBadRequest)
		return
	}
	if a.change != nil {
		a.change(asked)
	}
	ts := timestamp.Timestamp{HashAlgorithm: asked.HashAlgorithm, HashedMessage: asked.HashedMessage, Time: a.at, Nonce: asked.Nonce, Policy: asn1.ObjectIdentifier{1, 2, 3, 4},
		AddTSACertificate: asked.Certificates, SerialNumber: big.NewInt(1)}
	answer, err := ts.CreateResponseWithOpts(a.cert, a.key, crypto.SHA256)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	if _, err := w.Write(answer); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func (a *tsa) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

func (a *tsa) authority() *evidence.Authority {
	return evidence.NewAuthority(a.url, http.DefaultClient, a.roots())
}

func TestStampAndOpen(t *testing.T) {
	t.Parallel()
	a, document := newTSA(t, stamping), []byte("<Checkpoint/>")
	token, at, err := a.authority().Stamp(t.Context(), document)
	check(t, err)
	opened, signer, err := evidence.OpenStamp(token, document, a.roots())
	if err != nil || !at.Equal(a.at) || !opened.Equal(a.at) || !signer.Equal(a.cert) {
		t.Errorf("%v, %v, %v, %v", at, opened, signer, err)
	}
	if _, _, err := evidence.OpenStamp(token, []byte("<Checkpoint />"), a.roots()); err == nil {
		t.Error("it opens another document")
	}
	if _, _, err := evidence.OpenStamp(token, document, newTSA(t, stamping).roots()); err == nil {
		t.Error("it leads to another's root")
	}
	if _, _, err := evidence.OpenStamp(token, document, nil); err != nil {
		t.Errorf("without roots: %v", err)
	}
	for i := range token {
		changed := bytes.Clone(token)
		changed[i] ^= 1
		if at, _, err := evidence.OpenStamp(changed, document, a.roots()); err == nil && !at.Equal(a.at) {
			t.Errorf("with byte %d changed it says %v", i, at)
		}
	}
	judgedByOpenSSL(t, a, token, document)
}

// judgedByOpenSSL has OpenSSL verify a token as a third person would.
func judgedByOpenSSL(t *testing.T, a *tsa, token, document []byte) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CCPOR_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip("no openssl here")
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"token": token, "document": document, "root.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})} {
		check(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	c := exec.CommandContext(t.Context(), "openssl", "ts", "-verify", "-in", "token", "-token_in", "-data", "document", "-CAfile", "root.pem", "-attime", "1795132800")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "Verification: OK") {
		t.Errorf("openssl: %v\n%s", err, out)
	}
}

func TestStampsThatAreNotTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		usage []x509.ExtKeyUsage
		bend  func(*tsa)
	}{
		"for no purpose":         {nil, func(*tsa) {}},
		"for mail":               {[]x509.ExtKeyUsage{mail}, func(*tsa) {}},
		"for mail and stamping":  {[]x509.ExtKeyUsage{stamping, mail}, func(*tsa) {}},
		"of another document":    {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.change = func(r *timestamp.Request) { r.HashedMessage[0] ^= 1 } }},
		"to another question":    {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.change = func(r *timestamp.Request) { r.Nonce = big.NewInt(7) } }},
		"without the question":   {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.change = func(r *timestamp.Request) { r.Nonce = nil } }},
		"without a certificate":  {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.change = func(r *timestamp.Request) { r.Certificates = false } }},
		"before its certificate": {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.at = now.AddDate(-1, 0, 0) }},
		"by a stranger":          {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.root = newTSA(t, stamping).root }},
		"that is a page": {[]x509.ExtKeyUsage{stamping}, func(a *tsa) {
			a.answer = func(w http.ResponseWriter) bool { _, err := w.Write([]byte("hello")); return err == nil }
		}},
		"that is an error":        {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.answer = func(w http.ResponseWriter) bool { w.WriteHeader(500); return true } }},
		"that never ends":         {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.answer = endless }},
		"that is no time stamp":   {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.answer = reply([]byte{0x30, 0x03, 0x02, 0x01, 0x00}) }},
		"that says no":            {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.answer = reply([]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02}) }},
		"that is another's bytes": {[]x509.ExtKeyUsage{stamping}, func(a *tsa) { a.answer = reply(nil) }},
	} {
		a := newTSA(t, c.usage...)
		c.bend(a)
		if token, at, err := a.authority().Stamp(t.Context(), []byte("<Checkpoint/>")); err == nil {
			t.Errorf("%s: taken, %d bytes, %v", name, len(token), at)
		}
	}
}

func reply(body []byte) func(http.ResponseWriter) bool {
	return func(w http.ResponseWriter) bool {
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, err := w.Write(body)
		return err == nil
	}
}

func endless(w http.ResponseWriter) bool {
	w.Header().Set("Content-Type", "application/timestamp-reply")
	for block := make([]byte, 32<<10); ; {
		if _, err := w.Write(block); err != nil {
			return true
		}
	}
}

// Evidence carries the stamp that was first to cover the acceptance, and what it says is verified.
func TestStampedEvidence(t *testing.T) {
	t.Parallel()
	s, tracking := kept(t, false)
	by, a := sealer(t, "hub"), newTSA(t, stamping)
	stamper := evidence.NewStamper(s, a.authority(), time.Hour, func() time.Time { return a.at }, slog.New(slog.DiscardHandler))
	stamper.Step(t.Context()) // there is nothing to stamp
	recorded(t, s, by)
	first := a.at
	stamper.Step(t.Context())
	again := func(after time.Duration) {
		check(t, s.Audit(t.Context(), store.Event{At: now, Actor: "person jdoe", Action: "order.read", Object: "submission " + string(tracking), Outcome: "whole"}))
		recorded(t, s, by)
		a.at = first.Add(after)
		stamper.Step(t.Context())
	}
	again(59 * time.Minute)
	if last, err := s.LastStamped(t.Context()); err != nil || last.Size != 2 || !last.StampedAt.Equal(first) {
		t.Errorf("stamped before it was due: %+v, %v", last, err)
	}
	again(time.Hour + time.Second)
	if last, err := s.LastStamped(t.Context()); err != nil || last.Size != 4 || !last.StampedAt.Equal(a.at) {
		t.Errorf("not stamped when it was due: %+v, %v", last, err)
	}
	file, err := evidence.Collect(t.Context(), s.Reader, tracking, by, now)
	check(t, err)
	hub := []*x509.Certificate{by.Certificate()}
	p, err := evidence.Verify(file, hub, a.roots())
	check(t, err)
	if p.Stamped == nil || !p.Stamped.At.Equal(first) || !p.Stamped.Authority.Equal(a.cert) || !p.Stamped.Judged || len(p.File.Records) != 3 {
		t.Errorf("%+v", p.Stamped)
	}
	if p, err := evidence.Verify(file, hub, nil); err != nil || p.Stamped == nil || p.Stamped.Judged {
		t.Errorf("without authorities: %+v, %v", p.Stamped, err)
	}
	for name, change := range map[string]func(*evidence.Stamp){
		"token":      func(s *evidence.Stamp) { s.Token[len(s.Token)-1] ^= 1 },
		"checkpoint": func(s *evidence.Stamp) { s.Checkpoint = p.File.Checkpoint; s.Proof = p.File.Records[0].Proof },
		"proof":      func(s *evidence.Stamp) { s.Proof = []string{strings.Repeat("00", 32)} },
	} {
		f := clone(p.File)
		changed := *f.Stamp
		changed.Token = bytes.Clone(changed.Token)
		change(&changed)
		f.Stamp = &changed
		resealed, err := evidence.SealForTest(f, by)
		check(t, err)
		var e *evidence.PartError
		if _, err = evidence.Verify(resealed, hub, a.roots()); !errors.As(err, &e) || e.Part != "stamp" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := evidence.Verify(file, hub, newTSA(t, stamping).roots()); err == nil {
		t.Error("another's authority is trusted")
	}
}

// An authority that is out of reach is said once, stops nothing, and is asked again.
func TestStamperSaysOnce(t *testing.T) {
	t.Parallel()
	s, _ := kept(t, false)
	recorded(t, s, sealer(t, "hub"))
	a := newTSA(t, stamping)
	down := true
	a.answer = func(w http.ResponseWriter) bool {
		if down {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return down
	}
	var said bytes.Buffer
	stamper := evidence.NewStamper(s, a.authority(), time.Hour, func() time.Time { return now }, slog.New(slog.NewTextHandler(&said, nil)))
	stamper.Step(t.Context())
	stamper.Step(t.Context())
	if n := strings.Count(said.String(), "could not be time-stamped"); n != 1 {
		t.Errorf("said %d times:\n%s", n, said.String())
	}
	down = false
	stamper.Step(t.Context())
	if _, err := s.LastStamped(t.Context()); err != nil || !strings.Contains(said.String(), "time-stamped again") {
		t.Errorf("%v\n%s", err, said.String())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	check(t, stamper.Run(ended, time.Hour))
}
