package store

import (
	"strings"

	"ccpor/mapping/order"
)

// ocaLimit is the longest OCA (profile section 2).
const ocaLimit = 20

// ocaCandidates lists OCAs for an order, the most telling first: its case number in the letters of an OCA; the same with four characters of
// the tracking number; the same with all of them, which no other order has. Which one it gets is decided against the ledger of those given.
func ocaCandidates(number order.CaseNumber, tracking order.Tracking) [3]string {
	base := ocaBase(number)
	mark := strings.ReplaceAll(string(tracking), "-", "")
	plain := base
	if len(base) > ocaLimit {
		plain = ocaWith(base, mark[:4]) // cut short it would look like another court's case
	}
	return [3]string{plain, ocaWith(base, mark[:4]), ocaWith(base, mark)}
}

func ocaWith(base, mark string) string {
	keep := min(len(base), ocaLimit-1-len(mark))
	return strings.TrimRight(base[:keep], "-") + "-" + mark
}

// ocaBase writes a case number with A-Z, 0-9 and hyphens only: other characters become one hyphen, none at either end.
func ocaBase(number order.CaseNumber) string {
	var b strings.Builder
	for _, c := range strings.ToUpper(string(number)) {
		switch {
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if base := strings.TrimRight(b.String(), "-"); base != "" {
		return base
	}
	return "ORDER"
}
