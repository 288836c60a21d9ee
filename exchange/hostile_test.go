package exchange

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/mapping"
	"ccpor/mapping/order"
	"ccpor/store"
)

// ends says that the hub ends the connection, whatever it answers before.
func ends(t *testing.T, c *tls.Conn) string {
	t.Helper()
	check(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
	answer, err := io.ReadAll(c)
	if late := net.Error(nil); errors.As(err, &late) && late.Timeout() {
		t.Errorf("the connection is held: %q", answer)
	}
	return string(answer)
}

// until waits for what must come true soon.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 10000 {
		if ok() {
			return
		}
		<-tick.C
	}
	t.Fatal("it did not come true")
}

// Whoever is refused before the body is read does not hold the connection by owing it.
func TestRefusedSenderOwesTheBody(t *testing.T) {
	t.Parallel()
	c := parts(t, newMemory(t))
	c.Limits.BodyTime = 200 * time.Millisecond
	r := start(t, c)
	for name, request := range map[string]struct{ as, head, code string }{
		"without a certificate":  {"", "POST /soap HTTP/1.1\r\nContent-Type: text/xml", "Client.Peer.CertificateMissing"},
		"unknown certificate":    {"court-p384", "POST /soap HTTP/1.1\r\nContent-Type: text/xml", "Client.Peer.CertificateUnknown"},
		"another method":         {"", "PUT /soap HTTP/1.1", "Client.Transport.Method"},
		"registered, media type": {"court-rsa", "POST /soap HTTP/1.1\r\nContent-Type: text/plain", "Client.Transport.MediaType"},
		"the contract":           {"", "GET /soap?wsdl HTTP/1.1", "definitions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, r, request.as)
			_, err := io.WriteString(conn, request.head+"\r\nHost: hub\r\nContent-Length: 100\r\n\r\n")
			check(t, err)
			if answer := ends(t, conn); !strings.Contains(answer, request.code) {
				t.Errorf("answered %q", answer)
			}
		})
	}
}

// A stranger's connection ends with its answer.
func TestStrangersAreNotKept(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	for _, c := range []struct{ as, request, answer string }{
		{"", "POST /soap HTTP/1.1\r\nContent-Length: 1", "Client.Peer.CertificateMissing"},
		{"court-p384", "POST /soap HTTP/1.1\r\nContent-Length: 1", "Client.Peer.CertificateUnknown"},
		{"expired", "POST /soap HTTP/1.1\r\nContent-Length: 1", "Client.Peer.CertificateExpired"},
		{"", "PUT /soap HTTP/1.1\r\nContent-Length: 1", "Client.Transport.Method"},
		{"", "GET /soap?wsdl HTTP/1.1\r\nContent-Length: 1", "wsdl:definitions"},
	} {
		conn := dial(t, r, c.as)
		_, err := io.WriteString(conn, c.request+"\r\nHost: hub\r\nContent-Type: text/xml\r\n\r\nx")
		check(t, err)
		if answer := ends(t, conn); !strings.Contains(answer, c.answer) || !strings.Contains(answer, "Connection: close") {
			t.Errorf("%q: answered %q", c.as, answer)
		}
	}
}

