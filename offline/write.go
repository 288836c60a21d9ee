package offline

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"ccpor/exchange/seal"
	"ccpor/mapping/confirm"
	"ccpor/mapping/order"
)

// Plan is for whom a pack is made, and how.
type Plan struct {
	// Confirming is the agency for which it is made, with whom to call there.
	Confirming confirm.Agency
	// Agency says whom to call at a court whose orders are in it.
	Agency func(order.ORI) (confirm.Agency, error)
	// To are the keys that open it: at least one.
	To []age.Recipient
	// Sign is the hub's key.
	Sign *seal.Sealer
	// AsOf is when the orders begin to be read, ValidUntil until when the pack is to be used; Now is the clock.
	AsOf, ValidUntil time.Time
	Now              func() time.Time
	// Folder is where what does not fit into memory lies for a while, encrypted.
	Folder string
	// InMemory is how many keys of the index are sorted at a time; 0: 500,000, about 64 MB.
	InMemory int
}

// Make writes a pack of orders. It keeps one block, one run of the index and the directory in memory, however many orders there are.
func Make(to io.Writer, p Plan, orders iter.Seq2[Record, error]) (Manifest, error) {
	w, err := age.Encrypt(to, p.To...)
	if err != nil {
		return Manifest{}, fmt.Errorf("encrypt a pack: %w", err)
	}
	// Smaller windows cost little here, and a reader takes a block at a time.
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return Manifest{}, fmt.Errorf("compress a pack: %w", err)
	}
	m := &making{Plan: p, out: w, packer: packer, sorted: sorter{folder: p.Folder, most: p.InMemory}, courts: map[order.ORI]bool{}}
	if m.sorted.most == 0 {
		m.sorted.most = 500_000
	}
	defer m.sorted.close()
	made, err := m.all(orders)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("make a pack: %w", err)
	}
	return made, nil
}

type making struct {
	Plan
	out    io.Writer
	packer *zstd.Encoder
	sorted sorter
	courts map[order.ORI]bool
	dir    directory
	at     int64
	// now is the block that is being filled, n how many orders it holds.
	now    []byte
	n      int
	orders int
}

func (m *making) all(orders iter.Seq2[Record, error]) (Manifest, error) {
	if err := m.write([]byte(magic)); err != nil {
		return Manifest{}, err
	}
	for r, err := range orders {
		if err == nil {
			err = m.add(r)
		}
		if err != nil {
			return Manifest{}, err
		}
	}
	if err := m.flush(&m.dir.Records); err != nil {
		return Manifest{}, err
	}
	if err := m.index(); err != nil {
		return Manifest{}, err
	}
	return m.end()
}

func (m *making) write(b []byte) error {
	n, err := m.out.Write(b)
	m.at += int64(n)
	return err
}

// add puts an order into the block, and its keys into the index.
func (m *making) add(r Record) error {
	document, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if len(document) > mostBlock/2 {
		return fmt.Errorf("order %s of %s is too long for a pack", r.Order.ID, r.Order.Court.ORI)
	}
	for _, key := range keysOf(r) {
		if err := m.sorted.add(entry{key, len(m.dir.Records), m.n}); err != nil {
			return fmt.Errorf("sort the index: %w", err)
		}
	}
	m.courts[r.Order.Court.ORI] = true
	m.now = append(binary.AppendUvarint(m.now, uint64(len(document))), document...)
	m.n++
	m.orders++
	if len(m.now) < blockBytes {
		return nil
	}
	return m.flush(&m.dir.Records)
}

// flush writes the block.
func (m *making) flush(to *[]block) error {
	if len(m.now) == 0 {
		return nil
	}
	packed := m.packer.EncodeAll(m.now, nil)
	sum := sha256.Sum256(packed)
	*to = append(*to, block{m.at, int64(len(packed)), sum[:]})
	m.now, m.n = m.now[:0], 0
	return m.write(packed)
}

func (m *making) index() error {
	err := m.sorted.each(func(e entry) error {
		if len(m.now) == 0 {
			m.dir.Firsts = append(m.dir.Firsts, e.key)
		}
		m.now = appendEntry(m.now, e)
		if len(m.now) < blockBytes {
			return nil
		}
		return m.flush(&m.dir.Index)
	})
	if err != nil {
		return err
	}
	return m.flush(&m.dir.Index)
}

// end writes the directory and what the hub signs.
func (m *making) end() (Manifest, error) {
	m.dir.Confirming = m.Confirming
	for _, ori := range slices.Sorted(maps.Keys(m.courts)) {
		a, err := m.Agency(ori)
		if err != nil {
			return Manifest{}, err
		}
		m.dir.Courts = append(m.dir.Courts, a)
	}
	written, err := json.Marshal(m.dir)
	if err != nil {
		return Manifest{}, err
	}
	if err := m.write(written); err != nil {
		return Manifest{}, err
	}
	sum, now := sha256.Sum256(written), m.Now().UTC().Truncate(time.Second)
	x := manifest{ID: "pack", SignedDateTime: now, Agency: string(m.Confirming.ORI), AsOf: m.AsOf.UTC().Truncate(time.Second), ValidUntil: m.ValidUntil.UTC().Truncate(time.Second), Orders: m.orders,
		DirectoryBytes: int64(len(written)), DirectorySHA256: hex.EncodeToString(sum[:])}
	text, err := xml.Marshal(x)
	if err != nil {
		return Manifest{}, err
	}
	signed, err := m.Sign.Seal(text, now)
	if err != nil {
		return Manifest{}, err
	}
	if err := m.write(binary.BigEndian.AppendUint64(signed, uint64(len(signed)))); err != nil {
		return Manifest{}, err
	}
	return x.told(m.Sign.Certificate()), nil
}
