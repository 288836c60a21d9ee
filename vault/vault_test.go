package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// table keeps data keys in memory.
type table struct {
	mu    sync.Mutex
	rows  map[int64]DataKey
	next  int64
	asked int
}

func (t *table) NewestDataKey(ctx context.Context) (DataKey, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	if len(t.rows) == 0 {
		return DataKey{}, ErrNoDataKey
	}
	return t.rows[slices.Max(slices.Collect(maps.Keys(t.rows)))], nil
}

func (t *table) DataKey(ctx context.Context, id int64) (DataKey, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	k, ok := t.rows[id]
	if !ok {
		return k, ErrNoDataKey
	}
	return k, nil
}

func (t *table) NextDataKey(ctx context.Context) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	return t.next, nil
}

func (t *table) KeepDataKey(ctx context.Context, k DataKey) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[k.ID] = k
	return nil
}

// bench is a key file, a table of data keys and a clock.
type bench struct {
	testing.TB
	path string
	keys *Keys
	table
	now time.Time
}

func newBench(t testing.TB) *bench {
	b := &bench{TB: t, path: filepath.Join(t.TempDir(), "keys.json"), now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	b.rows = map[int64]DataKey{}
	keys, err := Create(b.path)
	if err != nil {
		t.Fatal(err)
	}
	b.keys = keys
	return b
}

// hub is another process on the same table, with the keys as it read them.
func (b *bench) hub() *Vault {
	b.Helper()
	keys, err := Read(b.path)
	if err != nil {
		b.Fatal(err)
	}
	return New(keys, &b.table, func() time.Time { return b.now })
}

func (b *bench) seal(v *Vault, name, value string) []byte {
	b.Helper()
	s, err := v.Seal(context.Background(), name, []byte(value))
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func (b *bench) opens(v *Vault, name string, sealed []byte, want string) {
	b.Helper()
	got, err := v.Open(context.Background(), name, sealed)
	if err != nil || string(got) != want {
		b.Errorf("it opened as %q, %v", got, err)
	}
}

const (
	name  = "problem.value/CP-1/1"
	value = "4711 Invented Way"
)

func TestSealedValueOpensUnderItsNameOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	v := b.hub()
	one, two := b.seal(v, name, value), b.seal(v, name, value)
	if bytes.Contains(one, []byte("Invented")) || bytes.Equal(one, two) || len(one) != len(value)+Overhead {
		t.Errorf("sealed as %q and %q", one, two)
	}
	b.opens(b.hub(), name, one, value)
	b.opens(v, name, b.seal(v, name, ""), "")
	for what, other := range map[string]string{"row": "problem.value/CP-2/1", "column": "problem.text/CP-1/1", "place": "problem.value/CP-1/2", "nothing": ""} {
		if got, err := v.Open(t.Context(), other, one); err != ErrForged || got != nil {
			t.Errorf("under another %s it opened: %q, %v", what, got, err)
		}
	}
}

func TestChangedValueDoesNotOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	v := b.hub()
	whole := b.seal(v, name, value)
	for i := range 8 * len(whole) {
		flipped := bytes.Clone(whole)
		flipped[i/8] ^= 1 << (i % 8)
		if got, err := v.Open(t.Context(), name, flipped); err == nil || got != nil {
			t.Errorf("bit %d flipped, and it opened", i)
		}
	}
	for n := range whole {
		if got, err := v.Open(t.Context(), name, whole[:n]); err == nil || got != nil {
			t.Errorf("cut to %d bytes it opened", n)
		}
	}
	for what, c := range map[string]struct {
		sealed []byte
		want   error
	}{
		"clear text":       {[]byte(`{"address":"4711 Invented Way, Anytown, where nobody lives"}`), ErrFormat},
		"an edition to be": {append([]byte{2}, whole[1:]...), ErrFormat},
		"no data key":      {append(header(0), whole[headerSize:]...), ErrFormat},
		"a negative one":   {append(header(-1), whole[headerSize:]...), ErrFormat},
		"an unknown one":   {append(header(4711), whole[headerSize:]...), ErrNoDataKey},
		"nothing":          {nil, ErrFormat},
	} {
		if _, err := v.Open(t.Context(), name, c.sealed); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Two data keys whose numbers are exchanged do not open each other's values, nor does a wrapped key in another's row.
func TestDataKeysCannotBeExchanged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.seal(b.hub(), name, value)
	b.now = b.now.Add(lifetime)
	second := b.seal(b.hub(), name, value)
	one, two := b.rows[1], b.rows[2]
	if _, err := b.hub().Open(t.Context(), name, append(header(2), first[headerSize:]...)); err != ErrForged {
		t.Errorf("another data key opened it: %v", err)
	}
	one.ID, two.ID = 2, 1
	b.rows[1], b.rows[2] = two, one
	for _, sealed := range [][]byte{first, second} {
		if _, err := b.hub().Open(t.Context(), name, sealed); err == nil {
			t.Error("an exchanged data key opened something")
		}
	}
}

func TestNoKeysAndWrongKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sealed := b.seal(b.hub(), name, value)
	var none *Vault
	_, cannotSeal := none.Seal(t.Context(), name, nil)
	_, cannotOpen := none.Open(t.Context(), name, sealed)
	if cannotSeal != ErrNoKeys || cannotOpen != ErrNoKeys || none.Check(t.Context()) != ErrNoKeys || New(nil, &b.table, time.Now) != nil {
		t.Errorf("without keys: %v, %v", cannotSeal, cannotOpen)
	}
	other, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(2 * lifetime) // a new data key is due
	v := New(other, &b.table, func() time.Time { return b.now })
	var unknown *UnknownKeyError
	if _, err := v.Open(t.Context(), name, sealed); !errors.As(err, &unknown) || unknown.DataKey != 1 || unknown.Key != b.keys.Primary() {
		t.Errorf("with other keys: %v", err)
	}
	if err := v.Check(t.Context()); !errors.As(err, &unknown) {
		t.Errorf("with other keys the check says %v", err)
	}
	if _, err := v.Seal(t.Context(), name, nil); !errors.As(err, &unknown) || len(b.rows) != 1 {
		t.Errorf("other keys made a data key beside one that they do not open: %v", err)
	}
}

