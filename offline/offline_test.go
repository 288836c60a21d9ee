package offline

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"ccpor/exchange/seal"
	"ccpor/mapping/confirm"
	"ccpor/mapping/order"
)

func noon() time.Time { return time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC) }

// hubs makes a hub's key with its certificate.
func hub(t *testing.T, name string) *seal.Sealer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: noon().AddDate(-1, 0, 0), NotAfter: noon().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s, err := seal.New(crypto.Signer(key), cert)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func key(t *testing.T) *age.X25519Identity {
	t.Helper()
	k, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// invented is the order of a number: its names and numbers say which.
func invented(i int) Record {
	born := order.MakeDate(1970+i%40, time.Month(1+i%12), 1+i%28)
	return Record{Version: 1 + i%3, OCA: fmt.Sprintf("OCA%d", i), FCN: order.FCN(fmt.Sprintf("24%011d", i)), Served: true,
		Order: order.Order{ID: order.LocalID(fmt.Sprintf("o-%d", i)), Case: order.CaseNumber(fmt.Sprintf("26fl%06d", i)), Court: order.Court{ORI: "CA030013J", Name: "Court"}, Expiry: order.Expiry{Basis: order.ExpiryPermanent},
			Restrained: order.Restrained{Name: order.Name{Given: "Ada", Surname: fmt.Sprintf("Núñez de Quarry%d", i)}, Person: order.Person{Born: &born}, Aliases: []order.Name{{Given: "Bea", Surname: "Alias"}}},
			Protected:  []order.Protected{{Name: order.Name{Given: "Pat", Surname: fmt.Sprintf("Kept%d", i)}}}}}
}

func many(n int) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for i := range n {
			if !yield(invented(i), nil) {
				return
			}
		}
	}
}

func plan(t *testing.T, by *seal.Sealer, to ...age.Recipient) Plan {
	t.Helper()
	return Plan{Confirming: confirm.Agency{ORI: "CA0300000", Name: "Sheriff", Contacts: []confirm.Contact{{Name: "All hours", Telephone: "714-555-0142"}}}, To: to, Sign: by, AsOf: noon(), ValidUntil: noon().AddDate(0, 0, 7), Now: noon, Folder: t.TempDir(), InMemory: 1000,
		Agency: func(ori order.ORI) (confirm.Agency, error) {
			return confirm.Agency{ORI: ori, Name: "Court of " + string(ori)}, nil
		}}
}

func made(t *testing.T, p Plan, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	m, err := Make(&b, p, many(n))
	if err != nil || m.Orders != n || m.Agency != "CA0300000" {
		t.Fatal(m, err)
	}
	return b.Bytes()
}

func opened(b []byte, k age.Identity, by *seal.Sealer) (*Pack, error) {
	return Open(bytes.NewReader(b), int64(len(b)), []age.Identity{k}, []*x509.Certificate{by.Certificate()})
}

