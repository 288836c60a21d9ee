package client

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ccpor/exchange/soap"
	"ccpor/mapping/order"
)

// Pong is the answer to Ping: who the hub takes the caller for.
type Pong struct {
	XMLName xml.Name  `xml:"PingResponse" json:"-"`
	Time    time.Time `xml:"ServerDateTime" json:"time"`
	Policy  string    `xml:"PolicyEditionText" json:"policyEdition"`
	Agency  order.ORI `xml:"AgencyOrganizationORIIdentification" json:"agency"`
	Name    string    `xml:"AgencyName" json:"name"`
	Test    bool      `xml:"TestIndicator" json:"test"`
}

// Ping asks whether the hub answers. The error is a *Fault when the hub refused, as it is of every question here.
func (c *Client) Ping(ctx context.Context, o Options) (Pong, error) {
	return ask[Pong](ctx, c, o, "Ping", func(*soap.Writer) {})
}

// Policy is what the hub takes, out of the tables by which it decides.
type Policy struct {
	XMLName     xml.Name `xml:"GetPolicyResponse" json:"-"`
	Edition     string   `xml:"PolicyEditionText" json:"edition"`
	Forms       []Form   `xml:"Form" json:"forms"`
	Limits      []Limit  `xml:"Limit" json:"limits"`
	Algorithms  []string `xml:"SignatureAlgorithmURI" json:"signatureAlgorithms"`
	Maintenance []string `xml:"MaintenanceText" json:"maintenance"`
	Errors      []Code   `xml:"ErrorCode" json:"errors"`
	Lists       []Codes  `xml:"CodeList" json:"codeLists"`
	// Windows are the present or next times in which the hub may be away, the earliest first.
	Windows []Window `xml:"MaintenanceWindow" json:"maintenanceWindows"`
}

// Window is a time in which the hub may be away.
type Window struct {
	Starts time.Time `xml:"WindowStartDateTime" json:"starts"`
	Ends   time.Time `xml:"WindowEndDateTime" json:"ends"`
	Weekly bool      `xml:"WeeklyIndicator" json:"weekly"`
	Text   string    `xml:"WindowText" json:"text"`
}

// Form is a revision of a form that the hub knows.
type Form struct {
	Number   string   `xml:"FormNumberText" json:"number"`
	Kind     string   `xml:"FormKindCode" json:"kind"`
	Title    string   `xml:"FormTitleText" json:"title"`
	Revision string   `xml:"FormRevisionDate" json:"revision,omitempty"`
	Until    string   `xml:"FormUntilDate" json:"until,omitempty"`
	Types    []string `xml:"OrderTypeCode" json:"orderTypes,omitempty"`
}

// Limit is one bound of the hub.
type Limit struct {
	Name  string `xml:"LimitName" json:"name"`
	Value int64  `xml:"LimitValue" json:"value"`
}

// Code is a code that a refusal or a warning can have.
type Code struct {
	Code     string `xml:"FaultCodeText" json:"code"`
	Severity string `xml:"SeverityCode" json:"severity"`
	Text     string `xml:"FaultText" json:"text"`
}

// Codes are the words that one type of the schemas takes.
type Codes struct {
	Name   string   `xml:"CodeListName" json:"name"`
	Values []string `xml:"CodeValue" json:"values"`
}

// Policy asks what the hub takes.
func (c *Client) Policy(ctx context.Context, o Options) (Policy, error) {
	return ask[Policy](ctx, c, o, "GetPolicy", func(*soap.Writer) {})
}

// Report is what the hub says of a package that was only tried.
type Report struct {
	XMLName    xml.Name      `xml:"ValidateOrderResponse"`
	Acceptable bool          `xml:"AcceptableIndicator"`
	FaultCode  string        `xml:"FaultCode"`
	Package    order.LocalID `xml:"PackageIdentification"`
	Problems   []Problem     `xml:"Problem"`
	Warnings   []Problem     `xml:"Warning"`
	Notes      []Note        `xml:"Note"`
	Stages     []Stage       `xml:"Stage"`
	Plan       *Plan         `xml:"CarposPlan"`
}

