package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// noon is when everything in these tests happens.
var noon = time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)

// orange registers the court of the seed's order.
func orange(t testing.TB, s *store.Store) store.Agency {
	t.Helper()
	return register(t, s, store.Agency{ORI: "CA030013J", Name: "Superior Court of Orange County", County: "Orange", CarposName: "ORANGE CO SUPERIOR COURT", Submits: true,
		ConfirmText: "CONTROL ONE SUPERVISOR"})
}

func register(t testing.TB, s *store.Store, a store.Agency) store.Agency {
	t.Helper()
	id, err := s.RegisterAgency(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := s.AgencyByORI(t.Context(), a.ORI)
	if err != nil || kept.ID != id {
		t.Fatal(kept, err)
	}
	return kept
}

// jones is the seed's order under the given identification.
func jones(id string) *order.Order {
	expires := order.MakeDate(2029, 6, 7)
	born := order.MakeDate(1981, 11, 21)
	yes := true
	return &order.Order{
		ID:     order.LocalID(id),
		Form:   order.Form{Number: "CR-160", Revision: order.MakeDate(2005, 1, 1), Family: "CPO", Designator: "CPO", Title: "Protective Order in Criminal Proceeding"},
		Case:   "06NF0886",
		Court:  order.Court{ORI: "CA030013J", Name: "Superior Court of California, County of Orange", County: "Orange", Telephone: "7147968379"},
		Issued: order.MakeDate(2026, 3, 2), Judge: "Ronald K. Har", Stage: order.StagePreTrial, Statutes: []string{"PC 136.2"},
		Expiry: order.Expiry{Date: &expires, Basis: order.ExpiryExplicit}, Access: order.AccessNormal,
		Restrained: order.Restrained{Name: order.Name{Given: "Marc", Surname: "Jones"}, Person: order.Person{Sex: "M", Race: "B", Born: &born}, Present: &yes},
		Protected:  []order.Protected{{Name: order.Name{Given: "Mary", Surname: "Smith"}, Person: order.Person{Sex: "F"}}},
		Terms: order.Terms{NoHarm: true, NoContact: true, NoThirdPartyContact: true,
			StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlacePerson}}}},
			Firearms: &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, WithinHours: 24}},
		Service: order.ServicePresent,
	}
}

// asSealed is SQL for a value that looks like an encrypted one. Nothing opens it.
const asSealed = "decode('01' || repeat('00', 36), 'hex')"

// add is a package that adds an order.
func add(a store.Agency, pkg, id string) store.Accepted {
	return packageOf(a, pkg, store.Accepted{Action: store.ActionAdd, Order: jones(id)})
}

// serve is a package that brings a proof of service.
func serve(a store.Agency, pkg, id string) store.Accepted {
	return packageOf(a, pkg, store.Accepted{Action: store.ActionServe, Service: &order.Service{
		OrderID: order.LocalID(id), Court: "CA030013J", Case: "06NF0886", Restrained: order.Name{Given: "Marc", Surname: "Jones"}, Date: order.MakeDate(2026, 3, 3), Time: 17 * 60,
		Method: order.MethodPersonal, Server: order.Officer{Name: "A. Cecil"}}})
}

func packageOf(a store.Agency, pkg string, p store.Accepted) store.Accepted {
	wire := []byte("<package id='" + pkg + "'/>")
	p.Agency, p.Package = a, order.LocalID(pkg)
	p.Received = store.Received{At: noon, Peer: "192.0.2.7", Wire: wire, Digest: sha256.Sum256(wire), ContentType: "text/xml", Correlation: "c-" + pkg,
		Stages: []store.Stage{{Name: "gate", Start: noon, End: noon.Add(time.Millisecond), OK: true}, {Name: "signature", Start: noon, End: noon.Add(2 * time.Millisecond), OK: true}}}
	p.Canonical, p.Signer, p.Algorithm = sha256.Sum256([]byte("canonical "+pkg)), sha256.Sum256([]byte("signer")), "ecdsa-sha256"
	p.Deadline = store.Deadline{Due: noon.Add(36 * time.Hour), Rule: "FC 6380(a)"}
	return p
}

// image is a document with content of the given size that does not compress.
func image(id string, seed uint64, size int) store.Image {
	content := make([]byte, size)
	r := rand.New(rand.NewPCG(seed, 7))
	for i := range content {
		content[i] = byte(r.Uint32())
	}
	digest := sha256.Sum256(content)
	return store.Image{Document: order.Document{ID: id, Role: "order", Media: "application/pdf", Bytes: int64(size), Pages: 2, SHA256: hex.EncodeToString(digest[:])}, Content: content}
}

// soap is a body of about the given size, as like a signed package as matters for its compression: markup that repeats, and a signature that does not.
func soap(seed uint64, size int) []byte {
	var b strings.Builder
	noise := make([]byte, 1400)
	r := rand.New(rand.NewPCG(seed, 3))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	fmt.Fprintf(&b, "<env:Envelope><ds:SignatureValue>%s</ds:SignatureValue><env:Body>", hex.EncodeToString(noise[:900]))
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "<p:Field%d xmlns:p=\"urn:ccpor:exchange:package:1.0\"><p:Value>%x</p:Value></p:Field%d>\n", i%17, noise[900+i%400:908+i%400], i%17)
	}
	return []byte(b.String())
}

func mustAccept(t testing.TB, s *store.Store, a store.Accepted) store.Receipt {
	t.Helper()
	r, err := s.Accept(t.Context(), a)
	if err != nil {
		t.Fatalf("accept %s: %v", a.Package, err)
	}
	return r
}
