package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/mapping"
	"ccpor/mapping/invented"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/private"
)

// interopRig is a hub as it is shipped, for clients that others have written.
type interopRig struct {
	t         *testing.T
	dir       string
	db        *private.Server
	authority *authority
	service   string
	tls, sign identity
	rsa       identity
	maker     invented.Maker
}

func newInteropRig(t *testing.T) *interopRig {
	r := &interopRig{t: t, dir: shortTemp(t)}
	var err error
	if r.db, err = private.Start(context.Background(), private.Config{Dir: filepath.Join(r.dir, "pg")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.db.Stop(context.Background()) })
	if err := store.Migrate(t.Context(), r.db.URL()); err != nil {
		t.Fatal(err)
	}
	r.identities()
	r.register()
	own, err := r.authority.server()
	if err != nil {
		t.Fatal(err)
	}
	r.service = freeAddress(t)
	hub := &hubProcess{t: t, log: &tail{}, env: []string{"CCPOR_DATABASE_URL=" + r.db.URL(), "CCPOR_LISTEN=" + r.service, "CCPOR_PAGES=127.0.0.1:0",
		"CCPOR_TLS_CERT=" + own.certFile, "CCPOR_TLS_KEY=" + own.keyFile, "CCPOR_PUBLIC_URL=https://" + r.service + "/soap", "CCPOR_LOG_LEVEL=info"}}
	hub.start()
	t.Cleanup(hub.stop)
	return r
}

func (r *interopRig) identities() {
	r.t.Helper()
	var err error
	if r.authority, err = openAuthority(filepath.Join(r.dir, "certificates"), time.Now()); err != nil {
		r.t.Fatal(err)
	}
	if r.tls, err = r.authority.client("CA030013J"); err != nil {
		r.t.Fatal(err)
	}
	if r.sign, err = r.authority.signer("CA030013J", keyP256); err != nil {
		r.t.Fatal(err)
	}
	if r.rsa, err = r.authority.signer("CA030013J-message", keyRSA2048); err != nil {
		r.t.Fatal(err)
	}
}

