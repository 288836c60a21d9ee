package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/offline"
	"ccpor/store"
	"ccpor/store/storetest"
)

// packed is a registry with orders of two counties, at the command line, and a folder for files.
type packed struct {
	*testing.T
	url, folder string
	store       *store.Store
	hub         identity
}

func newPacked(t *testing.T) *packed {
	t.Helper()
	p := &packed{T: t, url: storetest.NewURL(t), folder: t.TempDir()}
	p.store = storetest.Open(t, p.url, store.Options{})
	for ori, kind := range map[order.ORI]access.Kind{"CA030013J": access.KindCourt, "CA002013J": access.KindCourt, "CA0300000": access.KindLawEnforcement} {
		if _, err := p.store.RegisterAgency(t.Context(), store.Agency{ORI: ori, Name: "Agency " + string(ori), Kind: kind, Submits: true}); err != nil {
			t.Fatal(err)
		}
	}
	p.hub = hubOf(t, p.folder)
	return p
}

// hubOf makes the key with which a hub signs.
func hubOf(t *testing.T, folder string) identity {
	t.Helper()
	a, err := openAuthority(folder, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	id, err := a.sealer()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// bring adds an order whose names and numbers begin with its identification.
func (p *packed) bring(court order.ORI, id string, class order.Access, expires order.Date) {
	p.Helper()
	from, err := p.store.AgencyByORI(p.Context(), court)
	if err != nil {
		p.Fatal(err)
	}
	o := &order.Order{ID: order.LocalID(id), Case: order.CaseNumber("case" + id), Access: class, Form: order.Form{Number: "DV-130", Revision: order.MakeDate(2025, 1, 1), Family: "DV", Designator: "OAH"}, Court: order.Court{ORI: court, Name: "Court " + string(court)},
		Issued: order.MakeDate(2026, 1, 2), Expiry: order.Expiry{Basis: order.ExpiryExplicit, Date: &expires}, Restrained: order.Restrained{Name: order.Name{Given: "Sam", Surname: "Surname" + id}}, Protected: []order.Protected{{Name: order.Name{Given: "Pat", Surname: "Kept" + id}}},
		Terms: order.Terms{StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlaceSchool, Text: "Place" + id}}}}}, Service: order.ServiceNotServed}
	wire := []byte("wire of " + id)
	a := store.Accepted{Agency: from, Package: order.LocalID("pk-" + id), Action: store.ActionAdd, Order: o, Canonical: sha256.Sum256(wire), Deadline: store.Deadline{Due: time.Now(), Rule: "FC 6380(a)"},
		Confidential: &order.Confidential{Restrained: &order.ConfidentialRestrained{SSN: "000112222", Employer: "Employer" + id}}, Received: store.Received{At: time.Now(), Peer: "192.0.2.7", Wire: wire, Digest: sha256.Sum256(wire), ContentType: "text/xml", Correlation: id}}
	if _, err := p.store.Accept(p.Context(), a); err != nil {
		p.Fatal(err)
	}
}

func (p *packed) file(name string) string { return filepath.Join(p.folder, name) }

func (p *packed) make(args ...string) (int, string) {
	p.Helper()
	status, out, errs := call(p.T, append([]string{"pack", "make", "--database-url", p.url, "--keys", storetest.KeyFile(p.T, p.url), "--seal-cert", p.hub.certFile, "--seal-key", p.hub.keyFile}, args...)...)
	return status, out + errs
}