// Who really sends gets more time.
func TestBytesThatComeGiveTime(t *testing.T) {
	t.Parallel()
	c := parts(t, newMemory(t))
	c.Limits.BodyTime, c.Limits.BodyRate = 500*time.Millisecond, 1<<7
	r := start(t, c)
	body, contentType := message{}.request(t, "long")
	conn := dial(t, r, "court-rsa")
	_, err := fmt.Fprintf(conn, "POST /soap HTTP/1.1\r\nHost: hub\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", contentType, len(body), body[:2<<10])
	check(t, err)
	check(t, conn.SetReadDeadline(time.Now().Add(2*c.Limits.BodyTime)))
	if _, err := conn.Read(make([]byte, 1)); err == nil { // the time for nothing goes by
		t.Fatal("the hub answers before the end")
	}
	_, err = conn.Write(body[2<<10:])
	check(t, err)
	check(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	check(t, err)
	check(t, res.Body.Close())
	if res.StatusCode != http.StatusOK {
		t.Error(res.Status)
	}
}

// Announcing takes nothing of the budget, and no time.
func TestAnnouncedBodiesTakeNothing(t *testing.T) {
	t.Parallel()
	c := parts(t, newMemory(t))
	c.Limits = Limits{MessageBytes: 1 << 20, InFlightBytes: 1 << 20, BodyTime: 2 * time.Second}
	r := start(t, c)
	var idle []*tls.Conn
	for range 8 {
		conn := dial(t, r, "other-court")
		_, err := fmt.Fprintf(conn, "POST /soap HTTP/1.1\r\nHost: hub\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n<", 1<<20)
		check(t, err)
		idle = append(idle, conn)
	}
	until(t, func() bool { return inHand(r) == 8*firstChunk })
	if _, err := r.send(t, message{}, "beside").Receipt(); err != nil {
		t.Error("another court's order:", err)
	}
	for _, conn := range idle { // the length alone would give 16 s more
		if answer := ends(t, conn); !strings.Contains(answer, "Client.Transport.Slow") {
			t.Errorf("answered %q", answer)
		}
	}
}

// One agency gets its share of the budget and no more, whatever it really sends.
func TestOneAgencyDoesNotFillTheHub(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	c := parts(t, s)
	c.Limits = Limits{MessageBytes: 256 << 10, InFlightBytes: 1 << 20}
	held, release := make(chan struct{}), make(chan struct{})
	s.accept = func(_ context.Context, a store.Accepted) error {
		if a.Package == "P-held" {
			held <- struct{}{}
			<-release
		}
		return nil
	}
	r := start(t, c)
	long := message{mtom: true, wire: func(s string) string { return s + strings.Repeat("\r\n", 80<<10) }}
	body, contentType := long.request(t, "held")
	done := make(chan error, 1)
	go func() { _, err := r.post(t, "court-rsa", body, contentType, nil).Receipt(); done <- err }()
	<-held
	body, contentType = long.request(t, "beyond")
	_, err := r.post(t, "court-rsa", body, contentType, nil).Receipt()
	faultOf(t, err, "Server.Busy")
	other := long
	other.tls, other.signer, other.pack = "other-court", "other-court", strings.ReplaceAll(sampleOrder(), courtORI, otherORI)
	if _, err := r.send(t, other, "other").Receipt(); err != nil {
		t.Error("another agency's:", err)
	}
	close(release)
	check(t, <-done)
}

// deaf is a sender that does not read its answer.
type deaf struct {
	http.ResponseWriter
	writing func()
}

func (d deaf) Write(b []byte) (int, error) { d.writing(); return d.ResponseWriter.Write(b) }
func (d deaf) Unwrap() http.ResponseWriter { return d.ResponseWriter }

// While an answer is written, nothing is held for its message.
func TestAnswersAreWrittenEmptyHanded(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	r := start(t, parts(t, s))
	answers := 0
	h := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.hub.ServeHTTP(deaf{w, func() {
			answers++
			if n := inHand(r); n != 0 {
				t.Errorf("%d bytes are held", n)
			}
		}}, req)
	})
	beside := serve(t, r.hub, h)
	for _, m := range []message{{}, {signer: "none"}, {media: media("text/plain")}} {
		beside.send(t, m, "deaf")
	}
	s.accept = func(context.Context, store.Accepted) error { panic("any") }
	beside.send(t, message{}, "deaf-2")
	s.accept = func(context.Context, store.Accepted) error { return errors.New("down") }
	beside.send(t, message{}, "deaf-3")
	if answers != 5 {
		t.Errorf("%d answers", answers)
	}
}

