package exchange

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"ccpor/exchange/client"
	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/store"
)

// quick is a store that takes everything at once, so that what is measured is the intake.
type quick struct{ *memory }

func (quick) Accept(_ context.Context, a store.Accepted) (store.Receipt, error) {
	return store.Receipt{Tracking: "0000-0000-00", At: a.Received.At, Digest: a.Received.Digest, Due: a.Deadline.Due, Rule: a.Deadline.Rule, State: store.SubmissionAccepted, Owed: true}, nil
}

// BenchmarkIntake is the way of a package from its bytes to its receipt, without network and database.
func BenchmarkIntake(b *testing.B) {
	for _, c := range []struct {
		name string
		message
		image int
	}{
		{name: "RSA", message: message{pack: sampleService(), noImages: true}},
		{name: "RSA, order with image inline"},
		{name: "RSA, order with image inline, message signed too", message: message{wire: func(body string) string {
			court := keyPair(b, "court-rsa")
			signed, err := sig.SignMessage([]byte(body), court.key, court.cert, sig.MessageOptions{Profile: Profile(1 << 20), Created: now})
			check(b, err)
			return string(signed)
		}}},
		{name: "P-256, order with image inline", message: message{signer: "court-p256"}},
		{name: "RSA, order with 200 KB image inline", image: 200 << 10},
		{name: "RSA, order with 200 KB image as MTOM", message: message{mtom: true}, image: 200 << 10},
	} {
		b.Run(c.name, func(b *testing.B) {
			if c.image > 0 {
				content := append(append([]byte("%PDF-1.4\n"), make([]byte, c.image)...), "%%EOF\n"...)
				c.pack, c.images = withImage(content), []client.Attachment{{ID: "order-image", Content: content}}
			}
			body, header := c.request(b, "bench")
			h, err := NewHub(parts(b, quick{newMemory(b)}))
			check(b, err)
			media, err := soap.ParseContentType(header)
			check(b, err)
			court := keyPair(b, or(c.signer, "court-rsa")).cert
			trusted := []sig.Trusted{{Certificate: court}}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				v := &visit{correlation: "bench", at: now, now: h.Now, edition: soap.SOAP11, agency: store.Agency{ID: 1, ORI: courtORI}, stages: make([]store.Stage, 0, 8)}
				m := &received{visit: v, hub: h, memory: workspaces.Get().(*workspace), body: body, content: body, contentType: media, trusted: trusted}
				m.digest = sha256.Sum256(body)
				answer, err := h.take(b.Context(), m)
				if err != nil || len(answer.body) == 0 {
					b.Fatal(err)
				}
				m.done()
			}
		})
	}
}

// BenchmarkHTTPS is the same over mutual TLS on this machine, with the clients in the same process.
func BenchmarkHTTPS(b *testing.B) {
	r := start(b, parts(b, quick{newMemory(b)}))
	court := r.as(b, "court-rsa")
	body, contentType := message{}.request(b, "bench")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			reply, err := court.Post(b.Context(), body, contentType)
			if err != nil || reply.Status != 200 {
				b.Error(fmt.Sprint(reply, err))
				return
			}
		}
	})
}
