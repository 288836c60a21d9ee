package exchange

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/store"
)

// A good package is taken however it is wrapped, and what is kept is what came.
func TestTaken(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	r := start(t, parts(t, s))
	for i, c := range []struct {
		name string
		message
	}{
		{"SOAP 1.1", message{edition: soap.SOAP11}},
		{"SOAP 1.2", message{edition: soap.SOAP12}},
		{"SOAP 1.1 with MTOM", message{edition: soap.SOAP11, mtom: true}},
		{"SOAP 1.2 with MTOM", message{edition: soap.SOAP12, mtom: true}},
		{"ECDSA", message{signer: "court-p256"}},
		{"SOAPAction quoted", message{headers: map[string]string{"SOAPAction": `"urn:ccpor:exchange:service:1.0/SubmitOrder"`}}},
		{"SOAPAction bare", message{headers: map[string]string{"SOAPAction": `urn:ccpor:exchange:service:1.0/SubmitOrder`}}},
		{"SOAPAction empty", message{headers: map[string]string{"SOAPAction": `""`}}},
		{"base64 in lines", message{wire: func(s string) string { return strings.Replace(s, "JVBERi", "JVBE\n  \t Ri", 1) }}},
		{"white space between elements", message{wire: func(s string) string { return strings.Replace(s, "<Attachment ", "\n\n <Attachment ", 1) }}},
		{"byte order mark", message{wire: func(s string) string { return "\ufeff" + s }}},
		{"no declaration", message{wire: func(s string) string { return s[strings.Index(s, "<soap:"):] }}},
		{"quoted charset", message{media: func(string) string { return `text/xml; charset="UTF-8"` }}},
		{"a header nobody knows", message{wire: addHeader(`<x:Trace xmlns:x="urn:x">1</x:Trace>`)}},
		{"boundary in quotes, header names in any case", message{mtom: true, media: func(s string) string {
			return strings.ReplaceAll(s, "boundary=MIME-boundary", `boundary="MIME-boundary"`)
		}, wire: func(s string) string { return strings.ReplaceAll(s, "Content-ID", "content-id") }}},
		{"proof of service", message{pack: sampleService(), noImages: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, contentType := c.request(t, fmt.Sprint("taken-", i))
			reply := r.post(t, "court-rsa", body, contentType, c.headers)
			receipt, err := reply.Receipt()
			if err != nil || reply.Status != http.StatusOK {
				t.Fatalf("%v (HTTP %d)\n%s", err, reply.Status, reply.Body)
			}
			if want := "P-taken-" + fmt.Sprint(i); string(receipt.Package) != want || receipt.MessageSHA256 != client.Digest(body) || receipt.State != "accepted" {
				t.Errorf("receipt %+v", receipt)
			}
			k := s.byID[courtORI+"/"+string(receipt.Package)]
			if !bytes.Equal(k.accepted.Received.Wire, body) || hex.EncodeToString(k.canonical[:]) != receipt.PackageSHA256 {
				t.Error("what is kept is not what came")
			}
			if !c.noImages && (len(k.accepted.Images) != 1 || !bytes.Equal(k.accepted.Images[0].Content, pdf)) {
				t.Error("the image is not what came")
			}
			for _, stage := range k.accepted.Received.Stages[:len(k.accepted.Received.Stages)-1] {
				if !stage.OK || stage.End.IsZero() {
					t.Errorf("stage %s is not over: %+v", stage.Name, stage)
				}
			}
		})
	}
}

func addHeader(blocks string) func(string) string {
	return func(s string) string {
		return strings.Replace(s, "<soap:Body>", "<soap:Header>"+blocks+"</soap:Header><soap:Body>", 1)
	}
}

func TestDeadlineAndItsRule(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	receipt, err := r.send(t, message{}, "deadline").Receipt()
	check(t, err)
	// Made on a Thursday: the next court day is Friday the 20th, and it ends at midnight in California.
	if want := time.Date(2026, 11, 21, 7, 59, 59, 0, time.UTC); !receipt.Entry.Deadline.Equal(want) || receipt.Entry.Rule == "" || receipt.Entry.Citation != "Fam. Code 6380(a)" || !receipt.Entry.Owed {
		t.Errorf("entry %+v, want %v", receipt.Entry, want)
	}
}

