package helpdesk

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
	"unicode/utf8"

	"ccpor/store"
)

// mostShown bounds what is laid out of one message, in bytes.
const mostShown = 1 << 20

// messageOf is the XML of a message as it came, without its coding and its attachments. contentType is as the store keeps it: the media type, and where there was one the coding in a second line. It gives as
// much as could be unpacked beside the error.
func messageOf(wire []byte, contentType string) ([]byte, error) {
	media, coding, _ := strings.Cut(contentType, "\n")
	if coding != "" {
		plain, err := gzip.NewReader(bytes.NewReader(wire))
		if err != nil {
			return nil, err
		}
		if wire, err = io.ReadAll(io.LimitReader(plain, mostShown)); err != nil {
			return wire, err
		}
	}
	kind, values, err := mime.ParseMediaType(media)
	if err == nil && strings.HasPrefix(kind, "multipart/") {
		root, err := multipart.NewReader(bytes.NewReader(wire), values["boundary"]).NextRawPart()
		if err != nil {
			return wire, err
		}
		wire, err = io.ReadAll(io.LimitReader(root, mostShown))
		return wire, err
	}
	return wire[:min(len(wire), mostShown)], nil
}

// confidential is in the names of all elements whose content is not shown, in small letters: what CLETS-001 says is given out by no page.
const confidential = "confidential"

// longText is from how many bytes on a text is left out: an image, a certificate, and nothing that a court says.
const longText = 2000

// laidOut is XML with each element in a line of its own, indented; left says what is not shown. What is no XML any more is shown as it is, unless CLETS-001 may be in it.
func laidOut(message []byte) (text string, left []string) {
	l := &layout{decoder: xml.NewDecoder(bytes.NewReader(message))}
	l.decoder.Strict = false
	l.decoder.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("another charset than UTF-8") }
	err := l.all()
	rest := message[min(int(l.read), len(message)):]
	if err != nil && len(rest) > 0 {
		l.rest(rest)
	}
	if l.withheld {
		left = append(left, "What CLETS-001 says is left out.")
	}
	if l.shortened {
		left = append(left, "Images and other long texts are left out.")
	}
	if err != nil {
		left = append(left, "From the end of the text on it cannot be read as XML.")
	}
	return l.out.String(), left
}

type layout struct {
	decoder             *xml.Decoder
	read                int64 // how many bytes are laid out
	out                 strings.Builder
	depth               int
	hidden              int // how deep within what is withheld; 0: not
	open                bool
	withheld, shortened bool
}

func (l *layout) all() error {
	for {
		l.read = l.decoder.InputOffset()
		token, err := l.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		l.token(token)
	}
}

func (l *layout) token(token xml.Token) {
	switch t := token.(type) {
	case xml.StartElement:
		l.start(t)
	case xml.EndElement:
		l.end(t)
	case xml.CharData:
		l.text(string(t))
	case xml.Comment:
		l.line("<!-- " + short(string(t)) + " -->")
	case xml.ProcInst:
		l.line("<?" + t.Target + " " + short(string(t.Inst)) + "?>")
	case xml.Directive:
		l.line("<!" + short(string(t)) + ">")
	}
}

func (l *layout) start(t xml.StartElement) {
	if l.hidden > 0 {
		l.hidden++
		return
	}
	l.line("<" + named(t.Name))
	for _, a := range t.Attr {
		fmt.Fprintf(&l.out, " %s=%q", named(a.Name), short(a.Value))
	}
	l.out.WriteString(">")
	l.open = true
	if strings.Contains(strings.ToLower(t.Name.Local), confidential) {
		l.hidden, l.withheld = 1, true
		l.out.WriteString("[withheld]")
	}
	l.depth++
}

func (l *layout) end(t xml.EndElement) {
	if l.hidden > 1 {
		l.hidden--
		return
	}
	l.hidden = 0
	l.depth = max(0, l.depth-1)
	if !l.open {
		l.line("")
	}
	l.out.WriteString("</" + named(t.Name) + ">")
	l.open = false
}

func (l *layout) text(s string) {
	s = strings.TrimSpace(s)
	if s == "" || l.hidden > 0 {
		return
	}
	if len(s) > longText {
		l.shortened = true
	}
	if !l.open {
		l.line("")
	}
	l.out.WriteString(short(s))
}

// line begins a line, unless it is the first.
func (l *layout) line(s string) {
	if l.hidden > 0 {
		return
	}
	if l.out.Len() > 0 {
		l.out.WriteString("\n")
	}
	l.out.WriteString(strings.Repeat("  ", min(l.depth, 40)) + s)
	l.open = false
}

// rest is what follows when the XML has ended before the message.
func (l *layout) rest(b []byte) {
	l.hidden = 0
	l.line("")
	switch {
	case !utf8.Valid(b), l.withheld, strings.Contains(strings.ToLower(string(b)), confidential):
		l.line(fmt.Sprintf("[%d bytes more, not shown]", len(b)))
		l.withheld = true
	default:
		l.line(printable(string(b)))
	}
}

func named(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// short leaves out what is too long to be said by a court.
func short(s string) string {
	if len(s) > longText {
		return fmt.Sprintf("[%d characters left out]", len(s))
	}
	return printable(s)
}

// line is one value of what was read.
type line struct{ Path, Value string }

// linesOf are all values of what a submission brought, each with its path, as "order.restrained.name.surname".
func linesOf(b store.Brought) ([]line, error) {
	text, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("write what a submission brought: %w", err)
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("write what a submission brought: %w", err)
	}
	return walk(nil, "", v), nil
}

func walk(all []line, path string, v any) []line {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = walk(all, strings.TrimPrefix(path+"."+name, "."), v[name])
		}
	case []any:
		for i, one := range v {
			all = walk(all, fmt.Sprintf("%s %d", path, i+1), one)
		}
	case nil:
	default:
		all = append(all, line{path, fmt.Sprint(v)})
	}
	return all
}
