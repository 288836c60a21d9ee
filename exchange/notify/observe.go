package notify

import (
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// Observer is told of each delivery that was tried: it must not wait.
type Observer interface {
	Told(t Telling)
}

// Telling is one try to deliver a notice: codes and times, and nothing of what the notice says but the state.
type Telling struct {
	Agency order.ORI
	Number int64
	State  store.TransmissionState
	// Code is empty where the listener confirmed the notice.
	Code         Code
	Began, Ended time.Time
	// Moved is when the move happened of which the notice tells.
	Moved time.Time
	// Correlation and Tracking are those of the package.
	Correlation string
	Tracking    order.Tracking
}

func (n *Notifier) observed(turn store.Turn, notice store.Notice, code Code, began time.Time) {
	if n.cfg.Observe == nil {
		return
	}
	n.cfg.Observe.Told(Telling{Agency: turn.ORI, Number: notice.Number, State: notice.State, Code: code, Began: began, Ended: n.cfg.Now(), Moved: notice.At,
		Correlation: notice.Correlation, Tracking: notice.Tracking})
}
