package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

type agencyCommand struct {
	Add         agencyAddCommand      `cmd:"" help:"Register an agency, or change the one with this ORI."`
	Certificate agencyCertCommand     `cmd:"" help:"Trust a certificate of an agency for a time."`
	Callback    callbackCommand       `cmd:"" help:"Set where an agency is told of changes, try it, or say how it stands."`
	Grant       agencyGrantCommand    `cmd:"" help:"Grant operations to an agency."`
	Withhold    agencyWithholdCommand `cmd:"" help:"Withhold operations from an agency."`
	Limit       agencyLimitCommand    `cmd:"" help:"Give an agency limits of its own."`
	Revoke      agencyRevokeCommand   `cmd:"" help:"Revoke a certificate of an agency, from now on and for good."`
	List        agencyListCommand     `cmd:"" help:"List the registered agencies and what they may do."`
}

type agencyAddCommand struct {
	Database database `embed:""`

	ORI              string `required:"" help:"The agency's ORI, nine characters."`
	Name             string `required:"" help:"Its name for people."`
	County           string `help:"Its county."`
	Kind             string `default:"court" enum:"court,tribalCourt,lawEnforcement" help:"What it is: ${enum}."`
	CarposName       string `help:"Its name as CARPOS shows it, up to 30 characters." placeholder:"NAME"`
	Confirm          string `help:"Where an officer gets the image or a hit confirmed; goes into the MIS field." placeholder:"TEXT"`
	NoCLETS          bool   `name:"no-clets" help:"The agency enters its orders itself: nothing is relayed for it."`
	Test             bool   `help:"Every package of this agency is a test."`
	Query            bool   `help:"It may search and read orders, as its kind and its people's roles allow."`
	Images           bool   `help:"It may read the images of those orders too."`
	ReadOnly         bool   `help:"It may not send packages."`
	NoCallbacks      bool   `help:"It may not be told of changes."`
	MessageSignature string `default:"accepted" enum:"required,accepted,off" help:"WS-Security signatures over its messages: ${enum}. The package inside is always signed."`
	Replays          bool   `help:"The agency is a replayer: in a test region it may send on behalf of others."`
}

func (c *agencyAddCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := order.ParseORI(c.ORI)
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		id, err := s.RegisterAgency(ctx, store.Agency{ORI: ori, Name: c.Name, County: c.County, Kind: store.AgencyKind(c.Kind),
			CarposName: c.CarposName, ConfirmText: c.Confirm, Submits: !c.NoCLETS, Test: c.Test, Replays: c.Replays,
			MayQuery: c.Query, MayImages: c.Images, ReadOnly: c.ReadOnly, NoCallbacks: c.NoCallbacks, MessageSignature: store.MessageSignature(c.MessageSignature)})
		if err != nil {
			return err
		}
		return t.print(map[string]any{"agency": id, "ori": ori}, "%s is registered. Next: ccpor agency certificate --ori %s --use tls|signing --file CERT.pem\n", c.Name, ori)
	})
}

type agencyCertCommand struct {
	Database database `embed:""`

	ORI  string    `required:"" help:"The agency's ORI."`
	Use  string    `required:"" enum:"tls,signing" help:"What it is trusted for: ${enum}."`
	File string    `required:"" type:"existingfile" help:"The certificate, PEM."`
	Test bool      `help:"It reaches tests only: what comes over it is a test, and orders are not to be seen with it."`
	From time.Time `format:"2006-01-02" help:"First day of trust; the certificate's own start where not given." placeholder:"DATE"`
	To   time.Time `format:"2006-01-02" help:"Day on which trust ends; the certificate's own end where not given. To withdraw trust at once: ccpor agency revoke." placeholder:"DATE"`
}

func (c *agencyCertCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := order.ParseORI(c.ORI)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	cert, err := parseCertificate(raw)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.File, err)
	}
	from, to := c.From, c.To
	if from.IsZero() {
		from = cert.NotBefore
	}
	if to.IsZero() {
		to = cert.NotAfter
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		agency, err := s.AgencyByORI(ctx, ori)
		if err != nil {
			return fmt.Errorf("looking for the agency %s: %w", ori, err)
		}
		register := s.RegisterCertificate
		if c.Test {
			register = s.RegisterTestCertificate
		}
		if err := register(ctx, agency.ID, store.Use(c.Use), cert, from, to); err != nil {
			return err
		}
		return t.print(map[string]any{"ori": ori, "use": c.Use, "from": from, "to": to},
			"The certificate is trusted for %s (%s) from %s to %s.\n", agency.Name, c.Use, from.Format(time.DateOnly), to.Format(time.DateOnly))
	})
}

type agencyRevokeCommand struct {
	Database database `embed:""`

	ORI         string `required:"" help:"The agency's ORI."`
	Reason      string `required:"" help:"Why, in words that may be read by anybody who reads the audit log: no names of people."`
	Fingerprint string `arg:"" help:"SHA-256 of the certificate, hexadecimal, as 'ccpor certificates' tells it; colons do not matter."`
}

func (c *agencyRevokeCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := order.ParseORI(c.ORI)
	if err != nil {
		return err
	}
	var fingerprint [32]byte
	raw, err := hex.DecodeString(strings.ReplaceAll(c.Fingerprint, ":", ""))
	if err != nil || copy(fingerprint[:], raw) != len(raw) || len(raw) != len(fingerprint) {
		return errors.New("a fingerprint is 64 hexadecimal digits: ccpor certificates")
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		now := time.Now()
		if err := s.Revoke(ctx, ori, fingerprint, c.Reason, "command line", now); err != nil {
			return err
		}
		return t.print(map[string]any{"ori": ori, "certificate": hex.EncodeToString(fingerprint[:]), "revoked": now.UTC(), "reason": c.Reason},
			"The certificate is revoked since %s. Running hubs know within five seconds. What was accepted before stays accepted.\n", t.moment(now))
	})
}

