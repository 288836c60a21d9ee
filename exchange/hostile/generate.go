package hostile

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Variant is a good message after a mutation that makes it one that must be refused.
type Variant struct {
	Request
	Index    int
	Class    string
	Mutation string
}

// Refused says whether a code is a refusal of the message. A failure of the hub's own is none.
func (v Variant) Refused(code string) bool {
	return strings.HasPrefix(code, "Client.") || code == "HTTP 400" || code == "HTTP 431" || code == "HTTP 501" || code == "HTTP 505"
}

// Generator makes variants. The same cast keys, seed, time and index give the same bytes. None of its good messages has ever been sent as it is, so
// that no variant can be taken for the second coming of one.
type Generator struct {
	seed  uint64
	bases []base
	cast  *Cast
}

// base is a good message, and what it says.
type base struct {
	kind    string
	request Request
	essence string
}

// basesPerKind is how many good messages of each kind variants are made of.
const basesPerKind = 3

// NewGenerator signs the good messages. RSA signatures are the same every time, so the messages are too.
func NewGenerator(c *Cast, seed uint64, at time.Time) (*Generator, error) {
	g := &Generator{seed: seed, cast: c}
	for _, kind := range []string{Inline, MTOM, SOAP12, Signed, Zipped} {
		for n := range basesPerKind {
			b := base{kind: kind}
			var err error
			b.request, err = good{cast: c, at: at, kind: kind, as: "court-rsa", signer: "court-rsa", id: fmt.Sprintf("V-%s-%d-%d", kind, at.Unix(), n)}.request()
			if err != nil {
				return nil, err
			}
			if kind == Zipped { // mutations see the text; it is compressed afterwards
				if b.request.Body, err = unzipped(b.request.Body); err != nil {
					return nil, err
				}
				b.request.Head = strings.Replace(b.request.Head, "Content-Encoding: gzip\r\n", "", 1)
			}
			if b.essence, err = essence(b.request); err != nil {
				return nil, fmt.Errorf("a good message of kind %s has no essence: %w", kind, err)
			}
			g.bases = append(g.bases, b)
		}
	}
	return g, nil
}

// Variant is the one of an index. It draws until it has one that is an attack: see hostile.
func (g *Generator) Variant(index int) (Variant, error) {
	rng := rand.New(rand.NewPCG(g.seed, uint64(index)))
	for range 1000 {
		b := g.bases[rng.IntN(len(g.bases))]
		m := mutations[rng.IntN(len(mutations))]
		t := &target{rng: rng, cast: g.cast, head: b.request.Head, body: string(b.request.Body), kind: b.kind}
		if !m.apply(t) {
			continue
		}
		r := Request{As: b.request.As, Head: t.head, Body: []byte(t.body)}
		if t.as != "" {
			r.As = t.as
		}
		if !m.shape && !changed(b, r) {
			continue
		}
		if b.kind == Zipped && !strings.Contains(r.Head, "Content-Encoding") {
			r.Head += "Content-Encoding: gzip\r\n"
			r.Body = zipped(r.Body)
		}
		return Variant{Request: Finished(r), Index: index, Class: m.class, Mutation: m.name + ", " + b.kind}, nil
	}
	return Variant{}, fmt.Errorf("no variant %d could be made", index)
}

// changed says whether a message is an attack by what it says: it cannot be read, or it says what nobody signed.
func changed(b base, r Request) bool {
	if b.kind == Signed && !strings.Contains(string(r.Body), "Security") {
		return false // the sender may leave the signature over the message out
	}
	is, err := essence(r)
	return err != nil || is != b.essence
}
