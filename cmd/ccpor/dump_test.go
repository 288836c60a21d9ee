package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/access"
	"ccpor/clets/carpos"
	"ccpor/clets/inquiry"
	"ccpor/mapping"
	"ccpor/mapping/forms"
	"ccpor/mapping/invented"
	"ccpor/mapping/order"
	"ccpor/replay"
	"ccpor/store"
)

// What a dump of the database must not show. All of it is invented, and stands nowhere else.
const (
	markPlace    = "ZYXPLACE MILL LANE"     // where the protected side lives, on the order
	markWords    = "ZYXWORDS"               // what the judge wrote by hand
	markStreet   = "4711 ZYXSTREET"         // of CLETS-001, both sides
	markSSN      = "900887766"              // of CLETS-001; the 900s are given to nobody
	markPhone    = "5550147733"             //
	markLicense  = "ZYX0LICENSE"            //
	markEmployer = "ZYXEMPLOYER"            //
	markRace     = "zyxrace"                // of a package that is refused for it
	markImage    = "ZYXIMAGE"               // in an image
	markValue    = "ZYXVALUE"               // that a person supplied
	markViolence = "ZYXVIOLATION"           // of a violation
	markBadge    = "ZYXBADGE"               // of an officer who served
	markSecret   = "ZYXSECRET"              // by which somebody signs in
	markQuestion = "ZYXASKED"               // a name that is asked for at CARPOS
	markAnswer   = "***** PROTECTIVE ORDER" // a text of CARPOS
)

var marks = []string{markPlace, markWords, markStreet, markSSN, markPhone, markLicense, markEmployer, markRace, markImage, markValue, markViolence, markBadge, markQuestion, markSecret, markAnswer}

// mark puts the markers into a package.
func mark(p *mapping.Package) {
	address := &order.Address{Street: markStreet, City: "Nowhere", State: "CA", Postal: "90000"}
	if o := p.Order; o != nil {
		o.OtherOrders += " " + markWords
		o.Terms.StayAway = append(o.Terms.StayAway, order.StayAway{Yards: 100, Places: []order.Place{{Kind: order.PlaceOther, Text: markPlace}}})
	}
	if c := p.Confidential; c != nil {
		if r := c.Restrained; r != nil {
			r.SSN, r.Telephones, r.Employer, r.DriverLicense, r.Address = markSSN, []string{markPhone}, markEmployer, &order.License{Number: markLicense, State: "CA"}, address
		}
		for i := range c.Protected {
			c.Protected[i].Address, c.Protected[i].Telephones = address, []string{markPhone}
		}
	}
}

// TestADumpShowsNobody: orders with whereabouts, CLETS-001 data and texts of CARPOS are taken in, sent and answered; then a dump of the database is read for them.
func TestADumpShowsNobody(t *testing.T) {
	t.Parallel()
	o := openOrigin(t)
	settled := o.takeMarked(t)
	o.askMarked(t)
	o.correctMarked(t, settled["DU000901-R30"])
	o.violateMarked(t, settled["DU000902-SERV"])
	o.recordMarked(t, settled["DU000902-SERV"])
	o.keepMarkedSecrets(t)
	o.until(t, "the violation is told to CARPOS", "select count(*) > 0 from transmission where kind = 'VRR' and state = 'accepted'")
	o.until(t, "another agency's service is kept", "select count(*) > 0 from reported")
	o.everySealedColumnHolds(t)
	dump := dumpOf(t, o.url)
	for _, there := range []string{"DU000901-R30", "confidential", "data_key", "river_job", "COPY public.party"} {
		if !bytes.Contains(dump, []byte(there)) {
			t.Errorf("the dump lacks %q: it is not whole", there)
		}
	}
	plain := bytes.ToLower(dump)
	for _, m := range marks {
		for how, shown := range shows(m) {
			if i := bytes.Index(plain, bytes.ToLower([]byte(shown))); i >= 0 {
				t.Errorf("the dump shows %s, %s: %q", m, how, plain[max(0, bytes.LastIndexByte(plain[:i], '\n')):min(len(plain), i+len(shown)+40)])
			}
		}
	}
	for what, magic := range map[string]string{"compressed and not encrypted": `\\x28b52ffd`, "an image": `\\x25504446`} {
		if bytes.Contains(plain, []byte(magic)) {
			t.Errorf("the dump holds something that is %s", what)
		}
	}
	o.readsMarked(t, settled["DU000900"])
}

