package carpos

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"ccpor/mapping/order"
)

// ErrNotice is wrapped by Notice's error: the message lacks what its effect on an order needs, or is cut. The error's text names fields, never values.
var ErrNotice = errors.New("the notice cannot be used as it is")

// Notice is an unsolicited message about one order in the words of the domain.
type Notice struct {
	FCN order.FCN
	// OCA is the entering agency's number where the message has it; Name the restrained person's as CARPOS writes it, empty in an NCIC reject.
	OCA, Name string
	// Exactly one is set for a service or violation notice, none for an NCIC reject. Neither names the order otherwise than by the FCN.
	Service   *order.Service
	Violation *order.Violation
}

// Whole says that a text of the switch did not end early: its last line has its end (profile section 1, "lines end CR LF").
func Whole(text string) bool { return strings.HasSuffix(text, "\n") }

// Notice reads a service notice, a violation notice or an NCIC reject that ParseReply recognised. Times are those of the clock in zone. It refuses what has not
// every field that the effect needs, once: nothing is filled in.
func (d *Dictionary) Notice(r Reply, zone *time.Location) (Notice, error) {
	n := Notice{FCN: r.FCN, OCA: first(r.Fields, "OCA"), Name: first(r.Fields, "NAM")}
	var err error
	switch {
	case !Whole(r.Text):
		err = errors.New("its text ends in the middle of a line")
	case r.Kind == Served:
		n.Service, err = d.servedBy(r.Fields)
	case r.Kind == Violated:
		n.Violation, err = violatedAt(r.Fields, zone)
	case r.Kind != NCICFault:
		err = errors.New("it is not about one order")
	}
	if err != nil {
		return Notice{}, fmt.Errorf("%w: %w", ErrNotice, err)
	}
	return n, nil
}

func (d *Dictionary) servedBy(fields []Field) (*order.Service, error) {
	if err := onceEach(fields, "NAM", "SVN", "SVD", "SVT", "SVA", "SVM", "SVR"); err != nil {
		return nil, err
	}
	at, err := time.Parse("200601021504", first(fields, "SVD")+first(fields, "SVT"))
	if err != nil {
		return nil, errors.New("SVD and SVT are no time")
	}
	s := &order.Service{Date: order.DateOf(at), Time: order.TimeOfDay(at.Hour()*60 + at.Minute()), Own: first(fields, "SVR") == "OWN", Server: order.Officer{Name: first(fields, "SVN")}}
	if s.Method, err = d.methodOf(first(fields, "SVM")); err != nil {
		return nil, err
	}
	agency := first(fields, "SVA")
	if s.Server.AgencyORI, err = order.ParseORI(agency); err != nil {
		s.Server.Agency = agency
	}
	return s, nil
}

// methodOf is the crosswalk of SRR read backwards.
func (d *Dictionary) methodOf(code string) (order.ServiceMethod, error) {
	for _, link := range d.codes.Crosswalk("service_method.carpos").Links() {
		if link.To == code {
			return order.ServiceMethod(link.From), nil
		}
	}
	return "", errors.New("SVM has no counterpart in the crosswalk service_method.carpos")
}

func violatedAt(fields []Field, zone *time.Location) (*order.Violation, error) {
	if err := onceEach(fields, "NAM", "VDT", "VAG", "VRN"); err != nil {
		return nil, err
	}
	at, err := time.ParseInLocation("200601021504", first(fields, "VDT"), zone)
	if err != nil {
		return nil, errors.New("VDT is no time")
	}
	agency, err := order.ParseORI(first(fields, "VAG"))
	if err != nil {
		return nil, errors.New("VAG is no ORI")
	}
	return &order.Violation{At: at, Place: first(fields, "VLO"), Agency: agency, Report: first(fields, "VRN"), Arrested: first(fields, "ARR") == "Y", Text: first(fields, "MIS")}, nil
}

// onceEach wants each of the fields, and every field of the notice no more than once.
func onceEach(fields []Field, names ...string) error {
	var wrong []string
	for _, name := range names {
		if !has(fields, name) {
			wrong = append(wrong, name+" is missing")
		}
	}
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f.Name] {
			wrong = append(wrong, f.Name+" stands twice")
		}
		seen[f.Name] = true
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, ", "))
	}
	return nil
}

// IsNamed says whether a name as CARPOS writes it is that of the person, by the rules by which names are sent.
func (d *Dictionary) IsNamed(text string, n order.Name) bool {
	ours := d.name(n)
	return ours.reason == "" && ours.text == text
}
