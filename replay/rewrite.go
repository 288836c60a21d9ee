package replay

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"ccpor/mapping/order"
)

// Rewrite makes of a package another one that says the same at another time: for a hub on which the first one cannot be sent, since its identification is
// taken there, its dates have passed, or its signer is not registered. The signature is taken off; the result has to be signed.
type Rewrite struct {
	// Prefix is put before the identifications of packages and orders.
	Prefix string
	// Agency submits, and issues the orders; empty leaves both as they were.
	Agency order.ORI
	// Days is by how many days every date is moved, but for births and the revisions of forms.
	Days int
	Sent time.Time
}

var (
	signature = regexp.MustCompile(`(?s)<(?:[A-Za-z_][\w.-]*:)?Signature[\s>].*?</(?:[A-Za-z_][\w.-]*:)?Signature>`)
	leaf      = regexp.MustCompile(`(<(?:[A-Za-z_][\w.-]*:)?(\w+)>)([^<]*)(</)`)
	acts      = []string{"CourtOrderIssuingDate", "ModificationDate", "CancellationDate", "CourtOrderServiceDate"}
	kept      = []string{"PersonBirthDate", "FormRevisionDate"}
)

// Package rewrites a package, given as XML.
func (w Rewrite) Package(pkg []byte) []byte {
	text := string(pkg)
	if at := signature.FindStringIndex(text); at != nil {
		text = text[:at[0]] + text[at[1]:]
	}
	court := first(text, "OrganizationORIIdentification")
	return []byte(leaf.ReplaceAllStringFunc(text, func(element string) string {
		m := leaf.FindStringSubmatch(element)
		return m[1] + w.value(m[2], m[3], court) + m[4]
	}))
}

func (w Rewrite) value(name, value, court string) string {
	switch {
	case name == "PackageIdentification", name == "OrderIdentification", name == "FollowedOrderIdentification":
		return w.Prefix + strings.TrimSpace(value)
	case name == "PackageSentDateTime":
		return w.Sent.UTC().Format(time.RFC3339)
	case name == "TestIndicator":
		return "true"
	case w.Agency != "" && (name == "SubmitterOrganizationORIIdentification" || name == "OrganizationORIIdentification" && value == court):
		return string(w.Agency)
	case strings.HasSuffix(name, "Date") && !slices.Contains(kept, name):
		if d, err := order.ParseDate(strings.TrimSpace(value)); err == nil {
			return d.AddDays(w.Days).String()
		}
	}
	return value
}

func first(text, name string) string {
	for _, m := range leaf.FindAllStringSubmatch(text, -1) {
		if m[2] == name {
			return m[3]
		}
	}
	return ""
}

// LastAct is the latest day on which a package says that something was done: an order issued, changed, served or ended. Zero where it says none.
func LastAct(pkg []byte) (last order.Date) {
	for _, m := range leaf.FindAllStringSubmatch(string(pkg), -1) {
		if !slices.Contains(acts, m[2]) {
			continue
		}
		if d, err := order.ParseDate(strings.TrimSpace(m[3])); err == nil && d.After(last) {
			last = d
		}
	}
	return last
}

// DaysTo is how many days later the second day is.
func DaysTo(from, to order.Date) int {
	at := func(d order.Date) time.Time { return d.At(0, time.UTC) }
	return int(at(to).Sub(at(from)).Hours() / 24)
}