func (r *interopRig) register() {
	r.t.Helper()
	s, err := store.Open(r.t.Context(), r.db.URL(), store.Options{Hub: "observer"})
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	id, err := s.RegisterAgency(r.t.Context(), store.Agency{ORI: "CA030013J", Name: "Test Court", CarposName: "TEST COURT", Submits: true, ConfirmText: "CONFIRM AT 555-555-0100"})
	for _, c := range []struct {
		use  store.Use
		cert identity
	}{{store.UseTLS, r.tls}, {store.UseSigning, r.sign}, {store.UseSigning, r.rsa}} {
		err = errors.Join(err, s.RegisterCertificate(r.t.Context(), id, c.use, c.cert.cert, c.cert.cert.NotBefore, c.cert.cert.NotAfter))
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.maker = invented.Maker{Seed: 3, Prefix: "IO", Words: 20, Court: order.Court{ORI: "CA030013J", Name: "Test Court", County: "Orange"},
		Issued: order.DateOf(time.Now().AddDate(0, 0, -2)), Sent: time.Now().Add(-time.Hour)}
}

// signed writes the i-th package, signed, and its image, and returns both files.
func (r *interopRig) signed(i int, spoil func(*mapping.Package)) (pack, image string) {
	r.t.Helper()
	picture := r.maker.Image(i, 20_000)
	p := r.maker.Order(i, picture)
	if spoil != nil {
		spoil(&p)
	}
	doc, err := mapping.Write(p)
	if err == nil {
		doc, err = client.Sign(doc, r.sign.key, r.sign.cert)
	}
	pack, image = filepath.Join(r.dir, fmt.Sprintf("package-%d.xml", i)), filepath.Join(r.dir, fmt.Sprintf("image-%d.pdf", i))
	err = errors.Join(err, os.WriteFile(pack, doc, 0o600), os.WriteFile(image, picture, 0o600))
	if err != nil {
		r.t.Fatal(err)
	}
	return pack, image
}

// outcome is what a client's script prints of one step.
type outcome struct {
	Answer any
	Fault  map[string]any
	Error  string
	Parts  []string
}

// play runs a client's program on a script and returns what came of each step.
func (r *interopRig) play(program []string, script map[string]any) []outcome {
	r.t.Helper()
	b, err := json.Marshal(script)
	if err != nil {
		r.t.Fatal(err)
	}
	file := filepath.Join(r.t.TempDir(), "script.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		r.t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(r.t.Context(), program[0], append(program[1:], file)...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		r.t.Fatalf("%s: %v\n%s", program, err, errOut.String())
	}
	var results []outcome
	if err := json.Unmarshal(out.Bytes(), &results); err != nil {
		r.t.Fatalf("%s: %v\n%s", program, err, out.String())
	}
	return results
}

// at is the value at a path in what a client made of an answer, as text; empty when there is none.
func at(v any, path ...string) string {
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[name]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// tool finds a client, or fetches it where the environment demands the tools.
func tool(t *testing.T, what string, there func() bool, fetch ...string) {
	t.Helper()
	switch {
	case there():
		return
	case os.Getenv("CCPOR_REQUIRE_TOOLS") != "1":
		t.Skip(what + " is missing")
	case len(fetch) == 0:
		t.Fatalf("%s is missing, and CCPOR_REQUIRE_TOOLS=1 demands it", what)
	}
	if out, err := exec.Command(fetch[0], fetch[1:]...).CombinedOutput(); err != nil || !there() {
		t.Fatalf("%s is missing, and fetching it fails: %v\n%s", what, err, out)
	}
}

// python is the system's own interpreter, whose modules are the system's packages.
const python = "/usr/bin/python3"

func zeep(t *testing.T) []string {
	tool(t, "zeep for Python", func() bool { return exec.Command(python, "-c", "import zeep, xmlsec").Run() == nil })
	return []string{python, "../../testdata/interop/zeep/court.py"}
}

// nodeSoap is node soap in a cache folder outside the tree, as the lock file names it.
func nodeSoap(t *testing.T) []string {
	t.Helper()
	base, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(cmp.Or(os.Getenv("CCPOR_CACHE"), filepath.Join(base, "ccpor")), "node-soap")
	tool(t, "node soap", func() bool { _, err := os.Stat(filepath.Join(folder, "node_modules", "soap")); return err == nil },
		"../../testdata/interop/node/fetch.sh", folder)
	return []string{"env", "NODE_PATH=" + filepath.Join(folder, "node_modules"), "node", "../../testdata/interop/node/court.js"}
}

// script is the part of a script that all have.
func (r *interopRig) script() map[string]any {
	return map[string]any{"wsdl": "https://" + r.service + "/soap?wsdl", "ca": r.authority.certFile(), "cert": r.tls.certFile, "key": r.tls.keyFile}
}

func TestInterop(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole programs")
	}
	t.Parallel()
	r := newInteropRig(t)
	t.Run("zeep", func(t *testing.T) { r.zeep(t, zeep(t)) })
	t.Run("node", func(t *testing.T) { r.node(t, nodeSoap(t)) })
}

// zeep walks a court's day with Python zeep in both versions of SOAP.
func (r *interopRig) zeep(t *testing.T, program []string) {
	for i, edition := range []string{"11", "12"} {
		r.t = t
		s := r.script()
		s["port"] = "OrderExchangeSoap" + edition
		pack, image := r.signed(100+10*i, nil)
		bad, badImage := r.signed(101+10*i, func(p *mapping.Package) { p.Order.Protected = nil })
		submit := func(pack, image string) map[string]any {
			return map[string]any{"operation": "SubmitOrder", "positional": []any{map[string]any{"$xml": pack}},
				"arguments": map[string]any{"Attachment": []any{map[string]any{"AttachmentIdentification": "image-1", "AttachmentContent": map[string]any{"$file": image}}}}}
		}
		s["steps"] = []any{submit(pack, image), submit(bad, badImage),
			map[string]any{"operation": "GetSubmissionStatus", "arguments": map[string]any{"PackageIdentification": fmt.Sprintf("IO-%06d", 100+10*i)}}}
		got := r.play(program, s)
		if at(got[0].Answer, "Receipt", "SubmissionStateCode") != "accepted" {
			t.Errorf("SOAP %s: %+v", edition, got[0])
		}
		if detail := fmt.Sprint(got[1].Fault["detail"]); !strings.Contains(detail, "Client.Rule.ProtectedMissing") || !strings.Contains(detail, "CorrelationIdentification") {
			t.Errorf("SOAP %s: the refusal is %+v", edition, got[1])
		}
		if at(got[2].Answer, "SubmissionStateCode") != "accepted" && at(got[2].Answer, "Submission", "SubmissionStateCode") != "accepted" {
			t.Errorf("SOAP %s: %+v", edition, got[2])
		}
	}
}

// nodeSubmit is SubmitOrder with the package as it was signed.
func nodeSubmit(operation, pack, image string) map[string]any {
	return map[string]any{"operation": operation, "package": pack, "image": image,
		"xml": `{{package}}<Attachment xmlns="urn:ccpor:exchange:service:1.0"><AttachmentIdentification>image-1</AttachmentIdentification><AttachmentContent>{{image}}</AttachmentContent></Attachment>`}
}

func (r *interopRig) node(t *testing.T, program []string) {
	for i, edition := range []string{"1.1", "1.2"} {
		r.t = t
		s := r.script()
		s["edition"], s["mtom"] = edition, edition == "1.1"
		pack, image := r.signed(200+10*i, nil)
		bad, badImage := r.signed(201+10*i, func(p *mapping.Package) { p.Order.Protected = nil })
		s["steps"] = []any{nodeSubmit("SubmitOrder", pack, image), nodeSubmit("SubmitOrder", bad, badImage),
			map[string]any{"operation": "GetSubmissionStatus", "arguments": map[string]any{"PackageIdentification": fmt.Sprintf("IO-%06d", 200+10*i)}}}
		got := r.play(program, s)
		if at(got[0].Answer, "Receipt", "SubmissionStateCode") != "accepted" {
			t.Errorf("SOAP %s: %+v", edition, got[0])
		}
		if detail := fmt.Sprint(got[1].Fault); !strings.Contains(detail, "Client.Rule.ProtectedMissing") || !strings.Contains(detail, "CorrelationIdentification") {
			t.Errorf("SOAP %s: the refusal is %+v", edition, got[1])
		}
		if at(got[2].Answer, "Submission", "SubmissionStateCode") != "accepted" {
			t.Errorf("SOAP %s: %+v", edition, got[2])
		}
	}
}