// grantArgs are an agency and operations.
type grantArgs struct {
	Database database `embed:""`

	ORI        string        `required:"" help:"The agency's ORI."`
	Operations []store.Grant `arg:"" enum:"submit,query,images,callbacks" help:"What it may do, or not: ${enum}."`
}

type agencyGrantCommand struct {
	grantArgs `embed:""`
}

func (c *agencyGrantCommand) Run(ctx context.Context, t *terminal) error { return c.set(ctx, t, true) }

type agencyWithholdCommand struct {
	grantArgs `embed:""`
}

func (c *agencyWithholdCommand) Run(ctx context.Context, t *terminal) error {
	return c.set(ctx, t, false)
}

// set grants or withholds, which is on record, and says what the agency may do now.
func (c *grantArgs) set(ctx context.Context, t *terminal, granted bool) error {
	ori, err := order.ParseORI(c.ORI)
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		a, err := s.SetGrants(ctx, ori, granted, c.Operations...)
		if err != nil {
			return aboutAgency(ori, err)
		}
		outcome := map[bool]string{true: "granted", false: "withheld"}[granted]
		if err := s.Audit(ctx, store.Event{At: time.Now(), Actor: "command line", Action: "agency.grant", Object: "agency " + string(ori), Outcome: outcome, Details: joinGrants(c.Operations)}); err != nil {
			return err
		}
		return t.print(a, "%s  %s: %s. Running hubs know within five seconds.\n", a.ORI, a.Name, grantsText(a))
	})
}

type agencyLimitCommand struct {
	Database database `embed:""`

	ORI   string  `required:"" help:"The agency's ORI."`
	Rate  float64 `help:"Requests a second to one hub; 0, as where not given: the hub's CCPOR_RATE." placeholder:"N"`
	Burst int     `help:"Requests at once after a pause; 0: the hub's CCPOR_BURST." placeholder:"N"`
	Daily int     `help:"Packages taken in a day; 0: the hub's CCPOR_DAILY." placeholder:"N"`
}

// Run sets all three, which is on record.
func (c *agencyLimitCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := order.ParseORI(c.ORI)
	if err != nil {
		return err
	}
	if c.Rate < 0 || c.Burst < 0 || c.Daily < 0 {
		return errors.New("a limit is not negative; to shut an agency out: ccpor agency withhold, or revoke")
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		a, err := s.SetLimits(ctx, ori, store.AgencyLimits{PerSecond: c.Rate, Burst: c.Burst, Daily: c.Daily})
		if err != nil {
			return aboutAgency(ori, err)
		}
		text := limitsText(a.Limits)
		if err := s.Audit(ctx, store.Event{At: time.Now(), Actor: "command line", Action: "agency.limit", Object: "agency " + string(ori), Outcome: "set", Details: text}); err != nil {
			return err
		}
		return t.print(a, "%s  %s: %s. Running hubs know within five seconds.\n", a.ORI, a.Name, text)
	})
}

// aboutAgency says which agency there is not.
func aboutAgency(ori order.ORI, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no agency is registered as %s", ori)
	}
	return err
}

// limitsText says what an agency may send.
func limitsText(l store.AgencyLimits) string {
	var own []string
	for _, x := range []struct {
		n  float64
		of string
	}{{l.PerSecond, "requests a second"}, {float64(l.Burst), "requests at once"}, {float64(l.Daily), "packages a day"}} {
		if x.n > 0 {
			own = append(own, strconv.FormatFloat(x.n, 'f', -1, 64)+" "+x.of)
		}
	}
	if len(own) == 0 {
		return "limits as the hub has them for everybody"
	}
	return "of its own " + strings.Join(own, ", ")
}

// grantsText names what an agency may do.
func grantsText(a store.Agency) string {
	has := slices.DeleteFunc(store.Grants(), func(g store.Grant) bool { return !a.Granted(g) })
	return or(joinGrants(has), "nothing but asking for its own submissions")
}

func joinGrants(grants []store.Grant) string {
	names := make([]string, len(grants))
	for i, g := range grants {
		names[i] = string(g)
	}
	return strings.Join(names, ", ")
}

type agencyListCommand struct {
	Database database `embed:""`
}

func (c *agencyListCommand) Run(ctx context.Context, t *terminal) error {
	return withStore(ctx, c.Database, func(s *store.Store) error {
		all, err := s.Agencies(ctx)
		if err != nil {
			return err
		}
		for _, a := range all {
			if err := t.print(a, "%s  %s: %s; %s\n", a.ORI, a.Name, grantsText(a), limitsText(a.Limits)); err != nil {
				return err
			}
		}
		return nil
	})
}

func withStore(ctx context.Context, d database, use func(*store.Store) error) error {
	url, err := d.required()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	return use(s)
}

// print writes value as one line of JSON where JSON is asked for, else the text.
// say writes a sentence for people; a program that reads JSON sees none.
func (t *terminal) say(format string, a ...any) error {
	if t.json {
		return nil
	}
	_, err := fmt.Fprintf(t.out, format, a...)
	return err
}

func (t *terminal) print(value any, format string, a ...any) error {
	if t.json {
		return json.NewEncoder(t.out).Encode(value)
	}
	_, err := fmt.Fprintf(t.out, format, a...)
	return err
}
