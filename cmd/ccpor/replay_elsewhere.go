package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"ccpor/clets/carpos"
	"ccpor/exchange/client"
	"ccpor/mapping/order"
	"ccpor/replay"
	"ccpor/store"
)

// replayElsewhere is for another test region than one of its own: there an agency of the engineer's is registered, and packages are that agency's.
type replayElsewhere struct {
	URL      string            `help:"Send to this test region instead of one of its own: dates are moved to today, identifications get a prefix, and the packages are signed anew." placeholder:"URL"`
	Cert     string            `type:"existingfile" help:"With --url: the agency's TLS certificate, PEM."`
	Key      string            `type:"existingfile" help:"Its key, PEM."`
	CA       string            `type:"existingfile" help:"Authority that vouches for the region, PEM; the system's where not given."`
	SignCert string            `type:"existingfile" help:"With --url: certificate by which the packages are signed anew, PEM."`
	SignKey  string            `type:"existingfile" help:"Its key, PEM."`
	As       string            `help:"With --url: the agency's ORI, which submits the packages and issues the orders there." placeholder:"ORI"`
	Prefix   string            `help:"With --url: put before every identification; made of the time where not given."`
	Image    map[string]string `help:"With --url and packages as files: their images, as DocumentIdentification=FILE." placeholder:"ID=FILE"`
}

// elsewhere is a hub of which no more is known than it tells a court.
type elsewhere struct {
	client  *client.Client
	key     crypto.Signer
	cert    *x509.Certificate
	rewrite replay.Rewrite
	// lane and days are, by the number at the origin, the sequence to which a package belongs and by how many days it is moved.
	lane, days map[order.Tracking]int

	mu   sync.Mutex
	sent map[int][]order.Tracking // by sequence
	in   map[order.Tracking]int   // the sequence of what was sent
}

func (c *replayCommand) openElsewhere(now time.Time) (*elsewhere, error) {
	if c.Cert == "" || c.Key == "" || c.SignCert == "" || c.SignKey == "" || c.As == "" {
		return nil, errors.New("with --url, --cert, --key, --sign-cert, --sign-key and --as are needed: the region knows the packages by them")
	}
	ori, err := order.ParseORI(c.As)
	if err != nil {
		return nil, err
	}
	config, err := clientTLS(c.Cert, c.Key, c.CA)
	if err != nil {
		return nil, err
	}
	id := identity{certFile: c.SignCert, keyFile: c.SignKey}
	if err := id.load(); err != nil {
		return nil, fmt.Errorf("reading the signing certificate: %w", err)
	}
	prefix := c.Prefix
	if prefix == "" {
		prefix = now.UTC().Format("R060102150405-")
	}
	return &elsewhere{client: client.New(c.URL, config), key: id.key, cert: id.cert, lane: map[order.Tracking]int{}, days: map[order.Tracking]int{},
		sent: map[int][]order.Tracking{}, in: map[order.Tracking]int{},
		rewrite: replay.Rewrite{Prefix: prefix, Agency: ori, Sent: now}}, nil
}

// redate finds for each order the number of days by which what was last done with it was done today.
func (e *elsewhere) redate(ctx context.Context, items []replay.Item, today order.Date) error {
	for n, lane := range replay.Lanes(items) {
		var last order.Date
		for _, i := range lane {
			body, contentType, err := items[i].Message(ctx)
			if err == nil {
				body, _, err = client.Plain(body, contentType)
			}
			if err != nil {
				return err
			}
			if d := replay.LastAct(body); d.After(last) {
				last = d
			}
		}
		for _, i := range lane {
			e.lane[items[i].Origin] = n
			if !last.IsZero() {
				e.days[items[i].Origin] = replay.DaysTo(last, today)
			}
		}
	}
	return nil
}

// anew is the message with its package rewritten and signed.
func (e *elsewhere) anew(ctx context.Context, i replay.Item) ([]byte, string, error) {
	body, contentType, err := i.Message(ctx)
	if err != nil {
		return nil, "", err
	}
	if body, contentType, err = client.Plain(body, contentType); err != nil {
		return nil, "", err
	}
	pkg, images, err := client.Open(body, contentType)
	if err != nil {
		return nil, "", err
	}
	rewrite := e.rewrite
	rewrite.Days = e.days[i.Origin]
	signed, err := client.Sign(rewrite.Package(pkg), e.key, e.cert)
	if err != nil {
		return nil, "", fmt.Errorf("sign it: %w", err)
	}
	return client.Request(signed, images, client.Options{})
}

