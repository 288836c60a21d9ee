package soap

import (
	"strings"
)

// Namespaces of the two envelopes, of XOP's Include and of WS-Addressing 1.0.
const (
	Namespace11 = "http://schemas.xmlsoap.org/soap/envelope/"
	Namespace12 = "http://www.w3.org/2003/05/soap-envelope"
	NamespaceX  = "http://www.w3.org/2004/08/xop/include"
	NamespaceA  = "http://www.w3.org/2005/08/addressing"
)

// Namespaces are the names that a canon.Profile for envelopes lists beside those of its own operations.
func Namespaces() []string { return []string{Namespace11, Namespace12, NamespaceX, NamespaceA} }

// Edition is a version of SOAP; the zero value is none.
type Edition uint8

// The editions.
const (
	SOAP11 Edition = 1 + iota
	SOAP12
)

// Namespace is the namespace of the edition's Envelope.
func (e Edition) Namespace() string {
	if e == SOAP12 {
		return Namespace12
	}
	return Namespace11
}

// MediaType is the media type of the edition's messages outside a multipart one.
func (e Edition) MediaType() string {
	if e == SOAP12 {
		return "application/soap+xml"
	}
	return "text/xml"
}

// String is "SOAP 1.1" or "SOAP 1.2".
func (e Edition) String() string {
	if e == SOAP12 {
		return "SOAP 1.2"
	}
	return "SOAP 1.1"
}

// ContentType is what a request's Content-Type header says of the message.
type ContentType struct {
	// Edition is what the header implies; zero for a multipart message without start-info, where the envelope decides.
	Edition Edition
	// Action is the action parameter of SOAP 1.2, empty when absent.
	Action string
	// Multipart says that the message is MTOM; Boundary and Start (without angle brackets) are its parameters.
	Multipart bool
	Boundary  string
	Start     string
}

const mediaHint = "send text/xml (SOAP 1.1), application/soap+xml (SOAP 1.2), or multipart/related with type=\"application/xop+xml\" (MTOM), in UTF-8"

// ParseContentType reads the Content-Type header of a request. Errors are *Error with MediaType, Charset or VersionMix.
func ParseContentType(header string) (ContentType, error) {
	media, params, err := parseMedia(header)
	if err != nil {
		return ContentType{}, refuse(MediaType, "the Content-Type cannot be read", mediaHint)
	}
	if !utf8Charset(params["charset"]) {
		return ContentType{}, refuse(Charset, "the Content-Type names another charset than UTF-8", "send UTF-8 and charset=utf-8, or no charset")
	}
	switch media {
	case "text/xml":
		return ContentType{Edition: SOAP11}, nil
	case "application/soap+xml":
		return ContentType{Edition: SOAP12, Action: params["action"]}, nil
	case "multipart/related":
		return multipartType(params)
	}
	return ContentType{}, refuse(MediaType, "the Content-Type is not one of a SOAP message", mediaHint)
}

func multipartType(params map[string]string) (ContentType, error) {
	if !strings.EqualFold(params["type"], "application/xop+xml") {
		return ContentType{}, refuse(MediaType, "a multipart message must have type=\"application/xop+xml\"",
			"send MTOM with xop:Include (SOAP with Attachments is not taken), or the images inline as base64")
	}
	ct := ContentType{Multipart: true, Boundary: params["boundary"], Start: unbracket(params["start"]), Action: params["action"]}
	if !boundaryOK(ct.Boundary) {
		return ContentType{}, refuse(MediaType, "the multipart boundary is missing or not one of RFC 2046", "give a boundary of 1 to 70 characters")
	}
	if info := params["start-info"]; info != "" {
		root, err := startInfo(info)
		if err != nil {
			return ContentType{}, err
		}
		ct.Edition = root.Edition
		if ct.Action == "" {
			ct.Action = root.Action
		}
	}
	return ct, nil
}

// startInfo reads start-info, or the type parameter of the root part: a media type that may carry an action of its own.
func startInfo(info string) (ContentType, error) {
	media, params, err := parseMedia(info)
	switch {
	case err == nil && media == "text/xml":
		return ContentType{Edition: SOAP11}, nil
	case err == nil && media == "application/soap+xml":
		return ContentType{Edition: SOAP12, Action: params["action"]}, nil
	}
	return ContentType{}, refuse(MediaType, "start-info is neither text/xml nor application/soap+xml", mediaHint)
}

func utf8Charset(charset string) bool {
	return charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

// GuessEdition is the edition to answer in when there is no envelope to go by: what the header looks like, else SOAP 1.1.
func GuessEdition(header string) Edition {
	if strings.Contains(strings.ToLower(header), "application/soap+xml") {
		return SOAP12
	}
	return SOAP11
}

// CheckAction compares what the HTTP headers say of the operation with the operation that the Body holds. SOAPAction may be
// quoted, bare, empty or absent; action is the Content-Type's. The Body alone dispatches; a header that disagrees is refused.
func CheckAction(soapAction, action, want string) error {
	for _, said := range []string{unquote(soapAction), action} {
		if said != "" && said != want {
			return refuse(Action, "the SOAPAction header or action parameter names another operation than the Body holds",
				"send "+want+", or leave it empty")
		}
	}
	return nil
}

func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

func unbracket(s string) string {
	if len(s) >= 2 && s[0] == '<' && s[len(s)-1] == '>' {
		return s[1 : len(s)-1]
	}
	return s
}
