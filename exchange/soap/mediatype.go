package soap

import (
	"errors"
	"strings"
)

var errMediaType = errors.New("no media type")

// parseMedia reads a media type and its parameters, both names in lower case. Beside RFC 2045 it takes what stacks really send: parameter
// values with characters that should be in quotes, as in type=application/xop+xml, start=<a@b> and action=urn:x. A parameter that comes
// twice is refused, and so is one in the extended forms of RFC 2231, for readers differ in what they make of those.
func parseMedia(header string) (media string, params map[string]string, err error) {
	media, rest, _ := strings.Cut(header, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	main, sub, ok := strings.Cut(media, "/")
	if !ok || !isToken(main) || !isToken(sub) {
		return "", nil, errMediaType
	}
	params = map[string]string{}
	for {
		rest = strings.TrimLeft(rest, " \t;")
		if rest == "" {
			return media, params, nil
		}
		name, after, ok := strings.Cut(rest, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := params[name]; !ok || twice || !isToken(name) || strings.Contains(name, "*") {
			return "", nil, errMediaType
		}
		if params[name], rest, err = parameter(strings.TrimLeft(after, " \t")); err != nil {
			return "", nil, err
		}
	}
}

// parameter reads a value up to the ';' behind it, or the end.
func parameter(s string) (value, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		if value = strings.TrimRight(value, " \t"); value == "" || strings.ContainsFunc(value, notBare) {
			return "", "", errMediaType
		}
		return value, rest, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			rest = strings.TrimLeft(s[i+1:], " \t")
			if rest != "" && rest[0] != ';' {
				return "", "", errMediaType
			}
			return b.String(), rest, nil
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case c < ' ' && c != '\t' || c == 0x7f: // what is no ASCII may stand in quotes
			return "", "", errMediaType
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errMediaType
}

// notBare are what a value without quotes may not hold: quotes, blanks and what is not printable.
func notBare(r rune) bool {
	return r == '"' || r == '\\' || r == ' ' || r == ',' || notPrintable(r) || r == '\t'
}

// isToken is RFC 2045's token.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?=`, r)
	})
}
