package inquiry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// files is a store with one inquiry and the orders given.
type files struct {
	q        store.Inquiry
	entries  []store.Entry
	asked    store.NewInquiry
	query    store.EntryQuery
	events   []store.Event
	askErr   error
	auditErr error
}

func (f *files) Inquire(_ context.Context, n store.NewInquiry) (store.InquiryID, error) {
	f.asked = n
	return 7, f.askErr
}

func (f *files) Inquiry(context.Context, store.InquiryID) (store.Inquiry, error) { return f.q, nil }

func (f *files) Entries(_ context.Context, q store.EntryQuery) ([]store.Entry, error) {
	f.query = q
	return slices.Clone(f.entries), nil
}

func (f *files) Audit(_ context.Context, e store.Event) error {
	f.events = append(f.events, e)
	return f.auditErr
}

func desk(t *testing.T, f *files) *Desk {
	t.Helper()
	d, err := carpos.Load()
	if err != nil {
		t.Fatal(err)
	}
	return New(f, d, time.UTC, func() time.Time { return noon })
}

func TestQuestionsAsTyped(t *testing.T) {
	t.Parallel()
	whole := Form{Actor: "test", For: "ca0300000", Certified: "badge 4711", Purpose: "traffic stop"}
	for name, tt := range map[string]struct {
		change func(*Form)
		text   string // the request; empty where the form is refused
		says   []string
	}{
		"FCN":              {func(f *Form) { f.FCN = " 2320632500001 " }, "QRR.CA0300000.FCN/2320632500001\r\n", nil},
		"OCA":              {func(f *Form) { f.OCA = "06nf0886" }, "QRR.CA0300000.OCA/06NF0886\r\n", nil},
		"case":             {func(f *Form) { f.Case, f.Court = "06NF0886", "ca030013j" }, "QRR.CA0300000.CCN/06NF0886\r\nCTI/CA030013J\r\n", nil},
		"name":             {func(f *Form) { f.Name, f.Born, f.Sex = "Núñez, José", "1981-11-21", "m" }, "QRR.CA0300000.NAM/NUNEZ,JOSE\r\nDOB/19811121\r\nSEX/M\r\n", nil},
		"middle, suffix":   {func(f *Form) { f.Name = "de la Cruz,Ana Maria Jr." }, "QRR.CA0300000.NAM/DE LA CRUZ,ANA MARIA JR\r\n", nil},
		"nothing":          {func(*Form) {}, "", []string{"is needed"}},
		"two ways":         {func(f *Form) { f.FCN, f.OCA = "1", "2" }, "", []string{"at a time"}},
		"case, no court":   {func(f *Form) { f.Case = "06NF0886" }, "", []string{"come together"}},
		"no comma":         {func(f *Form) { f.Name = "Marc Jones" }, "", []string{"LAST,FIRST"}},
		"a bad date":       {func(f *Form) { f.Name, f.Born = "JONES,MARC", "21.11.1981" }, "", []string{"2006-06-07"}},
		"a sex of no code": {func(f *Form) { f.Name, f.Sex = "JONES,MARC", "Q" }, "", []string{"Sex"}},
		"two lines":        {func(f *Form) { f.OCA = "1\r\nFCN/2" }, "", []string{"ntering agency's case number"}},
		"nobody, no reason": {func(f *Form) { f.FCN, f.For, f.Certified, f.Purpose = "1", "sheriff", " ", "" }, "",
			[]string{"known as CLETS-certified", "why is asked", "by its ORI"}},
		"a long purpose": {func(f *Form) { f.FCN, f.Purpose = "1", strings.Repeat("ü", 201) }, "", []string{"200 characters"}},
		"no patience":    {func(f *Form) { f.FCN, f.Wait = "1", time.Millisecond }, "", []string{"One second"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form, s := whole, &files{}
			tt.change(&form)
			id, err := desk(t, s).Ask(t.Context(), form)
			if tt.text != "" {
				if err != nil || id != 7 || string(s.asked.Text) != tt.text || s.asked.Patience != StandardPatience || s.asked.Agency != "CA0300000" {
					t.Errorf("%v, %q", err, s.asked.Text)
				}
				return
			}
			var r *Refusal
			if !errors.As(err, &r) || s.asked.Actor != "" {
				t.Fatalf("%v; kept: %q", err, s.asked.Actor)
			}
			for _, want := range tt.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			for _, value := range []string{form.Born, form.Purpose, form.Name} {
				if len(value) > 3 && strings.Contains(err.Error(), value) {
					t.Errorf("%q repeats a value", err)
				}
			}
		})
	}
}

