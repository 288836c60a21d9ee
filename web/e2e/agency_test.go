//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"ccpor/access"
)

// provider is an agency's own identity provider, as a process of its own. Whoever signs in there is who they say they are.
type provider struct {
	issuer  string
	process *exec.Cmd
}

// clientID and clientSecret are by what the provider knows the exchange.
const clientID, clientSecret = "ccpor", "invented-secret-of-a-walk"

// provide starts a provider at a port of this machine, which may be 0. With "mfa" it says that it asked for a second factor.
func (x *exchange) provide(t *testing.T, port string, more ...string) *provider {
	t.Helper()
	args := []string{"provider/provider.mjs", filepath.Join(build, "e2e", "provider"), port, clientID, clientSecret, x.pages + "/signin/agency/back"}
	p := &provider{process: exec.Command("node", append(args, more...)...)}
	p.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	var said bytes.Buffer
	p.process.Stderr = &said
	out, err := p.process.StdoutPipe()
	if err == nil {
		err = p.process.Start()
	}
	if err != nil {
		t.Fatalf("the provider: %v", err)
	}
	t.Cleanup(func() {
		if p.stop(); t.Failed() {
			t.Logf("the provider says: %s", &said)
		}
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if issuer, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			p.issuer = issuer
			return p
		}
	}
	t.Fatal("the provider ended before it was up (make e2e fetches what it is made of)")
	return nil
}

func (p *provider) stop() { _ = p.process.Process.Kill(); _ = p.process.Wait() }