// A sheriff's pack holds what the table shows to the agency's law enforcement, and is read with its key and the hub's certificate alone; who made it is on record.
func TestPackAtTheCommandLine(t *testing.T) {
	t.Parallel()
	p := newPacked(t)
	later, over := order.MakeDate(2090, 1, 1), order.MakeDate(2026, 2, 2)
	p.bring("CA030013J", "normal", order.AccessNormal, later)
	p.bring("CA030013J", "sealed", order.AccessSealed, later)
	p.bring("CA002013J", "farther", order.AccessJuvenile, later)
	p.bring("CA030013J", "ended", order.AccessNormal, over)
	status, said, _ := call(t, "pack", "keys", "--out", p.file("sheriff.key"), "--cert", p.hub.certFile)
	recipient := said[strings.Index(said, "age1"):]
	if status != 0 {
		t.Fatal(said)
	}
	pack := p.file("sheriff.pack")
	if status, said := p.make("--agency", "CA0300000", "--to", strings.TrimSpace(recipient), "--out", pack); status != 0 || !strings.Contains(said, "holds 3 orders for CA0300000") {
		t.Fatal(status, said)
	}
	raw, err := os.ReadFile(pack)
	info, err2 := os.Stat(pack)
	if err != nil || err2 != nil || info.Mode().Perm() != 0o600 || strings.Contains(string(raw), "Surname") || strings.Contains(string(raw), "CA0300000") {
		t.Errorf("%v %v: the file shows what it holds, or is for everybody", err, err2)
	}
	trail, err := p.store.AuditTrail(t.Context(), "agency CA0300000", 10)
	if err != nil || trail[0].Action != "pack.make" || !strings.HasPrefix(trail[0].Details, "3 orders, of all counties, good until ") || strings.Contains(trail[0].Details, "Surname") {
		t.Errorf("%+v %v", trail, err)
	}
	read := func(args ...string) (int, string) {
		status, out, errs := call(t, append([]string{"pack", "read", pack, "--key", p.file("sheriff.key")}, args...)...)
		return status, out + errs
	}
	page := p.file("page.html")
	for _, c := range []struct {
		args   []string
		status int
		has    string
	}{
		{[]string{"--name", "surnamenormal, sam", "--print", page}, 0, "Sam Surnamenormal"},
		{[]string{"--case", "CASEsealed"}, 0, "FROM AN OFFLINE PACK, LESS THAN AN HOUR OLD"},
		{[]string{"--name", "kept"}, 0, "In force, and not served yet."},
		{[]string{"--name", "surnameended"}, 3, "no proof that there is no order"},
		{[]string{"--name", "x", "--fcn", "1"}, 1, "one thing is looked for"},
		{[]string{"--name", "surnamenormal", "--print", page}, 1, "file exists"},
	} {
		if status, said := read(c.args...); status != c.status || !strings.Contains(said, c.has) {
			t.Errorf("%v: %d %s", c.args, status, said)
		}
	}
	printed, err := os.ReadFile(page)
	for _, want := range []string{"FROM AN OFFLINE PACK", "Surnamenormal", "Keptnormal", "Placenormal", "Agency CA0300000", "Signature"} {
		if !strings.Contains(string(printed), want) {
			t.Errorf("the page does not say %s: %v", want, err)
		}
	}
	_, all := read("--name", "surname")
	if strings.Contains(all+string(printed), "000112222") || strings.Contains(all+string(printed), "Employer") || strings.Count(all, "Surname") != 3 {
		t.Errorf("%s", all)
	}
	if status, said, _ := call(t, "pack", "check", pack, "--key", p.file("sheriff.key")); status != 0 || !strings.Contains(said, "is whole: 3 orders") {
		t.Errorf("%d %s", status, said)
	}
	p.refusals(pack, strings.TrimSpace(recipient))
}

