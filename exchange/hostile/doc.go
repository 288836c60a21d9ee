// Package hostile makes messages that a hub must refuse, and says what its answer was: a kept corpus (testdata/attacks) and variants
// of good messages, made from a seed. It sends them byte by byte over TLS, as no honest client would.
//
// It is for tests and for ccpor-attack. It knows the wire and the keys of testdata and nothing of the hub's inside: what is refused and
// why is said by the corpus, not asked of the hub's code. Nothing here is linked into the hub.
package hostile
