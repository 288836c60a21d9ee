package exchange

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/schemas"
	"ccpor/schemas/canon"
	"ccpor/store"
)

// Whose move it is, in the words of the service's PartyType.
const (
	court  = "court"  // what the order says: a clerk's or a judge's
	sender = "sender" // the court's software or its configuration
	hub    = "hub"
)

// row is one line of the table of outward faults.
type row struct {
	// code is stable: it is never renamed or given another meaning. A last part "*" stands for codes of another list.
	code string
	// status is the HTTP status; 400 becomes 500 in SOAP 1.1, which knows no other for faults.
	status int
	text   string
	hint   string
	// retry says that the same message may come again unchanged.
	retry bool
	whose string
}

const (
	bad         = http.StatusBadRequest
	forbidden   = http.StatusForbidden
	unavailable = http.StatusServiceUnavailable
)

// faults is the one table of what a sender can be told. docs/faults.md is written from it.
var faults = []row{
	{"Client.Transport.Method", http.StatusMethodNotAllowed, "The request is neither a POST nor a request for the contract.", "POST a SOAP message; GET the contract with ?wsdl.", false, sender},
	{"Client.Transport.MediaType", http.StatusUnsupportedMediaType, "The Content-Type is not one of a SOAP message.", "Send text/xml (SOAP 1.1), application/soap+xml (SOAP 1.2) or multipart/related with type=\"application/xop+xml\" (MTOM).", false, sender},
	{"Client.Transport.Charset", http.StatusUnsupportedMediaType, "The message is announced in another charset than UTF-8.", "Send UTF-8.", false, sender},
	{"Client.Transport.ContentEncoding", http.StatusUnsupportedMediaType, "The body has another Content-Encoding than gzip, or several.", "Send gzip, or none.", false, sender},
	{"Client.Transport.Gzip", bad, "The body is no whole gzip stream.", "Send one gzip stream as Content-Encoding: gzip, or the message as it is.", false, sender},
	{"Client.Transport.TooLarge", http.StatusRequestEntityTooLarge, "The message is larger than the hub takes.", "Send fewer or smaller images; the limits are in the integration guide.", false, sender},
	{"Client.Transport.Empty", bad, "The request has no body.", "Send a SOAP message.", false, sender},
	{"Client.Transport.Incomplete", bad, "The body ended before its announced length.", "Send the message again; look for a proxy or time-out in between if it recurs.", true, sender},
	{"Client.Transport.Slow", http.StatusRequestTimeout, "The body came too slowly.", "Send the message again; look for a slow proxy in between if it recurs.", true, sender},

	{"Client.Peer.CertificateMissing", forbidden, "The connection has no client certificate.", "Configure the TLS client certificate that is registered for your agency.", false, sender},
	{"Client.Peer.CertificateUnknown", forbidden, "The connection's client certificate is registered for no agency.", "Register the certificate with the hub, or connect with the registered one.", false, sender},
	{"Client.Peer.CertificateExpired", forbidden, "The client certificate or its registration is not in force now.", "Connect with a current certificate and have it registered.", false, sender},
	{"Client.Peer.CertificateRevoked", forbidden, "The client certificate has been revoked by the registry.", "Connect with another registered certificate; the hub's operator says why this one was revoked.", false, sender},

	{"Client.Limit.Rate", http.StatusTooManyRequests, "More requests come in a second than the hub takes of your agency, or of an address that it does not know.", "Send the same message again after the time in Retry-After, and fewer at once.", true, sender},
	{"Client.Limit.Quota", http.StatusTooManyRequests, "Your agency has sent more packages today than the hub takes of it in a day.", "Call the hub's operator, who can raise the bound at once, and send the same message again after the time in Retry-After.", true, sender},

	{"Client.Replay.NotHere", forbidden, "The message says that it is a replay, and this hub takes none.", "Replays go to a test region. Leave the X-Replay headers out.", false, sender},
	{"Client.Replay.NotEntitled", forbidden, "The message says that it is a replay, and your agency is not registered as a replayer.", "Have the agency registered as a replayer of this test region.", false, sender},
	{"Client.Replay.Malformed", bad, "The X-Replay headers are not as they should be.", "Send X-Replay-Of, X-Replay-Agency and X-Replay-Received once each, with a SubmitOrder.", false, sender},
	{"Client.Replay.UnknownAgency", bad, "The agency on whose behalf the replay is sent is not registered here.", "Register it in the test region, with the certificates by which it signed.", false, sender},

	{"Client.Xml.*", bad, "The message is not XML of the closed profile that the hub reads.", "", false, sender},

	{"Client.Envelope.Version", bad, "The document element is no Envelope of SOAP 1.1 or 1.2.", "Use the namespace of SOAP 1.1 or 1.2.", false, sender},
	{"Client.Envelope.VersionMix", bad, "Content-Type and Envelope are of different versions of SOAP.", "Send text/xml with SOAP 1.1 and application/soap+xml with SOAP 1.2.", false, sender},
	{"Client.Envelope.Structure", bad, "The Envelope is not built as SOAP asks.", "", false, sender},
	{"Client.Envelope.EmptyBody", bad, "The Body is empty.", "Put one operation into it.", false, sender},
	{"Client.Envelope.CrowdedBody", bad, "The Body holds more than one element.", "Send one operation in a message.", false, sender},
	{"Client.Envelope.MustUnderstand", bad, "A header block that must be understood is not.", "Leave it out, or take mustUnderstand away.", false, sender},
	{"Client.Envelope.Addressing", bad, "A header block of WS-Addressing cannot be followed.", "Answers come on the connection of the request only.", false, sender},
	{"Client.Envelope.Action", bad, "SOAPAction, or the action parameter, names another operation than the Body holds.", "Send the operation's action or none.", false, sender},

	{"Client.Mtom.Parts", bad, "The multipart message cannot be read.", "", false, sender},
	{"Client.Mtom.TooManyParts", bad, "The message has too many parts.", "Send one part for every document of the package.", false, sender},
	{"Client.Mtom.PartMissing", bad, "An xop:Include points to no part of this message.", "Send the part with the message; nothing outside it is fetched.", false, sender},
	{"Client.Mtom.PartTwice", bad, "One part is used twice, or two have the same Content-ID.", "Send one part for every attachment.", false, sender},
	{"Client.Mtom.PartUnused", bad, "A part belongs to no attachment.", "Leave it out.", false, sender},

	{"Client.Operation.Unknown", bad, "The Body holds no operation of this service.", "Send an operation of the service's namespace; the contract (?wsdl) names them.", false, sender},
	{"Client.Resource.Unknown", http.StatusNotFound, "There is no such resource under this address.", "GET /api/v1/openapi.json tells all resources.", false, sender},
	{"Client.Resource.Method", http.StatusMethodNotAllowed, "This resource can only be read.", "Send GET.", false, sender},
	{"Client.Operation.Malformed", bad, "The operation is not built as the contract says.", "", false, sender},
	{"Client.Operation.TrackingNumber", bad, "The tracking number is mistyped.", "Its last character does not fit the others, or there are not ten.", false, sender},
	{"Client.Operation.NotGranted", forbidden, "Your agency has not been granted this.", "Ask the hub's operator for the grant.", false, sender},
	{"Client.Query.NotFound", bad, "There is no such order or image that the person who asks may see.", "Check the identification and the court's ORI. Orders of other access classes are not told of.", false, sender},
	{"Client.Operation.NotFound", bad, "Your agency has sent no such submission.", "Check the number, and that the connection is that of the agency that sent it.", false, sender},

	{"Client.Signature.*", bad, "The package's signature is not accepted.", "", false, sender},

	{"Client.MessageSignature.*", bad, "The signature over the message (WS-Security) is not accepted.", "", false, sender},

	{"Client.Package.Missing", bad, "SubmitOrder does not begin with an OrderPackage.", "Put the signed OrderPackage first, attachments after it.", false, sender},
	{"Client.Package.TooLarge", bad, "The package itself, without attachments, is larger than the hub takes.", "Send images as attachments, not inside the package.", false, sender},
	{"Client.Package.WrongSubmitter", bad, "The package names another agency as its submitter than the connection's.", "Send the package over the connection of the agency that it names.", false, sender},
	{"Client.Package.TestOverLive", bad, "The package says that it is a test, and the connection's certificate is for orders.", "Send tests over the connection of a test certificate, signed with one.", false, sender},
	{"Client.Package.WrongCourt", bad, "The agency that sends the package may not do this with the order.", "A court adds, modifies, cancels and supplements orders of its own county's courts; a law-enforcement agency emergency orders of its county, and no others.", false, sender},
	{"Client.Package.Conflict", bad, "A package with this identification was accepted before, with other content.", "Give every new package a new identification; the earlier one stands.", false, sender},
	{"Client.Order.Exists", bad, "This order was added before, by another package.", "Do not add an order twice; the earlier submission stands. A changed order comes as modify.", false, court},

	{"Client.Schema.Invalid", bad, "The package does not follow its schema.", "Every place is listed as a problem.", false, sender},
	{"Client.Schema.*", bad, "One violation of the schema.", "", false, sender},
	{"Client.Rule.*", bad, "The order breaks a business rule.", "Every rule that is broken is listed as a problem.", false, court},

	{"Client.Image.Missing", bad, "A document that the package names was not sent.", "Attach it under its DocumentIdentification.", false, sender},
	{"Client.Image.Surplus", bad, "An attachment is named by no Document of the package.", "Attach only what the signed package names.", false, sender},
	{"Client.Image.Twice", bad, "Two attachments or two Documents have the same identification.", "Give every document its own.", false, sender},
	{"Client.Image.Encoding", bad, "An attachment's content is no base64.", "Send base64 inline, or an MTOM part.", false, sender},
	{"Client.Image.TooLarge", bad, "An image is larger than your agency may send.", "Scan at 300 dpi or less, in black and white.", false, sender},
	{"Client.Image.SizeMismatch", bad, "An image has another length than the signed package says.", "Sign the package over the image that you send.", false, sender},
	{"Client.Image.DigestMismatch", bad, "An image is not the one that the signed package names by its SHA-256.", "Sign the package over the image that you send.", false, sender},
	{"Client.Image.MediaMismatch", bad, "An image is not of the media type that the package says.", "Send PDF, TIFF or JPEG, and name it so.", false, sender},

	{"Server.Busy", unavailable, "The hub has as much in hand as it can hold.", "Send the same message again after the time in Retry-After.", true, sender},
	{"Server.Unavailable", unavailable, "The hub cannot keep anything at the moment, so it took nothing.", "Send the same message again after the time in Retry-After; nothing is lost and nothing is doubled.", true, sender},
	{"Server.LedgerStalled", unavailable, "The hub cannot put on record what it takes, in the way that shows changes, so it takes nothing at the moment.", "Send the same message again after the time in Retry-After; nothing is lost and nothing is doubled.", true, sender},
	{"Server.Internal", http.StatusInternalServerError, "The hub failed in a way that it does not know.", "Send the same message again later, and tell the help desk the correlation identification.", true, hub},
}

