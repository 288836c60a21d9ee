package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"ccpor/store"
	"ccpor/store/private"
	"ccpor/vault"
)

// database says which Postgres, and by which keys what is encrypted in it is read. Shared by every subcommand that needs one.
type database struct {
	URL  string `name:"database-url" env:"CCPOR_DATABASE_URL" help:"Postgres to use, as postgres://user@host/name. Needed everywhere but in the sandbox, which starts a private one when this is empty." placeholder:"URL"`
	Keys string `name:"keys" env:"CCPOR_KEYS" help:"File with the keys of what is encrypted in the database; ccpor keys new makes it. The sandbox has its own." placeholder:"FILE"`
}

func (d database) required() (string, error) {
	if d.URL == "" {
		return "", errors.New("no database is named: set CCPOR_DATABASE_URL or --database-url, or look into a sandbox with --data")
	}
	return d.URL, nil
}

// place is a database that was found, with the keys that were named; what needs none may go without.
type place struct {
	url  string
	keys *vault.Keys
	done func()
}

func (p place) options() store.Options { return store.Options{Keys: p.keys} }

// lookInto is the database to look into, which is a sandbox's where its folder is given. Whoever asks calls done afterwards.
func (d database) lookInto(ctx context.Context, data string) (place, error) {
	p := place{done: func() {}}
	var err error
	if data == "" {
		if p.url, err = d.required(); err != nil {
			return p, err
		}
		p.keys, err = d.readKeys()
		return p, err
	}
	if p.keys, err = vault.Read(sandboxKeys(data)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return p, err
	}
	if url, ok := runningSandbox(data); ok {
		p.url = url
		return p, nil
	}
	server, err := private.Start(ctx, private.Config{Dir: filepath.Join(data, "postgres")})
	if err != nil {
		return p, fmt.Errorf("opening the sandbox's database: %w", err)
	}
	p.url, p.done = server.URL(), func() { _ = server.Stop(context.WithoutCancel(ctx)) }
	return p, nil
}

// readKeys is nil where none are named.
func (d database) readKeys() (*vault.Keys, error) {
	if d.Keys == "" {
		return nil, nil
	}
	return vault.Read(d.Keys)
}

// sandboxKeys is the key file of a sandbox.
func sandboxKeys(data string) string { return filepath.Join(data, "keys.json") }

// ownKeys makes the key file of what has its own database, unless it is there.
func ownKeys(data string) (string, error) {
	path := sandboxKeys(data)
	if _, err := vault.Create(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return path, nil
}

// inWords says what is to be done about an error of the keys.
func inWords(err error) error {
	var unknown *vault.UnknownKeyError
	switch {
	case errors.Is(err, vault.ErrNoKeys):
		return fmt.Errorf("%w: set CCPOR_KEYS or --keys to the hub's key file", err)
	case errors.As(err, &unknown):
		return fmt.Errorf("%w. Set CCPOR_KEYS to the file that is in use, as its last rotation left it; ccpor keys show tells which keys the database needs", err)
	}
	return err
}
