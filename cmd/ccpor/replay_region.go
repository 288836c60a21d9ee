package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"ccpor/clets/carpos"
	"ccpor/exchange/client"
	"ccpor/mapping/order"
	"ccpor/replay"
	"ccpor/store"
	"ccpor/store/private"
)

// regionConfig says what a throwaway test region stands on.
type regionConfig struct {
	// Database is empty for a private PostgreSQL in the region's folder, Simulator for the program beside this one.
	Database, Simulator string
	// Dictionary is nil for the embedded one.
	Dictionary *carpos.Dictionary
	// Since is when the first of the packages was received: there the switch's clock begins, so that nothing has expired that had not. Zero: now.
	Since time.Time
}

// region is a whole exchange that lives as long as one replay, in a folder of its own: hub, simulated switch, and a replayer.
type region struct {
	dir       string
	logFile   *os.File
	log       *slog.Logger
	database  *private.Server
	simulator *simulator
	authority *authority
	hub       *hub
	stop      context.CancelFunc
	served    chan error
	client    *client.Client
}

// replayerORI is nobody's: California's begin with CA.
const replayerORI order.ORI = "ZZREPLAY0"

// openRegion starts a region in which the agencies of another hub are registered with the certificates by which they signed there.
func openRegion(ctx context.Context, c regionConfig, from *store.Reader) (r *region, err error) {
	r = &region{served: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close(context.WithoutCancel(ctx)))
		}
	}()
	if r.dir, err = os.MkdirTemp("", "ccpor-replay-"); err != nil {
		return r, err
	}
	if r.logFile, err = os.OpenFile(filepath.Join(r.dir, "hub.log"), os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return r, err
	}
	if r.log, err = newLog(r.logFile, "info"); err != nil {
		return r, err
	}
	if err = r.openDatabase(ctx, &c); err != nil {
		return r, err
	}
	if c.Simulator == "" {
		if c.Simulator, err = beside("carpos-sim"); err != nil {
			return r, err
		}
	}
	behind := time.Duration(0)
	if !c.Since.IsZero() {
		behind = max(0, time.Since(c.Since))
	}
	// What it gets may be real orders: nobody else may read its records, and its control port, which asks for no password, stays shut.
	records := filepath.Join(r.dir, "switch")
	if err = os.Mkdir(records, 0o700); err != nil {
		return r, err
	}
	if r.simulator, err = simulatorAt(context.WithoutCancel(ctx), c.Simulator, records, r.logFile, "--window", "16", "--behind", behind.String(), "--control", ""); err != nil {
		return r, err
	}
	if r.authority, err = openAuthority(filepath.Join(r.dir, "certificates"), time.Now()); err != nil {
		return r, err
	}
	if err = r.openHub(ctx, c); err != nil {
		return r, err
	}
	return r, r.register(ctx, from)
}

func (r *region) openDatabase(ctx context.Context, c *regionConfig) (err error) {
	if c.Database == "" {
		if err := os.Chmod(r.dir, 0o711); err != nil { // PostgreSQL runs under an account of its own
			return err
		}
		if r.database, err = private.Start(ctx, private.Config{Dir: filepath.Join(r.dir, "postgres"), Log: r.log}); err != nil {
			return err
		}
		c.Database = r.database.URL()
	}
	return store.Migrate(ctx, c.Database)
}