// A kept connection may wait longer than an answer may take, and be told to continue all the same.
func TestContinueAfterAWhile(t *testing.T) {
	t.Parallel()
	c := parts(t, newMemory(t))
	c.Limits.AnswerTime = 300 * time.Millisecond
	r := start(t, c)
	conn := dial(t, r, "court-rsa")
	in := bufio.NewReader(conn)
	for i := range 2 {
		body, contentType := message{}.request(t, fmt.Sprint("wait-", i))
		_, err := fmt.Fprintf(conn, "POST /soap HTTP/1.1\r\nHost: hub\r\nContent-Type: %s\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", contentType, len(body))
		check(t, err)
		check(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
		line, err := in.ReadString('\n')
		if err != nil || !strings.Contains(line, "100 Continue") {
			t.Fatalf("message %d: %q, %v", i, line, err)
		}
		_, err = in.ReadString('\n')
		check(t, err)
		_, err = io.Copy(conn, bytes.NewReader(body))
		check(t, err)
		res, err := http.ReadResponse(in, nil)
		check(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		check(t, err)
		if res.StatusCode != http.StatusOK {
			t.Errorf("message %d: %s", i, res.Status)
		}
		check(t, conn.SetReadDeadline(time.Now().Add(2*c.Limits.AnswerTime)))
		if _, err := in.ReadByte(); err == nil { // the answer's time goes by
			t.Error("the hub says something unasked")
		}
	}
}

// Headers may hold bytes that no database takes as text, and those of parts any at all. What is wrong with them is the sender's to know, and
// does not stop what is kept beside.
func TestHeadersThatAreNoText(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, realStore(t)))
	note := func(s string) string { return s + "; note=\"\xff\"" }
	long := func(s string) string { return s + "; note=\"" + strings.Repeat("\xc3\xa9", 4<<10) + "\"" }
	for i, c := range []struct {
		message
		code string
	}{
		{message{media: note}, ""},
		{message{media: long}, ""},
		{message{media: note, signer: "none"}, "Client.Signature.Missing"},
		{message{media: media("\xff/\xfe")}, "Client.Transport.MediaType"},
		{message{headers: map[string]string{"SOAPAction": "\"\xff\""}}, "Client.Envelope.Action"},
		{message{mtom: true, wire: edit("<image-1", "<\x00\xffimage-1")}, "Client.Mtom.Parts"},
		{message{mtom: true, wire: edit("Content-ID: <image-1", "Content-\xff\x00: <image-1")}, "Client.Mtom.Parts"},
		{message{wire: edit("<AttachmentIdentification>", "<AttachmentIdentification>\x00")}, "Client.Xml.BadCharacter"},
		{message{edition: soap.SOAP12, media: media("application/soap+xml; action=\"\xff\"")}, "Client.Envelope.Action"},
	} {
		_, err := r.send(t, c.message, fmt.Sprint("header-", i)).Receipt()
		var fault *client.Fault
		switch {
		case c.code == "":
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		case !errors.As(err, &fault) || fault.Code != c.code || fault.Tracking == "":
			t.Errorf("%d: %v, want %s", i, err, c.code)
		}
	}
}

