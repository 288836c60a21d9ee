// Package vault encrypts what must not be read by whoever has the database alone, and decrypts it again: envelope encryption with Tink.
//
// Three layers. A value is sealed by a data key (AES-256-GCM). Data keys lie beside the values, in the same database, each wrapped by a key-encryption key.
// Key-encryption keys lie in a file outside the database (Keys), and seal nothing but data keys. To rotate is to add a key-encryption key and to wrap the data
// keys anew under it: what was sealed stays as it is, byte for byte, so that digests of it go on being true.
//
// A sealed value is a byte for the edition of the format (1), the number of its data key (8 bytes, big-endian), and what Tink made of it: nonce, ciphertext and
// tag. Bound to it, though not in it, is its name: table, column and row. Put elsewhere, it does not open.
//
// A data key is used for a day, or for 2^28 values by one process, whichever ends first: with the random nonces of AES-GCM a key may seal 2^32. Several processes
// on one database share the newest key and need no word with each other: at worst two make one at the same time.
//
// It refuses key files that others may read, values that were changed, cut or moved, and keys that it does not know. It hides neither lengths nor which values were
// sealed on the same day, keeps no key from whoever reads the memory of the process, and writes no key material into errors or logs.
package vault

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Errors of opening.
var (
	// ErrNoKeys says that there is no key file at hand.
	ErrNoKeys = errors.New("what is asked for is encrypted, and no keys are at hand")
	// ErrFormat says that the bytes are no sealed value.
	ErrFormat = errors.New("this is no sealed value")
	// ErrForged says that a value was changed, or was sealed under another name.
	ErrForged = errors.New("a sealed value does not open: it was changed, or belongs elsewhere")
	// ErrNoDataKey says that the keeper has no such data key, or none at all.
	ErrNoDataKey = errors.New("there is no such data key")
)

// UnknownKeyError says that a data key is wrapped by a key-encryption key that the file does not hold.
type UnknownKeyError struct {
	DataKey int64
	Key     KeyID
}

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("data key %d is wrapped by key %s, which the key file does not hold: it is another file, or an old copy of it", e.DataKey, e.Key)
}

// DataKey is a data key as it is kept: wrapped.
type DataKey struct {
	ID      int64 // 1 or more
	Key     KeyID // which wraps it
	Wrapped []byte
	MadeAt  time.Time
}

// Keeper keeps wrapped data keys.
type Keeper interface {
	// NewestDataKey is the one with the highest number; ErrNoDataKey.
	NewestDataKey(ctx context.Context) (DataKey, error)
	// DataKey is the one with the number; ErrNoDataKey.
	DataKey(ctx context.Context, id int64) (DataKey, error)
	// NextDataKey draws a number that nobody else gets.
	NextDataKey(ctx context.Context) (int64, error)
	// KeepDataKey returns when the key is durable: from then on values may be sealed by it.
	KeepDataKey(ctx context.Context, k DataKey) error
}

const (
	edition    = 1
	headerSize = 9
	// Overhead is by how many bytes a sealed value is longer than what was sealed: header, nonce and tag.
	Overhead = headerSize + 12 + 16
	lifetime = 24 * time.Hour
	maxUses  = 1 << 28
)

// Vault seals and opens values. It is safe for use by many goroutines. A nil Vault opens nothing: ErrNoKeys.
type Vault struct {
	keys   *Keys
	keeper Keeper
	now    func() time.Time

	mu      sync.RWMutex
	opened  map[int64]tink.AEAD
	current struct {
		id   int64
		made time.Time
		uses int64
	}
}

// New is a vault on the keys and the data keys of the keeper; nil where keys is.
func New(keys *Keys, keeper Keeper, now func() time.Time) *Vault {
	if keys == nil {
		return nil
	}
	return &Vault{keys: keys, keeper: keeper, now: now, opened: map[int64]tink.AEAD{}}
}

// Seal encrypts a value under its name. It asks the keeper once a day, and else nobody.
func (v *Vault) Seal(ctx context.Context, name string, value []byte) ([]byte, error) {
	if v == nil {
		return nil, ErrNoKeys
	}
	id, key, err := v.take(ctx)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	header := header(id)
	secret, err := key.Encrypt(value, bound(header, name))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return append(header, secret...), nil
}

