// Package offline writes and reads offline packs: one file with the live orders that an agency's law enforcement may see, to keep for an outage. Its reader needs no server, no database and no network.
//
// A pack is encrypted to its recipients by age (age-encryption.org/v1), which hides everything, and inside it is signed by the hub: the recipients' public keys are no secret, so that encryption alone
// would not say who made it. Inside are, one after another,
//
//	"ccpor pack 1\n"
//	blocks of orders        each compressed with zstd, about 256 KiB before that
//	blocks of the index     the same, of keys in the order of their bytes, each with the place of an order
//	the directory           JSON: where each block lies and its SHA-256, the first key of each block of the index, whom to call at each court
//	the manifest            XML, signed by the hub (package seal): for whom, of when, until when, how many orders, length and SHA-256 of the directory
//	8 bytes                 the length of the manifest, the highest byte first
//
// So a reader verifies one signature and one digest at the beginning, then of each block that it needs its digest, before anything of it is read: an order is found in a pack of any size without reading the pack.
// A writer keeps no more in memory than one block, one run of the index and the directory; other runs lie in files of their own beside it, encrypted with a key that is never written down.
//
// It refuses what is not as the hub signed it: changed, truncated, lengthened, with blocks of another pack, by another hub, or for another key; and private keys that others may read. It knows no database,
// and does not decide who may see what: it is given the orders.
package offline

import (
	"errors"
	"time"

	"ccpor/mapping/confirm"
	"ccpor/mapping/order"
)

// Record is an order of a pack, as its agency's law enforcement may see it.
type Record struct {
	Order order.Order `json:"order"`
	// Withheld says that whereabouts were taken out.
	Withheld bool      `json:"withheld,omitempty"`
	Version  int       `json:"version"`
	OCA      string    `json:"oca,omitempty"`
	FCN      order.FCN `json:"fcn,omitempty"`
	// Served says that a proof of service has come or that none is needed; Service is the newest proof.
	Served    bool                `json:"served,omitempty"`
	Service   *order.Service      `json:"service,omitempty"`
	Cancelled *order.Cancellation `json:"cancelled,omitempty"`
}

// Manifest is what the hub has signed of a pack.
type Manifest struct {
	// Agency is for whom it was made.
	Agency order.ORI
	// AsOf is when the making began: what came to the registry afterwards may be missing. SignedAt is when it ended, ValidUntil until when the pack is to be used.
	AsOf, SignedAt, ValidUntil time.Time
	Orders                     int
	// Digest is the SHA-256 of the directory, which holds those of all blocks: it names the whole content.
	Digest string
	// Hub is the name in the certificate with which it was signed.
	Hub string
}

// Age is how old what it says is.
func (m Manifest) Age(now time.Time) time.Duration { return now.Sub(m.AsOf) }

// Fresh is nil while the pack is to be used; ErrExpired, ErrFuture.
func (m Manifest) Fresh(now time.Time) error {
	switch {
	case now.Before(m.AsOf.Add(-time.Hour)):
		return ErrFuture
	case now.After(m.ValidUntil):
		return ErrExpired
	}
	return nil
}

// Errors of packs.
var (
	// ErrNotPack says that a file is no pack of this edition, or does not even begin like one.
	ErrNotPack = errors.New("it is no offline pack of this edition")
	// ErrTampered says that something is not as the hub signed it.
	ErrTampered = errors.New("it is not as the hub signed it: it was changed, cut or damaged, and nothing of it is to be trusted")
	// ErrWrongKey says that the pack was not made for this key.
	ErrWrongKey = errors.New("it was not made for this key")
	// ErrOtherHub says that no hub that the reader trusts has signed it.
	ErrOtherHub = errors.New("no hub whose certificate was given has signed it")
	// ErrExpired says that it is too old to be used.
	ErrExpired = errors.New("it has expired: orders have been made, changed and ended since")
	// ErrFuture says that it was made later than now: a clock is wrong.
	ErrFuture = errors.New("it was made in the future: the clock of this machine, or the hub's, is wrong")
)

const (
	magic = "ccpor pack 1\n"
	// blockBytes is about how long a block is before it is compressed, and mostBlock the longest that one may be.
	blockBytes = 256 << 10
	mostBlock  = 16 << 20
	// mostManifest and mostDirectory bound what is read before anything was verified.
	mostManifest  = 64 << 10
	mostDirectory = 1 << 30
)

// directory is where everything lies.
type directory struct {
	// Confirming is the agency for which the pack was made, Courts those whose orders are in it.
	Confirming confirm.Agency   `json:"confirming"`
	Courts     []confirm.Agency `json:"courts"`
	// Records are the blocks of orders, Index those of the index.
	Records []block `json:"records"`
	Index   []block `json:"index"`
	// Firsts are the first keys of the blocks of the index.
	Firsts []string `json:"firsts"`
}

// block is a piece of the file, counted from its beginning.
type block struct {
	At     int64  `json:"at"`
	Bytes  int64  `json:"bytes"`
	SHA256 []byte `json:"sha256"`
}

// manifest is the document that is signed.
type manifest struct {
	XMLName         struct{}  `xml:"urn:ccpor:exchange:pack:1.0 Pack"`
	ID              string    `xml:"Id,attr"`
	SignedDateTime  time.Time `xml:"SignedDateTime"`
	Agency          string    `xml:"Agency"`
	AsOf            time.Time `xml:"AsOf"`
	ValidUntil      time.Time `xml:"ValidUntil"`
	Orders          int       `xml:"Orders"`
	DirectoryBytes  int64     `xml:"DirectoryBytes"`
	DirectorySHA256 string    `xml:"DirectorySHA256"`
}