// Base64 with a blank after every letter takes no more than its text and its content.
func TestBlanksInBase64AreCheap(t *testing.T) { // not parallel: it looks at the memory of all
	text := bytes.Repeat([]byte("A \t\r\n"), 1<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	content, broken := unbase64(text)
	runtime.ReadMemStats(&after)
	if broken || len(content) != 3<<18 {
		t.Errorf("%d bytes, broken: %v", len(content), broken)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(len(text)) {
		t.Errorf("%d bytes for a text of %d", took, len(text))
	}
}

// A package that was taken is taken, also when it comes again without its images or with wrong ones.
func TestTakenPackageWithoutItsImages(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Store{"memory": newMemory(t), "database": realStore(t)} {
		r := start(t, parts(t, s))
		first, err := r.send(t, message{}, "again").Receipt()
		check(t, err)
		wrong := []client.Attachment{{ID: "order-image", Content: []byte("%PDF-1.4 of something else")}, {ID: "another", Content: pdf}}
		for _, m := range []message{{noImages: true}, {images: wrong}, {images: wrong, mtom: true, signer: "court-p256"}} {
			again, err := r.send(t, m, "again").Receipt()
			if err != nil || !again.Duplicate || again.Tracking != first.Tracking || again.MessageSHA256 != first.MessageSHA256 {
				t.Errorf("%s: %+v, %v", name, again, err)
			}
		}
		_, err = r.send(t, message{noImages: true, pack: sample(">100<", ">200<")}, "again").Receipt()
		faultOf(t, err, "Client.Image.Missing")
		others := strings.ReplaceAll(sampleOrder(), courtORI, otherORI)
		_, err = r.send(t, message{tls: "other-court", signer: "other-court", pack: others, noImages: true}, "again").Receipt()
		faultOf(t, err, "Client.Image.Missing")
		// A refused package was not taken.
		for range 2 {
			_, err = r.send(t, message{noImages: true}, "never").Receipt()
			faultOf(t, err, "Client.Image.Missing")
		}
	}
}

// Another agency of the county learns that an order is there, and not by which submission.
func TestOrderOfAnotherAgencyStaysUnnamed(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	id, err := s.RegisterAgency(t.Context(), store.Agency{ORI: "CA030015J", Name: "Another courthouse of Orange", County: "Orange", CarposName: "ORANGE", Submits: true})
	check(t, err)
	for _, use := range []store.Use{store.UseTLS, store.UseSigning} {
		check(t, s.RegisterCertificate(t.Context(), id, use, keyPair(t, "court-p384").cert, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)))
	}
	r := start(t, parts(t, s))
	_, err = r.send(t, message{}, "shared").Receipt()
	check(t, err)
	neighbour := message{tls: "court-p384", signer: "court-p384", pack: edit("<SubmitterOrganizationORIIdentification>"+courtORI, "<SubmitterOrganizationORIIdentification>CA030015J")(sampleOrder())}
	_, err = r.send(t, neighbour, "shared").Receipt()
	if fault := faultOf(t, err, "Client.Order.Exists"); fault.Earlier != "" || fault.Tracking == "" {
		t.Errorf("earlier %q, this one %q", fault.Earlier, fault.Tracking)
	}
}

// A package whose sender has gone is taken, or put off; never is it on record as refused.
func TestGoneSenderIsNotRefused(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	h, err := NewHub(parts(t, s))
	check(t, err)
	body, contentType := message{}.request(t, "left")
	gone, leave := context.WithCancel(t.Context())
	leave()
	taken, putOff := 0, 0
	for range 60 { // a free place and a sender gone are one as good as the other to choose
		w := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(gone, http.MethodPost, "/soap", bytes.NewReader(body))
		req.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{keyPair(t, "court-rsa").cert}}
		req.Header.Set("Content-Type", contentType)
		h.ServeHTTP(timeless{w}, req)
		switch w.Code {
		case http.StatusOK:
			taken++
		case http.StatusServiceUnavailable:
			putOff++
		default:
			t.Fatalf("HTTP %d\n%s", w.Code, w.Body)
		}
	}
	if taken == 0 || putOff == 0 || len(s.refused) != 0 {
		t.Errorf("%d taken, %d put off, %d refused", taken, putOff, len(s.refused))
	}
}

// timeless is an answer without a connection, and so without deadlines.
type timeless struct{ http.ResponseWriter }

func (timeless) SetReadDeadline(time.Time) error  { return nil }
func (timeless) SetWriteDeadline(time.Time) error { return nil }