// The answer is in the version of the request and relates to it.
func TestAnswersInKind(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	for _, e := range []soap.Edition{soap.SOAP11, soap.SOAP12} {
		m := message{edition: e, wire: addHeader(`<a:MessageID xmlns:a="` + soap.NamespaceA + `">urn:uuid:1234</a:MessageID>`)}
		reply := r.send(t, m, fmt.Sprint("kind-", e))
		if !strings.HasPrefix(reply.ContentType, e.MediaType()) || !bytes.Contains(reply.Body, []byte(`xmlns:soap="`+e.Namespace()+`"`)) ||
			!bytes.Contains(reply.Body, []byte("<wsa:RelatesTo>urn:uuid:1234</wsa:RelatesTo>")) {
			t.Errorf("%v: %s\n%s", e, reply.ContentType, reply.Body)
		}
	}
}

func TestSamePackageTwice(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	r := start(t, parts(t, s))
	first, err := r.send(t, message{}, "same").Receipt()
	check(t, err)
	again, err := r.send(t, message{edition: soap.SOAP12, mtom: true}, "same").Receipt() // another message, the same package
	check(t, err)
	if !again.Duplicate || first.Duplicate {
		t.Errorf("duplicate: first %v, then %v", first.Duplicate, again.Duplicate)
	}
	again.Duplicate = false
	if first.Tracking != again.Tracking || first.MessageSHA256 != again.MessageSHA256 || !first.ReceivedAt.Equal(again.ReceivedAt) || s.accepts != 1 {
		t.Errorf("first %+v\nagain %+v\n%d kept", first, again, s.accepts)
	}
}

// A receipt is sent only after the commit: a store that fails gives none, and the sender is told to come again.
func TestNoReceiptWithoutCommit(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]error{"error": errors.New(`insert: "Marc Jones" is too long`), "out of time": context.DeadlineExceeded} {
		s := newMemory(t)
		s.accept = func(context.Context, store.Accepted) error { return fail }
		r := start(t, parts(t, s))
		reply := r.send(t, message{}, "commit")
		_, err := reply.Receipt()
		var fault *client.Fault
		if !errors.As(err, &fault) || fault.Code != "Server.Unavailable" || !fault.Retry || fault.Kind != "Server" || reply.Status != http.StatusServiceUnavailable {
			t.Errorf("%s: %v (HTTP %d)", name, err, reply.Status)
		}
		if strings.Contains(r.log.String(), "Jones") || strings.Contains(string(reply.Body), "Jones") {
			t.Errorf("%s: what the database said goes outside", name)
		}
		if len(s.refused) != 0 {
			t.Errorf("%s: kept as refused, though nobody refused it", name)
		}
		s.accept = nil
		if receipt, err := r.send(t, message{}, "commit").Receipt(); err != nil || receipt.Duplicate {
			t.Errorf("%s: sent again: %+v, %v", name, receipt, err)
		}
	}
}

// The store gets what it may still be reading to itself: the memory of a message that it did not answer in time is not used again.
func TestMemoryIsLeftToASlowStore(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	var seen []store.Accepted
	s.accept = func(_ context.Context, a store.Accepted) error {
		if strings.Contains(string(a.Package), "slow") {
			seen = append(seen, a)
			return context.DeadlineExceeded
		}
		return nil
	}
	r := start(t, parts(t, s))
	for i := range 20 {
		r.send(t, message{mtom: true}, fmt.Sprint("slow-", i))
		r.send(t, message{mtom: true, signer: "court-p256"}, fmt.Sprint("fast-", i))
	}
	for _, a := range seen {
		if sha256.Sum256(a.Received.Wire) != a.Received.Digest || !bytes.Equal(a.Images[0].Content, pdf) {
			t.Fatal("the memory was used again")
		}
	}
}

// A refusal that cannot be kept is no refusal: the sender comes again.
func TestRefusalThatCannotBeKept(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	s.refuse = func(store.Refused) error { return errors.New("down") }
	r := start(t, parts(t, s))
	_, err := r.send(t, message{signer: "none"}, "unkept").Receipt()
	var fault *client.Fault
	if !errors.As(err, &fault) || fault.Code != "Server.Unavailable" || !fault.Retry {
		t.Fatal(err)
	}
}

func TestStoreDownAtTheDoor(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	s.lookup = func() error { return errors.New("down") }
	r := start(t, parts(t, s))
	reply := r.send(t, message{}, "door")
	if _, err := reply.Receipt(); reply.Status != http.StatusServiceUnavailable || !strings.Contains(err.Error(), "Server.Unavailable") {
		t.Fatal(reply.Status, err)
	}
}

