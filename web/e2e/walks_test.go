//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ccpor/access"
)

// A caller has a tracking number, and the help desk reads the answer; another knows the case alone.
func TestTheHelpDeskAnswers(t *testing.T) {
	t.Parallel()
	x := started(t)
	b := signedIn(t, access.HelpDesk)
	b.link("Submissions")
	b.judge("submissions")
	b.tabTo("What the caller can say")
	b.enter(x.sample(t, "14-invalid-by-schema"))
	b.reads("Read to the caller", "The sex of the restrained person", "Next move")
	b.judge("submission-refused")
	b.portrait("helpdesk.png")
	b.open("/submissions")
	b.fill("q", "06NF0886")
	b.press("Find")
	b.reads(x.sample(t, "01-criminal-order"))
	b.judge("submissions-of-a-case")
	b.link(x.sample(t, "01-criminal-order"))
	b.reads("Read to the caller", "not shown to your roles")
	if strings.Contains(b.says(), "06NF0886") {
		t.Error("the help desk reads a case number that its roles do not see")
	}
	b.judge("submission-accepted")
}

// A clerk looks at an order, and an auditor finds who did.
func TestTheAuditorFindsWhoLooked(t *testing.T) {
	t.Parallel()
	x := started(t)
	b := signedIn(t, access.CourtClerk)
	b.open("/orders")
	b.judge("orders")
	b.fill("words", "06NF0886")
	b.fill("purpose", "a walk through the pages")
	b.press("Search")
	b.load("opening the order", 200, chromedp.Click(chromedp.CSS("main table a")))
	b.judge("order")
	order := strings.Split(strings.TrimPrefix(b.address(), "/order/"), "/")
	a := signedIn(t, access.Auditor)
	a.open("/audit")
	a.fill("court", order[0])
	a.fill("id", order[1])
	a.press("Search")
	a.reads(x.person(t, access.CourtClerk).Login, "shown")
	a.judge("audit")
}

// certificate is a file of a certificate of nobody.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(20261129), Subject: pkix.Name{CommonName: "walk.court.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, DNSNames: []string{"walk.court.example"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "walk.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// trusts has the agency's certificate for a use taken, after it was seen.
func (b *tab) trusts(use string) {
	b.t.Helper()
	b.open("/agencies/CA037013J/certificates")
	b.do("choosing a file", chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{certificate(b.t)}))
	b.pick("use", use)
	b.press("Check the file")
	b.reads("It is not registered yet", "walk.court.example")
	b.judge("certificate-seen-" + use)
	b.press("Trust this certificate")
}

// A court comes aboard with its certificate, and its first person with a passkey.
func TestACourtComesAboard(t *testing.T) {
	t.Parallel()
	x := started(t)
	b := signedIn(t, access.SystemAdministrator)
	b.open("/agencies")
	b.judge("agencies")
	b.link("Bring an agency aboard")
	b.fill("ori", "CA037013J")
	b.fill("name", "Superior Court of the Walk (invented)")
	b.pick("county", "San Diego")
	b.judge("agency-new")
	b.press("Register the agency")
	b.judge("agency-aboard")
	b.trusts("tls")
	b.reads("A certificate for signing packages is missing")
	b.trusts("signing")
	b.reads("Certificates are in force")
	b.open("/agencies/CA037013J/people")
	b.fill("name", "Wanda Walker")
	b.fill("login", "wanda@court.example")
	b.do("giving a role", chromedp.Click(chromedp.CSS(`label[for="role-`+string(access.CourtClerk)+`"]`)))
	b.judge("people-invite")
	b.press("Invite")
	b.reads("Wanda Walker")
	comes(t, x, "wanda@court.example", "Wanda Walker")
}

// comes is somebody who was invited, and accepts with a passkey; the tab is that person's.
func comes(t *testing.T, x *exchange, login, name string) *tab {
	t.Helper()
	n := newTab(t, x.pages)
	n.telephone()
	n.open(x.letter(t, login, "/signin/invitation/"))
	if n.address() != "/signin/invitation" {
		t.Errorf("the link's secret stays in the address: %s", n.address())
	}
	if strings.Contains(n.says(), "restricted system") {
		n.press("I agree")
	}
	n.reads(name)
	n.judge("invitation")
	n.fill("password", "several words that nobody guesses")
	n.fill("repeated", "several words that nobody guesses")
	n.press("Continue")
	n.judge("invitation-second-factor")
	n.press("Set up a passkey")
	n.reads("ten codes")
	n.judge("recovery-codes")
	n.link("I have kept them")
	n.reads(name)
	return n
}

var number = regexp.MustCompile(`[0-9]+|/submission/[^/?]+|/order/[A-Z0-9]+/[^/?]+`)

// Every page to which a link leads is judged once, as whoever may most: the operator's people and a court's.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	for _, role := range []access.Role{access.SystemAdministrator, access.AgencyAdministrator, access.LawEnforcement} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			signedIn(t, role).everyPage(string(role))
		})
	}
}

func (b *tab) everyPage(role string) {
	b.t.Helper()
	todo, done := []string{"/"}, map[string]bool{}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		kind := number.ReplaceAllString(strings.Split(strings.Split(path, "?")[0], "#")[0], "N")
		if done[kind] || strings.HasPrefix(path, "/river") || strings.Contains(path, "/export") || strings.Contains(path, "/image/") {
			continue // what is another's making, or a file
		}
		done[kind] = true
		b.open(path)
		b.judge(role + strings.ReplaceAll(kind, "/", "-"))
		todo = append(todo, evaluate[[]string](b, `[...document.querySelectorAll("a[href^='/']")].map(a => a.getAttribute("href"))`)...)
	}
	b.t.Logf("%d kinds of pages", len(done))
}