// Who may add which order.
func TestEntitled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		agency order.ORI
		kind   store.AgencyKind
		court  order.ORI
		stage  order.Stage
		may    bool
	}{
		{courtORI, store.KindCourt, courtORI, order.StageAfterHearing, true},
		{courtORI, store.KindCourt, "CA030015J", order.StageAfterHearing, true},
		{courtORI, store.KindCourt, courtORI, order.StageEmergency, true},
		{courtORI, store.KindCourt, otherORI, order.StageAfterHearing, false},
		{courtORI, store.KindCourt, otherORI, order.StageEmergency, false},
		{"CA0300000", store.KindLawEnforcement, courtORI, order.StageEmergency, true},
		{"CA0300000", store.KindLawEnforcement, otherORI, order.StageEmergency, false},
		{"CA0300000", store.KindLawEnforcement, courtORI, order.StageAfterHearing, false},
		{"CA0300000", store.KindLawEnforcement, courtORI, order.StagePreTrial, false},
		{"CA0300000", store.KindLawEnforcement, otherORI, order.StageAfterHearing, false},
	} {
		var r read
		r.received = &received{visit: &visit{agency: store.Agency{ORI: c.agency, Kind: c.kind}}}
		r.pack = mapping.Package{Submitter: c.agency, Action: mapping.ActionAdd, Order: &order.Order{Court: order.Court{ORI: c.court}, Stage: c.stage}}
		refused := slices.ContainsFunc(entitled(r, nil), func(p store.Problem) bool { return p.Code == "Client.Package.WrongCourt" })
		if refused == c.may {
			t.Errorf("%s %s adds an order of %s, %s: refused is %v", c.kind, c.agency, c.court, c.stage, refused)
		}
	}
}

// Who may do what with an order that was made before. What a package says of it is no evidence.
func TestEntitledAfterwards(t *testing.T) {
	t.Parallel()
	about := func(court order.ORI) order.Reference { return order.Reference{OrderID: "o-1", Court: court, Case: "1"} }
	packages := map[string]func(court order.ORI) mapping.Package{
		"modify": func(court order.ORI) mapping.Package {
			return mapping.Package{Action: mapping.ActionModify, Order: &order.Order{Court: order.Court{ORI: court}, Stage: order.StageEmergency}, Modification: &order.Modification{}}
		},
		"cancel": func(court order.ORI) mapping.Package {
			return mapping.Package{Action: mapping.ActionCancel, Cancellation: &order.Cancellation{Reference: about(court)}}
		},
		"image": func(court order.ORI) mapping.Package {
			return mapping.Package{Action: mapping.ActionAttach, Supplement: &order.Supplement{Reference: about(court)}}
		},
		"confidential": func(court order.ORI) mapping.Package {
			return mapping.Package{Action: mapping.ActionAttach, Supplement: &order.Supplement{Reference: about(court)}, Confidential: &order.Confidential{}}
		},
		"serve": func(court order.ORI) mapping.Package {
			return mapping.Package{Action: mapping.ActionServe, Service: &order.Service{OrderID: "o-1", Court: court}}
		},
	}
	for _, c := range []struct {
		agency order.ORI
		kind   store.AgencyKind
		court  order.ORI
		known  order.Stage // empty: it has not come
		may    string
	}{
		{courtORI, store.KindCourt, courtORI, "", "modify cancel image confidential serve"},
		{courtORI, store.KindCourt, "CA030015J", order.StageAfterHearing, "modify cancel image confidential serve"},
		{courtORI, store.KindCourt, otherORI, "", "serve"},
		{courtORI, store.KindCourt, otherORI, order.StageAfterHearing, "serve"},
		{"CA0300000", store.KindLawEnforcement, courtORI, order.StageEmergency, "modify cancel image confidential serve"},
		{"CA0300000", store.KindLawEnforcement, courtORI, order.StageTemporary, "serve"},
		{"CA0300000", store.KindLawEnforcement, courtORI, "", "image serve"},
		{"CA0300000", store.KindLawEnforcement, otherORI, order.StageEmergency, "serve"},
		{"CA0300000", store.KindLawEnforcement, otherORI, "", "serve"},
	} {
		var known *store.Known
		if c.known != "" {
			known = &store.Known{Order: order.Order{Stage: c.known}}
		}
		for name, pack := range packages {
			var r read
			r.received = &received{visit: &visit{agency: store.Agency{ORI: c.agency, Kind: c.kind}}}
			r.pack = pack(c.court)
			r.pack.Submitter = c.agency
			problems := entitled(r, known)
			if may := slices.Contains(strings.Fields(c.may), name); may != (len(problems) == 0) {
				t.Errorf("%s %s: %s of a %q order of %s: %v", c.kind, c.agency, name, c.known, c.court, problems)
			}
			for _, p := range problems {
				if p.Path == "" {
					t.Errorf("%s: no path", name)
				}
			}
		}
	}
}
