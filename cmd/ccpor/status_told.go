package main

import (
	"fmt"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// printTold tells what the switch said of an order without being asked, what law enforcement recorded and what people of the hub reported of it. Names of people it does not.
func (t *terminal) printTold(o store.OrderSummary) {
	w, violations := t.out, 0
	for _, p := range o.Reported {
		switch {
		case p.Service != nil:
			fmt.Fprintf(w, "            served on %s at %s (%s) by %s, as CARPOS reports: message %d\n", p.Service.Date, p.Service.Time, p.Service.Method, agencyServed(p.Service.Server), p.Message)
		case p.Violation != nil:
			violations++
			fmt.Fprintf(w, "            violation %d: %s, report %s of %s, as CARPOS reports: message %d\n", violations, t.moment(p.Violation.At), p.Violation.Report, p.Violation.Agency, p.Message)
		default:
			fmt.Fprintf(w, "            in CARPOS, not in NCIC: message %d of %s, a person has to handle it\n", p.Message, t.moment(p.At))
		}
	}
	if o.UnsentProofs > 0 {
		fmt.Fprintf(w, "            %d of the court's own proofs of service not yet in CARPOS: a person compares them with the reported service\n", o.UnsentProofs)
	}
	for _, s := range o.Recorded {
		fmt.Fprintf(w, "            served on %s at %s (%s) by %s, as law enforcement recorded here\n", s.Service.Date, s.Service.Time, s.Service.Method, s.Agency)
		if s.Transmission != nil {
			t.printTransmission(*s.Transmission)
		}
	}
	for _, v := range o.Violations {
		fmt.Fprintf(w, "            violation reported from here, report %s of %s\n", v.Report, v.Agency)
		t.printTransmission(v.Transmission)
	}
}

func agencyServed(o order.Officer) string {
	if o.AgencyORI != "" {
		return string(o.AgencyORI)
	}
	return o.Agency
}

// toldOut is the JSON of the same.
type toldOut struct {
	Reported     []reportedOut  `json:"reported,omitempty"`
	UnsentProofs int            `json:"unsentProofs,omitempty"`
	Recorded     []recordedOut  `json:"recorded,omitempty"`
	Violations   []violationOut `json:"violations,omitempty"`
}

type recordedOut struct {
	Number store.RecordedID `json:"number"`
	Agency order.ORI        `json:"agency"`
	Person string           `json:"person"`
	At     time.Time        `json:"at"`
	Method string           `json:"method"`
	Served string           `json:"served"`
	// Transmission is missing where nothing is owed to CARPOS.
	Transmission *transmissionOut `json:"transmission,omitempty"`
}

type reportedOut struct {
	Message store.InboundID `json:"message"`
	Kind    string          `json:"kind"`
	At      time.Time       `json:"at"`
	Agency  string          `json:"agency,omitempty"`
	Method  string          `json:"method,omitempty"`
	Served  string          `json:"served,omitempty"`
	Broken  *time.Time      `json:"violatedAt,omitempty"`
	Report  string          `json:"report,omitempty"`
}

type violationOut struct {
	Agency       order.ORI       `json:"agency"`
	Report       string          `json:"report"`
	Person       string          `json:"person"`
	Transmission transmissionOut `json:"transmission"`
}

// toldJSON is nil where nothing was told.
func toldJSON(o store.OrderSummary) *toldOut {
	out := &toldOut{UnsentProofs: o.UnsentProofs}
	for _, p := range o.Reported {
		r := reportedOut{Message: p.Message, Kind: string(p.Kind), At: p.At}
		if s := p.Service; s != nil {
			r.Agency, r.Method, r.Served = agencyServed(s.Server), string(s.Method), s.Date.String()+"T"+s.Time.String()
		}
		if v := p.Violation; v != nil {
			r.Agency, r.Report, r.Broken = string(v.Agency), v.Report, &v.At
		}
		out.Reported = append(out.Reported, r)
	}
	for _, s := range o.Recorded {
		r := recordedOut{Number: s.Number, Agency: s.Agency, Person: s.Person, At: s.At, Method: string(s.Service.Method), Served: s.Service.Date.String() + "T" + s.Service.Time.String()}
		if s.Transmission != nil {
			owed := transmissionJSON(*s.Transmission)
			r.Transmission = &owed
		}
		out.Recorded = append(out.Recorded, r)
	}
	for _, v := range o.Violations {
		out.Violations = append(out.Violations, violationOut{v.Agency, v.Report, v.Person, transmissionJSON(v.Transmission)})
	}
	if len(out.Reported)+len(out.Recorded)+len(out.Violations) == 0 {
		return nil
	}
	return out
}
