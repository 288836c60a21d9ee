package exchange

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"ccpor/access"
	"ccpor/exchange/soap"
	"ccpor/mapping"
	"ccpor/mapping/order"
	"ccpor/store"
)

// order answers GetOrder: the order as the registry has it, and what became of it.
func (h *Hub) order(ctx context.Context, o opened) (reply, error) {
	o.begin("order")
	a, err := o.read(append(requesterElements, "OrderIdentification", "OrganizationORIIdentification")...)
	if err != nil {
		return reply{}, err
	}
	who, f, err := h.look(ctx, a)
	if err != nil {
		return reply{}, err
	}
	history, err := h.Store.History(ctx, f)
	if err != nil {
		return reply{}, h.unavailable(o, "history not read", err)
	}
	if history.Followers, err = h.seen(ctx, o, who, f.Order.Court.ORI, history.Followers); err != nil {
		return reply{}, err
	}
	shown, hidden := who.withheld(f)
	element, err := mapping.WriteOrder(&shown)
	if err != nil {
		return reply{}, fmt.Errorf("write an order of the registry: %w", err)
	}
	if err := h.record(ctx, o, o.event(who, "order.read", objectOf(f), "answered", "version "+strconv.Itoa(f.Version))); err != nil {
		return reply{}, err
	}
	o.end(true, "")
	return o.answer(func(w *soap.Writer) {
		writeOutline(w, f, true)
		w.Raw(element)
		w.Bool("WhereaboutsWithheldIndicator", hidden)
		writeHistory(w, f, history)
	}), nil
}

// seen are those of a court's orders that the person may see: an order that may be seen does not tell of one that may not.
func (h *Hub) seen(ctx context.Context, o opened, r requester, court order.ORI, ids []order.LocalID) (shown []order.LocalID, err error) {
	for _, id := range ids {
		f, err := h.Store.FindOrder(ctx, court, id, o.agency.Test)
		switch {
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return nil, h.unavailable(o, "order not found", err)
		case err == nil && r.sees(f) == access.Whole:
			shown = append(shown, id)
		}
	}
	return shown, nil
}

func writeHistory(w *soap.Writer, f store.FoundOrder, h store.History) {
	w.Optional("FollowedOrderIdentification", string(f.Order.Follows))
	for _, id := range h.Followers {
		w.Leaf("FollowingOrderIdentification", string(id))
	}
	for _, v := range h.Versions {
		w.Open("OrderVersion")
		w.Int("VersionNumber", v.Number)
		w.Leaf("TrackingIdentification", string(v.Tracking))
		w.Leaf("ReceivedDateTime", stamp(v.ReceivedAt))
		if m := v.Modification; m != nil {
			w.Leaf("ModificationReasonCode", string(m.Reason))
			w.Leaf("ModificationDate", m.Date.String())
			w.Optional("FormNumberText", m.Form)
		}
		w.Close("OrderVersion")
	}
	for _, s := range h.Services {
		w.Open("OrderService")
		w.Optional("TrackingIdentification", string(s.Tracking))
		w.Leaf("CourtOrderServiceDate", s.Date.String())
		w.Leaf("CourtOrderServiceTime", s.Time.String()+":00")
		w.Leaf("ServiceMethodCode", string(s.Method))
		w.Leaf("ServerName", s.Server.Name)
		w.Optional("ServerAgencyText", serverAgency(s.Server))
		w.Close("OrderService")
	}
	if c := f.Cancelled; c != nil {
		w.Open("OrderCancellation")
		w.Leaf("CancellationReasonCode", string(c.Reason))
		w.Leaf("CancellationDate", c.Date.String())
		w.Optional("FormNumberText", c.Form)
		w.Close("OrderCancellation")
	}
	for _, i := range h.Images {
		w.Open("OrderImage")
		writeImage(w, i)
		w.Close("OrderImage")
	}
}

func serverAgency(o order.Officer) string {
	if o.AgencyORI != "" {
		return string(o.AgencyORI)
	}
	return o.Agency
}

func writeImage(w *soap.Writer, i store.ImageRef) {
	w.Leaf("TrackingIdentification", string(i.Tracking))
	w.Leaf("DocumentIdentification", i.ID)
	w.Leaf("DocumentRoleCode", i.Role)
	w.Leaf("DocumentMediaTypeText", i.Media)
	w.Leaf("DocumentByteCount", strconv.FormatInt(i.Bytes, 10))
	w.Leaf("DocumentSHA256", i.SHA256)
}

// orderImage answers GetOrderImage: one image of an order, inline, or as an MTOM part where the request was MTOM.
func (h *Hub) orderImage(ctx context.Context, o opened) (reply, error) {
	o.begin("image")
	a, err := o.read(append(requesterElements, "OrderIdentification", "OrganizationORIIdentification", "TrackingIdentification", "DocumentIdentification", "MtomIndicator")...)
	if err != nil {
		return reply{}, err
	}
	who, f, err := h.look(ctx, a)
	if err != nil {
		return reply{}, err
	}
	ref, image, err := h.image(ctx, a, f)
	if err != nil {
		return reply{}, err
	}
	if err := h.record(ctx, o, o.event(who, "image.read", objectOf(f), "answered", "image sha256 "+ref.SHA256)); err != nil {
		return reply{}, err
	}
	o.end(true, "")
	answer := func(content func(*soap.Writer)) reply {
		return o.answer(func(w *soap.Writer) {
			writeImage(w, ref)
			w.Open("ImageContent")
			content(w)
			w.Close("ImageContent")
		})
	}
	if o.message.Multipart || a.texts["MtomIndicator"] == "true" {
		r := answer(func(w *soap.Writer) { w.Raw(soap.Include("image")) })
		r.body, r.media = soap.Package(o.edition, r.body, soap.Attached{ID: "image", Media: ref.Media, Content: image.Content}, o.correlation)
		return r, nil
	}
	return answer(func(w *soap.Writer) {
		w.Raw(base64.StdEncoding.AppendEncode(make([]byte, 0, base64.StdEncoding.EncodedLen(len(image.Content))), image.Content))
	}), nil
}

// image finds the image among those of the order: a tracking number and a document of another order are not found.
func (h *Hub) image(ctx context.Context, a asked, f store.FoundOrder) (store.ImageRef, store.Image, error) {
	tracking, err := parsed(a, "TrackingIdentification", order.ParseTracking)
	if err != nil {
		return store.ImageRef{}, store.Image{}, &refusal{code: "Client.Operation.TrackingNumber"}
	}
	history, err := h.Store.History(ctx, f)
	if err != nil {
		return store.ImageRef{}, store.Image{}, h.unavailable(a.of, "images not listed", err)
	}
	i := slices.IndexFunc(history.Images, func(r store.ImageRef) bool {
		return r.Tracking == tracking && r.ID == a.texts["DocumentIdentification"]
	})
	if i < 0 {
		return store.ImageRef{}, store.Image{}, &refusal{code: "Client.Query.NotFound"}
	}
	image, err := h.Store.Image(ctx, tracking, history.Images[i].ID)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && bytes.Equal(image.Content, nil):
		return history.Images[i], image, h.unavailable(a.of, "image not kept", store.ErrNotFound)
	case err != nil:
		return history.Images[i], image, h.unavailable(a.of, "image not read", err)
	}
	return history.Images[i], image, nil
}
