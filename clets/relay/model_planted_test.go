package relay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/clets/relay/witness"
	"ccpor/mapping/order"
	"ccpor/store"
)

// defect is a deliberate change of the relay's or the store's behaviour, and the laws of which the witness must call one broken. The zero value is no defect.
type defect struct {
	name string
	laws []witness.Law
	tag  string // sets the orders of its schedules apart from those of others in one database
	// seed is of a schedule in which it was found; where the schedules have changed since, others are tried.
	seed   int
	store  func(Store, *hub) Store
	line   func(*modelLine) line
	rules  func() rules
	config func(*Config)
	accept func(*world, store.Accepted) (store.Receipt, error)
	sql    string
}

// saboteur is a store that does some things otherwise.
type saboteur struct {
	Store
	work      func(context.Context, store.TransmissionID) (store.Work, error)
	begin     func(context.Context, store.Attempt) (store.AttemptID, error)
	finish    func(context.Context, store.AttemptID, store.Outcome) (store.Finished, error)
	inbound   func(ctx context.Context, line, outseq, control, text string, at time.Time) (store.InboundID, bool, error)
	byControl func(context.Context, string) (store.AttemptRef, error)
	control   func(context.Context) (string, error)
	lease     func(context.Context, string, time.Duration) (store.Lease, error)
	renew     func(context.Context, store.Lease, time.Duration) (store.Lease, error)
	follow    func(context.Context, int64, order.Date, time.Time) error
	blind     bool // finds neither orphans nor what is stranded
}

func (s *saboteur) Work(ctx context.Context, id store.TransmissionID) (store.Work, error) {
	if s.work != nil {
		return s.work(ctx, id)
	}
	return s.Store.Work(ctx, id)
}

func (s *saboteur) BeginAttempt(ctx context.Context, a store.Attempt) (store.AttemptID, error) {
	if s.begin != nil {
		return s.begin(ctx, a)
	}
	return s.Store.BeginAttempt(ctx, a)
}

func (s *saboteur) Finish(ctx context.Context, id store.AttemptID, o store.Outcome) (store.Finished, error) {
	if s.finish != nil {
		return s.finish(ctx, id, o)
	}
	return s.Store.Finish(ctx, id, o)
}

func (s *saboteur) Inbound(ctx context.Context, line, outseq, control, text string, at time.Time) (store.InboundID, bool, error) {
	if s.inbound != nil {
		return s.inbound(ctx, line, outseq, control, text, at)
	}
	return s.Store.Inbound(ctx, line, outseq, control, text, at)
}

func (s *saboteur) AttemptByControl(ctx context.Context, control string) (store.AttemptRef, error) {
	if s.byControl != nil {
		return s.byControl(ctx, control)
	}
	return s.Store.AttemptByControl(ctx, control)
}

func (s *saboteur) NextControl(ctx context.Context) (string, error) {
	if s.control != nil {
		return s.control(ctx)
	}
	return s.Store.NextControl(ctx)
}

func (s *saboteur) Lease(ctx context.Context, line string, ttl time.Duration) (store.Lease, error) {
	if s.lease != nil {
		return s.lease(ctx, line, ttl)
	}
	return s.Store.Lease(ctx, line, ttl)
}

func (s *saboteur) Renew(ctx context.Context, l store.Lease, ttl time.Duration) (store.Lease, error) {
	if s.renew != nil {
		return s.renew(ctx, l, ttl)
	}
	return s.Store.Renew(ctx, l, ttl)
}

func (s *saboteur) Follow(ctx context.Context, id int64, today order.Date, at time.Time) error {
	if s.follow != nil {
		return s.follow(ctx, id, today, at)
	}
	return s.Store.Follow(ctx, id, today, at)
}

func (s *saboteur) Orphans(ctx context.Context, olderThan, now time.Time) ([]store.TransmissionID, error) {
	if s.blind {
		return nil, nil
	}
	return s.Store.Orphans(ctx, olderThan, now)
}

func (s *saboteur) OrphansOfLine(ctx context.Context, line string, after time.Duration, now time.Time) ([]store.TransmissionID, error) {
	if s.blind {
		return nil, nil
	}
	return s.Store.OrphansOfLine(ctx, line, after, now)
}

