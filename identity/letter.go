package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"ccpor/access"
	"ccpor/store"
)

// Letter is an e-mail, plain text.
type Letter struct{ To, Subject, Text string }

// Mailer sends letters.
type Mailer interface {
	Send(ctx context.Context, l Letter) error
}

// Post writes the letters that are due, and sends them. Several hubs may do so on one database.
type Post struct {
	door   *Door
	mailer Mailer
	jobs   *river.Client[pgx.Tx]
}

// NewPost makes one; Start sets it to work.
func NewPost(d *Door, m Mailer) (*Post, error) {
	p := &Post{door: d, mailer: m}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &letterWorker{post: p}); err != nil {
		return nil, fmt.Errorf("post: %w", err)
	}
	var err error
	p.jobs, err = d.Store.Jobs(&river.Config{Queues: map[string]river.QueueConfig{store.LetterQueue: {MaxWorkers: 2}}, Workers: workers, FetchPollInterval: time.Second, JobTimeout: time.Minute,
		RescueStuckJobsAfter: 5 * time.Minute})
	if err != nil {
		return nil, fmt.Errorf("post: %w", err)
	}
	return p, nil
}

// Run sends letters until ctx ends.
func (p *Post) Run(ctx context.Context) error {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if err := p.jobs.Start(working); err != nil {
		return fmt.Errorf("start the post: %w", err)
	}
	<-ctx.Done()
	soon, stop := context.WithTimeout(working, 5*time.Second)
	defer stop()
	if err := p.jobs.Stop(soon); err != nil {
		return p.jobs.StopAndCancel(working)
	}
	return nil
}

type letterWorker struct {
	river.WorkerDefaults[store.LetterArgs]
	post *Post
}

// Work writes one letter. Nobody gets none, and who should get none any more neither.
func (w *letterWorker) Work(ctx context.Context, job *river.Job[store.LetterArgs]) error {
	return w.post.Send(ctx, store.PersonID(job.Args.Person), job.Args.Letter)
}

// Send writes and sends one letter. It sends none, and that is no error, to nobody, to whom such a letter is not due, and to who has got several within the hour.
func (p *Post) Send(ctx context.Context, id store.PersonID, kind store.LetterKind) error {
	who, err := p.door.Store.Person(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	l, err := p.door.letter(ctx, who, kind)
	if errors.Is(err, store.ErrPersonState) || errors.Is(err, store.ErrTooMany) {
		p.door.Log.InfoContext(ctx, "a letter is not due any more", "person", id, "letter", kind)
		return nil
	}
	if err != nil {
		return err
	}
	return p.mailer.Send(ctx, l)
}

// letter writes it; the token of its link is made now.
func (d *Door) letter(ctx context.Context, p store.Person, kind store.LetterKind) (Letter, error) {
	l := Letter{To: p.Login}
	var link string
	var err error
	by := store.By{Actor: "hub " + d.Store.Hub()}
	switch kind {
	case store.LetterInvitation:
		link, err = d.Link(ctx, p.ID, store.TokenInvitation, by)
		l.Subject = "Your invitation to the " + d.Service
		l.Text = fmt.Sprintf("%s has given you access to the %s.\n\nOpen this link within %s, choose a password and set up a second factor:\n\n%s\n\nThe link is good once, and for you alone. If you did not expect it, tell the administrator of your agency.\n",
			p.AgencyName, d.Service, lasting(d.Invitation), link)
	case store.LetterReset:
		link, err = d.Link(ctx, p.ID, store.TokenReset, by)
		l.Subject = "A new password for the " + d.Service
		l.Text = fmt.Sprintf("Somebody, probably you, has asked for a new password for the %s.\n\nOpen this link within %s and choose one:\n\n%s\n\nTo sign in you need your second factor as before. If it was not you, do nothing: your password stays as it is.\n",
			d.Service, lasting(d.Reset), link)
	case store.LetterChanged:
		l.Subject = "Your sign-in to the " + d.Service + " was changed"
		l.Text = "Your password, a passkey, your one-time codes or your recovery codes were just changed or used up.\n\nIf that was you, there is nothing to do. If it was not, call the administrator of your agency or the help desk at once.\n"
	case store.LetterLocked:
		l.Subject = "Your account at the " + d.Service + " is locked"
		l.Text = fmt.Sprintf("After %d failures to sign in your account is locked for %s.\n\nIf it was you, wait, and sign in then; a forgotten password can be replaced at %s\n\nIf it was not, tell the administrator of your agency.\n",
			d.Tries, lasting(d.Lock), d.URL.JoinPath("/signin/forgotten"))
	case store.LetterGlass:
		if p.State != store.PersonActive || !slices.Contains(p.Roles, access.AgencyAdministrator) {
			return l, store.ErrPersonState
		}
		l.Subject = "The glass was broken at the " + d.Service
		l.Text = fmt.Sprintf("Somebody of %s has opened an order that is kept back from them, and gave a reason for it.\n\nWho, which order and why is on the page Openings:\n\n%s\n\nRead it, and say there that you have. It is told on every page of yours until then.\n",
			p.AgencyName, d.URL.JoinPath("/glass"))
	default:
		err = fmt.Errorf("there is no letter of the kind %q", kind)
	}
	return l, err
}

// lasting says a time in words.
func lasting(t time.Duration) string {
	switch {
	case t >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(t.Hours()/24))
	case t >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(t.Hours()))
	}
	return fmt.Sprintf("%d minutes", int(t.Minutes()))
}
