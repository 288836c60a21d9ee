package exchange

import (
	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/schemas/canon"
	"ccpor/store"
)

// security is the header block of WS-Security.
var security = []canon.Name{{Space: sig.WSSE, Local: "Security"}}

// understood are the header blocks that are read for this agency, beside those of WS-Addressing.
func (m *received) understood() []canon.Name {
	if m.agency.MessageSignature == store.MessageSignatureOff {
		return nil
	}
	return security
}

// verifyMessage decides, before anything of the Body is read, on the signature over the message. It comes on top of the package's own, which
// it never replaces: all that is kept, validated and mapped are that one's octets. A message without a Security header costs nothing here.
func (h *Hub) verifyMessage(o opened) error {
	required := o.agency.MessageSignature == store.MessageSignatureRequired
	if len(o.envelope.Blocks) == 0 {
		if required {
			return sig.Unsigned()
		}
		return nil
	}
	o.begin("message signature")
	signer, err := h.verifier.VerifyMessage(o.scanner, placeOf(o.envelope), o.trusted, o.at)
	switch {
	case err != nil:
		return err
	case signer == nil && required:
		return sig.Unsigned()
	}
	o.messageSigned = signer != nil
	o.begin("operation")
	return nil
}

func placeOf(e soap.Envelope) sig.Place {
	at := sig.Place{Envelope: e.Root}
	for _, b := range e.Blocks {
		at.Security = append(at.Security, b.Mark)
		at.MustUnderstand = at.MustUnderstand || b.MustUnderstand
	}
	return at
}