func TestDataKeyEndsAfterADayOrItsUses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one, two := b.hub(), b.hub()
	for range 100 {
		b.seal(one, name, value)
		b.seal(two, name, value)
	}
	if len(b.rows) != 1 || b.asked != 2 {
		t.Errorf("200 values in one day: %d data keys, and the keeper was asked %d times", len(b.rows), b.asked)
	}
	b.now = b.now.Add(lifetime)
	b.seal(one, name, value)
	b.seal(two, name, value)
	if len(b.rows) != 2 {
		t.Errorf("a day later there are %d data keys", len(b.rows))
	}
	one.current.uses = maxUses - 1
	b.seal(one, name, value)
	if b.seal(one, name, value); len(b.rows) != 3 {
		t.Errorf("used up, and there are %d data keys", len(b.rows))
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	running, first := b.hub(), b.keys.Primary()
	sealed := b.seal(running, name, value)
	added, err := Add(b.path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Add(b.path); err != nil || again != added {
		t.Errorf("a second key was added beside the one that waits: %s, %v", again, err)
	}
	if b.hub().keys.Primary() != first {
		t.Error("a key that was added wraps already")
	}
	now, err := Promote(b.path)
	if err != nil || now.Primary() != added || len(now.List()) != 2 {
		t.Fatalf("promoted: %+v, %v", now, err)
	}
	again, err := now.Rewrap(b.rows[1])
	if err != nil || again.Key != added || again.ID != 1 || !again.MadeAt.Equal(b.rows[1].MadeAt) {
		t.Fatalf("wrapped anew: %+v, %v", again, err)
	}
	b.rows[1] = again
	b.opens(running, name, sealed, value)
	clear(running.opened) // it has read the old file, and this key not yet
	b.opens(running, name, sealed, value)
	b.now = b.now.Add(lifetime)
	if b.seal(running, name, value); b.rows[2].Key != added {
		t.Errorf("a hub that ran through the rotation wraps by %s", b.rows[2].Key)
	}
	if _, err := Retire(b.path, []KeyID{first}); err != nil {
		t.Fatal(err)
	}
	b.opens(b.hub(), name, sealed, value)
	if old := (DataKey{ID: 1, Key: first}); b.hub().keys.Opens(old) == nil {
		t.Error("a retired key still opens")
	}
	if _, err := Retire(b.path, []KeyID{added}); err == nil || b.hub().keys.Primary() != added {
		t.Errorf("the key that wraps was retired: %v", err)
	}
	if _, err := Promote(b.path); err != nil || len(b.hub().keys.List()) != 2 || b.hub().keys.Primary() == added {
		t.Errorf("without one that waits: %v, %+v", err, b.hub().keys.List())
	}
}

func TestKeyFileIsTheOwnersAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if info, err := os.Stat(b.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("made with mode %v, %v", info.Mode(), err)
	}
	if _, err := Create(b.path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key file was made over another: %v", err)
	}
	for _, mode := range []os.FileMode{0o644, 0o660, 0o602, 0o601, 0o700} {
		if err := os.Chmod(b.path, mode); err != nil {
			t.Fatal(err)
		}
		var open *ModeError
		if _, err := Read(b.path); !errors.As(err, &open) || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %#o: %v", mode, err)
		}
		if _, err := Add(b.path); !errors.As(err, &open) {
			t.Errorf("mode %#o, and a key was added: %v", mode, err)
		}
	}
	if _, err := Read(filepath.Dir(b.path)); err == nil {
		t.Error("a folder was read")
	}
	if _, err := Read(b.path + ".old"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	secret := "c2VjcmV0LXNlY3JldC1zZWNyZXQ"
	for _, text := range []string{"", "{}", `{"primaryKeyId":1,"key":[{"keyData":{"value":"` + secret + `"}}]}`} {
		path := filepath.Join(t.TempDir(), "other.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q was read, or repeated: %v", text, err)
		}
	}
}

