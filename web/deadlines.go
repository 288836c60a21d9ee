package web

import (
	"net/http"

	"ccpor/mapping/order"
	"ccpor/store"
)

// WarnAt sets at which shares of the time until a deadline something is at risk.
func (p *Pages) WarnAt(shares []float64) { p.warn = shares }

// mostDeadlines is how many one page shows.
const mostDeadlines = 500

// deadlinesView is what the page of deadlines shows.
type deadlinesView struct {
	Rows   []deadlineRow
	Alarms []store.Alarm
	Agency order.ORI
	Late   int
	More   bool
}

type deadlineRow struct {
	store.OwedBy
	Class string
}

// deadlines shows what is late or at risk, oldest deadline first, of one agency or all.
func (p *Pages) deadlines(w http.ResponseWriter, r *http.Request) {
	v := deadlinesView{}
	if s := r.URL.Query().Get("agency"); s != "" {
		var err error
		if v.Agency, err = order.ParseORI(s); err != nil {
			p.refuse(w, http.StatusBadRequest, "That is no ORI", "An agency's ORI has nine characters, as CA030013J.")
			return
		}
	}
	owed, err := p.reader.Deadlines(r.Context(), store.DeadlineQuery{Now: p.now(), Warn: p.warn, Agency: v.Agency, Limit: mostDeadlines})
	if err == nil {
		v.Alarms, err = p.reader.Alarms(r.Context(), false)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if !p.audited(w, r, "deadlines") {
		return
	}
	for _, d := range owed {
		row := deadlineRow{d, "wait"}
		if d.Outlook.Standing == store.StandingLate {
			row.Class = "bad"
			v.Late++
		}
		v.Rows = append(v.Rows, row)
	}
	v.More = len(owed) == mostDeadlines
	p.render(w, http.StatusOK, "deadlines", v)
}
