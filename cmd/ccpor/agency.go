package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/exchange/sig"
	"ccpor/mapping/order"
	"ccpor/store"
)

// atCommandLine is who acts where the command does not ask who it is: whoever has the database.
var atCommandLine = store.By{Actor: "command line"}

type agencyCommand struct {
	Add         agencyAddCommand      `cmd:"" help:"Register an agency, or change the one with this ORI."`
	Certificate agencyCertCommand     `cmd:"" help:"Trust a certificate of an agency for a time."`
	Callback    callbackCommand       `cmd:"" help:"Set where an agency is told of changes, try it, or say how it stands."`
	Grant       agencyGrantCommand    `cmd:"" help:"Grant operations to an agency."`
	Withhold    agencyWithholdCommand `cmd:"" help:"Withhold operations from an agency."`
	Limit       agencyLimitCommand    `cmd:"" help:"Give an agency limits of its own."`
	Revoke      agencyRevokeCommand   `cmd:"" help:"Revoke a certificate of an agency, from now on and for good."`
	Contact     agencyContactCommand  `cmd:"" help:"Say whom to call at an agency: list, add, remove."`
	Closure     agencyClosureCommand  `cmd:"" help:"Say on which days a court is closed beside the judicial holidays: list, add, remove."`
	Provider    agencyProviderCommand `cmd:"" help:"Name the identity provider (OpenID Connect) at which an agency's people sign in, or take it away."`
	List        agencyListCommand     `cmd:"" help:"List the registered agencies and what they may do."`
}

type agencyAddCommand struct {
	Database database `embed:""`

	ORI              string  `required:"" help:"The agency's ORI, nine characters. Of an agency that is registered, what is not named stays as it is."`
	Name             *string `help:"Its name for people; needed for a new one."`
	County           *string `help:"Its county."`
	Kind             *string `help:"What it is: court (a new one, where not given), tribalCourt, lawEnforcement, helpDesk, operator. The last two send no orders." placeholder:"KIND"`
	CarposName       *string `help:"Its name as CARPOS shows it, up to 30 characters." placeholder:"NAME"`
	Confirm          *string `help:"Where an officer gets the image or a hit confirmed; goes into the MIS field." placeholder:"TEXT"`
	Mnemonic         *string `help:"The line on which its transactions go, four characters; empty: any line." placeholder:"LINE"`
	CLETS            *bool   `name:"clets" negatable:"" help:"The hub enters its orders into CLETS (a new one, where not given). With --no-clets nothing is relayed for it."`
	EnteredBy        *string `help:"With --no-clets: ORI of the agency that enters its orders; empty: it does so itself." placeholder:"ORI"`
	Test             *bool   `negatable:"" help:"Every package that this agency sends from now on is a test."`
	Query            *bool   `negatable:"" help:"It may search and read orders, as its kind and its people's roles allow."`
	Images           *bool   `negatable:"" help:"It may read the images of those orders too."`
	ReadOnly         *bool   `negatable:"" help:"It may not send packages."`
	Callbacks        *bool   `name:"callbacks" negatable:"" help:"It may be told of changes (a new one, where not given)."`
	MessageSignature *string `help:"WS-Security signatures over its messages: accepted (a new one, where not given), required, off. The package inside is always signed." placeholder:"WHETHER"`
	Replays          *bool   `negatable:"" help:"The agency is a replayer: in a test region it may send on behalf of others."`
}

// Run adds the agency, or changes of it what is named; what it was and is goes on record.
func (c *agencyAddCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := order.ParseORI(c.ORI)
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		added := false
		a, err := s.ChangeAgency(ctx, ori, atCommandLine, time.Now(), func(a *store.Agency, isNew bool) error {
			added = isNew
			return c.change(a, isNew)
		})
		if err != nil {
			return err
		}
		if !added {
			return t.print(agencyOf(a), "%s  %s: %s. Running hubs know within five seconds.\n", a.ORI, a.Name, registeredText(a))
		}
		return t.print(agencyOf(a), "%s is registered. Next: ccpor agency certificate --ori %s --use tls|signing --file CERT.pem\n", a.Name, ori)
	})
}

// Validate refuses words that are none before anything is opened.
func (c *agencyAddCommand) Validate() error {
	var a store.Agency
	return c.words(&a)
}

// change makes the agency what was named. To say --no-clets of an agency takes it from the hub, to say --clets gives it to the hub, whoever entered its orders before.
func (c *agencyAddCommand) change(a *store.Agency, isNew bool) error {
	if isNew && c.Name == nil {
		return errors.New("a new agency needs a name: --name")
	}
	set(&a.Name, c.Name)
	set(&a.County, c.County)
	set(&a.CarposName, c.CarposName)
	set(&a.ConfirmText, c.Confirm)
	set(&a.Mnemonic, c.Mnemonic)
	set(&a.Submits, c.CLETS)
	set(&a.Test, c.Test)
	set(&a.MayQuery, c.Query)
	set(&a.MayImages, c.Images)
	set(&a.ReadOnly, c.ReadOnly)
	set(&a.Replays, c.Replays)
	if c.Callbacks != nil {
		a.NoCallbacks = !*c.Callbacks
	}
	if c.CLETS != nil && *c.CLETS {
		a.EnteredBy = ""
	}
	err := errors.Join(c.enteredBy(a), c.words(a))
	if a.Kind.Central() {
		a.Submits, a.ReadOnly, a.NoCallbacks = false, true, true
	}
	return err
}

