package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/names"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// What is written in bulk is what the intake writes, and a search opens it.
func TestSettledLikeTaken(t *testing.T) {
	t.Parallel()
	const count = 40
	of, err := newPopulation(7)
	if err != nil {
		t.Fatal(err)
	}
	taken, settled := storetest.NewURL(t), storetest.NewURL(t)
	s := storetest.Open(t, taken, store.Options{})
	agency, err := s.RegisterAgency(t.Context(), store.Agency{ORI: courtORI, Name: courtName, County: courtCounty, Kind: store.KindCourt, CarposName: "ORANGE COUNTY SUPERIOR", Submits: true, ConfirmText: "NOBODY"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for n := 1; n <= count; n++ {
		o := of.order(n)
		domain := o.domain()
		a := store.Accepted{Agency: store.Agency{ID: agency, ORI: courtORI, Submits: true}, Package: order.LocalID(fmt.Sprint("P-", n)), Action: store.ActionAdd, Order: &domain, Test: o.test,
			Received: store.Received{At: now, Wire: []byte("x"), Digest: sha256.Sum256([]byte("x"))}, Canonical: sha256.Sum256([]byte{byte(n)}), Deadline: store.Deadline{Due: now.Add(time.Hour), Rule: "X"}}
		if _, err := s.Accept(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	bulk, err := newSettler(settled, storetest.Keys(t, settled), of, count)
	if err != nil {
		t.Fatal(err)
	}
	if err := bulk.settle(t.Context(), &progress{out: io.Discard, start: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"select o.local_id || ' ' || n.version || ' ' || n.side::text || ' ' || n.access::text || ' ' || n.surname || ' ' || n.given || ' ' || n.test || ' ' || coalesce(n.born::text, '') || ' ' || n.court || ' ' || n.designator || ' ' || n.issued || ' ' || coalesce(n.expires::text, '') from named n join order_ o on o.id = n.order_id order by 1",
		"select word from name_word order by 1", "select key || ' ' || word from name_key order by 1", "select indexname || case when indexdef like '%INCLUDE%' then ' includes' else '' end from pg_indexes where schemaname = current_schema() and tablename = 'named' order by 1",
		"select o.court || ' ' || o.local_id || ' ' || v.case_number || ' ' || v.access from order_ o join order_version v on v.order_id = o.id order by 1",
	} {
		one, other := texts(t, taken, sql), texts(t, settled, sql)
		if len(one) == 0 || !slices.Equal(one, other) {
			t.Errorf("%s: taken %d, settled %d; first of them %.300q and %.300q", sql, len(one), len(other), one, other)
		}
	}
	r := storetest.Open(t, settled, store.Options{})
	for n := 1; n <= count; n++ {
		o := of.order(n)
		found, err := r.Search(t.Context(), search(store.Search{Name: asked(o.restrained.Given, o.restrained.Surname), Narrow: store.Narrow{Test: o.test}}))
		if err != nil || !slices.ContainsFunc(found.Hits, func(h store.Hit) bool { return string(h.Order.ID) == o.localID }) {
			t.Errorf("%+v is not found by its name: %d hits, %v", o.restrained, len(found.Hits), err)
		}
	}
}

func texts(t *testing.T, url, sql string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The same seed invents the same, and slips are slips.
func TestSlips(t *testing.T) {
	t.Parallel()
	of, err := newPopulation(3)
	if err != nil {
		t.Fatal(err)
	}
	book, err := names.Load()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := of.order(99), of.order(99); fmt.Sprint(a.restrained, a.born, a.protected) != fmt.Sprint(b.restrained, b.born, b.protected) {
		t.Errorf("order 99 is %+v, and then %+v", a, b)
	}
	for _, slip := range slips {
		wrongs := 0
		for n := range 600 {
			name := of.order(n).restrained
			q, ok := slip.wrong(rand.New(rand.NewPCG(1, uint64(n))), book, name)
			if !ok {
				continue
			}
			wrongs++
			if said := strings.TrimSpace(q.Either + q.Surname + q.Given); said == "" {
				t.Errorf("%s: nothing is asked of %+v", slip.name, name)
			}
			if same := names.Fold(q.Either) == names.Fold(name.Given+" "+name.Surname); same != (slip.name == "as it is") {
				t.Errorf("%s: %q of %+v", slip.name, q.Either, name)
			}
		}
		if wrongs < 10 {
			t.Errorf("%s: only %d of 600 names allow it", slip.name, wrongs)
		}
	}
}