func (r *region) openHub(ctx context.Context, rc regionConfig) error {
	own, err := r.authority.server()
	if err != nil {
		return err
	}
	c, err := defaultConfig()
	if err != nil {
		return err
	}
	if c.Database.Keys, err = ownKeys(r.dir); err != nil {
		return err
	}
	c.Database.URL, c.Listen, c.Pages, c.TLSCert, c.TLSKey = rc.Database, "127.0.0.1:0", "127.0.0.1:0", own.certFile, own.keyFile
	c.Switch, c.SwitchPlain, c.SwitchTest, c.SwitchLines, c.SwitchWindow = r.simulator.Line, true, true, []string{"CCP1", "CCP2"}, 16
	c.ReplyTimeout, c.RetryScale, c.LeaseTime, c.TestRegion, c.dictionary = 5*time.Second, 0.02, 3*time.Second, true, rc.Dictionary
	c.MaxPerPeer, c.Rate, c.Daily = 0, 0, 0 // the replayer speaks for everybody
	if err := c.check(); err != nil {
		return err
	}
	if r.hub, err = openHub(ctx, c, r.log); err != nil {
		return err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	go func() { r.served <- r.hub.run(running) }()
	return nil
}

// register copies the agencies and their signing certificates, and adds the replayer.
func (r *region) register(ctx context.Context, from *store.Reader) error {
	agencies, err := from.Agencies(ctx)
	if err != nil {
		return err
	}
	ids := map[order.ORI]store.AgencyID{}
	for _, a := range agencies {
		a.Replays = false
		if ids[a.ORI], err = r.hub.store.RegisterAgency(ctx, a); err != nil {
			return err
		}
	}
	certificates, err := from.Registrations(ctx)
	if err != nil {
		return err
	}
	for _, c := range certificates {
		if c.Use != store.UseSigning {
			continue
		}
		register := r.hub.store.RegisterCertificate
		if c.Test {
			register = r.hub.store.RegisterTestCertificate
		}
		if err := register(ctx, ids[c.Agency], store.UseSigning, c.Certificate, c.From, c.To); err != nil {
			return fmt.Errorf("a certificate of %s: %w", c.Agency, err)
		}
	}
	return r.registerReplayer(ctx)
}

func (r *region) registerReplayer(ctx context.Context) error {
	id, err := r.hub.store.RegisterAgency(ctx, store.Agency{ORI: replayerORI, Name: "Replayer of this region", Kind: store.KindLawEnforcement, Replays: true})
	if err != nil {
		return err
	}
	own, err := r.authority.client(string(replayerORI))
	if err != nil {
		return err
	}
	if err := r.hub.store.RegisterCertificate(ctx, id, store.UseTLS, own.cert, own.cert.NotBefore, own.cert.NotAfter); err != nil {
		return err
	}
	config, err := clientTLS(own.certFile, own.keyFile, r.authority.certFile())
	if err != nil {
		return err
	}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	r.client = client.New(r.hub.serviceURL(), config)
	return nil
}

// mostTries is how often a message is sent that the hub cannot take at the moment.
const mostTries = 12

// Send sends a message on behalf of its agency; what the hub cannot take at the moment comes again.
func (r *region) Send(ctx context.Context, i replay.Item) (order.Tracking, error) {
	body, contentType, err := i.Message(ctx)
	if err != nil {
		return "", err
	}
	return sendUntilTaken(ctx, func() (*client.Reply, error) {
		return r.client.Replay(ctx, body, contentType, client.Origin{Tracking: i.Origin, Agency: i.Agency, Received: i.Received})
	})
}

// sendUntilTaken sends again what the hub cannot take at the moment, when it says.
func sendUntilTaken(ctx context.Context, send func() (*client.Reply, error)) (order.Tracking, error) {
	for try := 1; ; try++ {
		reply, err := send()
		if err != nil {
			return "", err
		}
		tracking, again, err := answered(reply)
		if !again || try == mostTries {
			return tracking, err
		}
		if err := pause(ctx, reply.RetryAfter); err != nil {
			return "", err
		}
	}
}

// answered is the tracking number of an answer, and whether the message is to be sent again.
func answered(reply *client.Reply) (t order.Tracking, again bool, err error) {
	receipt, err := reply.Receipt()
	var fault *client.Fault
	switch {
	case err == nil:
		return receipt.Tracking, false, nil
	case !errors.As(err, &fault):
		return "", false, err
	case fault.Tracking == "" && fault.Retry:
		return "", true, fault
	case fault.Tracking == "":
		return "", false, fault
	}
	return fault.Tracking, false, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Unsettled asks the region's own store.
func (r *region) Unsettled(ctx context.Context, sent []order.Tracking) ([]order.Tracking, error) {
	return r.hub.store.Unsettled(ctx, sent)
}

// close ends everything, and forgets it.
func (r *region) close(ctx context.Context) error {
	var errs []error
	if r.client != nil {
		r.client.Close()
	}
	if r.stop != nil {
		r.stop()
		errs = append(errs, <-r.served)
	}
	if r.simulator != nil {
		errs = append(errs, r.simulator.stop())
	}
	if r.database != nil {
		errs = append(errs, r.database.Stop(ctx))
	}
	if r.logFile != nil {
		errs = append(errs, r.logFile.Close())
	}
	if r.dir != "" {
		errs = append(errs, os.RemoveAll(r.dir))
	}
	return errors.Join(errs...)
}
