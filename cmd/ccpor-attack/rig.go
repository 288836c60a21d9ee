package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/exchange/hostile"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/private"
	"ccpor/vault"
)

// rig is a hub in a process of its own, on a private Postgres in which the cast is registered. All of it is gone when it is closed.
type rig struct {
	dir     string
	server  *private.Server
	cmd     *exec.Cmd
	exited  chan error
	logFile *os.File
	address string // of the service
	roots   *x509.CertPool
	cast    *hostile.Cast
}

func newRig(ctx context.Context, keys string, now time.Time) (*rig, error) {
	dir, err := os.MkdirTemp("", "ccpor-attack-")
	if err != nil {
		return nil, err
	}
	r := &rig{dir: dir}
	if err := r.open(ctx, keys, now); err != nil {
		return nil, errors.Join(err, r.close(context.WithoutCancel(ctx)))
	}
	return r, nil
}

func (r *rig) open(ctx context.Context, keys string, now time.Time) (err error) {
	if err = os.Chmod(r.dir, 0o755); err != nil { // a server that is not root's has to get in
		return err
	}
	if r.cast, err = hostile.NewCast(keys, now); err != nil {
		return err
	}
	if r.server, err = private.Start(ctx, private.Config{Dir: filepath.Join(r.dir, "postgres")}); err != nil {
		return err
	}
	if err = store.Migrate(ctx, r.server.URL()); err != nil {
		return err
	}
	if err = r.register(ctx, now); err != nil {
		return err
	}
	return r.startHub(ctx, keys)
}

func (r *rig) register(ctx context.Context, now time.Time) error {
	s, err := store.Open(ctx, r.server.URL(), store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	from, to := now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)
	for _, a := range r.cast.Agencies {
		agreement := store.MessageSignatureAccepted
		if a.Strict {
			agreement = store.MessageSignatureRequired
		}
		id, err := s.RegisterAgency(ctx, store.Agency{ORI: order.ORI(a.ORI), Name: "Court " + a.Name, County: hostile.County, Kind: store.KindCourt, CarposName: "ORANGE", Submits: true,
			ConfirmText: "NOBODY, THIS IS A TEST", MessageSignature: agreement})
		if err != nil {
			return fmt.Errorf("registering %s: %w", a.Name, err)
		}
		until := to
		if a.Lapsed {
			until = now.AddDate(0, 0, -1)
		}
		if err := s.RegisterCertificate(ctx, id, store.UseTLS, a.Peer.Leaf, from, until); err != nil {
			return fmt.Errorf("registering the connection of %s: %w", a.Name, err)
		}
		if a.Signs == nil {
			continue
		}
		if err := s.RegisterCertificate(ctx, id, store.UseSigning, a.Signs, from, to); err != nil {
			return fmt.Errorf("registering the signature of %s: %w", a.Name, err)
		}
	}
	return nil
}

func (r *rig) startHub(ctx context.Context, keys string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	sealing := filepath.Join(r.dir, "keys.json")
	if _, err := vault.Create(sealing); err != nil {
		return err
	}
	if r.roots, err = pool(filepath.Join(keys, "ca.crt")); err != nil {
		return err
	}
	if r.logFile, err = os.Create(filepath.Join(r.dir, "hub.log")); err != nil {
		return err
	}
	r.cmd = exec.CommandContext(ctx, filepath.Join(filepath.Dir(self), "ccpor"), "serve", "--json")
	r.cmd.Env = append(os.Environ(), "CCPOR_DATABASE_URL="+r.server.URL(), "CCPOR_KEYS="+sealing, "CCPOR_LISTEN=127.0.0.1:0", "CCPOR_PAGES=127.0.0.1:0",
		"CCPOR_RATE=0", "CCPOR_ADDRESS_RATE=0", "CCPOR_DAILY=0", // every message is to be looked at, and not only those within a pace
		"CCPOR_TLS_CERT="+filepath.Join(keys, "hub.crt"), "CCPOR_TLS_KEY="+filepath.Join(keys, "hub.key"))
	r.cmd.Stderr = r.logFile
	r.cmd.Cancel = func() error { return r.cmd.Process.Signal(syscall.SIGTERM) }
	r.cmd.WaitDelay = 10 * time.Second
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := r.cmd.Start(); err != nil {
		return fmt.Errorf("starting the hub (make build builds it beside this program): %w", err)
	}
	return r.ready(out)
}

// ready reads the hub's first line, and from then on waits for its end.
func (r *rig) ready(out io.Reader) error {
	var said struct{ Service string }
	in := bufio.NewReader(out)
	line, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &said)
	}
	r.exited = make(chan error, 1)
	go func() { r.exited <- r.cmd.Wait() }()
	if err != nil {
		return fmt.Errorf("the hub did not start: %w", err)
	}
	u, err := url.Parse(said.Service)
	if err != nil {
		return err
	}
	r.address = "127.0.0.1:" + u.Port()
	return nil
}

func pool(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New(file + " holds no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	p := x509.NewCertPool()
	p.AddCert(cert)
	return p, nil
}

// alive says whether the hub's process is the one that was started.
func (r *rig) alive() bool {
	select {
	case err := <-r.exited:
		r.exited <- err
		return false
	default:
		return true
	}
}

// taken is how many packages the database has as accepted.
func (r *rig) taken(ctx context.Context) (n int, err error) {
	conn, err := pgx.Connect(ctx, r.server.URL())
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, "select count(*) from submission where state = 'accepted'").Scan(&n)
	return n, err
}

func (r *rig) close(ctx context.Context) error {
	var errs []error
	if r.exited != nil && r.alive() {
		if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, err)
		}
		<-r.exited
	}
	if r.server != nil {
		errs = append(errs, r.server.Stop(ctx))
	}
	if r.logFile != nil {
		errs = append(errs, r.logFile.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(r.dir))...)
}
