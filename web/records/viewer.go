package records

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/picture"
	"ccpor/store"
	"ccpor/web/site"
)

// Pictures make pictures of the pages of an image; *picture.Renderer is one. Its errors about a document are *picture.Refusals.
type Pictures interface {
	Look(ctx context.Context, media string, document []byte) (picture.Document, error)
	Page(ctx context.Context, media string, document []byte, page, width int) (picture.Page, error)
}

// widths are those in which pages are shown, in pixels: on a telephone, on a screen, and large enough to read small print.
var widths = []int{600, 1000, 2000}

// viewerView is an image as pictures of its pages.
type viewerView struct {
	// At is the address of the image, To that of the order.
	At, To string
	Ref    store.ImageRef
	// Pages are the numbers of those that are shown, Width how wide.
	Pages []int
	Width int
	// Fits says that no width was asked for: a page is not wider than the screen.
	Fits bool
	// Larger and Smaller are other widths; 0: there is none.
	Larger, Smaller int
	// Next and Before are the first pages of the next and the former turn; 0: there is none.
	Next, Before, All int
	// Nature is what the document is beyond its pages.
	Nature []string
	// Refused says why there is no picture, Dangerous that its original is better not opened.
	Refused   string
	Dangerous bool
}

// atATurn is how many pages are shown at once.
const atATurn = 5

// refusals say why there is no picture.
var refusals = map[picture.Reason]string{
	picture.Broken: "It is broken, and cannot be read as what it is said to be.", picture.Locked: "It needs a password.", picture.TooLarge: "It is too large to be drawn here.", picture.Slow: "Drawing it took too long.",
	picture.Unsupported: "It is of a kind that is not drawn here.", picture.Empty: "It is empty.", picture.Other: "It is not what it is said to be.",
	picture.Stopped: "It tried to do what no image of an order does, and was stopped.", picture.Died: "Drawing it failed in a way in which no image should.",
}

// found is an image of an order that the tables show whole to the visitor.
func (p *Pages) found(r *site.Request) (l looked, ref store.ImageRef, image store.Image, err error) {
	if l, err = p.look(r); err != nil {
		return l, ref, image, err
	}
	missing := noSuchOrder(l.object())
	if !l.whole() || !l.until.IsZero() {
		return l, ref, image, site.Hidden(missing)
	}
	h, err := p.Reader.History(r.Context(), l.FoundOrder)
	if err != nil {
		return l, ref, image, err
	}
	i := slices.IndexFunc(h.Images, func(i store.ImageRef) bool { return i.SHA256 == r.PathValue("digest") })
	if i < 0 {
		return l, ref, image, missing
	}
	ref = h.Images[i]
	image, err = p.Reader.Image(r.Context(), ref.Tracking, ref.ID)
	if err == nil && len(image.Content) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return l, ref, image, fmt.Errorf("read an image of an order: %w", err)
	}
	return l, ref, image, nil
}

// addressOfImage is where an image of an order is shown.
func addressOfImage(o order.Order, sha256 string) string {
	return addressOfOrder(o.Court.ORI, o.ID) + "/image/" + url.PathEscape(sha256)
}

// viewer shows an image as pictures of its pages: the court's bytes do not reach the browser.
func (p *Pages) viewer(r *site.Request) (site.Answer, error) {
	l, ref, image, err := p.found(r)
	if err != nil {
		return site.Answer{}, err
	}
	v := viewerView{At: addressOfImage(l.Order, ref.SHA256), To: addressOfOrder(l.Order.Court.ORI, l.Order.ID), Ref: ref, Width: widths[1], Fits: r.URL.Query().Get("w") == ""}
	if w, err := strconv.Atoi(r.URL.Query().Get("w")); err == nil && slices.Contains(widths, w) {
		v.Width = w
	}
	if err := p.describe(r, &v, image); err != nil {
		return site.Answer{}, err
	}
	return site.Answer{Page: "viewer", Title: "Image of order " + string(l.Order.ID), Data: v, Object: l.object(), Details: "pictures of image sha256 " + ref.SHA256,
		Above: []site.Link{{To: "/orders", Name: "Orders"}, {To: v.To, Name: "Order " + string(l.Order.ID)}}}, nil
}

