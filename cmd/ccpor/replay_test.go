package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"

	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/codes"
	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/mapping"
	"ccpor/mapping/forms"
	"ccpor/mapping/invented"
	"ccpor/mapping/order"
	"ccpor/replay"
	"ccpor/store"
	"ccpor/store/storetest"
)

// originHub is a hub that has received what is replayed: one with a test switch, and with a court that sends.
type originHub struct {
	*region
	url    string // of its database
	court  identity
	tls    identity
	sender *client.Client
	zone   *time.Location
	today  order.Date
}

const originORI order.ORI = "CA030013J"

// openOrigin starts the hub. It is a region whose court sends for itself.
func openOrigin(t *testing.T) *originHub {
	t.Helper()
	ctx := t.Context()
	empty, err := store.OpenReader(ctx, storetest.NewURL(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(empty.Close)
	o := &originHub{url: storetest.NewURL(t)}
	if o.zone, err = time.LoadLocation("America/Los_Angeles"); err != nil {
		t.Fatal(err)
	}
	o.today = order.DateOf(time.Now().In(o.zone))
	if o.region, err = openRegion(ctx, regionConfig{Database: o.url, Simulator: program(t, "carpos-sim")}, empty); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	id, err := o.hub.store.RegisterAgency(ctx, store.Agency{ORI: originORI, Name: "Invented Court", County: "Orange", CarposName: "INVENTED COURT", Submits: true,
		ConfirmText: "CONFIRM AT 555-555-0100"})
	if err != nil {
		t.Fatal(err)
	}
	if o.tls, err = o.authority.client(string(originORI)); err != nil {
		t.Fatal(err)
	}
	if o.court, err = o.authority.signer(string(originORI), keyP256); err != nil {
		t.Fatal(err)
	}
	for use, c := range map[store.Use]identity{store.UseTLS: o.tls, store.UseSigning: o.court} {
		if err := o.hub.store.RegisterCertificate(ctx, id, use, c.cert, c.cert.NotBefore, c.cert.NotAfter); err != nil {
			t.Fatal(err)
		}
	}
	config, err := clientTLS(o.tls.certFile, o.tls.keyFile, o.authority.certFile())
	if err != nil {
		t.Fatal(err)
	}
	o.sender = client.New(o.hub.serviceURL(), config)
	t.Cleanup(o.sender.Close)
	return o
}

// Send makes the origin a target like any other, in which the court sends for itself.
func (o *originHub) Send(ctx context.Context, i replay.Item) (order.Tracking, error) {
	body, contentType, err := i.Message(ctx)
	if err != nil {
		return "", err
	}
	for {
		reply, err := o.sender.Post(ctx, body, contentType)
		if err != nil {
			return "", err
		}
		t, again, err := answered(reply)
		if !again || ctx.Err() != nil {
			return t, err
		}
	}
}

// message is a package as the court sends it, in one of the ways that courts have.
func (o *originHub) message(t *testing.T, n int, s invented.Sent, spoil func([]byte) []byte) ([]byte, string) {
	t.Helper()
	doc, err := mapping.Write(s.Package)
	if err == nil && spoil != nil {
		doc = spoil(doc)
	}
	if err == nil {
		doc, err = client.Sign(doc, o.court.key, o.court.cert)
	}
	if err != nil {
		t.Fatal(err)
	}
	var images []client.Attachment
	for _, i := range s.Images {
		images = append(images, client.Attachment{ID: i.ID, Content: i.Content})
	}
	ways := []client.Options{{}, {MTOM: true}, {Edition: soap.SOAP12}, {Edition: soap.SOAP12, MTOM: true, MessageID: "urn:invented:" + strconv.Itoa(n)}}
	body, contentType, err := client.Request(doc, images, ways[n%len(ways)])
	if err != nil {
		t.Fatal(err)
	}
	if n%7 == 3 {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes(), contentType + "\nContent-Encoding: gzip"
	}
	return body, contentType
}

// fill sends n packages of the docket, some of them spoilt so that they are refused, and waits until CARPOS has them.
func (o *originHub) fill(t *testing.T, n int) []replay.Sent {
	t.Helper()
	table, err := forms.Load()
	if err != nil {
		t.Fatal(err)
	}
	d := invented.NewDocket(invented.Maker{Seed: 20, Prefix: "RP", Court: order.Court{ORI: originORI, Name: "Invented Court", County: "Orange"}, Issued: o.today,
		Sent: time.Now().Add(-time.Minute).UTC().Truncate(time.Second)}, table)
	var items []replay.Item
	for i := 0; len(items) < n; i++ {
		for _, s := range d.Case(i).Sent {
			var spoil func([]byte) []byte
			if len(items)%29 == 28 {
				spoil = spoils[len(items)%len(spoils)]
			}
			body, contentType := o.message(t, len(items), s, spoil)
			items = append(items, replay.Item{Names: names(t, body, contentType), Message: func(context.Context) ([]byte, string, error) { return body, contentType, nil }})
		}
	}
	sent, err := replay.Run(t.Context(), items, o, replay.Plan{Abreast: 64, Settle: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sent {
		if s.Late {
			status, err := o.hub.store.Status(t.Context(), s.Tracking)
			t.Errorf("the origin was not done with %s (%s %s): %+v, %v", s.Tracking, status.Action, status.State, status.Transmissions, err)
		}
	}
	return sent
}

func names(t *testing.T, body []byte, contentType string) []string {
	t.Helper()
	plain, _, err := client.Plain(body, contentType)
	if err != nil {
		t.Fatal(err)
	}
	return replay.Names(plain)
}

// spoils make packages that are refused: by the schema, by a rule, and because their image is not there.
var spoils = []func([]byte) []byte{
	func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("SoftwareName>"), []byte("SoftwareNome>")) },
	func(b []byte) []byte { return bytes.Replace(b, []byte("Code>add<"), []byte("Code>cancel<"), 1) },
	func(b []byte) []byte {
		return bytes.Replace(b, []byte("<DocumentIdentification>image-1"), []byte("<DocumentIdentification>image-9"), 1)
	},
}

// replayed replays what the command chooses, into a region of its own, and tells what the command would.
func (o *originHub) replayed(t *testing.T, c replayCommand, d *carpos.Dictionary) replayOut {
	t.Helper()
	chosen, err := c.choose(t.Context(), o.hub.store, o.zone)
	if err != nil {
		t.Fatal(err)
	}
	r, err := openRegion(t.Context(), regionConfig{Database: storetest.NewURL(t), Simulator: program(t, "carpos-sim"), Dictionary: d, Since: chosen.since()}, o.hub.store.Reader)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.run(t.Context(), &terminal{out: io.Discard, err: io.Discard, zone: o.zone}, chosen, o.hub.store.Reader, r)
	if err = errors.Join(err, r.close(context.WithoutCancel(t.Context()))); err != nil {
		t.Fatal(err)
	}
	return out
}

// proofSize is how many packages the proof replays: `make replay-proof` asks for more.
func proofSize(t *testing.T) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("CCPOR_REPLAY")); err == nil {
		return n
	}
	if testing.Short() {
		return 60
	}
	return 300
}