func TestAgenciesThatMayNotAsk(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{store.ErrNotFound: "No agency", store.ErrMayNotAsk: "not been granted"} {
		_, got := desk(t, &files{askErr: fmt.Errorf("keep an inquiry: %w", err)}).Ask(t.Context(), Form{Actor: "test", For: "CA0300000", Certified: "x", Purpose: "y", FCN: "1"})
		var r *Refusal
		if !errors.As(got, &r) || !strings.Contains(got.Error(), want) {
			t.Errorf("%v", got)
		}
	}
}

func date(s string) *order.Date {
	d, err := order.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return &d
}

// entry is an order of the registry that CARPOS has.
func entry(id, fcn string) store.Entry {
	e := store.Entry{AddedIn: order.NewTracking(4711), Agency: store.Agency{ORI: "CA030013J", Name: "Superior Court", CarposName: "ORANGE CO SUPERIOR", ConfirmText: "CONTACT 714-555-0100"},
		Transmissions: []store.EntryTransmission{{Kind: store.KindEnter, State: store.StateAccepted}}}
	e.OCA, e.FCN, e.Version = id, order.FCN(fcn), 1
	e.Order = order.Order{ID: order.LocalID(id), Form: order.Form{Number: "CR-160", Designator: "CPO"}, Case: "06NF0886", Court: order.Court{ORI: "CA030013J", Name: "Superior Court"}, Issued: *date("2026-06-07"),
		Expiry: order.Expiry{Date: date("2029-06-07")}, Access: order.AccessNormal, Restrained: order.Restrained{Name: order.Name{Given: "José", Surname: "Núñez"}, Person: order.Person{Sex: "M", Race: "unknown", Born: date("1981-11-21")}},
		Protected: []order.Protected{{Name: order.Name{Given: "Mary", Surname: "Smith"}}}, OtherOrders: "Keep away from Elm Street", Service: order.ServiceNotServed}
	return e
}

// record prints a hit of that order.
func record(n int, fcn, oca string, changes ...string) string {
	text := strings.Join([]string{fmt.Sprintf("ROS HIT # %03d", n), "FCN/" + fcn, "ORI/CA030013J", "OCA/" + oca, "", "*** NOT SERVED CRIMINAL PROTECTIVE ORDER ***",
		"* * * * * RESTRAINED PERSON INFORMATION * * * * *", "", "NAM/NUNEZ,JOSE DOB/19811121", "SEX/M RAC/X",
		"* * * * * PROTECTED PERSON INFORMATION * * * * *", "", "PROTECTED PERSON NAME/SMITH,MARY",
		"* * * * * COURT INFORMATION * * * * *", "", "COURT NAME/ORANGE CO SUPERIOR", "COURT CASE NUMBER/06NF0886", "ISSUE DATE/20260607 EXPIRATION DATE/20290607",
		"IMMEDIATELY CONFIRM WITH CA030013J ORANGE CO", "***** VIOLATION MESSAGE *****", "NUMBER OF PRIOR VIOLATION MSG/000", "***** END OF DVROS MESSAGE *****", ""}, "\r\n")
	return strings.NewReplacer(changes...).Replace(text)
}

func reply(echo, answer string) string {
	return "8AYX.CA0300000\r\nRE: QRR.CA0300000." + echo + "\r\n" + answer
}

func hits(what string, records ...string) string {
	by, _, _ := strings.Cut(what, "/")
	return reply(what, "MATCH MADE ON\r\n"+what+"\r\n"+by+" FIELD SEARCH REVEALS:\r\n\r\n"+strings.Join(records, ""))
}

const none = "NO RECORD FOUND\r\n"

