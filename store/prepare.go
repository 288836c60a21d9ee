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
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/unicode/norm"

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
	stages   string
	notes    string
	clear    parts
	sealed   parts
	search   search
	digests  [][32]byte // of the images
	contents [][]byte   // of the images, encrypted
	ocas     [3]string
	size     int

	submission   int64
	transmission int64
	orderID      int64
	version      int
	seq          int
	oca          string
	state        TransmissionState // empty: nothing is owed
	notOwed      NotOwed
	waitedFor    waitedFor
	// lacksData says that it was attached to an order that has not come, completes that it is the order of which something was attached before.
	lacksData, completes bool
}

// parts are what is encrypted of a package; empty for nothing.
type parts struct {
	wire     []byte
	document []byte // JSON of the subject
	changed  []byte // JSON of the modification
	secret   []byte // JSON of the confidential information
	warned   []byte // JSON of the warnings
}

// orderKey identifies an order: its court's ORI, that court's own identification, and whether it is a test.
type orderKey struct {
	court, id string
	test      bool
}

// packageKey identifies a package: the sender, its own identification, and whether it is a test.
type packageKey struct {
	agency AgencyID
	id     order.LocalID
	test   bool
}

func (e *entry) key() packageKey { return packageKey{e.Agency.ID, e.Package, e.test} }

// waitedFor is what a package had to wait for when it came.
type waitedFor string

const (
	waitedForOrder   waitedFor = "order"
	waitedForEarlier waitedFor = "earlier"
)

// waits says in words what a package of the action waits for.
func (w waitedFor) waits(a Action) string {
	switch {
	case w == waitedForEarlier:
		return "It is sent to CARPOS after the earlier transactions of this order."
	case w != waitedForOrder:
		return ""
	case a == ActionModify:
		return "The order that was changed has not come yet: the change is sent to CARPOS after it."
	case a == ActionCancel:
		return "The order that was cancelled has not come yet: the cancellation is sent to CARPOS after it."
	case a == ActionAttach:
		return "The order's data have not come yet: what was attached is kept for it."
	}
	return "The order that was served has not come yet: the proof of service is sent to CARPOS after it."
}

// search is what an order is found by.
type search struct {
	form, designator, number, access, surname, given, protected string
	parties                                                     []party
	called                                                      called
	issued, expires, born                                       *time.Time
}

// errIncomplete says that the caller left out what every package has; it is a mistake of the program, not of a court.
var errIncomplete = errors.New("an accepted package needs an agency, an identification, and the one subject that its action asks for")

func (s *Store) prepare(ctx context.Context, a Accepted) (*entry, error) {
	e := &entry{Accepted: a, test: a.Test || a.Agency.Test || a.Received.Replay != nil}
	if err := e.name(); err != nil {
		return nil, err
	}
	if err := e.encode(s.naming); err != nil {
		return nil, err
	}
	if err := e.track(ctx, s.safe); err != nil {
		return nil, err
	}
	if err := s.keepImages(ctx, e); err != nil {
		return nil, err
	}
	e.Received.At = e.Received.At.UTC().Truncate(time.Microsecond) // as the database gives it back
	e.Deadline.Due = e.Deadline.Due.UTC().Truncate(time.Microsecond)
	e.size = len(e.sealed.wire) + len(e.sealed.document) + len(e.sealed.secret)
	for _, image := range e.Images {
		e.size += len(image.Content)
	}
	return e, nil
}

// name finds the names under which the package and its order are kept.
func (e *entry) name() error {
	court, id := e.names()
	if e.Agency.ID == 0 || e.Package == "" || court == "" || id == "" {
		return errIncomplete
	}
	e.order = orderKey{string(court), string(id), e.test}
	return nil
}

// names are the court and the identification of the order that the subject is about; empty when there is not exactly the subject that the action asks for.
func (e *entry) names() (order.ORI, order.LocalID) {
	subjects := 0
	for _, there := range []bool{e.Order != nil, e.Service != nil, e.Cancellation != nil, e.Supplement != nil} {
		if there {
			subjects++
		}
	}
	withOrder := e.Action == ActionAdd || e.Action == ActionModify
	switch {
	case subjects != 1, (e.Modification != nil) != (e.Action == ActionModify), e.Confidential != nil && !withOrder && e.Action != ActionAttach:
		return "", ""
	case withOrder && e.Order != nil:
		return e.Order.Court.ORI, e.Order.ID
	case e.Action == ActionServe && e.Service != nil:
		return e.Service.Court, e.Service.OrderID
	case e.Action == ActionCancel && e.Cancellation != nil:
		return e.Cancellation.Court, e.Cancellation.OrderID
	case e.Action == ActionAttach && e.Supplement != nil:
		return e.Supplement.Court, e.Supplement.OrderID
	}
	return "", ""
}