// The proof: what is replayed ends as it did, to the last character of every CARPOS text; and when one row of one crosswalk is changed, exactly the lines that
// this row makes are different, and nothing else.
func TestReplayProof(t *testing.T) {
	t.Parallel()
	o := openOrigin(t)
	sent := o.fill(t, proofSize(t))
	out := o.replayed(t, replayCommand{ShowValues: true, Abreast: 64}, nil)
	if len(out.Differences) > 0 || out.Different != 0 || len(out.NotSettled) > 0 {
		t.Fatalf("%d packages ended otherwise, %d were not settled:\n%s", out.Different, len(out.NotSettled), written(t, out))
	}
	if out.Replayed != len(sent) || len(out.Skipped) != 0 || out.Along != 0 {
		t.Errorf("%d of %d were replayed, %d along; skipped: %+v", out.Replayed, len(sent), out.Along, out.Skipped)
	}

	book, err := codes.LoadWith(os.DirFS(changedHair(t)))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := carpos.LoadWith(book)
	if err != nil {
		t.Fatal(err)
	}
	was := o.lines(t, sent, "HAI/BRO")
	if was == 0 {
		t.Fatal("nobody has brown hair: the proof proves nothing")
	}
	out = o.replayed(t, replayCommand{ShowValues: true, Abreast: 64}, changed)
	found := 0
	for _, g := range out.Differences {
		// A correction from black hair to brown is none where both are black: the MRR loses its field.
		hangs := g.What == "ERR HAI" && g.Is == "BLK" || g.What == "MRR HAI" && (g.Is == "BLK" || g.Is == "")
		if g.Stage != replay.StageCarpos || g.Was != "BRO" || !hangs {
			t.Errorf("more than the row has changed: %+v", g)
		}
		found += g.Count
	}
	if found != was {
		t.Errorf("%d lines differ, and the row makes %d:\n%s", found, was, written(t, out))
	}
	t.Logf("%d packages; %d lines hang on the changed row", len(sent), was)
}

