package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

// SMTP sends letters through a server.
type SMTP struct {
	from   string
	client *mail.Client
}

var errSMTP = errors.New("a mail server is named as smtps://user:password@host (TLS from the start, port 465) or smtp://user:password@host:587 (STARTTLS, which is demanded)")

var errAddress = errors.New("a letter cannot be addressed so")

// NewSMTP makes one for a server named by its URL. Nothing is sent without TLS. The error holds nothing of the URL, in which a password may stand.
func NewSMTP(server, from string) (*SMTP, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errSMTP
	}
	options := []mail.Option{mail.WithTLSPortPolicy(mail.TLSMandatory), mail.WithTimeout(30 * time.Second)}
	if u.Scheme == "smtps" {
		options = []mail.Option{mail.WithSSLPort(false), mail.WithTimeout(30 * time.Second)}
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		options = append(options, mail.WithPort(port))
	}
	if password, ok := u.User.Password(); ok {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	c, err := mail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, errSMTP
	}
	return &SMTP{from, c}, nil
}

// Send hands a letter to the server.
func (s *SMTP) Send(ctx context.Context, l Letter) error {
	m, err := message(s.from, l)
	if err != nil {
		return err
	}
	err = s.client.DialAndSendWithContext(ctx, m)
	var refused *mail.SendError
	if errors.As(err, &refused) { // its text may hold the address
		return fmt.Errorf("send a letter: %s", refused.Reason)
	}
	if err != nil {
		return fmt.Errorf("send a letter: %w", err)
	}
	return nil
}

// Outbox puts letters into a folder, for trying out: whoever reads it can accept invitations and set passwords.
type Outbox struct{ dir, from string }

// NewOutbox makes the folder, which nobody else may read.
func NewOutbox(dir, from string) (*Outbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the outbox: %w", err)
	}
	return &Outbox{dir, from}, nil
}

// Send writes a letter as a file, named by time.
func (o *Outbox) Send(_ context.Context, l Letter) error {
	m, err := message(o.from, l)
	if err != nil {
		return err
	}
	name := filepath.Join(o.dir, time.Now().UTC().Format("20060102-150405.000000")+"-"+rand.Text()[:4]+".eml")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write a letter: %w", err)
	}
	_, err = m.WriteTo(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write a letter: %w", err)
	}
	return nil
}

func message(from string, l Letter) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.NoEncoding))
	if errors.Join(m.From(from), m.To(l.To)) != nil { // the text would hold the address
		return nil, errAddress
	}
	m.Subject(l.Subject)
	m.SetDate()
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(mail.TypeTextPlain, l.Text)
	return m, nil
}
