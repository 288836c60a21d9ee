package soap

import (
	"strconv"
	"unicode/utf8"
)

// Writer writes elements one after another into a buffer. Whatever it is given as a value is escaped; characters that XML
// does not know become U+FFFD. Names are the caller's own and written as they stand.
type Writer struct{ b []byte }

// Open writes a start tag; attributes come in pairs of name and value.
func (w *Writer) Open(name string, attrs ...string) {
	w.b = append(append(w.b, '<'), name...)
	for i := 0; i+1 < len(attrs); i += 2 {
		w.b = append(append(append(w.b, ' '), attrs[i]...), `="`...)
		w.b = escape(w.b, attrs[i+1])
		w.b = append(w.b, '"')
	}
	w.b = append(w.b, '>')
}

// Close writes an end tag.
func (w *Writer) Close(name string) { w.b = append(append(append(w.b, "</"...), name...), '>') }

// Text writes character data.
func (w *Writer) Text(s string) { w.b = escape(w.b, s) }

// Leaf writes an element with text.
func (w *Writer) Leaf(name, text string, attrs ...string) {
	w.Open(name, attrs...)
	w.Text(text)
	w.Close(name)
}

// Optional writes an element with text, or nothing for no text.
func (w *Writer) Optional(name, text string) {
	if text != "" {
		w.Leaf(name, text)
	}
}

// Int writes an element with a number.
func (w *Writer) Int(name string, n int) { w.Leaf(name, strconv.Itoa(n)) }

// Bool writes an element with true or false.
func (w *Writer) Bool(name string, v bool) { w.Leaf(name, strconv.FormatBool(v)) }

// Raw writes XML that is known to be well-formed.
func (w *Writer) Raw(xml []byte) { w.b = append(w.b, xml...) }

// Bytes is what was written.
func (w *Writer) Bytes() []byte { return w.b }

func escape(dst []byte, s string) []byte {
	last := 0
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		if with := replacement(r, size); with != "" {
			dst = append(append(dst, s[last:i]...), with...)
			last = i + size
		}
		i += size
	}
	return append(dst, s[last:]...)
}

// replacement is what stands for a character that cannot stand for itself, in text and in attributes alike.
func replacement(r rune, size int) string {
	switch {
	case r == '&':
		return "&amp;"
	case r == '<':
		return "&lt;"
	case r == '>':
		return "&gt;"
	case r == '"':
		return "&quot;"
	case r == '\r':
		return "&#13;"
	case r == '\n':
		return "&#10;"
	case r == '\t':
		return "&#9;"
	case r < 0x20, r == utf8.RuneError && size == 1, r == 0xFFFE, r == 0xFFFF:
		return "�"
	}
	return ""
}

// Answer writes a whole envelope of the edition. Where the request used WS-Addressing, the answer relates to it.
func Answer(e Edition, to Addressing, action string, body func(*Writer)) []byte {
	w := &Writer{b: make([]byte, 0, 2048)}
	w.Raw([]byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n"))
	w.Open("soap:Envelope", "xmlns:soap", e.Namespace())
	if to.Used {
		w.Open("soap:Header", "xmlns:wsa", NamespaceA)
		w.Leaf("wsa:Action", action)
		w.Optional("wsa:RelatesTo", to.MessageID)
		w.Close("soap:Header")
	}
	w.Open("soap:Body")
	body(w)
	w.Close("soap:Body")
	w.Close("soap:Envelope")
	return w.b
}
