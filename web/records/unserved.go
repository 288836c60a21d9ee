package records

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/mapping/plain"
	"ccpor/store"
	"ccpor/web/site"
)

// unservedView is a list of orders that nobody has served.
type unservedView struct {
	County, Court, Agency string
	// Own says that it is the visitor's own court's, and nothing can be chosen.
	Own      bool
	Counties []site.Choice
	Problems problems
	Rows     []unservedRow
	Turn     site.Turn
	// Export is where the list is given out as a file; empty where there is none.
	Export string
}

// unservedRow is an order with how long it has waited and how long it will.
type unservedRow struct {
	foundRow
	// Days have gone since it was made, Left are left until it ends; NoEnd: it does not end by itself.
	Days, Left int
	NoEnd      bool
	// Hearing is the next one that it names.
	Hearing *order.Hearing
}

var countyPrefix = regexp.MustCompile(`^[A-Z]{2}[0-9A-Z]{3}$`)

// unserved shows the orders in force that nobody has served: of the visitor's county where nothing else is asked for.
func (p *Pages) unserved(r *site.Request) (site.Answer, error) {
	v, q := p.asksUnserved(r)
	a := site.Answer{Page: "unserved", Title: "To be served", Data: v, Object: "unserved", Details: v.asks().Encode()}
	if len(v.Problems) > 0 {
		a.Status = again
		return a, nil
	}
	found, more, err := p.findUnserved(r, q, perPage)
	if err != nil {
		return a, err
	}
	for _, f := range found {
		v.Rows = append(v.Rows, p.unservedRow(r, f))
	}
	if more {
		next := v.asks()
		next.Set("after", found[len(found)-1].Place().String())
		v.Turn.Older = "/unserved?" + next.Encode()
	}
	if r.URL.Query().Get("after") != "" {
		v.Turn.Newer = "/unserved?" + v.asks().Encode()
	}
	if len(v.Rows) > 0 {
		v.Export = "/unserved/export?" + v.asks().Encode()
	}
	a.Outcome = number(len(found), "order shown", "orders shown")
	return a, nil
}

// asksUnserved reads what the list is to be of, and notes what is wrong with it.
func (p *Pages) asksUnserved(r *site.Request) (*unservedView, store.UnservedQuery) {
	asked := func(field string) string { return strings.ToUpper(strings.TrimSpace(r.URL.Query().Get(field))) }
	v := &unservedView{County: asked("county"), Court: asked("court"), Agency: asked("agency"), Own: r.Scope == access.Own, Problems: problems{}}
	switch {
	case v.Own:
		v.County, v.Court, v.Agency = "", string(r.Visitor.Asker.Agency), ""
	case v.County+v.Court+v.Agency == "":
		v.County = string(r.Visitor.Asker.Agency)[:min(5, len(r.Visitor.Asker.Agency))]
	}
	if v.County != "" && !countyPrefix.MatchString(v.County) {
		v.Problems["county"] = "Choose a county."
	}
	q := store.UnservedQuery{County: v.County, Court: parsed(v.Problems, "court", v.Court, order.ParseORI), Agency: parsed(v.Problems, "agency", v.Agency, order.ParseORI), Test: r.Visitor.Test, Today: r.Today()}
	q.After = parsed(v.Problems, "after", r.URL.Query().Get("after"), store.ParseOrderPlace)
	v.Counties = p.counties(v.County)
	return v, q
}

// counties are all of California, and another one where the visitor's agency is none of them.
func (p *Pages) counties(asked string) []site.Choice {
	all, known := []site.Choice{{Name: "any"}}, asked == ""
	for _, c := range p.places.Counties() {
		all = append(all, site.Choice{Value: "CA" + c.Number, Name: c.Name})
		known = known || asked == "CA"+c.Number
	}
	if !known && countyPrefix.MatchString(asked) {
		all = append(all, site.Choice{Value: asked, Name: "ORIs that begin with " + asked})
	}
	return all
}

