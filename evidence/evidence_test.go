package evidence_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/evidence"
	"ccpor/exchange/client"
	"ccpor/exchange/seal"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

var now = time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)

func identity(t testing.TB, name string) (crypto.Signer, *x509.Certificate) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair("../testdata/keys/"+name+".crt", "../testdata/keys/"+name+".key")
	check(t, err)
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	check(t, err)
	return pair.PrivateKey.(crypto.Signer), cert
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sealer(t testing.TB, name string) *seal.Sealer {
	t.Helper()
	key, cert := identity(t, name)
	s, err := seal.New(key, cert)
	check(t, err)
	return s
}

// kept is a store with a package of a court in it, and its tracking number.
func kept(t *testing.T, mtom bool) (*store.Store, order.Tracking) {
	t.Helper()
	s := storetest.New(t)
	key, cert := identity(t, "court-rsa")
	id, err := s.RegisterAgency(t.Context(), store.Agency{ORI: "CA030013J", Name: "Superior Court of Orange County", Submits: true})
	check(t, err)
	check(t, s.RegisterCertificate(t.Context(), id, store.UseSigning, cert, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)))
	agency, err := s.AgencyByORI(t.Context(), "CA030013J")
	check(t, err)
	pkg, err := client.Sign([]byte(`<OrderPackage xmlns="urn:ccpor:exchange:package:1.0" Id="p"><PackageHeader><PackageIdentification>P-1</PackageIdentification></PackageHeader></OrderPackage>`), key, cert)
	check(t, err)
	digest, err := client.PackageDigest(pkg)
	check(t, err)
	wire, kind, err := client.Request(pkg, []client.Attachment{{ID: "a", Content: []byte("%PDF-1.4 sample")}}, client.Options{MTOM: mtom})
	check(t, err)
	a := store.Accepted{Agency: agency, Package: "P-1", Action: store.ActionAdd, Received: store.Received{At: now, Wire: wire, Digest: sha256.Sum256(wire), ContentType: kind},
		Signer: sha256.Sum256(cert.Raw), Algorithm: "rsa-sha256", Order: &order.Order{ID: "O-1", Case: "26NF0001", Court: order.Court{ORI: "CA030013J"}}}
	_, err = hex.Decode(a.Canonical[:], []byte(digest))
	check(t, err)
	r, err := s.Accept(t.Context(), a)
	check(t, err)
	return s, r.Tracking
}

// recorded takes the ledger as far as there are entries: of the package, and of the data key that it is encrypted by.
func recorded(t *testing.T, s *store.Store, by *seal.Sealer) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 10000 {
		_, _, err := s.Advance(t.Context(), evidence.Sign(by), now)
		check(t, err)
		report, err := s.VerifyLedger(t.Context(), nil)
		check(t, err)
		if report.Pending == 0 {
			return
		}
		<-tick.C
	}
	t.Fatal("the ledger does not get there")
}

func TestEvidenceIsProven(t *testing.T) {
	t.Parallel()
	for _, mtom := range []bool{false, true} {
		s, tracking := kept(t, mtom)
		by := sealer(t, "hub")
		if _, err := evidence.Collect(t.Context(), s.Reader, tracking, by, now); !errors.Is(err, evidence.ErrNoCheckpoint) {
			t.Errorf("before the ledger has it: %v", err)
		}
		recorded(t, s, by)
		file, err := evidence.Collect(t.Context(), s.Reader, tracking, by, now)
		check(t, err)
		_, old := identity(t, "court-p256")
		p, err := evidence.Verify(file, []*x509.Certificate{old, by.Certificate()}, nil)
		if err != nil || !evidence.Is(file) {
			t.Fatal(err)
		}
		if p.File.Tracking != tracking || p.Receipt.Tracking != tracking || p.File.Package.ID != "P-1" || len(p.File.Records) != 1 || p.Size != 2 || !bytes.Contains(p.File.Package.Octets, []byte("P-1")) {
			t.Errorf("%+v", p)
		}
		report, err := s.VerifyLedger(t.Context(), evidence.Open([]*x509.Certificate{by.Certificate()}))
		if err != nil || len(report.Findings) > 0 || report.Checkpoints < 1 {
			t.Errorf("%+v, %v", report, err)
		}
		signed := report.Checkpoints // one, or two where the ledger met the entries at two times
		if report, err = s.VerifyLedger(t.Context(), evidence.Open([]*x509.Certificate{old})); err != nil || int64(len(report.Findings)) != signed || report.Findings[0].What != "unsigned" {
			t.Errorf("with another hub's certificate: %+v, %v", report, err)
		}
	}
}

