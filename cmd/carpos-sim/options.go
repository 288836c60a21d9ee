package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"ccpor/clets/sim"
)

// options are the flags of the program. Each may be set by the environment too: CARPOS_SIM_LISTEN and so on.
type options struct {
	Listen  string `default:"127.0.0.1:7917" env:"CARPOS_SIM_LISTEN" help:"Address of the line (host:port; port 0 chooses one)."`
	Control string `default:"127.0.0.1:7918" env:"CARPOS_SIM_CONTROL" help:"Address of the control port (HTTP, loopback only); empty switches it off."`
	Exposed bool   `env:"CARPOS_SIM_EXPOSED" help:"Allow a control port that is not on the loopback interface. It asks for no password."`
	Data    string `env:"CARPOS_SIM_DATA" type:"path" help:"Folder that keeps the records over a restart; empty keeps them in memory."`
	JSON    bool   `help:"Print the ready and the final line as JSON."`
	Parent  bool   `name:"with-parent" help:"End when standard input is closed, as it is when the program that started this one ends, however it ends."`

	TLSCert string `name:"tls-cert" type:"existingfile" env:"CARPOS_SIM_TLS_CERT" help:"Certificate of the line (PEM); switches TLS on."`
	TLSKey  string `name:"tls-key" type:"existingfile" env:"CARPOS_SIM_TLS_KEY" help:"Its key (PEM)."`
	TLSCA   string `name:"tls-ca" type:"existingfile" env:"CARPOS_SIM_TLS_CA" help:"Whose client certificates are asked for (PEM); empty asks for none."`

	Mnemonics  map[string]string `name:"mnemonic" placeholder:"MNEM=HUB" help:"Who may log on, and which hub it belongs to; may be repeated. Without it everyone may, as one hub."`
	ORIs       []string          `name:"ori" help:"Who may send; may be repeated. Without it every well-formed ORI."`
	EntryORIs  []string          `name:"entry-ori" help:"Who may send more than inquiries (else REJECT 30); may be repeated. Without it everyone."`
	OrderTypes []string          `name:"order-type" placeholder:"CODE[:temporary][:unprotected]" help:"One more code of ORT; temporary wants HRD, unprotected does without PPN."`
	FCNPrefix  string            `default:"232" help:"First three digits of every FCN."`
	Window     int               `default:"1" help:"Requests that may be unanswered on a line; one more gets NAK 10."`
	MaxText    int               `default:"0" help:"Longest text of a request in bytes (NAK 15 beyond); 0 leaves it to the frame's limit."`
	ReplyAfter time.Duration     `default:"50ms" help:"From request to reply."`
	Repeat     time.Duration     `name:"repeat-after" default:"60s" help:"Until a reply without GOT is repeated."`
	Ping       time.Duration     `name:"ping-after" default:"60s" help:"Silence before a PING."`
	Pong       time.Duration     `name:"pong-within" default:"15s" help:"How long the PONG may take."`
	Behind     time.Duration     `help:"How far the switch's clock is behind: what has expired since then has not expired for it."`
	History    int               `default:"10000" help:"Events kept for the control port."`
	NoMagic    bool              `help:"Court case numbers choose nothing."`

	Seed   uint64 `default:"1" help:"Seed of the misbehaviours: the same seed and requests, the same misbehaviours."`
	Faults faults `embed:"" group:"Misbehaviours (probability for each request)"`
}

// faults are the misbehaviours at the start; the control port changes them later.
type faults struct {
	LoseRequests  float64       `help:"The request vanishes: no ACK, no reply."`
	DropLine      float64       `help:"The line is closed after the request was carried out; the reply waits for the next LOGON."`
	DropLineEarly float64       `help:"The line is closed before anything is done."`
	Busy          float64       `help:"NAK 10."`
	CarposDown    float64       `help:"NAK 11."`
	TryLater      float64       `help:"REJECT 90."`
	CarposError   float64       `help:"REJECT 91."`
	LoseReplies   float64       `help:"Carried out, but the reply is never sent."`
	GarbageFrames float64       `help:"Bytes that are no frame, then the line is closed; the reply waits."`
	LoseAcks      float64       `help:"No ACK, only the reply."`
	Overtake      float64       `help:"The reply comes before the ACK."`
	Garble        float64       `help:"The reply's text matches nothing."`
	Duplicate     float64       `help:"The reply comes twice."`
	Late          float64       `help:"The reply comes late."`
	Slow          float64       `help:"The request is carried out late."`
	Reorder       float64       `help:"The reply comes after the line's next one."`
	LateBy        time.Duration `default:"2s" help:"How late."`
	Stall         bool          `help:"Accept connections and read, but say and do nothing."`
}

