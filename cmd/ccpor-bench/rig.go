package main

import (
	"bufio"
	"context"
	"encoding/json"
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

	"ccpor/store"
	"ccpor/store/private"
	"ccpor/vault"
)

// rig is what a measurement stands on: a Postgres with a database for each purpose, the court's keys, and a folder that is gone afterwards.
type rig struct {
	dir    string
	server *private.Server // nil where the Postgres is another's
	url    string
	prefix string // of the databases' names
	made   []string
	court  sender
	keys   *vault.Keys
	hubs   *os.File // the hubs' logs
}

func newRig(ctx context.Context, databaseURL, signerKind string, now time.Time) (*rig, error) {
	dir, err := os.MkdirTemp("", "ccpor-bench-")
	if err != nil {
		return nil, err
	}
	r := &rig{dir: dir, url: databaseURL, prefix: fmt.Sprintf("ccpor_bench_%d_", os.Getpid())}
	if err := r.open(ctx, signerKind, now); err != nil {
		return nil, errors.Join(err, r.close(ctx))
	}
	return r, nil
}

func (r *rig) open(ctx context.Context, signerKind string, now time.Time) (err error) {
	if err = os.Chmod(r.dir, 0o755); err != nil { // a server that is not root's has to get in
		return err
	}
	if r.hubs, err = os.Create(filepath.Join(r.dir, "hub.log")); err != nil {
		return err
	}
	if r.court, err = newSender(signerKind, now); err != nil {
		return err
	}
	if r.keys, err = vault.Create(r.keyFile()); err != nil {
		return err
	}
	if _, _, err = r.court.hub.write(r.dir, "hub"); err != nil {
		return err
	}
	if r.url != "" {
		return nil
	}
	if r.server, err = private.Start(ctx, private.Config{Dir: filepath.Join(r.dir, "postgres")}); err != nil {
		return err
	}
	r.url = r.server.URL()
	return nil
}

func (r *rig) close(ctx context.Context) error {
	var errs []error
	if r.server != nil {
		errs = append(errs, r.server.Stop(ctx))
	} else {
		for _, name := range r.made {
			errs = append(errs, r.exec(ctx, "drop database if exists "+name+" with (force)"))
		}
	}
	if r.hubs != nil {
		errs = append(errs, r.hubs.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(r.dir))...)
}

func (r *rig) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, r.url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, sql)
	return err
}

// database makes a fresh, migrated database in which the court is registered, and returns its URL.
func (r *rig) database(ctx context.Context, purpose string) (string, error) {
	name := r.prefix + purpose
	if err := r.exec(ctx, "create database "+name); err != nil {
		return "", fmt.Errorf("making the database: %w", err)
	}
	r.made = append(r.made, name)
	u, err := url.Parse(r.url)
	if err != nil {
		return "", errors.New("the database's URL cannot be read")
	}
	u.Path = "/" + name
	if err := store.Migrate(ctx, u.String()); err != nil {
		return "", err
	}
	return u.String(), r.register(ctx, u.String())
}

func (r *rig) register(ctx context.Context, databaseURL string) error {
	s, err := store.Open(ctx, databaseURL, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	id, err := s.RegisterAgency(ctx, store.Agency{ORI: courtORI, Name: courtName, County: courtCounty, Kind: store.KindCourt,
		CarposName: "ORANGE COUNTY SUPERIOR", Submits: true, ConfirmText: "IMAGE AND HIT CONFIRMATION: NOBODY, THIS IS A MEASUREMENT"})
	if err != nil {
		return err
	}
	for use, i := range map[store.Use]identity{store.UseTLS: r.court.client, store.UseSigning: r.court.signing} {
		if err := s.RegisterCertificate(ctx, id, use, i.cert, i.cert.NotBefore, i.cert.NotAfter); err != nil {
			return err
		}
	}
	return nil
}

// child is a program that was built beside this one, and that says when it is ready with a line of JSON.
type child struct {
	cmd *exec.Cmd
	out io.ReadCloser
}

func startChild(ctx context.Context, name string, log io.Writer, env, args []string, ready any) (*child, error) {
	bin, err := beside(name)
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, bin, args...)}
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.Stderr = log
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	c.cmd.WaitDelay = 10 * time.Second
	if c.out, err = c.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	line, err := bufio.NewReader(c.out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, ready)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not start: %w", name, err), c.stop())
	}
	return c, nil
}

func (c *child) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	var exit *exec.ExitError
	if err := c.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// beside finds a program that was built into the same folder as this one.
func beside(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s was not built beside this program: run make build (%w)", name, err)
	}
	return path, nil
}

// hub is a running `ccpor serve`.
type hub struct {
	*child
	Service string `json:"service"`
	log     string
}

// keyFile has the keys of every database of the rig.
func (r *rig) keyFile() string { return filepath.Join(r.dir, "keys.json") }

// startHub starts a hub on the database. More settings of its environment may be given.
func (r *rig) startHub(ctx context.Context, databaseURL string, more ...string) (*hub, error) {
	h := &hub{log: r.hubs.Name()}
	env := append([]string{"CCPOR_DATABASE_URL=" + databaseURL, "CCPOR_KEYS=" + r.keyFile(), "CCPOR_LISTEN=127.0.0.1:0", "CCPOR_PAGES=127.0.0.1:0", "CCPOR_RATE=0", "CCPOR_DAILY=0", // the one court of a measurement stands for all of a state
		"CCPOR_TLS_CERT=" + filepath.Join(r.dir, "hub.crt"), "CCPOR_TLS_KEY=" + filepath.Join(r.dir, "hub.key")}, more...)
	var err error
	if h.child, err = startChild(ctx, "ccpor", r.hubs, env, []string{"serve", "--json"}, h); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, h.lastWords())
	}
	return h, nil
}

// lastWords is the end of the hub's log.
func (h *hub) lastWords() string {
	const most = 2000
	log, err := os.ReadFile(h.log)
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-most):])
}

// load is a load on this hub.
func (r *rig) load(h *hub, clients int) load {
	return load{url: h.Service, tls: r.court.config(), clients: clients}
}
