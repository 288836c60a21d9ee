package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"ccpor/clets/carpos"
	"ccpor/exchange/notify"
	"ccpor/exchange/seal"
	"ccpor/store"
)

// tellConfig is by what the hub answers for what it tells courts: receipts and notices.
type tellConfig struct {
	SealCert   string        `env:"CCPOR_SEAL_CERT" help:"Certificate with which the hub signs receipts and notices, PEM. Courts verify by it. Empty: nothing is signed." placeholder:"FILE" type:"path"`
	SealKey    string        `env:"CCPOR_SEAL_KEY" help:"Key of that certificate, PEM: ECDSA on P-256 by preference, which signs twenty times as fast as RSA." placeholder:"FILE" type:"path"`
	ListenCert string        `name:"callback-cert" env:"CCPOR_CALLBACK_CERT" help:"Client certificate that the hub shows to courts' listeners, PEM. Empty: none is shown." placeholder:"FILE" type:"path"`
	ListenKey  string        `name:"callback-key" env:"CCPOR_CALLBACK_KEY" help:"Key of that certificate, PEM." placeholder:"FILE" type:"path"`
	Late       time.Duration `name:"callback-late" env:"CCPOR_CALLBACK_LATE" default:"4h" help:"For how long a court's listener fails until the log calls for a person. The hub goes on trying."`
}