// words sets what has to be one of a few words.
func (c *agencyAddCommand) words(a *store.Agency) error {
	return errors.Join(oneOf(&a.Kind, c.Kind, "--kind", access.Kinds()...),
		oneOf(&a.MessageSignature, c.MessageSignature, "--message-signature", store.MessageSignatureRequired, store.MessageSignatureAccepted, store.MessageSignatureOff))
}

func (c *agencyAddCommand) enteredBy(a *store.Agency) error {
	if c.EnteredBy == nil {
		return nil
	}
	ori, err := optionalORI(*c.EnteredBy)
	if err != nil {
		return fmt.Errorf("--entered-by: %w", err)
	}
	a.EnteredBy = ori
	return nil
}

// set is for what was named.
func set[T any](what *T, named *T) {
	if named != nil {
		*what = *named
	}
}

// oneOf sets what was named, which has to be one of these.
func oneOf[T ~string](what *T, named *string, flag string, these ...T) error {
	if named == nil {
		return nil
	}
	if !slices.Contains(these, T(*named)) {
		return fmt.Errorf("%s must be one of %v, not %q", flag, these, *named)
	}
	*what = T(*named)
	return nil
}

// agencyOut is an agency as JSON.
type agencyOut struct {
	Agency    store.AgencyID `json:"agency"`
	ORI       order.ORI      `json:"ori"`
	Name      string         `json:"name"`
	County    string         `json:"county"`
	Kind      string         `json:"kind"`
	Mnemonic  string         `json:"mnemonic,omitempty"`
	CLETS     bool           `json:"clets"`
	EnteredBy order.ORI      `json:"enteredBy,omitempty"`
	Test      bool           `json:"test"`
	Grants    string         `json:"grants"`
}

func agencyOf(a store.Agency) agencyOut {
	return agencyOut{a.ID, a.ORI, a.Name, a.County, string(a.Kind), a.Mnemonic, a.Submits, a.EnteredBy, a.Test, grantsText(a)}
}

// registeredText says whether an agency is live, who enters its orders, and on which line.
func registeredText(a store.Agency) string {
	text := map[bool]string{true: "test", false: "live"}[a.Test] + ", "
	switch {
	case a.Submits:
		text += "entered by the hub on " + or(a.Mnemonic, "any") + map[bool]string{true: " line", false: ""}[a.Mnemonic == ""]
	case a.EnteredBy != "":
		text += "entered by " + string(a.EnteredBy)
	default:
		text += "enters its orders itself"
	}
	return text
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
		if err := sig.Registrable(cert, time.Now()); err != nil {
			return err
		}
		trust := store.Trust{Agency: ori, Use: store.Use(c.Use), Certificate: cert, From: from, To: to, Test: c.Test}
		if err := s.TrustCertificate(ctx, trust, atCommandLine, time.Now()); err != nil {
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
		if err := s.Revoke(ctx, ori, fingerprint, c.Reason, atCommandLine, now); err != nil {
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
		a, err := s.SetGrants(ctx, ori, atCommandLine, time.Now(), granted, c.Operations...)
		if err != nil {
			return aboutAgency(ori, err)
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
		a, err := s.SetLimits(ctx, ori, store.AgencyLimits{PerSecond: c.Rate, Burst: c.Burst, Daily: c.Daily}, atCommandLine, time.Now())
		if err != nil {
			return aboutAgency(ori, err)
		}
		return t.print(a, "%s  %s: %s. Running hubs know within five seconds.\n", a.ORI, a.Name, a.Limits)
	})
}

// withAgency is withStore for a registered agency.
func withAgency(ctx context.Context, d database, ori string, use func(*store.Store, store.Agency) error) error {
	parsed, err := order.ParseORI(ori)
	if err != nil {
		return err
	}
	return withStore(ctx, d, func(s *store.Store) error {
		a, err := s.AgencyByORI(ctx, parsed)
		if err != nil {
			return aboutAgency(parsed, err)
		}
		return use(s, a)
	})
}

// missing says what there is not.
func missing(err error, format string, a ...any) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf(format, a...)
	}
	return err
}

// aboutAgency says which agency there is not.
func aboutAgency(ori order.ORI, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no agency is registered as %s", ori)
	}
	return err
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
			if err := t.print(a, "%s  %s: %s; %s; %s\n", a.ORI, a.Name, grantsText(a), a.Limits, registeredText(a)); err != nil {
				return err
			}
		}
		return nil
	})
}

func withStore(ctx context.Context, d database, use func(*store.Store) error) error {
	at, err := d.lookInto(ctx, "")
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, at.url, at.options())
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
