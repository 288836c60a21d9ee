package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"time"

	"ccpor/store"
	"ccpor/vault"
)

type keysCommand struct {
	New    keysNewCommand    `cmd:"" help:"Make the key file, with its first key. One that is there is never replaced."`
	Show   keysShowCommand   `cmd:"" help:"List the keys by their numbers: which wraps, which only open, what each wraps. Their material is not shown."`
	Check  keysCheckCommand  `cmd:"" help:"Say whether the key file opens everything that is encrypted in the database: status 0 if it does. For backups, too."`
	Add    keysAddCommand    `cmd:"" help:"Put the next key into the file, which wraps nothing yet: for several machines, before a rotation."`
	Rotate keysRotateCommand `cmd:"" help:"Begin to use a new key, and wrap everything anew that older keys wrap. Hubs go on meanwhile."`
	Retire keysRetireCommand `cmd:"" help:"Take older keys out of the file for good. Refused while one of them still wraps something."`
}

// keyFile is a key file: the hub's, or a sandbox's.
type keyFile struct {
	Database database `embed:""`

	Data string `help:"That of the sandbox that keeps its data in this folder, running or not." type:"path" placeholder:"DIR"`
}

func (f keyFile) path() (string, error) {
	switch {
	case f.Data != "":
		return sandboxKeys(f.Data), nil
	case f.Database.Keys == "":
		return "", errors.New("no key file is named: set CCPOR_KEYS or --keys")
	}
	return f.Database.Keys, nil
}

// with opens the store by the keys of the file.
func (f keyFile) with(ctx context.Context, use func(path string, keys *vault.Keys, s *store.Store) error) error {
	path, err := f.path()
	if err != nil {
		return err
	}
	at, err := f.Database.lookInto(ctx, f.Data)
	if err != nil {
		return err
	}
	defer at.done()
	if at.keys == nil {
		return fmt.Errorf("there is no key file %s", path)
	}
	s, err := store.Open(ctx, at.url, at.options())
	if err != nil {
		return err
	}
	defer s.Close()
	return use(path, at.keys, s)
}

// userAtTheCommandLine is who acts, for the audit log: the account of this machine.
func userAtTheCommandLine() string {
	u, err := user.Current()
	if err != nil {
		return atTheCommandLine
	}
	return atTheCommandLine + " user " + u.Username
}

type keysNewCommand struct {
	keyFile `embed:""`
}

// Run needs no database: the key file comes first.
func (c *keysNewCommand) Run(t *terminal) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	keys, err := vault.Create(path)
	if err != nil {
		return err
	}
	return t.print(map[string]any{"file": path, "key": keys.Primary()},
		"%s holds key %s. Keep a copy of it apart from the backups of the database: without it nobody reads them, with both everybody does.\n", path, keys.Primary())
}

type keysAddCommand struct {
	keyFile `embed:""`
}

// Run needs no database: nothing is wrapped by the key yet.
func (c *keysAddCommand) Run(t *terminal) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	id, err := vault.Add(path)
	if err != nil {
		return err
	}
	return t.print(map[string]any{"file": path, "key": id}, "Key %s waits in %s and wraps nothing yet. Copy the file to every machine, then rotate.\n", id, path)
}

// shownKey is a key with what file and database say of it.
type shownKey struct {
	Key      vault.KeyID `json:"key"`
	InFile   bool        `json:"inFile"`
	Does     string      `json:"does"` // "wraps", "opens", "waits", "retired" or "missing"
	DataKeys int         `json:"dataKeys"`
	AddedAt  *time.Time  `json:"addedAt,omitempty"`   // when it first wrapped
	Retired  *time.Time  `json:"retiredAt,omitempty"` // for good
}

type keysShowCommand struct {
	keyFile `embed:""`
}

func (c *keysShowCommand) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, func(_ string, keys *vault.Keys, s *store.Store) error {
		used, err := s.KeyUses(ctx)
		if err != nil {
			return err
		}
		for _, k := range shownKeys(keys.List(), used) {
			if err := t.print(k, "key %s %s; wraps %d data keys%s\n", k.Key, doing[k.Does], k.DataKeys, t.times(k)); err != nil {
				return err
			}
		}
		return nil
	})
}

var doing = map[string]string{"wraps": "is the one in use", "opens": "only opens", "waits": "waits for the next rotation", "retired": "was retired",
	"missing": "IS NOT IN THE FILE, and what it wraps cannot be read"}

func (t *terminal) times(k shownKey) string {
	text := ""
	if k.AddedAt != nil {
		text += ", since " + t.moment(*k.AddedAt)
	}
	if k.Retired != nil {
		text += ", retired " + t.moment(*k.Retired)
	}
	return text
}