// answered is an inquiry with that answer.
func answered(q store.Question, text string) store.Inquiry {
	return store.Inquiry{ID: 7, State: store.InquiryAnswered, AskedAt: noon, Until: noon.Add(time.Minute), Ended: noon.Add(time.Second), Question: q, Certified: "badge 4711", Purpose: "traffic stop",
		Agency: store.Agency{ORI: "CA0300000", Name: "A sheriff", Kind: store.KindLawEnforcement}, Reply: &store.Inbound{Text: text}, Tries: 1}
}

func show(t *testing.T, f *files) View {
	t.Helper()
	v, err := desk(t, f).Show(t.Context(), 7, Reader{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.events) != 1 || f.events[0].Action != "inquiry.read" || f.events[0].Object != "inquiry 7" || f.events[0].Actor != "test" {
		t.Errorf("audited: %+v", f.events)
	}
	return v
}

func TestHitsFindTheirOrders(t *testing.T) {
	t.Parallel()
	f := &files{entries: []store.Entry{entry("A-1", "111"), entry("A-2", ""), entry("A-3", "333")}}
	f.q = answered(store.Question{Name: &order.Name{Surname: "Nunez", Given: "Jose"}}, hits("NAM/NUNEZ,JOSE", record(1, "111", "A-1"), record(2, "222", "A-2"), record(3, "999", "Z-9", "SEX/M", "SEX/F"), "MORE HITS NOT SHOWN/004\r\n"))
	v := show(t, f)
	if len(v.Hits) != 3 || v.NotShown != 4 || !strings.HasPrefix(v.Headline, "CARPOS has 7 records. 4 of them it does not show") {
		t.Fatalf("%d hits, %d not shown, %s", len(v.Hits), v.NotShown, v.Headline)
	}
	for i, want := range []string{"found by its FCN", "found by its OCA", "belongs to no order"} {
		if !strings.Contains(v.Hits[i].Belongs, want) {
			t.Errorf("hit %d: %s", i+1, v.Hits[i].Belongs)
		}
	}
	if len(v.Missing) != 1 || !strings.Contains(v.Missing[0].Order, "A-3") || !strings.Contains(v.Missing[0].Means, "may be among them") {
		t.Errorf("missing: %+v", v.Missing)
	}
	if !slices.Equal(f.query.FCNs, []string{"111", "222", "999"}) || !slices.Equal(f.query.OCAs, []string{"A-1", "A-2", "Z-9"}) {
		t.Errorf("asked the registry for %v, %v", f.query.FCNs, f.query.OCAs)
	}
}

// The name was spelled otherwise by rule, which is no difference; the date is one.
func TestDifferencesAreCounted(t *testing.T) {
	t.Parallel()
	f := &files{entries: []store.Entry{entry("A-1", "111")}, q: answered(store.Question{FCN: "111"}, hits("FCN/111", record(1, "111", "A-1", "EXPIRATION DATE/20290607", "EXPIRATION DATE/20280607")))}
	h := show(t, f).Hits[0]
	kinds := map[string]carpos.Agreement{}
	for _, l := range h.Lines {
		kinds[l.Field] = l.Agreement
	}
	if kinds["NAM"] != carpos.Otherwise || kinds["EXP"] != carpos.Differs || kinds["DOB"] != carpos.Same {
		t.Errorf("%v", kinds)
	}
	if h.Differences == 0 || h.Tracking == "" {
		t.Errorf("%d differences, %q", h.Differences, h.Tracking)
	}
}

// What the hub owes CARPOS explains a difference, and is said with it.
func TestWhatIsOwedIsSaid(t *testing.T) {
	t.Parallel()
	e := entry("A-1", "111")
	e.Transmissions = append(e.Transmissions, store.EntryTransmission{Kind: store.KindModify, State: store.StateHeld, Reason: "race is missing", Next: store.Move{Whose: store.PartyPerson, Sentence: "A person looks."}})
	f := &files{entries: []store.Entry{e}, q: answered(store.Question{FCN: "111"}, hits("FCN/111", record(1, "111", "A-1")))}
	owed := strings.Join(show(t, f).Hits[0].Owed, " ")
	for _, want := range []string{"a change (MRR)", "held", "race is missing", "person of the hub"} {
		if !strings.Contains(owed, want) {
			t.Errorf("%q does not say %q", owed, want)
		}
	}
}

func TestOrdersThatCarposDoesNotShow(t *testing.T) {
	t.Parallel()
	held := []store.EntryTransmission{{Kind: store.KindEnter, State: store.StateHeld, Reason: "race is missing", Next: store.Move{Whose: store.PartyPerson, Sentence: "A person looks."}}}
	for name, tt := range map[string]struct {
		change func(*store.Entry)
		says   string
		whose  string
	}{
		"entered and gone": {func(*store.Entry) {}, "accepted its entry under FCN 111 and does not show it now", "person of the hub"},
		"held":             {func(e *store.Entry) { e.Transmissions = held }, "race is missing", "person of the hub"},
		"not owed":         {func(e *store.Entry) { e.Transmissions, e.NotOwed = nil, store.NotOwedAgency }, "The agency enters its orders into CARPOS itself", "court"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := entry("A-1", "111")
			tt.change(&e)
			v := show(t, &files{entries: []store.Entry{e}, q: answered(store.Question{OCA: "A-1"}, reply("OCA/A-1", none))})
			if len(v.Missing) != 1 || !strings.Contains(v.Missing[0].Means, tt.says) || v.Missing[0].Whose != tt.whose || !strings.Contains(v.Headline, "no record") {
				t.Errorf("%s %+v", v.Headline, v.Missing)
			}
		})
	}
}

