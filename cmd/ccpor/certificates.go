package main

import (
	"context"
	"fmt"
	"time"

	"ccpor/store"
)

type certificatesCommand struct {
	Database database `embed:""`

	Expiring int `help:"Only valid ones that end within so many days. Status 1 where there are any." placeholder:"DAYS"`
}

// Run lists. With --expiring, status 0 says that none comes to its end.
func (c *certificatesCommand) Run(ctx context.Context, t *terminal) error {
	now := time.Now()
	return withStore(ctx, c.Database, func(s *store.Store) error {
		all, err := s.Certificates(ctx)
		if err != nil {
			return err
		}
		told := 0
		for _, cert := range all {
			state := cert.State(now)
			if c.Expiring > 0 && (state != "valid" || cert.Days(now) >= c.Expiring) {
				continue
			}
			told++
			if err := t.printCertificate(cert, state, cert.Days(now)); err != nil {
				return err
			}
		}
		if told == 0 {
			return t.say("No certificate %s.\n", map[bool]string{true: fmt.Sprintf("comes to its end within %d days", c.Expiring), false: "is registered"}[c.Expiring > 0])
		}
		if c.Expiring > 0 {
			return exitStatus(1)
		}
		return nil
	})
}

// printCertificate writes one line, in columns that do not move.
func (t *terminal) printCertificate(c store.CertificateStatus, state string, days int) error {
	kind, used, why := "live", "-", ""
	if c.Test {
		kind = "test"
	}
	if !c.Used.IsZero() {
		used = c.Used.In(t.zone).Format(time.DateOnly)
	}
	if state == "revoked" {
		why = fmt.Sprintf("  on %s: %s", t.moment(c.Revoked), c.Why)
	}
	return t.print(struct {
		store.CertificateStatus
		State string `json:"state"`
		Days  int    `json:"days"`
	}{c, state, days}, "%s  %-7s  %s  %-7s  %s to %s  %5d days  used %-10s  %s%s\n", c.Agency, c.Use, kind, state, c.From.Format(time.DateOnly), c.To.Format(time.DateOnly), days, used, c.Fingerprint, why)
}
