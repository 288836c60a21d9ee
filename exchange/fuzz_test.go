package exchange

import (
	"bytes"
	"context"
	"crypto/sha256"
	"sync/atomic"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/store"
)

// Whatever is done to a message, what the hub takes is what the court signed, with the image that it signed for.
func FuzzTake(f *testing.F) {
	const edge = `multipart/related; type="application/xop+xml"; boundary=MIME-boundary; start="<envelope@client>"`
	var want [32]byte
	var forged atomic.Bool
	s := newMemory(f)
	s.accept = func(_ context.Context, a store.Accepted) error {
		if want == ([32]byte{}) {
			want = a.Canonical
		}
		if a.Canonical != want || len(a.Images) != 1 || !bytes.Equal(a.Images[0].Content, pdf) {
			forged.Store(true)
		}
		return nil
	}
	h, err := NewHub(parts(f, s))
	check(f, err)
	court := keyPair(f, "court-rsa").cert
	take := func(body []byte, contentType string) error {
		media, err := soap.ParseContentType(contentType)
		if err != nil {
			return err
		}
		v := &visit{correlation: "fuzz", at: now, now: h.Now, agency: store.Agency{ID: 1, ORI: courtORI}}
		m := &received{visit: v, hub: h, memory: workspaces.Get().(*workspace), body: body, content: body, contentType: media, digest: sha256.Sum256(body),
			trusted: []sig.Trusted{{Certificate: court}}}
		defer m.done()
		_, err = h.take(context.Background(), m)
		return err
	}
	for _, m := range []message{{edition: soap.SOAP11}, {edition: soap.SOAP12}, {mtom: true}, {wire: addHeader(`<x:T xmlns:x="urn:x" Id="a"/>`)}} {
		body, contentType := m.request(f, "fuzz")
		check(f, take(body, contentType))
		f.Add(body, m.mtom)
	}
	f.Fuzz(func(t *testing.T, body []byte, mtom bool) {
		contentType := "text/xml"
		switch {
		case mtom:
			contentType = edge
		case bytes.Contains(body, []byte(soap.Namespace12)):
			contentType = "application/soap+xml"
		}
		err := take(body, contentType)
		if forged.Load() {
			t.Fatal("something is taken that nobody signed")
		}
		if err != nil {
			if o := tell(err); o.inside {
				t.Fatalf("an error of our own: %v", err)
			}
		}
	})
}