// serveConfig is the whole configuration of a running hub. Its tags are the documentation: `ccpor config describe` prints them.
type serveConfig struct {
	Database    database `embed:""`
	tellConfig  `embed:""`
	clockConfig `embed:""`
	watchConfig `embed:""`
	Pictures    pictures `embed:""`

	Listen      string        `env:"CCPOR_LISTEN" default:":8917" help:"Address of the SOAP service (HTTPS)."`
	PublicURL   string        `env:"CCPOR_PUBLIC_URL" help:"Address of the service as courts see it, written into the WSDL. Empty: as the request names it." placeholder:"URL"`
	TLSCert     string        `env:"CCPOR_TLS_CERT" help:"Certificate of the service, PEM." placeholder:"FILE" type:"path"`
	TLSKey      string        `env:"CCPOR_TLS_KEY" help:"Key of the service, PEM." placeholder:"FILE" type:"path"`
	MaxMessage  int64         `env:"CCPOR_MAX_MESSAGE" default:"33554432" help:"Largest message taken, in bytes, images included."`
	MaxInFlight int64         `env:"CCPOR_MAX_IN_FLIGHT" default:"134217728" help:"Bytes of messages in hand at once; beyond it a sender is asked to come again."`
	MaxConns    int           `name:"max-connections" env:"CCPOR_MAX_CONNECTIONS" default:"1000" help:"Connections to the service at once; the next one waits."`
	MaxPerPeer  int           `name:"max-connections-per-address" env:"CCPOR_MAX_CONNECTIONS_PER_ADDRESS" default:"100" help:"Of these, from one address; the next one is closed. 0 sets no such bound, for a hub behind a proxy."`
	Rate        float64       `name:"rate" env:"CCPOR_RATE" default:"20" help:"Requests a second that one agency may send to this process; beyond it a sender is asked to come again. 0 sets no bound."`
	Burst       int           `name:"burst" env:"CCPOR_BURST" default:"100" help:"Requests that one agency may send at once after a pause."`
	Daily       int           `name:"daily" env:"CCPOR_DAILY" default:"20000" help:"Packages that are taken of one agency in a day. 0 sets no bound."`
	AddressRate float64       `name:"address-rate" env:"CCPOR_ADDRESS_RATE" default:"5" help:"Requests a second that may come from one address without a registered certificate. 0 sets no bound."`
	AddressMost int           `name:"address-burst" env:"CCPOR_ADDRESS_BURST" default:"50" help:"Such requests that may come at once after a pause."`
	Stop        time.Duration `env:"CCPOR_STOP_WITHIN" default:"20s" help:"Time that requests and transmissions in hand are given when the program is told to stop."`

	TimestampURL   string        `env:"CCPOR_TIMESTAMP_URL" help:"Time-stamping authority (RFC 3161) that stamps the ledger's checkpoints, so that their time rests on another's clock. Empty: none is asked." placeholder:"URL"`
	TimestampCert  []string      `env:"CCPOR_TIMESTAMP_CERT" type:"existingfile" help:"Certificates to which the authority's has to lead, PEM." placeholder:"FILE"`
	TimestampEvery time.Duration `env:"CCPOR_TIMESTAMP_EVERY" default:"1h" help:"Time between two stamps."`

	AlarmRefusals int           `env:"CCPOR_ALARM_REFUSALS" default:"20" help:"How many refusals of one agency or address within CCPOR_ALARM_WINDOW raise an alarm. 0: none do."`
	AlarmWindow   time.Duration `env:"CCPOR_ALARM_WINDOW" default:"10m" help:"In what time refusals are counted; an alarm clears when there was none for so long."`
	AlarmLine     time.Duration `env:"CCPOR_ALARM_LINE" default:"5m" help:"For how long a line to the switch may be down, or all of them, until an alarm. 0: none."`
	AlarmInbound  time.Duration `env:"CCPOR_ALARM_INBOUND" default:"15m" help:"For how long a message of the switch may wait for a person until an alarm. 0: none."`
	AlarmHeld     time.Duration `env:"CCPOR_ALARM_HELD" default:"4h" help:"For how long a transmission may be held for a person until an alarm. 0: none."`
	AlarmRejects  int           `env:"CCPOR_ALARM_REJECTS" default:"10" help:"How many answers of the switch in a row may say that CARPOS cannot take anything until an alarm. 0: none."`
	WatchTime     time.Duration `env:"CCPOR_WATCH_TIME" default:"30s" help:"How often deadlines, alarms' causes and the ends of certificates are looked at."`

	LedgerLimit time.Duration `env:"CCPOR_LEDGER_LIMIT" default:"10m" help:"For how long the ledger over the audit log may stand still until the hub takes no more orders. 0 never stops it."`

	pagesConfig `embed:""`

	RiverUI bool `name:"river-ui" env:"CCPOR_RIVER_UI" help:"Show River's own pages about the jobs under /river/ of the pages, for reading."`

	Switch       string        `env:"CCPOR_SWITCH" help:"Address of the message switch, host:port. Empty: nothing is relayed, transmissions wait." placeholder:"HOST:PORT"`
	SwitchLines  []string      `env:"CCPOR_SWITCH_LINES" default:"CCPR" help:"Mnemonics of the lines to the switch, four characters each."`
	SwitchORI    string        `env:"CCPOR_SWITCH_ORI" default:"CA0349400" help:"ORI with which the lines log on."`
	SwitchWindow int           `env:"CCPOR_SWITCH_WINDOW" default:"1" help:"Unanswered requests allowed on a line (profile section 1)."`
	SwitchPlain  bool          `env:"CCPOR_SWITCH_PLAIN" help:"Speak to the switch without TLS. For a sandbox."`
	SwitchCert   string        `env:"CCPOR_SWITCH_CERT" help:"Client certificate towards the switch, PEM." placeholder:"FILE" type:"path"`
	SwitchKey    string        `env:"CCPOR_SWITCH_KEY" help:"Key of that certificate, PEM." placeholder:"FILE" type:"path"`
	SwitchCA     string        `env:"CCPOR_SWITCH_CA" help:"Authority that vouches for the switch, PEM." placeholder:"FILE" type:"path"`
	SwitchTest   bool          `env:"CCPOR_SWITCH_TEST" help:"The switch is a test switch: test packages may go to it."`
	TestRegion   bool          `env:"CCPOR_TEST_REGION" help:"This hub is a test region: registered replayers may send here what other agencies sent elsewhere. Never with a live switch."`
	ReplyTimeout time.Duration `env:"CCPOR_REPLY_TIMEOUT" default:"120s" help:"Time until a request without reply counts as unknown and is looked up (profile section 1)."`
	RetryScale   float64       `env:"CCPOR_RETRY_SCALE" default:"1" help:"Factor on the pauses between tries; below 1 only in a sandbox."`
	LeaseTime    time.Duration `env:"CCPOR_LEASE_TIME" default:"6s" help:"How long a line stays another hub's after that hub died."`
	Fresh        time.Duration `env:"CCPOR_FRESH" default:"15m" help:"For how long after its receipt an order counts as fresh: it goes to CARPOS before any backlog."`
	UrgentShare  float64       `env:"CCPOR_URGENT_SHARE" default:"0.5" help:"Share of the legal time from which on an order goes first, as long as its deadline can still be met."`
	SweepTime    time.Duration `env:"CCPOR_SWEEP_TIME" default:"15s" help:"How often what a dead hub left behind is looked for."`

	// dictionary is another one than the embedded, in a region that tries a changed code table.
	dictionary *carpos.Dictionary `kong:"-"`

	LogLevel string `env:"CCPOR_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level of the log (${enum}); the log is JSON on standard error."`
}

