package canon

import (
	"bytes"
	"unicode/utf8"
)

const tellUTF8 = "send UTF-8, and declare it or nothing"

// encoding checks size and encoding and steps over one byte order mark.
func (s *Scanner) encoding() error {
	if len(s.doc) > s.p.limits.MaxBytes {
		return s.fail(TooLarge, 0, "the document has "+decimal(len(s.doc))+" bytes", "the limit is "+decimal(s.p.limits.MaxBytes))
	}
	for _, sign := range []string{"\xFE\xFF", "\xFF\xFE", "\x00<", "<\x00", "\x00\x00", "\x4C\x6F\xA7\x94"} {
		if hasPrefix(s.doc, sign) {
			return s.fail(Encoding, 0, "the document is in UTF-16, UTF-32 or EBCDIC", tellUTF8)
		}
	}
	if !utf8.Valid(s.doc) {
		return s.fail(NotUTF8, invalid(s.doc), "bytes that are no UTF-8", tellUTF8)
	}
	if hasPrefix(s.doc, "\xEF\xBB\xBF") {
		s.pos = 3
	}
	return nil
}

// invalid is the place of the first byte that is no UTF-8.
func invalid(b []byte) int {
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// declaration reads the XML declaration, if there is one.
func (s *Scanner) declaration() error {
	rest := s.doc[s.pos:]
	if !hasPrefix(rest, "<?xml") || len(rest) < 6 || !white(rest[5]) {
		return nil
	}
	end := bytes.Index(rest, []byte("?>"))
	if end < 0 {
		return s.fail(NotWellFormed, s.pos, "an XML declaration that does not end", "")
	}
	body := rest[5:end]
	version, body, ok := pseudo(body, "version")
	if !ok {
		return s.fail(NotWellFormed, s.pos, "an XML declaration without version", `write <?xml version="1.0" encoding="UTF-8"?>`)
	}
	if string(version) != "1.0" {
		return s.fail(Encoding, s.pos, "an XML version other than 1.0", "send XML 1.0")
	}
	if name, after, ok := pseudo(body, "encoding"); ok {
		if !bytes.EqualFold(name, []byte("UTF-8")) {
			return s.fail(Encoding, s.pos, "an encoding other than UTF-8 is declared", tellUTF8)
		}
		body = after
	}
	if yesNo, after, ok := pseudo(body, "standalone"); ok && (string(yesNo) == "yes" || string(yesNo) == "no") {
		body = after
	}
	if len(bytes.Trim(body, " \t\r\n")) > 0 {
		return s.fail(NotWellFormed, s.pos, "an XML declaration with other content", `write <?xml version="1.0" encoding="UTF-8"?>`)
	}
	s.pos += end + 2
	return nil
}

// pseudo reads ` name="value"` off the front of an XML declaration's body.
func pseudo(body []byte, name string) (value, after []byte, ok bool) {
	b := bytes.TrimLeft(body, " \t\r\n")
	if len(b) == len(body) || !hasPrefix(b, name) {
		return nil, body, false
	}
	b = bytes.TrimLeft(b[len(name):], " \t\r\n")
	if !hasPrefix(b, "=") {
		return nil, body, false
	}
	b = bytes.TrimLeft(b[1:], " \t\r\n")
	if len(b) == 0 || b[0] != '"' && b[0] != '\'' {
		return nil, body, false
	}
	end := bytes.IndexByte(b[1:], b[0])
	if end < 0 {
		return nil, body, false
	}
	return b[1 : 1+end], b[2+end:], true
}