// Open decrypts what Seal made under the same name. ErrFormat, ErrForged, ErrNoDataKey, *UnknownKeyError.
func (v *Vault) Open(ctx context.Context, name string, sealed []byte) ([]byte, error) {
	id, secret, err := parse(sealed)
	switch {
	case err != nil:
		return nil, err
	case v == nil:
		return nil, ErrNoKeys
	}
	key, err := v.find(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	value, err := key.Decrypt(secret, bound(sealed[:headerSize], name))
	if err != nil {
		return nil, ErrForged
	}
	return value, nil
}

// Check says whether the newest data key opens; there may be none yet.
func (v *Vault) Check(ctx context.Context) error {
	if v == nil {
		return ErrNoKeys
	}
	newest, err := v.keeper.NewestDataKey(ctx)
	if errors.Is(err, ErrNoDataKey) {
		return nil
	}
	if err == nil {
		_, err = v.unwrap(newest)
	}
	return err
}

func header(id int64) []byte { return binary.BigEndian.AppendUint64([]byte{edition}, uint64(id)) }

// parse takes a sealed value apart; that it can be taken apart says nothing of whether it opens.
func parse(sealed []byte) (id int64, secret []byte, err error) {
	if len(sealed) < Overhead || sealed[0] != edition {
		return 0, nil, ErrFormat
	}
	if id = int64(binary.BigEndian.Uint64(sealed[1:headerSize])); id < 1 {
		return 0, nil, ErrFormat
	}
	return id, sealed[headerSize:], nil
}

// bound is what a value is bound to: its header and its name.
func bound(header []byte, name string) []byte { return append(bytes.Clone(header), name...) }

// take gives the current data key for one use.
func (v *Vault) take(ctx context.Context) (int64, tink.AEAD, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c := &v.current; c.id != 0 && v.fresh(c.made) && c.uses < maxUses {
		c.uses++
		return c.id, v.opened[c.id], nil
	}
	if err := v.renew(ctx); err != nil {
		return 0, nil, err
	}
	v.current.uses++
	return v.current.id, v.opened[v.current.id], nil
}

func (v *Vault) fresh(made time.Time) bool { return v.now().Sub(made) < lifetime }

// renew takes the newest data key of the keeper, or makes one. One that this process has used up is not taken again. Whoever holds a file that does not open the
// newest makes none: others could not read what it seals.
func (v *Vault) renew(ctx context.Context) error {
	newest, err := v.keeper.NewestDataKey(ctx)
	if err != nil && !errors.Is(err, ErrNoDataKey) {
		return err
	}
	if err == nil {
		key, err := v.unwrap(newest)
		if err != nil {
			return err
		}
		if v.fresh(newest.MadeAt) && newest.ID != v.current.id {
			v.use(newest, key)
			return nil
		}
	}
	made, key, err := v.make(ctx)
	if err != nil {
		return fmt.Errorf("make a data key: %w", err)
	}
	v.use(made, key)
	return nil
}

func (v *Vault) use(k DataKey, key tink.AEAD) {
	v.opened[k.ID] = key
	v.current.id, v.current.made, v.current.uses = k.ID, k.MadeAt, 0
}

func (v *Vault) make(ctx context.Context) (DataKey, tink.AEAD, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMNoPrefixKeyTemplate())
	if err != nil {
		return DataKey{}, nil, err
	}
	key, err := aead.New(handle)
	if err != nil {
		return DataKey{}, nil, err
	}
	id, err := v.keeper.NextDataKey(ctx)
	if err != nil {
		return DataKey{}, nil, err
	}
	if err := v.keys.reread(); err != nil { // it may have been rotated meanwhile
		return DataKey{}, nil, err
	}
	k, err := v.keys.wrap(id, handle)
	if err != nil {
		return DataKey{}, nil, err
	}
	k.MadeAt = v.now()
	return k, key, v.keeper.KeepDataKey(ctx, k)
}

// find is the data key with the number, from memory where it was opened before.
func (v *Vault) find(ctx context.Context, id int64) (tink.AEAD, error) {
	v.mu.RLock()
	key, ok := v.opened[id]
	v.mu.RUnlock()
	if ok {
		return key, nil
	}
	kept, err := v.keeper.DataKey(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("data key %d: %w", id, err)
	}
	if key, err = v.unwrap(kept); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.opened[id] = key
	return key, nil
}

// unwrap opens a data key. When its key is not in the file as it was read, the file is read anew: it was rotated.
func (v *Vault) unwrap(k DataKey) (tink.AEAD, error) {
	handle, err := v.keys.unwrap(k)
	var unknown *UnknownKeyError
	if errors.As(err, &unknown) {
		if err := v.keys.reread(); err != nil {
			return nil, err
		}
		handle, err = v.keys.unwrap(k)
	}
	if err != nil {
		return nil, err
	}
	return aead.New(handle)
}