// track draws a tracking number, and the OCAs that go with it; what is encrypted is so under that number.
func (e *entry) track(ctx context.Context, s safe) (err error) {
	if e.tracking, err = newTracking(); err != nil {
		return err
	}
	if e.Action == ActionAdd {
		e.ocas = ocaCandidates(e.Order.Case, e.tracking)
	}
	for _, part := range []struct {
		in   place
		from []byte
		to   *[]byte
	}{
		{inWire, e.clear.wire, &e.sealed.wire}, {inDocument[e.Action], e.clear.document, &e.sealed.document}, {inModification, e.clear.changed, &e.sealed.changed},
		{inConfidential, e.clear.secret, &e.sealed.secret}, {inWarnings, e.clear.warned, &e.sealed.warned},
	} {
		if *part.to, err = s.seal(ctx, part.in, string(e.tracking), part.from); err != nil {
			return err
		}
	}
	return nil
}

// inDocument is where the subject of each action is kept.
var inDocument = map[Action]place{ActionAdd: inVersion, ActionModify: inVersion, ActionServe: inService, ActionCancel: inCancellation, ActionAttach: inSupplement}

func newTracking() (order.Tracking, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("draw a tracking number: %w", err)
	}
	return order.NewTracking(binary.LittleEndian.Uint64(b[:])), nil
}

func (e *entry) encode(n *naming) error {
	e.clear.wire = e.Received.Wire
	if e.Order != nil {
		e.search = n.search(e.Order)
	}
	var stages, notes []byte
	for _, part := range []struct {
		text *[]byte
		from any
	}{{&e.clear.document, e.subject()}, {&stages, e.Received.Stages}, {&notes, e.Notes}} {
		b, err := json.Marshal(part.from)
		if err != nil {
			return fmt.Errorf("write the package's content: %w", err)
		}
		*part.text = b
	}
	e.stages, e.notes = string(stages), string(notes)
	if len(e.Warnings) > 0 {
		if err := writeIfThere(&e.clear.warned, &e.Warnings); err != nil {
			return err
		}
	}
	return errors.Join(writeIfThere(&e.clear.changed, e.Modification), writeIfThere(&e.clear.secret, e.Confidential))
}

func (e *entry) subject() any {
	switch e.Action {
	case ActionServe:
		return e.Service
	case ActionCancel:
		return e.Cancellation
	case ActionAttach:
		return e.Supplement
	}
	return e.Order
}

// writeIfThere leaves the text of nothing empty.
func writeIfThere[T any](text *[]byte, from *T) error {
	if from == nil {
		return nil
	}
	b, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("write the package's content: %w", err)
	}
	*text = b
	return nil
}

// kinds are the transactions by which CARPOS is told of each action; attach is a change when it brings more than images.
var kinds = map[Action]Kind{ActionAdd: KindEnter, ActionModify: KindModify, ActionAttach: KindModify, ActionCancel: KindCancel, ActionServe: KindServe}

// informs says that the package brings data which an entry that is held may have lacked.
func (e *entry) informs() bool {
	return e.Action == ActionModify || e.Action == ActionAttach && e.Confidential != nil
}

// shows says that the package brings an image of the order itself.
func (e *entry) shows() bool {
	return slices.ContainsFunc(e.Images, func(i Image) bool { return i.Role == roleOrder })
}

// roleOrder is the role of a document that is the order (mapping/order.Document).
const roleOrder = "order"

func (n *naming) search(o *order.Order) search {
	s := search{
		called: n.of(o),
		form:   o.Form.Number, designator: o.Form.Designator, number: string(o.Case), access: string(o.Access),
		surname: fold(o.Restrained.Name.Surname), given: fold(o.Restrained.Name.Given),
		issued: day(&o.Issued), expires: day(o.Expiry.Date), born: day(o.Restrained.Born),
	}
	for i, p := range o.Protected {
		if i > 0 {
			s.protected += "\n"
		}
		s.protected += fold(p.Name.Surname + "," + p.Name.Given)
		s.parties = append(s.parties, party{"protected", fold(p.Name.Surname), fold(p.Name.Given)})
	}
	for _, n := range o.Restrained.Aliases {
		s.parties = append(s.parties, party{"alias", fold(n.Surname), fold(n.Given)})
	}
	return s
}

// party is somebody whom an order names beside the restrained person.
type party struct{ role, surname, given string }

// fold is a name as it is searched: upper case, without accents, with single spaces.
func fold(s string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, norm.NFD.String(s))
	return strings.Join(strings.Fields(plain), " ")
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
		content, err := s.seal(ctx, inImage, image.SHA256, image.Content)
		if err != nil {
			return err
		}
		e.digests, e.contents = append(e.digests, digest), append(e.contents, content)
		if s.opts.Images == nil {
			continue
		}
		if err := s.opts.Images.Keep(ctx, digest, content); err != nil {
			return fmt.Errorf("keep image %s: %w", image.ID, err)
		}
	}
	return nil
}
