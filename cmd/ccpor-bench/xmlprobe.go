package main

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"ccpor/exchange"
	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/schemas"
	"ccpor/schemas/canon"
)

// reader does with a message what no exchange of this kind can leave out: verify, validate, map. Nothing is asked of a database.
type reader struct {
	profile *canon.Profile
	set     *schemas.Set
	mapper  *mapping.Mapper
	trusted []sig.Trusted
	now     time.Time
}

func newReader(s sender, now time.Time) (reader, error) {
	set, err := schemas.Load()
	if err != nil {
		return reader{}, err
	}
	table, err := forms.Load()
	if err != nil {
		return reader{}, err
	}
	cal, err := calendar.Load()
	if err != nil {
		return reader{}, err
	}
	return reader{profile: exchange.Profile(32 << 20), set: set, mapper: mapping.New(table, cal), now: now,
		trusted: []sig.Trusted{{Certificate: s.signing.cert}}}, nil
}

// bench is the memory of one goroutine that reads messages one after another.
type bench struct {
	reader
	scanner  canon.Scanner
	verifier sig.Verifier
	octets   []byte
	verified sig.Verified // the last one; its octets are the bench's
}

func (b *bench) open(r request) error {
	contentType, err := soap.ParseContentType(r.contentType)
	if err != nil {
		return err
	}
	m, err := soap.Split(r.body, contentType)
	if err != nil {
		return err
	}
	if err := b.scanner.Reset(m.Root, b.profile); err != nil {
		return err
	}
	envelope, err := soap.Open(&b.scanner, m.Edition)
	if err != nil {
		return err
	}
	if err := envelope.Operation(&b.scanner); err != nil {
		return err
	}
	_, err = soap.Child(&b.scanner)
	return err
}

func (b *bench) verify() (sig.Verified, error) {
	v, err := b.verifier.VerifyInto(b.octets[:0], &b.scanner, schemas.Root, b.trusted, b.now)
	if err == nil {
		b.octets, b.verified = v.Octets(), v
	}
	return v, err
}

func (b *bench) read(ctx context.Context, r request) (mapping.Package, error) {
	if err := b.open(r); err != nil {
		return mapping.Package{}, err
	}
	v, err := b.verify()
	if err != nil {
		return mapping.Package{}, err
	}
	doc, err := b.set.Validate(ctx, v)
	if err != nil {
		return mapping.Package{}, err
	}
	return b.mapper.Package(doc)
}

// probe reads the messages over and over on all cores for a time, and returns how many a second.
func (r reader) probe(ctx context.Context, requests []request, most time.Duration) (float64, error) {
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			b := &bench{reader: r}
			for time.Since(start) < most && ctx.Err() == nil {
				if _, err := b.read(ctx, requests[int(done.Add(1))%len(requests)]); err != nil {
					return fmt.Errorf("reading a message: %w", err)
				}
			}
			return ctx.Err()
		})
	}
	err := group.Wait()
	return float64(done.Load()) / time.Since(start).Seconds(), err
}