// No byte of a file can change, be taken out or be added.
func TestNoByteOfEvidenceChanges(t *testing.T) {
	t.Parallel()
	s, tracking := kept(t, false)
	by := sealer(t, "hub")
	recorded(t, s, by)
	file, err := evidence.Collect(t.Context(), s.Reader, tracking, by, now)
	check(t, err)
	hub := []*x509.Certificate{by.Certificate()}
	for i := range file {
		for _, other := range []byte{file[i] ^ 1, ' '} {
			if other == file[i] {
				continue
			}
			changed := bytes.Clone(file)
			changed[i] = other
			if _, err := evidence.Verify(changed, hub, nil); err == nil {
				t.Fatalf("byte %d is %q instead of %q, and the file is proven:\n%s", i, other, file[i], changed[max(0, i-60):min(len(file), i+20)])
			}
		}
	}
	for i := 0; i < len(file); i += 97 {
		if _, err := evidence.Verify(append(bytes.Clone(file[:i]), file[i+1:]...), hub, nil); err == nil {
			t.Errorf("without byte %d it is proven", i)
		}
		if _, err := evidence.Verify(append(append(bytes.Clone(file[:i]), ' '), file[i:]...), hub, nil); err == nil {
			t.Errorf("with a blank at %d it is proven", i)
		}
	}
}

// A hub that lies, or whose key was taken, still cannot prove what the court has not signed and the tree does not hold.
func TestPartsHoldAlone(t *testing.T) {
	t.Parallel()
	s, tracking := kept(t, false)
	by := sealer(t, "hub")
	recorded(t, s, by)
	file, err := evidence.Collect(t.Context(), s.Reader, tracking, by, now)
	check(t, err)
	p, err := evidence.Verify(file, []*x509.Certificate{by.Certificate()}, nil)
	check(t, err)
	_, other := identity(t, "court-p256")
	for part, change := range map[string]func(*evidence.File){
		"message":    func(f *evidence.File) { f.Message.Bytes[9] ^= 1 },
		"package":    func(f *evidence.File) { f.Package.Octets[9] ^= 1 },
		"package ":   func(f *evidence.File) { f.Signer.Certificate = other.Raw },
		"receipt":    func(f *evidence.File) { f.Receipt[20] ^= 1 },
		"receipt ":   func(f *evidence.File) { f.Package.ID = "P-2" },
		"receipt  ":  func(f *evidence.File) { f.Tracking = "AAAA-AAAA-AA" },
		"checkpoint": func(f *evidence.File) { f.Checkpoint[200] ^= 1 },
		"records":    func(f *evidence.File) { f.Records[0].Text += " " },
		"records ":   func(f *evidence.File) { f.Records = nil },
		"records  ":  func(f *evidence.File) { f.Records[0].Proof = []string{strings.Repeat("00", 32)} },
	} {
		f := clone(p.File)
		change(&f)
		resealed, err := evidence.SealForTest(f, by)
		check(t, err)
		_, err = evidence.Verify(resealed, []*x509.Certificate{by.Certificate()}, nil)
		var e *evidence.PartError
		if !errors.As(err, &e) || e.Part != strings.TrimSpace(part) {
			t.Errorf("%s: %v", part, err)
		}
	}
}

