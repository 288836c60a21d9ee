package sig

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// dname is a distinguished name as it is compared: its attributes as "oid=value", sorted. Stacks write names in either order, with or
// without blanks, and with other words for the same attribute.
type dname []string

// attributeTypes are the words for attribute types that RFC 4514, Java, OpenSSL and Windows use.
var attributeTypes = map[string]string{
	"CN": "2.5.4.3", "SN": "2.5.4.4", "SERIALNUMBER": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8", "S": "2.5.4.8",
	"STREET": "2.5.4.9", "O": "2.5.4.10", "OU": "2.5.4.11", "T": "2.5.4.12", "TITLE": "2.5.4.12", "POSTALCODE": "2.5.4.17",
	"GN": "2.5.4.42", "G": "2.5.4.42", "GIVENNAME": "2.5.4.42", "SURNAME": "2.5.4.4", "DC": "0.9.2342.19200300.100.1.25",
	"UID": "0.9.2342.19200300.100.1.1", "E": "1.2.840.113549.1.9.1", "EMAIL": "1.2.840.113549.1.9.1", "EMAILADDRESS": "1.2.840.113549.1.9.1",
}

var errName = errors.New("no distinguished name")

// is compares with the DER of a certificate's issuer.
func (d dname) is(raw []byte) bool {
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(raw, &rdns); err != nil || len(rest) > 0 {
		return false
	}
	var other dname
	for _, rdn := range rdns {
		for _, a := range rdn {
			other = append(other, a.Type.String()+"="+folded(fmt.Sprint(a.Value)))
		}
	}
	slices.Sort(other)
	return slices.Equal(d, other)
}

// parseName reads the text of a distinguished name, as RFC 4514 and its forerunners have it.
func parseName(text string) (dname, error) {
	var d dname
	for rest := text; ; {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, errName
		}
		value, after, more, err := nameValue(strings.TrimLeft(after, " "))
		if err != nil {
			return nil, err
		}
		d = append(d, typeOf(strings.TrimSpace(name))+"="+folded(value))
		if !more {
			slices.Sort(d)
			return d, nil
		}
		rest = after
	}
}

// typeOf is the object identifier that a word stands for.
func typeOf(word string) string {
	word = strings.ToUpper(word)
	if oid, known := attributeTypes[word]; known {
		return oid
	}
	return strings.TrimPrefix(word, "OID.")
}

// folded is a value as it is compared: without difference of case, and with single blanks.
func folded(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// nameValue reads a value up to an unescaped ',', ';' or '+'.
func nameValue(s string) (value, rest string, more bool, err error) {
	if after, ok := strings.CutPrefix(s, "#"); ok {
		return hexValue(after)
	}
	var b strings.Builder
	for i, quoted := 0, false; ; i++ {
		switch {
		case i == len(s):
			if quoted {
				return "", "", false, errName
			}
			return b.String(), "", false, nil
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '\\':
			c, n := escaped(s[i+1:])
			if n == 0 {
				return "", "", false, errName
			}
			b.WriteByte(c)
			i += n
		case !quoted && strings.IndexByte(",;+", s[i]) >= 0:
			return b.String(), s[i+1:], true, nil
		default:
			b.WriteByte(s[i])
		}
	}
}

// escaped is the byte that a '\' stands before: two hexadecimal digits, or itself.
func escaped(s string) (c byte, length int) {
	if len(s) >= 2 {
		if b, err := hex.DecodeString(s[:2]); err == nil {
			return b[0], 2
		}
	}
	if len(s) == 0 {
		return 0, 0
	}
	return s[0], 1
}

// hexValue reads "#" and the DER of a string.
func hexValue(s string) (value, rest string, more bool, err error) {
	end := strings.IndexAny(s, ",;+")
	if more = end >= 0; more {
		s, rest = s[:end], s[end+1:]
	}
	der, err := hex.DecodeString(strings.TrimSpace(s))
	if err != nil {
		return "", "", false, errName
	}
	if after, err := asn1.Unmarshal(der, &value); err != nil || len(after) > 0 {
		return "", "", false, errName
	}
	return value, rest, more, nil
}