// A panic ends one request and nothing else, and what it says stays inside.
func TestPanic(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	s.accept = func(context.Context, store.Accepted) error { panic("Marc Jones") }
	r := start(t, parts(t, s))
	reply := r.send(t, message{edition: soap.SOAP12}, "panic")
	_, err := reply.Receipt()
	var fault *client.Fault
	if !errors.As(err, &fault) || fault.Code != "Server.Internal" || reply.Status != http.StatusInternalServerError || fault.Correlation == "" {
		t.Fatalf("%v (HTTP %d)", err, reply.Status)
	}
	if !strings.Contains(r.log.String(), fault.Correlation) || strings.Contains(r.log.String(), "Jones") {
		t.Error("the log lacks the correlation, or says too much")
	}
	s.accept = nil
	if _, err := r.send(t, message{}, "panic").Receipt(); err != nil {
		t.Error("the process does not serve on:", err)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	r := start(t, parts(t, s))
	receipt, err := r.send(t, message{}, "status").Receipt()
	check(t, err)
	court, other := r.as(t, "court-rsa"), r.as(t, "other-court")
	for _, e := range []soap.Edition{soap.SOAP11, soap.SOAP12} {
		o := client.Options{Edition: e, MessageID: "urn:uuid:5"}
		byTracking, err := court.Status(t.Context(), receipt.Tracking, "", o)
		check(t, err)
		byPackage, err := court.Status(t.Context(), "", receipt.Package, o)
		check(t, err)
		if byTracking.Tracking != receipt.Tracking || byPackage.Tracking != receipt.Tracking || byTracking.State != "accepted" || len(byTracking.Stages) < 6 || byTracking.NextWhose != "hub" {
			t.Errorf("%v: by tracking number %+v\nby package %+v", e, byTracking, byPackage)
		}
		wantFault(t, "another agency's", "Client.Operation.NotFound", func() error { _, err := other.Status(t.Context(), receipt.Tracking, "", o); return err })
		wantFault(t, "another agency's package", "Client.Operation.NotFound", func() error { _, err := other.Status(t.Context(), "", receipt.Package, o); return err })
		wantFault(t, "nobody's", "Client.Operation.NotFound", func() error { _, err := court.Status(t.Context(), "", "P-none", o); return err })
		wantFault(t, "mistyped", "Client.Operation.TrackingNumber", func() error { _, err := court.Status(t.Context(), "7K4M-X2Q9-P0", "", o); return err })
		wantFault(t, "without anything", "Client.Operation.Malformed", func() error { _, err := court.Status(t.Context(), "", "", o); return err })
	}
	// As somebody reads it out on the telephone.
	spoken := strings.ToLower(strings.ReplaceAll(string(receipt.Tracking), "-", " "))
	body, contentType := client.StatusRequest(receipt.Tracking, "", client.Options{})
	reply := r.post(t, "court-rsa", bytes.Replace(body, []byte(receipt.Tracking), []byte(spoken), 1), contentType, nil)
	if _, err := reply.Submission(); err != nil {
		t.Error(err)
	}
	if len(s.events) != 5 || s.events[0].Actor != "agency "+courtORI || !strings.Contains(s.events[0].Object, string(receipt.Tracking)) {
		t.Errorf("reads on record: %+v", s.events)
	}
}

// What cannot be put on record is not shown.
func TestReadThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	r := start(t, parts(t, s))
	receipt, err := r.send(t, message{}, "unseen").Receipt()
	check(t, err)
	s.audit = func() error { return errors.New("down") }
	_, err = r.as(t, "court-rsa").Status(t.Context(), receipt.Tracking, "", client.Options{})
	if fault := faultOf(t, err, "Server.Unavailable"); !fault.Retry || fault.Tracking != "" {
		t.Errorf("%+v", fault)
	}
}

