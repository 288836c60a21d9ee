package exchange

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/hostile"
	"ccpor/exchange/sig/sigtest"
)

// hollow is how many cases of a class hold no XML that a verifier could be asked about: bodies that stop on the way, that are empty or no more than a broken
// frame, and those that unpack to nothing or to zeros.
var hollow = map[string]int{"gzip": 4, "http": 9, "slow": 15}

// TestMessagesAgreeWithXmlsec1 sends every whole message of the corpus to a hub, and asks xmlsec1 about the XML in it. Where the two differ
// disagreements.tsv says why, and says nothing else. Good messages of every kind show that both accept what they should.
func TestMessagesAgreeWithXmlsec1(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	_, cast, sender, _ := attackedAt(t, moment, func() time.Time { return moment })
	table := sigtest.Messages(t, "../testdata/attacks/disagreements.tsv")
	agree(t, table, sender, goodOnes(t, cast, moment))
	if v := table.Told(t, "good messages"); v.Accepted != len(hostile.Kinds()) {
		t.Error("what is good is not accepted by both")
	}
	asked, empty := messagesOf(t, cast, moment)
	agree(t, table, sender, asked)
	table.Told(t, "attacks by messages")
	table.Unseen(t)
	if !maps.Equal(empty, hollow) {
		t.Errorf("nothing to verify by class: %v, want %v", empty, hollow)
	}
}

// posed is a message and the XML in it.
type posed struct {
	name, code string // code: what the hub must answer; "" for good ones
	request    hostile.Request
	doc        []byte
}

func goodOnes(t *testing.T, cast *hostile.Cast, moment time.Time) (all []posed) {
	t.Helper()
	for i, kind := range hostile.Kinds() {
		r, err := cast.Control(kind, i, moment)
		check(t, err)
		all = append(all, posed{name: "good: " + kind, request: hostile.Finished(r), doc: xmlOf(r)})
	}
	return all
}

// messagesOf are the recipes of the corpus, and how many of each class hold nothing to verify.
func messagesOf(t *testing.T, cast *hostile.Cast, moment time.Time) (all []posed, empty map[string]int) {
	t.Helper()
	cases, err := hostile.Corpus("../testdata/attacks")
	check(t, err)
	empty = map[string]int{}
	for _, k := range cases {
		if !k.Message {
			continue
		}
		r, err := k.Request(cast, moment)
		check(t, err)
		p := posed{name: "messages/" + strings.ReplaceAll(k.Class, " ", "-") + "/" + k.Name, code: k.Code, request: r, doc: xmlOf(r)}
		if p.doc == nil {
			empty[k.Class]++
			continue
		}
		all = append(all, p)
	}
	if len(all) < 200 {
		t.Fatalf("%d messages with XML", len(all))
	}
	return all, empty
}

// agree asks both about each message.
func agree(t *testing.T, table *sigtest.Table, sender *hostile.Sender, all []posed) {
	t.Helper()
	questions := make([]sigtest.Question, len(all))
	for i, p := range all {
		questions[i] = sigtest.Question{Document: p.doc, Certificate: registered(p.request.As), Message: true,
			Element: [2]string{"urn:ccpor:exchange:package:1.0", "OrderPackage"}}
	}
	for i, theirs := range sigtest.Ask(t, questions) {
		p := all[i]
		table.Compare(t, sigtest.Row{Case: p.name, Ours: p.ours(t, sender), Theirs: theirs}, p.doc[:min(len(p.doc), 4000)])
	}
}

// ours is the hub's verdict: sigtest.Accepts, or the code of its refusal.
func (p posed) ours(t *testing.T, sender *hostile.Sender) string {
	t.Helper()
	if p.code == "Client.Peer.CertificateExpired" {
		return p.code // this store has no lapsed registrations: make attack proves it
	}
	code, err := sender.Send(p.request)
	check(t, err)
	if code == hostile.Accepted {
		return sigtest.Accepts
	}
	return code
}

// registered is the certificate that xmlsec1 is given: the one registered for signing for the agency of the connection. Where nobody is registered for that,
// it is that of court-rsa, whose messages those connections bring.
func registered(as string) string {
	switch as {
	case "strict":
		as = "court-p384"
	case "nobody", "stranger", "lapsed":
		as = "court-rsa"
	}
	return "../testdata/keys/" + as + ".crt"
}

// xmlOf is the XML that even a lax receiver would hand to a verifier: what gzip gives until it fails, and the first part where the body is of several, by the
// boundary with which it was made, whatever the head says. It is nil where there is none.
func xmlOf(r hostile.Request) []byte {
	if r.Stop != 0 {
		return nil // it never arrives
	}
	body := r.Body
	if z, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
		z.Multistream(false)
		body, _ = io.ReadAll(io.LimitReader(z, 1<<20)) // as much as there is
	}
	if part := firstPart(body); part != nil {
		body = part
	}
	if len(bytes.Trim(body, "\x00")) < 100 {
		return nil // no signature is as short
	}
	return body
}

// firstPart is nil for what is no body of several parts.
func firstPart(body []byte) []byte {
	at := bytes.Index(body, []byte("--MIME-boundary"))
	if at < 0 {
		return nil
	}
	p, err := multipart.NewReader(bytes.NewReader(body[at:]), "MIME-boundary").NextRawPart()
	if err != nil {
		return nil
	}
	part, _ := io.ReadAll(p) // as much as there is
	return part
}
