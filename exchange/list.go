package exchange

import (
	"context"
	"errors"
	"strconv"

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
	page, err := h.Store.List(ctx, q)
	if err != nil {
		return reply{}, h.unavailable(o, "submissions not listed", err)
	}
	if err := h.record(ctx, o, store.Event{Action: "submission.list", Object: "submissions of " + string(o.agency.ORI), Outcome: strconv.Itoa(len(page.Submissions)) + " told"}); err != nil {
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

func (o opened) readList() (store.ListQuery, error) {
	q := store.ListQuery{Agency: o.agency.ID}
	a, err := o.read("CursorText", "SubmissionStateCode", "PackageActionCode", "MaximumCount")
	if err != nil {
		return q, err
	}
	var errs [4]error
	q.Since, errs[0] = parsed(a, "CursorText", store.ParseMark)
	q.State, errs[1] = parsed(a, "SubmissionStateCode", oneOf(store.SubmissionAccepted, store.SubmissionRefused))
	q.Action, errs[2] = parsed(a, "PackageActionCode", oneOf(store.ActionAdd, store.ActionModify, store.ActionCancel, store.ActionServe, store.ActionAttach))
	q.Limit, errs[3] = parsed(a, "MaximumCount", atMost(listAtMost))
	if q.Limit == 0 {
		q.Limit = listByDefault
	}
	return q, firstOf(errs[:])
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
