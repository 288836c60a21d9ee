package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/mapping"
	"ccpor/mapping/order"
	"ccpor/store"
)

// A court's day at the command line: try, send, list, find, read, fetch.
func TestCourtCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole programs")
	}
	t.Parallel()
	r := newInteropRig(t)
	as := func(command string, args ...string) []string {
		return append([]string{command, "--json", "--url", "https://" + r.service + "/soap", "--cert", r.tls.certFile, "--key", r.tls.keyFile, "--ca", r.authority.certFile()}, args...)
	}
	ok := func(into any, args []string) string {
		t.Helper()
		status, out, errOut := call(t, args...)
		if status != 0 {
			t.Fatalf("%v: %d %s %s", args, status, out, errOut)
		}
		if into != nil {
			if err := json.Unmarshal([]byte(out), into); err != nil {
				t.Fatalf("%v: %v in %s", args, err, out)
			}
		}
		return out
	}
	plain := func(args []string) []string { return append([]string{args[0]}, args[2:]...) }

	var pong client.Pong
	if ok(&pong, as("ping")); pong.Agency != "CA030013J" || pong.Test || pong.Time.IsZero() || !strings.HasPrefix(pong.Policy, "forms ") {
		t.Errorf("%+v", pong)
	}
	var policy client.Policy
	if ok(&policy, as("policy")); len(policy.Forms) < 20 || len(policy.Errors) < 50 || len(policy.Limits) < 5 || len(policy.Lists) < 10 || len(policy.Algorithms) == 0 {
		t.Errorf("%d forms, %d codes", len(policy.Forms), len(policy.Errors))
	}
	if out := ok(nil, plain(as("policy"))); !strings.Contains(out, "CR-160") || !strings.Contains(out, "MessageBytes") {
		t.Error(out)
	}

	var made mapping.Package
	pack, image := r.signed(1, func(p *mapping.Package) { made = *p })
	bad, badImage := r.signed(2, func(p *mapping.Package) { p.Order.Protected = nil })
	var report reportOut
	if ok(&report, as("validate", "--image", "image-1="+image, pack)); !report.Acceptable || report.Plan == nil || report.Plan.Transaction != "ERR" || len(report.Plan.Fields) < 10 {
		t.Errorf("%+v", report)
	}
	status, out, _ := call(t, plain(as("validate", "--image", "image-1="+badImage, bad))...)
	if status != 1 || !strings.Contains(out, "would be refused: Client.Rule.ProtectedMissing") || !strings.Contains(out, "✗ rules") {
		t.Errorf("%d %s", status, out)
	}
	var none client.List
	if ok(&none, as("list")); len(none.Submissions) != 0 {
		t.Errorf("what was only tried is listed: %+v", none)
	}

	var sent submittedOut
	ok(&sent, as("submit", "--image", "image-1="+image, pack))
	var list client.List
	for end := time.Now().Add(time.Minute); len(list.Submissions) == 0 && time.Now().Before(end); {
		ok(&list, as("list", "--state", "accepted", "--action", "add", "--from", "2020-01-01T00:00:00Z", "--limit", "10"))
	}
	if len(list.Submissions) != 1 || list.Submissions[0].Tracking != sent.Tracking || list.Submissions[0].Transmission == "" || list.More {
		t.Fatalf("%+v", list)
	}
	var rest client.List
	if ok(&rest, as("list", "--since", list.Cursor)); len(rest.Submissions) != 0 || rest.Cursor != list.Cursor {
		t.Errorf("%+v", rest)
	}

	who := []string{"--user", "rgranite", "--role", "courtClerk", "--purpose", "hearing preparation"}
	surname := made.Order.Restrained.Name.Surname
	status, _, errOut := call(t, as("search", append(who, "--surname", surname)...)...)
	if status != 1 || !strings.Contains(errOut, "Client.Operation.NotGranted") || strings.Contains(errOut, surname) {
		t.Errorf("%d %s", status, errOut)
	}
	r.grant(t)
	var found client.Found
	ok(&found, as("search", append(who, "--surname", surname+"*", "--party", "restrained", "--limit", "5")...))
	if len(found.Orders) != 1 || found.Orders[0].ID != made.Order.ID || found.Orders[0].Restrained == nil || found.Orders[0].Restrained.Surname != surname {
		t.Fatalf("%+v", found)
	}
	if out := ok(nil, plain(as("search", append(who, "--case", string(made.Order.Case))...))); !strings.Contains(out, "1 found.") || !strings.Contains(out, surname) {
		t.Error(out)
	}
	var o client.Order
	ok(&o, as("order", append(who, "CA030013J", string(made.Order.ID))...))
	if o.Outline.ID != made.Order.ID || len(o.Versions) != 1 || len(o.Images) != 1 || o.Withheld || !strings.Contains(o.Document.XML, "<OrderIdentification>"+string(made.Order.ID)+"<") {
		t.Errorf("%+v", o)
	}
	file := filepath.Join(r.dir, "fetched.pdf")
	fetch := as("image", append(who, "--out", file, "CA030013J", string(made.Order.ID), string(o.Images[0].Tracking), o.Images[0].ID)...)
	ok(nil, fetch)
	if !bytes.Equal(readFile(t, file), readFile(t, image)) {
		t.Error("the image is not the one that was sent")
	}
	if status, _, errOut := call(t, fetch...); status != 1 || !strings.Contains(errOut, "exists") {
		t.Errorf("a file was overwritten: %d %s", status, errOut)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if status, _, errOut := call(t, as("order", append(who, "CA030013J", "none")...)...); status != 1 || !strings.Contains(errOut, "Client.Query.NotFound") {
		t.Errorf("%d %s", status, errOut)
	}
}

// grant lets the rig's court search, read and fetch.
func (r *interopRig) grant(t *testing.T) {
	t.Helper()
	s, err := store.Open(t.Context(), r.db.URL(), store.Options{Hub: "observer"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a, err := s.AgencyByORI(t.Context(), order.ORI("CA030013J"))
	if err != nil {
		t.Fatal(err)
	}
	a.MayQuery, a.MayImages = true, true
	if _, err := s.RegisterAgency(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	// The hub is another process: it forgets what it remembers of an agency within seconds.
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		c := client.New("https://"+r.service+"/soap", r.tlsConfig(t))
		_, err := c.Search(t.Context(), client.Requester{User: "rig", Role: "courtClerk", Purpose: "waiting"}, client.SearchQuery{Case: "none"}, client.Options{})
		c.Close()
		if err == nil || !strings.Contains(fmt.Sprint(err), "NotGranted") {
			return
		}
	}
	t.Fatal("the grant has no effect")
}

func (r *interopRig) tlsConfig(t *testing.T) *tls.Config {
	t.Helper()
	config, err := clientTLS(r.tls.certFile, r.tls.keyFile, r.authority.certFile())
	if err != nil {
		t.Fatal(err)
	}
	return config
}
