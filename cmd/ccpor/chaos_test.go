package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/mapping"
	"ccpor/mapping/invented"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/private"
	"ccpor/vault"
)

// The number of orders of the chaos test; one in ten is followed, or preceded, by its proof of service.
const chaosOrders = 1000

// TestNothingIsLostWhenEverythingDies sends 1,000 orders through the programs as they are shipped, towards a switch that loses 20 % of
// its replies, drops lines and refuses, while the hub and PostgreSQL are killed again and again with kill -9. In the end CARPOS must
// have every order once, in sequence, and every receipt must stand.
func TestNothingIsLostWhenEverythingDies(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole programs for a minute")
	}
	t.Parallel()
	c := newChaos(t)
	receipts := c.sendAndKill()
	c.settle(receipts)
	c.judge(receipts)
	c.hub.stop()
}

type chaos struct {
	t         *testing.T
	dir       string
	db        *private.Server
	simulator *simulator
	authority *authority
	hub       *hubProcess
	service   string
	keys      string
	tls, sign identity
	maker     invented.Maker
}

func newChaos(t *testing.T) *chaos {
	c := &chaos{t: t, dir: shortTemp(t)}
	var err error
	if c.keys, err = ownKeys(c.dir); err != nil {
		t.Fatal(err)
	}
	c.startDatabase()
	t.Cleanup(func() { _ = c.db.Stop(context.Background()) })
	if err := store.Migrate(t.Context(), c.db.URL()); err != nil {
		t.Fatal(err)
	}
	c.startSwitch()
	c.makeIdentities()
	c.register()
	c.service = freeAddress(t)
	own, err := c.authority.server()
	if err != nil {
		t.Fatal(err)
	}
	c.hub = &hubProcess{t: t, log: &tail{}, env: []string{
		"CCPOR_DATABASE_URL=" + c.db.URL(), "CCPOR_KEYS=" + c.keys, "CCPOR_LISTEN=" + c.service, "CCPOR_PAGES=127.0.0.1:0", "CCPOR_RATE=0", "CCPOR_TLS_CERT=" + own.certFile, "CCPOR_TLS_KEY=" + own.keyFile,
		"CCPOR_SWITCH=" + c.simulator.Line, "CCPOR_SWITCH_PLAIN=true", "CCPOR_SWITCH_LINES=CCP1,CCP2,CCP3,CCP4", "CCPOR_SWITCH_WINDOW=8",
		"CCPOR_REPLY_TIMEOUT=1s", "CCPOR_LEASE_TIME=2s", "CCPOR_SWEEP_TIME=2s", "CCPOR_RETRY_SCALE=0.005", "CCPOR_LOG_LEVEL=warn"}}
	c.hub.start()
	t.Cleanup(c.hub.kill)
	return c
}

// shortTemp is a folder that another account may enter and whose name leaves room for a socket's.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "chaos")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (c *chaos) startDatabase() {
	c.t.Helper()
	var err error
	if c.db, err = private.Start(context.Background(), private.Config{Dir: filepath.Join(c.dir, "pg")}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) startSwitch() {
	c.t.Helper()
	args := []string{"--seed", "20", "--window", "8", "--reply-after", "5ms", "--repeat-after", "2s", "--no-magic",
		"--lose-replies", "0.2", "--drop-line", "0.01", "--drop-line-early", "0.01", "--lose-requests", "0.02", "--busy", "0.05", "--try-later", "0.03",
		"--duplicate", "0.05", "--garbage-frames", "0.01", "--lose-acks", "0.05", "--overtake", "0.05", "--late", "0.05", "--late-by", "1500ms", "--reorder", "0.05"}
	var err error
	if c.simulator, err = simulatorAt(c.t.Context(), program(c.t, "carpos-sim"), filepath.Join(c.dir, "switch"), os.Stderr, args...); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = c.simulator.stop() })
}

