package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/mapping/confirm"
	"ccpor/mapping/order"
	"ccpor/mapping/places"
	"ccpor/mapping/plain"
	"ccpor/offline"
	"ccpor/store"
)

type packCommand struct {
	Make  packMakeCommand  `cmd:"" help:"Write all live orders that an agency's law enforcement may see into one file, signed and encrypted, for an outage."`
	Read  packReadCommand  `cmd:"" help:"Find an order in such a file, without server, database or network."`
	Check packCheckCommand `cmd:"" help:"Read all of such a file: is every part as the hub signed it?"`
	Keys  packKeysCommand  `cmd:"" help:"Make the key that opens an agency's packs, and print for whom packs are to be made."`
}

type packMakeCommand struct {
	Database database `embed:""`

	Data     string        `help:"Look into the sandbox that keeps its data in this folder, running or not." type:"path" placeholder:"DIR"`
	SealCert string        `env:"CCPOR_SEAL_CERT" help:"Certificate with which the hub signs, PEM." placeholder:"FILE" type:"path"`
	SealKey  string        `env:"CCPOR_SEAL_KEY" help:"Key of that certificate, PEM." placeholder:"FILE" type:"path"`
	Agency   string        `required:"" help:"ORI of the law-enforcement agency for which it is made." placeholder:"ORI"`
	County   []string      `help:"Only orders of courts of this county; may be given several times. All, where not given." placeholder:"NAME"`
	To       []string      `required:"" help:"Recipient (age1..., from: ccpor pack keys), or a file of recipients; may be given several times." placeholder:"RECIPIENT"`
	Out      string        `required:"" help:"File to write; one that is there is replaced when the new one is whole." type:"path" placeholder:"FILE"`
	Valid    time.Duration `default:"168h" help:"How long it may be used; 7 days where not given."`
}

// mostValid is how long a pack may be used at most: what it says gets older each day.
const mostValid = 31 * 24 * time.Hour

// Run makes a pack. It is on record, with the number of orders, before the file has its name.
func (c *packMakeCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := order.ParseORI(c.Agency)
	if err != nil {
		return err
	}
	if c.Valid < time.Hour || c.Valid > mostValid {
		return errors.New("a pack is good for an hour at least and 31 days at most")
	}
	counties, err := countiesOf(c.County)
	if err != nil {
		return err
	}
	plan := offline.Plan{Now: time.Now, AsOf: time.Now(), Folder: filepath.Dir(c.Out)}
	plan.ValidUntil = plan.AsOf.Add(c.Valid)
	if plan.To, err = offline.ReadRecipients(c.To); err != nil {
		return err
	}
	if plan.Sign, err = (&tellConfig{SealCert: c.SealCert, SealKey: c.SealKey}).sealer(); err != nil {
		return err
	}
	if plan.Sign == nil {
		return errors.New("a pack is signed by the hub: set CCPOR_SEAL_CERT and CCPOR_SEAL_KEY")
	}
	at, err := c.Database.lookInto(ctx, c.Data)
	if err != nil {
		return err
	}
	defer at.done()
	s, err := store.Open(ctx, at.url, at.options())
	if err != nil {
		return err
	}
	defer s.Close()
	return c.make(ctx, t, s, plan, ori, counties)
}

// countiesOf are the beginnings of the ORIs of counties.
func countiesOf(named []string) (prefixes []string, err error) {
	register, err := places.Load()
	if err != nil {
		return nil, err
	}
	for _, name := range named {
		county, known := register.Named(name)
		if !known {
			return nil, fmt.Errorf("California has no county %q", name)
		}
		prefixes = append(prefixes, "CA"+county.Number)
	}
	return prefixes, nil
}

func (c *packMakeCommand) make(ctx context.Context, t *terminal, s *store.Store, plan offline.Plan, ori order.ORI, counties []string) error {
	agency, err := s.AgencyByORI(ctx, ori)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no agency is registered under %s", ori)
	}
	if err != nil {
		return err
	}
	if agency.Kind != access.KindLawEnforcement {
		return fmt.Errorf("%s is no law-enforcement agency: packs are made for those only", ori)
	}
	plan.Agency = func(ori order.ORI) (confirm.Agency, error) { return whomToCall(ctx, s.Reader, ori, "") }
	if plan.Confirming, err = whomToCall(ctx, s.Reader, ori, agency.Name); err != nil {
		return err
	}
	zoned := plan.AsOf.In(t.zone)
	orders := seenBy(officerOf(agency), zoned, s.LiveOrders(ctx, store.LiveQuery{Counties: counties, Day: order.DateOf(zoned), Test: agency.Test}))
	made, err := intoPack(c.Out, plan, orders, func(made offline.Manifest) error {
		return s.Audit(ctx, store.Event{At: time.Now(), Actor: "command line", Agency: ori, Action: "pack.make", Object: "agency " + string(ori), Outcome: "made", Details: fmt.Sprintf("%d orders, of %s, good until %s, for %d recipients, SHA-256 %s",
			made.Orders, or(strings.Join(counties, ", "), "all counties"), made.ValidUntil.Format(time.RFC3339), len(plan.To), made.Digest)})
	})
	if err != nil {
		return err
	}
	return t.print(map[string]any{"file": c.Out, "agency": ori, "orders": made.Orders, "asOf": made.AsOf, "validUntil": made.ValidUntil, "sha256": made.Digest},
		"%s holds %d orders for %s, as of %s, good until %s.\nWho has its key reads all of them: keep the two apart, as you keep the orders.\n", c.Out, made.Orders, ori, t.moment(made.AsOf), t.moment(made.ValidUntil))
}

