package exchange

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ccpor/exchange/soap"
	"ccpor/store"
)

const (
	listAtMost    = 500
	listByDefault = 100
)

// list answers ListSubmissions: the asking agency's own, in the order in which they were kept.
func (h *Hub) list(ctx context.Context, o opened) (reply, error) {
	o.begin("list")
	q, err := o.readList()
	if err != nil {
		return reply{}, err
	}
	page, err := h.page(ctx, o, q)
	if err != nil {
		return reply{}, err
	}
	o.end(true, "")
	return o.answer(func(w *soap.Writer) {
		for _, s := range page.Submissions {
			writeSummary(w, s)
		}
		w.Leaf("CursorText", page.Next.String())
		w.Bool("MoreIndicator", page.More)
	}), nil
}

// page reads a part of the list and puts that on record.
func (h *Hub) page(ctx context.Context, o opened, q store.ListQuery) (store.Page, error) {
	page, err := h.Store.List(ctx, q)
	if err != nil {
		return page, h.unavailable(o, "submissions not listed", err)
	}
	return page, h.record(ctx, o, store.Event{Action: "submission.list", Object: "submissions of " + string(o.agency.ORI), Outcome: strconv.Itoa(len(page.Submissions)) + " told"})
}

func (o opened) readList() (store.ListQuery, error) {
	n := listNames{"CursorText", "SubmissionStateCode", "PackageActionCode", "ReceivedFromDateTime", "MaximumCount"}
	a, err := o.read(n.since, n.state, n.action, n.from, n.limit)
	if err != nil {
		return store.ListQuery{}, err
	}
	return a.list(n)
}

// listNames are how a way of asking names what restricts a list.
type listNames struct{ since, state, action, from, limit string }

// questions are the stages at which what is no package is refused. Such refusals are kept, and are no submissions.
var questions = []string{"status", "list", "search", "order", "image", "policy", "ping", "grant"}

func (a asked) list(n listNames) (store.ListQuery, error) {
	q := store.ListQuery{Reach: a.of.reach(), Except: questions}
	var errs [5]error
	q.Since, errs[0] = parsed(a, n.since, store.ParseMark)
	q.State, errs[1] = parsed(a, n.state, oneOf(store.SubmissionAccepted, store.SubmissionRefused))
	q.Action, errs[2] = parsed(a, n.action, oneOf(store.ActionAdd, store.ActionModify, store.ActionCancel, store.ActionServe, store.ActionAttach))
	q.From, errs[3] = parsed(a, n.from, moment)
	q.Limit, errs[4] = parsed(a, n.limit, atMost(listAtMost))
	if q.Limit == 0 {
		q.Limit = listByDefault
	}
	return q, firstOf(errs[:])
}

// moment takes a date and time with its offset.
func moment(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, errors.New("a date and time with its offset from UTC is needed")
	}
	return t, nil
}

func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// atMost takes a number from 1 up to a bound.
func atMost(most int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > most {
			return 0, errors.New("a number from 1 to " + strconv.Itoa(most) + " is needed")
		}
		return n, nil
	}
}

func writeSummary(w *soap.Writer, s store.Summary) {
	w.Open("SubmissionSummary")
	w.Leaf("TrackingIdentification", string(s.Tracking))
	w.Optional("PackageIdentification", string(s.Package))
	w.Optional("PackageActionCode", string(s.Action))
	w.Leaf("ReceivedDateTime", stamp(s.ReceivedAt))
	w.Leaf("SubmissionStateCode", string(s.State))
	w.Bool("TestIndicator", s.Test)
	w.Optional("FaultCode", s.RefusedCode)
	w.Optional("TransmissionStateCode", string(s.Transmission))
	if !s.Due.IsZero() {
		w.Leaf("DeadlineDateTime", stamp(s.Due))
	}
	w.Leaf("NextMoveCode", partyOf(s.Next.Whose))
	w.Leaf("NextMoveText", s.Next.Sentence)
	w.Close("SubmissionSummary")
}
