package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"ccpor/clets/inquiry"
	"ccpor/store"
)

// Inquirer is where people ask CARPOS; *inquiry.Desk is one. It puts every look at an answer on record before it gives it out.
type Inquirer interface {
	Ask(ctx context.Context, f inquiry.Form) (store.InquiryID, error)
	Show(ctx context.Context, id store.InquiryID, actor string) (inquiry.View, error)
}

// WithInquiries opens the pages on which CARPOS is asked.
func (p *Pages) WithInquiries(i Inquirer) *Pages {
	p.inquirer = i
	return p
}

// visitor is who comes to the pages, for the audit log, until people can sign in.
const visitor = "loopback"

func (p *Pages) inquiryRoutes(mux *http.ServeMux) {
	if p.inquirer == nil {
		return
	}
	mux.HandleFunc("GET /inquiry", func(w http.ResponseWriter, _ *http.Request) { p.render(w, http.StatusOK, "ask", askView{}) })
	mux.HandleFunc("POST /inquiry", p.ask)
	mux.HandleFunc("GET /inquiry/{id}", p.inquiry)
}

// askView is the form, as it was typed, with what is wrong with it.
type askView struct {
	inquiry.Form
	Problems []string
}

// maxForm bounds what is posted.
const maxForm = 16 << 10

// ask takes the form. What was typed is never in an address, which browsers and proxies keep.
func (p *Pages) ask(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		p.refuse(w, http.StatusBadRequest, "The form could not be read", "It is too long, or it was not sent by the page. Fill it in again.")
		return
	}
	said := r.PostForm.Get
	f := inquiry.Form{Actor: visitor, For: said("for"), Certified: said("certified"), Purpose: said("purpose"), FCN: said("fcn"), OCA: said("oca"), Case: said("case"), Court: said("court"),
		Name: said("name"), Born: said("born"), Sex: said("sex")}
	id, err := p.inquirer.Ask(r.Context(), f)
	var refused *inquiry.Refusal
	if errors.As(err, &refused) {
		p.render(w, http.StatusUnprocessableEntity, "ask", askView{f, refused.Problems})
		return
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/inquiry/"+strconv.FormatInt(int64(id), 10), http.StatusSeeOther)
}

// refreshAfter is after how many seconds the page of an inquiry that waits is loaded again.
const refreshAfter = "2"

func (p *Pages) inquiry(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		p.refuse(w, http.StatusBadRequest, "There is no such inquiry", "The address is not one of this program's. Inquiries are numbered.")
		return
	}
	v, err := p.inquirer.Show(r.Context(), store.InquiryID(id), visitor)
	switch {
	case errors.Is(err, store.ErrNotFound):
		p.refuse(w, http.StatusNotFound, "No inquiry has this number", "Nothing was asked under it here.")
		return
	case err != nil:
		p.fail(w, r, err)
		return
	}
	if v.Waiting() {
		w.Header().Set("Refresh", refreshAfter)
	}
	p.render(w, http.StatusOK, "inquiry", inquiryView{v, lead(v)})
}

type inquiryView struct {
	inquiry.View
	Lead string // good, bad or wait
}

func lead(v inquiry.View) string {
	different := len(v.Missing) > 0
	for _, h := range v.Hits {
		different = different || h.Differences > 0
	}
	switch {
	case v.Waiting():
		return "wait"
	case v.State == store.InquiryFailed || different:
		return "bad"
	}
	return "good"
}
