package carpos

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"ccpor/mapping/order"
)

// ErrUnrecognised is wrapped by ParseReply's error: the text is none of the answers of profile section 3.
var ErrUnrecognised = errors.New("the reply is none that is known")

// ReplyKind says what a reply is.
type ReplyKind string

// The kinds of replies and of unsolicited messages (profile section 3).
const (
	Accepted  ReplyKind = "accepted" // entered, or done
	OnFile    ReplyKind = "onFile"   // an ERR that was on file already
	Rejected  ReplyKind = "rejected"
	Hits      ReplyKind = "hits"
	NoRecord  ReplyKind = "noRecord"
	Served    ReplyKind = "serviceNotice"   // another agency served it
	Violated  ReplyKind = "violationNotice" // another agency reports a violation
	NCICFault ReplyKind = "ncicReject"
	Admin     ReplyKind = "administrative"
	// Unrecognised is everything else. It goes to a person, and is never taken for an acceptance.
	Unrecognised ReplyKind = "unrecognised"
)

// Reply is a text from the switch as it was understood.
type Reply struct {
	Kind ReplyKind
	// Mnemonic and ORI are of the reply's head, Echo is the request's first line as the switch repeats it, cut at 100 characters.
	Mnemonic string
	ORI      order.ORI
	Echo     string
	// Key is the transaction that was accepted.
	Key Key
	FCN order.FCN
	NIC string
	// Faults are all that a rejection names.
	Faults []Fault
	// Matched is what the search matched on, as "OCA/06NF0885".
	Matched string
	Hits    []Hit
	// NotShown is how many more hits there were than fit.
	NotShown int
	// Fields are those of a notice.
	Fields []Field
	// Message is the free text of a notice.
	Message string
	// Text is the whole, as it came.
	Text string
}

const maxReply = 1 << 20

var headLine = regexp.MustCompile(`^([0-9A-Z]{4})\.([A-Z]{2}[0-9A-Z]{7})$`)

// ParseReply reads the text of an RSP or of an UNS, from the second line of its body on. It never fails to return a Reply: what it
// does not recognise comes back as kind Unrecognised with the whole text, beside an error that names everything that is wrong with it, without values.
func (d *Dictionary) ParseReply(text []byte) (Reply, error) {
	r := Reply{Kind: Unrecognised, Text: string(text)}
	if len(text) > maxReply {
		return r, fmt.Errorf("%w: it is too long", ErrUnrecognised)
	}
	lines := splitLines(string(text))
	answer := lines
	if head, after, ok := splitHead(lines); ok {
		r.Mnemonic, r.ORI, r.Echo = head.mnemonic, head.ori, head.echo
		answer = after
	}
	read, err := d.answer(r, dropBlank(answer))
	if err != nil {
		r.Kind = Unrecognised
		return r, fmt.Errorf("%w: %w", ErrUnrecognised, err)
	}
	return read, nil
}

// splitLines takes lines ended by CR LF or LF, without the blanks around them: the published hit is printed indented.
func splitLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return lines
}

func dropBlank(lines []string) []string {
	var out []string
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}

type head struct {
	mnemonic string
	ori      order.ORI
	echo     string
}

const maxTerminalLines = 12

// splitHead finds "8AYX.CA111111J" followed by "RE: ...", behind at most a few lines that a terminal prints first.
func splitHead(lines []string) (head, []string, bool) {
	for i := 0; i+1 < len(lines) && i < maxTerminalLines; i++ {
		m := headLine.FindStringSubmatch(lines[i])
		echo, isEcho := strings.CutPrefix(lines[i+1], "RE: ")
		if m != nil && isEcho {
			return head{m[1], order.ORI(m[2]), echo}, lines[i+2:], true
		}
	}
	return head{}, nil, false
}

// answer reads what stands below the head. The head decides which answers are possible: replies have one, unsolicited messages do not.
func (d *Dictionary) answer(r Reply, lines []string) (Reply, error) {
	if len(lines) == 0 {
		return r, errors.New("it says nothing")
	}
	if r.Echo == "" {
		return d.notice(r, lines)
	}
	switch key, accepted := d.accepted[lines[0]]; {
	case accepted:
		r.Kind, r.Key = Accepted, key
		return r.numbers(lines[1:])
	case lines[0] == "ON FILE":
		r.Kind, r.Key = OnFile, Enter
		return r.numbers(lines[1:])
	case strings.HasPrefix(lines[0], "REJECT "):
		r.Kind = Rejected
		return r.rejects(lines)
	case lines[0] == "NO RECORD FOUND" && len(lines) == 1:
		r.Kind = NoRecord
		return r, nil
	case lines[0] == "MATCH MADE ON":
		return d.hits(r, lines[1:])
	}
	return r, errors.New("its first line is no known answer")
}