func (c *chaos) makeIdentities() {
	c.t.Helper()
	var err error
	if c.authority, err = openAuthority(filepath.Join(c.dir, "certificates"), time.Now()); err != nil {
		c.t.Fatal(err)
	}
	if c.tls, err = c.authority.client("CA030013J"); err != nil {
		c.t.Fatal(err)
	}
	if c.sign, err = c.authority.signer("CA030013J", keyP256); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) register() {
	c.t.Helper()
	s := c.open()
	defer s.Close()
	id, err := s.RegisterAgency(c.t.Context(), store.Agency{ORI: "CA030013J", Name: "Test Court", CarposName: "TEST COURT", Submits: true, ConfirmText: "CONFIRM AT 555-555-0100"})
	for use, cert := range map[store.Use]identity{store.UseTLS: c.tls, store.UseSigning: c.sign} {
		err = errors.Join(err, s.RegisterCertificate(c.t.Context(), id, use, cert.cert, cert.cert.NotBefore, cert.cert.NotAfter))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.maker = invented.Maker{Seed: 1, Prefix: "CH", Words: 40, Court: order.Court{ORI: "CA030013J", Name: "Test Court", County: "Orange"},
		Issued: order.DateOf(time.Now().AddDate(0, 0, -2)), Sent: time.Now().Add(-time.Hour)}
}

func (c *chaos) open() *store.Store {
	c.t.Helper()
	keys, err := vault.Read(c.keys)
	if err != nil {
		c.t.Fatal(err)
	}
	s, err := store.Open(context.Background(), c.db.URL(), store.Options{Hub: "observer", Keys: keys})
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// sendAndKill sends everything, each message again and again until it is receipted, and kills in the meantime.
func (c *chaos) sendAndKill() map[string]order.Tracking {
	config, err := clientTLS(c.tls.certFile, c.tls.keyFile, c.authority.certFile())
	if err != nil {
		c.t.Fatal(err)
	}
	court := &court{client: client.New("https://"+c.service+"/soap", config), sign: c.sign.cert, signKey: c.sign.key}
	defer court.client.Close()
	receipts := map[string]order.Tracking{}
	var mu sync.Mutex
	var sent atomic.Int64
	killed := make(chan struct{})
	go c.killer(&sent, killed)
	var wg sync.WaitGroup
	work := make(chan mapping.Package)
	for range 8 {
		wg.Go(func() {
			for p := range work {
				tracking := c.sendUntilReceipted(court, p)
				mu.Lock()
				receipts[string(p.ID)] = tracking
				mu.Unlock()
				sent.Add(1)
			}
		})
	}
	for i := range chaosOrders {
		// One proof of service in two comes before its order, and has to wait for it.
		if i%20 == 0 {
			work <- c.maker.Service(i)
		}
		work <- c.maker.Order(i)
		if i%20 == 10 {
			work <- c.maker.Service(i)
		}
	}
	close(work)
	wg.Wait()
	<-killed
	return receipts
}

func (c *chaos) sendUntilReceipted(court *court, p mapping.Package) order.Tracking {
	doc, err := mapping.Write(p)
	if err != nil {
		c.t.Error(err)
		return ""
	}
	signed, err := client.Sign(doc, court.signKey, court.sign)
	if err != nil {
		c.t.Error(err)
		return ""
	}
	body, contentType, err := client.Request(signed, nil, client.Options{})
	if err != nil {
		c.t.Error(err)
		return ""
	}
	deadline := time.Now().Add(2 * time.Minute)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		out := court.post(ctx, body, contentType)
		cancel()
		if out.Receipt != nil {
			return out.Receipt.Tracking
		}
		if out.Fault != nil && !out.Fault.Retry || time.Now().After(deadline) {
			c.t.Errorf("package %s was not receipted: %v %s", p.ID, out.Fault, out.NoAnswer)
			return ""
		}
		<-time.After(50 * time.Millisecond)
	}
}

// killer kills the hub three times and PostgreSQL twice, each when another part of the packages has been receipted.
func (c *chaos) killer(sent *atomic.Int64, done chan<- struct{}) {
	defer close(done)
	for n, kill := range []func(){c.killHub, c.killDatabase, c.killHub, c.killDatabase, c.killHub} {
		c.await("receipts", 3*time.Minute, func() bool { return sent.Load() >= int64((n+1)*chaosOrders/6) })
		kill()
	}
}

func (c *chaos) killHub() {
	c.hub.kill()
	c.hub.start()
}

// killDatabase kills the postmaster; its children end by themselves.
func (c *chaos) killDatabase() {
	p, err := os.FindProcess(c.db.PID())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		c.t.Error(err)
	}
	<-c.db.Done()
	_ = c.db.Stop(context.Background()) // it is dead: nothing but its lock is let go
	c.startDatabase()
}

// settle waits until CARPOS has answered for everything.
func (c *chaos) settle(receipts map[string]order.Tracking) {
	s := c.open()
	defer s.Close()
	open := map[string]order.Tracking{}
	for id, t := range receipts {
		open[id] = t
	}
	last := ""
	ok := c.await("acceptances", 3*time.Minute, func() bool {
		for id, tracking := range open {
			status, err := s.Status(context.Background(), tracking)
			if err != nil {
				c.t.Errorf("receipt %s has no submission: %v", tracking, err)
				return true
			}
			outcome, final := settled(status)
			if !final {
				last = fmt.Sprintf("%s: %+v", id, status.Transmissions)
				return false
			}
			if outcome != "accepted" {
				c.t.Errorf("%s ended as %s", id, outcome)
			}
			delete(open, id)
		}
		return true
	})
	if !ok {
		c.t.Fatalf("%d packages not settled, among them %s\n%s", len(open), last, c.hub.log)
	}
}

// judge asks the switch, which kept its own records.
func (c *chaos) judge(receipts map[string]order.Tracking) {
	var check struct {
		Records         int
		Duplicates      []any
		Violations      []any
		TotalViolations int
	}
	ask(c.t, c.simulator.Control, "/check", &check)
	if check.Records != chaosOrders || len(check.Duplicates) > 0 || check.TotalViolations > 0 {
		c.t.Errorf("the switch has %d records, %d orders twice and %d breaches of the profile; want %d, none, none\n%v %v",
			check.Records, len(check.Duplicates), check.TotalViolations, chaosOrders, check.Duplicates, check.Violations)
	}
	if want := chaosOrders + chaosOrders/10; len(receipts) != want {
		c.t.Errorf("%d receipts, want %d", len(receipts), want)
	}
}

func (c *chaos) await(what string, within time.Duration, holds func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(within)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Errorf("no %s within %s", what, within)
			return false
		}
	}
	return true
}