// Plan is what CARPOS would get.
type Plan struct {
	Transaction string `xml:"TransactionCode" json:"transaction,omitempty"`
	Fields      []struct {
		Code  string `xml:"FieldCode" json:"code"`
		Text  string `xml:"FieldText" json:"text"`
		Value string `xml:"ValueText" json:"value"`
	} `xml:"TransactionField" json:"fields,omitempty"`
	Lacks []struct {
		Field    string `xml:"FieldCode" json:"field"`
		Reason   string `xml:"ReasonText" json:"reason"`
		FormItem string `xml:"FormItemText" json:"formItem,omitempty"`
		Whose    string `xml:"NextMoveCode" json:"whose"`
	} `xml:"Lack" json:"lacks,omitempty"`
	Notes []Note `xml:"Note" json:"notes,omitempty"`
}

// Validate has a signed package tried with its images; nothing happens at the hub.
func (c *Client) Validate(ctx context.Context, signed []byte, attachments []Attachment, o Options) (Report, error) {
	body, contentType, err := ValidateRequest(signed, attachments, o)
	if err != nil {
		return Report{}, err
	}
	return answered[Report](c.Post(ctx, body, contentType))
}

// List is a part of the list of an agency's own submissions.
type List struct {
	XMLName     xml.Name  `xml:"ListSubmissionsResponse" json:"-"`
	Submissions []Summary `xml:"SubmissionSummary" json:"submissions"`
	Cursor      string    `xml:"CursorText" json:"cursor"`
	More        bool      `xml:"MoreIndicator" json:"more"`
}

// Summary is one line of that list.
type Summary struct {
	Tracking     order.Tracking `xml:"TrackingIdentification" json:"tracking"`
	Package      order.LocalID  `xml:"PackageIdentification" json:"package,omitempty"`
	Action       string         `xml:"PackageActionCode" json:"action,omitempty"`
	ReceivedAt   time.Time      `xml:"ReceivedDateTime" json:"receivedAt"`
	State        string         `xml:"SubmissionStateCode" json:"state"`
	Test         bool           `xml:"TestIndicator" json:"test,omitempty"`
	FaultCode    string         `xml:"FaultCode" json:"faultCode,omitempty"`
	Transmission string         `xml:"TransmissionStateCode" json:"transmission,omitempty"`
	Whose        string         `xml:"NextMoveCode" json:"whose"`
	Next         string         `xml:"NextMoveText" json:"next"`
}

// ListQuery restricts a list; the zero value is everything from the beginning.
type ListQuery struct {
	Since, State, Action string
	From                 time.Time
	Limit                int
}

// List asks for the agency's own submissions from a cursor on.
func (c *Client) List(ctx context.Context, q ListQuery, o Options) (List, error) {
	return ask[List](ctx, c, o, "ListSubmissions", func(w *soap.Writer) {
		w.Optional("CursorText", q.Since)
		w.Optional("SubmissionStateCode", q.State)
		w.Optional("PackageActionCode", q.Action)
		if !q.From.IsZero() {
			w.Leaf("ReceivedFromDateTime", q.From.UTC().Format(time.RFC3339Nano))
		}
		count(w, q.Limit)
	})
}

func count(w *soap.Writer, n int) {
	if n != 0 {
		w.Leaf("MaximumCount", strconv.Itoa(n))
	}
}

// Requester is the person who asks about an order, as the agency vouches for.
type Requester struct{ User, Role, Purpose string }

func (r Requester) write(w *soap.Writer) {
	w.Open("Requester")
	w.Leaf("UserIdentification", r.User)
	w.Leaf("RoleCode", r.Role)
	w.Leaf("PurposeText", r.Purpose)
	w.Close("Requester")
}

// SearchQuery says which orders are looked for; empty fields do not count.
type SearchQuery struct {
	Surname, Given, Party, Born, Case, FCN string
	Limit                                  int
	// Text is what somebody would type into one box; with it names are found that are only like what is asked.
	Text string
}

// Found are the orders that a search found.
type Found struct {
	XMLName xml.Name  `xml:"SearchOrdersResponse" json:"-"`
	Orders  []Outline `xml:"OrderSummary" json:"orders"`
	More    bool      `xml:"MoreIndicator" json:"more"`
}

