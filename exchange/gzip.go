package exchange

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
)

// compressed says whether a body is sent in gzip. Other codings, and several at once, are refused.
func compressed(h http.Header) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(strings.Join(h.Values("Content-Encoding"), ","))) {
	case "", "identity":
		return false, nil
	case "gzip", "x-gzip": // RFC 9110, 8.4.1.3: the same
		return true, nil
	}
	return false, &refusal{code: "Client.Transport.ContentEncoding"}
}

// unzipper is a gzip reader that is used again.
type unzipper struct {
	from bytes.Reader
	z    gzip.Reader
}

// A body may unpack to mostUnpacked bytes at any ratio, and to more at mostRatio: text and base64 come to a tenth of it, zeros to ten times that.
const (
	mostUnpacked = 4 << 20
	mostRatio    = 100
)

// inflate unpacks a body that came whole. It takes memory and budget as what comes out grows, up to the limit of a message less the body that is
// in hand already: a bomb costs no more than an honest message. Body and message stay apart: what is kept and digested is what was received.
func (r *reading) inflate(body, buf []byte) ([]byte, error) {
	u := &r.of.memory.unzip
	u.from.Reset(body)
	if err := u.z.Reset(&u.from); err != nil {
		return buf[:0], badGzip(err)
	}
	u.z.Multistream(false) // a second member is something behind the end
	r.most = max(r.limits.MessageBytes-int64(len(body)), 0)
	size := int(min(firstChunk, r.most))
	if err := r.room(int64(size)); err != nil {
		return buf[:0], err
	}
	for buf = sized(buf[:0], size); ; {
		n, err := u.z.Read(buf[len(buf) : size+1])
		buf = buf[:len(buf)+n]
		if len(buf) > mostUnpacked && len(buf)/len(body) > mostRatio {
			return buf, &refusal{code: "Client.Transport.TooLarge", what: "The message unpacks to more than a hundred times its size."}
		}
		if len(buf) > size {
			var full error
			if buf, size, full = r.grow(buf, size); full != nil {
				return buf, full
			}
		}
		if err != nil {
			return buf, u.end(err, len(buf))
		}
	}
}

// end judges how the stream ended: at its checksum, with nothing behind it.
func (u *unzipper) end(err error, came int) error {
	switch {
	case !errors.Is(err, io.EOF):
		return badGzip(err)
	case u.from.Len() > 0:
		return &refusal{code: "Client.Transport.Gzip", what: "Something follows the end of the gzip stream."}
	case came == 0:
		return &refusal{code: "Client.Transport.Empty"}
	}
	return nil
}

func badGzip(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return &refusal{code: "Client.Transport.Gzip", what: "The gzip stream ends before its end."}
	}
	return &refusal{code: "Client.Transport.Gzip"}
}