// shows are the ways in which a dump could show a text.
func shows(m string) map[string]string {
	all := map[string]string{"as it is": m}
	for name, s := range map[string]string{"": m, ", upper case": strings.ToUpper(m), ", lower case": strings.ToLower(m)} {
		all["as bytes"+name] = hex.EncodeToString([]byte(s))
		for shift := range 3 { // wherever it begins in what was encoded
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("?", shift) + s))
			all[fmt.Sprintf("in base64 at %d%s", shift, name)] = encoded[4 : len(encoded)-4]
		}
	}
	return all
}

func dumpOf(t *testing.T, url string) []byte {
	t.Helper()
	program := "pg_dump"
	if dir := os.Getenv("PG_BINDIR"); dir != "" {
		program = filepath.Join(dir, program)
	} else if out, err := exec.CommandContext(t.Context(), "pg_config", "--bindir").Output(); err == nil {
		program = filepath.Join(strings.TrimSpace(string(out)), program)
	}
	cmd := exec.CommandContext(t.Context(), program, "--dbname", url)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	dump, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v %s", program, err, problems.String())
	}
	return dump
}

var race = regexp.MustCompile("RaceCode>[A-Za-z]+<")

// takeMarked sends marked packages of every kind and gives the tracking numbers of some by their cases.
func (o *originHub) takeMarked(t *testing.T) map[order.CaseNumber]order.Tracking {
	t.Helper()
	table, err := forms.Load()
	if err != nil {
		t.Fatal(err)
	}
	m := invented.Maker{Seed: 21, Prefix: "DU", Court: order.Court{ORI: originORI, Name: "Invented Court", County: "Orange"}, Issued: o.today, Sent: time.Now().Add(-time.Minute).UTC().Truncate(time.Second)}
	var sent []invented.Sent
	for i := range 16 {
		sent = append(sent, invented.NewDocket(m, table).Case(i).Sent...)
	}
	for i, ending := range []string{"", "-R30", "-SERV"} {
		image := m.Image(i, 4<<10)
		copy(image[100:], markImage)
		p := m.Order(900+i, image)
		p.Order.Case += order.CaseNumber(ending)
		sent = append(sent, invented.Sent{Package: p, Images: []invented.Image{{ID: "image-1", Content: image}}})
	}
	var items []replay.Item
	for i, s := range sent {
		mark(&s.Package)
		var spoil func([]byte) []byte
		if i%11 == 10 {
			spoil = func(b []byte) []byte {
				return race.ReplaceAll(b, []byte("RaceCode>"+markRace+"<"))
			}
		}
		body, contentType := o.message(t, i, s, spoil)
		items = append(items, replay.Item{Names: names(t, body, contentType), Message: func(context.Context) ([]byte, string, error) { return body, contentType, nil }})
	}
	done, err := replay.Run(t.Context(), items, o, replay.Plan{Abreast: 16, Settle: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[order.CaseNumber]order.Tracking{}
	for i, s := range sent {
		if s.Order != nil {
			numbers[s.Order.Case] = done[i].Tracking
		}
	}
	return numbers
}

// askMarked asks CARPOS for a name.
func (o *originHub) askMarked(t *testing.T) {
	t.Helper()
	dictionary, err := carpos.Load()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.hub.store.SetGrants(t.Context(), originORI, store.By{Actor: "test"}, time.Now(), true, store.GrantQuery); err != nil {
		t.Fatal(err)
	}
	desk := inquiry.New(o.hub.store, dictionary, o.zone, time.Now)
	id, err := desk.Ask(t.Context(), inquiry.Form{Actor: "test", For: string(originORI), Certified: "invented", Purpose: "invented", Name: markQuestion + ",ZED", Born: "1990-01-01", Sex: "M", Wait: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	o.until(t, "the inquiry is answered", fmt.Sprintf("select state = 'answered' from inquiry where id = %d", id))
}

// correctMarked supplies a value for an order that CARPOS refused.
func (o *originHub) correctMarked(t *testing.T, number order.Tracking) {
	t.Helper()
	ids, err := o.hub.store.TransmissionsOf(t.Context(), number)
	if err == nil {
		_, err = o.hub.store.Act(t.Context(), ids[0], store.Act{Verb: store.VerbCorrect, Who: "person invented", At: time.Now(), Corrections: []store.Correction{{Field: "EMP", Value: markValue, Source: "invented"}}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (o *originHub) violateMarked(t *testing.T, number order.Tracking) {
	t.Helper()
	v := order.Violation{At: time.Now().Add(-time.Minute), Place: markStreet, Agency: originORI, Report: "EX-1", Text: "invented " + markViolence}
	if _, err := o.hub.store.ReportViolation(t.Context(), number, v, "person invented", time.Now()); err != nil {
		t.Fatal(err)
	}
}

// recordMarked records a service of the order of a submission.
func (o *originHub) recordMarked(t *testing.T, number order.Tracking) {
	t.Helper()
	s := o.hub.store
	status, err := s.Status(t.Context(), number)
	if err != nil || status.Order == nil {
		t.Fatal(err)
	}
	f, err := s.FindOrder(t.Context(), status.Order.Court, status.Order.ID, status.Test)
	if err != nil {
		t.Fatal(err)
	}
	service := order.Service{OrderID: f.Order.ID, Court: f.Order.Court.ORI, Case: f.Order.Case, Restrained: f.Order.Restrained.Name, Date: f.Order.Issued, Time: 23 * 60, Method: order.MethodVerbal, Place: markPlace,
		Server: order.Officer{Name: "O. Fficer", Badge: markBadge, AgencyORI: originORI}}
	if _, err := s.RecordService(t.Context(), store.Recording{Order: f, Service: service, Person: 1, Actor: "person invented", Agency: originORI, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

// keepMarkedSecrets keeps what a person and an agency sign in by.
func (o *originHub) keepMarkedSecrets(t *testing.T) {
	t.Helper()
	by, s := store.By{Actor: "test"}, o.hub.store
	p, err := s.InvitePerson(t.Context(), store.NewPerson{Agency: originORI, Login: "invented@court.example", Name: "Invented Clerk", Roles: []access.Role{access.CourtClerk}}, by, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ConfirmTOTP(t.Context(), p.ID, markSecret, 1, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.OfferTOTP(t.Context(), p.ID, markSecret, time.Now()); err != nil {
		t.Fatal(err)
	}
	provider := store.IdentityProvider{Agency: originORI, Issuer: "https://idp.court.example", Client: "ccpor", Secret: markSecret, Domains: []string{"court.example"}}
	if err := s.SetIdentityProvider(t.Context(), provider, by, time.Now()); err != nil {
		t.Fatal(err)
	}
}

func (o *originHub) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), o.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func (o *originHub) until(t *testing.T, what, query string) {
	t.Helper()
	conn, end := o.connect(t), time.After(time.Minute)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		var yes bool
		if err := conn.QueryRow(t.Context(), query).Scan(&yes); err != nil {
			t.Fatal(err)
		}
		if yes {
			return
		}
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// everySealedColumnHolds sees to it that nothing is found in no column for want of rows.
func (o *originHub) everySealedColumnHolds(t *testing.T) {
	t.Helper()
	conn := o.connect(t)
	rows, err := conn.Query(t.Context(), "select table_name, column_name from information_schema.columns where table_schema = 'public' and domain_name = 'sealed'")
	if err != nil {
		t.Fatal(err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Table, Column string }])
	if err != nil || len(columns) == 0 {
		t.Fatal(columns, err)
	}
	for _, c := range columns {
		var n int
		if err := conn.QueryRow(t.Context(), fmt.Sprintf("select count(%s) from %s", c.Column, c.Table)).Scan(&n); err != nil || n == 0 {
			t.Errorf("%s.%s holds %d values, %v", c.Table, c.Column, n, err)
		}
	}
}

// readsMarked reads an order with the keys: it is as the court sent it.
func (o *originHub) readsMarked(t *testing.T, number order.Tracking) {
	t.Helper()
	kept, err := o.hub.store.Order(t.Context(), number)
	if err != nil || !strings.Contains(kept.OtherOrders, markWords) {
		t.Errorf("%+v, %v", kept, err)
	}
	image, err := o.hub.store.Image(t.Context(), number, "image-1")
	if err != nil || !bytes.Contains(image.Content, []byte(markImage)) {
		t.Errorf("%d bytes, %v", len(image.Content), err)
	}
	wire, _, err := o.hub.store.Wire(t.Context(), number)
	if err != nil || !bytes.Contains(wire, []byte(markPlace)) {
		t.Errorf("%d bytes, %v", len(wire), err)
	}
}