// What was put in is found by each of its keys, over several blocks and several runs of the index, and nothing else is.
func TestFind(t *testing.T) {
	t.Parallel()
	by, k := hub(t, "hub"), key(t)
	const n = 3000
	plan := plan(t, by, k.Recipient())
	p, err := opened(made(t, plan, n), k, by)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil || p.Orders != n || p.Hub != "hub" || len(p.dir.Records) < 3 || len(p.dir.Index) < 2 {
		t.Fatal(err, len(p.dir.Records), len(p.dir.Index), p.Manifest)
	}
	if left, err := os.ReadDir(plan.Folder); err != nil || len(left) > 0 {
		t.Errorf("%v are left over, %v", left, err)
	}
	for i := 0; i < n; i += 97 {
		want := invented(i)
		for _, q := range []Query{{FCN: string(want.FCN)}, {Case: strings.ToUpper(string(want.Order.Case))}, {Name: fmt.Sprintf("nunez de quarry%d, ada", i)}, {Name: fmt.Sprintf("Ada NÚÑEZ DE QUARRY%d", i)}, {Name: fmt.Sprintf("kept%d,", i)}} {
			found, more, err := p.Find(q, 10)
			if err != nil || more || len(found) != 1 || found[0].Order.ID != want.Order.ID || found[0].Version != want.Version {
				t.Errorf("%+v: %d %v", q, len(found), err)
			}
		}
	}
	if found, more, err := p.Find(Query{Name: "nunez de quarry299"}, 100); err != nil || more || len(found) != 11 {
		t.Errorf("a beginning: %d %v %v", len(found), more, err)
	}
	if found, more, err := p.Find(Query{Name: "alias"}, 5); err != nil || !more || len(found) != 5 {
		t.Errorf("many: %d %v %v", len(found), more, err)
	}
	born := invented(5).Order.Restrained.Born
	if found, _, err := p.Find(Query{Born: *born}, n); err != nil || len(found) == 0 || *found[0].Order.Restrained.Born != *born {
		t.Errorf("born: %d %v", len(found), err)
	}
	for _, q := range []Query{{FCN: "24"}, {Case: "26fl"}, {Name: "zzz"}, {Name: "Ada Alias"}, {FCN: "r"}} {
		if found, _, err := p.Find(q, 10); err != nil || len(found) > 0 {
			t.Errorf("%+v: %d %v", q, len(found), err)
		}
	}
	for _, q := range []Query{{}, {Name: " "}, {Name: "x", FCN: "1"}, {Case: "1", Born: *born}} {
		if _, _, err := p.Find(q, 10); !errors.Is(err, ErrQuery) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if a := p.Court("CA030013J"); a.Name != "Court of CA030013J" || p.Confirming().Contacts[0].Telephone != "714-555-0142" || p.Court("CA001013J").Name != "" {
		t.Errorf("%+v", a)
	}
}

func TestWhoMayOpen(t *testing.T) {
	t.Parallel()
	by, other, k, second := hub(t, "hub"), hub(t, "another"), key(t), key(t)
	b := made(t, plan(t, by, k.Recipient(), second.Recipient()), 3)
	for _, mine := range []age.Identity{k, second} {
		if _, err := opened(b, mine, by); err != nil {
			t.Error(err)
		}
	}
	if _, err := opened(b, key(t), by); !errors.Is(err, ErrWrongKey) {
		t.Errorf("a wrong key: %v", err)
	}
	if _, err := opened(b, k, other); !errors.Is(err, ErrOtherHub) {
		t.Errorf("another hub: %v", err)
	}
	if _, err := Open(bytes.NewReader(b), int64(len(b)), []age.Identity{k}, nil); !errors.Is(err, ErrOtherHub) {
		t.Errorf("no hub: %v", err)
	}
	for _, no := range [][]byte{nil, []byte("age"), []byte("%PDF-1.4"), bytes.Repeat([]byte{0}, 5000)} {
		if _, err := opened(no, k, by); !errors.Is(err, ErrNotPack) {
			t.Errorf("%.5q: %v", no, err)
		}
	}
	p, err := opened(made(t, plan(t, by, k.Recipient()), 0), k, by)
	if err != nil || p.Check() != nil {
		t.Fatalf("an empty pack: %v", err)
	}
	if found, _, err := p.Find(Query{Name: "x"}, 1); err != nil || len(found) > 0 {
		t.Error(err)
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	m := Manifest{AsOf: noon(), ValidUntil: noon().AddDate(0, 0, 7)}
	for at, want := range map[time.Time]error{noon(): nil, noon().AddDate(0, 0, 7): nil, noon().AddDate(0, 0, 7).Add(time.Second): ErrExpired, noon().Add(-30 * time.Minute): nil, noon().Add(-2 * time.Hour): ErrFuture} {
		if err := m.Fresh(at); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", at, err, want)
		}
	}
}

// verdict opens, checks and searches; nil: nothing of it was refused, and the order that was found is the true one.
func verdict(b []byte, k age.Identity, by *seal.Sealer) error {
	p, err := opened(b, k, by)
	if err != nil {
		return err
	}
	found, _, err := p.Find(Query{FCN: string(invented(1).FCN)}, 2)
	if err != nil {
		return err
	}
	if len(found) != 1 || found[0].Order.Case != invented(1).Order.Case {
		return fmt.Errorf("SILENTLY WRONG: %d", len(found))
	}
	return p.Check()
}

// Whatever byte of the file is changed, and wherever it is cut or lengthened, it is refused; never does it give another order.
func TestEveryByteOfTheFile(t *testing.T) {
	t.Parallel()
	by, k := hub(t, "hub"), key(t)
	b := made(t, plan(t, by, k.Recipient()), 3)
	if err := verdict(b, k, by); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		spoilt := bytes.Clone(b)
		spoilt[i] ^= 1 << (i % 8)
		if err := verdict(spoilt, k, by); err == nil || strings.Contains(err.Error(), "SILENTLY") {
			t.Fatalf("byte %d of %d: %v", i, len(b), err)
		}
		if err := verdict(b[:i], k, by); err == nil {
			t.Fatalf("cut at %d of %d, and taken", i, len(b))
		}
	}
	if err := verdict(append(bytes.Clone(b), 0), k, by); err == nil {
		t.Error("lengthened, and taken")
	}
}

