package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"ccpor/mapping/order"
	"ccpor/schemas"
	"ccpor/schemas/canon"
)

// reader reads one document. Its first error stays; after it every read gives nothing and every loop ends.
type reader struct {
	canon.Scanner
	err   error
	notes []order.Note
}

var errUnknown = errors.New("an element that the schemas do not have")

func (r *reader) read(octets []byte) Package {
	r.err, r.notes = r.Reset(octets, profile), nil
	r.next()
	if r.err == nil && !r.Is(schemas.Root.Space, schemas.Root.Local) {
		r.unknown()
	}
	p := r.packageElement()
	if k := r.next(); r.err == nil && k != canon.EOF {
		r.unknown()
	}
	p.Notes = r.notes
	return p
}

func (r *reader) packageElement() (p Package) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "PackageHeader":
			r.header(&p)
		case "ProtectionOrder":
			o := r.order()
			p.Order = &o
		case "CourtOrderModification":
			m := r.modification()
			p.Modification = &m
		case "CourtOrderService":
			s := r.service()
			p.Service = &s
		case "CourtOrderCancellation":
			c := r.cancellation()
			p.Cancellation = &c
		case "CourtOrderSupplement":
			s := r.supplement()
			p.Supplement = &s
		case "ConfidentialInformation":
			c := r.confidential()
			p.Confidential = &c
		case "Document":
			p.Documents = append(p.Documents, r.document())
		default:
			r.unknown()
		}
	}
	return p
}

func (r *reader) header(p *Package) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "PackageIdentification":
			p.ID = value(r, order.ParseLocalID)
		case "PackageActionCode":
			p.Action = Action(r.token())
		case "PackageSentDateTime":
			p.Sent = value(r, parseMoment)
		case "SubmitterOrganizationORIIdentification":
			p.Submitter = value(r, order.ParseORI)
		case "SoftwareName":
			p.Software = r.token()
		case "SoftwareVersionText":
			p.SoftwareVersion = r.token()
		case "TestIndicator":
			p.Test = r.yes()
		default:
			r.unknown()
		}
	}
}

func parseMoment(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err
}

// --- events ---

func (r *reader) next() canon.Kind {
	if r.err != nil {
		return canon.None
	}
	k, err := r.Next()
	r.err = err
	return k
}

// child goes on to the next child element of the element open at a depth; it is false at that element's end and after an error.
func (r *reader) child(depth int) bool {
	for {
		switch k := r.next(); {
		case r.err != nil || k == canon.EOF:
			return false
		case k == canon.Start:
			return true
		case k == canon.End && r.Depth() == depth:
			return false
		case k == canon.Text && !r.Blank():
			r.fail(errors.New("text between elements"))
			return false
		}
	}
}

// fail keeps the first error, with its place and without any content.
func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %w", r.Path(), err)
	}
}

func (r *reader) unknown() { r.fail(errUnknown) }

func (r *reader) note(code, text string) {
	r.notes = append(r.notes, order.Note{Code: code, Text: text, Path: r.Path()})
}

// bytes is the text of the element just opened, and goes on to its end. They are valid until the next event.
func (r *reader) bytes() []byte {
	k := r.next()
	if k != canon.Text {
		if k != canon.End {
			r.unknown()
		}
		return nil
	}
	return r.Text()
}

// end goes on to the end of an element whose text was read.
func (r *reader) end() {
	if r.Kind() == canon.Text {
		if k := r.next(); k != canon.End {
			r.unknown()
		}
	}
}

// text is the element's text as it stands.
func (r *reader) text() string {
	s := string(r.bytes())
	r.end()
	return s
}

// token is the element's text with white space collapsed (xs:token).
func (r *reader) token() string {
	s := collapse(r.bytes())
	r.end()
	return s
}

// collapse trims b and makes every run of white space within one space. Most texts need neither.
func collapse(b []byte) string {
	space := true
	for i, c := range b {
		white := c == ' ' || c == '\t' || c == '\n' || c == '\r'
		if white && (space || c != ' ') || white && i == len(b)-1 {
			return squeeze(b)
		}
		space = white
	}
	return word(b)
}

func squeeze(b []byte) string {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			out = append(out, c)
		} else if n := len(out); n > 0 && out[n-1] != ' ' {
			out = append(out, ' ')
		}
	}
	if n := len(out); n > 0 && out[n-1] == ' ' {
		out = out[:n-1]
	}
	return string(out)
}

// word is a string of b, without an allocation for the words that every package has.
func word(b []byte) string {
	if len(b) > 16 {
		return string(b)
	}
	if s, ok := common[string(b)]; ok {
		return s
	}
	return string(b)
}

var common = commonWords("true", "false", "0", "1", "add", "modify", "cancel", "serve", "attach", "emergency", "temporary", "afterHearing", "preTrial", "postConviction",
	"normal", "heard", "next", "review", "present", "notServed", "served", "mail", "personal", "verbal", "court", "person", "residence", "work",
	"school", "childCare", "vehicle", "other", "order", "proofOfService", "attachment", "application/pdf", "image/tiff", "M", "F", "X", "U",
	"BRO", "BLK", "BLU", "BLN", "GRN", "HAZ", "white", "black", "hispanic", "unknown", "CA", "CR-160", "DV-110", "DV-130", "EPO-001")

func commonWords(list ...string) map[string]string {
	m := make(map[string]string, len(list))
	for _, s := range list {
		m[s] = s
	}
	return m
}

// value is the element's token as parse takes it.
func value[T any](r *reader, parse func(string) (T, error)) (v T) {
	s := r.token()
	if r.err != nil {
		return v
	}
	v, err := parse(s)
	if err != nil {
		r.fail(err)
	}
	return v
}

// pointer is value, for what may be unsaid.
func pointer[T any](r *reader, parse func(string) (T, error)) *T {
	v := value(r, parse)
	return &v
}

func (r *reader) date() order.Date { return value(r, order.ParseDate) }

func (r *reader) dateAt() *order.Date { return pointer(r, order.ParseDate) }

func (r *reader) timeAt() *order.TimeOfDay { return pointer(r, order.ParseTimeOfDay) }

func (r *reader) number() int { return value(r, parseNumber) }

func parseNumber(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, errors.New("no whole number") // Atoi's own words quote the value
	}
	return n, nil
}

func (r *reader) yes() bool { return value(r, parseBoolean) }

func (r *reader) yesAt() *bool { return pointer(r, parseBoolean) }

// parseBoolean takes the four spellings of xs:boolean.
func parseBoolean(s string) (bool, error) {
	switch s {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, errors.New("neither true nor false")
}
