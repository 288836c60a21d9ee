package store_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"ccpor/store"
	"ccpor/store/storetest"
)

func certificate(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile("../testdata/keys/" + name + ".crt")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestAgencyByTLS(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx := t.Context()
	tls, old, fresh := certificate(t, "court-rsa"), certificate(t, "court-p256"), certificate(t, "court-p384")
	from, to := noon.Add(-24*time.Hour), noon.Add(24*time.Hour)
	for _, c := range []struct {
		cert *x509.Certificate
		use  store.Use
	}{{tls, store.UseTLS}, {old, store.UseSigning}, {fresh, store.UseSigning}} {
		if err := h.RegisterCertificate(ctx, h.court.ID, c.use, c.cert, from, to); err != nil {
			t.Fatal(err)
		}
	}
	a, signing, err := h.AgencyByTLS(ctx, sha256.Sum256(tls.Raw), noon)
	if err != nil || a != h.court || len(signing) != 2 || !signing[0].From.Equal(from) || !signing[0].To.Equal(to) {
		t.Errorf("%+v, %d, %v", a, len(signing), err)
	}
	for name, c := range map[string]struct {
		cert *x509.Certificate
		at   time.Time
		want error
	}{
		"a signing certificate":  {old, noon, store.ErrUnknownCertificate},
		"an unknown certificate": {certificate(t, "other-court"), noon, store.ErrUnknownCertificate},
		"before its time":        {tls, from.Add(-time.Second), store.ErrExpiredCertificate},
		"after its time":         {tls, to.Add(time.Second), store.ErrExpiredCertificate},
	} {
		if _, _, err := h.AgencyByTLS(ctx, sha256.Sum256(c.cert.Raw), c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	other := register(t, h.Store, store.Agency{ORI: "CA019013J", Name: "Los Angeles"})
	for _, use := range []store.Use{store.UseTLS, store.UseSigning} {
		if err := h.RegisterCertificate(ctx, other.ID, use, tls, from, to); !errors.Is(err, store.ErrOtherAgency) {
			t.Errorf("another agency takes the certificate for %s: %v", use, err)
		}
	}
}

func TestWithdrawnRegistrationIsNoticed(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx, tls := t.Context(), certificate(t, "court-rsa")
	print := sha256.Sum256(tls.Raw)
	if err := h.RegisterCertificate(ctx, h.court.ID, store.UseTLS, tls, noon.Add(-time.Hour), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.AgencyByTLS(ctx, print, noon); err != nil {
		t.Fatal(err)
	}
	other := storetest.Open(t, h.url, store.Options{})
	if err := other.RegisterCertificate(ctx, h.court.ID, store.UseTLS, tls, noon.Add(-time.Hour), noon.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.AgencyByTLS(ctx, print, noon.Add(6*time.Second)); !errors.Is(err, store.ErrExpiredCertificate) {
		t.Errorf("six seconds after it was withdrawn at another hub: %v", err)
	}
}

func TestAgencies(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	changed := h.court
	changed.Name, changed.Submits, changed.Test = "Another name", false, true
	if again := register(t, h.Store, changed); again != changed {
		t.Errorf("%+v, want %+v", again, changed)
	}
	register(t, h.Store, store.Agency{ORI: "CA001013J", Name: "Alameda"})
	list, err := h.Agencies(t.Context())
	if err != nil || len(list) != 2 || list[0].ORI != "CA001013J" || list[0].Kind != store.KindCourt || list[0].CarposName != "Alameda" {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := h.RegisterAgency(t.Context(), store.Agency{ORI: "nonsense", Name: "x"}); err == nil {
		t.Error("an ORI that is none was taken")
	}
	if _, err := h.AgencyByORI(t.Context(), "CA999999X"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

// transmit counts the jobs that River hands it.
type transmit struct {
	river.WorkerDefaults[store.TransmitArgs]
	got chan int64
}

func (w *transmit) Work(_ context.Context, job *river.Job[store.TransmitArgs]) error {
	w.got <- job.Args.TransmissionID
	return nil
}

// TestJobsArriveWithoutNotify: a worker gets the job of an accepted package by polling, and nobody was notified.
func TestJobsArriveWithoutNotify(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ear, err := pgx.Connect(t.Context(), h.url)
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close(context.Background())
	if _, err := ear.Exec(t.Context(), "listen river_insert"); err != nil {
		t.Fatal(err)
	}
	worker := &transmit{got: make(chan int64, 10)}
	workers := river.NewWorkers()
	river.AddWorker(workers, worker)
	client, err := h.Jobs(&river.Config{Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer client.Stop(context.Background())
	id := h.only(mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))).ID
	select {
	case got := <-worker.got:
		if got != int64(id) {
			t.Errorf("job for %d, want %d", got, id)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no job came")
	}
	if _, err := ear.Exec(t.Context(), "select 1"); err != nil { // brings what was notified
		t.Fatal(err)
	}
	quick, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if n, err := ear.WaitForNotification(quick); err == nil {
		t.Errorf("notified: %s", n.Payload)
	}
}

func TestMigrateTwiceAtOnceAndAgain(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	h := &hub{t: t, url: url}
	if err := h.exec("create schema other"); err != nil {
		t.Fatal(err)
	}
	other := url + "&search_path=other"
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := store.Migrate(t.Context(), other); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s := storetest.Open(t, other, store.Options{})
	mustAccept(t, s, add(orange(t, s), "p-1", "o-1"))
	if got := h.sql("select (select count(*) from other.submission) || ' ' || (select count(*) from other.river_job) || ' ' || (select count(*) from public.submission)"); got != "1 1 0" {
		t.Errorf("submissions and jobs in the other schema, submissions in the first: %s", got)
	}
}

// What an agency has agreed on signatures over messages is kept, and nothing else than the three is.
func TestMessageSignatureAgreement(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	a := store.Agency{ORI: "CA030013J", Name: "Superior Court of California, County of Orange", County: "Orange"}
	for _, c := range []struct{ said, kept store.MessageSignature }{
		{"", store.MessageSignatureAccepted}, {store.MessageSignatureRequired, store.MessageSignatureRequired}, {store.MessageSignatureOff, store.MessageSignatureOff},
	} {
		a.MessageSignature = c.said
		if _, err := s.RegisterAgency(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if got, err := s.AgencyByORI(t.Context(), a.ORI); err != nil || got.MessageSignature != c.kept {
			t.Errorf("%q is kept as %q, %v", c.said, got.MessageSignature, err)
		}
	}
	a.MessageSignature = "perhaps"
	if _, err := s.RegisterAgency(t.Context(), a); err == nil {
		t.Error("any word is taken")
	}
}
