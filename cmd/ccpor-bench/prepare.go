package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"ccpor/exchange/client"
	"ccpor/mapping"
	"ccpor/mapping/invented"
	"ccpor/mapping/order"
)

// shape is a kind of message that is measured.
type shape struct {
	name  string
	image int // bytes of the order's image; 0 for none
	mtom  bool
}

var shapes = []shape{
	{name: "order"},
	{name: "image-inline", image: 100 << 10},
	{name: "image-mtom", image: 100 << 10, mtom: true},
}

// packageBytes is the size that a signed package without image has, about.
const packageBytes = 8 << 10

// factory makes signed messages, each of an order of its own.
type factory struct {
	maker  invented.Maker
	signer signer
	next   int // number of the next order
}

// newFactory makes orders whose signed packages have about packageBytes. The prefix keeps the orders of several factories apart.
func newFactory(s signer, prefix string, now time.Time) (*factory, error) {
	f := &factory{signer: s, maker: invented.Maker{Seed: 160, Prefix: prefix, Sent: now, Issued: order.DateOf(now.AddDate(0, 0, -1)),
		Court: order.Court{ORI: courtORI, Name: courtName, County: courtCounty, Department: "N7"}}}
	for range 8 { // the length of a word varies: come closer step by step
		signed, _, err := f.signed(shape{}, 0)
		if err != nil {
			return nil, err
		}
		f.maker.Words += (packageBytes - len(signed)) / 5
	}
	return f, nil
}

const (
	courtORI    = "CA030013J"
	courtName   = "Superior Court of California, County of Orange"
	courtCounty = "Orange"
)

func (f *factory) signed(s shape, i int) (signed []byte, images [][]byte, err error) {
	if s.image > 0 {
		images = [][]byte{f.maker.Image(i, s.image)}
	}
	canonical, err := mapping.Write(f.maker.Order(i, images...))
	if err != nil {
		return nil, nil, err
	}
	signed, err = f.signer.sign(canonical, "package")
	return signed, images, err
}

func (f *factory) message(s shape, i int) (request, error) {
	signed, images, err := f.signed(s, i)
	if err != nil {
		return request{}, fmt.Errorf("making order %d: %w", i, err)
	}
	var attachments []client.Attachment
	for n, image := range images {
		attachments = append(attachments, client.Attachment{ID: fmt.Sprintf("image-%d", n+1), Content: image})
	}
	body, contentType, err := client.Request(signed, attachments, client.Options{MTOM: s.mtom})
	if err != nil {
		return request{}, fmt.Errorf("making the message of order %d: %w", i, err)
	}
	return request{contentType: contentType, body: body}, nil
}

// messages makes n messages on all cores.
func (f *factory) messages(ctx context.Context, s shape, n int) ([]request, error) {
	all := make([]request, n)
	workers := runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	first := f.next
	f.next += n
	for w := range workers {
		group.Go(func() (err error) {
			for i := w; i < n && ctx.Err() == nil; i += workers {
				if all[i], err = f.message(s, first+i); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return all, group.Wait()
}
