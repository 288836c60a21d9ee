package main

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// call runs the program as its user would, within this process.
func call(t *testing.T, args ...string) (status int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, &o, &e)
	return status, o.String(), e.String()
}

const keyDir = "../../testdata/keys/"

// The message that ccpor submit --sign-message sends is signed as a whole, beside the package in it.
func TestSubmitSignsTheMessage(t *testing.T) {
	var sent []byte
	hub := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(hub.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hub.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	pack := filepath.Join(t.TempDir(), "package.xml")
	if err := os.WriteFile(pack, []byte(`<OrderPackage xmlns="urn:ccpor:exchange:package:1.0" Id="p"/>`), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"submit", "--url", hub.URL, "--ca", ca, "--cert", keyDir + "court-rsa.crt", "--key", keyDir + "court-rsa.key", "--sign-cert", keyDir + "court-rsa.crt", "--sign-key", keyDir + "court-rsa.key"}
	for _, whole := range []bool{false, true} {
		sent = nil
		values := 1
		if whole {
			args, values = append(args, "--sign-message"), 2
		}
		status, out, errOut := call(t, append(slices.Clone(args), pack)...)
		if status != 1 || !strings.Contains(out, "no answer") {
			t.Fatalf("status %d: %s %s", status, out, errOut)
		}
		if bytes.Contains(sent, []byte("BinarySecurityToken")) != whole || bytes.Count(sent, []byte("<ds:SignatureValue>")) != values {
			t.Errorf("signed as a whole is not %v: %s", whole, sent)
		}
	}
}

func TestCommandsRefuse(t *testing.T) {
	t.Setenv("CCPOR_DATABASE_URL", "")
	t.Setenv("CCPOR_CONFIG", filepath.Join(t.TempDir(), "none.json"))
	tests := map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no command":            {nil, 2, "expected one of"},
		"unknown command":       {[]string{"relay"}, 2, "unexpected argument relay"},
		"mistyped number":       {[]string{"status", "7K4M"}, 1, "ten letters and digits are needed"},
		"wrong check character": {[]string{"status", "AAAAAAAAAB"}, 1, "one of them is mistyped"},
		"no database":           {[]string{"status", "0000-0000-00"}, 1, "no database is named"},
		"migrate nothing":       {[]string{"migrate"}, 1, "no database is named"},
		"serve nothing":         {[]string{"serve"}, 1, "the service has no certificate"},
		"wrong ORI":             {[]string{"agency", "add", "--ori", "ca030013j", "--name", "X"}, 1, "ORI not valid"},
		"no such agreement":     {[]string{"agency", "add", "--ori", "CA030013J", "--name", "X", "--message-signature", "maybe"}, 2, "must be one of"},
		"nothing to sign with": {[]string{"submit", "--url", "https://localhost/soap", "--cert", keyDir + "court-rsa.crt", "--key", keyDir + "court-rsa.key", "--sign-message", keyDir + "README.md"},
			1, "--sign-message needs --sign-cert"},
		"no such file":          {[]string{"submit", "--url", "https://localhost/soap", "--cert", "none", "--key", "none", "none.xml"}, 2, "no such file"},
		"sandbox on a network":  {[]string{"sandbox", "--listen", "0.0.0.0:1"}, 1, "not on loopback"},
		"sandbox pages outside": {[]string{"sandbox", "--pages", "10.0.0.1:1"}, 1, "not on loopback"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, out, errOut := call(t, tt.args...)
			if status != tt.status || !strings.Contains(errOut, tt.says) {
				t.Errorf("status %d, says %q (and %.100q); want %d and %q", status, errOut, out, tt.status, tt.says)
			}
		})
	}
}

