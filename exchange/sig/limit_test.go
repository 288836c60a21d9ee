package sig_test

import (
	"errors"
	"strings"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
)

// TestMaxOctets takes signed content of just the size allowed, and refuses a byte more.
func TestMaxOctets(t *testing.T) {
	t.Parallel()
	f := good()
	f.content = "<Order>" + strings.Repeat(">", 5000) + "<CaseNumber/></Order>"
	doc, trusted := []byte(f.build(t)), testKey(t, "court-rsa").trusted()
	v, err := sig.VerifyDocument(doc, contract, orderPackage, trusted, now)
	if err != nil {
		t.Fatal(err)
	}
	n := len(v.Octets())
	if n < 20000 {
		t.Fatalf("%d octets are not larger than their document", n)
	}
	if _, err := (&sig.Verifier{MaxOctets: n}).VerifyDocument(doc, contract, orderPackage, trusted, now); err != nil {
		t.Errorf("at most %d octets: %v", n, err)
	}
	var e *canon.Error
	if _, err := (&sig.Verifier{MaxOctets: n - 1}).VerifyDocument(doc, contract, orderPackage, trusted, now); !errors.As(err, &e) || e.Code != canon.TooLarge {
		t.Errorf("at most %d octets: %v", n-1, err)
	}
}

// TestMaxOctetsOfSignedInfo holds SignedInfo to the same bound: it grows as well.
func TestMaxOctetsOfSignedInfo(t *testing.T) {
	t.Parallel()
	doc := strings.Replace(good().build(t), "<ds:SignedInfo>", "<ds:SignedInfo>"+strings.Repeat("\r", 5000), 1)
	var e *canon.Error
	v := sig.Verifier{MaxOctets: 4000}
	if _, err := v.VerifyDocument([]byte(doc), contract, orderPackage, testKey(t, "court-rsa").trusted(), now); !errors.As(err, &e) || e.Code != canon.TooLarge {
		t.Errorf("got %v", err)
	}
}
