package exchange

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
)

var gzipHeader = map[string]string{"Content-Encoding": "gzip"}

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// replaced edits a Content-Type; what it looks for has to be there.
func replaced(pairs ...string) func(string) string {
	return func(s string) string {
		for i := 0; i < len(pairs); i += 2 {
			s = edit(pairs[i], pairs[i+1])(s)
		}
		return s
	}
}

// rootLast puts the envelope behind the images.
func rootLast(s string) string {
	const delimiter = "--MIME-boundary"
	parts := strings.Split(s, delimiter)
	return delimiter + parts[2] + delimiter + parts[1] + delimiter + parts[3]
}

// However stacks write their headers and parts, the message is read, in both versions of SOAP.
func TestContentTypesOfStacks(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	r := start(t, parts(t, s))
	const action = "urn:ccpor:exchange:service:1.0/SubmitOrder"
	both := []soap.Edition{soap.SOAP11, soap.SOAP12}
	only11, only12 := both[:1], both[1:]
	for i, c := range []struct {
		name     string
		editions []soap.Edition
		message
	}{
		{"charset quoted", both, message{media: replaced("charset=utf-8", `charset="UTF-8"`)}},
		{"no charset", both, message{media: replaced("charset=utf-8", "")}},
		{"names in any case", both, message{media: func(s string) string {
			s = strings.NewReplacer("text/xml", "Text/XML", "application/soap+xml", "Application/SOAP+XML", "charset", "Charset").Replace(s)
			return s
		}}},
		{"action bare", only12, message{media: replaced(`action="`+action+`"`, "action="+action)}},
		{"action empty", only12, message{media: replaced(`action="`+action+`"`, `action=""`)}},
		{"no action", only12, message{media: replaced(`; action="`+action+`"`, "")}},
		{"SOAPAction beside it", only12, message{headers: map[string]string{"SOAPAction": `"` + action + `"`}}},
		{"no SOAPAction", only11, message{}},
		{"SOAPAction empty", only11, message{headers: map[string]string{"SOAPAction": ""}}},
		{"SOAPAction of quotes", only11, message{headers: map[string]string{"SOAPAction": `""`}}},
		{"SOAPAction quoted", only11, message{headers: map[string]string{"SOAPAction": `"` + action + `"`}}},
		{"SOAPAction bare", only11, message{headers: map[string]string{"SOAPAction": action}}},
		{"byte order mark", both, message{wire: func(s string) string { return "\ufeff" + s }}},

		{"MTOM", both, message{mtom: true}},
		{"MTOM, nothing in quotes", both, message{mtom: true, media: func(s string) string { return strings.ReplaceAll(s, `"`, "") }}},
		{"MTOM, everything in quotes", both, message{mtom: true, media: replaced("multipart/related; ", `multipart/related; charset="utf-8"; `)}},
		{"MTOM, start without angle brackets", both, message{mtom: true, media: replaced(`"<envelope@client>"`, `"envelope@client"`)}},
		{"MTOM, no start", both, message{mtom: true, media: replaced(` start="<envelope@client>";`, "")}},
		{"MTOM, no start-info", both, message{mtom: true, media: func(s string) string {
			return strings.NewReplacer(` start-info="text/xml";`, "", ` start-info="application/soap+xml";`, "").Replace(s)
		}}},
		{"MTOM, the action in start-info, as CXF", only12, message{mtom: true, media: replaced(`start-info="application/soap+xml"`, `start-info="application/soap+xml; action=\"`+action+`\""`)}},
		{"MTOM, Content-Id", both, message{mtom: true, wire: func(s string) string { return strings.ReplaceAll(s, "Content-ID:", "Content-Id:") }}},
		{"MTOM, header names in capitals", both, message{mtom: true, wire: func(s string) string {
			return strings.NewReplacer("Content-ID:", "CONTENT-ID:", "Content-Type:", "CONTENT-TYPE:", "Content-Transfer-Encoding:", "content-transfer-encoding:").Replace(s)
		}}},
		{"MTOM, Content-ID without angle brackets", both, message{mtom: true, wire: func(s string) string { return strings.ReplaceAll(s, "<image-1@client>", "image-1@client") }}},
		{"MTOM, root last, named by start", both, message{mtom: true, wire: rootLast}},
		{"MTOM, root last, start without angle brackets", both, message{mtom: true, wire: rootLast, media: replaced(`"<envelope@client>"`, "envelope@client")}},
		{"MTOM, root part's type bare", both, message{mtom: true, wire: func(s string) string {
			return strings.NewReplacer(`type="text/xml"`, "type=text/xml", `type="application/soap+xml"`, "type=application/soap+xml").Replace(s)
		}}},
		{"MTOM, byte order mark in the root", both, message{mtom: true, wire: edit("<?xml", "\ufeff<?xml")}},
		{"MTOM, an empty line first", both, message{mtom: true, wire: func(s string) string { return "\r\n" + s }}},

		{"gzip", both, message{wire: zipped, headers: gzipHeader}},
		{"gzip, MTOM", both, message{mtom: true, wire: zipped, headers: gzipHeader}},
		{"gzip by its other name", both, message{wire: zipped, headers: map[string]string{"Content-Encoding": "X-GZIP"}}},
		{"identity", both, message{headers: map[string]string{"Content-Encoding": "identity"}}},
	} {
		for _, e := range c.editions {
			t.Run(fmt.Sprint(c.name, ", ", e), func(t *testing.T) {
				m := c.message
				m.edition = e
				body, contentType := m.request(t, fmt.Sprintf("stack-%d-%d", i, e))
				receipt, err := r.post(t, "court-rsa", body, contentType, m.headers).Receipt()
				if err != nil {
					t.Fatalf("%v\n%s", err, contentType)
				}
				k := s.byID[courtORI+"/"+string(receipt.Package)]
				if receipt.MessageSHA256 != client.Digest(body) || !bytes.Equal(k.accepted.Received.Wire, body) || len(k.accepted.Images) != 1 || !bytes.Equal(k.accepted.Images[0].Content, pdf) {
					t.Error("what is kept is not what came")
				}
			})
		}
	}
}

