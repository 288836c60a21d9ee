package helpdesk

import (
	"html/template"
	"time"

	"ccpor/mapping/calendar"
	"ccpor/store"
	"ccpor/web/site"
)

func (d *desk) words() template.FuncMap {
	return template.FuncMap{"rule": calendar.Explain, "tests": func() []site.Choice {
		return []site.Choice{{Value: "", Name: "with"}, {Value: "none", Name: "without"}, {Value: "only", Name: "only"}}
	}}
}

// stateNames say the lists in words.
var stateNames = map[store.SubmissionsLike]string{
	store.LikeRefused:  "refused",
	store.LikeRegistry: "in the registry",
	store.LikeOwed:     "on its way to CARPOS",
	store.LikeSending:  "being sent now",
	store.LikeHeld:     "held",
	store.LikeAtRisk:   "on its way, deadline at risk",
	store.LikeLate:     "on its way, late",
	store.LikeCarpos:   "in CARPOS",
	store.LikeGivenUp:  "given up",
}

func states() []site.Choice {
	all := []site.Choice{{Value: "", Name: "any"}}
	for _, s := range store.SubmissionsLikes {
		all = append(all, site.Choice{Value: string(s), Name: stateNames[s]})
	}
	return all
}

// row is one line of a list.
type row struct {
	store.Summary
	Class, Stands string
	Late          bool
}

// rowOf says in two words how a submission of the list stands.
func rowOf(s store.Summary, now time.Time) row {
	r := row{Summary: s}
	switch {
	case s.State == store.SubmissionRefused:
		r.Class, r.Stands = "bad", "refused"
	case s.Transmission == "" || !s.Owed && s.Transmission == store.StateGivenUp:
		r.Class, r.Stands = "good", "in the registry"
	case s.Transmission == store.StateAccepted:
		r.Class, r.Stands = "good", "in CARPOS"
	case s.Transmission == store.StateHeld:
		r.Class, r.Stands = "bad", "held"
	case s.Transmission == store.StateGivenUp:
		r.Class, r.Stands = "bad", "given up"
	default:
		r.Class, r.Stands = "wait", wayWords[s.Transmission]
	}
	r.Late = s.Owed && !s.Test && s.Transmission != "" && !s.Transmission.Final() && !s.Due.IsZero() && now.After(s.Due)
	return r
}

// wayWords say what is on its way.
var wayWords = map[store.TransmissionState]string{
	store.StateWaiting: "waits for what comes before it",
	store.StateReady:   "to be sent",
	store.StateSending: "being sent",
	store.StateSent:    "sent, no answer yet",
	store.StateUnknown: "being looked up",
}
