package admin

import (
	"errors"
	"slices"
	"strconv"

	"ccpor/store"
	"ccpor/web/site"
)

// grantRow is a grant as a box to tick.
type grantRow struct {
	Grant store.Grant
	Name  string
	Has   bool
}

type rightsView struct {
	store.Agency
	Grants             []grantRow
	Rate, Burst, Daily string
	Wrong              wrong
}

func rightsOf(a store.Agency) rightsView {
	v := rightsView{Agency: a, Wrong: wrong{}, Rate: number(a.Limits.PerSecond), Burst: number(float64(a.Limits.Burst)), Daily: number(float64(a.Limits.Daily))}
	for _, g := range store.Grants() {
		v.Grants = append(v.Grants, grantRow{g, grantNames[g], a.Granted(g)})
	}
	return v
}

// number writes a limit; nothing where it is the hub's own.
func number(n float64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

func rightsAnswer(v rightsView, status int) site.Answer {
	return site.Answer{Page: "rights", Title: "Rights and limits of " + v.Name, Above: over(v.Agency), Data: v, Status: status, Object: "agency " + string(v.ORI)}
}

func (p *Pages) rights(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	return rightsAnswer(rightsOf(a), 0), err
}

// setRights grants and withholds, or sets limits.
func (p *Pages) setRights(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	v := rightsOf(a)
	switch typed(r, "do") {
	case "grant":
		err = p.grant(r, a)
	case "limit":
		err = p.limit(r, &v)
	default:
		return site.Answer{}, notAnAct()
	}
	if errors.Is(err, store.ErrCentral) {
		err = &store.InputError{Part: "grant", Why: "The exchange's own agencies send no orders."}
	}
	var known bool
	if v.Wrong, known = wrongWith(err); known {
		return rightsAnswer(v, again), nil
	}
	return site.Answer{To: "/agencies/" + string(a.ORI) + "/rights", Object: "agency " + string(a.ORI)}, err
}

// grant sets what differs from what the agency has.
func (p *Pages) grant(r *site.Request, a store.Agency) error {
	ticked := r.PostForm["grant"]
	for _, granted := range []bool{true, false} {
		var differ []store.Grant
		for _, g := range store.Grants() {
			if wanted := slices.Contains(ticked, string(g)); wanted == granted && a.Granted(g) != granted {
				differ = append(differ, g)
			}
		}
		if len(differ) == 0 {
			continue
		}
		if _, err := p.Store.SetGrants(r.Context(), a.ORI, by(r), r.Now, granted, differ...); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pages) limit(r *site.Request, v *rightsView) error {
	v.Rate, v.Burst, v.Daily = typed(r, "rate"), typed(r, "burst"), typed(r, "daily")
	var l store.AgencyLimits
	var errs []error
	for _, f := range []struct {
		part, text string
		most       float64
		set        func(float64)
	}{{"rate", v.Rate, 10_000, func(n float64) { l.PerSecond = n }}, {"burst", v.Burst, 1_000_000, func(n float64) { l.Burst = int(n) }}, {"daily", v.Daily, 10_000_000, func(n float64) { l.Daily = int(n) }}} {
		n, ok := limitOf(f.text, f.most, f.part == "rate")
		if !ok {
			errs = append(errs, &store.InputError{Part: f.part, Why: "A limit is a number above 0 and at most " + number(f.most) + "; empty: as the hub has it for everybody."})
		}
		f.set(n)
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	_, err := p.Store.SetLimits(r.Context(), v.ORI, l, by(r), r.Now)
	return err
}

// limitOf reads a limit; nothing is 0.
func limitOf(s string, most float64, fraction bool) (float64, bool) {
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n > 0) || n > most || !fraction && n != float64(int(n)) {
		return 0, false
	}
	return n, true
}
