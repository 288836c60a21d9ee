package client

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"ccpor/exchange/seal"
	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/mapping/order"
	"ccpor/schemas/canon"
)

const listenerNamespace = "urn:ccpor:exchange:listener:1.0"

// Notice tells of one change, or of nothing where it is a trial (Number 0, Change nil).
type Notice struct {
	Agency   order.ORI `xml:"AgencyORIIdentification"`
	Number   int64     `xml:"NoticeNumber"`
	Change   *Change   `xml:"Change"`
	SignedAt time.Time `xml:"SignedDateTime"`
	// Missed is how many notices before this one have not come: the listener's own loss, since the hub leaves none out.
	Missed int64 `xml:"-"`
}

// Change is the move of one CARPOS transaction that a package brought.
type Change struct {
	At          time.Time      `xml:"ChangedDateTime"`
	Tracking    order.Tracking `xml:"TrackingIdentification"`
	Package     order.LocalID  `xml:"PackageIdentification"`
	Order       order.LocalID  `xml:"OrderIdentification"`
	Test        bool           `xml:"TestIndicator"`
	Transaction string         `xml:"TransactionCode"`
	State       string         `xml:"TransmissionStateCode"`
	Reason      string         `xml:"ReasonText"`
	Item        string         `xml:"FormItemText"`
	FCN         order.FCN      `xml:"CarposFileControlIdentification"`
	NextWhose   string         `xml:"NextMoveCode"`
	NextText    string         `xml:"NextMoveText"`
}

// Listener is a court's end of the callbacks: it verifies notices, hands each on once, and confirms what has been kept. It is an http.Handler, to be served over
// TLS. The hub sends one notice at a time.
type Listener struct {
	// ORI is the agency's; notices to others are refused.
	ORI order.ORI
	// Hub are the certificates with which the hub signs; without one of them every notice is refused.
	Hub []*x509.Certificate
	// Last is the number of the last notice that is kept: where the listener begins.
	Last int64
	// Keep keeps a notice that has not been kept before; with an error it is not confirmed and comes again. A trial is handed on each time.
	Keep func(Notice) error

	mu sync.Mutex
}

const mostNotice = 1 << 20

// noticeProfile is the closed profile of the hub's requests.
var noticeProfile = canon.NewProfile(canon.Limits{MaxBytes: mostNotice, Foreign: true}, append(soap.Namespaces(), listenerNamespace)...)

// ServeHTTP takes one notice and answers it.
func (l *Listener) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	edition := soap.GuessEdition(req.Header.Get("Content-Type"))
	if req.Method != http.MethodPost {
		http.Error(w, "Notices come by POST.", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, mostNotice))
	if err == nil {
		var notice Notice
		if notice, edition, err = ReadNotice(req.Header.Get("Content-Type"), body, l.Hub); err == nil {
			err = l.take(notice)
		}
		if err == nil {
			answerNotice(w, http.StatusOK, edition, soap.Answer(edition, soap.Addressing{}, "", func(s *soap.Writer) {
				s.Open("NotifySubmissionStatusResponse", "xmlns", listenerNamespace)
				s.Leaf("NoticeNumber", strconv.FormatInt(notice.Number, 10))
				s.Close("NotifySubmissionStatusResponse")
			}))
			return
		}
	}
	fault := soap.Fault{Kind: soap.Sender, Reason: "The notice is refused.", Detail: func(*soap.Writer) {}}
	if errors.Is(err, errNotKept) {
		fault = soap.Fault{Kind: soap.Receiver, Reason: "The notice cannot be kept at the moment.", Detail: func(*soap.Writer) {}}
	}
	answerNotice(w, http.StatusInternalServerError, edition, soap.AnswerFault(edition, soap.Addressing{}, fault))
}

func answerNotice(w http.ResponseWriter, status int, e soap.Edition, answer []byte) {
	w.Header().Set("Content-Type", e.MediaType()+"; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(answer) // a hub that does not wait for it sends the notice again
}

var (
	errNotKept     = errors.New("the notice could not be kept")
	errOtherAgency = errors.New("the notice is for another agency")
)

// take hands on what is new.
func (l *Listener) take(n Notice) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case n.Agency != l.ORI:
		return errOtherAgency
	case n.Number != 0 && n.Number <= l.Last:
		return nil
	}
	if n.Number != 0 {
		n.Missed = n.Number - l.Last - 1
	}
	if err := l.Keep(n); err != nil {
		return errors.Join(errNotKept, err)
	}
	l.Last = max(l.Last, n.Number)
	return nil
}

// ErrNoNotice says that a message is no notice of the hub's.
var ErrNoNotice = errors.New("the message is no signed notice of the hub's")

// ReadNotice reads a message of the hub's and verifies the signed notice in it; the readable one beside it is for people. The edition is the message's, for the answer.
func ReadNotice(contentType string, body []byte, hub []*x509.Certificate) (Notice, soap.Edition, error) {
	media, err := soap.ParseContentType(contentType)
	if err != nil {
		return Notice{}, soap.SOAP11, err
	}
	signed, edition, err := signedNotice(media.Edition, body)
	if err != nil {
		return Notice{}, edition, err
	}
	opened, err := seal.Open(signed, seal.Notice, hub)
	if err != nil {
		return Notice{}, edition, fmt.Errorf("verify the notice: %w", err)
	}
	return readNotice(opened.Verified, edition)
}

func readNotice(v sig.Verified, edition soap.Edition) (Notice, soap.Edition, error) {
	var n Notice
	if err := xml.Unmarshal(v.Octets(), &n); err != nil {
		return Notice{}, edition, fmt.Errorf("read the notice: %w", err)
	}
	if n.Agency == "" || n.Number < 0 || (n.Number == 0) != (n.Change == nil) {
		return Notice{}, edition, ErrNoNotice
	}
	return n, edition, nil
}

// signedNotice finds the signed notice by its place in the message.
func signedNotice(e soap.Edition, body []byte) ([]byte, soap.Edition, error) {
	var s canon.Scanner
	if err := s.Reset(body, noticeProfile); err != nil {
		return nil, e, err
	}
	envelope, err := soap.Open(&s, e)
	if err != nil {
		return nil, envelope.Edition, err
	}
	if !s.Is(listenerNamespace, "NotifySubmissionStatus") {
		return nil, envelope.Edition, ErrNoNotice
	}
	err = childIs(&s, "Notice")
	if err == nil {
		err = s.Skip()
	}
	if err == nil {
		err = childIs(&s, "SignedNotice")
	}
	if err != nil {
		return nil, envelope.Edition, err
	}
	text, err := soap.Text(&s, mostNotice)
	if err != nil {
		return nil, envelope.Edition, err
	}
	signed, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		return nil, envelope.Edition, ErrNoNotice
	}
	if k, err := soap.Child(&s); err != nil || k != canon.End {
		return nil, envelope.Edition, errors.Join(ErrNoNotice, err)
	}
	return signed, envelope.Edition, envelope.Close(&s)
}

// childIs goes on to the next element, which must be the named one.
func childIs(s *canon.Scanner, name string) error {
	if k, err := soap.Child(s); err != nil || k != canon.Start || !s.Is(listenerNamespace, name) {
		return errors.Join(ErrNoNotice, err)
	}
	return nil
}