// usable are the items that can be rewritten and signed; the others are skipped, each with its reason. What a hub refused may be no XML at all.
func (e *elsewhere) usable(ctx context.Context, s *selection) {
	var items []replay.Item
	for _, i := range s.items {
		if _, _, err := e.anew(ctx, i); err != nil {
			s.skipped = append(s.skipped, skipped{Tracking: i.Origin, Why: "it cannot be signed anew: " + err.Error()})
			continue
		}
		items = append(items, i)
	}
	s.items = items
}

// Send sends a package as the agency's own. The prefix is the same for a whole replay, so that what was sent before is known again.
func (e *elsewhere) Send(ctx context.Context, i replay.Item) (order.Tracking, error) {
	body, contentType, err := e.anew(ctx, i)
	if err != nil {
		return "", err
	}
	t, err := sendUntilTaken(ctx, func() (*client.Reply, error) { return e.client.Post(ctx, body, contentType) })
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.lane[i.Origin]
	e.sent[n], e.in[t] = append(e.sent[n], t), n
	return t, err
}

// sequence is what was sent about the same orders: a later package can set an earlier one's transaction going.
func (e *elsewhere) sequence(t order.Tracking) []order.Tracking {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.sent[e.in[t]])
}

// Unsettled asks for the status of each, and of all in its sequence.
func (e *elsewhere) Unsettled(ctx context.Context, sent []order.Tracking) ([]order.Tracking, error) {
	var open []order.Tracking
	for _, t := range sent {
		quiet, err := e.quiet(ctx, e.sequence(t))
		if err != nil {
			return nil, err
		}
		if !quiet {
			open = append(open, t)
		}
	}
	return open, nil
}

// quiet says that the hub has nothing more to do by itself with any of them.
func (e *elsewhere) quiet(ctx context.Context, sequence []order.Tracking) (bool, error) {
	for _, t := range sequence {
		s, err := e.client.Status(ctx, t, "", client.Options{})
		if err != nil || !quiet(s) {
			return false, err
		}
	}
	return true, nil
}

// told is the outcome that a status tells.
func told(s client.Submission) *store.Made {
	m := &store.Made{Tracking: s.Tracking, State: store.SubmissionState(s.State), RefusedCode: s.FaultCode}
	for _, p := range s.Problems {
		m.Problems = append(m.Problems, store.Problem{Code: p.Code, Path: p.Path})
	}
	for _, n := range s.Notes {
		m.Notes = append(m.Notes, order.Note{Code: n.Code})
	}
	for _, x := range s.Transmissions {
		m.Transmissions = append(m.Transmissions, store.MadeTransmission{Kind: store.Kind(x.Transaction), State: store.TransmissionState(x.State), Item: x.Item})
	}
	return m
}

// quiet says that the hub has nothing to do by itself any more.
func quiet(s client.Submission) bool {
	for _, t := range s.Transmissions {
		switch store.TransmissionState(t.State) {
		case store.StateReady, store.StateSending, store.StateSent, store.StateUnknown:
			return false
		}
	}
	return true
}

// runElsewhere sends what was chosen to the region, and compares what it tells a court.
func (c *replayCommand) runElsewhere(ctx context.Context, t *terminal, chosen selection, from *store.Reader) (replayOut, error) {
	e, sent, err := c.sendElsewhere(ctx, t, &chosen)
	if err != nil {
		return replayOut{}, err
	}
	defer e.client.Close()
	dictionary, err := carpos.Load()
	if err != nil {
		return replayOut{}, err
	}
	return report(ctx, sent, chosen, toldBy{from}, e, replay.NewComparer(dictionary), c.ShowValues)
}

func (c *replayCommand) sendElsewhere(ctx context.Context, t *terminal, chosen *selection) (*elsewhere, []replay.Sent, error) {
	now := time.Now()
	e, err := c.openElsewhere(now)
	if err != nil {
		return nil, nil, err
	}
	e.usable(ctx, chosen)
	if err := e.redate(ctx, chosen.items, order.DateOf(now.In(t.zone))); err != nil {
		return nil, nil, err
	}
	sent, err := replay.Run(ctx, chosen.items, e, replay.Plan{PerSecond: c.Rate, Abreast: c.Abreast, Settle: c.Within, Poll: c.poll, Progress: t.progress()})
	return e, sent, err
}

