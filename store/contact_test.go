package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// ana is who does everything here.
var ana = store.By{Actor: "person ana@court.example, CA030013J", Person: 7, Agency: "CA030013J"}

// last is the newest entry about an object.
func (h *hub) last(object string) store.Event {
	h.t.Helper()
	trail, err := h.AuditTrail(h.t.Context(), object, 1)
	if err != nil || len(trail) != 1 {
		h.t.Fatalf("%s: %v, %v", object, trail, err)
	}
	return trail[0]
}

func (h *hub) entries() string { return h.sql("select count(*)::text from audit") }

// wrong says that an error is about a part of what was given.
func wrong(err error, part string) bool {
	var input *store.InputError
	return errors.As(err, &input) && input.Part == part
}

func TestContacts(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx := t.Context()
	desk := store.Contact{Agency: h.court.ORI, Kind: store.ContactConfirmation, Name: "Control one", Telephone: "555-0100", Hours: "around the clock"}
	kept, err := h.AddContact(ctx, desk, ana, noon)
	if err != nil || kept.ID == 0 {
		t.Fatal(kept, err)
	}
	if e := h.last("agency CA030013J"); e.Action != "agency.contact" || e.Outcome != "added" || e.Person != 7 || e.Agency != "CA030013J" || e.Actor != ana.Actor || !strings.Contains(e.Details, `"555-0100"`) {
		t.Errorf("on record: %+v", e)
	}
	all, err := h.ContactsOf(ctx, h.court.ORI)
	if err != nil || len(all) != 1 || all[0] != kept {
		t.Errorf("%+v, %v", all, err)
	}
	before := h.entries()
	for name, c := range map[string]struct {
		change func(*store.Contact)
		part   string
	}{
		"no kind":           {func(c *store.Contact) { c.Kind = "friend" }, "kind"},
		"no name":           {func(c *store.Contact) { c.Name = "" }, "name"},
		"a name of lines":   {func(c *store.Contact) { c.Name = "a\nb" }, "name"},
		"a long name":       {func(c *store.Contact) { c.Name = strings.Repeat("ä", 101) }, "name"},
		"text turned round": {func(c *store.Contact) { c.Name = "a\u202eb" }, "name"},
		"no way":            {func(c *store.Contact) { c.Telephone = "" }, "telephone"},
		"no address":        {func(c *store.Contact) { c.Email = "office" }, "email"},
		"a named address":   {func(c *store.Contact) { c.Email = "Office <o@court.example>" }, "email"},
		"two addresses":     {func(c *store.Contact) { c.Email = "o@court.example,p@court.example" }, "email"},
	} {
		bad := desk
		c.change(&bad)
		if _, err := h.AddContact(ctx, bad, ana, noon); !wrong(err, c.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := register(t, h.Store, store.Agency{ORI: "CA001013J", Name: "Alameda"})
	if err := h.RemoveContact(ctx, other.ORI, kept.ID, ana, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another agency removes it: %v", err)
	}
	desk.Agency = "CA002013J"
	if _, err := h.AddContact(ctx, desk, ana, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of an agency that there is not: %v", err)
	}
	if after := h.entries(); after != before {
		t.Errorf("%s entries, then %s: what was refused is on record as done", before, after)
	}
	if err := h.RemoveContact(ctx, h.court.ORI, kept.ID, ana, noon); err != nil || h.last("agency CA030013J").Outcome != "removed" {
		t.Errorf("%v, %+v", err, h.last("agency CA030013J"))
	}
}

func TestClosures(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx := t.Context()
	d := order.MakeDate(2026, 3, 4)
	if err := h.CloseCourt(ctx, h.court.ORI, d, d.AddDays(1), "Flood", ana, noon); err != nil {
		t.Fatal(err)
	}
	if e := h.last("agency CA030013J"); e.Action != "agency.closure" || e.Outcome != "closed" || e.Person != 7 || e.Details != `2026-03-04 to 2026-03-05: "Flood"` {
		t.Errorf("on record: %+v", e)
	}
	if err := h.CloseCourt(ctx, h.court.ORI, d, d, "Fire", ana, noon); err != nil {
		t.Fatal(err)
	}
	list, err := h.ClosuresOf(ctx, h.court.ORI, d)
	if err != nil || len(list) != 2 || list[0] != (store.Closure{Agency: h.court.ORI, Day: d, Name: "Fire"}) || list[1].Name != "Flood" {
		t.Errorf("%+v, %v", list, err)
	}
	if days, err := h.Closed(ctx, h.court.ORI, noon); err != nil || len(days) != 2 || days[0] != d {
		t.Errorf("%v, %v", days, err)
	}
	if days, err := h.Closed(ctx, "CA001013J", noon); err != nil || len(days) != 0 {
		t.Errorf("of another court: %v, %v", days, err)
	}
	sheriff := register(t, h.Store, store.Agency{ORI: "CA0300000", Name: "Sheriff", Kind: store.KindLawEnforcement})
	for name, c := range map[string]struct {
		ori         order.ORI
		first, last order.Date
		name, part  string
	}{
		"of law enforcement": {sheriff.ORI, d, d, "Flood", "first"},
		"backwards":          {h.court.ORI, d, d.AddDays(-1), "Flood", "last"},
		"for a year":         {h.court.ORI, d, d.AddYears(1), "Flood", "last"},
		"for no reason":      {h.court.ORI, d, d, "", "name"},
		"no day":             {h.court.ORI, order.Date{}, d, "Flood", "last"},
	} {
		if err := h.CloseCourt(ctx, c.ori, c.first, c.last, c.name, ana, noon); !wrong(err, c.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.OpenCourt(ctx, sheriff.ORI, d, ana, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another agency opens it: %v", err)
	}
	if err := h.OpenCourt(ctx, h.court.ORI, d, ana, noon); err != nil || h.last("agency CA030013J").Outcome != "open" {
		t.Errorf("%v, %+v", err, h.last("agency CA030013J"))
	}
	if days, err := h.Closed(ctx, h.court.ORI, noon); err != nil || len(days) != 1 {
		t.Errorf("after it was opened: %v, %v", days, err)
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx := t.Context()
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	weekly, err := h.Windows(ctx, noon)
	if err != nil || len(weekly) != 2 || weekly[0].Words(zone) != "Wednesday 18:00 to 21:00" || weekly[1].Words(zone) != "Sunday 09:00 to 21:00" {
		t.Fatalf("the windows to begin with: %+v, %v", weekly, err)
	}
	once := store.Window{Starts: noon.Add(time.Hour), Ends: noon.Add(3 * time.Hour), Text: "A new disk."}
	kept, err := h.AddWindow(ctx, once, ana, noon)
	if err != nil {
		t.Fatal(err)
	}
	if e := h.last("window 3"); e.Action != "window.set" || e.Outcome != "announced" || e.Person != 7 || !strings.Contains(e.Details, "A new disk.") {
		t.Errorf("on record: %+v", e)
	}
	if _, err := h.AddWindow(ctx, store.Window{Weekly: true, Weekday: time.Saturday, From: 23 * 60, Until: 24 * 60, Text: "At night."}, ana, noon); err != nil {
		t.Fatal(err)
	}
	all, err := h.Windows(ctx, noon)
	if err != nil {
		t.Fatal(err)
	}
	next := store.Upcoming(all, noon.Add(2*time.Hour), zone) // Monday 2 March, 14:00 in California
	var told []string
	for _, o := range next {
		told = append(told, o.At.In(zone).Format("Mon 2 15:04")+" "+o.To.In(zone).Format("Mon 2 15:04"))
	}
	if got := strings.Join(told, ", "); got != "Mon 2 13:00 Mon 2 15:00, Wed 4 18:00 Wed 4 21:00, Sat 7 23:00 Sun 8 00:00, Sun 8 09:00 Sun 8 21:00" || !next[0].Under(noon.Add(2*time.Hour)) || next[1].Under(noon) {
		t.Error(got)
	}
	before := h.entries()
	for name, c := range map[string]struct {
		w    store.Window
		part string
	}{
		"no text":        {store.Window{Starts: noon, Ends: noon.Add(time.Hour)}, "text"},
		"backwards":      {store.Window{Starts: noon, Ends: noon, Text: "x"}, "ends"},
		"for a month":    {store.Window{Starts: noon, Ends: noon.AddDate(0, 1, 0), Text: "x"}, "ends"},
		"no day":         {store.Window{Weekly: true, Weekday: 7, Until: 60, Text: "x"}, "weekday"},
		"over the night": {store.Window{Weekly: true, From: 23 * 60, Until: 60, Text: "x"}, "until"},
		"past the day":   {store.Window{Weekly: true, From: 23 * 60, Until: 25 * 60, Text: "x"}, "until"},
	} {
		if _, err := h.AddWindow(ctx, c.w, ana, noon); !wrong(err, c.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.RemoveWindow(ctx, 99, ana, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("one that there is not: %v", err)
	}
	if after := h.entries(); after != before {
		t.Errorf("%s entries, then %s", before, after)
	}
	if w, err := h.RemoveWindow(ctx, kept.ID, ana, noon); err != nil || w.Text != "A new disk." || h.last("window 3").Outcome != "taken back" {
		t.Errorf("%+v, %v", w, err)
	}
	if over, err := h.Windows(ctx, noon.Add(4*time.Hour)); err != nil || len(over) != 3 {
		t.Errorf("%+v, %v", over, err)
	}
}

// A weekly window is by the clock on the wall, on the days on which it is changed too.
func TestWindowsOnDaysWhenTheClockChanges(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	w := store.Window{Weekly: true, Weekday: time.Sunday, From: 9 * 60, Until: 21 * 60, Text: "x"}
	for _, c := range []struct{ now, starts, ends string }{
		{"2026-03-08T00:30:00-08:00", "2026-03-08T09:00:00-07:00", "2026-03-08T21:00:00-07:00"},
		{"2026-11-01T00:30:00-07:00", "2026-11-01T09:00:00-08:00", "2026-11-01T21:00:00-08:00"},
		{"2026-11-01T20:59:59-08:00", "2026-11-01T09:00:00-08:00", "2026-11-01T21:00:00-08:00"},
		{"2026-11-01T21:00:00-08:00", "2026-11-08T09:00:00-08:00", "2026-11-08T21:00:00-08:00"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		starts, ends, ok := w.Next(now, zone)
		if !ok || starts.Format(time.RFC3339) != c.starts || ends.Format(time.RFC3339) != c.ends {
			t.Errorf("at %s: %s to %s", c.now, starts, ends)
		}
	}
}

// What people do to an agency is on record with the person, and what is refused is not.
func TestActsOnAgenciesAreOnRecord(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx := t.Context()
	cert := certificate(t, "court-rsa")
	trust := store.Trust{Agency: h.court.ORI, Use: store.UseTLS, Certificate: cert, From: noon, To: noon.AddDate(1, 0, 0)}
	if err := errors.Join(h.Untrustable(ctx, trust), h.TrustCertificate(ctx, trust, ana, noon)); err != nil {
		t.Fatal(err)
	}
	certs, err := h.CertificatesOf(ctx, h.court.ORI)
	if err != nil || len(certs) != 1 || certs[0].Subject != cert.Subject.String() || certs[0].Issuer == "" {
		t.Fatalf("%+v, %v", certs, err)
	}
	if e := h.last("agency CA030013J"); e.Action != "certificate.trust" || e.Person != 7 || !strings.Contains(e.Details, certs[0].Fingerprint) {
		t.Errorf("%+v", e)
	}
	for action, do := range map[string]func() error{
		"agency.grant": func() error {
			_, err := h.SetGrants(ctx, h.court.ORI, ana, noon, true, store.GrantQuery)
			return err
		},
		"agency.limit": func() error {
			_, err := h.SetLimits(ctx, h.court.ORI, store.AgencyLimits{Daily: 5}, ana, noon)
			return err
		},
		"agency.callback": func() error {
			return h.SetListener(ctx, store.Listener{ORI: h.court.ORI, URL: "https://cms.court.example/", Edition: "1.2", Certificate: cert, Active: true}, ana, noon)
		},
		"agency.change": func() error {
			_, err := h.ChangeAgency(ctx, h.court.ORI, ana, noon, func(a *store.Agency, _ bool) error { a.Mnemonic = "CCP2"; return nil })
			return err
		},
	} {
		if err := do(); err != nil {
			t.Fatal(action, err)
		}
		if e := h.last("agency CA030013J"); e.Action != action || e.Person != 7 || e.Agency != "CA030013J" || e.Details == "" || !e.At.Equal(noon) {
			t.Errorf("%s: %+v", action, e)
		}
	}
	if l, err := h.ListenerOf(ctx, h.court.ORI); err != nil || !l.Active || l.URL != "https://cms.court.example/" || !l.Certificate.Equal(cert) {
		t.Errorf("%+v, %v", l, err)
	}
	other := register(t, h.Store, store.Agency{ORI: "CA001013J", Name: "Alameda"})
	desk := register(t, h.Store, store.Agency{ORI: "CA0349400", Name: "Help desk", Kind: "helpDesk", ReadOnly: true})
	before := h.entries()
	if _, err := h.ListenerOf(ctx, other.ORI); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nobody listens: %v", err)
	}
	foreign := trust
	foreign.Agency = other.ORI
	for name, err := range map[string]error{"looked at": h.Untrustable(ctx, foreign), "taken": h.TrustCertificate(ctx, foreign, ana, noon)} {
		if !errors.Is(err, store.ErrOtherAgency) {
			t.Errorf("another's certificate is %s: %v", name, err)
		}
	}
	tests := trust
	tests.Test = true
	for name, err := range map[string]error{"looked at": h.Untrustable(ctx, tests), "taken": h.TrustCertificate(ctx, tests, ana, noon)} {
		if !errors.Is(err, store.ErrOtherKind) {
			t.Errorf("a certificate of the other kind is %s: %v", name, err)
		}
	}
	_, err = h.ChangeAgency(ctx, other.ORI, ana, noon, func(a *store.Agency, _ bool) error { a.Mnemonic = "CCP2"; return nil })
	if !errors.Is(err, store.ErrMnemonicTaken) {
		t.Errorf("another agency's line: %v", err)
	}
	if _, err := h.SetGrants(ctx, desk.ORI, ana, noon, true, store.GrantSubmit); !errors.Is(err, store.ErrCentral) {
		t.Errorf("the help desk may send: %v", err)
	}
	if _, err := h.SetLimits(ctx, other.ORI, store.AgencyLimits{PerSecond: -1}, ana, noon); !wrong(err, "limits") {
		t.Errorf("a negative limit: %v", err)
	}
	if after := h.entries(); after != before {
		t.Errorf("%s entries, then %s", before, after)
	}
}