// check tells every problem of the configuration that can be told without opening anything but its files.
func (c *serveConfig) check() error {
	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	if _, err := c.Database.required(); err != nil {
		bad("%w", err)
	}
	if c.Database.Keys == "" {
		bad("no keys are named, and what the hub keeps of people is encrypted: set CCPOR_KEYS, to a file that ccpor keys new makes")
	} else if _, err := c.Database.readKeys(); err != nil {
		bad("%w", err)
	}
	if c.TLSCert == "" || c.TLSKey == "" {
		bad("the service has no certificate: set CCPOR_TLS_CERT and CCPOR_TLS_KEY")
	}
	if (c.SealCert == "") != (c.SealKey == "") {
		bad("to sign receipts, both CCPOR_SEAL_CERT and CCPOR_SEAL_KEY are needed")
	} else if _, err := c.sealer(); err != nil {
		bad("%w", err)
	}
	if _, err := c.callbackCertificate(); err != nil {
		bad("%w", err)
	}
	if err := errors.Join(c.pagesConfig.check(), c.besidePages(), c.watchConfig.check()); err != nil {
		bad("%w", err)
	}
	if c.MaxConns < 1 || c.MaxPerPeer < 0 {
		bad("CCPOR_MAX_CONNECTIONS is %d and the bound per address %d: at least one connection must be allowed", c.MaxConns, c.MaxPerPeer)
	}
	if c.Rate < 0 || c.AddressRate < 0 || c.Daily < 0 || c.Rate > 0 && c.Burst < 1 || c.AddressRate > 0 && c.AddressMost < 1 {
		bad("CCPOR_RATE, CCPOR_ADDRESS_RATE and CCPOR_DAILY may not be negative, and at least one request has to be allowed at once (CCPOR_BURST, CCPOR_ADDRESS_BURST)")
	}
	if c.WatchTime <= 0 || c.AlarmWindow <= 0 {
		bad("CCPOR_WATCH_TIME is %s and CCPOR_ALARM_WINDOW %s: they must be above 0", c.WatchTime, c.AlarmWindow)
	}
	if err := store.CheckShares(c.Warn); err != nil {
		bad("CCPOR_DEADLINE_WARN: %w", err)
	}
	if c.SwitchWindow < 1 {
		bad("CCPOR_SWITCH_WINDOW is %d: at least 1 request must be allowed on a line", c.SwitchWindow)
	}
	if c.Switch != "" && !c.SwitchPlain && (c.SwitchCert == "" || c.SwitchKey == "" || c.SwitchCA == "") {
		bad("the switch wants TLS with a client certificate: set CCPOR_SWITCH_CERT, CCPOR_SWITCH_KEY and CCPOR_SWITCH_CA, or CCPOR_SWITCH_PLAIN in a sandbox")
	}
	if c.SwitchPlain && c.Switch != "" && loopback(c.Switch) != nil {
		bad("CCPOR_SWITCH_PLAIN is set but %s is not on this machine: orders do not travel in clear", c.Switch)
	}
	if err := c.checkRegion(); err != nil {
		bad("%w", err)
	}
	if c.Fresh < 0 || c.UrgentShare < 0 || c.UrgentShare >= 1 {
		bad("CCPOR_FRESH is %s and CCPOR_URGENT_SHARE %g: neither may be negative, and the share must be below 1", c.Fresh, c.UrgentShare)
	}
	if c.RetryScale <= 0 {
		bad("CCPOR_RETRY_SCALE is %g: it must be above 0", c.RetryScale)
	}
	for _, f := range []string{c.TLSCert, c.TLSKey, c.SwitchCert, c.SwitchKey, c.SwitchCA} {
		if f == "" {
			continue
		}
		if _, err := os.Stat(f); err != nil {
			bad("%w", err)
		}
	}
	return errors.Join(errs...)
}

// alarmLimits are from when on causes raise an alarm.
func (c *serveConfig) alarmLimits() store.AlarmLimits {
	return store.AlarmLimits{Refusals: c.AlarmRefusals, Window: c.AlarmWindow, Line: c.AlarmLine, Inbound: c.AlarmInbound, Held: c.AlarmHeld, Rejects: c.AlarmRejects}
}

// checkRegion keeps replays from a live switch. A switch is live unless it is said to be a test switch.
func (c *serveConfig) checkRegion() error {
	if c.TestRegion && c.Switch != "" && !c.SwitchTest {
		return errors.New("CCPOR_TEST_REGION is set, but the switch is not said to be a test switch (CCPOR_SWITCH_TEST): replays never go to a live switch")
	}
	return nil
}

// sealer signs receipts and notices; nil where no key is configured.
func (c *tellConfig) sealer() (*seal.Sealer, error) {
	if c.SealCert == "" {
		return nil, nil
	}
	id := identity{certFile: c.SealCert, keyFile: c.SealKey}
	if err := id.load(); err != nil {
		return nil, fmt.Errorf("reading the certificate that signs receipts: %w", err)
	}
	return seal.New(id.key, id.cert)
}