// rowOf finds the line of a code: its own, or the one that stands for its list.
func rowOf(code string) row {
	family := code[:strings.LastIndexByte(code, '.')+1] + "*"
	var listed *row
	for i := range faults {
		switch faults[i].code {
		case code:
			return faults[i]
		case family:
			listed = &faults[i]
		}
	}
	if listed == nil {
		return rowOf("Server.Internal")
	}
	found := *listed
	found.code = code
	return found
}

// refusal is an error of this package that is made for a sender: a code of the table and all that is known beside it.
type refusal struct {
	code     string
	what     string // replaces the table's text where it says more; without personal data
	hint     string
	problems []store.Problem
	after    time.Duration // how long to wait until the same may come again; zero: as long as the hub always says
}

func (r *refusal) Error() string {
	if r.what == "" {
		return r.code
	}
	return r.code + ": " + r.what
}

// outward is what a sender is told of an error.
type outward struct {
	row
	kind     soap.FaultKind
	problems []store.Problem
	// earlier is the tracking number of the submission with which this one conflicts.
	earlier string
	// inside says that the error is not the sender's to know: it goes to the log, under the correlation identification.
	inside bool
	// after is how long to wait until the same may come again; zero: as long as the hub always says.
	after time.Duration
}

// all is every problem, for the record: the fault itself where nothing more is known.
func (o outward) all() []store.Problem {
	if len(o.problems) > 0 {
		return o.problems
	}
	return []store.Problem{{Code: o.code, Severity: "error", Text: o.text, Fix: o.hint, Whose: o.whose}}
}

