package nature

import (
	"encoding/binary"
	"errors"
)

// Page is one page of a TIFF, as its directory describes it (TIFF 6.0, sections 2 and 8).
type Page struct {
	Offset        uint32 // of its directory in the file
	Width, Height int    // pixels
	Compression   int
	TwoDim        bool    // CCITT group 3 with two dimensions, which no library in Go reads
	Samples, Bits int     // per pixel, per sample
	BlackIsZero   bool    // as PhotometricInterpretation says
	Orientation   int     // 1 to 8, as cameras and scanners say it; 1 is upright
	Stretch       float64 // how much taller than wide a pixel is: faxes have 1.04 or 2.08
}

// ErrCircle and ErrBroken say why a TIFF's list of pages ends early.
var (
	ErrCircle = errors.New("the list of pages leads back into itself")
	ErrBroken = errors.New("the list of pages breaks off")
)

// Tags of TIFF 6.0.
const (
	tagWidth, tagHeight, tagBits, tagCompression            = 256, 257, 258, 259
	tagPhotometric, blackIsZero                             = 262, 1
	tagOrientation, tagSamples, tagXResolution, tagYRes     = 274, 277, 282, 283
	tagT4Options                                            = 292
	short, long, rational, directoryEntry, mostDirectoryLen = 3, 4, 5, 12, 4096
)

// Pages are the pages of a TIFF, at most one more than MaxPages. With an error come the pages before the place where the list breaks off.
func Pages(b []byte) ([]Page, error) {
	if Media(b) != TIFF || len(b) < 8 {
		return nil, ErrBroken
	}
	t := tiff{b, order(b)}
	var pages []Page
	seen := map[uint32]bool{}
	for at := t.order.Uint32(b[4:]); at != 0; {
		if seen[at] {
			return pages, ErrCircle
		}
		seen[at] = true
		p, next, err := t.directory(at)
		if err != nil {
			return pages, err
		}
		if pages = append(pages, p); len(pages) > MaxPages {
			return pages, nil
		}
		at = next
	}
	if len(pages) == 0 {
		return nil, ErrBroken
	}
	return pages, nil
}

// Turn makes the page that begins at offset the first one, in the bytes themselves.
func Turn(b []byte, offset uint32) {
	order(b).PutUint32(b[4:], offset)
}

func order(b []byte) binary.ByteOrder {
	if b[0] == 'M' {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

type tiff struct {
	b     []byte
	order binary.ByteOrder
}

// directory reads one directory: what is needed to judge the page before it is decoded, and where the next one is.
func (t tiff) directory(at uint32) (p Page, next uint32, err error) {
	start := int64(at)
	if start+2 > int64(len(t.b)) {
		return p, 0, ErrBroken
	}
	n := int64(t.order.Uint16(t.b[start:]))
	end := start + 2 + n*directoryEntry
	if n == 0 || n > mostDirectoryLen || end+4 > int64(len(t.b)) {
		return p, 0, ErrBroken
	}
	p = Page{Offset: at, Compression: 1, Samples: 1, Bits: 1, Orientation: 1, Stretch: 1}
	x, y := 0.0, 0.0
	for e := start + 2; e < end; e += directoryEntry {
		entry := t.b[e : e+directoryEntry]
		switch v := t.number(entry); t.order.Uint16(entry) {
		case tagWidth:
			p.Width = v
		case tagHeight:
			p.Height = v
		case tagBits:
			p.Bits = v
		case tagCompression:
			p.Compression = v
		case tagPhotometric:
			p.BlackIsZero = v == blackIsZero
		case tagOrientation:
			p.Orientation = v
		case tagSamples:
			p.Samples = v
		case tagT4Options:
			p.TwoDim = v&1 != 0
		case tagXResolution:
			x = t.fraction(entry)
		case tagYRes:
			y = t.fraction(entry)
		}
	}
	if s := x / y; x > 0 && y > 0 && s >= 0.2 && s <= 5 { // beyond that it is a mistake, and the page is shown as it is
		p.Stretch = s
	}
	return p, t.order.Uint32(t.b[end:]), nil
}

// number is the first number of an entry; several short ones, as the bits of each sample are, stand elsewhere.
func (t tiff) number(entry []byte) int {
	count := t.order.Uint32(entry[4:])
	switch kind := t.order.Uint16(entry[2:]); {
	case kind == short && count <= 2:
		return int(t.order.Uint16(entry[8:]))
	case kind == short:
		if at := int64(t.order.Uint32(entry[8:])); at+2 <= int64(len(t.b)) {
			return int(t.order.Uint16(t.b[at:]))
		}
	case kind == long && count == 1:
		return int(t.order.Uint32(entry[8:]))
	}
	return 0
}

func (t tiff) fraction(entry []byte) float64 {
	at := int64(t.order.Uint32(entry[8:]))
	if t.order.Uint16(entry[2:]) != rational || at+8 > int64(len(t.b)) {
		return 0
	}
	if below := t.order.Uint32(t.b[at+4:]); below != 0 {
		return float64(t.order.Uint32(t.b[at:])) / float64(below)
	}
	return 0
}

func (f found) tiff(b []byte) {
	pages, err := Pages(b)
	switch {
	case errors.Is(err, ErrCircle):
		f.once(Circle)
	case err != nil:
		f.once(Broken)
	case len(pages) > MaxPages:
		f.once(TooMany)
	}
	for _, p := range pages {
		if p.Width == 0 || p.Height == 0 {
			f.once(Broken)
		}
		if !p.Drawable() {
			f.note(TooLarge)
		}
	}
}

// MaxDecoded is how many bytes the pixels of one page may take while it is decoded: enough for US letter at 600 dpi in grey, or at 300 dpi in colour.
const MaxDecoded = 96 << 20

// Drawable says whether the page's pixels, decoded, and the largest strip beside them are within MaxDecoded.
func (p Page) Drawable() bool {
	if p.Width < 0 || p.Height < 0 || p.Width > 1<<16 || p.Height > 1<<16 || p.Samples > 8 || p.Bits > 64 {
		return false
	}
	pixels := int64(p.Width) * int64(p.Height)
	strip := pixels * int64(max(1, p.Samples)) * int64(max(1, p.Bits)) / 8
	switch {
	case p.Bits > 8:
		return strip+8*pixels <= MaxDecoded
	case p.Samples > 1:
		return strip+4*pixels <= MaxDecoded
	}
	return strip+pixels <= MaxDecoded
}