// callbackCertificate is what the hub shows to listeners; nil where none is configured.
func (c *tellConfig) callbackCertificate() (*tls.Certificate, error) {
	if c.ListenCert == "" && c.ListenKey == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.ListenCert, c.ListenKey)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate towards listeners: %w", err)
	}
	return &pair, nil
}

// notifier tells courts of changes over the store. plain allows http to this machine; scale is a factor on the pauses.
func (c *tellConfig) notifier(s *store.Store, plain bool, scale float64, observe notify.Observer, log *slog.Logger) (*notify.Notifier, error) {
	signs, err := c.sealer()
	if err != nil {
		return nil, err
	}
	own, err := c.callbackCertificate()
	if err != nil {
		return nil, err
	}
	return notify.New(s, notify.Config{Seal: signs, Certificate: own, Plain: plain, Late: c.Late, Scale: scale, Observe: observe, Log: log})
}

// sealEnds is how long before its end the certificate that signs receipts is spoken of.
const sealEnds = 60 * 24 * time.Hour

// warnings tells what works and is not as it should be; the configuration is whole.
func (c *serveConfig) warnings(now time.Time) []string {
	s, err := c.sealer()
	switch {
	case err != nil:
		return nil // check says so
	case s == nil:
		return []string{"receipts and notices go unsigned: set CCPOR_SEAL_CERT and CCPOR_SEAL_KEY, so that courts can prove what the hub has received"}
	case now.Before(s.Certificate().NotBefore):
		return []string{"the certificate in CCPOR_SEAL_CERT is not valid before " + s.Certificate().NotBefore.Format(time.DateOnly) + ": receipts go unsigned until then"}
	case now.After(s.Certificate().NotAfter.Add(-sealEnds)):
		return []string{"the certificate in CCPOR_SEAL_CERT ends on " + s.Certificate().NotAfter.Format(time.DateOnly) + ": after that receipts go unsigned; give courts the next one now"}
	}
	return nil
}

// besidePages refuses metrics beside pages that other machines reach.
func (c *serveConfig) besidePages() error {
	if c.Metrics == "" && loopback(c.Pages) != nil {
		return errors.New("CCPOR_PAGES is beyond this machine, and metrics would stand beside it: set CCPOR_METRICS_LISTEN")
	}
	return nil
}

// loopback refuses an address that other machines can reach.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s is no address: host:port is needed", addr)
	}
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("%s is not on loopback: a sandbox is for this machine only", addr)
}

type configCommand struct {
	Describe describeCommand `cmd:"" help:"Print every setting with its default and meaning."`
	Check    checkCommand    `cmd:"" help:"Check the settings of 'serve' as they are now, and say everything that is wrong."`
}

type describeCommand struct{}

// setting is one line of `ccpor config describe`.
type setting struct {
	Env     string `json:"env"`
	Flag    string `json:"flag"`
	Default string `json:"default,omitempty"`
	Help    string `json:"help"`
}

func (describeCommand) Run(t *terminal, k *kong.Kong) error {
	for _, s := range settings(k) {
		if t.json {
			if err := json.NewEncoder(t.out).Encode(s); err != nil {
				return err
			}
			continue
		}
		def := ""
		if s.Default != "" {
			def = " (default " + s.Default + ")"
		}
		fmt.Fprintf(t.out, "%s%s\n    %s\n", s.Env, def, s.Help)
	}
	return nil
}

func settings(k *kong.Kong) []setting {
	var all []setting
	for _, node := range k.Model.Children {
		if node.Name != "serve" {
			continue
		}
		for _, f := range node.Flags {
			if len(f.Envs) == 0 {
				continue
			}
			help := strings.ReplaceAll(f.Help, "${enum}", strings.ReplaceAll(f.Enum, ",", ", "))
			all = append(all, setting{Env: f.Envs[0], Flag: "--" + f.Name, Default: f.Default, Help: help})
		}
	}
	return all
}

type checkCommand struct {
	serveConfig `embed:""`
}

func (c *checkCommand) Run(t *terminal) error {
	err := c.check()
	warnings := c.warnings(time.Now())
	if t.json {
		problems := []string{}
		if err != nil {
			problems = strings.Split(err.Error(), "\n")
		}
		if encErr := json.NewEncoder(t.out).Encode(map[string]any{"ok": err == nil, "problems": problems, "warnings": append([]string{}, warnings...)}); encErr != nil {
			return encErr
		}
	} else if err != nil {
		fmt.Fprintln(t.err, err)
	} else {
		fmt.Fprintln(t.out, "The configuration is whole.")
	}
	for _, w := range warnings {
		if !t.json {
			fmt.Fprintln(t.err, "warning:", w)
		}
	}
	if err != nil {
		return exitStatus(1)
	}
	return nil
}
