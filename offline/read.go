package offline

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"unicode"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"ccpor/exchange/seal"
	"ccpor/exchange/sig"
	"ccpor/mapping/confirm"
	"ccpor/mapping/order"
)

// Pack is a pack whose signature holds. It may be read by several at once, and reads no more than it needs.
type Pack struct {
	Manifest
	dir      directory
	file     io.ReaderAt
	unpacker *zstd.Decoder
}

// Open verifies a pack's signature and directory, with the keys that may open it and the hubs that are trusted. ErrNotPack, ErrWrongKey, ErrOtherHub, ErrTampered. How old it is, is for the caller to judge (Fresh).
func Open(file io.ReaderAt, size int64, keys []age.Identity, hub []*x509.Certificate) (*Pack, error) {
	plain, length, err := age.DecryptReaderAt(file, size, keys...)
	var noMatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &noMatch):
		return nil, ErrWrongKey
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", ErrNotPack, err)
	}
	p := &Pack{file: plain}
	if p.unpacker, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostBlock)); err != nil {
		return nil, fmt.Errorf("read a pack: %w", err)
	}
	if err := p.open(length, hub); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Pack) open(length int64, hub []*x509.Certificate) error {
	start, err := p.read(0, int64(len(magic)), length)
	if err != nil {
		return err
	}
	if string(start) != magic {
		return ErrNotPack
	}
	last, err := p.read(length-8, 8, length)
	if err != nil {
		return err
	}
	claimed := binary.BigEndian.Uint64(last)
	if claimed > mostManifest || int64(claimed) > length-8-int64(len(magic)) {
		return tampered("the length of the manifest")
	}
	at := length - 8 - int64(claimed)
	signed, err := p.read(at, int64(claimed), length)
	if err != nil {
		return err
	}
	m, err := p.manifest(signed, hub)
	if err != nil {
		return err
	}
	return p.directory(m, at)
}

// read is a part of the file, which has to lie within it: nothing is reserved for what is only claimed.
func (p *Pack) read(at, bytes, length int64) ([]byte, error) {
	if at < 0 || bytes < 0 || at > length || bytes > length-at {
		return nil, tampered("the length of the file")
	}
	b := make([]byte, bytes)
	if n, err := p.file.ReadAt(b, at); err != nil && (!errors.Is(err, io.EOF) || int64(n) < bytes) {
		return nil, fmt.Errorf("%w (%w)", ErrTampered, err)
	}
	return b, nil
}

func tampered(what string) error { return fmt.Errorf("%s: %w", what, ErrTampered) }

// manifest verifies what the hub signed.
func (p *Pack) manifest(signed []byte, hub []*x509.Certificate) (m manifest, err error) {
	opened, err := seal.OpenExact(signed, seal.Pack, hub)
	var refused *sig.Error
	switch {
	case errors.Is(err, seal.ErrNoTrust), errors.As(err, &refused) && refused.Code == sig.CertificateUnknown:
		return m, fmt.Errorf("%w (%w)", ErrOtherHub, err)
	case err != nil:
		return m, fmt.Errorf("the manifest: %w (%w)", ErrTampered, err)
	}
	if err := xml.Unmarshal(opened.Octets(), &m); err != nil {
		return m, tampered("the manifest")
	}
	p.Manifest = m.told(opened.Certificate())
	return m, nil
}

// told is the manifest as readers are told it.
func (m manifest) told(by *x509.Certificate) Manifest {
	return Manifest{Agency: order.ORI(m.Agency), AsOf: m.AsOf, SignedAt: m.SignedDateTime, ValidUntil: m.ValidUntil, Orders: m.Orders, Digest: m.DirectorySHA256, Hub: by.Subject.CommonName}
}

// directory reads where everything lies. It ends where the manifest begins, and all blocks lie before it.
func (p *Pack) directory(m manifest, end int64) error {
	if m.DirectoryBytes > mostDirectory {
		return tampered("the length of the directory")
	}
	written, err := p.read(end-m.DirectoryBytes, m.DirectoryBytes, end)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(written); hex.EncodeToString(sum[:]) != m.DirectorySHA256 {
		return tampered("the directory")
	}
	if err := json.Unmarshal(written, &p.dir); err != nil {
		return tampered("the directory")
	}
	next := int64(len(magic))
	for _, b := range slices.Concat(p.dir.Records, p.dir.Index) {
		if b.At != next || b.Bytes < 1 || b.Bytes > mostBlock || b.At+b.Bytes > end-m.DirectoryBytes {
			return tampered("the place of a block")
		}
		next += b.Bytes
	}
	if next != end-m.DirectoryBytes || len(p.dir.Firsts) != len(p.dir.Index) {
		return tampered("the number of blocks")
	}
	return nil
}

// block reads a block; nothing of it is unpacked before its digest was compared.
func (p *Pack) block(b block) ([]byte, error) {
	packed, err := p.read(b.At, b.Bytes, b.At+b.Bytes)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(packed); !bytes.Equal(sum[:], b.SHA256) {
		return nil, tampered("a block")
	}
	content, err := p.unpacker.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("unpack a block: %w", err)
	}
	return content, nil
}

