package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	rsa, seal identity
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
	sim, err := simulatorAt(t.Context(), program(t, "carpos-sim"), filepath.Join(r.dir, "switch"), os.Stderr, "--no-magic")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.stop() })
	r.identities()
	r.register()
	own, err := r.authority.server()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ownKeys(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	r.service = freeAddress(t)
	hub := &hubProcess{t: t, log: &tail{}, env: []string{"CCPOR_DATABASE_URL=" + r.db.URL(), "CCPOR_KEYS=" + keys, "CCPOR_LISTEN=" + r.service, "CCPOR_PAGES=127.0.0.1:0", "CCPOR_RATE=0",
		"CCPOR_TLS_CERT=" + own.certFile, "CCPOR_TLS_KEY=" + own.keyFile, "CCPOR_PUBLIC_URL=https://" + r.service + "/soap", "CCPOR_LOG_LEVEL=info",
		"CCPOR_SEAL_CERT=" + r.seal.certFile, "CCPOR_SEAL_KEY=" + r.seal.keyFile, "CCPOR_SWITCH=" + sim.Line, "CCPOR_SWITCH_PLAIN=true", "CCPOR_RETRY_SCALE=0.01"}}
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
	if r.seal, err = r.authority.signer("hub", keyP256); err != nil {
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
	id, err := s.RegisterAgency(r.t.Context(), store.Agency{ORI: "CA030013J", Name: "Test Court", CarposName: "TEST COURT", Submits: true, ConfirmText: "CONFIRM AT 555-555-0100", MayQuery: true, MayImages: true})
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
	t.Run("zeep", func(t *testing.T) { r.days(t, zeepCourt(zeep(t))) })
	t.Run("node", func(t *testing.T) { r.days(t, nodeCourt(nodeSoap(t))) })
	t.Run("callback", func(t *testing.T) { r.callback(t, nodeSoap(t), zeep(t)) })
}

// interopCourt is a stack in whose terms a day is told.
type interopCourt struct {
	name    string
	program []string
	// kinds are the ways in which the stack sends: version, signature of the message, MTOM.
	kinds []interopKind
	// set puts the kind into the script; carry makes a step that sends a package; ask one that asks.
	set   func(r *interopRig, script map[string]any, k interopKind)
	carry func(operation, pack, image string) map[string]any
}

type interopKind struct {
	edition, signature string
	mtom               bool
}

func zeepCourt(program []string) interopCourt {
	return interopCourt{name: "Z", program: program,
		kinds: []interopKind{{"1.1", "", false}, {"1.2", "", false}, {"1.1", "token", false}, {"1.2", "issuerSerial", false}},
		set: func(r *interopRig, script map[string]any, k interopKind) {
			script["port"] = "OrderExchangeSoap" + strings.Replace(k.edition, ".", "", 1)
			if k.signature != "" {
				script["sign"] = map[string]any{"kind": k.signature, "key": r.rsa.keyFile, "cert": r.rsa.certFile}
			}
		},
		carry: func(operation, pack, image string) map[string]any {
			return map[string]any{"operation": operation, "positional": []any{map[string]any{"$xml": pack}},
				"arguments": map[string]any{"Attachment": []any{map[string]any{"AttachmentIdentification": "image-1", "AttachmentContent": map[string]any{"$file": image}}}}}
		}}
}

func nodeCourt(program []string) interopCourt {
	return interopCourt{name: "N", program: program,
		kinds: []interopKind{{"1.1", "", true}, {"1.2", "", false}, {"1.1", "default", false}, {"1.2", "plain", false}},
		set: func(r *interopRig, script map[string]any, k interopKind) {
			script["edition"], script["mtom"] = k.edition, k.mtom
			if k.signature != "" {
				script["sign"] = map[string]any{"key": r.rsa.keyFile, "cert": r.rsa.certFile, "plain": k.signature == "plain"}
			}
		},
		carry: func(operation, pack, image string) map[string]any {
			return map[string]any{"operation": operation, "package": pack, "image": image,
				"xml": `{{package}}<Attachment xmlns="urn:ccpor:exchange:service:1.0"><AttachmentIdentification>image-1</AttachmentIdentification><AttachmentContent>{{image}}</AttachmentContent></Attachment>`}
		}}
}

// interopStep is a step with arguments, as the inside of a JSON object.
func interopStep(operation, arguments string) map[string]any {
	return map[string]any{"operation": operation, "arguments": json.RawMessage("{" + arguments + "}")}
}

// days walks the court's day in every way in which its stack can send.
func (r *interopRig) days(t *testing.T, court interopCourt) {
	for i, k := range court.kinds {
		t.Run(fmt.Sprintf("SOAP %s, signature %q, MTOM %t", k.edition, k.signature, k.mtom), func(t *testing.T) {
			r.t = t
			number := 1000*int(court.name[0]) + 10*i
			tracking := r.morning(court, k, number)
			r.afternoon(court, k, number, tracking)
		})
	}
}

// morning submits a good and a bad package, tries one, and asks how they stand. It returns the good one's tracking number.
func (r *interopRig) morning(court interopCourt, k interopKind, number int) string {
	t := r.t
	script := r.script()
	court.set(r, script, k)
	pack, image := r.signed(number, nil)
	bad, badImage := r.signed(number+1, func(p *mapping.Package) { p.Order.Protected, p.Order.Stage = nil, order.StageEmergency })
	tried, triedImage := r.signed(number+2, nil)
	script["steps"] = []any{interopStep("Ping", ""), court.carry("SubmitOrder", pack, image), court.carry("SubmitOrder", bad, badImage), court.carry("ValidateOrder", tried, triedImage),
		interopStep("GetSubmissionStatus", fmt.Sprintf(`"PackageIdentification": "IO-%06d"`, number)), interopStep("GetSubmissionStatus", fmt.Sprintf(`"PackageIdentification": "IO-%06d"`, number+2))}
	got := r.play(court.program, script)
	if at(got[0].Answer, "AgencyOrganizationORIIdentification") != "CA030013J" {
		t.Errorf("ping: %+v", got[0])
	}
	if at(got[1].Answer, "Receipt", "SubmissionStateCode") != "accepted" {
		t.Fatalf("submit: %+v", got[1])
	}
	for _, want := range []string{"Client.Rule.ProtectedMissing", "Client.Rule.StageNotOfForm", "CorrelationIdentification", "TrackingIdentification"} {
		if !strings.Contains(fmt.Sprint(got[2].Fault), want) {
			t.Errorf("the refusal lacks %s: %+v", want, got[2])
		}
	}
	if at(got[3].Answer, "AcceptableIndicator") != "true" || at(got[3].Answer, "CarposPlan", "TransactionCode") != "ERR" {
		t.Errorf("validate: %+v", got[3])
	}
	if state := at(got[4].Answer, "SubmissionStateCode") + at(got[4].Answer, "Submission", "SubmissionStateCode"); state != "accepted" {
		t.Errorf("status: %+v", got[4])
	}
	if !strings.Contains(fmt.Sprint(got[5].Fault), "Client.Operation.NotFound") {
		t.Errorf("a package that was only tried is known: %+v", got[5])
	}
	return at(got[1].Answer, "Receipt", "TrackingIdentification")
}

// afternoon searches the order, reads it and fetches its image back.
func (r *interopRig) afternoon(court interopCourt, k interopKind, number int, tracking string) {
	t := r.t
	script := r.script()
	court.set(r, script, k)
	id := fmt.Sprintf("IO-%06d", number)
	// Node writes arguments in the order in which it gets them, which must be the contract's.
	const requester = `"Requester": {"UserIdentification": "clerk-7", "RoleCode": "courtClerk", "PurposeText": "trying the service"}`
	named := requester + `, "OrderIdentification": "` + id + `", "OrganizationORIIdentification": "CA030013J"`
	image := named + `, "TrackingIdentification": "` + tracking + `", "DocumentIdentification": "image-1"`
	if k.mtom {
		image += `, "MtomIndicator": true`
	}
	script["steps"] = []any{interopStep("SearchOrders", requester+`, "CaseDocketID": "`+strings.Replace(id, "-", "", 1)+`"`), interopStep("GetOrder", named), interopStep("GetOrderImage", image),
		interopStep("ListSubmissions", `"MaximumCount": 5`), interopStep("GetPolicy", "")}
	got := r.play(court.program, script)
	if !strings.Contains(fmt.Sprint(got[0].Answer), id) {
		t.Errorf("search: %+v", got[0])
	}
	if text := fmt.Sprint(got[1].Answer); !strings.Contains(text, tracking) || !strings.Contains(text, "CR-160") {
		t.Errorf("order: %+v", got[1])
	}
	want := base64.StdEncoding.EncodeToString(r.maker.Image(number, 20_000))
	if at(got[2].Answer, "ImageContent") != want && !slices.Contains(got[2].Parts, want) {
		t.Errorf("the image did not come back: %.300v, %d parts", got[2].Answer, len(got[2].Parts))
	}
	if text := fmt.Sprint(got[3].Answer); !strings.Contains(text, "SubmissionSummary") || !strings.Contains(text, "CursorText") {
		t.Errorf("list: %+v", got[3])
	}
	if text := fmt.Sprint(got[4].Answer); !strings.Contains(text, "DV-130") || !strings.Contains(text, "Client.Signature.*") {
		t.Errorf("policy: %.300s", text)
	}
}

// callback has node soap serve the listener's contract, and zeep read the notice that came by the same contract.
func (r *interopRig) callback(t *testing.T, node, python []string) {
	for i, edition := range []string{"1.1", "1.2"} {
		r.t = t
		own, err := r.authority.server()
		if err != nil {
			t.Fatal(err)
		}
		address, saved := freeAddress(t), filepath.Join(r.dir, "notice-"+edition+".xml")
		_, port, _ := strings.Cut(address, ":")
		script := map[string]any{"ca": r.authority.certFile(), "cert": own.certFile, "key": own.keyFile, "edition": edition, "listen": map[string]any{"port": port, "count": 1, "wsdl": "../../wsdl/listener-1.0.wsdl",
			"service": "SubmissionStatusListener", "portNames": []string{"SubmissionStatusListenerSoap11", "SubmissionStatusListenerSoap12"}, "operation": "NotifySubmissionStatus", "notice": "Notice", "number": "NoticeNumber",
			"answer": "NoticeNumber", "save": saved}}
		heard := make(chan []any, 1)
		go func() { heard <- r.hear(node, script) }()
		r.listenAt("https://127.0.0.1:"+port+"/listener", edition)
		pack, image := r.signed(500+i, nil)
		day := r.script()
		court := zeepCourt(python)
		court.set(r, day, interopKind{edition: "1.1"})
		day["steps"] = []any{court.carry("SubmitOrder", pack, image)}
		tracking := at(r.play(python, day)[0].Answer, "Receipt", "TrackingIdentification")
		select {
		case notices := <-heard:
			if text := fmt.Sprint(notices); !strings.Contains(text, tracking) || !strings.Contains(text, "accepted") {
				t.Errorf("SOAP %s: node heard %s, not of %s", edition, text, tracking)
			}
		case <-time.After(time.Minute):
			t.Fatalf("SOAP %s: no notice came", edition)
		}
		day["steps"] = []any{map[string]any{"parse": map[string]any{"wsdl": "https://" + r.service + "/soap?wsdl=listener", "message": saved}}}
		if read := r.play(python, day)[0]; at(read.Answer, "Notice", "Change", "TrackingIdentification") != tracking {
			t.Errorf("SOAP %s: zeep read %+v", edition, read)
		}
	}
}

// listenAt registers the court's listener.
func (r *interopRig) listenAt(url, edition string) {
	r.t.Helper()
	s, err := store.Open(r.t.Context(), r.db.URL(), store.Options{Hub: "observer"})
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	a, err := s.AgencyByORI(r.t.Context(), "CA030013J")
	if err == nil {
		err = s.RegisterListener(r.t.Context(), store.Listener{Agency: a.ID, URL: url, Edition: edition, Certificate: r.authority.cert, Active: true})
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// hear runs a listener until it has heard enough, and returns what it heard, or why it failed.
func (r *interopRig) hear(program []string, script map[string]any) []any {
	b, err := json.Marshal(script)
	file := filepath.Join(r.dir, fmt.Sprintf("listen-%v.json", script["edition"]))
	if err == nil {
		err = os.WriteFile(file, b, 0o600)
	}
	var out []byte
	if err == nil {
		cmd := exec.CommandContext(r.t.Context(), program[0], append(slices.Clone(program[1:]), file)...)
		cmd.Stderr = os.Stderr
		out, err = cmd.Output()
	}
	var notices []any
	if err == nil {
		err = json.Unmarshal(out, &notices)
	}
	if err != nil {
		return []any{"the listener failed: " + err.Error()}
	}
	return notices
}
