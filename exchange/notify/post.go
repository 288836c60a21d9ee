package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ccpor/exchange/soap"
	"ccpor/schemas/canon"
	"ccpor/store"
	"ccpor/wsdl"
)

// Bounds of an answer.
const (
	mostAnswer = 64 << 10
	mostHeader = 16 << 10
)

// profile is the closed profile of answers; what stands in the detail of a fault is nobody's business here.
var profile = canon.NewProfile(canon.Limits{MaxBytes: mostAnswer, Foreign: true}, append(soap.Namespaces(), wsdl.ListenerNamespace, "")...)

// CheckAddress says what is wrong with a listener's address: an absolute https URL is needed, without user and fragment; with plain, http to this
// machine will do.
func CheckAddress(address string, plain bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || u.Fragment != "":
		return errors.New("an absolute URL is needed, as https://court.example/listener, without user and fragment")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && plain && loopback(u.Hostname()):
		return nil
	}
	return errors.New("https is needed: notices do not travel in clear (http is for a sandbox's own machine)")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// post delivers to one listener and keeps its connection meanwhile.
type post struct {
	url       string
	edition   soap.Edition
	timeout   time.Duration
	transport *http.Transport
}

// newPost prepares deliveries. The code is BadAddress where the registered address will not do.
func (n *Notifier) newPost(l store.Listener) (*post, Code) {
	p := &post{url: l.URL, edition: soap.SOAP11, timeout: n.cfg.Timeout}
	if l.Edition == "1.2" {
		p.edition = soap.SOAP12
	}
	secure := strings.HasPrefix(l.URL, "https:")
	p.transport = &http.Transport{TLSClientConfig: n.tlsFor(l.Certificate), DialContext: dialer(!secure).DialContext, MaxIdleConns: 1, MaxResponseHeaderBytes: mostHeader,
		DisableCompression: true}
	if CheckAddress(l.URL, n.cfg.Plain) != nil || secure && l.Certificate == nil {
		return p, BadAddress
	}
	return p, Confirmed
}

func (p *post) close() { p.transport.CloseIdleConnections() }

// tlsFor trusts the one certificate that is registered: the listener's own, or that of the authority which issued it. The name and the time must fit as well.
func (n *Notifier) tlsFor(registered *x509.Certificate) *tls.Config {
	roots := x509.NewCertPool()
	if registered != nil {
		roots.AddCert(registered)
	}
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, Time: n.cfg.Now}
	if n.cfg.Certificate != nil {
		config.Certificates = []tls.Certificate{*n.cfg.Certificate}
	}
	return config
}

// errNotHere says that a name which should be this machine's leads elsewhere.
var errNotHere = errors.New("the address is not on this machine")

// dialer connects; where only this machine is allowed, the address that a name led to is looked at once more.
func dialer(hereOnly bool) *net.Dialer {
	d := &net.Dialer{}
	if hereOnly {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			if host, _, err := net.SplitHostPort(address); err != nil || !loopback(host) {
				return errNotHere
			}
			return nil
		}
	}
	return d
}

// deliver posts a notice once.
func (p *post) deliver(ctx context.Context, m message) Code {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(m.envelope(p.edition)))
	if err != nil {
		return BadAddress
	}
	req.Header.Set("User-Agent", "ccpor")
	if p.edition == soap.SOAP12 {
		req.Header.Set("Content-Type", `application/soap+xml; charset=utf-8; action="`+action+`"`)
	} else {
		req.Header.Set("Content-Type", "text/xml; charset=utf-8")
		req.Header.Set("SOAPAction", `"`+action+`"`)
	}
	res, err := p.transport.RoundTrip(req) // which follows no redirect
	if err != nil {
		return codeOf(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer+1))
	switch {
	case err != nil:
		return codeOf(err)
	case len(answer) > mostAnswer:
		return TooLong
	}
	return judge(res.StatusCode, res.Header.Get("Content-Type"), answer, m.number)
}

// codeOf files what kept an answer from coming. An error's text may hold what the other side said, and is not kept.
func codeOf(err error) Code {
	var verification *tls.CertificateVerificationError
	var alert *net.OpError
	var network net.Error
	switch {
	case errors.As(err, &verification), errors.As(err, &alert) && alert.Op == "remote error": // crypto/tls's name for an alert of the other side
		return Certificate
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return Timeout
	}
	return NotReached
}

// judge reads an answer. Only a confirmation of this number is one, whatever the status says.
func judge(status int, contentType string, answer []byte, number int64) Code {
	if status >= 300 && status < 400 {
		return Redirected
	}
	ack, code := read(contentType, answer)
	switch {
	case code == Unreadable && (status < 200 || status > 299):
		return Code(fmt.Sprintf("http%d", status))
	case code != Confirmed:
		return code
	case status < 200 || status > 299:
		return Code(fmt.Sprintf("http%d", status))
	case ack != number:
		return WrongNumber
	}
	return Confirmed
}

// read reads the number that an answer confirms, or the code of its fault.
func read(contentType string, answer []byte) (int64, Code) {
	media, err := soap.ParseContentType(contentType)
	if err != nil || media.Multipart {
		return 0, Unreadable
	}
	var s canon.Scanner
	if s.Reset(answer, profile) != nil {
		return 0, Unreadable
	}
	envelope, err := soap.Open(&s, media.Edition)
	if err != nil {
		return 0, Unreadable
	}
	if s.Is(envelope.Edition.Namespace(), "Fault") {
		return 0, faultOf(&s, envelope.Edition)
	}
	number, err := confirmation(&s)
	if err == nil {
		err = envelope.Close(&s)
	}
	if err != nil {
		return 0, Unreadable
	}
	return number, Confirmed
}

var errNoConfirmation = errors.New("the answer confirms nothing")

// confirmation reads NotifySubmissionStatusResponse to its end.
func confirmation(s *canon.Scanner) (int64, error) {
	if !s.Is(wsdl.ListenerNamespace, operation+"Response") {
		return 0, errNoConfirmation
	}
	if k, err := soap.Child(s); err != nil || k != canon.Start || !s.Is(wsdl.ListenerNamespace, "NoticeNumber") {
		return 0, errNoConfirmation
	}
	text, err := soap.Text(s, 32)
	if err != nil {
		return 0, err
	}
	number, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, errNoConfirmation
	}
	if k, err := soap.Child(s); err != nil || k != canon.End {
		return 0, errNoConfirmation
	}
	return number, nil
}

// faultOf reads the code of a fault, and nothing else of it: faultcode in SOAP 1.1, Code/Value in 1.2.
func faultOf(s *canon.Scanner, e soap.Edition) Code {
	path := [][2]string{{"", "faultcode"}}
	if e == soap.SOAP12 {
		path = [][2]string{{e.Namespace(), "Code"}, {e.Namespace(), "Value"}}
	}
	for _, step := range path {
		if k, err := soap.Child(s); err != nil || k != canon.Start || !s.Is(step[0], step[1]) {
			return FaultOther
		}
	}
	text, err := soap.Text(s, 128)
	if err != nil {
		return FaultOther
	}
	name := strings.TrimSpace(string(text))
	switch local, _, _ := strings.Cut(name[strings.IndexByte(name, ':')+1:], "."); local {
	case "Client", "Sender":
		return FaultSender
	case "Server", "Receiver":
		return FaultReceiver
	}
	return FaultOther
}
