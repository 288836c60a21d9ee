package helpdesk

import (
	"errors"
	"net/url"
	"strconv"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// save keeps the search that is shown.
func (d *desk) save(r *site.Request) (site.Answer, error) {
	kept, err := url.ParseQuery(r.PostForm.Get("query"))
	if err != nil {
		return site.Answer{}, site.Bad("That is no search", "The form was not sent from our page. Search again, and keep that.")
	}
	a := askedBy(kept)
	a.Before = ""
	if _, wrong := d.query(r, a); len(wrong) > 0 || !a.Any() {
		return site.Answer{}, site.Bad("That is no search", "Only what finds something can be kept: fill in a field and search, then keep it.")
	}
	err = d.Writer.SaveSearch(r.Context(), by(r), store.SavedSearch{Name: r.PostForm.Get("name"), Query: a.Query()})
	switch {
	case errors.Is(err, store.ErrSavedName):
		return site.Answer{}, site.Bad("The search needs a name", "Give it a name of 1 to 60 characters.")
	case errors.Is(err, store.ErrSavedEnough):
		return site.Answer{}, site.Conflict("No more searches can be kept", "You keep "+strconv.Itoa(store.MostSaved)+" already. Delete one of them first.")
	}
	return site.Answer{To: a.To(), Object: "saved searches"}, err
}

func (d *desk) forget(r *site.Request) (site.Answer, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return site.Answer{}, noSearch()
	}
	if err = d.Writer.ForgetSearch(r.Context(), by(r), id); errors.Is(err, store.ErrNotFound) {
		err = noSearch()
	}
	return site.Answer{To: "/submissions", Object: "saved searches"}, err
}

func noSearch() error {
	return site.NotFound("You keep no such search", "It was deleted already, or it is somebody else's.")
}

// handOver hands a submission over to an engineer.
func (d *desk) handOver(r *site.Request) (site.Answer, error) {
	s, err := d.about(r)
	if err != nil {
		return site.Answer{}, err
	}
	note := r.PostForm.Get("note")
	err = d.Writer.HandOver(r.Context(), by(r), s.Tracking, note)
	switch {
	case errors.Is(err, store.ErrNoteLength):
		a, err := d.page(r, s, note, "Say in 3 to 500 characters what the engineer has to know.")
		a.Status = 422
		return a, err
	case errors.Is(err, store.ErrHandedOver):
		return site.Answer{}, site.Conflict("It is with an engineer already", "Somebody handed it over before. The page of the submission says who, and what has been done.")
	}
	return site.Answer{To: "/submission/" + string(s.Tracking) + "#handover", Object: object(s)}, err
}

// handoversView is what waits for engineers.
type handoversView struct {
	Rows []store.Handover
	// Acts says that the visitor takes and closes them.
	Acts bool
}

const mostHandovers = 200

func (d *desk) handovers(r *site.Request) (site.Answer, error) {
	of := order.ORI("")
	if r.Scope == access.Own {
		of = r.Visitor.Asker.Agency
	}
	rows, err := d.Reader.Handovers(r.Context(), of, mostHandovers)
	return site.Answer{Page: "handovers", Title: "Hand-overs", Data: handoversView{rows, r.May(access.ActOnQueue)}, Object: "hand-overs"}, err
}

// moveHandover takes or closes a hand-over; who acts on what is owed does.
func (d *desk) moveHandover(r *site.Request) (site.Answer, error) {
	none := site.NotFound("There is no such hand-over", "The address is mistyped, or it is not for you. The list shows those that are open.")
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return site.Answer{}, none
	}
	h, err := d.Reader.Handover(r.Context(), id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return site.Answer{}, none
	case err != nil:
		return site.Answer{}, err
	}
	if err := r.About(h.Agency, none); err != nil {
		return site.Answer{}, err
	}
	switch r.PathValue("move") {
	case "take":
		err = d.Writer.TakeHandover(r.Context(), by(r), id)
	case "close":
		err = d.Writer.CloseHandover(r.Context(), by(r), id, r.PostForm.Get("result"))
	default:
		return site.Answer{}, none
	}
	switch {
	case errors.Is(err, store.ErrHandoverMoved):
		err = site.Conflict("Somebody else has gone on with it", "It was taken or closed since the page was made. Look at the list again.")
	case errors.Is(err, store.ErrNoteLength):
		err = site.Bad("It needs a result", "Say in 3 to 500 characters what came of it, so that the help desk can tell the caller.")
	}
	return site.Answer{To: "/handovers", Object: "submission " + string(h.Tracking)}, err
}
