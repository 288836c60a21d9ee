package hostile

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Accepted is the code of a message for which the hub gave a receipt.
const Accepted = "accepted"

// Closed is the code of a connection that the hub ended without an answer.
const Closed = "closed"

// Sender writes requests to a hub and reads what it answers. It keeps one connection for each peer; it is used by one goroutine.
type Sender struct {
	cast    *Cast
	address string
	roots   *x509.CertPool
	open    map[string]*connection
	// Patience is how long an answer may take.
	Patience time.Duration
}

type connection struct {
	*tls.Conn
	in *bufio.Reader
}

// NewSender is for the hub at host:port whose certificate is one of roots.
func NewSender(c *Cast, address string, roots *x509.CertPool) *Sender {
	return &Sender{cast: c, address: address, roots: roots, open: map[string]*connection{}, Patience: time.Minute}
}

// Close ends all connections.
func (s *Sender) Close() {
	for _, c := range s.open {
		c.Conn.Close() // nothing is owed to the hub
	}
	clear(s.open)
}

// Send writes a request and returns the code of the answer: Accepted, the fault's code, Closed, "answered OPERATION" for any other good
// answer, or "HTTP 400" for an answer that is no SOAP. An error means that the hub could not be reached or did not answer in time.
func (s *Sender) Send(r Request) (string, error) {
	kept := s.open[r.As] != nil
	code, err := s.once(r)
	if kept && code == Closed && err == nil && r.Stop == 0 { // the hub may have ended an idle connection meanwhile
		return s.once(r)
	}
	return code, err
}

func (s *Sender) once(r Request) (string, error) {
	c, err := s.connect(r.As)
	if err != nil {
		return "", err
	}
	if err := c.SetDeadline(time.Now().Add(s.Patience)); err != nil {
		return "", err
	}
	wire := append([]byte(r.Head+"\r\n"), r.Body...)
	if r.Stop != 0 {
		wire = wire[:min(r.Stop, len(wire))]
	}
	_, writeErr := c.Write(wire) // the hub may answer before it has read everything
	res, err := http.ReadResponse(c.in, &http.Request{Method: strings.SplitN(r.Head, " ", 2)[0]})
	if err != nil {
		s.drop(r.As)
		return gone(err)
	}
	answer, err := io.ReadAll(res.Body)
	if err != nil || writeErr != nil || res.Close || r.Stop != 0 || !honest(r) {
		s.drop(r.As)
	}
	if err != nil {
		return gone(err)
	}
	return codeOf(res.StatusCode, answer), nil
}

// honest says whether the request's frame is one after which the connection is in step.
func honest(r Request) bool {
	return strings.Contains(r.Head, "\r\nContent-Length: "+strconv.Itoa(len(r.Body))+"\r\n") && strings.Count(r.Head, "ontent-") < 4
}

func gone(err error) (string, error) {
	if late := net.Error(nil); errors.As(err, &late) && late.Timeout() {
		return "", fmt.Errorf("the hub does not answer: %w", err)
	}
	return Closed, nil
}

func (s *Sender) connect(as string) (*connection, error) {
	if c := s.open[as]; c != nil {
		return c, nil
	}
	own, err := s.cast.peer(as)
	if err != nil {
		return nil, err
	}
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: &tls.Config{RootCAs: s.roots, ServerName: "localhost", Certificates: own, MinVersion: tls.VersionTLS12}}
	conn, err := d.Dial("tcp", s.address)
	if err != nil {
		return nil, fmt.Errorf("calling the hub: %w", err)
	}
	c := &connection{Conn: conn.(*tls.Conn)}
	c.in = bufio.NewReader(c)
	s.open[as] = c
	return c, nil
}

func (s *Sender) drop(as string) {
	if c := s.open[as]; c != nil {
		c.Conn.Close() // it is out of step
		delete(s.open, as)
	}
}

// codeOf reads an answer as text: the attacker does not rely on the client's reader.
func codeOf(status int, answer []byte) string {
	if _, after, ok := bytes.Cut(answer, []byte("<FaultCode>")); ok && status != http.StatusOK {
		code, _, _ := bytes.Cut(after, []byte("<"))
		return string(code)
	}
	if status != http.StatusOK {
		return "HTTP " + strconv.Itoa(status)
	}
	if bytes.Contains(answer, []byte("SubmitOrderResponse")) {
		return Accepted
	}
	return "answered"
}

// Finished gives a request its Content-Length, where its head says nothing of the length.
func Finished(r Request) Request {
	if !strings.Contains(strings.ToLower(r.Head), "content-length:") && !strings.Contains(strings.ToLower(r.Head), "transfer-encoding:") {
		r.Head += "Content-Length: " + strconv.Itoa(len(r.Body)) + "\r\n"
	}
	return r
}
