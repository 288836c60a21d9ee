package soap

import (
	"bytes"
	"net/url"
	"strings"
)

// Bounds of a multipart message. An order package has at most 20 documents.
const (
	MaxParts      = 24
	maxPartHeader = 4 << 10 // bytes of one part's header
)

// Message is a received message taken apart: the bytes of the envelope and the parts beside it. All of it are slices of the
// received body, which must outlive it unchanged.
type Message struct {
	Root []byte
	// Edition is what the headers of the message and of its root part imply; zero when they leave it to the envelope.
	Edition Edition
	// Multipart says that the message came as one of several parts.
	Multipart bool
	parts     []part
}

type part struct {
	id      string
	media   string
	content []byte
	used    bool
}

// Split finds the envelope and the parts of a received body. A message that is not multipart is its own root.
// Errors are *Error with Parts, TooManyParts, PartTwice, MediaType, Charset or VersionMix.
func Split(body []byte, ct ContentType) (*Message, error) {
	if !ct.Multipart {
		return &Message{Root: body, Edition: ct.Edition}, nil
	}
	parts, err := splitParts(body, ct.Boundary)
	if err != nil {
		return nil, err
	}
	root, err := rootOf(parts, ct.Start)
	if err != nil {
		return nil, err
	}
	edition, err := rootEdition(parts[root].media, ct.Edition)
	if err != nil {
		return nil, err
	}
	m := &Message{Root: parts[root].content, Edition: edition, Multipart: true}
	m.parts = append(parts[:root], parts[root+1:]...)
	return m, nil
}

// Take hands out the content of the part to which the href of an xop:Include points ("cid:" and the URL-escaped Content-ID)
// and its media type as the part says it. Errors are *Error with PartMissing or PartTwice.
func (m *Message) Take(href string) (content []byte, media string, err error) {
	id, isCid := strings.CutPrefix(href, "cid:")
	id, escErr := url.PathUnescape(id)
	if !isCid || escErr != nil {
		return nil, "", refuse(PartMissing, "an xop:Include points outside the message", "use href=\"cid:...\" with the Content-ID of a part of this message")
	}
	for i := range m.parts {
		p := &m.parts[i]
		if p.id != id {
			continue
		}
		if p.used {
			return nil, "", refuse(PartTwice, "two xop:Include point to the same part", "send one part for every attachment")
		}
		p.used = true
		return p.content, p.media, nil
	}
	return nil, "", refuse(PartMissing, "an xop:Include points to a part that this message does not have", "send a part with that Content-ID; nothing outside the message is fetched")
}

// CheckUsed refuses a message with a part that nobody took.
func (m *Message) CheckUsed() error {
	for _, p := range m.parts {
		if !p.used {
			return refuse(PartUnused, "the message has a part to which no xop:Include points", "send only parts that an Attachment includes")
		}
	}
	return nil
}

// splitParts goes from delimiter to delimiter. A line that begins with the delimiter is one or makes the message unreadable:
// RFC 2046 keeps it out of content, and readers differ in what they make of it.
func splitParts(body []byte, boundary string) ([]part, error) {
	delimiter := []byte("\r\n--" + boundary)
	rest, ok := bytes.CutPrefix(body, delimiter[2:])
	if !ok {
		rest, ok = bytes.CutPrefix(body, delimiter) // some writers begin with an empty line
	}
	if !ok {
		return nil, badParts("the message does not begin with its boundary")
	}
	var parts []part
	for {
		end, tail, err := delimiterLine(rest)
		if err != nil || end {
			return parts, err
		}
		if len(parts) == MaxParts {
			return nil, refuse(TooManyParts, "the message has too many parts", "send one part for every document of the package")
		}
		next := bytes.Index(tail, delimiter)
		if next < 0 {
			return nil, badParts("the message ends before its last boundary")
		}
		p, err := parsePart(tail[:next], parts)
		if err != nil {
			return nil, err
		}
		parts, rest = append(parts, p), tail[next+len(delimiter):]
	}
}

