package exchange

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/seal"
	"ccpor/exchange/soap"
)

func hubSealer(t testing.TB) *seal.Sealer {
	t.Helper()
	k := keyPair(t, "hub")
	s, err := seal.New(k.key, k.cert)
	check(t, err)
	return s
}

// The first receipt and every later one of the same package are signed, hold the same content, and prove offline whose package was received when.
func TestReceiptsAreSigned(t *testing.T) {
	t.Parallel()
	later := now.Add(48 * time.Hour)
	config, clock := parts(t, newMemory(t)), now
	config.Seal, config.Now = hubSealer(t), func() time.Time { return clock }
	r := start(t, config)
	var first client.Proof
	var answers collected
	for i, m := range []message{{}, {edition: soap.SOAP12, mtom: true}, {signer: "court-p256"}} {
		if i > 0 {
			clock = later
		}
		reply := r.send(t, m, "sealed")
		answers.add(reply.Body)
		kept, err := client.FindReceipt(reply.Body)
		check(t, err)
		proof, err := client.VerifyReceipt(kept, []*x509.Certificate{keyPair(t, "court-rsa").cert, config.Seal.Certificate()})
		check(t, err)
		readable, err := reply.Receipt()
		check(t, err)
		if proof.Tracking != readable.Tracking || proof.Submitter != courtORI || proof.Package != "P-sealed" || proof.Duplicate != (i > 0) || !proof.ReceivedAt.Equal(now) ||
			!proof.SignedAt.Equal(clock) || !proof.Hub.Equal(config.Seal.Certificate()) || proof.Entry.Deadline.IsZero() {
			t.Errorf("%d: %+v", i, proof)
		}
		if i == 0 {
			first = proof
		}
		if proof.MessageSHA256 != first.MessageSHA256 || proof.PackageSHA256 != first.PackageSHA256 || proof.Entry != first.Entry {
			t.Errorf("another receipt than the first: %+v", proof)
		}
	}
	answers.validate(t)
	covers(t, first)
}

// covers compares the receipt with packages of other content, and with the one itself signed by another key.
func covers(t *testing.T, p client.Proof) {
	t.Helper()
	sign := func(pack, key string) []byte {
		k := keyPair(t, key)
		signed, err := client.Sign([]byte(strings.ReplaceAll(strings.ReplaceAll(pack, "PKG-1", "P-sealed"), "ORDER-1", "O-sealed")), k.key, k.cert)
		check(t, err)
		return signed
	}
	if err := p.Covers(sign(sampleOrder(), "other-court")); err != nil {
		t.Error(err)
	}
	if err := p.Covers(sign(strings.Replace(sampleOrder(), "Marc", "Mark", 1), "court-rsa")); !errors.Is(err, client.ErrOtherPackage) {
		t.Error(err)
	}
	changed := strings.Replace(string(sign(sampleOrder(), "court-rsa")), "Marc", "Mark", 1)
	if err := p.Covers([]byte(changed)); err == nil || errors.Is(err, client.ErrOtherPackage) {
		t.Errorf("a package that is not what was signed is compared: %v", err)
	}
}

// Without a key nothing is signed, and nothing says so in the answer.
func TestUnsignedReceipts(t *testing.T) {
	t.Parallel()
	receipt, err := start(t, parts(t, newMemory(t))).send(t, message{}, "unsealed").Receipt()
	if err != nil || receipt.Tracking == "" || len(receipt.Signed) > 0 || !receipt.SignedAt.IsZero() {
		t.Errorf("%+v, %v", receipt, err)
	}
}

// A hub whose certificate has ended signs nothing any more, and says so in its log; the package is kept already, so that it gets its receipt.
func TestAnEndedCertificateCostsTheSignatureOnly(t *testing.T) {
	t.Parallel()
	config := parts(t, newMemory(t))
	config.Seal = hubSealer(t)
	r := start(t, config)
	k := kept{}
	k.received = &received{visit: &visit{}, hub: r.hub}
	end := config.Seal.Certificate().NotAfter
	receipt := []byte(`<Receipt xmlns="urn:ccpor:exchange:service:1.0" Id="r"/>`)
	if signed := k.signed(receipt, end); signed == nil {
		t.Error("not signed in the certificate's last second")
	}
	if signed := k.signed(receipt, end.Add(time.Second)); signed != nil || !strings.Contains(r.log.String(), "could not be signed") {
		t.Errorf("signed %s, log %s", signed, r.log)
	}
}