func wantFault(t *testing.T, what, code string, do func() error) {
	t.Helper()
	var fault *client.Fault
	if err := do(); !errors.As(err, &fault) || fault.Code != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

// Whoever can connect may read the contract, and nothing else.
func TestContract(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	h := &http.Client{Transport: &http.Transport{TLSClientConfig: clientTLS(t, "")}}
	for _, c := range []struct {
		method, query string
		status        int
		holds         string
	}{
		{"GET", "?wsdl", 200, `location="` + r.url + `"`},
		{"GET", "?WSDL", 200, "<wsdl:definitions"},
		{"GET", "?xsd=service-1.0.xsd", 200, r.url + "?xsd=package-1.0.xsd"},
		{"GET", "?xsd=package-1.0.xsd", 200, r.url + "?xsd=codes-1.0.xsd"},
		{"GET", "?xsd=codes-1.0.xsd", 200, "targetNamespace"},
		{"GET", "?wsdl=listener", 200, r.url + "?xsd=listener-1.0.xsd"},
		{"GET", "?xsd=listener-1.0.xsd", 200, "NotifySubmissionStatus"},
		{"GET", "?wsdl=other", 405, ""},
		{"HEAD", "?wsdl", 200, ""},
		{"GET", "?xsd=../server.go", 404, ""},
		{"GET", "", 405, "Client.Transport.Method"},
		{"PUT", "", 405, "Client.Transport.Method"},
		{"DELETE", "?wsdl", 405, "Client.Transport.Method"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, r.url+c.query, nil)
		check(t, err)
		res, err := h.Do(req)
		check(t, err)
		b, err := io.ReadAll(res.Body)
		check(t, err)
		check(t, res.Body.Close())
		if res.StatusCode != c.status || !strings.Contains(string(b), c.holds) {
			t.Errorf("%s %s: HTTP %d\n%s", c.method, c.query, res.StatusCode, b)
		}
	}
	h.CloseIdleConnections()
}

// HTTP/2 is HTTP: the same package, the same limits.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	c := parts(t, newMemory(t))
	c.Limits.MessageBytes = 64 << 10
	r := start(t, c)
	h := &http.Client{Transport: &http.Transport{TLSClientConfig: clientTLS(t, "court-rsa"), ForceAttemptHTTP2: true}}
	defer h.CloseIdleConnections()
	for _, m := range []message{{}, {wire: func(s string) string { return s + strings.Repeat(" ", 80<<10) }}} {
		body, contentType := m.request(t, "h2")
		res, err := h.Post(r.url, contentType, bytes.NewReader(body))
		check(t, err)
		want := http.StatusOK
		if m.wire != nil {
			want = http.StatusRequestEntityTooLarge
		}
		if res.StatusCode != want || res.ProtoMajor != 2 {
			t.Errorf("%s %s", res.Proto, res.Status)
		}
		check(t, res.Body.Close())
	}
}

// Many at once, good and bad, over both editions: each gets its own answer.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	r := start(t, parts(t, s))
	court := r.as(t, "court-rsa")
	type prepared struct {
		body        []byte
		contentType string
		good        bool
	}
	var all []prepared
	for i := range 60 {
		m := message{edition: soap.Edition(1 + i%2), mtom: i%3 == 0}
		if i%4 == 3 {
			m.signed = func(s string) string { return strings.Replace(s, ">100<", ">1<", 1) }
		}
		body, contentType := m.request(t, fmt.Sprint("many-", i))
		all = append(all, prepared{body, contentType, i%4 != 3})
	}
	var wg sync.WaitGroup
	for i, p := range all {
		wg.Go(func() {
			reply, err := court.Post(t.Context(), p.body, p.contentType)
			if err != nil {
				t.Error(err)
				return
			}
			receipt, err := reply.Receipt()
			if (err == nil) != p.good || p.good && (receipt.MessageSHA256 != client.Digest(p.body) || string(receipt.Package) != fmt.Sprint("P-many-", i)) {
				t.Errorf("message %d: %+v, %v", i, receipt, err)
			}
		})
	}
	wg.Wait()
	if s.accepts != 45 || len(s.refused) != 15 {
		t.Errorf("%d kept, %d refused", s.accepts, len(s.refused))
	}
	if n := inHand(r); n != 0 {
		t.Errorf("%d bytes in flight are not given back", n)
	}
}

// What does not fit into memory is turned away with a time to come back.
func TestBusy(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	c := parts(t, s)
	c.Limits = Limits{MessageBytes: 64 << 10, InFlightBytes: 64 << 10}
	held, release := make(chan struct{}), make(chan struct{})
	s.accept = func(_ context.Context, a store.Accepted) error {
		if strings.Contains(string(a.Package), "first") {
			close(held)
			<-release
		}
		return nil
	}
	r := start(t, c)
	big := bytes.Repeat([]byte("x"), 60<<10)
	busyWith := message{mtom: true, wire: func(s string) string { return s + strings.Repeat("\r\n", 14<<10) }} // an epilogue of line ends is harmless, and long
	done := make(chan *client.Reply)
	go func() { done <- r.send(t, busyWith, "first") }()
	await(t, held)
	reply := r.post(t, "court-rsa", big, "text/xml", nil)
	_, err := reply.Receipt()
	var fault *client.Fault
	if !errors.As(err, &fault) || fault.Code != "Server.Busy" || reply.Status != http.StatusServiceUnavailable || len(s.refused) != 0 {
		t.Errorf("%v (HTTP %d), %d kept", err, reply.Status, len(s.refused))
	}
	close(release)
	if _, err := (<-done).Receipt(); err != nil {
		t.Error(err)
	}
	if _, err := r.send(t, message{}, "after").Receipt(); err != nil {
		t.Error("still busy:", err)
	}
}