func TestConfigCheckTellsEverything(t *testing.T) {
	t.Setenv("CCPOR_DATABASE_URL", "")
	t.Setenv("CCPOR_PAGES", "0.0.0.0:80")
	t.Setenv("CCPOR_SWITCH", "switch.example:7917")
	t.Setenv("CCPOR_SWITCH_PLAIN", "true")
	t.Setenv("CCPOR_SWITCH_WINDOW", "0")
	t.Setenv("CCPOR_RETRY_SCALE", "0")
	status, out, _ := call(t, "config", "check", "--json")
	var got struct {
		OK       bool
		Problems []string
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(got.Problems, "\n")
	for _, want := range []string{"no database is named", "no keys are named", "no certificate", "beyond this machine", "orders do not travel in clear", "at least 1 request", "must be above 0"} {
		if !strings.Contains(all, want) {
			t.Errorf("not told: %q", want)
		}
	}
	if status != 1 || got.OK {
		t.Errorf("status %d, ok %v", status, got.OK)
	}
}

func TestConfigDescribeTellsEverySetting(t *testing.T) {
	status, out, _ := call(t, "config", "describe", "--json")
	if status != 0 {
		t.Fatalf("status %d", status)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	seen := map[string]bool{}
	for _, l := range lines {
		var s setting
		if err := json.Unmarshal([]byte(l), &s); err != nil {
			t.Fatal(err)
		}
		if s.Help == "" || seen[s.Env] {
			t.Errorf("%s: without help, or twice", s.Env)
		}
		seen[s.Env] = true
	}
	for _, want := range []string{"CCPOR_DATABASE_URL", "CCPOR_TLS_CERT", "CCPOR_SWITCH_LINES", "CCPOR_LOG_LEVEL"} {
		if !seen[want] {
			t.Errorf("%s is not described", want)
		}
	}
}

func TestVersionNamesWhatItStandsOn(t *testing.T) {
	status, out, _ := call(t, "version", "--json")
	var v version
	if err := json.Unmarshal([]byte(out), &v); err != nil || status != 0 {
		t.Fatal(status, err)
	}
	if !strings.HasPrefix(v.Go, "go1.") || v.Platform == "" {
		t.Errorf("version %+v", v)
	}
}

func TestAuthorityKeepsItsIdentities(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first, err := openAuthority(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	made, err := first.signer("X", keyP256)
	if err != nil {
		t.Fatal(err)
	}
	second, err := openAuthority(dir, now.AddDate(0, 6, 0))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := second.signer("X", keyP256)
	if err != nil {
		t.Fatal(err)
	}
	if !kept.cert.Equal(made.cert) {
		t.Error("the second start made another certificate")
	}
	if err := kept.cert.CheckSignatureFrom(second.cert); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(made.keyFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key may be read by others: %v %v", info.Mode(), err)
	}
	if _, err := openAuthority(dir, now.AddDate(3, 0, 0)); err == nil {
		t.Error("an authority past its end was opened")
	}
}

func TestSamplesThatShowNothingAreRefused(t *testing.T) {
	r := replacement{"absent", "x"}
	if _, err := r.apply([]byte("<a/>")); err == nil {
		t.Error("a replacement without effect was taken")
	}
	if _, err := loadSamples(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no samples") {
		t.Errorf("an empty folder gave %v", err)
	}
}

func TestExpectationsFail(t *testing.T) {
	good := ending{Outcome: "accepted", FCN: "1", Duplicate: true}
	refused := ending{Outcome: "refused", Code: "A.B", Problems: 2}
	tests := map[string]struct {
		x  expectation
		e  ending
		ok bool
	}{
		"accepted":         {expectation{Outcome: "accepted"}, good, true},
		"duplicate":        {expectation{Outcome: "accepted", Duplicate: true}, good, true},
		"not a duplicate":  {expectation{Outcome: "accepted", Duplicate: true}, ending{Outcome: "accepted", FCN: "1"}, false},
		"no FCN":           {expectation{Outcome: "accepted"}, ending{Outcome: "accepted"}, false},
		"refused":          {expectation{Outcome: "refused", Code: "A.B", Problems: 2}, refused, true},
		"other code":       {expectation{Outcome: "refused", Code: "A.C"}, refused, false},
		"problems missing": {expectation{Outcome: "refused", Code: "A.B", Problems: 3}, refused, false},
		"other outcome":    {expectation{Outcome: "accepted"}, refused, false},
	}
	for name, tt := range tests {
		if got := tt.x.differs(tt.e); (got == "") != tt.ok {
			t.Errorf("%s: %q", name, got)
		}
	}
}