func (s *saboteur) Stranded(ctx context.Context, dueBefore, now time.Time) ([]store.TransmissionID, error) {
	if s.blind {
		return nil, nil
	}
	return s.Store.Stranded(ctx, dueBefore, now)
}

// ruled is the policy with one row changed.
func ruled(p store.Purpose, e event, verdict store.Verdict) func() rules {
	return func() rules {
		changed := maps.Clone(policy)
		changed[p] = maps.Clone(policy[p])
		r := changed[p][e]
		r.verdict, r.text = verdict, "A planted defect."
		changed[p][e] = r
		return changed
	}
}

func laws(l ...witness.Law) []witness.Law { return l }

// planted are the defects.
var planted = []defect{
	{name: "a receipt is given before the commit", laws: laws(witness.LawReceipt), accept: func(w *world, a store.Accepted) (store.Receipt, error) {
		if w.chance.IntN(4) == 0 {
			return store.Receipt{Tracking: "NEVER-KEPT", Owed: true}, nil
		}
		return w.db.intake.Accept(w.t.Context(), a)
	}},
	{name: "GOT is sent before the reply is stored", laws: laws(witness.LawGot), line: func(l *modelLine) line { l.hasty = true; return l }},
	{name: "GOT is sent though nothing was settled", laws: laws(witness.LawGot), store: func(s Store, h *hub) Store {
		return &saboteur{Store: s, finish: func(ctx context.Context, id store.AttemptID, o store.Outcome) (store.Finished, error) {
			if o.Inbound != 0 && h.w.chance.IntN(3) == 0 {
				return store.Finished{}, nil
			}
			return s.Finish(ctx, id, o)
		}}
	}},
	{name: "other bytes are stored than sent", laws: laws(witness.LawStored), store: func(s Store, h *hub) Store {
		return &saboteur{Store: s, begin: func(ctx context.Context, a store.Attempt) (store.AttemptID, error) {
			a.Bytes = append(slices.Clone(a.Bytes), "\r\nMOV/YES"...)
			return s.BeginAttempt(ctx, a)
		}}
	}},
	{name: "what got no answer is sent again without a look-up", seed: 3, laws: laws(witness.LawLookup, witness.LawEvidence), rules: ruled(store.PurposeSend, noAnswer, store.VerdictRetry)},
	{name: "a line that closed counts as a refusal", seed: 3, laws: laws(witness.LawEvidence), rules: ruled(store.PurposeSend, lineClosed, store.VerdictRejected)},
	{name: "a look-up without an answer counts as not found", seed: 66, laws: laws(witness.LawEvidence), rules: ruled(store.PurposeLookup, noAnswer, store.VerdictNotFound)},
	{name: "what a look-up shows is sent again", seed: 2, laws: laws(witness.LawEvidence), rules: ruled(store.PurposeLookup, found, store.VerdictNotFound)},
	{name: "a look-up comes while the request may still be carried out", seed: 252, laws: laws(witness.LawEvidence, witness.LawOnce, witness.LawSequence), config: func(c *Config) {
		c.Limits.Reply, c.Settle = 1, 1 // of which the lines know nothing
	}},
	{name: "a held one is forgotten: what a person must decide is given up", seed: 36, laws: laws(witness.LawReason), rules: ruled(store.PurposeSend, reject, store.VerdictGaveUp)},
	{name: "another request's reply is taken for an acceptance", seed: 13, laws: laws(witness.LawEvidence), rules: ruled(store.PurposeSend, foreign, store.VerdictAccepted)},
	{name: "any reply is taken for an acceptance", seed: 3, laws: laws(witness.LawEvidence), store: func(s Store, h *hub) Store {
		return &saboteur{Store: s, finish: func(ctx context.Context, id store.AttemptID, o store.Outcome) (store.Finished, error) {
			if o.Inbound != 0 && o.Verdict != store.VerdictNotFound && o.FCN == "" {
				o.Verdict, o.FCN = store.VerdictAccepted, "1111111111111"
			}
			return s.Finish(ctx, id, o)
		}}
	}},
	{name: "two changes of an order are swapped", laws: laws(witness.LawContent), store: func(s Store, h *hub) Store {
		return &saboteur{Store: s, work: func(ctx context.Context, id store.TransmissionID) (store.Work, error) {
			w, err := s.Work(ctx, id)
			if err != nil || w.Kind != store.KindModify {
				return w, err
			}
			var next store.TransmissionID
			if h.w.db.conn.QueryRow(ctx, `select n.id from transmission t join transmission n on n.order_id = t.order_id and n.seq > t.seq and n.kind = 'MRR' and n.state = 'waiting'
				where t.id = $1 order by n.seq`, int64(id)).Scan(&next) != nil {
				return w, nil
			}
			other, err := s.Work(ctx, next)
			w.Order, w.Modification, w.Confidential = other.Order, other.Modification, other.Confidential
			return w, err
		}}
	}},
	{name: "what follows is sent before the entry is accepted", laws: laws(witness.LawSequence), sql: `
		create function hurry() returns trigger language plpgsql as $$ begin new.state := 'ready'; new.retry_at := new.changed_at; return new; end $$;
		create trigger hurry before insert on transmission for each row when (new.state = 'waiting') execute function hurry();`},
	{name: "a place in the window is never free again", seed: 14, laws: laws(witness.LawStuck), line: func(l *modelLine) line { l.deaf = true; return l },
		config: func(c *Config) { c.Lines = c.Lines[:1]; c.Lines[0].Window = 1 }},
	{name: "more is sent than the window allows", seed: 15, laws: laws(witness.LawWindow), config: func(c *Config) { c.Lines = c.Lines[:1]; c.Lines[0].Window = 5 }},
	{name: "a control number is used twice", laws: laws(witness.LawControl), sql: "alter table attempt drop constraint attempt_control;", store: func(s Store, h *hub) Store {
		last := ""
		return &saboteur{Store: s, control: func(ctx context.Context) (c string, err error) {
			if last == "" || h.w.chance.IntN(3) > 0 {
				last, err = s.NextControl(ctx)
			}
			return last, err
		}}
	}},
	{name: "a lease of another hub is not looked at", laws: laws(witness.LawLine), store: func(s Store, h *hub) Store {
		return &saboteur{Store: s,
			lease: func(ctx context.Context, line string, ttl time.Duration) (store.Lease, error) {
				l, err := s.Lease(ctx, line, ttl)
				if errors.Is(err, store.ErrLeased) {
					return store.Lease{Line: line}, nil
				}
				return l, err
			},
			renew: func(ctx context.Context, l store.Lease, ttl time.Duration) (store.Lease, error) {
				if got, err := s.Renew(ctx, l, ttl); err == nil {
					return got, nil
				}
				return l, nil
			}}
	}},
	{name: "a late acceptance is dropped", seed: 7, laws: laws(witness.LawLate), store: func(s Store, h *hub) Store {
		return &saboteur{Store: s, byControl: func(ctx context.Context, control string) (store.AttemptRef, error) {
			a, err := s.AttemptByControl(ctx, control)
			if a.Verdict != "" {
				a.Verdict = store.VerdictAccepted
			}
			return a, err
		}}
	}},
	{name: "the FCN of another hit is taken", seed: 32, laws: laws(witness.LawNumber), store: func(s Store, h *hub) Store {
		texts := map[store.InboundID]string{}
		return &saboteur{Store: s,
			inbound: func(ctx context.Context, line, outseq, control, text string, at time.Time) (store.InboundID, bool, error) {
				id, fresh, err := s.Inbound(ctx, line, outseq, control, text, at)
				texts[id] = text
				return id, fresh, err
			},
			finish: func(ctx context.Context, id store.AttemptID, o store.Outcome) (store.Finished, error) {
				if _, fcn, hit := strings.Cut(texts[o.Inbound], "\r\nFCN/"); hit && o.FCN != "" {
					o.FCN = order.FCN(strings.Fields(fcn)[0])
				}
				return s.Finish(ctx, id, o)
			}}
	}},
	{name: "what a dead hub left behind is not looked for", seed: 40, laws: laws(witness.LawStuck), store: func(s Store, _ *hub) Store { return &saboteur{Store: s, blind: true} }},
	{name: "a job for another try is lost", laws: laws(witness.LawStuck), store: func(s Store, _ *hub) Store { return &saboteur{Store: s, blind: true} }, sql: `
		create function lose() returns trigger language plpgsql as $$ begin return null; end $$;
		create trigger lose before insert on river_job for each row when (new.kind = 'transmit' and new.id % 5 = 0) execute function lose();`},
	{name: "a release forgets the doubt", seed: 85, laws: laws(witness.LawMove, witness.LawLookup), sql: `
		create function forget() returns trigger language plpgsql as $$ begin new.state := 'ready'; new.doubt := false; return new; end $$;
		create trigger a_forget before update on transmission for each row when (old.state = 'held' and new.state = 'unknown') execute function forget();`},
	{name: "an unknown outcome is not in the audit log", seed: 2, laws: laws(witness.LawAudit), sql: `
		create function hush() returns trigger language plpgsql as $$ begin return null; end $$;
		create trigger hush before insert on audit for each row when (new.action = 'transmission.finish' and new.outcome = 'unknown') execute function hush();`},
	{name: "a reply to nobody's request is thrown away", seed: 15, laws: laws(witness.LawPerson), store: func(s Store, _ *hub) Store {
		return &saboteur{Store: s, inbound: func(ctx context.Context, line, outseq, control, text string, at time.Time) (store.InboundID, bool, error) {
			id, fresh, err := s.Inbound(ctx, line, outseq, control, text, at)
			if err == nil && strings.HasPrefix(control, "ZZZZ") {
				err = s.Handled(ctx, id, "thrown away", at)
			}
			return id, fresh, err
		}}
	}},
	{name: "what an order follows is not ended", seed: 12, laws: laws(witness.LawFollows), store: func(s Store, _ *hub) Store {
		return &saboteur{Store: s, follow: func(context.Context, int64, order.Date, time.Time) error { return nil }}
	}},
}