// shownKeys are the keys of the database, then those of the file that have wrapped nothing yet.
func shownKeys(file []vault.KeyInfo, used []store.KeyUse) []shownKey {
	var all []shownKey
	for _, u := range used {
		k := shownKey{Key: u.Key, Does: "missing", DataKeys: u.DataKeys, AddedAt: &u.AddedAt}
		if !u.RetiredAt.IsZero() {
			k.Does, k.Retired = "retired", &u.RetiredAt
		}
		all = append(all, k)
	}
	for _, f := range file {
		i := slices.IndexFunc(all, func(k shownKey) bool { return k.Key == f.ID })
		if i < 0 {
			all, i = append(all, shownKey{Key: f.ID}), len(all)
		}
		all[i].InFile = true
		switch {
		case all[i].Retired != nil: // told as retired, though the file still has it
		case f.Primary:
			all[i].Does = "wraps"
		case f.Added:
			all[i].Does = "waits"
		default:
			all[i].Does = "opens"
		}
	}
	return all
}

type keysCheckCommand struct {
	keyFile `embed:""`
}

// Run checks. Status 0: every data key opens; 1: one does not, or none could be read.
func (c *keysCheckCommand) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, func(path string, keys *vault.Keys, s *store.Store) error {
		if err := s.CheckKeys(ctx); err != nil {
			return err
		}
		kept, err := s.DataKeys(ctx)
		if err != nil {
			return err
		}
		older := len(slices.DeleteFunc(slices.Clone(kept), func(k vault.DataKey) bool { return k.Key == keys.Primary() }))
		return t.print(map[string]any{"dataKeys": len(kept), "older": older}, "%s opens all %d data keys; %d of them are wrapped by older keys.\n", path, len(kept), older)
	})
}

type keysRotateCommand struct {
	keyFile `embed:""`
}

// Run goes on with a rotation that was cut off, instead of beginning another.
func (c *keysRotateCommand) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, func(path string, keys *vault.Keys, s *store.Store) error {
		if err := s.CheckKeys(ctx); err != nil {
			return err
		}
		unfinished, err := isUnfinished(ctx, keys, s)
		if err != nil {
			return err
		}
		if !unfinished {
			if keys, err = vault.Promote(path); err != nil {
				return err
			}
		}
		n, err := s.Rewrap(ctx, keys, userAtTheCommandLine(), time.Now())
		if err != nil {
			return err
		}
		if unfinished {
			return t.print(map[string]any{"key": keys.Primary(), "rewrapped": n, "new": false},
				"Some of the data keys were still wrapped by an older key: %d are wrapped by key %s now. No new key was made; for one, rotate again.\n", n, keys.Primary())
		}
		return t.print(map[string]any{"key": keys.Primary(), "rewrapped": n, "new": true},
			"Key %s is in use, and %d data keys are wrapped by it. Copy %s to every machine and to where its backup is kept; then retire the older keys.\n", keys.Primary(), n, path)
	})
}

// isUnfinished says that keys from before the primary one still wrap something.
func isUnfinished(ctx context.Context, keys *vault.Keys, s *store.Store) (bool, error) {
	all := keys.List()
	if all[len(all)-1].Added || len(all) == 1 {
		return false, nil
	}
	kept, err := s.DataKeys(ctx)
	return slices.ContainsFunc(kept, func(k vault.DataKey) bool { return k.Key != keys.Primary() }), err
}

type keysRetireCommand struct {
	keyFile `embed:""`

	Key []uint32 `help:"Only these. Without it, all that are older than the one in use." placeholder:"NUMBER"`
}

// Run asks the database first: it forbids the keys for good, or says what they still wrap. Then they go out of the file; cut off in between, the command ends its
// work when it is given again.
func (c *keysRetireCommand) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, func(path string, keys *vault.Keys, s *store.Store) error {
		old, err := c.older(keys)
		if err != nil {
			return err
		}
		if err := s.RetireKeys(ctx, old, userAtTheCommandLine(), time.Now()); err != nil {
			return err
		}
		if _, err := vault.Retire(path, old); err != nil {
			return err
		}
		return t.print(map[string]any{"retired": append([]vault.KeyID{}, old...)}, "%d keys were retired and taken out of %s. Older copies of the file are of use only with backups of the database from before the rotation.\n", len(old), path)
	})
}

// older are the keys to retire: they are in the file, and came before the one in use.
func (c *keysRetireCommand) older(keys *vault.Keys) ([]vault.KeyID, error) {
	var old []vault.KeyID
	for _, k := range keys.List() {
		if !k.Primary && !k.Added {
			old = append(old, k.ID)
		}
	}
	if len(c.Key) == 0 {
		return old, nil
	}
	var chosen []vault.KeyID
	for _, id := range c.Key {
		if !slices.Contains(old, vault.KeyID(id)) {
			return nil, fmt.Errorf("key %d is none of the file's older keys", id)
		}
		chosen = append(chosen, vault.KeyID(id))
	}
	return chosen, nil
}