// What is kept of a compressed message is what came, and says how to read it.
func TestCompressedIsKeptAsItCame(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	r := start(t, parts(t, s))
	m := message{wire: zipped, headers: gzipHeader}
	body, contentType := m.request(t, "evidence")
	receipt, err := r.post(t, "court-rsa", body, contentType, m.headers).Receipt()
	check(t, err)
	kept := s.byID[courtORI+"/"+string(receipt.Package)].accepted.Received
	sum := sha256.Sum256(body)
	if kept.Digest != sum || receipt.MessageSHA256 != hex.EncodeToString(sum[:]) || kept.ContentType != contentType+"\nContent-Encoding: gzip" {
		t.Errorf("kept as %q with %x", kept.ContentType, kept.Digest)
	}
	z, err := gzip.NewReader(bytes.NewReader(kept.Wire))
	check(t, err)
	plain, err := io.ReadAll(z)
	check(t, err)
	if !bytes.Contains(plain, []byte("P-evidence")) {
		t.Error("it cannot be read")
	}
	bad := message{wire: zipped, headers: gzipHeader, signer: "none"}
	faultCode(t, r.send(t, bad, "refused"))
	for _, refused := range s.refused {
		if !strings.HasPrefix(string(refused.Received.Wire), "\x1f\x8b") || refused.Received.Digest != sha256.Sum256(refused.Received.Wire) {
			t.Error("the refused message is not kept as it came")
		}
	}
}

