package helpdesk

import (
	"errors"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// stage is a page of contents.
type stage struct{ Name, Title string }

var (
	asItCame  = stage{"package", "The package as received"}
	asRead    = stage{"read", "What was read from it"}
	asTheLine = stage{"carpos", "What was sent to CARPOS and answered"}
)

// readable are the contents of a submission that the visitor may open. Who reads contents for the sake of the exchange (an engineer) reads those of every submission; a clerk those about orders that the clerk
// sees whole, and of what was refused, which may be of any class, only one who may see sealed orders.
func readable(r *site.Request, s store.Status) []stage {
	if !r.MayAbout(access.ReadContents, s.Agency.ORI) {
		return nil
	}
	clerk := s.Order == nil && r.Visitor.Sealed || s.Order != nil && r.Visitor.Sees(s.Order.Object(), r.Now) == access.Whole
	if !clerk && !r.Visitor.Has(access.IntegrationEngineer) {
		return nil
	}
	all := []stage{asItCame}
	if s.State == store.SubmissionAccepted {
		all = append(all, asRead)
	}
	if len(s.Transmissions) > 0 && r.MayAbout(access.ReadTexts, s.Agency.ORI) {
		all = append(all, asTheLine)
	}
	return all
}

// contentView is what one page of contents shows.
type contentView struct {
	Tracking order.Tracking
	Stage    stage
	Others   []stage
	// Notes say what is left out.
	Notes []string
	Text  string
	Lines []line
	Sent  []sentView
}

// sentView is one text of the line.
type sentView struct {
	What string
	At   time.Time
	Text string
}

// content answers with one stage's contents.
func (d *desk) content(r *site.Request) (site.Answer, error) {
	s, err := d.about(r)
	if err != nil {
		return site.Answer{}, err
	}
	v := contentView{Tracking: s.Tracking}
	for _, st := range readable(r, s) {
		if st.Name == r.PathValue("stage") {
			v.Stage = st
		} else {
			v.Others = append(v.Others, st)
		}
	}
	switch v.Stage {
	case asItCame:
		err = d.cameAs(r, s, &v)
	case asRead:
		err = d.readAs(r, s, &v)
	case asTheLine:
		err = d.sentAs(r, s, &v)
	default:
		return site.Answer{}, site.NotFound("There are no such contents", "The submission has none of this kind, or they are not for your role.")
	}
	return site.Answer{Page: "content", Title: v.Stage.Title, Above: append(submissionsLink(), site.Link{To: "/submission/" + string(s.Tracking), Name: "Submission " + string(s.Tracking)}), Data: v, Object: object(s), Details: "contents: " + v.Stage.Name}, err
}

func (d *desk) cameAs(r *site.Request, s store.Status, v *contentView) error {
	wire, whole, err := d.Reader.Wire(r.Context(), s.Tracking)
	if err != nil {
		return err
	}
	kind, err := d.Reader.ContentType(r.Context(), s.Tracking)
	if err != nil {
		return err
	}
	message, err := messageOf(wire, kind)
	if !whole {
		v.Notes = append(v.Notes, "Only its beginning was kept, since it was refused.")
	}
	if err != nil {
		v.Notes = append(v.Notes, "It cannot be unpacked: it is shown as far as it can be read.")
	}
	text, left := laidOut(message)
	v.Text, v.Notes = text, append(v.Notes, left...)
	return nil
}

func (d *desk) readAs(r *site.Request, s store.Status, v *contentView) error {
	b, err := d.Reader.Brought(r.Context(), s.Tracking, s.Action)
	if errors.Is(err, store.ErrNotFound) {
		v.Notes = append(v.Notes, "Nothing of it is kept apart from the package.")
		return nil
	}
	if err != nil {
		return err
	}
	if b.Order != nil && !r.Visitor.Whereabouts(b.Order.Court.ORI) {
		less, hidden := access.Withhold(*b.Order)
		if b.Order = &less; hidden {
			v.Notes = append(v.Notes, "The protected side's whereabouts are withheld.")
		}
	}
	v.Lines, err = linesOf(b)
	return err
}

func (d *desk) sentAs(r *site.Request, s store.Status, v *contentView) error {
	for _, t := range s.Transmissions {
		item, err := d.Reader.QueueItem(r.Context(), t.ID)
		if err != nil {
			return err
		}
		for _, a := range item.Attempts {
			v.Sent = append(v.Sent, sentView{string(t.Kind) + ", " + string(a.Purpose) + " on line " + a.Line + ", control " + a.Control, a.At, printable(string(a.Bytes))})
			for _, m := range item.Replies {
				if m.Attempt == a.ID {
					v.Sent = append(v.Sent, sentView{"Answered", m.At, printable(m.Text)})
				}
			}
		}
	}
	return nil
}

// printable shows control characters of the line as what they are.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return '␀' + r
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}