// Two who change the file at once both find their key in it afterwards.
func TestKeyFileIsChangedByOneAtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := Promote(b.path); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(b.hub().keys.List()); n != 9 {
		t.Errorf("8 rotations of one key left %d", n)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(b.path), ".keys-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestManySealAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	v := b.hub()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			mine := fmt.Sprint("inbound.text/", i)
			b.opens(v, mine, b.seal(v, mine, value), value)
		})
	}
	all.Wait()
	if len(b.rows) != 1 {
		t.Errorf("%d data keys", len(b.rows))
	}
}

func FuzzParse(f *testing.F) {
	b := newBench(f)
	v := b.hub()
	whole := b.seal(v, name, value)
	f.Add(whole)
	f.Add(whole[:Overhead-1])
	f.Add(append([]byte{0}, whole[1:]...))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		id, secret, err := parse(sealed)
		if err == nil && !bytes.Equal(append(header(id), secret...), sealed) {
			t.Error("taken apart and put together it is another")
		}
		if got, err := v.Open(t.Context(), name, sealed); err == nil && (!bytes.Equal(sealed, whole) || string(got) != value) {
			t.Error("what nobody sealed opens")
		}
	})
}

func BenchmarkSeal(b *testing.B) { benchmark(b, false) }
func BenchmarkOpen(b *testing.B) { benchmark(b, true) }

func benchmark(b *testing.B, open bool) {
	for _, size := range []int{1 << 10, 20 << 10, 200 << 10} {
		b.Run(fmt.Sprintf("%dkB", size>>10), func(b *testing.B) {
			v := newBench(b).hub()
			value := make([]byte, size)
			rand.Read(value) // never fails
			sealed, err := v.Seal(b.Context(), name, value)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			for b.Loop() {
				if open {
					_, err = v.Open(b.Context(), name, sealed)
				} else {
					_, err = v.Seal(b.Context(), name, value)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
