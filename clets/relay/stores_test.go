package relay

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"ccpor/mapping/order"
	"ccpor/store"
)

// idle is a store of which nothing is asked.
type idle struct{ Store }

func (*idle) JobsWhile(func() bool, *river.Config) (*river.Client[pgx.Tx], error) { return nil, nil }

// errDead is what a hub that was killed gets from everything that it still tries.
var errDead = errors.New("this hub is dead")

// mortal is a store whose hub dies at a chosen moment: from then on nothing that it does has any effect.
type mortal struct {
	*store.Store
	// at names the call at which it dies; after says whether that call still has its effect.
	at    string
	after bool
	dead  atomic.Bool
	died  chan struct{}
}

func newMortal(s *store.Store, at string, after bool) *mortal {
	return &mortal{Store: s, at: at, after: after, died: make(chan struct{})}
}

// die tells whether the call may have its effect, and what to do behind it.
func (m *mortal) die(call string) (allowed bool, behind func(error) error) {
	now := call == m.at && m.dead.CompareAndSwap(false, true)
	if now {
		close(m.died)
	}
	return !m.dead.Load() || now && m.after, func(err error) error {
		if m.dead.Load() {
			return errDead
		}
		return err
	}
}

func (m *mortal) Work(ctx context.Context, id store.TransmissionID) (w store.Work, err error) {
	ok, behind := m.die("Work")
	if ok {
		w, err = m.Store.Work(ctx, id)
	}
	return w, behind(err)
}

func (m *mortal) BeginAttempt(ctx context.Context, a store.Attempt) (id store.AttemptID, err error) {
	ok, behind := m.die("BeginAttempt")
	if ok {
		id, err = m.Store.BeginAttempt(ctx, a)
	}
	return id, behind(err)
}

func (m *mortal) MarkSent(ctx context.Context, id store.AttemptID, at time.Time) (err error) {
	ok, behind := m.die("MarkSent")
	if ok {
		err = m.Store.MarkSent(ctx, id, at)
	}
	return behind(err)
}

func (m *mortal) MarkAcked(ctx context.Context, id store.AttemptID, at time.Time) (err error) {
	ok, behind := m.die("MarkAcked")
	if ok {
		err = m.Store.MarkAcked(ctx, id, at)
	}
	return behind(err)
}

func (m *mortal) Inbound(ctx context.Context, line, outseq, control, text string, at time.Time) (id store.InboundID, fresh bool, err error) {
	ok, behind := m.die("Inbound")
	if ok {
		id, fresh, err = m.Store.Inbound(ctx, line, outseq, control, text, at)
	}
	return id, fresh, behind(err)
}

func (m *mortal) Finish(ctx context.Context, id store.AttemptID, o store.Outcome) (f store.Finished, err error) {
	ok, behind := m.die("Finish")
	if ok {
		f, err = m.Store.Finish(ctx, id, o)
	}
	return f, behind(err)
}

func (m *mortal) Hold(ctx context.Context, id store.TransmissionID, h store.Hold) (err error) {
	ok, behind := m.die("Hold")
	if ok {
		err = m.Store.Hold(ctx, id, h)
	}
	return behind(err)
}

func (m *mortal) Settle(ctx context.Context, id store.TransmissionID, reason string, at time.Time) (f store.Finished, err error) {
	ok, behind := m.die("Settle")
	if ok {
		f, err = m.Store.Settle(ctx, id, reason, at)
	}
	return f, behind(err)
}

func (m *mortal) Follow(ctx context.Context, id int64, today order.Date, at time.Time) (err error) {
	ok, behind := m.die("Follow")
	if ok {
		err = m.Store.Follow(ctx, id, today, at)
	}
	return behind(err)
}

func (m *mortal) Handled(ctx context.Context, id store.InboundID, what string, at time.Time) (err error) {
	ok, behind := m.die("Handled")
	if ok {
		err = m.Store.Handled(ctx, id, what, at)
	}
	return behind(err)
}

func (m *mortal) Understand(ctx context.Context, u store.Understood) (err error) {
	ok, behind := m.die("Understand")
	if ok {
		err = m.Store.Understand(ctx, u)
	}
	return behind(err)
}

func (m *mortal) Lease(ctx context.Context, line string, ttl time.Duration) (l store.Lease, err error) {
	ok, behind := m.die("Lease")
	if ok {
		l, err = m.Store.Lease(ctx, line, ttl)
	}
	return l, behind(err)
}

func (m *mortal) Renew(ctx context.Context, l store.Lease, ttl time.Duration) (renewed store.Lease, err error) {
	ok, behind := m.die("Renew")
	if ok {
		renewed, err = m.Store.Renew(ctx, l, ttl)
	}
	return renewed, behind(err)
}

func (m *mortal) ReleaseLease(ctx context.Context, l store.Lease) (err error) {
	ok, behind := m.die("ReleaseLease")
	if ok {
		err = m.Store.ReleaseLease(ctx, l)
	}
	return behind(err)
}