func written(t *testing.T, out replayOut) string {
	t.Helper()
	var b strings.Builder
	if err := replay.WriteGroups(&b, out.Differences); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// changedHair is a folder with one crosswalk in which one row leads elsewhere: brown hair is black.
func changedHair(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../clets/codes/data/crosswalks/hair.ncic.tsv")
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(b, []byte("\nBRO\tBRO\t"), []byte("\nBRO\tBLK\t"), 1)
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "crosswalks"), 0o755), os.WriteFile(filepath.Join(dir, "crosswalks", "hair.ncic.tsv"), changed, 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// lines counts, in the requests as they were last sent, how often one stands.
func (o *originHub) lines(t *testing.T, sent []replay.Sent, line string) (n int) {
	t.Helper()
	for some := range slices.Chunk(sent, batch) {
		var trackings []order.Tracking
		for _, s := range some {
			trackings = append(trackings, s.Tracking)
		}
		made, err := o.hub.store.Made(t.Context(), trackings)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range made {
			for _, tr := range m.Transmissions {
				n += bytes.Count(tr.Request, []byte("\r\n"+line+"\r\n"))
			}
		}
	}
	return n
}

// To another region by its URL, moved to today and signed anew: what a court is told of it is what it was told then.
func TestReplayElsewhere(t *testing.T) {
	t.Parallel()
	o, region := openOrigin(t), openOrigin(t)
	tests, err := region.hub.store.AgencyByORI(t.Context(), originORI)
	if err != nil {
		t.Fatal(err)
	}
	tests.Test = true
	if _, err := region.hub.store.RegisterAgency(t.Context(), tests); err != nil {
		t.Fatal(err)
	}
	sent := o.fill(t, 40)
	c := replayCommand{Abreast: 32, poll: 20 * time.Millisecond, replayElsewhere: replayElsewhere{URL: region.hub.serviceURL(), Cert: region.tls.certFile, Key: region.tls.keyFile,
		CA: region.authority.certFile(), SignCert: region.court.certFile, SignKey: region.court.keyFile, As: string(originORI), Prefix: "AGAIN-"}}
	chosen, err := c.choose(t.Context(), o.hub.store, o.zone)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.runElsewhere(t.Context(), &terminal{out: io.Discard, err: io.Discard, zone: o.zone}, chosen, o.hub.store.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if out.Replayed != len(sent) || len(out.NotSettled) > 0 {
		t.Errorf("%d of %d were replayed, %d not settled", out.Replayed, len(sent), len(out.NotSettled))
	}
	for _, g := range out.Differences { // only that an order which had expired, and whose record CARPOS would not change, stands again
		if !strings.HasSuffix(g.What, "RR state") || g.Was != "held" || g.Is != "accepted" {
			t.Errorf("%+v", g)
		}
	}
	there, err := region.hub.store.Replayable(t.Context(), store.ReplayFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range there {
		if s, err := region.hub.store.Status(t.Context(), p.Tracking); err != nil || !s.Test || p.Package != "" && !strings.HasPrefix(string(p.Package), "AGAIN-") {
			t.Errorf("package %s, test %v, %v", p.Package, s.Test, err)
		}
	}
	c.Key = ""
	if _, err := c.openElsewhere(time.Now()); err == nil {
		t.Error("a region was opened without the agency's key")
	}
}

// What is chosen brings along what it depends on, and what cannot be sent again is told.
func TestReplayChooses(t *testing.T) {
	t.Parallel()
	o := openOrigin(t)
	sent := o.fill(t, 60)
	made, err := o.hub.store.Made(t.Context(), trackings(sent))
	if err != nil {
		t.Fatal(err)
	}
	actions, states := map[store.Action]int{}, map[store.SubmissionState]int{}
	var cancel order.Tracking
	for _, m := range made {
		actions[m.Action]++
		states[m.State]++
		if m.Action != store.ActionCancel || m.State != store.SubmissionAccepted {
			continue
		}
		if s, err := o.hub.store.Status(t.Context(), m.Tracking); err != nil {
			t.Fatal(err)
		} else if s.Order.AddedBy != "" { // its order was not refused
			cancel = m.Tracking
		}
	}
	body, contentType := []byte("<not"), "text/xml"
	unread, err := o.Send(t.Context(), replay.Item{Message: func(context.Context) ([]byte, string, error) { return body, contentType, nil }})
	if err != nil {
		t.Fatal(err)
	}
	unmedia, err := o.Send(t.Context(), replay.Item{Message: func(context.Context) ([]byte, string, error) { return body, "text/plain", nil }})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "message")
	wire, _, err := o.hub.store.Wire(t.Context(), cancel)
	if err == nil {
		err = os.WriteFile(file, wire, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	stranger := filepath.Join(t.TempDir(), "stranger")
	if err := os.WriteFile(stranger, []byte("<PackageIdentification>NOBODYS</PackageIdentification>"), 0o600); err != nil {
		t.Fatal(err)
	}
	day := func(n int) string { return o.today.AddDays(n).String() }
	for name, c := range map[string]struct {
		replayCommand
		compared, skipped int
		along             bool
	}{
		"all":               {replayCommand{}, len(sent) + 1, 1, false},
		"by agency":         {replayCommand{Agency: string(originORI)}, len(sent) + 1, 1, false},
		"by another agency": {replayCommand{Agency: "CA002013J"}, 0, 0, false},
		"by action":         {replayCommand{Action: "serve"}, actions[store.ActionServe], 0, true},
		"accepted":          {replayCommand{State: "accepted"}, states[store.SubmissionAccepted], 0, false},
		"refused":           {replayCommand{State: "refused", Tracking: texts(sent)}, states[store.SubmissionRefused], 0, true},
		"today":             {replayCommand{Since: day(0), Until: day(1)}, len(sent) + 1, 1, false},
		"tomorrow":          {replayCommand{Since: day(1)}, 0, 0, false},
		"yesterday":         {replayCommand{Until: day(0)}, 0, 0, false},
		"one":               {replayCommand{Tracking: []string{string(cancel)}}, 1, 0, true},
		"the newest":        {replayCommand{Limit: 2}, 1, 1, false},
		"unreadable":        {replayCommand{Tracking: []string{string(unread)}}, 1, 0, false},
		"unread":            {replayCommand{Tracking: []string{string(unmedia)}}, 0, 1, false},
		"a file":            {replayCommand{Files: []string{file}}, 1, 0, true},
		"a folder":          {replayCommand{Files: []string{filepath.Dir(file), stranger}}, 1, 1, true},
	} {
		got, err := c.choose(t.Context(), o.hub.store, o.zone)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		along := len(got.items) - got.compared()
		if got.compared() != c.compared || len(got.skipped) != c.skipped || c.along != (along > 0) {
			t.Errorf("%s: %d compared, %d along, %d skipped; want %d, %v, %d", name, got.compared(), along, len(got.skipped), c.compared, c.along, c.skipped)
		}
	}
	for _, c := range []replayCommand{{Agency: "X"}, {Since: "yesterday"}, {Tracking: []string{"1"}}, {Files: []string{"/nowhere"}}} {
		if _, err := c.choose(t.Context(), o.hub.store, o.zone); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func trackings(sent []replay.Sent) []order.Tracking {
	var all []order.Tracking
	for _, s := range sent {
		all = append(all, s.Tracking)
	}
	return all
}

// A hub that could send a replay to a live switch does not start, whatever else is configured.
func TestNoTestRegionHasALiveSwitch(t *testing.T) {
	t.Parallel()
	c := serveConfig{TestRegion: true, Switch: "switch.example:1234"}
	if err := c.check(); err == nil || !strings.Contains(err.Error(), "CCPOR_TEST_REGION") {
		t.Errorf("check: %v", err)
	}
	if h, err := openHub(t.Context(), c, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "CCPOR_TEST_REGION") {
		t.Errorf("open: %v, %v", h, err)
	}
	c.SwitchTest = true
	if err := c.checkRegion(); err != nil {
		t.Errorf("with a test switch: %v", err)
	}
}

func texts(sent []replay.Sent) []string {
	var all []string
	for _, t := range trackings(sent) {
		all = append(all, string(t))
	}
	return all
}
