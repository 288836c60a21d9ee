package admin

import (
	"errors"
	"net/url"
	"strings"

	"ccpor/access"
	"ccpor/store"
	"ccpor/web/site"
)

type callbackView struct {
	store.Agency
	// Granted says that the agency may be told of changes, MayMove that the visitor may name another host: whoever names hosts has the hub reach into networks, and that is the operator's alone.
	Granted  bool
	MayMove  bool
	Listener *store.ListenerStatus
	URL      string
	SOAP     string
	Editions []site.Choice
	Wrong    wrong
	// Tried says that a notice was sent to try it, Confirmed whether it was confirmed, Meaning what became of it.
	Tried, Confirmed bool
	Meaning          string
}

// listener is how an agency is told; nil where nobody has said where.
func (p *Pages) listener(r *site.Request, a store.Agency) (*store.ListenerStatus, error) {
	l, err := p.Store.ListenerOf(r.Context(), a.ORI)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return &l, err
}

func (p *Pages) callbackView(r *site.Request) (callbackView, error) {
	a, err := p.agency(r)
	if err != nil {
		return callbackView{}, err
	}
	v := callbackView{Agency: a, Granted: a.Granted(store.GrantCallbacks), MayMove: r.MayAbout(access.ManageAgencies, a.ORI), SOAP: "1.1", Editions: []site.Choice{{Value: "1.1", Name: "SOAP 1.1"}, {Value: "1.2", Name: "SOAP 1.2"}}, Wrong: wrong{}}
	if v.Listener, err = p.listener(r, a); err == nil && v.Listener != nil {
		v.URL, v.SOAP = v.Listener.URL, v.Listener.Edition
	}
	return v, err
}

func callbackAnswer(v callbackView, status int) site.Answer {
	return site.Answer{Page: "callback", Title: "Callback of " + v.Name, Above: over(v.Agency), Data: v, Status: status, Object: "agency " + string(v.ORI)}
}

func (p *Pages) callback(r *site.Request) (site.Answer, error) {
	v, err := p.callbackView(r)
	return callbackAnswer(v, 0), err
}

// actOnCallback says where an agency is told, tries it, or ends it.
func (p *Pages) actOnCallback(r *site.Request) (site.Answer, error) {
	v, err := p.callbackView(r)
	if err != nil {
		return site.Answer{}, err
	}
	switch do := typed(r, "do"); {
	case do == "set":
		return p.setCallback(r, v)
	case do != "test" && do != "off":
		return site.Answer{}, notAnAct()
	case v.Listener == nil:
		return site.Answer{}, site.Conflict("Nothing was done", "The agency has no callback address yet. Set it first.")
	case do == "test":
		return p.tryCallback(r, v)
	}
	off := v.Listener.Listener
	off.Active = false
	err = p.Store.SetListener(r.Context(), off, by(r), r.Now)
	return site.Answer{To: "/agencies/" + string(v.ORI) + "/callback", Object: "agency " + string(v.ORI)}, err
}

func (p *Pages) setCallback(r *site.Request, v callbackView) (site.Answer, error) {
	v.URL, v.SOAP = typed(r, "url"), typed(r, "soap")
	l := store.Listener{Agency: v.ID, ORI: v.ORI, URL: v.URL, Edition: v.SOAP, Active: true}
	if err := p.Listeners.Check(v.URL); err != nil || !store.IsLine(v.URL, 1, 500) {
		v.Wrong["url"] = "An absolute address that begins with https:// is needed, without user and fragment, of 500 characters at most."
	}
	if !v.MayMove && (v.Listener == nil || hostOf(v.Listener.URL) != hostOf(v.URL)) {
		v.Wrong["url"] = "The operator of the exchange says on which host an agency is told; call them for the first address and for another host. Path, edition and certificate you change here."
	}
	if !v.Granted {
		v.Wrong["url"] = "The operator withholds callbacks from this agency."
	}
	if v.SOAP != "1.1" && v.SOAP != "1.2" {
		v.Wrong["soap"] = "Choose one of the two."
	}
	if err := p.listenerCertificate(r, v, &l); err != nil {
		v.Wrong["file"] = err.Error()
	}
	if len(v.Wrong) > 0 {
		return callbackAnswer(v, again), nil
	}
	err := p.Store.SetListener(r.Context(), l, by(r), r.Now)
	return site.Answer{To: "/agencies/" + string(v.ORI) + "/callback", Object: "agency " + string(v.ORI)}, err
}

// hostOf is host and port of an address; empty for none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// listenerCertificate reads the certificate by which the listener is known. Where none is sent, that of the same address stays.
func (p *Pages) listenerCertificate(r *site.Request, v callbackView, l *store.Listener) (err error) {
	sent := r.MultipartForm != nil && len(r.MultipartForm.File["file"]) > 0
	switch {
	case !sent && v.Listener != nil && v.Listener.URL == l.URL:
		l.Certificate = v.Listener.Certificate
		return nil
	case !sent && !strings.HasPrefix(l.URL, "https:"):
		return nil
	}
	file, err := sentFile(r, "file")
	if err != nil {
		return err
	}
	l.Certificate, err = parseCertificate(file)
	return err
}

// tryCallback sends a notice that tells of nothing. Where it is confirmed, a pause ends.
func (p *Pages) tryCallback(r *site.Request, v callbackView) (site.Answer, error) {
	v.Tried = true
	v.Confirmed, v.Meaning = p.Listeners.Try(r.Context(), v.Listener.Listener)
	a := callbackAnswer(v, 0)
	a.Action, a.Outcome = "agency.callback", "tried, not confirmed"
	if v.Confirmed {
		a.Outcome = "tried, confirmed"
		if err := p.Store.EndPause(r.Context(), v.ID); err != nil {
			return site.Answer{}, err
		}
	}
	return a, nil
}