// numbers reads FCN and NIC. Nothing else may stand there: an acceptance with a reservation is none.
func (r Reply) numbers(lines []string) (Reply, error) {
	var faults []error
	for i, l := range lines {
		label, value, _ := strings.Cut(l, "/")
		switch {
		case i == 0 && label == "FCN":
			fcn, err := order.ParseFCN(value)
			if err != nil {
				faults = append(faults, fmt.Errorf("read the FCN: %w", err))
			}
			r.FCN = fcn
		case i == 1 && label == "NIC" && isNumber(value):
			r.NIC = value
		default:
			faults = append(faults, fmt.Errorf("line %d of the answer is neither FCN nor NIC, which is all that may stand there", i+2))
		}
	}
	if r.FCN == "" && len(faults) == 0 {
		faults = append(faults, errors.New("it has no FCN"))
	}
	return r, errors.Join(faults...)
}

const maxNumber = 20

func isNumber(s string) bool { return s != "" && len(s) <= maxNumber && only(s, upperLetters+digits) }

var rejectLine = regexp.MustCompile(`^REJECT ([0-9]{2}) (.*?)(?: FLD/([0-9A-Z]{3}))?$`)

func (r Reply) rejects(lines []string) (Reply, error) {
	var faults []error
	for i, l := range lines {
		m := rejectLine.FindStringSubmatch(l)
		if m == nil {
			faults = append(faults, fmt.Errorf("line %d of the answer is no REJECT", i+1))
			continue
		}
		r.Faults = append(r.Faults, Fault{Number: m[1], Text: m[2], Field: m[3]})
	}
	return r, errors.Join(faults...)
}

// notice reads an unsolicited message.
func (d *Dictionary) notice(r Reply, lines []string) (Reply, error) {
	var err error
	switch lines[0] {
	case "SERVICE NOTICE":
		r.Kind = Served
		r.Fields, err = d.noticeFields(Serve, lines[1:])
	case "VIOLATION NOTICE":
		r.Kind = Violated
		r.Fields, err = d.noticeFields(Violation, lines[1:])
	case "NCIC REJECT":
		r.Kind = NCICFault
		return r.ncic(lines[1:])
	case "ADMINISTRATIVE MESSAGE":
		r.Kind, r.Message = Admin, strings.Join(lines[1:], "\n")
	default:
		return r, errors.New("its first line is no known notice")
	}
	r.FCN = order.FCN(first(r.Fields, "FCN"))
	return r, err
}

// noticeFields reads the fields of a transaction as a notice repeats them: known ones with values of their kind, FCN among them.
func (d *Dictionary) noticeFields(k Key, lines []string) ([]Field, error) {
	fields, faults := splitFields(lines)
	c := newChecker(d.messages[k])
	for _, f := range fields {
		c.field(f)
	}
	if !has(fields, "FCN") {
		c.fault(faultMissing, "FCN", "is needed in a notice")
	}
	if faults = append(faults, c.faults...); len(faults) > 0 {
		return nil, faults
	}
	return fields, nil
}

func (r Reply) ncic(lines []string) (Reply, error) {
	if len(lines) == 0 {
		return r, errors.New("the notice has no FCN")
	}
	value, ok := strings.CutPrefix(lines[0], "FCN/")
	fcn, err := order.ParseFCN(value)
	if !ok || err != nil {
		return r, errors.New("the notice has no FCN")
	}
	r.FCN, r.Message = fcn, strings.Join(lines[1:], "\n")
	return r, nil
}

// Again says that the rejection is worth another try: every fault is of the class "again" in the table of rejects.
func (d *Dictionary) Again(r Reply) bool {
	for _, f := range r.Faults {
		code, err := d.codes.Table("reject").Find(f.Number)
		if err != nil || !code.Is("again") {
			return false
		}
	}
	return len(r.Faults) > 0
}