// harmless is no defect: a job that comes twice finds that there is nothing to do. The witness must not complain.
var harmless = defect{name: "a job comes twice", sql: `
	create function twice() returns trigger language plpgsql as $$ begin
		if pg_trigger_depth() = 1 then insert into river_job (args, kind, max_attempts, scheduled_at, state, queue) values (new.args, new.kind, new.max_attempts, new.scheduled_at, new.state, new.queue); end if;
		return null;
	end $$;
	create trigger twice after insert on river_job for each row execute function twice();`}

// TestModelFindsDefects switches on one defect after another: the witness must find each, by a law that is named for it. Those that are not in the database itself
// share one.
func TestModelFindsDefects(t *testing.T) {
	t.Parallel()
	var shared []defect
	for i, d := range planted {
		d.tag = fmt.Sprintf("D%d", i)
		if d.sql == "" {
			shared = append(shared, d)
			continue
		}
		t.Run(d.title(), func(t *testing.T) {
			t.Parallel()
			d.hunt(t, newModelDB(t, d))
		})
	}
	for _, half := range [][]defect{shared[:len(shared)/2], shared[len(shared)/2:]} {
		t.Run("shared", func(t *testing.T) {
			t.Parallel()
			db := newModelDB(t, defect{})
			for _, d := range half {
				t.Run(d.title(), func(t *testing.T) { d.hunt(t, db) })
			}
		})
	}
}

func (d defect) title() string { return strings.ReplaceAll(d.name, " ", "_") }

// hunt plays schedules until the defect is found.
func (d defect) hunt(t *testing.T, db *modelDB) {
	limit := number(t, "CCPOR_MODEL_PLANTED", 400)
	seen := map[witness.Law]int{}
	for n := range limit {
		seed := n
		if n == 0 {
			seed = d.seed
		}
		w := newWorld(t, db, uint64(seed), d)
		breaches := w.play()
		if w.failed != nil {
			t.Fatal(w.report(breaches))
		}
		for _, b := range breaches {
			seen[b.Law]++
		}
		db.next(t, w.now)
		if slices.ContainsFunc(d.laws, func(l witness.Law) bool { return seen[l] > 0 }) {
			t.Logf("found in schedule %d, after %d: %v", seed, n, seen)
			return
		}
	}
	t.Errorf("not found in %d schedules, which broke %s", limit, fmt.Sprint(seen))
}