// A name that the registry finds without regard to accents is missing at CARPOS only where the question, with date of birth and sex, asks for it.
func TestMissingByName(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		q       store.Question
		missing int
	}{
		"restrained":  {store.Question{Name: &order.Name{Surname: "Nunez", Given: "Jose"}, Born: date("1981-11-21")}, 1},
		"protected":   {store.Question{Name: &order.Name{Surname: "Smith", Given: "Mary"}, Sex: "F"}, 1},
		"other birth": {store.Question{Name: &order.Name{Surname: "Nunez", Given: "Jose"}, Born: date("1981-11-22")}, 0},
		"other sex":   {store.Question{Name: &order.Name{Surname: "Nunez", Given: "Jose"}, Sex: "F"}, 0},
		"more names":  {store.Question{Name: &order.Name{Surname: "Nunez", Given: "Jose", Middle: "Maria"}}, 1},
		"other names": {store.Question{Name: &order.Name{Surname: "Nunez", Given: "Juan"}}, 0},
	} {
		v := show(t, &files{entries: []store.Entry{entry("A-1", "111")}, q: answered(tt.q, reply("NAM/X,Y", none))})
		if len(v.Missing) != tt.missing {
			t.Errorf("%s: %+v", name, v.Missing)
		}
		if name == "more names" && !strings.Contains(v.Missing[0].Means, "names NUNEZ,JOSE. Ask for that") {
			t.Errorf("%+v", v.Missing)
		}
	}
}

// A longer name that came on CLETS-001 is not told.
func TestNamesOfCLETS001AreNotTold(t *testing.T) {
	t.Parallel()
	e := entry("A-1", "111")
	e.Confidential = &order.Confidential{Restrained: &order.ConfidentialRestrained{Aliases: []order.Name{{Given: "Pepe", Middle: "Hidden", Surname: "Nunez"}}}}
	v := show(t, &files{entries: []store.Entry{e}, q: answered(store.Question{Name: &order.Name{Surname: "Nunez", Given: "Pepe"}}, reply("NAM/X,Y", none))})
	if len(v.Missing) != 0 {
		t.Errorf("%+v", v.Missing)
	}
}