// refusals are all that is not done, each with its reason.
func (p *packed) refusals(pack, recipient string) {
	p.Helper()
	raw, err := os.ReadFile(pack)
	if err != nil {
		p.Fatal(err)
	}
	write := func(name string, b []byte, mode os.FileMode) string {
		if err := os.WriteFile(p.file(name), b, mode); err != nil {
			p.Fatal(err)
		}
		return p.file(name)
	}
	key, err := os.ReadFile(p.file("sheriff.key"))
	if err != nil {
		p.Fatal(err)
	}
	another := hubOf(p.T, p.TempDir())
	if _, _, err := call2(p.T, "pack", "keys", "--out", p.file("other.key")); err != nil {
		p.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		has  string
	}{
		"a cut pack":               {[]string{write("cut", raw[:len(raw)-1], 0o600), "--key", p.file("sheriff.key")}, "no offline pack"},
		"another key":              {[]string{pack, "--key", p.file("other.key"), "--cert", p.hub.certFile}, "not made for this key"},
		"another hub":              {[]string{pack, "--key", p.file("sheriff.key"), "--cert", another.certFile}, "no hub whose certificate"},
		"no certificate":           {[]string{pack, "--key", write("bare.key", key, 0o600)}, "no certificate of the hub"},
		"a key that others read":   {[]string{pack, "--key", write("open.key", key, 0o644), "--cert", p.hub.certFile}, "others may read it"},
		"a key that is none":       {[]string{pack, "--key", write("no.key", raw, 0o600), "--cert", p.hub.certFile}, "holds no key"},
		"a pack that is something": {[]string{write("text", []byte("hello"), 0o600), "--key", p.file("sheriff.key")}, "no offline pack"},
	} {
		if status, out, errs := call(p.T, append([]string{"pack", "read", "--name", "surname"}, c.args...)...); status == 0 || out != "" || !strings.Contains(errs, c.has) {
			p.Errorf("%s: %d %s %s", name, status, out, errs)
		}
	}
	for name, c := range map[string]struct {
		args []string
		has  string
	}{
		"a court":             {[]string{"--agency", "CA030013J", "--to", recipient}, "no law-enforcement agency"},
		"nobody's agency":     {[]string{"--agency", "CA0310000", "--to", recipient}, "no agency is registered"},
		"a county of nowhere": {[]string{"--agency", "CA0300000", "--to", recipient, "--county", "Atlantis"}, "no county"},
		"good for a year":     {[]string{"--agency", "CA0300000", "--to", recipient, "--valid", "8760h"}, "31 days"},
		"to nobody":           {[]string{"--agency", "CA0300000", "--to", "age1nobody"}, "no recipient"},
	} {
		if status, said := p.make(append(c.args, "--out", p.file("never.pack"))...); status == 0 || !strings.Contains(said, c.has) {
			p.Errorf("%s: %d %s", name, status, said)
		}
	}
	if left, err := filepath.Glob(p.file("*never*")); err != nil || len(left) > 0 {
		p.Errorf("%v is left over", left)
	}
	if status, said := p.make("--agency", "CA0300000", "--to", recipient, "--county", "Alpine", "--out", p.file("alpine.pack")); status != 0 || !strings.Contains(said, "holds 1 orders") {
		p.Errorf("of one county: %d %s", status, said)
	}
	p.ages(pack)
}

// ages opens a pack when it has expired.
func (p *packed) ages(pack string) {
	p.Helper()
	c := packFile{File: pack, Key: p.file("sheriff.key")}
	later := time.Now().AddDate(0, 0, 8)
	if _, _, err := c.open(later); !errors.Is(err, offline.ErrExpired) || !strings.Contains(fmt.Sprint(err), "--expired-ok") {
		p.Errorf("%v", err)
	}
	c.ExpiredOK = true
	opened, done, err := c.open(later)
	if err != nil {
		p.Fatal(err)
	}
	defer done()
	if banner := strings.Join(packBanner(&terminal{zone: time.UTC}, opened.Manifest, later), "\n"); !strings.Contains(banner, "8 DAYS OLD") || !strings.Contains(banner, "THIS PACK EXPIRED") {
		p.Errorf("%s", banner)
	}
	if _, _, err := c.open(time.Now().AddDate(0, 0, -1)); !errors.Is(err, offline.ErrFuture) {
		p.Errorf("%v", err)
	}
}

// call2 is call, whose failure is an error.
func call2(t *testing.T, args ...string) (out, errs string, err error) {
	t.Helper()
	status, out, errs := call(t, args...)
	if status != 0 {
		err = errors.New(errs)
	}
	return out, errs, err
}
