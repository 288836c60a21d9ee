package vault

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// KeyID is the number of a key-encryption key; Tink draws it.
type KeyID uint32

func (id KeyID) String() string { return strconv.FormatUint(uint64(id), 10) }

// KeyInfo is a key-encryption key without its material.
type KeyInfo struct {
	ID KeyID `json:"key"`
	// Primary is the one that wraps; the others only open.
	Primary bool `json:"primary"`
	// Added says that it came after the primary, and will be primary by the next rotation.
	Added bool `json:"added"`
}

// Keys are the key-encryption keys: a keyset of Tink, as a rule in a file. They are safe for use by many goroutines.
type Keys struct {
	path string // empty: in memory only

	mu     sync.RWMutex
	handle *keyset.Handle
}

// NewKeys are keys with one new key, in memory only: for tests.
func NewKeys() (*Keys, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return &Keys{handle: handle}, nil
}

// List tells the keys without their material, the oldest first.
func (k *Keys) List() []KeyInfo {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var all []KeyInfo
	after := false
	info := k.handle.KeysetInfo()
	for _, key := range info.GetKeyInfo() {
		primary := key.GetKeyId() == info.GetPrimaryKeyId()
		all = append(all, KeyInfo{KeyID(key.GetKeyId()), primary, after})
		after = after || primary
	}
	return all
}

// Primary is the key that wraps.
func (k *Keys) Primary() KeyID {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return KeyID(k.handle.KeysetInfo().GetPrimaryKeyId())
}

// Holds says whether the key is among them.
func (k *Keys) Holds(id KeyID) bool {
	for _, key := range k.List() {
		if key.ID == id {
			return true
		}
	}
	return false
}

// Rewrap wraps a data key under the primary key; one that is wrapped so already stays as it is.
func (k *Keys) Rewrap(d DataKey) (DataKey, error) {
	if d.Key == k.Primary() {
		return d, nil
	}
	handle, err := k.unwrap(d)
	if err != nil {
		return d, err
	}
	again, err := k.wrap(d.ID, handle)
	again.MadeAt = d.MadeAt
	return again, err
}

// Opens says whether a data key opens: nil, *UnknownKeyError, or that it was changed.
func (k *Keys) Opens(d DataKey) error {
	_, err := k.unwrap(d)
	return err
}

// dataKeyName is what a wrapped data key is bound to.
func dataKeyName(id int64) []byte { return fmt.Appendf(nil, "data key %d", id) }

func (k *Keys) wrap(id int64, data *keyset.Handle) (DataKey, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, err := aead.New(k.handle)
	if err != nil {
		return DataKey{}, fmt.Errorf("wrap data key %d: %w", id, err)
	}
	var wrapped bytes.Buffer
	if err := data.WriteWithAssociatedData(keyset.NewBinaryWriter(&wrapped), key, dataKeyName(id)); err != nil {
		return DataKey{}, fmt.Errorf("wrap data key %d: %w", id, err)
	}
	return DataKey{ID: id, Key: KeyID(k.handle.KeysetInfo().GetPrimaryKeyId()), Wrapped: wrapped.Bytes()}, nil
}

func (k *Keys) unwrap(d DataKey) (*keyset.Handle, error) {
	if !k.Holds(d.Key) {
		return nil, &UnknownKeyError{d.ID, d.Key}
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, err := aead.New(k.handle)
	if err != nil {
		return nil, fmt.Errorf("unwrap data key %d: %w", d.ID, err)
	}
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(d.Wrapped)), key, dataKeyName(d.ID))
	if err != nil {
		return nil, fmt.Errorf("unwrap data key %d: %w", d.ID, err)
	}
	return handle, nil
}

// add appends a key that opens and does not wrap yet.
func (k *Keys) add() (KeyID, error) {
	var id uint32
	err := k.change(func(m *keyset.Manager) (err error) {
		id, err = m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
	return KeyID(id), err
}

// promote makes a key primary.
func (k *Keys) promote(id KeyID) error {
	return k.change(func(m *keyset.Manager) error { return m.SetPrimary(uint32(id)) })
}

// remove takes a key out, which must not be primary.
func (k *Keys) remove(id KeyID) error {
	return k.change(func(m *keyset.Manager) error { return m.Delete(uint32(id)) })
}

func (k *Keys) change(how func(*keyset.Manager) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := keyset.NewManagerFromHandle(k.handle)
	if err := how(m); err != nil {
		return fmt.Errorf("change the keys: %w", err)
	}
	handle, err := m.Handle()
	if err != nil {
		return fmt.Errorf("change the keys: %w", err)
	}
	k.handle = handle
	return nil
}

// encode writes the keys with their material.
func (k *Keys) encode() ([]byte, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var b bytes.Buffer
	err := insecurecleartextkeyset.Write(k.handle, keyset.NewJSONWriter(&b))
	b.WriteByte('\n')
	return b.Bytes(), err
}

// errNoKeyset tells nothing of what the file holds instead.
var errNoKeyset = errors.New("it is no keyset of Tink for AES-256-GCM")

func decode(b []byte) (*keyset.Handle, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(b)))
	if err != nil {
		return nil, errNoKeyset
	}
	if _, err := aead.New(handle); err != nil {
		return nil, errNoKeyset
	}
	return handle, nil
}