func (f faults) faults() sim.Faults {
	return sim.Faults{
		LoseRequest: f.LoseRequests, DropBefore: f.DropLineEarly, Busy: f.Busy, CarposDown: f.CarposDown,
		TryLater: f.TryLater, CarposError: f.CarposError, DropAfter: f.DropLine, LoseReply: f.LoseReplies,
		GarbageFrame: f.GarbageFrames, LoseACK: f.LoseAcks, Overtake: f.Overtake, Garble: f.Garble,
		Duplicate: f.Duplicate, Late: f.Late, Slow: f.Slow, Reorder: f.Reorder, LateBy: f.LateBy, Stall: f.Stall,
	}
}

func (o options) config() (sim.Config, error) {
	secured, err := o.tls()
	if err != nil {
		return sim.Config{}, err
	}
	types, err := orderTypes(o.OrderTypes)
	if err != nil {
		return sim.Config{}, err
	}
	return sim.Config{
		Address: o.Listen, TLS: secured, Mnemonics: o.Mnemonics, ORIs: o.ORIs, EntryORIs: o.EntryORIs,
		OrderTypes: types, FCNPrefix: o.FCNPrefix, Window: o.Window, MaxText: o.MaxText, ReplyAfter: o.ReplyAfter,
		RepeatAfter: o.Repeat, PingAfter: o.Ping, PongWithin: o.Pong, Dir: o.Data, HistorySize: o.History,
		Seed: o.Seed, Faults: o.Faults.faults(), NoMagic: o.NoMagic, Now: func() time.Time { return time.Now().Add(-o.Behind) },
	}, nil
}

// tls returns the settings of the line, or nil for plain TCP.
func (o options) tls() (*tls.Config, error) {
	if o.TLSCert == "" && o.TLSKey == "" && o.TLSCA == "" {
		return nil, nil
	}
	if o.TLSCert == "" || o.TLSKey == "" {
		return nil, errors.New("TLS needs --tls-cert and --tls-key")
	}
	pair, err := tls.LoadX509KeyPair(o.TLSCert, o.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("load the line's certificate: %w", err)
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if o.TLSCA == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(o.TLSCA)
	if err != nil {
		return nil, fmt.Errorf("load the clients' authority: %w", err)
	}
	cfg.ClientCAs = x509.NewCertPool()
	if !cfg.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("load the clients' authority: no certificate in %s", o.TLSCA)
	}
	cfg.ClientAuth = tls.RequireAndVerifyClientCert
	return cfg, nil
}

// orderTypes reads CODE[:temporary][:unprotected].
func orderTypes(list []string) ([]sim.OrderType, error) {
	var out []sim.OrderType
	for _, s := range list {
		words := strings.Split(s, ":")
		t := sim.OrderType{Code: words[0], Title: words[0] + " ORDER", Protected: true}
		for _, w := range words[1:] {
			switch w {
			case "temporary":
				t.Temporary = true
			case "unprotected":
				t.Protected = false
			default:
				return nil, fmt.Errorf("--order-type %s: %q is neither temporary nor unprotected", s, w)
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// controlAllowed refuses a control port that others can reach, unless it was asked for.
func (o options) controlAllowed() error {
	host, _, err := net.SplitHostPort(o.Control)
	if err != nil {
		return fmt.Errorf("open the control port: %w", err)
	}
	ip := net.ParseIP(host)
	if o.Exposed || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("the control port %s is not on the loopback interface; --exposed allows it", o.Control)
}