// Outline is which order it is and how it stands; names and case are there for those who may see them.
type Outline struct {
	ID         order.LocalID `xml:"OrderIdentification" json:"id"`
	Court      order.ORI     `xml:"OrganizationORIIdentification" json:"court"`
	CourtName  string        `xml:"CourtName" json:"courtName"`
	Case       string        `xml:"CaseDocketID" json:"case,omitempty"`
	Form       string        `xml:"FormNumberText" json:"form"`
	Type       string        `xml:"OrderTypeCode" json:"type"`
	Status     string        `xml:"OrderStatusCode" json:"status"`
	Issued     string        `xml:"CourtOrderIssuingDate" json:"issued"`
	Expires    string        `xml:"OrderExpiration>ExpirationDate" json:"expires,omitempty"`
	Basis      string        `xml:"OrderExpiration>ExpirationBasisCode" json:"expirationBasis"`
	Access     string        `xml:"DocumentAccessCode" json:"access"`
	FCN        order.FCN     `xml:"CarposFileControlIdentification" json:"fcn,omitempty"`
	Restrained *PersonName   `xml:"RestrainedPersonName" json:"restrained,omitempty"`
	Born       string        `xml:"RestrainedPersonBirthDate" json:"born,omitempty"`
	Protected  []PersonName  `xml:"ProtectedPersonName" json:"protected,omitempty"`
	// Reasons are why it was found, where Text was asked.
	Reasons []string `xml:"MatchReasonCode" json:"reasons,omitempty"`
}

// PersonName is a name as the hub writes it.
type PersonName struct {
	Given   string `xml:"PersonGivenName" json:"given,omitempty"`
	Middle  string `xml:"PersonMiddleName" json:"middle,omitempty"`
	Surname string `xml:"PersonSurName" json:"surname"`
	Suffix  string `xml:"PersonNameSuffixText" json:"suffix,omitempty"`
}

// String is the name as it is read.
func (n PersonName) String() string {
	return strings.Join(strings.Fields(strings.Join([]string{n.Given, n.Middle, n.Surname, n.Suffix}, " ")), " ")
}

// Search looks for orders of all courts, as far as the person may see them.
func (c *Client) Search(ctx context.Context, who Requester, q SearchQuery, o Options) (Found, error) {
	return ask[Found](ctx, c, o, "SearchOrders", func(w *soap.Writer) {
		who.write(w)
		w.Optional("PersonSurName", q.Surname)
		w.Optional("PersonGivenName", q.Given)
		w.Optional("PartyCode", q.Party)
		w.Optional("PersonBirthDate", q.Born)
		w.Optional("CaseDocketID", q.Case)
		w.Optional("CarposFileControlIdentification", q.FCN)
		count(w, q.Limit)
		w.Optional("SearchText", q.Text)
	})
}

// Order is one order with what became of it.
type Order struct {
	XMLName   xml.Name        `xml:"GetOrderResponse" json:"-"`
	Outline   Outline         `xml:"OrderSummary" json:"outline"`
	Document  Document        `xml:"ProtectionOrder" json:"order"`
	Withheld  bool            `xml:"WhereaboutsWithheldIndicator" json:"whereaboutsWithheld"`
	Follows   order.LocalID   `xml:"FollowedOrderIdentification" json:"follows,omitempty"`
	Followers []order.LocalID `xml:"FollowingOrderIdentification" json:"followedBy,omitempty"`
	Versions  []Version       `xml:"OrderVersion" json:"versions"`
	Services  []Service       `xml:"OrderService" json:"services,omitempty"`
	Ended     *Cancellation   `xml:"OrderCancellation" json:"cancellation,omitempty"`
	Images    []Image         `xml:"OrderImage" json:"images,omitempty"`
}

// Document is the content of a ProtectionOrder element, as it came.
type Document struct {
	XML string `xml:",innerxml" json:"xml"`
}

// Version is one version of an order.
type Version struct {
	Number   int            `xml:"VersionNumber" json:"number"`
	Tracking order.Tracking `xml:"TrackingIdentification" json:"tracking"`
	Reason   string         `xml:"ModificationReasonCode" json:"reason,omitempty"`
	Date     string         `xml:"ModificationDate" json:"date,omitempty"`
}

