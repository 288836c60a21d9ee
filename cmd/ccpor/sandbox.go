package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"ccpor/exchange/client"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/private"
)

type sandboxCommand struct {
	Database database `embed:""`

	Data     string        `default:".data/run" type:"path" help:"Folder that keeps everything of the sandbox; delete it to begin anew."`
	Samples  string        `default:"testdata/samples" type:"path" help:"Folder of the sample packages."`
	Once     bool          `help:"Submit the samples, judge how they ended, and end: status 0 only if every sample ended as its README says."`
	Listen   string        `default:"127.0.0.1:8917" help:"Address of the SOAP service; loopback only."`
	Pages    string        `default:"127.0.0.1:8918" help:"Address of the pages; loopback only."`
	Within   time.Duration `default:"30s" help:"Time that each sample is given to end."`
	LogLevel string        `env:"CCPOR_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level of the hub's log (${enum})."`
	Switch   []string      `help:"Options for the simulated switch, as lose-replies=0.2; see carpos-sim --help." placeholder:"OPTION"`
}

// sandbox is a whole exchange on one machine.
type sandbox struct {
	command   *sandboxCommand
	t         *terminal
	log       *slog.Logger
	logFile   *os.File
	authority *authority
	database  *private.Server // nil when one was given
	url       string
	simulator *simulator
	hub       *hub
	agencies  []sampleAgency
	courts    map[order.ORI]*sandboxCourt
	listener  *sandboxListener
}

// sandboxCourt is a sample agency with all its identities.
type sandboxCourt struct {
	agency  sampleAgency
	tls     identity
	signing identity
	client  *client.Client
}

func (c *sandboxCommand) Run(ctx context.Context, t *terminal) (err error) {
	for _, addr := range []string{c.Listen, c.Pages} {
		if err := loopback(addr); err != nil {
			return err
		}
	}
	s := &sandbox{command: c, t: t, courts: map[order.ORI]*sandboxCourt{}}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	if err := s.open(ctx); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- s.hub.run(running) }()
	ended, submitErr := s.submitAll(ctx)
	if submitErr == nil {
		submitErr = s.tellHeard(ctx)
	}
	if submitErr == nil && !c.Once {
		var people []sandboxPerson
		if people, err = s.inhabit(ctx); err != nil {
			stop()
			err = errors.Join(err, <-served)
			s.hub = nil
			return err
		}
		s.announce()
		s.introduce(people)
		select {
		case <-ctx.Done():
			s.say("\nStopping.\n")
		case err := <-served:
			stop()
			s.hub = nil
			return err
		}
	}
	stop()
	err = errors.Join(submitErr, <-served)
	s.hub = nil
	if err == nil && c.Once && !ended {
		return exitStatus(1)
	}
	return err
}

func (s *sandbox) say(format string, a ...any) {
	if !s.t.json {
		fmt.Fprintf(s.t.out, format, a...)
	}
}

