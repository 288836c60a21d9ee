package admin

import (
	"errors"
	"strconv"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

type contactsView struct {
	store.Agency
	Rows  []store.Contact
	Form  store.Contact
	Wrong wrong
	Kinds []site.Choice
	Steps steps
}

// contactsPage shows the contacts with a form for another one.
func (p *Pages) contactsPage(r *site.Request, a store.Agency, form store.Contact, w wrong, status int) (site.Answer, error) {
	rows, err := p.Store.ContactsOf(r.Context(), a.ORI)
	if err != nil {
		return site.Answer{}, err
	}
	v := contactsView{Agency: a, Rows: rows, Form: form, Wrong: w, Kinds: choices(store.ContactKinds(), contactWords)}
	if v.Steps, err = p.stepsFor(r, a); err != nil {
		return site.Answer{}, err
	}
	return site.Answer{Page: "contacts", Title: "Contacts of " + a.Name, Above: over(a), Data: v, Status: status, Object: "agency " + string(a.ORI)}, nil
}

// stepsFor are the steps for who brings the agency aboard, and none for others.
func (p *Pages) stepsFor(r *site.Request, a store.Agency) (steps, error) {
	if !r.MayAbout(access.ManageAgencies, a.ORI) {
		return nil, nil
	}
	return p.steps(r, a)
}

func (p *Pages) contacts(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	return p.contactsPage(r, a, store.Contact{}, nil, 0)
}

func (p *Pages) actOnContacts(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	switch typed(r, "do") {
	case "add":
		return p.addContact(r, a)
	case "remove":
		return p.removeContact(r, a)
	}
	return site.Answer{}, notAnAct()
}

func (p *Pages) addContact(r *site.Request, a store.Agency) (site.Answer, error) {
	c := store.Contact{Agency: a.ORI, Kind: store.ContactKind(typed(r, "kind")), Name: typed(r, "name"), Telephone: typed(r, "telephone"), Email: typed(r, "email"), Hours: typed(r, "hours")}
	_, err := p.Store.AddContact(r.Context(), c, by(r), r.Now)
	if w, known := wrongWith(err); known {
		return p.contactsPage(r, a, c, w, again)
	} else if err != nil {
		return site.Answer{}, err
	}
	to, err := p.onward(r, a, "/contacts")
	return site.Answer{To: to, Object: "agency " + string(a.ORI)}, err
}

func (p *Pages) removeContact(r *site.Request, a store.Agency) (site.Answer, error) {
	id, err := strconv.ParseInt(typed(r, "contact"), 10, 64)
	if err != nil {
		return site.Answer{}, notAnAct()
	}
	err = p.Store.RemoveContact(r.Context(), a.ORI, store.ContactID(id), by(r), r.Now)
	if errors.Is(err, store.ErrNotFound) {
		return site.Answer{}, moved("the contacts of this agency")
	}
	return site.Answer{To: "/agencies/" + string(a.ORI) + "/contacts", Object: "agency " + string(a.ORI)}, err
}

type closuresView struct {
	store.Agency
	Court             bool
	Rows              []store.Closure
	First, Last, Name string // of the form; Name hides the agency's, which the title says
	Wrong             wrong
}

func (p *Pages) closuresPage(r *site.Request, a store.Agency, v closuresView, status int) (site.Answer, error) {
	var err error
	v.Agency, v.Court = a, isCourt(a)
	v.Rows, err = p.Store.ClosuresOf(r.Context(), a.ORI, r.Today())
	return site.Answer{Page: "closures", Title: "Closures of " + a.Name, Above: over(a), Data: v, Status: status, Object: "agency " + string(a.ORI)}, err
}

func (p *Pages) closures(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	return p.closuresPage(r, a, closuresView{}, 0)
}

func (p *Pages) actOnClosures(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	switch typed(r, "do") {
	case "close":
		return p.closeCourt(r, a)
	case "open":
		return p.openCourt(r, a)
	}
	return site.Answer{}, notAnAct()
}

func (p *Pages) closeCourt(r *site.Request, a store.Agency) (site.Answer, error) {
	v := closuresView{First: typed(r, "first"), Last: typed(r, "last"), Name: typed(r, "name"), Wrong: wrong{}}
	first, err := order.ParseDate(v.First)
	if err != nil {
		v.Wrong["first"] = "A day is written as 2026-12-24."
	}
	last := first
	if v.Last != "" {
		if last, err = order.ParseDate(v.Last); err != nil {
			v.Wrong["last"] = "A day is written as 2026-12-24. It may be left empty for one day."
		}
	}
	if len(v.Wrong) == 0 {
		err = p.Store.CloseCourt(r.Context(), a.ORI, first, last, v.Name, by(r), r.Now)
		if err == nil {
			return site.Answer{To: "/agencies/" + string(a.ORI) + "/closures", Object: "agency " + string(a.ORI)}, nil
		}
		var known bool
		if v.Wrong, known = wrongWith(err); !known {
			return site.Answer{}, err
		}
	}
	return p.closuresPage(r, a, v, again)
}

func (p *Pages) openCourt(r *site.Request, a store.Agency) (site.Answer, error) {
	day, err := order.ParseDate(typed(r, "day"))
	if err != nil {
		return site.Answer{}, notAnAct()
	}
	err = p.Store.OpenCourt(r.Context(), a.ORI, day, by(r), r.Now)
	if errors.Is(err, store.ErrNotFound) {
		return site.Answer{}, moved("the closures of this court")
	}
	return site.Answer{To: "/agencies/" + string(a.ORI) + "/closures", Object: "agency " + string(a.ORI)}, err
}