// Query is what is looked for: exactly one of its fields.
type Query struct {
	// Name is of a restrained or protected person: "Quarry", "Quarry, Ada" or "Ada Quarry". Its last part may be the beginning only; case and accents do not count.
	Name string
	FCN  string
	Case string
	Born order.Date
}

// ErrQuery says that nothing, or more than one thing, is looked for.
var ErrQuery = errors.New("one thing is looked for: a name, an FCN, a case number or a date of birth")

// prefixes are how the keys begin that fit.
func (q Query) prefixes() (all []string, exact bool, err error) {
	var kinds int
	for _, said := range []string{q.Name, q.FCN, q.Case} {
		if strings.TrimSpace(said) != "" {
			kinds++
		}
	}
	if !q.Born.IsZero() {
		kinds++
	}
	switch {
	case kinds != 1:
		return nil, false, ErrQuery
	case q.FCN != "":
		return []string{fcnKey + fold(q.FCN)}, true, nil
	case q.Case != "":
		return []string{caseKey + fold(q.Case)}, true, nil
	case !q.Born.IsZero():
		return []string{bornKey + q.Born.String()}, true, nil
	}
	for _, name := range names(q.Name) {
		all = append(all, restrainedKey+name, protectedKey+name)
	}
	return all, false, nil
}

// names are the readings of a name as keys begin. Without a comma it is a surname of one or several words, or a given name and a surname.
func names(said string) []string {
	if surname, given, split := strings.Cut(said, ","); split {
		return []string{fold(surname) + "," + fold(given)}
	}
	words := strings.FieldsFunc(said, unicode.IsSpace)
	all := []string{fold(said)}
	for i := 1; i < len(words); i++ {
		all = append(all, fold(strings.Join(words[i:], " "))+","+fold(strings.Join(words[:i], " ")))
	}
	return all
}

// Find reads the orders that fit, at most so many, in the order of their keys; more says that there are others. ErrQuery, ErrTampered.
func (p *Pack) Find(q Query, most int) (found []Record, more bool, err error) {
	prefixes, exact, err := q.prefixes()
	if err != nil {
		return nil, false, err
	}
	seen := map[[2]int]bool{}
	for _, prefix := range prefixes {
		err := p.scan(prefix, func(e entry) (bool, error) {
			place := [2]int{e.block, e.n}
			if exact && e.key != prefix || seen[place] {
				return true, nil
			}
			if len(found) == most {
				more = true
				return false, nil
			}
			r, err := p.record(e)
			seen[place], found = true, append(found, r)
			return true, err
		})
		if err != nil {
			return nil, false, err
		}
	}
	return found, more, nil
}

// scan gives the entries whose keys begin so, until take wants no more.
func (p *Pack) scan(prefix string, take func(entry) (bool, error)) error {
	first := max(0, sort.SearchStrings(p.dir.Firsts, prefix)-1)
	for i := first; i < len(p.dir.Index) && (p.dir.Firsts[i] <= prefix || strings.HasPrefix(p.dir.Firsts[i], prefix)); i++ {
		content, err := p.block(p.dir.Index[i])
		if err != nil {
			return err
		}
		entries, err := entriesOf(content)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.key, prefix) {
				continue
			}
			if goOn, err := take(e); err != nil || !goOn {
				return err
			}
		}
	}
	return nil
}

// record reads the order of an entry.
func (p *Pack) record(e entry) (r Record, err error) {
	if e.block >= len(p.dir.Records) {
		return r, tampered("the index")
	}
	content, err := p.block(p.dir.Records[e.block])
	if err != nil {
		return r, err
	}
	for n := 0; len(content) > 0; n++ {
		document, rest, err := cut(content)
		if err != nil {
			return r, err
		}
		if n == e.n {
			return r, json.Unmarshal(document, &r)
		}
		content = rest
	}
	return r, tampered("the index")
}

// cut is the first order of a block's content, and what is behind it.
func cut(content []byte) (document, rest []byte, err error) {
	length, n := binary.Uvarint(content)
	if n <= 0 || length > uint64(len(content)-n) {
		return nil, nil, tampered("a block of orders")
	}
	return content[n : n+int(length)], content[n+int(length):], nil
}

// Check reads all of the pack: every block is as it was signed, every key leads to an order that has it, and there are as many orders as the hub says.
func (p *Pack) Check() error {
	orders := 0
	for _, b := range p.dir.Records {
		content, err := p.block(b)
		if err != nil {
			return err
		}
		for len(content) > 0 {
			document, rest, err := cut(content)
			if err != nil {
				return err
			}
			var r Record
			if err := json.Unmarshal(document, &r); err != nil {
				return tampered("an order")
			}
			orders, content = orders+1, rest
		}
	}
	if orders != p.Orders {
		return tampered("the number of orders")
	}
	for _, b := range p.dir.Index {
		content, err := p.block(b)
		if err == nil {
			_, err = entriesOf(content)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Confirming is the agency for which the pack was made, with whom to call there.
func (p *Pack) Confirming() confirm.Agency { return p.dir.Confirming }

// Court is whom to call at a court.
func (p *Pack) Court(ori order.ORI) confirm.Agency {
	i := slices.IndexFunc(p.dir.Courts, func(a confirm.Agency) bool { return a.ORI == ori })
	if i < 0 {
		return confirm.Agency{ORI: ori}
	}
	return p.dir.Courts[i]
}
