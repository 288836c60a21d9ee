package admin

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/web/site"
	"ccpor/web/site/sitetest"
)

// invite has somebody invited, by nobody of these tests.
func (o *office) invite(agency order.ORI, login string, roles ...access.Role) store.Person {
	o.Helper()
	p, err := o.InvitePerson(o.Context(), store.NewPerson{Agency: agency, Login: login, Name: "Person " + login, Roles: roles}, store.By{Actor: "a test"}, now)
	o.must(err)
	return p
}

func at(p store.Person) string { return fmt.Sprintf("/people/%d", p.ID) }

func TestInviting(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.who = administrator(access.KindCourt, court)
	list := "/agencies/" + string(court) + "/people"
	o.invite(far, "taken@far.example", access.CourtClerk)
	for what, c := range map[string]struct {
		form []string
		text string
	}{
		"no name":                     {[]string{"login", "a@court.example", "role", "courtClerk"}, "A name has 1 to 100"},
		"no address":                  {[]string{"name", "Ana", "login", "ana", "role", "courtClerk"}, "An e-mail address looks like"},
		"two addresses":               {[]string{"name", "Ana", "login", "a@court.example, b@court.example", "role", "courtClerk"}, "An e-mail address looks like"},
		"no role":                     {[]string{"name", "Ana", "login", "a@court.example"}, "has a role at least"},
		"a role of law enforcement":   {[]string{"name", "Ana", "login", "a@court.example", "role", "lawEnforcement"}, "cannot vouch"},
		"the system's own role":       {[]string{"name", "Ana", "login", "a@court.example", "role", "systemAdministrator"}, "cannot vouch"},
		"a role that there is not":    {[]string{"name", "Ana", "login", "a@court.example", "role", "courtClerk", "role", "king"}, "cannot vouch"},
		"no day":                      {[]string{"name", "Ana", "login", "a@court.example", "role", "courtClerk", "certified", "soon"}, "A day is written as"},
		"somebody's address, in caps": {[]string{"name", "Ana", "login", "TAKEN@far.example", "role", "courtClerk"}, "Somebody has this e-mail address"},
	} {
		o.says(what, o.post(list, c.form...), 422, c.text)
	}
	p := o.post(list, "name", `Ana <b>Clerk</b>`, "login", "ana@court.example", "role", "courtClerk", "role", "auditor", "sealed", "yes", "certified", "2027-06-30")
	o.says("invited", p, 303, "to /people/")
	all, err := o.People(t.Context(), court)
	if err != nil || len(all) != 1 || !all[0].Sealed || fmt.Sprint(all[0].Roles) != "[courtClerk auditor]" || all[0].CertifiedUntil.String() != "2027-06-30" || all[0].State != store.PersonInvited {
		t.Fatalf("%+v, %v", all, err)
	}
	if e := o.entry("person ana@court.example", "person.invite"); e.Person != 9002 || e.Agency != court {
		t.Errorf("on record: %+v", e)
	}
	shown := o.get(p.to)
	o.says("the page", shown, 200, "Ana &lt;b&gt;Clerk", "invited, has not accepted", "certified until 30 Jun 2027", "Send the invitation again")
	o.says("the list", o.get(list), 200, "Court clerk, Auditor; sealed orders")
	o.says("the letter again", o.post(p.to, "do", "letter"), 303)
	if want := fmt.Sprintf("[%d invitation %d invitation]", all[0].ID, all[0].ID); fmt.Sprint(o.letters) != want {
		t.Errorf("letters: %v, want %s", o.letters, want)
	}
}