// internal is what nobody foresaw.
func internal() outward {
	return outward{row: rowOf("Server.Internal"), kind: soap.Receiver, inside: true}
}

// tell turns an error of any stage into what the sender is told. What it does not know is an internal error.
func tell(err error) outward {
	var (
		own      *refusal
		envelope *soap.Error
		gate     *canon.Error
		untrue   *sig.Error
		message  *sig.MessageError
		invalid  schemas.Problems
		conflict *store.ConflictError
		exists   *store.OrderExistsError
	)
	switch {
	case errors.As(err, &own):
		return own.tell()
	case errors.As(err, &envelope):
		return tellEnvelope(envelope)
	case errors.As(err, &gate) && gate.Code != canon.Misuse:
		return tellPlace("Client.Xml."+string(gate.Code), store.Problem{Text: gate.What, Fix: gate.Hint, Path: gate.Path, Line: gate.Line, Column: gate.Column})
	case errors.As(err, &message):
		return tellPlace("Client.MessageSignature."+string(message.Refusal.Code), store.Problem{Text: message.Refusal.What, Fix: message.Refusal.Hint, Line: message.Refusal.Line})
	case errors.As(err, &untrue) && untrue.Code != sig.Unsignable:
		return tellPlace("Client.Signature."+string(untrue.Code), store.Problem{Text: untrue.What, Fix: untrue.Hint, Line: untrue.Line})
	case errors.As(err, &invalid):
		return tellSchema(invalid)
	case errors.As(err, &conflict):
		return outward{row: rowOf("Client.Package.Conflict"), kind: soap.Sender, earlier: string(conflict.Tracking)}
	case errors.As(err, &exists):
		return outward{row: rowOf("Client.Order.Exists"), kind: soap.Sender, earlier: string(exists.Tracking)}
	}
	return internal()
}

