package soap

import (
	"net/url"
	"strings"
)

// Attached is one part beside an answer's envelope.
type Attached struct {
	ID      string // Content-ID without brackets
	Media   string
	Content []byte
}

// Include is the element that stands for a part's content in the envelope.
func Include(id string) []byte {
	return []byte(`<xop:Include xmlns:xop="` + NamespaceX + `" href="cid:` + url.PathEscape(id) + `"/>`)
}

// Package puts an answer's envelope and one part into an MTOM message and gives its Content-Type. The boundary must be random: it may not occur in the part.
func Package(e Edition, envelope []byte, a Attached, boundary string) (body []byte, contentType string) {
	b := make([]byte, 0, len(envelope)+len(a.Content)+1024)
	b = append(b, "--"+boundary+"\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\""+e.MediaType()+"\"\r\nContent-Transfer-Encoding: 8bit\r\nContent-ID: <root>\r\n\r\n"...)
	b = append(b, envelope...)
	b = append(b, "\r\n--"+boundary+"\r\nContent-Type: "+oneLine(a.Media)+"\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <"+oneLine(a.ID)+">\r\n\r\n"...)
	b = append(b, a.Content...)
	b = append(b, "\r\n--"+boundary+"--\r\n"...)
	return b, `multipart/related; type="application/xop+xml"; start="<root>"; start-info="` + e.MediaType() + `"; boundary="` + boundary + `"`
}

// oneLine keeps a value from becoming another header.
func oneLine(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) }