// What an agency may not read in the registry is not there for it, and is not told by a difference.
func TestAccess(t *testing.T) {
	t.Parallel()
	court := store.Agency{ORI: "CA019013J", Kind: store.KindCourt}
	own := store.Agency{ORI: "CA030099J", Kind: store.KindCourt}
	sheriff := store.Agency{ORI: "CA0190000", Kind: store.KindLawEnforcement}
	for name, tt := range map[string]struct {
		agency store.Agency
		access order.Access
		found  bool
		shows  bool // what may say where the protected side is
	}{
		"law enforcement, sealed":         {sheriff, order.AccessSealed, true, true},
		"court of the county, sealed":     {own, order.AccessSealed, true, true},
		"court of another county":         {court, order.AccessNormal, true, false},
		"court of another county, sealed": {court, order.AccessSealed, false, false},
		"court of another county, child":  {court, order.AccessJuvenile, false, false},
	} {
		e := entry("A-1", "111")
		e.Order.Access = tt.access
		f := &files{entries: []store.Entry{e}, q: answered(store.Question{FCN: "111"}, hits("FCN/111", record(1, "111", "A-1", "IMMEDIATELY", "OTHER ORDERS/SEE IMAGE\r\nIMMEDIATELY")))}
		f.q.Agency = tt.agency
		v := show(t, f)
		text := fmt.Sprintf("%+v", v)
		if found := v.Hits[0].Tracking != ""; found != tt.found {
			t.Errorf("%s: found %t", name, found)
		}
		if shows := strings.Contains(strings.ToUpper(text), "ELM STREET"); shows != tt.shows {
			t.Errorf("%s: shows the place %t", name, shows)
		}
		f = &files{entries: []store.Entry{e}, q: answered(store.Question{FCN: "111"}, reply("FCN/111", none))}
		f.q.Agency = tt.agency
		if v := show(t, f); (len(v.Missing) > 0) != tt.found {
			t.Errorf("%s: missing %+v", name, v.Missing)
		}
	}
}

// While an inquiry waits nothing of what was asked is shown; where the look cannot be put on record, nothing is at all.
func TestNothingIsShownUnaudited(t *testing.T) {
	t.Parallel()
	f := &files{q: answered(store.Question{FCN: "SECRET1"}, "")}
	f.q.State, f.q.Ended, f.q.Reply = store.InquirySending, time.Time{}, nil
	v, err := desk(t, f).Show(t.Context(), 7, Reader{Actor: "test"})
	if err != nil || !v.Waiting() || strings.Contains(fmt.Sprintf("%+v", v), "SECRET1") || len(f.events) != 0 {
		t.Errorf("%v %+v %v", err, v, f.events)
	}
	f = &files{q: answered(store.Question{FCN: "111"}, reply("FCN/111", none)), auditErr: errors.New("disk full")}
	if v, err := desk(t, f).Show(t.Context(), 7, Reader{Actor: "test"}); err == nil || v.Headline != "" {
		t.Errorf("shown without a record: %+v", v)
	}
}

func TestHowAnInquiryStands(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*store.Inquiry)
		says   string
	}{
		"asked":          {func(q *store.Inquiry) { q.State = store.InquiryAsked }, "about to be asked"},
		"sending":        {func(q *store.Inquiry) { q.State = store.InquirySending }, "has been asked"},
		"no hub":         {func(q *store.Inquiry) { q.State, q.Until = store.InquiryAsked, noon.Add(-time.Minute) }, "No hub has taken it up"},
		"failed":         {func(q *store.Inquiry) { q.State, q.Reason = store.InquiryFailed, "It is a test." }, "There is no answer. It is a test."},
		"late":           {func(q *store.Inquiry) { q.Ended = q.Until.Add(time.Second) }, "came after its time"},
		"something else": {func(q *store.Inquiry) { q.Reply.Text = hits("OCA/2", record(1, "1", "2")) }, "searched for something else"},
		"unreadable":     {func(q *store.Inquiry) { q.Reply.Text = "what" }, "can no longer be read"},
	} {
		f := &files{q: answered(store.Question{OCA: "1"}, reply("OCA/1", none))}
		if name == "something else" {
			f.q.Reply.Text = ""
		}
		tt.change(&f.q)
		if name == "something else" {
			f.q.Reply.Text = strings.Replace(f.q.Reply.Text, "RE: QRR.CA0300000.OCA/2", "RE: QRR.CA0300000.OCA/1", 1)
		}
		v, err := desk(t, f).Show(t.Context(), 7, Reader{Actor: "test"})
		if err != nil || !strings.Contains(v.Headline+strings.Join(v.Warnings, " "), tt.says) || v.Next == "" || v.Whose == "" {
			t.Errorf("%s: %v %+v", name, err, v)
		}
	}
}