func TestChangingPeople(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.who = administrator(access.KindCourt, court)
	ana := o.invite(court, "ana@court.example", access.CourtClerk)
	form := func(pairs ...string) []string {
		return append(pairs, "do", "change", "was", sitetest.Hidden(o.get(at(ana)).body, "was"))
	}
	o.says("changed", o.post(at(ana), form("name", "Ana Judge", "role", "judicialOfficer", "sealed", "yes")...), 303)
	after, err := o.Person(t.Context(), ana.ID)
	if err != nil || after.Name != "Ana Judge" || fmt.Sprint(after.Roles) != "[judicialOfficer]" || !after.Sealed {
		t.Errorf("%+v, %v", after, err)
	}
	if e := o.entry("person ana@court.example", "person.change"); e.Person != 9002 || !strings.Contains(e.Details, "courtClerk -> judicialOfficer") {
		t.Errorf("%+v", e)
	}
	o.says("no role", o.post(at(ana), form("name", "Ana")...), 422, "has a role at least")
	o.says("no name", o.post(at(ana), form("role", "auditor")...), 422, "A name has 1 to 100")
	o.says("not vouched", o.post(at(ana), form("name", "Ana", "role", "lawEnforcement")...), 422, "cannot vouch")
	o.says("not vouched beside what is", o.post(at(ana), form("name", "Ana", "role", "courtClerk", "role", "systemAdministrator")...), 422, "cannot vouch")
	o.says("somebody was faster", o.post(at(ana), "do", "change", "was", "x", "name", "Ana", "role", "auditor"), 409)
	o.says("nothing that is done", o.post(at(ana), "do", "promote"), 400)
	o.says("ended for no reason", o.post(at(ana), "do", "disable"), 422, "Say why")
	o.says("ended", o.post(at(ana), "do", "disable", "reason", "left the court"), 303)
	o.says("ended again", o.post(at(ana), "do", "disable", "reason", "left the court"), 409)
	o.says("no letter to who is out", o.post(at(ana), "do", "letter"), 409)
	o.says("the page", o.get(at(ana)), 200, "access ended", "Restore access")
	o.says("let in again", o.post(at(ana), "do", "reinvite"), 303)
	o.says("the lockout ends", o.post(at(ana), "do", "unlock"), 303)
	if after, err = o.Person(t.Context(), ana.ID); err != nil || after.State != store.PersonInvited {
		t.Errorf("%+v, %v", after, err)
	}
	for _, action := range []string{"person.disable", "person.reinvite", "person.unlock"} {
		if e := o.entry("person ana@court.example", action); e.Person != 9002 || e.Agency != court {
			t.Errorf("%s: %+v", action, e)
		}
	}
	if after, err := o.Person(t.Context(), ana.ID); err != nil || fmt.Sprint(after.Roles) != "[judicialOfficer]" {
		t.Errorf("after refusals: %+v, %v", after, err)
	}
}

// Nobody does anything to themselves: so the last administrator of an agency cannot be lost by a slip of their own.
func TestNobodyChangesThemselves(t *testing.T) {
	t.Parallel()
	o := open(t)
	ada, sam := o.invite(court, "ada@court.example", access.AgencyAdministrator), o.invite(operator, "sam@operator.example", access.SystemAdministrator)
	for _, self := range []struct {
		store.Person
		as site.Visitor
	}{{ada, administrator(access.KindCourt, court)}, {sam, system()}} {
		o.who = self.as
		o.who.ID = self.ID
		page := o.get(at(self.Person))
		o.says("one's own page", page, 200, "Your own access is changed, ended or renewed by another administrator")
		if strings.Contains(page.body, `name="do"`) {
			t.Errorf("%s is offered something", self.Login)
		}
		for _, form := range [][]string{{"do", "change", "was", "x", "name", "X", "role", "auditor"}, {"do", "disable", "reason", "tired"}, {"do", "reinvite"}, {"do", "unlock"}, {"do", "letter"}} {
			o.says(form[1], o.post(at(self.Person), form...), 409, "Nothing was done")
		}
		if e := o.last("person " + self.Login); e.Action != "page.refuse" || e.Outcome != "forbidden" {
			t.Errorf("on record: %+v", e)
		}
		if after, err := o.Person(t.Context(), self.ID); err != nil || fmt.Sprint(after) != fmt.Sprint(self.Person) {
			t.Errorf("%+v, %v", after, err)
		}
	}
}