// plaintext is what lies in a pack, as somebody has it who has the key; encrypted is it again, as anybody can who knows the recipient.
func plaintext(t *testing.T, b []byte, k age.Identity) []byte {
	t.Helper()
	r, err := age.Decrypt(bytes.NewReader(b), k)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func encrypted(t *testing.T, plain []byte, k *age.X25519Identity) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, k.Recipient())
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The encryption alone would not say who made a pack: whoever encrypts anew what was changed is refused by the signature, byte by byte, and block by block.
func TestEveryByteInside(t *testing.T) {
	t.Parallel()
	by, k := hub(t, "hub"), key(t)
	plain := plaintext(t, made(t, plan(t, by, k.Recipient()), 3), k)
	if err := verdict(encrypted(t, plain, k), k, by); err != nil {
		t.Fatal(err)
	}
	for i := range plain {
		spoilt := bytes.Clone(plain)
		spoilt[i] ^= 1 << (i % 8)
		if err := verdict(encrypted(t, spoilt, k), k, by); err == nil || strings.Contains(err.Error(), "SILENTLY") {
			t.Fatalf("byte %d of %d: %v", i, len(plain), err)
		}
		if err := verdict(encrypted(t, plain[:i], k), k, by); err == nil {
			t.Fatalf("cut at %d of %d, and taken", i, len(plain))
		}
	}
	for name, other := range map[string][]byte{"lengthened in front": append([]byte{0}, plain...), "lengthened behind": append(bytes.Clone(plain), 0), "doubled": append(bytes.Clone(plain), plain...), "not even a pack": []byte("hello")} {
		if err := verdict(encrypted(t, other, k), k, by); err == nil {
			t.Errorf("%s, and taken", name)
		}
	}
}

// Blocks of one pack in another, and blocks in another sequence, are refused; so is a pack cut after any of its blocks.
func TestBlocksSwapped(t *testing.T) {
	t.Parallel()
	by, k := hub(t, "hub"), key(t)
	one := plaintext(t, made(t, plan(t, by, k.Recipient()), 2000), k)
	p, err := opened(encrypted(t, one, k), k, by)
	if err != nil {
		t.Fatal(err)
	}
	// The same orders, made an hour later by the same hub: as like as two packs can be.
	later := plan(t, by, k.Recipient())
	later.AsOf = noon().Add(time.Hour)
	two := plaintext(t, made(t, later, 1999), k)
	for i, b := range append(p.dir.Records, p.dir.Index...) {
		swapped := bytes.Clone(one)
		copy(swapped[b.At:b.At+b.Bytes], two[b.At:])
		if same := bytes.Equal(swapped, one); verdict(encrypted(t, swapped, k), k, by) == nil != same {
			t.Errorf("block %d of another pack: taken", i)
		}
		if verdict(encrypted(t, append(bytes.Clone(one[:b.At]), one[b.At+b.Bytes:]...), k), k, by) == nil || verdict(encrypted(t, one[:b.At+b.Bytes], k), k, by) == nil {
			t.Errorf("without block %d, or with nothing behind it: taken", i)
		}
	}
	// The directory and manifest of one with the blocks of the other.
	end := p.dir.Index[len(p.dir.Index)-1]
	if err := verdict(encrypted(t, append(bytes.Clone(two[:end.At]), one[end.At:]...), k), k, by); err == nil {
		t.Error("the manifest of one pack over the orders of another: taken")
	}
}

