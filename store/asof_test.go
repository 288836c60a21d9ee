package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// The registry at each moment of an order's life: nothing that came later shows, and all that had come does.
func TestOrderAsOf(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	at := func(p store.Accepted, minute int) store.Accepted {
		p.Received.At = noon.Add(time.Duration(minute) * time.Minute)
		return p
	}
	first := at(add(h.court, "P-add", "O-1"), 10)
	first.Order.Service = order.ServiceNotServed
	first.Images = []store.Image{image("add.pdf", 1, 500)}
	changed := at(modify(h.court, "P-modify", "O-1"), 30)
	changed.Order.Service = order.ServiceNotServed
	follower := at(add(h.court, "P-follower", "O-2"), 50)
	follower.Order.Follows = "O-1"
	for _, p := range []store.Accepted{first, at(serve(h.court, "P-serve", "O-1"), 20), changed, at(cancel(h.court, "P-cancel", "O-1"), 40), follower} {
		if _, err := h.Accept(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	now, whole := h.found("O-1")
	if now.Cancelled == nil || len(whole.Versions) != 2 || len(whole.Followers) != 1 {
		t.Fatalf("%+v %+v", now, whole)
	}
	for _, c := range []struct {
		minute int
		want   string
	}{{9, "none"}, {10, "version 1, served false, cancelled false, 1 versions, 0 services, 1 images, 0 followers"}, {19, "version 1, served false, cancelled false, 1 versions, 0 services, 1 images, 0 followers"},
		{20, "version 1, served true, cancelled false, 1 versions, 1 services, 1 images, 0 followers"}, {30, "version 2, served true, cancelled false, 2 versions, 1 services, 1 images, 0 followers"},
		{40, "version 2, served true, cancelled true, 2 versions, 1 services, 1 images, 0 followers"}, {50, "version 2, served true, cancelled true, 2 versions, 1 services, 1 images, 1 followers"}} {
		if got := h.toldAsOf(now, noon.Add(time.Duration(c.minute)*time.Minute)); got != c.want {
			t.Errorf("minute %d: %s\nnot %s", c.minute, got, c.want)
		}
	}
	versions, err := h.Versions(t.Context(), now)
	if err != nil || len(versions) != 2 || versions[0].OtherOrders == versions[1].OtherOrders || versions[1].OtherOrders != now.Order.OtherOrders {
		t.Errorf("%v %v", versions, err)
	}
}

func (h *hub) toldAsOf(f store.FoundOrder, at time.Time) string {
	h.t.Helper()
	then, err := h.OrderAsOf(h.t.Context(), f, at)
	if errors.Is(err, store.ErrNotFound) {
		return "none"
	}
	if err != nil {
		h.t.Fatal(err)
	}
	past, err := h.History(h.t.Context(), then)
	if err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprintf("version %d, served %t, cancelled %t, %d versions, %d services, %d images, %d followers", then.Version, then.Served, then.Cancelled != nil, len(past.Versions), len(past.Services), len(past.Images), len(past.Followers))
}

// An order has no FCN before CARPOS has given it.
func TestOrderAsOfBeforeTheFCN(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r, _ := h.entered("P-1", "O-1")
	f, _ := h.found("O-1")
	changed := h.only(r).ChangedAt
	for _, c := range []struct {
		at   time.Time
		want order.FCN
	}{{changed.Add(-time.Microsecond), ""}, {changed, f.FCN}} {
		then, err := h.OrderAsOf(t.Context(), f, c.at)
		if errors.Is(err, store.ErrNotFound) && c.want == "" {
			continue
		}
		if err != nil || then.FCN != c.want || f.FCN == "" {
			t.Errorf("%s: %q %v", c.at, then.FCN, err)
		}
	}
}