// The role that reaches all agencies is given, taken and ended by those who have it, not by whoever sees to the operator's people.
func TestSystemAdministratorsAreMadeByTheirLike(t *testing.T) {
	t.Parallel()
	o := open(t)
	sid, eva := o.invite(operator, "sid@operator.example", access.SystemAdministrator), o.invite(operator, "eva@operator.example", access.IntegrationEngineer)
	list := "/agencies/" + string(operator) + "/people"
	o.who = administrator(access.KindOperator, operator)
	if p := o.get(list); p.code != 200 || strings.Contains(p.body, `value="systemAdministrator"`) {
		t.Errorf("the role is offered: %d", p.code)
	}
	o.says("made", o.post(list, "name", "X", "login", "x@operator.example", "role", "systemAdministrator"), 422, "made by another one")
	o.says("promoted", o.post(at(eva), "do", "change", "was", sitetest.Hidden(o.get(at(eva)).body, "was"), "name", "Eva", "role", "systemAdministrator"), 422, "made by another one")
	o.says("ended", o.post(at(sid), "do", "disable", "reason", "no reason"), 409, "another system administrator")
	o.who = system()
	o.says("made by one", o.post(list, "name", "X", "login", "x@operator.example", "role", "systemAdministrator"), 303)
	o.says("ended by one", o.post(at(sid), "do", "disable", "reason", "left"), 303)
	o.says("people of all agencies", o.get("/people?q=EVA@"), 200, "eva@operator.example", `href="/agencies/CA0349901"`)
	if p := o.get("/people?q=eva@"); strings.Contains(p.body, "sid@operator.example") {
		t.Error("others are found too")
	}
	if e := o.last("people"); e.Action != "page.read" || strings.Contains(fmt.Sprint(e), "EVA") {
		t.Errorf("what was looked for is on record: %+v", e)
	}
}

func TestWindowsPage(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.says("to begin with", o.get("/windows"), 200, "Every Wednesday 18:00 to 21:00", "Wednesday 25 November 2026 18:00 to 21:00 PST", "Every Sunday 09:00 to 21:00")
	for what, c := range map[string]struct {
		form []string
		text string
	}{
		"no day":                 {[]string{"from", "18:00", "until", "19:00", "text", "x"}, "A day is written as"},
		"over already":           {[]string{"day", "2026-11-23", "from", "18:00", "until", "19:00", "text", "x"}, "over already"},
		"no time":                {[]string{"weekday", "Friday", "from", "six", "until", "19:00", "text", "x"}, "A time is written as 18:00"},
		"over the night, weekly": {[]string{"weekday", "Friday", "from", "23:00", "until", "02:00", "text", "x"}, "ends on the same day"},
		"no weekday":             {[]string{"weekday", "Someday", "from", "18:00", "until", "19:00", "text", "x"}, "Choose one of those"},
		"nothing to say":         {[]string{"weekday", "Friday", "from", "18:00", "until", "19:00"}, "what people should know"},
	} {
		o.says(what, o.post("/windows", append(c.form, "do", "add")...), 422, c.text)
	}
	o.says("announced", o.post("/windows", "do", "add", "day", "2026-11-24", "from", "22:00", "until", "02:00", "text", "A new <disk>."), 303)
	o.says("on every page", o.get("/windows"), 200, "the exchange may be away on Tuesday 24 November 2026 22:00 to 25 November 2026 02:00 PST. A new &lt;disk&gt;.")
	o.says("taken back", o.post("/windows", "do", "remove", "window", "3"), 303)
	o.says("taken back again", o.post("/windows", "do", "remove", "window", "3"), 409)
	o.says("nothing that is done", o.post("/windows", "do", "dance"), 400)
	if e := o.entry("window 3", "window.set"); e.Outcome != "taken back" || e.Person != 9001 {
		t.Errorf("%+v", e)
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.New(t)
	for at, want := range map[string]string{
		"2026-11-23T17:59:00-08:00": "",
		"2026-11-23T18:00:00-08:00": "Maintenance: the exchange may be away on Wednesday 25 November 2026 18:00 to 21:00 PST. Scheduled maintenance.",
		"2026-11-25T18:00:00-08:00": "!Maintenance until 21:00 PST: the exchange may be away at any moment. What it has received is safe. Scheduled maintenance.",
		"2026-11-25T20:59:59-08:00": "!Maintenance until 21:00 PST: the exchange may be away at any moment. What it has received is safe. Scheduled maintenance.",
		"2026-11-25T21:00:00-08:00": "",
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		notices, err := Notices(s, zone, func() time.Time { return now })(t.Context())
		var told []string
		for _, n := range notices {
			told = append(told, map[bool]string{true: "!"}[n.Urgent]+n.Text)
		}
		if got := strings.Join(told, "\n"); err != nil || got != want {
			t.Errorf("at %s: %q, %v", at, got, err)
		}
	}
}
