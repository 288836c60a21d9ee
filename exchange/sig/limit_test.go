package sig_test

import (
	"errors"
	"runtime"
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

// TestLargeIsLetGo: what a verifier keeps for its next call is neither the document nor the memory that only a large one needs.
func TestLargeIsLetGo(t *testing.T) {
	f := good()
	f.content = "<Order>" + strings.Repeat("&#62;", 1<<20) + "</Order>"
	trusted, built := testKey(t, "court-rsa").trusted(), f.build(t)
	info := strings.Replace(good().build(t), "<ds:SignedInfo>", "<ds:SignedInfo>"+strings.Repeat("\r", 1<<20), 1)
	cert := strings.Replace(good().build(t), "</ds:SignatureValue>", "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"+strings.Repeat("AAAA", 1<<20)+"</ds:X509Certificate></ds:X509Data></ds:KeyInfo>", 1)
	value := strings.Replace(good().build(t), "<ds:SignatureValue>", "<ds:SignatureValue>"+strings.Repeat("AAAA", 1<<20), 1)
	list := strings.Replace(built, excTransform, `<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="`+strings.Repeat("a ", 1<<21)+`"/></ds:Transform>`, 1)
	for name, c := range map[string]struct {
		doc  string
		good bool
	}{"content": {built, true}, "SignedInfo": {info, false}, "KeyInfo": {cert, true}, "SignatureValue": {value, false}, "PrefixList": {list, false}} {
		t.Run(name, func(t *testing.T) {
			var v sig.Verifier
			before := held()
			_, err := v.VerifyDocument([]byte(c.doc), contract, orderPackage, trusted, now)
			if (err == nil) != c.good {
				t.Fatalf("got %v", err)
			}
			if more := held() - before; more > 1<<20 {
				t.Errorf("the verifier holds %d bytes", more)
			}
			runtime.KeepAlive(&v)
		})
	}
}

// held is the memory in use. One collection empties no sync.Pool: it takes two.
func held() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