// Service is one proof of service.
type Service struct {
	Tracking order.Tracking `xml:"TrackingIdentification" json:"tracking,omitempty"` // empty: CARPOS reported it
	Date     string         `xml:"CourtOrderServiceDate" json:"date"`
	Time     string         `xml:"CourtOrderServiceTime" json:"time"`
	Method   string         `xml:"ServiceMethodCode" json:"method"`
	Server   string         `xml:"ServerName" json:"server"`
}

// Cancellation is the end of an order.
type Cancellation struct {
	Reason string `xml:"CancellationReasonCode" json:"reason"`
	Date   string `xml:"CancellationDate" json:"date"`
}

// Image names an image of an order.
type Image struct {
	Tracking order.Tracking `xml:"TrackingIdentification" json:"tracking"`
	ID       string         `xml:"DocumentIdentification" json:"id"`
	Role     string         `xml:"DocumentRoleCode" json:"role"`
	Media    string         `xml:"DocumentMediaTypeText" json:"media"`
	Bytes    int64          `xml:"DocumentByteCount" json:"bytes"`
	SHA256   string         `xml:"DocumentSHA256" json:"sha256"`
}

// Order asks for one order by its court and that court's identification.
func (c *Client) Order(ctx context.Context, who Requester, court order.ORI, id order.LocalID, o Options) (Order, error) {
	return ask[Order](ctx, c, o, "GetOrder", func(w *soap.Writer) {
		who.write(w)
		w.Leaf("OrderIdentification", string(id))
		w.Leaf("OrganizationORIIdentification", string(court))
	})
}

// Picture is an image of an order with its content, which has the digest that the hub says.
type Picture struct {
	Image
	Content []byte
}

// ErrDigest says that an image is not the one whose digest the hub tells.
var ErrDigest = errors.New("the image's content has another length or digest than the hub says")

// Image asks for one image of an order. ErrDigest.
func (c *Client) Image(ctx context.Context, who Requester, court order.ORI, id order.LocalID, t order.Tracking, document string, o Options) (Picture, error) {
	type response struct {
		XMLName xml.Name `xml:"GetOrderImageResponse"`
		Image
		Content string `xml:"ImageContent"`
	}
	got, err := askFor[response](ctx, c, o, "GetOrderImage", maxImageReply, func(w *soap.Writer) {
		who.write(w)
		w.Leaf("OrderIdentification", string(id))
		w.Leaf("OrganizationORIIdentification", string(court))
		w.Leaf("TrackingIdentification", string(t))
		w.Leaf("DocumentIdentification", document)
	})
	if err != nil {
		return Picture{}, err
	}
	content, err := base64.StdEncoding.DecodeString(strings.TrimSpace(got.Content))
	if err != nil {
		return Picture{}, fmt.Errorf("read the image: %w", err)
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != got.SHA256 || int64(len(content)) != got.Bytes {
		return Picture{}, ErrDigest
	}
	return Picture{got.Image, content}, nil
}

// ask sends a question and reads its answer.
func ask[T any](ctx context.Context, c *Client, o Options, operation string, content func(*soap.Writer)) (T, error) {
	return askFor[T](ctx, c, o, operation, maxReply, content)
}

// askFor is ask for an answer of at most so many bytes.
func askFor[T any](ctx context.Context, c *Client, o Options, operation string, most int64, content func(*soap.Writer)) (T, error) {
	question, err := o.signMessage(o.envelope(operation, content))
	if err != nil {
		var none T
		return none, err
	}
	return answered[T](c.post(ctx, question, o.contentType(operation), nil, most))
}

// answered reads the one element of an answer's Body, whose name T says.
func answered[T any](r *Reply, err error) (T, error) {
	var e struct {
		Body struct {
			Answer *T `xml:",any"`
		} `xml:"Body"`
	}
	var none T
	if err != nil {
		return none, err
	}
	if _, err := r.read(); err != nil {
		return none, err
	}
	if err := xml.Unmarshal(r.Body, &e); err != nil || e.Body.Answer == nil {
		return none, fmt.Errorf("the hub's answer (HTTP %d) is not the one to the question", r.Status)
	}
	return *e.Body.Answer, nil
}
