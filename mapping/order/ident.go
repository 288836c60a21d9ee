package order

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// ErrInvalid is wrapped by every error of a Parse function of this package. The error's text names the rule, never the value.
var ErrInvalid = errors.New("not valid")

func invalid(what, rule string) error { return fmt.Errorf("%s %w: %s", what, ErrInvalid, rule) }

// ORI is an agency's originating-agency identifier: nine characters, California's begin with CA (FBI CJIS).
type ORI string

var oriShape = regexp.MustCompile(`^[A-Z]{2}[0-9A-Z]{7}$`)

// ParseORI takes nine characters A-Z0-9, the first two letters.
func ParseORI(s string) (ORI, error) {
	if !oriShape.MatchString(s) {
		return "", invalid("ORI", "two letters and seven letters or digits are needed")
	}
	return ORI(s), nil
}

// CaseNumber is a court's case number as written, 1 to 40 printable ASCII characters. What is longer than CARPOS takes holds
// the relay, not the order.
type CaseNumber string

var caseShape = regexp.MustCompile(`^[!-~]([ -~]{0,38}[!-~])?$`)

// ParseCaseNumber takes 1 to 40 printable ASCII characters without space at either end.
func ParseCaseNumber(s string) (CaseNumber, error) {
	if !caseShape.MatchString(s) {
		return "", invalid("case number", "1 to 40 printable characters are needed")
	}
	return CaseNumber(s), nil
}

// LocalID is a court's own identification of a thing (an order, a package), unique within that court: 1 to 64 of
// letters, digits and . _ : - so that it can be typed and read out.
type LocalID string

var localShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$`)

// ParseLocalID takes 1 to 64 letters, digits, dots, underscores, colons and hyphens, the first a letter or digit.
func ParseLocalID(s string) (LocalID, error) {
	if !localShape.MatchString(s) {
		return "", invalid("identification", "1 to 64 letters, digits and . _ : - are needed, beginning with a letter or digit")
	}
	return LocalID(s), nil
}

// FCN is CARPOS's file control number of an order. Today 13 digits; opaque, 1 to 16 characters A-Z0-9 (profile section 3).
type FCN string

var fcnShape = regexp.MustCompile(`^[A-Z0-9]{1,16}$`)

// ParseFCN takes 1 to 16 characters A-Z0-9.
func ParseFCN(s string) (FCN, error) {
	if !fcnShape.MatchString(s) {
		return "", invalid("FCN", "1 to 16 letters and digits are needed")
	}
	return FCN(s), nil
}

// Name is a person's name in parts, as the court wrote them.
type Name struct {
	Given   string `json:"given,omitempty"`
	Middle  string `json:"middle,omitempty"`
	Surname string `json:"surname"`
	Suffix  string `json:"suffix,omitempty"`
}

// Full is the name as one reads it: given, middle, surname, suffix.
func (n Name) Full() string {
	var parts []string
	for _, p := range []string{n.Given, n.Middle, n.Surname, n.Suffix} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

// Tracking is a submission's number, made to be read out on the telephone: nine letters and digits of an alphabet without
// I, L, O, U and Z, and a check character, in two groups of four and one of two: "7K4M-X2Q9-PC".
type Tracking string

const trackingAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXY"

// There are 31 characters, a prime, and the weights differ: so every single wrong character and every swap of two shows.
func trackingCheck(nine string) byte {
	sum := 0
	for i := 0; i < len(nine); i++ {
		sum += (i + 1) * strings.IndexByte(trackingAlphabet, nine[i])
	}
	return trackingAlphabet[sum%31]
}

// NewTracking makes a tracking number of random bits; 31^9 (44 bits) of them differ, and the store refuses a number twice.
func NewTracking(random uint64) Tracking {
	var b [9]byte
	for i := range b {
		b[i] = trackingAlphabet[random%31]
		random /= 31
	}
	return formatTracking(string(b[:]))
}

func formatTracking(nine string) Tracking {
	ten := nine + string(trackingCheck(nine))
	return Tracking(ten[:4] + "-" + ten[4:8] + "-" + ten[8:])
}

var trackingFold = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1", "Z", "2")

// ParseTracking takes a tracking number as people type it: any case, with or without hyphens, O for 0, I or L for 1, Z for 2.
func ParseTracking(s string) (Tracking, error) {
	t := trackingFold.Replace(strings.ToUpper(strings.TrimSpace(s)))
	if len(t) != 10 || strings.Trim(t, trackingAlphabet) != "" {
		return "", invalid("tracking number", "ten letters and digits are needed")
	}
	if trackingCheck(t[:9]) != t[9] {
		return "", invalid("tracking number", "its last character does not fit the others; one of them is mistyped")
	}
	return formatTracking(t[:9]), nil
}

// UnmarshalJSON refuses what ParseORI refuses.
func (o *ORI) UnmarshalJSON(b []byte) error { return unmarshal(b, o, ParseORI) }

// UnmarshalJSON refuses what ParseCaseNumber refuses.
func (c *CaseNumber) UnmarshalJSON(b []byte) error { return unmarshal(b, c, ParseCaseNumber) }

// UnmarshalJSON refuses what ParseLocalID refuses.
func (l *LocalID) UnmarshalJSON(b []byte) error { return unmarshal(b, l, ParseLocalID) }

func unmarshal[T any](b []byte, dst *T, parse func(string) (T, error)) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := parse(s)
	if err != nil {
		return err
	}
	*dst = v
	return nil
}
