package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"ccpor/mapping/order"
)

// Client sends messages to one hub. It is safe for use by many goroutines.
type Client struct {
	url  string
	http *http.Client
}

// New is a client of the hub at the URL. The TLS configuration holds the agency's certificate and the authorities that the hub's is checked by.
func New(url string, config *tls.Config) *Client {
	transport := &http.Transport{TLSClientConfig: config, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second}
	return &Client{url: url, http: &http.Client{Transport: transport}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// What is read of an answer, at most: of one with an image in it, and of any other.
const (
	maxImageReply = 64 << 20
	maxReply      = 8 << 20
)

// Reply is an answer as it came.
type Reply struct {
	Status      int
	ContentType string
	Correlation string
	RetryAfter  time.Duration
	Body        []byte
}

// Post sends a message's bytes as they are. An error means that no answer came: whether the package was taken is not known, and sending
// the same bytes again tells.
func (c *Client) Post(ctx context.Context, body []byte, contentType string) (*Reply, error) {
	return c.post(ctx, body, contentType, nil, maxReply)
}

// Origin is where a message was first received, and from whom.
type Origin struct {
	Tracking order.Tracking
	Agency   order.ORI
	Received time.Time
}

// Replay is Post for a message that another hub has received before, on behalf of the agency that sent it. Only a test region takes it, and only from a
// registered replayer.
func (c *Client) Replay(ctx context.Context, body []byte, contentType string, from Origin) (*Reply, error) {
	return c.post(ctx, body, contentType, map[string]string{
		"X-Replay-Of": string(from.Tracking), "X-Replay-Agency": string(from.Agency), "X-Replay-Received": from.Received.UTC().Format(time.RFC3339Nano),
	}, maxReply)
}

// keptEncoding stands between the Content-Type and the Content-Encoding of a compressed message, as a hub keeps them.
const keptEncoding = "\nContent-Encoding: "

// Plain is a message as it was before it was compressed, with its Content-Type, both given as a hub keeps them.
func Plain(body []byte, contentType string) ([]byte, string, error) {
	media, encoding, compressed := strings.Cut(contentType, keptEncoding)
	if !compressed {
		return body, contentType, nil
	}
	if encoding != "gzip" {
		return nil, "", errors.New("the message is compressed in a way that is not known")
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, "", fmt.Errorf("decompress the message: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxPlain+1))
	if err == nil && len(plain) > maxPlain {
		err = errors.New("it is longer than any hub takes")
	}
	if err != nil {
		return nil, "", fmt.Errorf("decompress the message: %w", err)
	}
	return plain, media, nil
}

// maxPlain bounds what is decompressed.
const maxPlain = 64 << 20

func (c *Client) post(ctx context.Context, body []byte, contentType string, headers map[string]string, most int64) (*Reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	media, encoding, _ := strings.Cut(contentType, keptEncoding)
	req.Header.Set("Content-Type", media)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	if !strings.Contains(contentType, "soap+xml") {
		req.Header.Set("SOAPAction", `""`)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("post to the hub: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("read the hub's answer: %w", err)
	}
	if int64(len(answer)) > most {
		return nil, errors.New("the hub's answer is longer than any of ours")
	}
	seconds, err := time.ParseDuration(res.Header.Get("Retry-After") + "s")
	if err != nil {
		seconds = 0 // absent, or a date, which the hub does not send
	}
	return &Reply{Status: res.StatusCode, ContentType: res.Header.Get("Content-Type"), Correlation: res.Header.Get("X-Correlation-ID"), RetryAfter: seconds, Body: answer}, nil
}

// Submit sends a signed package with its images and returns the receipt. The error is a *Fault when the hub refused.
func (c *Client) Submit(ctx context.Context, signed []byte, attachments []Attachment, o Options) (Receipt, error) {
	body, contentType, err := Request(signed, attachments, o)
	if err != nil {
		return Receipt{}, err
	}
	reply, err := c.Post(ctx, body, contentType)
	if err != nil {
		return Receipt{}, err
	}
	return reply.Receipt()
}

// Status asks how a submission stands, by tracking number or, where that is empty, by the package's identification.
// The error is a *Fault when the hub refused.
func (c *Client) Status(ctx context.Context, t order.Tracking, pkg order.LocalID, o Options) (Submission, error) {
	body, contentType := StatusRequest(t, pkg, o)
	body, err := o.signMessage(body)
	if err != nil {
		return Submission{}, err
	}
	reply, err := c.Post(ctx, body, contentType)
	if err != nil {
		return Submission{}, err
	}
	return reply.Submission()
}

// Receipt says that the hub has the package and answers for it.
type Receipt struct {
	Tracking      order.Tracking `xml:"TrackingIdentification"`
	Package       order.LocalID  `xml:"PackageIdentification"`
	ReceivedAt    time.Time      `xml:"ReceivedDateTime"`
	MessageSHA256 string         `xml:"MessageSHA256"`
	PackageSHA256 string         `xml:"PackageSHA256"`
	State         string         `xml:"SubmissionStateCode"`
	Duplicate     bool           `xml:"DuplicateIndicator"`
	Test          bool           `xml:"TestIndicator"`
	Entry         Entry          `xml:"CarposEntry"`
	WaitsFor      string         `xml:"WaitsForText"`
	Warnings      []Problem      `xml:"Warning"`
	Notes         []Note         `xml:"Note"`
	Submitter     order.ORI      `xml:"SubmitterOrganizationORIIdentification"`
	SignedAt      time.Time      `xml:"SignedDateTime"`
	// Signed is the same receipt as a document that the hub has signed, where it signs: keep it as it is. VerifyReceipt says what it proves.
	Signed []byte `xml:"-"`
}

// Entry says whether the hub enters something into CARPOS, and until when.
type Entry struct {
	Owed     bool      `xml:"OwedIndicator"`
	NotOwed  string    `xml:"NotOwedText"`
	Deadline time.Time `xml:"DeadlineDateTime"`
	Rule     string    `xml:"DeadlineRuleText"`
	Citation string    `xml:"DeadlineCitationText"`
}

// Note is something that the hub noticed, which refuses nothing.
type Note struct {
	Code string `xml:"NoteCode"`
	Text string `xml:"NoteText"`
	Path string `xml:"PathText"`
}

// Problem is one thing wrong, or worth a look.
type Problem struct {
	Code     string `xml:"ProblemCode"`
	Rule     string `xml:"RuleIdentification"`
	Text     string `xml:"ProblemText"`
	Path     string `xml:"PathText"`
	Line     int    `xml:"LineNumber"`
	Column   int    `xml:"ColumnNumber"`
	Element  string `xml:"ElementName"`
	Value    string `xml:"ValueText"`
	Citation string `xml:"CitationText"`
	Fix      string `xml:"FixText"`
	Whose    string `xml:"NextMoveCode"`
}

// Submission is how one package stands.
type Submission struct {
	Tracking      order.Tracking `xml:"TrackingIdentification"`
	Package       order.LocalID  `xml:"PackageIdentification"`
	Action        string         `xml:"PackageActionCode"`
	ReceivedAt    time.Time      `xml:"ReceivedDateTime"`
	MessageSHA256 string         `xml:"MessageSHA256"`
	PackageSHA256 string         `xml:"PackageSHA256"`
	State         string         `xml:"SubmissionStateCode"`
	Test          bool           `xml:"TestIndicator"`
	FaultCode     string         `xml:"FaultCode"`
	Problems      []Problem      `xml:"Problem"`
	Notes         []Note         `xml:"Note"`
	Entry         Entry          `xml:"CarposEntry"`
	Order         order.LocalID  `xml:"OrderIdentification"`
	FCN           order.FCN      `xml:"CarposFileControlIdentification"`
	Transmissions []Transmission `xml:"Transmission"`
	NextWhose     string         `xml:"NextMoveCode"`
	NextText      string         `xml:"NextMoveText"`
	Stages        []Stage        `xml:"Stage"`
}

// Transmission is one CARPOS transaction that a package brought.
type Transmission struct {
	Transaction string    `xml:"TransactionCode"`
	State       string    `xml:"TransmissionStateCode"`
	Reason      string    `xml:"ReasonText"`
	Item        string    `xml:"FormItemText"`
	NextTry     time.Time `xml:"NextTryDateTime"`
	Attempts    []Attempt `xml:"Attempt"`
}

// Attempt is one sending, or a look-up after a lost reply.
type Attempt struct {
	Purpose    string    `xml:"AttemptPurposeCode"`
	BegunAt    time.Time `xml:"BegunDateTime"`
	FinishedAt time.Time `xml:"FinishedDateTime"`
	Verdict    string    `xml:"VerdictCode"`
	Text       string    `xml:"VerdictText"`
}

// Stage is one stage of the intake and how long it took.
type Stage struct {
	Name         string `xml:"StageName"`
	Passed       bool   `xml:"PassedIndicator"`
	Microseconds int64  `xml:"DurationMicroseconds"`
}

// Fault is the hub's refusal of a message.
type Fault struct {
	// Status is the HTTP status, Kind the fault code of SOAP itself ("Client", "Sender", "MustUnderstand", ...).
	Status int    `xml:"-"`
	Kind   string `xml:"-"`
	// RetryAfter is how long to wait where Retry is set.
	RetryAfter  time.Duration  `xml:"-"`
	Code        string         `xml:"FaultCode"`
	Text        string         `xml:"FaultText"`
	Hint        string         `xml:"FaultHintText"`
	Retry       bool           `xml:"RetryIndicator"`
	Whose       string         `xml:"NextMoveCode"`
	Tracking    order.Tracking `xml:"TrackingIdentification"`
	Earlier     order.Tracking `xml:"EarlierTrackingIdentification"`
	Correlation string         `xml:"CorrelationIdentification"`
	ReceivedAt  time.Time      `xml:"ReceivedDateTime"`
	Problems    []Problem      `xml:"Problem"`
}

// Error is the fault's code and text, and never a value of the package.
func (f *Fault) Error() string {
	s := "the hub refused: " + f.Code + ": " + f.Text
	if f.Tracking != "" {
		s += " (tracking " + string(f.Tracking) + ")"
	}
	return s
}

// envelope is what an answer can hold, in either edition: local names tell.
type envelope struct {
	Body struct {
		Receipt    *Receipt    `xml:"SubmitOrderResponse>Receipt"`
		Signed     string      `xml:"SubmitOrderResponse>SignedReceipt"`
		Submission *Submission `xml:"GetSubmissionStatusResponse>Submission"`
		Fault      *struct {
			Code11   string `xml:"faultcode"`
			Code12   string `xml:"Code>Value"`
			Reason11 string `xml:"faultstring"`
			Reason12 string `xml:"Reason>Text"`
			Detail11 *Fault `xml:"detail>SubmissionFault"`
			Detail12 *Fault `xml:"Detail>SubmissionFault"`
		} `xml:"Fault"`
	} `xml:"Body"`
}

// Receipt reads the answer to a SubmitOrder. The error is a *Fault when it is one.
func (r *Reply) Receipt() (Receipt, error) {
	e, err := r.read()
	if err != nil {
		return Receipt{}, err
	}
	if e.Body.Receipt == nil {
		return Receipt{}, fmt.Errorf("the hub's answer (HTTP %d) is neither a receipt nor a fault", r.Status)
	}
	signed, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(e.Body.Signed), ""))
	if err != nil {
		return Receipt{}, fmt.Errorf("the signed receipt in the hub's answer cannot be read: %w", err)
	}
	e.Body.Receipt.Signed = signed
	return *e.Body.Receipt, nil
}

// Submission reads the answer to a GetSubmissionStatus. The error is a *Fault when it is one.
func (r *Reply) Submission() (Submission, error) {
	e, err := r.read()
	if err != nil {
		return Submission{}, err
	}
	if e.Body.Submission == nil {
		return Submission{}, fmt.Errorf("the hub's answer (HTTP %d) is neither a submission nor a fault", r.Status)
	}
	return *e.Body.Submission, nil
}

// read takes an answer apart. Like any court's client it reads with its platform's XML library: the hub is trusted by its TLS certificate.
func (r *Reply) read() (envelope, error) {
	var e envelope
	if err := xml.Unmarshal(r.Body, &e); err != nil {
		return e, fmt.Errorf("the hub's answer (HTTP %d) is no SOAP message: %w", r.Status, err)
	}
	f := e.Body.Fault
	if f == nil {
		return e, nil
	}
	fault := &Fault{Text: f.Reason11 + f.Reason12}
	if f.Detail11 != nil {
		fault = f.Detail11
	} else if f.Detail12 != nil {
		fault = f.Detail12
	}
	code := f.Code11 + f.Code12
	fault.Status, fault.RetryAfter, fault.Kind = r.Status, r.RetryAfter, code[strings.IndexByte(code, ':')+1:]
	return e, fault
}
