package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"ccpor/store"
	"ccpor/vault"
)

// Sealer is a vault with keys of its own, whose data keys lie in memory.
func Sealer(t testing.TB) store.Sealer {
	t.Helper()
	keys, err := vault.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return vault.New(keys, &keeper{}, time.Now)
}

// keeper keeps data keys in memory.
type keeper struct {
	mu   sync.Mutex
	keys []vault.DataKey
	next int64
}

func (k *keeper) NewestDataKey(context.Context) (vault.DataKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.keys) == 0 {
		return vault.DataKey{}, vault.ErrNoDataKey
	}
	return k.keys[len(k.keys)-1], nil
}

func (k *keeper) DataKey(_ context.Context, id int64) (vault.DataKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range k.keys {
		if d.ID == id {
			return d, nil
		}
	}
	return vault.DataKey{}, vault.ErrNoDataKey
}

func (k *keeper) NextDataKey(context.Context) (int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next++
	return k.next, nil
}

func (k *keeper) KeepDataKey(_ context.Context, d vault.DataKey) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = append(k.keys, d)
	return nil
}