// ended is what became of one file, where there is nothing to compare with.
type ended struct {
	File         string         `json:"file"`
	Tracking     order.Tracking `json:"tracking"` // in the region
	State        string         `json:"state"`
	Code         string         `json:"code,omitempty"`
	Problems     []string       `json:"problems,omitempty"`
	Transactions []string       `json:"transactions,omitempty"`
}

// withoutStore sends files to a region, where no store is named in which their first outcomes are, and tells how they ended.
func (c *replayCommand) withoutStore(ctx context.Context, t *terminal) error {
	if len(c.Files) == 0 {
		return errors.New("without a store (--database-url or --data), files are needed")
	}
	chosen, err := c.fromFiles()
	if err != nil {
		return err
	}
	if c.DryRun {
		return t.printDryRun(chosen)
	}
	e, sent, err := c.sendElsewhere(ctx, t, &chosen)
	if err != nil {
		return err
	}
	defer e.client.Close()
	var there []order.Tracking
	for _, s := range sent {
		there = append(there, s.Tracking)
	}
	made, err := e.Made(ctx, there)
	if err != nil {
		return err
	}
	t.printSkipped(chosen.skipped)
	for _, s := range sent {
		x := endedOf(s, made[s.Tracking])
		if err := t.print(x, "%s  %s  %s %v %v\n", x.File, x.Tracking, strings.TrimSpace(x.State+" "+x.Code), x.Problems, x.Transactions); err != nil {
			return err
		}
	}
	return nil
}

func endedOf(s replay.Sent, m *store.Made) ended {
	x := ended{File: s.Name, Tracking: s.Tracking}
	if m == nil {
		return x
	}
	x.State, x.Code = string(m.State), m.RefusedCode
	for _, p := range m.Problems {
		x.Problems = append(x.Problems, strings.TrimSpace(p.Code+" "+p.Path))
	}
	for _, t := range m.Transmissions {
		x.Transactions = append(x.Transactions, string(t.Kind)+" "+string(t.State))
	}
	return x
}

// Made is what the region tells at the end: later packages may have changed what became of earlier ones.
func (e *elsewhere) Made(ctx context.Context, sent []order.Tracking) (map[order.Tracking]*store.Made, error) {
	all := map[order.Tracking]*store.Made{}
	for _, t := range sent {
		s, err := e.client.Status(ctx, t, "", client.Options{})
		if err != nil {
			return nil, err
		}
		all[t] = told(s)
	}
	return all, nil
}

// toldBy is what a hub would tell of what it has made: the same as can be learnt from another one.
type toldBy struct{ *store.Reader }

func (r toldBy) Made(ctx context.Context, trackings []order.Tracking) (map[order.Tracking]*store.Made, error) {
	all, err := r.Reader.Made(ctx, trackings)
	for t, m := range all {
		all[t] = replay.Told(m)
	}
	return all, err
}

// fromFiles are packages and messages that no store is asked about: there is nothing to compare them with.
func (c *replayCommand) fromFiles() (selection, error) {
	files, err := keptFiles(c.Files)
	if err != nil {
		return selection{}, err
	}
	images := submitCommand{Image: c.Image}
	attachments, err := images.attachments()
	if err != nil {
		return selection{}, err
	}
	s := selection{skipped: []skipped{}}
	for n, k := range files {
		content, err := os.ReadFile(k.file)
		if err != nil {
			return s, err
		}
		contentType := contentTypeOf(content)
		if !isMessage(content) {
			if content, contentType, err = client.Request(content, attachments, client.Options{}); err != nil {
				s.skipped = append(s.skipped, skipped{File: k.file, Why: err.Error()})
				continue
			}
		}
		s.items = append(s.items, replay.Item{Origin: order.NewTracking(uint64(n)), Name: k.file, Names: replay.Names(content),
			Message: func(context.Context) ([]byte, string, error) { return content, contentType, nil }})
	}
	return s, nil
}

// contentTypeOf guesses that of a message which was kept without it.
func contentTypeOf(message []byte) string {
	if bytes.HasPrefix(message, []byte("--")) {
		boundary, _, _ := bytes.Cut(message[2:], []byte("\r\n"))
		return fmt.Sprintf(`multipart/related; type="application/xop+xml"; boundary="%s"`, boundary)
	}
	if bytes.Contains(message, []byte("http://www.w3.org/2003/05/soap-envelope")) {
		return "application/soap+xml; charset=utf-8"
	}
	return "text/xml; charset=utf-8"
}
