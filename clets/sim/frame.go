package sim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Limits and marks of a frame (profile section 1).
const (
	soh         = 0x01
	stx         = 0x02
	etx         = 0x03
	lengthWidth = 8
	maxBody     = 16384
)

// framingError says what was wrong with the bytes on a line. It never carries the bytes.
type framingError string

func (e framingError) Error() string { return "framing: " + string(e) }

// readFrame reads one frame and returns its body. io.EOF means that the peer closed between frames;
// a framingError means that the line must be closed.
func readFrame(r *bufio.Reader) ([]byte, error) {
	n, err := readFrameHead(r)
	if err != nil {
		return nil, err
	}
	body := make([]byte, n+1)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, cutShort(err)
	}
	if body[n] != etx {
		return nil, framingError("no ETX behind the body")
	}
	body = body[:n]
	return body, checkBody(body)
}

// readFrameHead reads SOH, length and STX and returns the length.
func readFrameHead(r *bufio.Reader) (int, error) {
	first, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	if first != soh {
		return 0, framingError("no SOH where a frame begins")
	}
	var head [lengthWidth + 1]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, cutShort(err)
	}
	if head[lengthWidth] != stx {
		return 0, framingError("no STX behind the length")
	}
	return frameLength(head[:lengthWidth])
}

func frameLength(digits []byte) (int, error) {
	n := 0
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, framingError("length is not eight digits")
		}
		n = n*10 + int(d-'0')
	}
	if n < 1 || n > maxBody {
		return 0, framingError(fmt.Sprintf("length is not within 1 to %d", maxBody))
	}
	return n, nil
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return framingError("line closed inside a frame")
	}
	return err
}

// checkBody refuses what a body may not hold: anything but 0x20-0x7E and CR LF in pairs.
func checkBody(body []byte) error {
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case c >= 0x20 && c <= 0x7E:
		case c == '\r' && i+1 < len(body) && body[i+1] == '\n':
			i++
		default:
			return framingError(fmt.Sprintf("byte 0x%02X at offset %d of the body", c, i))
		}
	}
	return nil
}

// frame wraps a body for the wire.
func frame(body []byte) []byte {
	b := make([]byte, 0, len(body)+lengthWidth+3)
	b = append(b, soh)
	b = fmt.Appendf(b, "%0*d", lengthWidth, len(body))
	b = append(b, stx)
	b = append(b, body...)
	return append(b, etx)
}