// A body that comes too slowly, or not whole, is cut off and kept as far as it came.
func TestSlowAndBrokenBodies(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	c := parts(t, s)
	c.Limits.BodyTime = 300 * time.Millisecond
	r := start(t, c)
	body, contentType := message{}.request(t, "slow")
	head := "POST /soap HTTP/1.1\r\nHost: hub\r\nContent-Type: " + contentType + "\r\nContent-Length: " + fmt.Sprint(len(body)) + "\r\n\r\n"

	slow := dial(t, r, "court-rsa")
	_, err := io.WriteString(slow, head+string(body[:100])) // and nothing more
	check(t, err)
	answer, err := io.ReadAll(slow)
	if !bytes.Contains(answer, []byte("408 Request Timeout")) || !bytes.Contains(answer, []byte("Client.Transport.Slow")) {
		t.Errorf("slow body: %v\n%s", err, answer)
	}

	broken := dial(t, r, "court-rsa")
	_, err = io.WriteString(broken, head+string(body[:200]))
	check(t, err)
	check(t, broken.CloseWrite())
	answer, err = io.ReadAll(broken)
	if !bytes.Contains(answer, []byte("Client.Transport.Incomplete")) {
		t.Errorf("broken body: %v\n%s", err, answer)
	}
	kept := map[string]int{}
	for _, r := range s.refused {
		kept[r.Code] = len(r.Received.Wire)
	}
	if kept["Client.Transport.Slow"] != 100 || kept["Client.Transport.Incomplete"] != 200 {
		t.Errorf("kept %v", kept)
	}
}

func dial(t *testing.T, r running, as string) *tls.Conn {
	t.Helper()
	config := clientTLS(t, as)
	config.ServerName = "127.0.0.1"
	conn, err := tls.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(r.url, "https://"), "/soap"), config)
	check(t, err)
	t.Cleanup(func() { conn.Close() }) // closed by the hub already
	return conn
}

// A body without an announced length is read the same, and bounded the same.
func TestChunked(t *testing.T) {
	t.Parallel()
	c := parts(t, newMemory(t))
	c.Limits.MessageBytes = 256 << 10
	r := start(t, c)
	h := &http.Client{Transport: &http.Transport{TLSClientConfig: clientTLS(t, "court-rsa")}}
	defer h.CloseIdleConnections()
	post := func(body []byte, contentType string) *client.Reply {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url, io.MultiReader(bytes.NewReader(body))) // of unknown length
		check(t, err)
		req.Header.Set("Content-Type", contentType)
		res, err := h.Do(req)
		check(t, err)
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		check(t, err)
		return &client.Reply{Status: res.StatusCode, Body: b}
	}
	long := message{mtom: true, wire: func(s string) string { return s + strings.Repeat("\r\n", 70<<10) }}
	for i, m := range []message{{}, long} {
		body, contentType := m.request(t, fmt.Sprint("chunk-", i))
		receipt, err := post(body, contentType).Receipt()
		if err != nil || receipt.MessageSHA256 != client.Digest(body) {
			t.Errorf("%d bytes: %v", len(body), err)
		}
	}
	if reply := post(bytes.Repeat([]byte("a"), 300<<10), "text/xml"); reply.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("HTTP %d\n%s", reply.Status, reply.Body)
	}
	if n := inHand(r); n != 0 {
		t.Errorf("%d bytes in flight are not given back", n)
	}
}

// A sender who hangs up after the last byte has its package kept all the same.
func TestSenderHangsUp(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	came, gone, kept := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var first sync.Once
	s.accept = func(ctx context.Context, _ store.Accepted) error {
		first.Do(func() {
			close(came)
			<-gone
		})
		return ctx.Err()
	}
	var settled sync.Once
	s.settled = func() { settled.Do(func() { close(kept) }) }
	r := start(t, parts(t, s))
	body, contentType := message{}.request(t, "gone")
	conn := dial(t, r, "court-rsa")
	_, err := fmt.Fprintf(conn, "POST /soap HTTP/1.1\r\nHost: hub\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body)
	check(t, err)
	await(t, came)
	check(t, conn.Close())
	close(gone)
	await(t, kept)
	receipt, err := r.send(t, message{}, "gone").Receipt()
	if err != nil || !receipt.Duplicate {
		t.Errorf("%+v, %v", receipt, err)
	}
}

// await waits for what must happen soon, so that a test that fails does not hang.
func await(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Fatal("it did not happen")
	}
}