func (p *provider) port(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(p.issuer)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

// operate is the operator of the sandbox at the command line, with what docs/operating.md has in the environment of a hub.
func (x *exchange) operate(t *testing.T, args ...string) string {
	t.Helper()
	var running struct{ Database string }
	b, err := os.ReadFile(filepath.Join(x.data, "running.json"))
	if err == nil {
		err = json.Unmarshal(b, &running)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program(t, "ccpor"), args...)
	c.Env = append(os.Environ(), "CCPOR_DATABASE_URL="+running.Database, "CCPOR_KEYS="+filepath.Join(x.data, "keys.json"), "CCPOR_PAGES_URL="+x.pages, "CCPOR_PERSON=operator of the walk")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("ccpor %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// invite gives somebody of the walk's agency access, and is the path of the link by which that person may accept.
func (x *exchange) invite(t *testing.T, login, name string) string {
	t.Helper()
	var invited struct{ Link string }
	out := x.operate(t, "--json", "person", "invite", login, "--name", name, "--agency", federated, "--role", "courtClerk")
	if err := json.Unmarshal([]byte(out), &invited); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	link, err := url.Parse(invited.Link)
	if err != nil {
		t.Fatal(err)
	}
	return link.Path
}

// The walk's agency has a provider that may speak for people of this domain.
const (
	federated       = "CA036013J"
	federatedName   = "Superior Court with its own Provider (invented)"
	federatedDomain = "provider.example"
)

// aboard registers the walk's agency and names its provider.
func (x *exchange) aboard(t *testing.T, p *provider) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(clientSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x.operate(t, "agency", "add", "--ori", federated, "--name", federatedName, "--county", "San Bernardino")
	said := x.operate(t, "agency", "provider", "--ori", federated, "--issuer", p.issuer, "--client", clientID, "--secret-file", file, "--domain", federatedDomain)
	if !strings.Contains(said, "/signin/agency/back") || strings.Contains(said, clientSecret) {
		t.Errorf("the operator reads: %s", said)
	}
}

// toProvider goes from the door to the agency's own sign-in.
func (b *tab) toProvider() {
	b.t.Helper()
	b.open("/signin")
	if strings.Contains(b.says(), "restricted system") {
		b.press("I agree")
	}
	b.link("Sign in at your agency")
	b.link(federatedName)
	b.reads("Sign in at the agency")
}

// identify says at the provider who one is, and comes back to a page with a status.
func (b *tab) identify(login string, status int64) {
	b.t.Helper()
	b.fill("login", login)
	b.load("signing in at the provider", status, chromedp.Click(named("button", "Sign in here")))
}

// A court has its people sign in at its own provider. They are invited as ever, and come in with what they prove there: never without a second factor, never uninvited.
func TestAnAgencysOwnProvider(t *testing.T) {
	t.Parallel()
	x := started(t)
	weak := x.provide(t, "0")
	x.aboard(t, weak)
	link := x.invite(t, "paula@"+federatedDomain, "Paula Provider")

	b := newTab(t, x.pages, weak.issuer)
	b.open("/signin")
	b.press("I agree")
	b.link("Sign in at your agency")
	b.judge("signin-agencies")
	b.toProvider()
	b.identify("paula@"+federatedDomain, 403)
	b.reads("A second factor is needed", "Sign in there with one", "amr: mfa")
	b.judge("signin-agency-weak")
	b.isNobody()

	weak.stop()
	strong := x.provide(t, weak.port(t), "mfa")
	b.toProvider()
	b.identify("paula@"+federatedDomain, 200)
	b.reads("Paula Provider", "You sign in at your agency", "court clerk")
	if b.address() != "/account" {
		t.Errorf("wanted to go to the account, and is at %s", b.address())
	}
	b.judge("account-of-the-agencys-own")
	b.open("/")
	b.reads("Paula Provider")
	b.judge("start-of-the-agencys-own")
	x.isKnownBy(t, "paula@"+federatedDomain, strong.issuer)

	late := newTab(t, x.pages)
	late.expect(link, 404)
	late.reads("no longer works")
	x.strangers(t, strong)
	a := signedIn(t, access.Auditor)
	a.open("/audit?object=person+unknown")
	a.reads(federated, "says of no second factor", "named by "+strong.issuer+", not invited or disabled", "answer was not taken", "has not signed the person in")
	x.comesAgain(t, b)
}

// strangers are not let in, each with a page that says what to do.
func (x *exchange) strangers(t *testing.T, p *provider) {
	t.Helper()
	b := newTab(t, x.pages, p.issuer)
	b.toProvider()
	b.identify("nobody@"+federatedDomain, 403)
	b.reads("You are not invited here", "Ask the administrator of your agency")
	b.judge("signin-agency-stranger")
	b.isNobody()

	foreign := newTab(t, x.pages, p.issuer)
	foreign.toProvider()
	foreign.identify(x.people[0].Login, 400)
	foreign.reads("That sign-in cannot go on")
	foreign.judge("signin-agency-not-taken")
	foreign.isNobody()

	denied := newTab(t, x.pages, p.issuer)
	denied.toProvider()
	denied.load("refusing at the provider", 403, chromedp.Click(named("button", "Do not sign in")))
	denied.reads("Your agency has not signed you in", "Begin again")
	denied.judge("signin-agency-denied")
	denied.isNobody()
}

// isNobody fails where somebody is signed in. The account is where the tab wants to go from then on.
func (b *tab) isNobody() {
	b.t.Helper()
	b.open("/account")
	if !strings.HasPrefix(b.address(), "/signin") {
		b.t.Fatalf("let in, and at %s:\n%s", b.address(), b.says())
	}
}

// isKnownBy fails where a person is not known by the provider, and by nothing else.
func (x *exchange) isKnownBy(t *testing.T, login, issuer string) {
	t.Helper()
	var p struct {
		Login, State, Provider string
		Passkeys               int
		OneTimeCodes           bool
	}
	out := x.operate(t, "--json", "person", "list", "--agency", federated)
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if p.Login != login || p.State != "active" || p.Provider != issuer || p.Passkeys != 0 || p.OneTimeCodes {
		t.Errorf("on record: %s", out)
	}
}

// comesAgain is a person who signs out and in again at the provider, until the operator takes the provider away.
func (x *exchange) comesAgain(t *testing.T, b *tab) {
	t.Helper()
	b.signOut()
	b.toProvider()
	b.identify("paula@"+federatedDomain, 200)
	b.reads("Paula Provider")
	b.signOut()
	x.operate(t, "agency", "provider", "--ori", federated, "--drop")
	b.press("I agree")
	b.expect("/signin/agency/"+federated, 404)
	b.reads("There is no such agency")
}