// open starts everything, from the ground up.
func (s *sandbox) open(ctx context.Context) error {
	if err := os.MkdirAll(s.command.Data, 0o755); err != nil {
		return err
	}
	var err error
	if s.logFile, err = os.OpenFile(filepath.Join(s.command.Data, "hub.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	if s.log, err = newLog(s.logFile, s.command.LogLevel); err != nil {
		return err
	}
	if err := s.openDatabase(ctx); err != nil {
		return err
	}
	if err := s.openSwitch(ctx); err != nil {
		return err
	}
	if s.authority, err = openAuthority(filepath.Join(s.command.Data, "certificates"), time.Now()); err != nil {
		return err
	}
	if err := s.openHub(ctx); err != nil {
		return err
	}
	return s.register(ctx)
}

func (s *sandbox) openDatabase(ctx context.Context) error {
	s.url = s.command.Database.URL
	if s.url == "" {
		begin := time.Now()
		var err error
		if s.database, err = private.Start(ctx, private.Config{Dir: filepath.Join(s.command.Data, "postgres"), Log: s.log}); err != nil {
			return err
		}
		s.url = s.database.URL()
		s.say("PostgreSQL   private, in %s (%s)\n", filepath.Join(s.command.Data, "postgres"), time.Since(begin).Round(10*time.Millisecond))
	} else {
		s.say("PostgreSQL   as CCPOR_DATABASE_URL names it\n")
	}
	if err := store.Migrate(ctx, s.url); err != nil {
		return err
	}
	return s.remember()
}

func (s *sandbox) openSwitch(ctx context.Context) error {
	args := []string{"--window", "8"}
	for _, o := range s.command.Switch {
		args = append(args, "--"+o)
	}
	var err error
	if s.simulator, err = startSimulator(context.WithoutCancel(ctx), filepath.Join(s.command.Data, "switch"), s.logFile, args...); err != nil {
		return err
	}
	s.say("switch       simulated, line %s, control http://%s, %d records on file\n", s.simulator.Line, s.simulator.Control, s.simulator.Records)
	return nil
}

func (s *sandbox) openHub(ctx context.Context) error {
	own, err := s.authority.server()
	if err != nil {
		return err
	}
	seals, err := s.authority.sealer()
	if err != nil {
		return err
	}
	c, err := defaultConfig()
	if err != nil {
		return err
	}
	shows, err := s.authority.client("hub")
	if err != nil {
		return err
	}
	c.ListenCert, c.ListenKey = shows.certFile, shows.keyFile
	c.SealCert, c.SealKey = seals.certFile, seals.keyFile
	if c.Database.Keys, err = ownKeys(s.command.Data); err != nil {
		return err
	}
	c.Database.URL, c.Listen, c.Pages, c.TLSCert, c.TLSKey = s.url, s.command.Listen, s.command.Pages, own.certFile, own.keyFile
	c.MailDir, c.band = filepath.Join(s.command.Data, "mail"), "Sandbox: every person and every order here is invented."
	c.Switch, c.SwitchPlain, c.SwitchTest, c.SwitchLines, c.SwitchWindow = s.simulator.Line, true, true, []string{"CCP1", "CCP2"}, 8
	c.ReplyTimeout, c.RetryScale, c.LeaseTime = 5*time.Second, 0.02, 3*time.Second
	if err := c.check(); err != nil {
		return err
	}
	if s.hub, err = openHub(ctx, c, s.log); err != nil {
		return err
	}
	s.say("hub          service %s, pages %s, log %s\n", s.hub.serviceURL(), s.hub.pagesURL(), s.logFile.Name())
	return nil
}

// register makes the sample agencies known, with throwaway certificates.
func (s *sandbox) register(ctx context.Context) error {
	var err error
	if s.agencies, err = loadAgencies(s.command.Samples); err != nil {
		return err
	}
	for _, a := range s.agencies {
		if err := s.registerOne(ctx, a); err != nil {
			return fmt.Errorf("registering %s: %w", a.ORI, err)
		}
	}
	s.say("agencies     %d registered, certificates in %s\n", len(s.agencies), filepath.Join(s.command.Data, "certificates"))
	return s.listen(ctx)
}

func (s *sandbox) registerOne(ctx context.Context, a sampleAgency) error {
	kind := keyRSA2048
	if a.Signer == "p256" {
		kind = keyP256
	}
	c := &sandboxCourt{agency: a}
	var err error
	if c.tls, err = s.authority.client(string(a.ORI)); err != nil {
		return err
	}
	if c.signing, err = s.authority.signer(string(a.ORI), kind); err != nil {
		return err
	}
	st := s.hub.store
	id, err := st.RegisterAgency(ctx, store.Agency{ORI: a.ORI, Name: a.Name, County: a.County, Kind: store.AgencyKind(a.Kind), CarposName: a.CarposName, ConfirmText: a.Confirm, Submits: true})
	if err != nil {
		return err
	}
	for use, cert := range map[store.Use]identity{store.UseTLS: c.tls, store.UseSigning: c.signing} {
		if err := st.RegisterCertificate(ctx, id, use, cert.cert, cert.cert.NotBefore, cert.cert.NotAfter); err != nil {
			return err
		}
	}
	config, err := clientTLS(c.tls.certFile, c.tls.keyFile, s.authority.certFile())
	if err != nil {
		return err
	}
	c.client = client.New(s.hub.serviceURL(), config)
	s.courts[a.ORI] = c
	return nil
}

func (s *sandbox) announce() {
	s.say(`
The exchange is up. Ctrl-C ends it; the next start goes on with the same data.
  service   %s
  contract  %s?wsdl
  pages     %s
  metrics   %s
`, s.hub.serviceURL(), s.hub.serviceURL(), s.hub.pagesURL(), s.hub.metricsURL())
}

func (s *sandbox) close(ctx context.Context) error {
	var errs []error
	for _, c := range s.courts {
		c.client.Close()
	}
	if s.listener != nil {
		errs = append(errs, s.listener.close(ctx))
	}
	if s.hub != nil {
		errs = append(errs, s.hub.close(ctx))
	}
	if s.simulator != nil {
		errs = append(errs, s.simulator.stop())
	}
	if s.database != nil {
		errs = append(errs, s.database.Stop(ctx))
	}
	if err := os.Remove(s.noteFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	if s.logFile != nil {
		errs = append(errs, s.logFile.Close())
	}
	return errors.Join(errs...)
}

// note tells other programs of this machine where a running sandbox keeps its database.
type note struct {
	PID      int    `json:"pid"`
	Database string `json:"database"`
}

func (s *sandbox) noteFile() string { return filepath.Join(s.command.Data, "running.json") }

func (s *sandbox) remember() error {
	raw, err := json.Marshal(note{os.Getpid(), s.url})
	if err != nil {
		return err
	}
	return os.WriteFile(s.noteFile(), raw, 0o600)
}

// runningSandbox finds the database of the sandbox that runs on a folder, if one does.
func runningSandbox(data string) (url string, ok bool) {
	raw, err := os.ReadFile(filepath.Join(data, "running.json"))
	if err != nil {
		return "", false
	}
	var n note
	if err := json.Unmarshal(raw, &n); err != nil || syscall.Kill(n.PID, 0) != nil {
		return "", false
	}
	return n.Database, true
}
