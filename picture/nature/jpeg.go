package nature

import (
	"bytes"
	"encoding/binary"
)

// Frame is what a JPEG says of itself (ITU T.81, B.2.2).
type Frame struct {
	Width, Height, Components int
	Progressive               bool
	Scans                     int
	Complete                  bool // has its end
	Trailing                  int  // bytes behind the end
}

// Drawable says whether the pixels, decoded, are within MaxDecoded. A progressive one keeps its coefficients, of four bytes each, until the last scan.
func (f Frame) Drawable() bool {
	each := int64(f.Components)
	if f.Progressive {
		each += 4 * int64(f.Components)
	}
	return int64(f.Width)*int64(f.Height)*each <= MaxDecoded
}

// Markers of T.81, table B.1.
const (
	markSOI, markEOI, markSOS, markRST0, markRST7, markTEM = 0xd8, 0xd9, 0xda, 0xd0, 0xd7, 0x01
	markSOF0, markSOF2, markSOF15, markDHT, markJPG, mDAC  = 0xc0, 0xc2, 0xcf, 0xc4, 0xc8, 0xcc
)

// ReadFrame walks over a JPEG's segments. A frame without pixels means that it has none, or that its segments contradict each other.
func ReadFrame(b []byte) Frame {
	var f Frame
	for i := 2; i+1 < len(b); {
		if b[i] != 0xff {
			i++ // packed data, and what readers pass over
			continue
		}
		mark := b[i+1]
		i++
		switch {
		case mark == 0xff: // fill
			continue
		case mark == 0, mark == markTEM, mark == markSOI, mark >= markRST0 && mark <= markRST7:
			i++
			continue
		case mark == markEOI:
			f.Complete = true
			f.Trailing = len(bytes.TrimRight(b[i+1:], "\x00\r\n"))
			return f
		}
		i++
		if i+2 > len(b) {
			return f
		}
		size := int(binary.BigEndian.Uint16(b[i:]))
		if size < 2 || i+size > len(b) {
			return f
		}
		f.segment(mark, b[i+2:i+size])
		i += size
	}
	return f
}

func (f *Frame) segment(mark byte, body []byte) {
	switch {
	case mark == markSOS:
		f.Scans++
	case mark < markSOF0 || mark > markSOF15 || mark == markDHT || mark == markJPG || mark == mDAC || len(body) < 6:
	case f.Width == 0:
		f.Height, f.Width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
		f.Components, f.Progressive = int(body[5]), mark == markSOF2
	}
}

func (f found) jpeg(b []byte) {
	frame := ReadFrame(b)
	if !frame.Complete || frame.Width == 0 || frame.Height == 0 || frame.Scans == 0 {
		f.once(Broken)
	}
	if frame.Trailing > 0 {
		f.once(Trailing)
	}
	if !frame.Drawable() {
		f.once(TooLarge)
	}
}