// delimiterLine reads what follows a delimiter: "--" and nothing more at the end of the message, or white space and a line end.
func delimiterLine(b []byte) (end bool, tail []byte, err error) {
	if after, ok := bytes.CutPrefix(b, []byte("--")); ok {
		if len(bytes.Trim(after, " \t\r\n")) > 0 {
			return false, nil, badParts("something follows the last boundary")
		}
		return true, nil, nil
	}
	tail, ok := bytes.CutPrefix(bytes.TrimLeft(b, " \t"), []byte("\r\n"))
	if !ok {
		return false, nil, badParts("something follows a boundary on its line")
	}
	return false, tail, nil
}

// parsePart reads the header of a part. Lines end with CR LF and no header comes twice.
func parsePart(b []byte, before []part) (part, error) {
	head, content, ok := cutHeader(b)
	if !ok || len(head) > maxPartHeader {
		return part{}, badParts("a part has no header, or one without end")
	}
	var p part
	seen := map[string]bool{}
	for line := range strings.SplitSeq(unfold(head), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(name), strings.Trim(value, " \t") // a bare carriage return is no blank
		if !ok || strings.Trim(name, fieldName) != "" || name == "" || strings.ContainsFunc(value, notPrintable) || seen[name] {
			return part{}, badParts("the header of a part is malformed or names a field twice")
		}
		seen[name] = true
		if err := p.set(name, value); err != nil {
			return part{}, err
		}
	}
	p.content = content
	for _, o := range before {
		if o.id != "" && o.id == p.id {
			return part{}, refuse(PartTwice, "two parts have the same Content-ID", "give every part its own")
		}
	}
	return p, nil
}

const fieldName = "abcdefghijklmnopqrstuvwxyz0123456789-_"

func notPrintable(r rune) bool { return (r < ' ' || r > '~') && r != '\t' }

func (p *part) set(name, value string) error {
	switch name {
	case "content-id":
		p.id = unbracket(value)
	case "content-type":
		p.media = value
	case "content-transfer-encoding":
		if !strings.EqualFold(value, "binary") && !strings.EqualFold(value, "8bit") && !strings.EqualFold(value, "7bit") {
			return refuse(Parts, "a part is not sent as it is", "send parts with Content-Transfer-Encoding: binary")
		}
	}
	return nil
}

func cutHeader(b []byte) (head string, content []byte, ok bool) {
	end := bytes.Index(b[:min(len(b), maxPartHeader+4)], []byte("\r\n\r\n"))
	if end < 0 {
		return "", nil, false
	}
	return string(b[:end]), b[end+4 : len(b) : len(b)], true
}

var folds = strings.NewReplacer("\r\n ", " ", "\r\n\t", " ")

func unfold(head string) string { return folds.Replace(head) }

func rootOf(parts []part, start string) (int, error) {
	if len(parts) == 0 {
		return 0, badParts("the message has no parts")
	}
	if start == "" {
		return 0, nil
	}
	for i, p := range parts {
		if p.id == start {
			return i, nil
		}
	}
	return 0, badParts("no part has the Content-ID that start= names")
}

// rootEdition holds the root part's own Content-Type against the message's.
func rootEdition(media string, outer Edition) (Edition, error) {
	name, params, err := parseMedia(media)
	if err != nil || name != "application/xop+xml" {
		return 0, refuse(MediaType, "the root part is not application/xop+xml", mediaHint)
	}
	if !utf8Charset(params["charset"]) {
		return 0, refuse(Charset, "the root part names another charset than UTF-8", "send UTF-8")
	}
	if params["type"] == "" {
		return outer, nil
	}
	inner, err := startInfo(params["type"])
	if err != nil {
		return 0, err
	}
	if outer != 0 && inner.Edition != outer {
		return 0, refuse(VersionMix, "start-info and the root part's type name different versions of SOAP", "send one version")
	}
	return inner.Edition, nil
}

// boundaryOK is RFC 2046's bchars, 1 to 70, not ending in a space.
func boundaryOK(b string) bool {
	const marks = "'()+_,-./:=? "
	if b == "" || len(b) > 70 || strings.HasSuffix(b, " ") {
		return false
	}
	for i := range len(b) {
		c := b[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(marks, c) >= 0) {
			return false
		}
	}
	return true
}

func badParts(what string) *Error {
	return refuse(Parts, what, "send a multipart/related message as RFC 2046 and XOP describe it, with CR LF line ends")
}
