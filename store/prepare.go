package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"ccpor/mapping/order"
)

// codec compresses wire bytes. Its coders are pooled inside and used by any number of goroutines.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() (codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)))
	if err != nil {
		return codec{}, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		return codec{}, err
	}
	return codec{enc, dec}, nil
}

func (c codec) pack(b []byte) []byte { return c.enc.EncodeAll(b, make([]byte, 0, len(b)/2+64)) }

// entry is one accepted package on its way into the tables: everything that can be worked out before the transaction, in the caller's own
// goroutine, and below it what the transaction decides.
type entry struct {
	Accepted
	order    orderKey
	test     bool
	tracking order.Tracking
	wire     []byte // zstd
	stages   string
	notes    string
	document string // JSON of the order or the proof of service
	search   search
	digests  [][32]byte // of the images
	ocas     [3]string
	size     int

	submission   int64
	transmission int64
	orderID      int64
	seq          int
	oca          string
	state        TransmissionState // empty: nothing is owed
	notOwed      NotOwed
	waitedFor    waitedFor
}

// orderKey identifies an order: its court's ORI, that court's own identification, and whether it is a test.
type orderKey struct {
	court, id string
	test      bool
}

// packageKey identifies a package: the sender and its own identification.
type packageKey struct {
	agency AgencyID
	id     order.LocalID
}

func (e *entry) key() packageKey { return packageKey{e.Agency.ID, e.Package} }

// waitedFor is what a package had to wait for when it came.
type waitedFor string

const (
	waitedForOrder   waitedFor = "order"
	waitedForEarlier waitedFor = "earlier"
)

func (w waitedFor) String() string {
	switch w {
	case waitedForOrder:
		return "The order that was served has not come yet: the proof of service is sent to CARPOS after it."
	case waitedForEarlier:
		return "It is sent to CARPOS after the earlier transactions of this order."
	}
	return ""
}

// search is what an order is found by.
type search struct {
	form, designator, number, access, surname, given, protected string
	issued, expires, born                                       *time.Time
}

// errIncomplete says that the caller left out what every package has; it is a mistake of the program, not of a court.
var errIncomplete = errors.New("an accepted package needs an agency, an identification, and an order or a proof of service as its action says")

func (s *Store) prepare(ctx context.Context, a Accepted) (*entry, error) {
	e := &entry{Accepted: a, test: a.Test || a.Agency.Test}
	if err := e.name(); err != nil {
		return nil, err
	}
	if err := e.encode(s.Reader.codec); err != nil {
		return nil, err
	}
	if err := s.keepImages(ctx, e); err != nil {
		return nil, err
	}
	e.Received.At = e.Received.At.UTC().Truncate(time.Microsecond) // as the database gives it back
	e.Deadline.Due = e.Deadline.Due.UTC().Truncate(time.Microsecond)
	e.size = len(e.wire) + len(e.document)
	for _, image := range e.Images {
		e.size += len(image.Content)
	}
	return e, nil
}

// name finds the names under which the package and its order are kept.
func (e *entry) name() error {
	switch {
	case e.Agency.ID == 0 || e.Package == "":
		return errIncomplete
	case e.Action == ActionAdd && e.Order != nil && e.Service == nil:
		e.order = orderKey{string(e.Order.Court.ORI), string(e.Order.ID), e.test}
	case e.Action == ActionServe && e.Service != nil && e.Order == nil:
		e.order = orderKey{string(e.Service.Court), string(e.Service.OrderID), e.test}
	default:
		return errIncomplete
	}
	if e.order.court == "" || e.order.id == "" {
		return errIncomplete
	}
	return e.track()
}

// track draws a tracking number, and the OCAs that go with it.
func (e *entry) track() (err error) {
	if e.tracking, err = newTracking(); err == nil && e.Order != nil {
		e.ocas = ocaCandidates(e.Order.Case, e.tracking)
	}
	return err
}

func newTracking() (order.Tracking, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("draw a tracking number: %w", err)
	}
	return order.NewTracking(binary.LittleEndian.Uint64(b[:])), nil
}

func (e *entry) encode(c codec) error {
	e.wire = c.pack(e.Received.Wire)
	var subject any = e.Service
	if e.Order != nil {
		subject, e.search = e.Order, searchOf(e.Order)
	}
	for _, part := range []struct {
		text *string
		from any
	}{{&e.document, subject}, {&e.stages, e.Received.Stages}, {&e.notes, e.Notes}} {
		b, err := json.Marshal(part.from)
		if err != nil {
			return fmt.Errorf("write the package's content: %w", err)
		}
		*part.text = string(b)
	}
	return nil
}

func searchOf(o *order.Order) search {
	s := search{
		form: o.Form.Number, designator: o.Form.Designator, number: string(o.Case), access: string(o.Access),
		surname: strings.ToUpper(o.Restrained.Name.Surname), given: strings.ToUpper(o.Restrained.Name.Given),
		issued: day(&o.Issued), expires: day(o.Expiry.Date), born: day(o.Restrained.Born),
	}
	for i, p := range o.Protected {
		if i > 0 {
			s.protected += "\n"
		}
		s.protected += strings.ToUpper(p.Name.Surname + "," + p.Name.Given)
	}
	return s
}

func day(d *order.Date) *time.Time {
	if d == nil || d.IsZero() {
		return nil
	}
	t := time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, time.UTC)
	return &t
}

// keepImages checks each image against its digest, by which it is found again, and hands it to the outside keeper if there is one.
func (s *Store) keepImages(ctx context.Context, e *entry) error {
	for _, image := range e.Images {
		digest := sha256.Sum256(image.Content)
		if hex.EncodeToString(digest[:]) != image.SHA256 {
			return fmt.Errorf("image %s is not the one that its digest names", image.ID)
		}
		e.digests = append(e.digests, digest)
		if s.opts.Images == nil {
			continue
		}
		if err := s.opts.Images.Keep(ctx, digest, image.Content); err != nil {
			return fmt.Errorf("keep image %s: %w", image.ID, err)
		}
	}
	return nil
}
