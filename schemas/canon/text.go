package canon

import "unicode/utf8"

// Classes of bytes. Zero is what may simply be copied.
const (
	nameChar  = 1
	nameStart = 2
)

var (
	nameClass  = nameTable()
	textClass  = byteTable("<&>\r")
	valueClass = byteTable("<&\"'\t\n\r")
)

func nameTable() (t [256]uint8) {
	for c := range t {
		switch b := byte(c); {
		case letter(b) || b == '_':
			t[c] = nameStart
		case digit(b) || b == '-' || b == '.':
			t[c] = nameChar
		}
	}
	return t
}

// byteTable marks the bytes given, all that XML does not allow, and the lead
// byte of U+FFFE and U+FFFF.
func byteTable(marks string) (t [256]uint8) {
	for c := range 0x20 {
		t[c] = 1
	}
	t['\t'], t['\n'], t['\r'], t[0xEF] = 0, 0, 0, 1
	for i := range len(marks) {
		t[marks[i]] = 1
	}
	return t
}

// noncharacter reports whether b, which begins with 0xEF, is U+FFFE or U+FFFF.
func noncharacter(b []byte) bool { return len(b) > 2 && b[1] == 0xBF && b[2] >= 0xBE }

// text reads character data up to the next tag.
func (s *Scanner) text() (Kind, error) {
	doc, i := s.doc, s.pos
	s.at, s.special = i, false
	for {
		for i < len(doc) && textClass[doc[i]] == 0 {
			i++
		}
		if i == len(doc) {
			return None, s.unfinished()
		}
		switch c := doc[i]; {
		case c == '<':
			s.pos = i
			return Text, nil
		case c == '\r':
			s.special = true
			i++
		case c == '>':
			if i-s.at >= 2 && doc[i-1] == ']' && doc[i-2] == ']' {
				return None, s.fail(NotWellFormed, i, "\"]]>\" in text", "write '>' as &gt;")
			}
			s.special = true
			i++
		case c == '&':
			s.special = true
			_, next, err := s.reference(i)
			if err != nil {
				return None, err
			}
			i = next
		case c == 0xEF && !noncharacter(doc[i:]):
			i++
		default:
			return None, s.fail(BadCharacter, i, "a character that XML does not allow", "leave it out")
		}
	}
}

// Text is the character data of the current Text event: references decoded,
// line ends normalised to LF. Where there was nothing to decode it is a part of
// the document itself. Valid until the next call of Next.
func (s *Scanner) Text() []byte {
	if s.kind != Text {
		return nil
	}
	raw := s.doc[s.at:s.pos:s.pos]
	if !s.special {
		return raw
	}
	s.buf = s.buf[:0]
	return s.decode(raw)
}

// Blank reports whether the current Text is literal white space only.
func (s *Scanner) Blank() bool {
	if s.kind != Text {
		return false
	}
	for _, c := range s.doc[s.at:s.pos] {
		if !white(c) {
			return false
		}
	}
	return true
}

// decode appends raw, which was read without error, to the buffer and returns
// what was appended.
func (s *Scanner) decode(raw []byte) []byte {
	from := len(s.buf)
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		case '\r':
			s.buf = append(s.buf, '\n')
			i++
			if i < len(raw) && raw[i] == '\n' {
				i++
			}
		case '&':
			r, n := reference(raw[i:])
			s.buf = utf8.AppendRune(s.buf, r)
			i += n
		default:
			s.buf = append(s.buf, c)
			i++
		}
	}
	return s.buf[from:len(s.buf):len(s.buf)]
}

// reference reads the reference at i and returns the place behind it.
func (s *Scanner) reference(i int) (rune, int, error) {
	r, n := reference(s.doc[i:])
	if n == 0 {
		return 0, i, s.fail(BadReference, i, "an '&' that begins none of &amp; &lt; &gt; &quot; &apos;, nor a reference to a character that XML allows", "write a literal '&' as &amp;")
	}
	return r, i + n, nil
}

// reference decodes the reference that b begins with, and its length; 0 if
// there is none or its character is not allowed.
func reference(b []byte) (rune, int) {
	if len(b) > 2 && b[1] == '#' {
		return numeric(b)
	}
	switch {
	case hasPrefix(b, "&amp;"):
		return '&', 5
	case hasPrefix(b, "&lt;"):
		return '<', 4
	case hasPrefix(b, "&gt;"):
		return '>', 4
	case hasPrefix(b, "&quot;"):
		return '"', 6
	case hasPrefix(b, "&apos;"):
		return '\'', 6
	}
	return 0, 0
}

// numeric decodes "&#...;" or "&#x...;".
func numeric(b []byte) (rune, int) {
	i, base := 2, rune(10)
	if b[2] == 'x' {
		i, base = 3, 16
	}
	var r rune
	for first := i; i < len(b); i++ {
		d := digitValue(b[i])
		if b[i] == ';' && i > first && legal(r) {
			return r, i + 1
		}
		if d < 0 || d >= base {
			return 0, 0
		}
		if r = r*base + d; r > utf8.MaxRune {
			return 0, 0
		}
	}
	return 0, 0
}

func digitValue(c byte) rune {
	switch {
	case digit(c):
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// legal reports whether r is a Char of XML 1.0.
func legal(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r < 0xD800:
		return true
	}
	return 0xE000 <= r && r <= 0xFFFD || 0x10000 <= r && r <= utf8.MaxRune
}
