package main

import (
	"encoding/json"
	"strings"
	"testing"

	"ccpor/access"
	"ccpor/store"
	"ccpor/store/storetest"
)

// The first administrator comes by the command line: invited, listed, changed, locked, ended and invited anew; whoever is not named or cannot be vouched for is refused.
func TestPeopleAtTheCommandLine(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{})
	if _, err := s.RegisterAgency(t.Context(), store.Agency{ORI: "CA034OPRX", Name: "Operator", Kind: access.KindOperator, ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	person := func(args ...string) (int, string, string) {
		args = append([]string{"--json", "person"}, args...)
		return call(t, append(args, "--database-url", url, "--keys", storetest.KeyFile(t, url))...)
	}
	as := []string{"--as", "sven"}
	invite := func(args ...string) (int, string, string) {
		return person(append(append([]string{"invite", "--pages-url", "https://orders.example"}, as...), args...)...)
	}
	for name, args := range map[string][]string{
		"no agency":          {"new@exchange.example", "--name", "Sven Example", "--role", "systemAdministrator"},
		"unknown agency":     {"new@exchange.example", "--name", "Sven Example", "--role", "systemAdministrator", "--agency", "CA999999X"},
		"no role":            {"new@exchange.example", "--name", "Sven Example", "--agency", "CA034OPRX"},
		"not to be vouched":  {"new@exchange.example", "--name", "Sven Example", "--role", "courtClerk", "--agency", "CA034OPRX"},
		"no address":         {"nobody", "--name", "Sven Example", "--role", "systemAdministrator", "--agency", "CA034OPRX"},
		"no day":             {"new@exchange.example", "--name", "Sven Example", "--role", "systemAdministrator", "--agency", "CA034OPRX", "--clets-until", "soon"},
		"no address of site": {"new@exchange.example", "--name", "Sven Example", "--role", "systemAdministrator", "--agency", "CA034OPRX", "--pages-url", "orders"},
	} {
		if status, out, _ := invite(args...); status == 0 {
			t.Errorf("%s: %s", name, out)
		}
	}
	status, out, errOut := invite("system@exchange.example", "--name", "Sven Example", "--role", "systemAdministrator", "--agency", "CA034OPRX", "--clets-until", "2030-01-31")
	var p personOut
	if err := json.Unmarshal([]byte(out), &p); status != 0 || err != nil || !strings.HasPrefix(p.Link, "https://orders.example/signin/invitation/") || p.State != store.PersonInvited {
		t.Fatalf("%d %s %s", status, out, errOut)
	}
	if status, _, errOut := invite("SYSTEM@exchange.example", "--role", "auditor"); status == 0 || !strings.Contains(errOut, "person change") {
		t.Errorf("invited anew with another role: %s", errOut)
	}
	for _, step := range []struct {
		has  string
		args []string
	}{
		{`"roles":["auditor","systemAdministrator"]`, append([]string{"change", "system@exchange.example", "--role", "auditor,systemAdministrator", "--sealed"}, as...)},
		{`"sealed":true`, []string{"list", "--agency", "CA034OPRX"}},
		{`"unlocked":true`, append([]string{"unlock", "system@exchange.example"}, as...)},
		{`"disabled"`, append([]string{"disable", "system@exchange.example", "--reason", "left"}, as...)},
		{`"state":"disabled"`, []string{"list"}},
		{`"link":"https://orders.example/signin/invitation/`, append([]string{"invite", "system@exchange.example", "--pages-url", "https://orders.example"}, as...)},
	} {
		if status, out, errOut := person(step.args...); status != 0 || !strings.Contains(out, step.has) {
			t.Errorf("%v: %d %s %s", step.args, status, out, errOut)
		}
	}
	if status, _, _ := person(append([]string{"unlock", "nobody@exchange.example"}, as...)...); status == 0 {
		t.Error("nobody was let in")
	}
	trail, err := s.AuditTrail(t.Context(), "person system@exchange.example", 20)
	if err != nil || len(trail) < 7 {
		t.Fatalf("%d entries, %v", len(trail), err)
	}
	for _, e := range trail {
		if e.Actor != "person sven, command line" {
			t.Errorf("%+v", e)
		}
	}
}