// A bomb is refused at the limit of a message, at the price of one, and everything that it took is given back.
func TestGzipBomb(t *testing.T) {
	s := newMemory(t)
	c := parts(t, s)
	c.Limits = Limits{MessageBytes: 1 << 20}
	r := start(t, c)
	bomb := zipped(strings.Repeat(" ", 256<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got := faultCode(t, r.post(t, "court-rsa", []byte(bomb), "text/xml", gzipHeader)); got != "Client.Transport.TooLarge" {
		t.Errorf("got %s", got)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
		t.Errorf("%d bytes were taken", took)
	}
	until(t, func() bool { return inHand(r) == 0 })
}

// What a compressed body holds counts in the budget as it is, beside the body.
func TestInflatedBytesAreCounted(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	c := parts(t, s)
	c.Limits = Limits{MessageBytes: 1 << 20, InFlightBytes: 1 << 20}
	r := start(t, c)
	var held int64
	s.settled = func() { held = inHand(r) }
	m := message{wire: func(s string) string { return zipped(s + strings.Repeat(" ", 600<<10)) }, headers: gzipHeader}
	if _, err := r.send(t, m, "counted").Receipt(); err != nil {
		t.Fatal(err)
	}
	if held < 600<<10 {
		t.Errorf("%d bytes are counted", held)
	}
	until(t, func() bool { return inHand(r) == 0 })
	m.wire = func(s string) string { return zipped(s + strings.Repeat(" ", 1020<<10)) }
	if got := faultCode(t, r.send(t, m, "too-much")); got != "Client.Transport.TooLarge" {
		t.Errorf("body and message together pass the limit: %s", got)
	}
}

// Memory of compressed messages is used again, by messages of any kind.
func TestCompressedAndPlainInTurn(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	r := start(t, parts(t, s))
	for i := range 20 {
		m := message{mtom: i%3 == 0}
		if i%2 == 0 {
			m.wire, m.headers = zipped, gzipHeader
		}
		if _, err := r.send(t, m, fmt.Sprint("turn-", i)).Receipt(); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	for name, k := range s.byID {
		if sha256.Sum256(k.accepted.Received.Wire) != k.accepted.Received.Digest || !bytes.Equal(k.accepted.Images[0].Content, pdf) {
			t.Errorf("%s: the memory was used again", name)
		}
	}
}

// Bodies without an announced length, and such that wait to be asked for.
func TestChunkedAndExpecting(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	for i, c := range []struct {
		message
		headers string
		expects bool
	}{
		{message{}, "", false},
		{message{edition: soap.SOAP12, mtom: true}, "", false},
		{message{wire: zipped}, "Content-Encoding: gzip\r\n", false},
		{message{}, "Expect: 100-continue\r\n", true},
		{message{edition: soap.SOAP12, mtom: true}, "Expect: 100-continue\r\n", true},
		{message{mtom: true, wire: zipped}, "Content-Encoding: gzip\r\nExpect: 100-Continue\r\n", true},
	} {
		body, contentType := c.request(t, fmt.Sprint("chunked-", i))
		conn := dial(t, r, "court-rsa")
		check(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
		in := bufio.NewReader(conn)
		_, err := fmt.Fprintf(conn, "POST /soap HTTP/1.1\r\nHost: hub\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n%s\r\n", contentType, c.headers)
		check(t, err)
		if c.expects {
			line, err := in.ReadString('\n')
			check(t, err)
			if !strings.Contains(line, "100 Continue") {
				t.Fatalf("message %d: %q", i, line)
			}
			_, err = in.ReadString('\n')
			check(t, err)
		}
		for rest := body; len(rest) > 0; {
			n := min(len(rest), 700)
			_, err := fmt.Fprintf(conn, "%x\r\n%s\r\n", n, rest[:n])
			check(t, err)
			rest = rest[n:]
		}
		_, err = io.WriteString(conn, "0\r\n\r\n")
		check(t, err)
		res, err := http.ReadResponse(in, nil)
		check(t, err)
		answer, err := io.ReadAll(res.Body)
		check(t, err)
		if res.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(client.Digest(body))) {
			t.Errorf("message %d: %s\n%s", i, res.Status, answer)
		}
	}
}

// A sender that is refused at the door is not asked for its body.
func TestRefusedIsNotAskedToContinue(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	for head, code := range map[string]string{
		"Content-Type: text/plain":                             "Client.Transport.MediaType",
		"Content-Type: text/xml\r\nContent-Encoding: br":       "Client.Transport.ContentEncoding",
		"Content-Type: text/xml\r\nContent-Length: 4000000000": "Client.Transport.TooLarge",
	} {
		if !strings.Contains(head, "Length") {
			head += "\r\nContent-Length: 100"
		}
		conn := dial(t, r, "court-rsa")
		_, err := fmt.Fprintf(conn, "POST /soap HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nExpect: 100-continue\r\n%s\r\n\r\n", head)
		check(t, err)
		if answer := ends(t, conn); strings.Contains(answer, "100 Continue") || !strings.Contains(answer, code) {
			t.Errorf("%s: %s", head, answer)
		}
	}
}

// Messages are posted, and nothing else.
func TestMethods(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	for _, method := range []string{"PUT", "DELETE", "PATCH", "M-POST", "OPTIONS", "GET"} {
		req, err := http.NewRequestWithContext(t.Context(), method, r.url, strings.NewReader("x"))
		check(t, err)
		res, err := r.transport(t, "court-rsa").RoundTrip(req)
		check(t, err)
		answer, err := io.ReadAll(res.Body)
		check(t, err)
		check(t, res.Body.Close())
		if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "POST, GET" || !bytes.Contains(answer, []byte("Client.Transport.Method")) {
			t.Errorf("%s: %s %s", method, res.Status, answer)
		}
	}
}

// The answer relates to the request, whatever else of WS-Addressing it says, in both versions; so does a refusal.
func TestAddressingOverHTTP(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	for _, e := range []soap.Edition{soap.SOAP11, soap.SOAP12} {
		blocks := func(reply string) func(string) string {
			must := ` xmlns:a="` + soap.NamespaceA + `" soap:mustUnderstand="1"`
			return addHeader(`<a:MessageID` + must + `>urn:uuid:7</a:MessageID><a:Action` + must + `>urn:ccpor:exchange:service:1.0/SubmitOrder</a:Action>` +
				`<a:To` + must + `>https://hub.example/soap</a:To><a:ReplyTo` + must + `><a:Address>` + soap.NamespaceA + reply + `</a:Address></a:ReplyTo>`)
		}
		reply := r.send(t, message{edition: e, wire: blocks("/anonymous")}, fmt.Sprintf("addressed-%d", e))
		_, err := reply.Receipt()
		if err != nil || !bytes.Contains(reply.Body, []byte("<wsa:RelatesTo>urn:uuid:7</wsa:RelatesTo>")) || !bytes.Contains(reply.Body, []byte("<wsa:Action>urn:ccpor:exchange:service:1.0/SubmitOrderResponse</wsa:Action>")) {
			t.Errorf("%v: %v\n%s", e, err, reply.Body)
		}
		reply = r.send(t, message{edition: e, wire: blocks("/none")}, fmt.Sprintf("nowhere-%d", e))
		if got := faultCode(t, reply); got != "Client.Envelope.Addressing" || !bytes.Contains(reply.Body, []byte("<wsa:RelatesTo>urn:uuid:7</wsa:RelatesTo>")) ||
			!bytes.Contains(reply.Body, []byte("<wsa:Action>"+soap.NamespaceA+"/soap/fault</wsa:Action>")) {
			t.Errorf("%v: %s\n%s", e, got, reply.Body)
		}
	}
}
