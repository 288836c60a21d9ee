package exchange

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/rules"
	"ccpor/schemas"
	"ccpor/schemas/canon"
	"ccpor/store"
)

var update = flag.Bool("update", false, "write docs/faults.md anew")

// The table is well-formed: stable codes, no two alike, and nothing left out that a sender needs.
func TestFaultTable(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^(Client(\.[A-Z][A-Za-z0-9]+){1,2}(\.\*)?|Server\.[A-Z][A-Za-z]+)$`)
	seen := map[string]bool{}
	for _, r := range faults {
		if !shape.MatchString(r.code) || seen[r.code] {
			t.Errorf("%s is malformed or there twice", r.code)
		}
		seen[r.code] = true
		if r.text == "" || r.whose == "" || http.StatusText(r.status) == "" || !strings.HasSuffix(r.text, ".") {
			t.Errorf("%s does not say all", r.code)
		}
		if strings.HasPrefix(r.code, "Server.") != (r.status >= 500) || r.status >= 500 && !r.retry {
			t.Errorf("%s: HTTP %d, retry %v", r.code, r.status, r.retry)
		}
	}
	for from, to := range envelopeCodes {
		if !seen[to] {
			t.Errorf("%s goes to %s, which is not in the table", from, to)
		}
	}
}

// Every error that a stage can give has its place in the table, and nothing else reaches a sender.
func TestTell(t *testing.T) {
	t.Parallel()
	secret := errors.New("Marc Jones, 123 Main Street")
	for _, c := range []struct {
		err  error
		code string
	}{
		{&canon.Error{Code: canon.Doctype, What: "a DOCTYPE"}, "Client.Xml.Doctype"},
		{fmt.Errorf("reading: %w", &canon.Error{Code: canon.TooDeep, What: "deep"}), "Client.Xml.TooDeep"},
		{&canon.Error{Code: canon.Misuse, What: secret.Error()}, "Server.Internal"},
		{&sig.Error{Code: sig.WeakKey, What: "weak"}, "Client.Signature.WeakKey"},
		{sig.Unsigned(), "Client.MessageSignature.Missing"},
		{&sig.Error{Code: sig.Unsignable, What: secret.Error()}, "Server.Internal"},
		{&soap.Error{Code: soap.EmptyBody, What: "empty"}, "Client.Envelope.EmptyBody"},
		{schemas.Problems{{Code: schemas.ValueEmpty, Text: "empty"}}, "Client.Schema.Invalid"},
		{schemas.ErrValidator, "Server.Internal"},
		{fmt.Errorf("%w: %w", schemas.ErrUnreadable, secret), "Server.Internal"},
		{&store.ConflictError{}, "Client.Package.Conflict"},
		{&store.OrderExistsError{}, "Client.Order.Exists"},
		{&refusal{code: "Client.Image.Missing"}, "Client.Image.Missing"},
		{secret, "Server.Internal"},
	} {
		o := tell(c.err)
		if o.code != c.code || o.text == "" || len(o.all()) == 0 {
			t.Errorf("%T is told as %s: %s, want %s", c.err, o.code, o.text, c.code)
		}
		if strings.Contains(fmt.Sprintf("%+v", o), "Jones") || strings.Contains(loggable(c.err), "Jones") {
			t.Errorf("%T: its text goes outside", c.err)
		}
		if o.inside != (c.code == "Server.Internal") {
			t.Errorf("%s: inside %v", o.code, o.inside)
		}
	}
}

func TestUnknownCodeIsInternal(t *testing.T) {
	t.Parallel()
	if r := rowOf("Client.Nobody.Knows"); r.code != "Server.Internal" {
		t.Errorf("got %s", r.code)
	}
}

const faultsDocument = "../docs/faults.md"

// docs/faults.md says what the table says; go test -run TestFaultsDocument -update writes it anew.
func TestFaultsDocument(t *testing.T) {
	t.Parallel()
	want := document(t)
	if *update {
		check(t, os.WriteFile(faultsDocument, want, 0o644))
	}
	got, err := os.ReadFile(faultsDocument)
	check(t, err)
	if !bytes.Equal(got, want) {
		t.Error("docs/faults.md is not what the table says; run go generate ./exchange")
	}
}

const preface = `# Faults

<!-- Written from exchange/fault.go and mapping/rules by "go generate ./exchange". -->

Every refusal is a SOAP fault in the version of the request, with a ` + "`SubmissionFault`" + ` in its detail: code, text, hint, whether the same message may be sent again
(` + "`RetryIndicator`" + `), whose move it is, a tracking number under which the refusal is kept, a correlation identification for the help desk, and every problem found,
each with its own code, place, value, citation and fix.

Codes are stable: none is renamed or given another meaning. New ones may come: decide by the beginning of a code when you do not know it. A family that ends in ` + "`*`" + ` is
listed further down.

SOAP 1.1 knows only HTTP 500 for faults, so what is 400 below is 500 there; the other statuses are those of HTTP itself and the same in both versions. In SOAP 1.2 the code
is also the fault's Subcode.

| code | HTTP | meaning | what to do | send again unchanged | whose move |
| --- | --- | --- | --- | --- | --- |
`

func document(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(preface)
	for _, r := range faults {
		again := "no"
		if r.retry {
			again = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s | %s | %s |\n", r.code, r.status, r.text, r.hint, again, r.whose)
	}
	b.WriteString("\n## Rules\n\nAn error refuses the package as `Client.Rule.` and its name; a warning comes with the receipt as `Warning.Rule.` and its name.\n\n| rule | severity | what it asks | citation | whose move |\n| --- | --- | --- | --- | --- |\n")
	table, err := forms.Load()
	check(t, err)
	days, err := calendar.Load()
	check(t, err)
	seen := map[rules.ID]bool{}
	for _, r := range rules.New(table, days).Rules() {
		if !seen[r.ID] {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.ID, r.Severity, r.Asks, r.Citation, r.Whose)
		}
		seen[r.ID] = true
	}
	b.WriteString("\n## Images\n\nWhat an image is beyond the picture of a form comes with the receipt as a warning; no order is refused for it, and nothing in an image is run or opened.\n\n| code | meaning |\n| --- | --- |\n")
	for _, c := range imageCodes() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.Code, c.Text)
	}
	for _, family := range []struct{ title, prefix, file string }{
		{"XML", "Client.Xml.", "../schemas/canon/error.go"},
		{"Signature", "Client.Signature.", "sig/error.go"},
		{"Schema", "Client.Schema.", "../schemas/problem.go"},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n| code | meaning |\n| --- | --- |\n", family.title)
		for _, c := range codesOf(t, family.file) {
			fmt.Fprintf(&b, "| `%s%s` | %s |\n", family.prefix, c[0], c[1])
		}
		if family.title == "Signature" {
			b.WriteString("\n## Signature over the message\n\n| code | meaning |\n| --- | --- |\n")
			for _, m := range sig.MessageCodes() {
				fmt.Fprintf(&b, "| `Client.MessageSignature.%s` | %s |\n", m.Code, m.Text)
			}
		}
	}
	return b.Bytes()
}

var constant = regexp.MustCompile(`(?m)^\t\w+ +Code = "(\w+)" *// (.*)$`)

// codesOf reads a closed list of codes, with what each means, from where it is declared.
func codesOf(t *testing.T, file string) [][2]string {
	t.Helper()
	b, err := os.ReadFile(file)
	check(t, err)
	var codes [][2]string
	for _, m := range constant.FindAllSubmatch(b, -1) {
		if code := string(m[1]); code != string(canon.Misuse) && code != string(canon.Excluded) && code != string(sig.Unsignable) {
			codes = append(codes, [2]string{code, string(m[2])})
		}
	}
	if len(codes) < 10 {
		t.Fatalf("%s: %d codes found", file, len(codes))
	}
	return codes
}