// asks are the fields of the address that say what the list is of.
func (v *unservedView) asks() url.Values {
	asks := url.Values{}
	for field, value := range map[string]string{"county": v.County, "court": v.Court, "agency": v.Agency} {
		if value != "" && !v.Own {
			asks.Set(field, value)
		}
	}
	return asks
}

// findUnserved reads the first orders that the visitor may see, and whether there are more of them. What needs no service after all takes no place.
func (p *Pages) findUnserved(r *site.Request, q store.UnservedQuery, most int) (shown []store.FoundOrder, more bool, err error) {
	q.Limit = readAtOnce
	for range max(readAtMost, 2*most) / readAtOnce {
		found, err := p.Reader.Unserved(r.Context(), q)
		if err != nil {
			return nil, false, err
		}
		for _, f := range found {
			switch {
			case sees(r, f) == access.Nothing || f.Served || !plain.Stand(f.Order, standing(f, p.moment(r, f))).InForce():
			case len(shown) == most:
				return shown, true, nil
			default:
				shown = append(shown, f)
			}
		}
		if len(found) < readAtOnce {
			break
		}
		q.After = found[len(found)-1].Place()
	}
	return shown, false, nil
}

func (p *Pages) unservedRow(r *site.Request, f store.FoundOrder) unservedRow {
	row := unservedRow{foundRow: p.rowOf(r, f), Days: days(f.Order.Issued, r.Today()), NoEnd: f.Order.Expiry.Date == nil}
	if !row.NoEnd {
		row.Left = days(r.Today(), *f.Order.Expiry.Date)
	}
	for i, h := range f.Order.Hearings {
		if h.Purpose != order.HearingHeard && !h.Date.Before(r.Today()) && (row.Hearing == nil || h.Date.Before(row.Hearing.Date)) {
			row.Hearing = &f.Order.Hearings[i]
		}
	}
	return row
}

// days are how many lie between two.
func days(from, to order.Date) int {
	day := func(d order.Date) int64 { return d.At(0, time.UTC).Unix() / 86400 }
	return int(day(to) - day(from))
}

// exportUnserved gives out the list as a file for a spreadsheet.
func (p *Pages) exportUnserved(r *site.Request) (site.Answer, error) {
	v, q := p.asksUnserved(r)
	if len(v.Problems) > 0 {
		return site.Answer{}, site.Bad("There is no such list", "Open the list of what is to be served, and see there what is wrong with it.")
	}
	found, more, err := p.findUnserved(r, q, readAtMost)
	if err != nil {
		return site.Answer{}, err
	}
	lines := [][]string{{"court", "identification", "case", "form", "made", "days since", "ends", "days left", "hearing", "access", "restrained person"}}
	for _, f := range found {
		lines = append(lines, p.unservedRow(r, f).cells())
	}
	if more {
		lines = append(lines, []string{"", "", "", "", "", "", "", "", "", "", "There are older ones: ask for one court."})
	}
	content, err := sheetOf(lines)
	return site.Answer{File: &site.File{Name: "to-be-served-" + r.Today().String() + ".csv", Media: "text/csv; charset=utf-8", Content: content}, Object: "unserved",
		Outcome: number(len(found), "order", "orders"), Details: v.asks().Encode()}, err
}

func (row unservedRow) cells() []string {
	o, ends, left, hearing, case_, person := row.Order, "", "", "", "", ""
	if !row.NoEnd {
		ends, left = o.Expiry.Date.String(), fmt.Sprint(row.Left)
	}
	if row.Hearing != nil {
		hearing = row.Hearing.Date.String()
	}
	if row.Whole {
		case_, person = string(o.Case), o.Restrained.Name.Full()
	}
	return []string{string(o.Court.ORI), string(o.ID), case_, o.Form.Number, o.Issued.String(), fmt.Sprint(row.Days), ends, left, hearing, accessWord(o.Access), person}
}

// sheetOf writes lines as CSV (RFC 4180) that no spreadsheet takes for formulas.
func sheetOf(lines [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, l := range lines {
		for i := range l {
			l[i] = harmless(l[i])
		}
	}
	err := w.WriteAll(lines)
	return b.Bytes(), errors.Join(err, w.Error())
}