func (r *refusal) tell() outward {
	o := outward{row: rowOf(r.code), kind: soap.Sender, problems: r.problems, after: r.after}
	if strings.HasPrefix(r.code, "Server.") {
		o.kind = soap.Receiver
	}
	if r.what != "" {
		o.text = r.what
	}
	if r.hint != "" {
		o.hint = r.hint
	}
	return o
}

// tellPlace is a fault of one problem, which the sender's engineer finds by its place.
func tellPlace(code string, p store.Problem) outward {
	o := outward{row: rowOf(code), kind: soap.Sender}
	p.Code, p.Whose = code, o.whose
	o.problems = []store.Problem{p}
	if p.Text != "" {
		o.text = sentence(p.Text)
	}
	if p.Fix != "" {
		o.hint = sentence(p.Fix)
	}
	return o
}

// envelopeCodes say under which outward code each code of package soap goes.
var envelopeCodes = map[soap.Code]string{
	soap.MediaType:      "Client.Transport.MediaType",
	soap.Charset:        "Client.Transport.Charset",
	soap.Version:        "Client.Envelope.Version",
	soap.VersionMix:     "Client.Envelope.VersionMix",
	soap.Structure:      "Client.Envelope.Structure",
	soap.EmptyBody:      "Client.Envelope.EmptyBody",
	soap.CrowdedBody:    "Client.Envelope.CrowdedBody",
	soap.MustUnderstand: "Client.Envelope.MustUnderstand",
	soap.AddressingCode: "Client.Envelope.Addressing",
	soap.Action:         "Client.Envelope.Action",
	soap.Parts:          "Client.Mtom.Parts",
	soap.TooManyParts:   "Client.Mtom.TooManyParts",
	soap.PartMissing:    "Client.Mtom.PartMissing",
	soap.PartTwice:      "Client.Mtom.PartTwice",
	soap.PartUnused:     "Client.Mtom.PartUnused",
}

func tellEnvelope(e *soap.Error) outward {
	o := tellPlace(envelopeCodes[e.Code], store.Problem{Text: e.What, Fix: e.Hint, Path: e.Path, Line: e.Line, Column: e.Column})
	switch e.Code {
	case soap.MustUnderstand:
		o.kind = soap.NotUnderstood
	case soap.Version:
		o.kind = soap.WrongVersion
	}
	return o
}

func tellSchema(invalid schemas.Problems) outward {
	o := outward{row: rowOf("Client.Schema.Invalid"), kind: soap.Sender}
	for _, p := range invalid {
		o.problems = append(o.problems, store.Problem{
			Code: "Client.Schema." + string(p.Code), Severity: "error", Text: p.Text, Path: p.Path, Line: p.Line, Column: p.Column,
			Element: p.Element, Value: p.Value, Whose: sender,
		})
	}
	return o
}

// sentence makes a sentence of the fragment that an inner error is.
func sentence(s string) string {
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
