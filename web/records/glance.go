package records

import (
	"net/url"
	"time"

	"ccpor/mapping/order"
	"ccpor/mapping/plain"
	"ccpor/store"
	"ccpor/web/site"
)

// glanceView is the order at a glance.
type glanceView struct {
	plain.Glance
	// Tone is the look of its first sentence: good, wait or none.
	Tone string
	// Other is the way to the other language, OtherName what that is called in itself.
	Other, OtherName string
	// Aloud is what is read to the restrained person; AloudFirst says that it is needed now.
	Aloud      []string
	AloudFirst bool
	// Confirm is whom to call before an arrest.
	Confirm []store.Contact
	// Telephone is the court's own, as on the form.
	Telephone string
}

// tones are the looks of the states: what can be enforced, what has to be told first, and without a colour what is over.
var tones = map[plain.State]string{plain.Served: "good", plain.Present: "good", plain.Unserved: "wait", plain.Mail: "wait", plain.Ending: "wait", plain.Over: "", plain.Cancelled: "", plain.Error: "", plain.Deceased: ""}

// briefly says in a list how an order stands.
var briefly = map[plain.State]string{plain.Served: "in force, served", plain.Present: "in force, served", plain.Unserved: "in force, not served", plain.Mail: "in force, not served", plain.Ending: "in force, to be cancelled",
	plain.Over: "expired", plain.Cancelled: "cancelled", plain.Error: "entered in error", plain.Deceased: "cancelled"}

// standing is what is known of an order at a moment beside what it says.
func standing(f store.FoundOrder, now time.Time) plain.Standing {
	return plain.Standing{Now: now, Served: f.Served, Cancelled: f.Cancelled}
}

// moment is that of which an order is told, in the courts' zone.
func (p *Pages) moment(r *site.Request, f store.FoundOrder) time.Time {
	if f.AsOf.IsZero() {
		return r.Now.In(p.Zone)
	}
	return f.AsOf.In(p.Zone)
}

// stands says in a few words how an order stands.
func (p *Pages) stands(r *site.Request, f store.FoundOrder) string {
	return briefly[plain.Stand(f.Order, standing(f, p.moment(r, f)))]
}

// glance says the order, as far as it is shown, in the language that was asked for.
func (p *Pages) glance(r *site.Request, f store.FoundOrder, shown order.Order, services []store.ServiceEntry) (*glanceView, error) {
	st := standing(f, p.moment(r, f))
	if n := len(services); n > 0 {
		st.Service = &services[n-1].Service
	}
	l := language(r)
	g := &glanceView{Glance: p.words.Glance(shown, st, l), Telephone: telephone(shown.Court.Telephone)}
	g.Tone, g.AloudFirst = tones[g.State], g.State == plain.Unserved || g.State == plain.Mail
	g.Other, g.OtherName = inLanguage(r, plain.Spanish), "Español"
	if g.Language == plain.Spanish {
		g.Other, g.OtherName = inLanguage(r, plain.English), "English"
	}
	if g.State.InForce() {
		g.Aloud = p.words.Aloud(shown, g.Language)
	}
	contacts, err := p.Reader.ContactsOf(r.Context(), shown.Court.ORI)
	for _, c := range contacts {
		if c.Kind == store.ContactConfirmation || c.Kind == store.ContactOffice {
			g.Confirm = append(g.Confirm, c)
		}
	}
	return g, err
}

// inLanguage is the page's address in a language, and at the moment at which it stands.
func inLanguage(r *site.Request, l plain.Language) string {
	q := url.Values{"lang": {string(l)}}
	if at := r.URL.Query().Get("at"); at != "" {
		q.Set("at", at)
	}
	return "?" + q.Encode()
}

// telephone is ten digits as people read them.
func telephone(digits string) string {
	if len(digits) != 10 {
		return digits
	}
	return "(" + digits[:3] + ") " + digits[3:6] + "-" + digits[6:]
}
