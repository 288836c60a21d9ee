package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/vault"
)

// keyRig is a database with its key file, in use by a hub that runs all the time, and an operator.
type keyRig struct {
	*testing.T
	url, file string
	store     *store.Store
}

func newKeyRig(t *testing.T) *keyRig {
	r := &keyRig{T: t, url: storetest.NewURL(t)}
	r.file = storetest.KeyFile(t, r.url)
	r.store = storetest.Open(t, r.url, store.Options{})
	return r
}

// step runs a command of the keys that must end so and say so.
func (r *keyRig) step(status int, says string, args ...string) string {
	r.Helper()
	var out, errOut bytes.Buffer
	got := run(r.Context(), append(append([]string{"keys"}, args...), "--database-url", r.url, "--keys", r.file), &out, &errOut)
	if said := out.String() + errOut.String(); got != status || !strings.Contains(said, says) {
		r.Errorf("%v: status %d, %s", args, got, said)
	}
	return out.String()
}

// keep has the hub encrypt something.
func (r *keyRig) keep(outseq string) store.InboundID {
	r.Helper()
	id, _, err := r.store.Inbound(r.Context(), "CCPR", outseq, "", "INVENTED TEXT "+outseq, time.Now())
	if err != nil {
		r.Fatal(err)
	}
	return id
}

func (r *keyRig) reads(s *store.Store, id store.InboundID) {
	r.Helper()
	if text, err := s.MessageText(r.Context(), id); err != nil || !strings.HasPrefix(text, "INVENTED TEXT") {
		r.Errorf("message %d: %q, %v", id, text, err)
	}
}

// A rotation by the book, on a hub that goes on.
func TestKeysAreRotatedWhileAHubRuns(t *testing.T) {
	t.Parallel()
	r := newKeyRig(t)
	one := r.keep("1")
	r.step(0, "opens all 1 data keys; 0 of them are wrapped by older keys", "check")
	r.step(0, "0 keys were retired", "retire")
	r.step(0, "wraps nothing yet", "add")
	r.step(0, "waits for the next rotation", "show")
	r.step(1, "file exists", "new")
	r.step(0, "1 data keys are wrapped by it", "rotate")
	r.reads(r.store, one)
	two := r.keep("2")
	r.step(1, "none of the file's older keys", "retire", "--key", "5")
	r.step(0, "1 keys were retired", "retire")
	var shown []shownKey
	for line := range strings.Lines(r.step(0, "", "show", "--json")) {
		var k shownKey
		if err := json.Unmarshal([]byte(line), &k); err != nil {
			t.Fatal(err)
		}
		shown = append(shown, k)
	}
	if len(shown) != 2 || shown[0].Does != "retired" || shown[0].InFile || shown[0].DataKeys != 0 || shown[1].Does != "wraps" || !shown[1].InFile || shown[1].DataKeys != 1 {
		t.Errorf("%+v", shown)
	}
	for _, s := range []*store.Store{r.store, storetest.Open(t, r.url, store.Options{})} {
		r.reads(s, one)
		r.reads(s, two)
	}
}

// A rotation that was cut off is ended, without another key; and nothing is retired that is needed.
func TestARotationThatWasCutOff(t *testing.T) {
	t.Parallel()
	r := newKeyRig(t)
	one := r.keep("1")
	if _, err := vault.Promote(r.file); err != nil {
		t.Fatal(err)
	}
	r.step(0, "1 of them are wrapped by older keys", "check")
	r.step(1, "rotate first", "retire")
	r.step(0, "No new key was made", "rotate")
	if k, err := vault.Read(r.file); err != nil || len(k.List()) != 2 {
		t.Errorf("%+v, %v", k.List(), err)
	}
	r.step(0, "1 keys were retired", "retire")
	r.reads(storetest.Open(t, r.url, store.Options{}), one)
}

// A hub does not start without the keys of its database: it could neither read nor keep anything.
func TestAHubNeedsTheKeysOfItsDatabase(t *testing.T) {
	t.Parallel()
	r := newKeyRig(t)
	r.keep("1")
	old := filepath.Join(t.TempDir(), "old.json")
	content, err := os.ReadFile(r.file)
	if err == nil {
		err = os.WriteFile(old, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.step(0, "is in use", "rotate")
	other, open := filepath.Join(t.TempDir(), "other.json"), filepath.Join(t.TempDir(), "open.json")
	for _, path := range []string{other, open} {
		if _, err := vault.Create(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file, says string }{
		{"none", "", "set CCPOR_KEYS"}, {"no file", other + ".gone", "no such file"}, {"others'", other, "it is another file, or an old copy of it. Set CCPOR_KEYS"},
		{"old", old, "it is another file, or an old copy of it. Set CCPOR_KEYS"}, {"everybody's", open, "chmod 600"},
	} {
		h, err := openHub(t.Context(), serveConfig{Database: database{URL: r.url, Keys: c.file}}, slog.New(slog.DiscardHandler))
		if err == nil {
			t.Errorf("%s: it started", c.name)
			h.close(t.Context())
			continue
		}
		if text := inWords(err).Error(); !strings.Contains(text, c.says) {
			t.Errorf("%s: %s", c.name, text)
		}
	}
	r.file = old
	r.step(0, "IS NOT IN THE FILE", "show")
	r.step(1, "an old copy", "check")
	r.step(1, "an old copy", "rotate")
}

// What is encrypted is asked for in vain without keys, and the words say what to set; what is not is answered.
func TestCommandsWithoutKeys(t *testing.T) {
	r := newKeyRig(t)
	r.keep("1")
	t.Setenv("CCPOR_KEYS", "")
	for _, c := range []struct {
		status int
		says   string
		args   []string
	}{
		{1, "not looked at yet", []string{"messages", "list"}}, {1, "set CCPOR_KEYS or --keys", []string{"messages", "show", "1"}},
		{1, "no key file is named", []string{"keys", "check"}}, {1, "no key file is named", []string{"keys", "new"}},
	} {
		status, out, errOut := call(t, append(c.args, "--database-url", r.url)...)
		if status != c.status || !strings.Contains(out+errOut, c.says) {
			t.Errorf("%v: status %d, %s%s", c.args, status, out, errOut)
		}
	}
}
