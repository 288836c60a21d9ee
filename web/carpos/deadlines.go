package carpos

import (
	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// mostDeadlines is how many one page shows.
const mostDeadlines = 500

// deadlinesView is what the page of deadlines shows.
type deadlinesView struct {
	Rows   []deadlineRow
	Alarms []store.Alarm
	Agency order.ORI
	Late   int
	More   bool
	// Own says that the visitor sees one agency's only.
	Own bool
}

type deadlineRow struct {
	store.OwedBy
	Class string
}

// deadlines shows what is late or at risk, oldest deadline first, of one agency or all. Alarms are shown to who sees all agencies.
func (p *Pages) deadlines(r *site.Request) (site.Answer, error) {
	v := deadlinesView{Own: r.Scope == access.Own}
	if s := r.URL.Query().Get("agency"); s != "" {
		var err error
		if v.Agency, err = order.ParseORI(s); err != nil {
			return site.Answer{}, site.Bad("That is no ORI", "An agency's ORI has nine characters, as CA030013J.")
		}
	}
	if v.Own {
		v.Agency = r.Visitor.Asker.Agency
	}
	owed, err := p.Reader.Deadlines(r.Context(), store.DeadlineQuery{Now: r.Now, Warn: p.Warn, Agency: v.Agency, Limit: mostDeadlines})
	if err == nil && !v.Own {
		v.Alarms, err = p.Reader.Alarms(r.Context(), false)
	}
	if err != nil {
		return site.Answer{}, err
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
	return site.Answer{Page: "deadlines", Title: "Deadlines", Data: v, Object: "deadlines"}, nil
}