// signed is a pack with a directory and a manifest of a forger's choosing who even has the hub's key: nothing is reserved for what is only claimed, and what lies outside is refused.
func TestHugeClaims(t *testing.T) {
	t.Parallel()
	by, k := hub(t, "hub"), key(t)
	for name, spoil := range map[string]func(d *directory, m *manifest, length *uint64){
		"a manifest of exabytes":                   func(_ *directory, _ *manifest, length *uint64) { *length = 1 << 62 },
		"a manifest of a negative length":          func(_ *directory, _ *manifest, length *uint64) { *length = 1<<64 - 1 },
		"a directory of exabytes":                  func(_ *directory, m *manifest, _ *uint64) { m.DirectoryBytes = 1 << 62 },
		"a directory of a negative length":         func(_ *directory, m *manifest, _ *uint64) { m.DirectoryBytes = -1 },
		"a directory that is longer than the file": func(_ *directory, m *manifest, _ *uint64) { m.DirectoryBytes = 1 << 29 },
		"a block of exabytes":                      func(d *directory, _ *manifest, _ *uint64) { d.Index[0].Bytes = 1 << 62 },
		"a block before the beginning":             func(d *directory, _ *manifest, _ *uint64) { d.Records[0].At = -5 },
		"a block twice":                            func(d *directory, _ *manifest, _ *uint64) { d.Records = append(d.Records, d.Records[0]) },
		"no index":                                 func(d *directory, _ *manifest, _ *uint64) { d.Index, d.Firsts = nil, nil },
		"more first keys than blocks":              func(d *directory, _ *manifest, _ *uint64) { d.Firsts = append(d.Firsts, "z") },
		"more orders than there are":               func(_ *directory, m *manifest, _ *uint64) { m.Orders = 1 << 40 },
	} {
		plain := plaintext(t, made(t, plan(t, by, k.Recipient()), 3), k)
		if err := verdict(encrypted(t, resigned(t, by, plain, spoil), k), k, by); err == nil || strings.Contains(err.Error(), "SILENTLY") {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := plaintext(t, made(t, plan(t, by, k.Recipient()), 3), k)
	if err := verdict(encrypted(t, resigned(t, by, plain, func(*directory, *manifest, *uint64) {}), k), k, by); err != nil {
		t.Errorf("the test itself spoils it: %v", err)
	}
}

func resigned(t *testing.T, by *seal.Sealer, plain []byte, spoil func(*directory, *manifest, *uint64)) []byte {
	t.Helper()
	length := uint64(plain[len(plain)-1]) | uint64(plain[len(plain)-2])<<8 | uint64(plain[len(plain)-3])<<16
	at := len(plain) - 8 - int(length)
	o, err := seal.Open(plain[at:len(plain)-8], seal.Pack, []*x509.Certificate{by.Certificate()})
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	var d directory
	if err := errors.Join(xml.Unmarshal(o.Octets(), &m), json.Unmarshal(plain[at-int(m.DirectoryBytes):at], &d)); err != nil {
		t.Fatal(err)
	}
	body := bytes.Clone(plain[:at-int(m.DirectoryBytes)])
	spoil(&d, &m, &length)
	written, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(written)
	m.DirectorySHA256 = hex.EncodeToString(sum[:])
	claimed := length != uint64(len(plain)-8-at)
	if old := int64(at - len(body)); m.DirectoryBytes == old {
		m.DirectoryBytes = int64(len(written))
	}
	text, err := xml.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := by.Seal(text, noon())
	if err != nil {
		t.Fatal(err)
	}
	if !claimed {
		length = uint64(len(sealed))
	}
	out := append(append(body, written...), sealed...)
	for i := range 8 {
		out = append(out, byte(length>>(56-8*i)))
	}
	return out
}

// A key file that others may read, that is no file or holds no key is refused, and its text is in no error; an existing one is never replaced.
func TestKeyFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "sheriff.key")
	recipient, err := CreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	by := hub(t, "hub")
	keys, err := ReadKey(path)
	to, err2 := ReadRecipients([]string{recipient})
	if err != nil || err2 != nil || len(keys) != 1 || !strings.HasPrefix(recipient, "age1pq1") {
		t.Fatal(err, err2, recipient)
	}
	if _, err := opened(made(t, plan(t, by, to...), 1), keys[0], by); err != nil {
		t.Error(err)
	}
	if _, err := CreateKey(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key file is replaced: %v", err)
	}
	var mode *ModeError
	for _, m := range []os.FileMode{0o640, 0o604, 0o660, 0o644} {
		if err := os.Chmod(path, m); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadKey(path); !errors.As(err, &mode) {
			t.Errorf("mode %#o: %v", m, err)
		}
	}
	pipe, bad := filepath.Join(folder, "pipe"), filepath.Join(folder, "bad")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.WriteFile(bad, []byte("AGE-SECRET-KEY-1SECRETSECRET\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, no := range []string{pipe, bad, folder, filepath.Join(folder, "none")} {
		if _, err := ReadKey(no); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", no, err)
		}
	}
	list := filepath.Join(folder, "recipients")
	if err := os.WriteFile(list, []byte("# two\n"+recipient+"\n"+key(t).Recipient().String()+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if all, err := ReadRecipients([]string{list}); err != nil || len(all) != 2 {
		t.Error(all, err)
	}
	for _, no := range []string{"age1xyz", filepath.Join(folder, "none"), bad} {
		if _, err := ReadRecipients([]string{no}); err == nil {
			t.Errorf("%s is a recipient", no)
		}
	}
}

// An error on the way leaves nothing that could be taken for a pack.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	by, k := hub(t, "hub"), key(t)
	var b bytes.Buffer
	gone := errors.New("the database is gone")
	_, err := Make(&b, plan(t, by, k.Recipient()), func(yield func(Record, error) bool) {
		_ = yield(invented(0), nil) && yield(Record{}, gone)
	})
	if _, opening := opened(b.Bytes(), k, by); !errors.Is(err, gone) || opening == nil {
		t.Error(err, opening)
	}
	if _, err := Make(&b, plan(t, by), many(1)); err == nil {
		t.Error("a pack for nobody is made")
	}
	late := plan(t, by, k.Recipient())
	late.Now = func() time.Time { return noon().AddDate(5, 0, 0) }
	if _, err := Make(&b, late, many(1)); err == nil {
		t.Error("a pack is signed after the certificate's end")
	}
}
