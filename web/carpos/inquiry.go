package carpos

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"ccpor/clets/inquiry"
	"ccpor/store"
	"ccpor/web/site"
)

// askView is the form, as it was typed, with what is wrong with it.
type askView struct {
	inquiry.Form
	Problems []string
}

func (p *Pages) askPage(r *site.Request) (site.Answer, error) {
	return asking(askView{Form: inquiry.Form{For: string(r.Visitor.Asker.Agency)}}), nil
}

func asking(v askView) site.Answer {
	return site.Answer{Page: "ask", Title: "Ask CARPOS", Data: v, Object: "inquiries"}
}

// ask takes the form: on behalf of the visitor's agency, by the visitor's certification. What was typed is never in an address, which browsers and proxies keep.
func (p *Pages) ask(r *site.Request) (site.Answer, error) {
	said, v := r.PostForm.Get, r.Visitor
	f := inquiry.Form{Actor: v.Actor(), For: string(v.Asker.Agency), Certified: fmt.Sprintf("%s, until %s", v.Login, v.CertifiedUntil), Purpose: said("purpose"), FCN: said("fcn"), OCA: said("oca"),
		Case: said("case"), Court: said("court"), Name: said("name"), Born: said("born"), Sex: said("sex")}
	id, err := p.Inquirer.Ask(r.Context(), f)
	var refused *inquiry.Refusal
	if errors.As(err, &refused) {
		again := asking(askView{f, refused.Problems})
		again.Status = http.StatusUnprocessableEntity
		return again, nil
	}
	return site.Answer{To: "/inquiry/" + strconv.FormatInt(int64(id), 10), Object: fmt.Sprintf("inquiry %d", id), Purpose: f.Purpose}, err
}

// refreshAfter is after how many seconds the page of an inquiry that waits is loaded again.
const refreshAfter = 2

func (p *Pages) inquiry(r *site.Request) (site.Answer, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return site.Answer{}, site.Bad("There is no such inquiry", "The address is not one of this program's. Inquiries are numbered.")
	}
	v, err := p.Inquirer.Show(r.Context(), store.InquiryID(id), inquiry.Reader{Actor: r.Visitor.Actor(), Person: r.Visitor.ID, Asker: &r.Visitor.Asker})
	if errors.Is(err, store.ErrNotFound) {
		return site.Answer{}, site.NotFound("No inquiry has this number", "Your agency has asked nothing under it.")
	}
	a := site.Answer{Page: "inquiry", Title: fmt.Sprintf("Inquiry %d", id), Above: []site.Link{{To: "/inquiry", Name: "Ask CARPOS"}}, Data: inquiryView{v, lead(v)}, Object: fmt.Sprintf("inquiry %d", id)}
	if v.Waiting() {
		a.Refresh = refreshAfter
	}
	return a, err
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
