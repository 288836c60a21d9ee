package order

import (
	"slices"
	"strings"
)

// Slip is what is wrong with a text that was meant to be a tracking number.
type Slip struct {
	// Text says it in words that can be read out on the telephone.
	Text string
	// Near are well-formed tracking numbers that are one slip of the hand away: one character wrong, left out or too many, or two neighbours swapped.
	Near []Tracking
}

// TrackingSlip says what is wrong with a text that ParseTracking refuses. Whether one of the numbers nearby exists is for the caller to find out.
func TrackingSlip(s string) Slip {
	t := trackingFold.Replace(strings.ToUpper(strings.TrimSpace(s)))
	switch strange := strange(t); {
	case strange != "" && len(t) == 10:
		return Slip{"Tracking numbers have no " + strange + ".", near(t)}
	case strange != "" || len(t) < 8 || len(t) > 12:
		return Slip{Text: "A tracking number has ten letters and digits, as 7K4M-X2Q9-PC."}
	case len(t) < 10:
		return Slip{"A character is missing: a tracking number has ten.", near(t)}
	case len(t) > 10:
		return Slip{"There is a character too many: a tracking number has ten.", near(t)}
	}
	return Slip{"Its last character does not fit the others: one of them is mistyped, or two are swapped.", near(t)}
}

// strange is the first character that is in no tracking number.
func strange(t string) string {
	for _, r := range t {
		if !strings.ContainsRune(trackingAlphabet, r) {
			return string(r)
		}
	}
	return ""
}

// near are the numbers that are one slip away.
func near(t string) []Tracking {
	var found []Tracking
	try := func(ten string) {
		if len(ten) == 10 && strange(ten) == "" && trackingCheck(ten[:9]) == ten[9] {
			found = append(found, formatTracking(ten[:9]))
		}
	}
	for i := range len(t) + 1 {
		for _, r := range trackingAlphabet {
			try(t[:i] + string(r) + t[i:])
			if i < len(t) {
				try(t[:i] + string(r) + t[i+1:])
			}
		}
		if i < len(t) {
			try(t[:i] + t[i+1:])
		}
		if i+1 < len(t) {
			try(t[:i] + t[i+1:i+2] + t[i:i+1] + t[i+2:])
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