func clone(f evidence.File) evidence.File {
	f.Message.Bytes, f.Package.Octets = bytes.Clone(f.Message.Bytes), bytes.Clone(f.Package.Octets)
	f.Receipt, f.Checkpoint = bytes.Clone(f.Receipt), bytes.Clone(f.Checkpoint)
	f.Records = append([]evidence.Record(nil), f.Records...)
	return f
}

func TestNoEvidenceOfWhatWasRefused(t *testing.T) {
	t.Parallel()
	s, _ := kept(t, false)
	tracking, err := s.Refuse(t.Context(), store.Refused{Received: store.Received{At: now, Wire: []byte("x")}, Stage: "envelope", Code: "Client.Xml.NotWellFormed"})
	check(t, err)
	if _, err := evidence.Collect(t.Context(), s.Reader, tracking, sealer(t, "hub"), now); !errors.Is(err, evidence.ErrNotAccepted) {
		t.Error(err)
	}
	if _, err := evidence.Collect(t.Context(), s.Reader, "AAAA-AAAA-AA", sealer(t, "hub"), now); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// standing is a ledger that does as it is told.
type standing struct {
	err error
	at  time.Time
}

func (s *standing) Advance(context.Context, store.SignCheckpoint, time.Time) (int, bool, error) {
	return 0, false, s.err
}
func (s *standing) LedgerAt(context.Context) (time.Time, error) { return s.at, nil }

func TestKeeperKnowsWhenTheLedgerStandsStill(t *testing.T) {
	t.Parallel()
	clock, l := now, &standing{at: now}
	var log bytes.Buffer
	k := evidence.NewKeeper(l, nil, time.Minute, func() time.Time { return clock }, slog.New(slog.NewTextHandler(&log, nil)))
	for _, c := range []struct {
		after   time.Duration
		err     error
		at      time.Time
		stalled bool
	}{
		{time.Second, nil, now.Add(time.Second), false},
		{30 * time.Second, io.ErrUnexpectedEOF, now, false},
		{62 * time.Second, io.ErrUnexpectedEOF, now, true},
		{63 * time.Second, nil, now.Add(time.Second), true}, // another hub has it, and gets no further
		{64 * time.Second, nil, now.Add(64 * time.Second), false},
	} {
		clock, l.err, l.at = now.Add(c.after), c.err, c.at
		k.Step(t.Context())
		if k.Stalled() != c.stalled {
			t.Errorf("after %s: stalled is %v", c.after, !c.stalled)
		}
	}
	if strings.Count(log.String(), "stands still") != 1 || strings.Count(log.String(), "taken again") != 1 {
		t.Errorf("told:\n%s", log.String())
	}
}

// signs notes which steps were to sign.
type signs struct {
	standing
	asked []bool
}

func (s *signs) Advance(_ context.Context, sign store.SignCheckpoint, _ time.Time) (int, bool, error) {
	s.asked = append(s.asked, sign != nil)
	return 0, false, s.err
}

// Records are given at every step, a checkpoint once a second, and again at once where it failed.
func TestKeeperSignsOnceASecond(t *testing.T) {
	t.Parallel()
	clock, l := now, &signs{}
	sign := func(int64, [32]byte, time.Time) ([]byte, error) { return nil, nil }
	k := evidence.NewKeeper(l, sign, 0, func() time.Time { return clock }, slog.New(slog.DiscardHandler))
	for _, c := range []struct {
		after time.Duration
		err   error
	}{{0, io.ErrUnexpectedEOF}, {100, nil}, {200, nil}, {1099, nil}, {1100, nil}, {1200, nil}} {
		clock, l.err = now.Add(c.after*time.Millisecond), c.err
		k.Step(t.Context())
	}
	if want := []bool{true, true, false, false, true, false}; !slices.Equal(l.asked, want) {
		t.Errorf("signed at %v, want %v", l.asked, want)
	}
}