// describe says which pages are shown, or why none is.
func (p *Pages) describe(r *site.Request, v *viewerView, image store.Image) error {
	if p.Pictures == nil {
		v.Refused = "No pictures are made here."
		return nil
	}
	d, err := p.Pictures.Look(r.Context(), v.Ref.Media, image.Content)
	if r.Context().Err() != nil {
		return r.Context().Err()
	}
	if err != nil { // whoever makes them says why in the log; the original is there all the same
		v.Refused = "No picture can be made now."
		return nil
	}
	for _, f := range d.Nature {
		v.Nature = append(v.Nature, f.Trait.Sentence())
	}
	if d.Refused != "" {
		v.Refused, v.Dangerous = refusals[d.Refused], d.Refused == picture.Stopped || d.Refused == picture.Died
		return nil
	}
	v.turn(r, d.Pages)
	return nil
}

// turn chooses the pages of this turn, and where the others are.
func (v *viewerView) turn(r *site.Request, pages int) {
	v.All = pages
	first, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || first < 1 || first > pages {
		first = 1
	}
	for n := first; n < first+atATurn && n <= pages; n++ {
		v.Pages = append(v.Pages, n)
	}
	if first > 1 {
		v.Before = max(1, first-atATurn)
	}
	if first+atATurn <= pages {
		v.Next = first + atATurn
	}
	i := slices.Index(widths, v.Width)
	if i > 0 {
		v.Smaller = widths[i-1]
	}
	if i+1 < len(widths) {
		v.Larger = widths[i+1]
	}
}

// drawn gives the picture of one page.
func (p *Pages) drawn(r *site.Request) (site.Answer, error) {
	page, err := strconv.Atoi(r.PathValue("page"))
	width, err2 := strconv.Atoi(r.PathValue("width"))
	l, ref, image, err3 := p.found(r)
	missing := noSuchOrder(l.object())
	switch {
	case err3 != nil:
		return site.Answer{}, err3
	case err != nil || err2 != nil || !slices.Contains(widths, width) || p.Pictures == nil:
		return site.Answer{}, missing
	}
	drawn, err := p.Pictures.Page(r.Context(), ref.Media, image.Content, page, width)
	var refused *picture.Refusal
	if errors.As(err, &refused) {
		return site.Answer{}, &site.Refusal{Status: http.StatusNotFound, Title: "There is no picture of this page", Text: refusals[refused.Reason], Outcome: "not drawn", Object: l.object()}
	}
	if err != nil {
		return site.Answer{}, fmt.Errorf("draw a page of an image: %w", err)
	}
	return site.Answer{File: &site.File{Name: fmt.Sprintf("%s-%s-%d", ref.Tracking, ref.SHA256[:8], page), Media: drawn.Media, Content: drawn.Bytes, Inline: true}, Object: l.object(), Action: "page.read",
		Details: fmt.Sprintf("page %d of image sha256 %s", page, ref.SHA256)}, nil
}

// original gives out an image of an order as the court sent it.
func (p *Pages) original(r *site.Request) (site.Answer, error) {
	l, ref, image, err := p.found(r)
	if err != nil {
		return site.Answer{}, err
	}
	return site.Answer{File: &site.File{Name: nameOf(ref), Media: ref.Media, Content: image.Content}, Object: l.object(), Details: "image sha256 " + ref.SHA256}, nil
}

// imageOf is the first image of the order itself, for the page of the order, where pictures are made.
func (v *orderView) imageOf(r *site.Request, l looked, drawn bool) {
	i := slices.IndexFunc(v.Images, func(i imageRow) bool { return i.Role == "order" && i.To != "" })
	if i >= 0 && l.AsOf.IsZero() && drawn && r.May(access.ReadImages) {
		v.First = v.Images[i].To
	}
}
