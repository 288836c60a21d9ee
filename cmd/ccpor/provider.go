package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"ccpor/identity/federation"
	"ccpor/mapping/order"
	"ccpor/store"
)

// agencyProviderCommand names the identity provider at which an agency's people sign in.
type agencyProviderCommand struct {
	Database database `embed:""`
	person   `embed:""`

	ORI        string   `required:"" help:"The agency's ORI."`
	Issuer     string   `help:"The provider's issuer, as OpenID Connect has it: an https address." placeholder:"URL"`
	Client     string   `help:"The name by which the provider knows this exchange (client id)." placeholder:"ID"`
	SecretFile string   `help:"File that holds the client's secret. It is encrypted in the database." placeholder:"FILE" type:"existingfile"`
	Domain     []string `help:"Domains of e-mail addresses for which the provider may speak." placeholder:"DOMAIN"`
	Drop       bool     `help:"The agency's people sign in there no more."`
}

// Run sets the provider or takes it away; who did it is on record.
func (c *agencyProviderCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := order.ParseORI(c.ORI)
	if err != nil {
		return err
	}
	who, err := c.onRecord()
	if err != nil {
		return err
	}
	by := store.By{Actor: who}
	if c.Drop {
		return withStore(ctx, c.Database, func(s *store.Store) error {
			if err := s.DropIdentityProvider(ctx, ori, by, time.Now()); errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("%s has no identity provider here", ori)
			} else if err != nil {
				return err
			}
			return t.print(map[string]any{"agency": ori, "provider": nil}, "%s: nobody signs in at a provider any more. Invite its people anew: ccpor person invite\n", ori)
		})
	}
	p, err := c.provider(ori)
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		if err := s.SetIdentityProvider(ctx, p, by, time.Now()); errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("no agency with the ORI %s is registered", ori)
		} else if err != nil {
			return err
		}
		return t.print(map[string]any{"agency": ori, "provider": p.Issuer, "domains": p.Domains}, "%s: its people sign in at %s, from their first sign-in there on nowhere else. The provider sends them back to /signin/agency/back of the pages.\n", ori, p.Issuer)
	})
}

// provider is what was named, whole or not at all.
func (c *agencyProviderCommand) provider(ori order.ORI) (store.IdentityProvider, error) {
	p := store.IdentityProvider{Agency: ori, Issuer: c.Issuer, Client: c.Client, Domains: c.Domain}
	if c.Issuer == "" || c.Client == "" || c.SecretFile == "" || len(c.Domain) == 0 {
		return p, errors.New("a provider needs --issuer, --client, --secret-file and --domain")
	}
	if err := federation.CheckIssuer(c.Issuer); err != nil {
		return p, err
	}
	secret, err := os.ReadFile(c.SecretFile)
	if err != nil {
		return p, err
	}
	if p.Secret = strings.TrimSpace(string(secret)); p.Secret == "" {
		return p, errors.New("the secret's file is empty")
	}
	return p, nil
}