// officerOf is somebody of the agency's law enforcement: what such a person sees is in its packs.
func officerOf(a store.Agency) access.Asker {
	return access.Asker{Kind: a.Kind, Agency: a.ORI, Test: a.Test, Roles: []access.Role{access.LawEnforcement}}
}

// seenBy are the orders that are in force and that somebody sees whole, as that person sees them.
func seenBy(who access.Asker, now time.Time, orders iter.Seq2[store.LiveOrder, error]) iter.Seq2[offline.Record, error] {
	return func(yield func(offline.Record, error) bool) {
		for o, err := range orders {
			if err != nil {
				yield(offline.Record{}, err)
				return
			}
			standing := plain.Standing{Now: now, Served: o.Served, Service: o.Service, Cancelled: o.Cancelled}
			if !plain.Stand(o.Order, standing).InForce() || who.Sees(access.ObjectOf(o.Order, o.Test), now) != access.Whole {
				continue
			}
			r := offline.Record{Order: o.Order, Version: o.Version, OCA: o.OCA, FCN: o.FCN, Served: o.Served, Service: o.Service, Cancelled: o.Cancelled}
			if !who.Whereabouts(o.Order.Court.ORI) {
				r.Order, r.Withheld = access.Withhold(r.Order)
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// whomToCall is an agency with whom to call there about orders, around the clock first. One that is not registered has nobody.
func whomToCall(ctx context.Context, r *store.Reader, ori order.ORI, name string) (confirm.Agency, error) {
	a := confirm.Agency{ORI: ori, Name: name}
	contacts, err := r.ContactsOf(ctx, ori)
	for _, kind := range []store.ContactKind{store.ContactConfirmation, store.ContactOffice} {
		for _, c := range contacts {
			if c.Kind == kind {
				a.Contacts = append(a.Contacts, confirm.Contact{Name: c.Name, Telephone: c.Telephone, Email: c.Email, Hours: c.Hours})
			}
		}
	}
	return a, err
}

// intoPack writes a pack beside its place, has it put on record, and gives it its name: there is never half a pack under it, nor one that is on no record.
func intoPack(path string, p offline.Plan, orders iter.Seq2[offline.Record, error], record func(offline.Manifest) error) (m offline.Manifest, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".pack-*")
	if err != nil {
		return m, err
	}
	defer os.Remove(f.Name()) // it has another name where all went well
	m, err = offline.Make(f, p, orders)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return m, err
	}
	if err := record(m); err != nil {
		return m, fmt.Errorf("recording the pack: %w", err)
	}
	return m, os.Rename(f.Name(), path)
}

type packKeysCommand struct {
	Out  string   `required:"" help:"File for the key; one that is there is never replaced." type:"path" placeholder:"FILE"`
	Cert []string `help:"The hub's certificate, PEM: it is kept beside the key, and only its packs are read with it." type:"existingfile" placeholder:"FILE"`
}

// pinned is the file in which the hub's certificates lie beside a key.
func pinned(key string) string { return key + ".hub.pem" }

// Run makes a key, and pins the hub's certificate to it.
func (c *packKeysCommand) Run(t *terminal) error {
	var pems bytes.Buffer
	for _, file := range c.Cert {
		if _, err := readCertificates([]string{file}); err != nil {
			return err
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		pems.Write(append(b, '\n'))
	}
	recipient, err := offline.CreateKey(c.Out)
	if err != nil {
		return err
	}
	if pems.Len() > 0 {
		if err := os.WriteFile(pinned(c.Out), pems.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return t.print(map[string]any{"key": c.Out, "recipient": recipient}, "%s is the key: it stays at the agency, readable to its owner alone.\nPacks are made for this recipient, which is no secret:\n%s\n", c.Out, recipient)
}

// packFile is a pack with what opens it.
type packFile struct {
	File      string   `arg:"" help:"The pack." type:"existingfile"`
	Key       string   `required:"" help:"The agency's key, of ccpor pack keys." type:"path" placeholder:"FILE"`
	Cert      []string `help:"The hub's certificate, PEM; where not given, the one that lies beside the key." type:"existingfile" placeholder:"FILE"`
	ExpiredOK bool     `name:"expired-ok" help:"Read a pack that has expired, too: every page says so."`
}

// open verifies the pack, and refuses one that is too old.
func (c packFile) open(now time.Time) (p *offline.Pack, done func(), err error) {
	keys, err := offline.ReadKey(c.Key)
	if err != nil {
		return nil, nil, err
	}
	hub, err := c.trusted()
	if err != nil {
		return nil, nil, err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		p, err = offline.Open(f, size, keys, hub)
	}
	if err == nil {
		if err = p.Fresh(now); errors.Is(err, offline.ErrExpired) {
			err = c.expired(err)
		}
	}
	if err != nil {
		_ = f.Close() // the other error says more
		return nil, nil, fmt.Errorf("%s: %w", c.File, err)
	}
	return p, func() { _ = f.Close() }, nil // it was only read
}

func (c packFile) expired(err error) error {
	if c.ExpiredOK {
		return nil
	}
	return fmt.Errorf("%w; --expired-ok reads it all the same", err)
}

func (c packFile) trusted() ([]*x509.Certificate, error) {
	files := c.Cert
	if len(files) == 0 {
		files = []string{pinned(c.Key)}
	}
	hub, err := readCertificates(files)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("no certificate of the hub lies beside the key: name it with --cert")
	}
	return hub, err
}
