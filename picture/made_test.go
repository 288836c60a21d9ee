package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"
)

// made is a PDF that is made object by object, the first of which is its catalog.
type made struct {
	objects []string
	trailer string // beside Size and Root
}

// page is a PDF of one page of US letter with a grey square, to which a test adds; the catalog gets what catalog says, the page what page says.
func page(catalog, page string, more ...string) made {
	return made{objects: append([]string{
		"<</Type /Catalog /Pages 2 0 R " + catalog + ">>",
		"<</Type /Pages /Kids [3 0 R] /Count 1>>",
		"<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R " + page + ">>",
		stream("", "0.5 g 100 100 400 500 re f"),
	}, more...)}
}

func stream(dict, data string) string {
	return fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

func (m made) bytes() []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	at := make([]int, len(m.objects))
	for i, o := range m.objects {
		at[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, m.trailer, start)
	return b.Bytes()
}

// packed is the same with all objects but streams in an object stream, where a look at the bytes does not see them.
func (m made) packed(filter string, pack func(string) string) []byte {
	var b, inside, index bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	n := len(m.objects)
	rows := make([][3]int, n+3) // kind, where, which
	count := 0
	for i, o := range m.objects {
		if strings.Contains(o, "stream\n") {
			rows[i+1] = [3]int{1, b.Len(), 0}
			fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
			continue
		}
		fmt.Fprintf(&index, "%d %d ", i+1, inside.Len())
		inside.WriteString(o + " ")
		rows[i+1] = [3]int{2, n + 1, count}
		count++
	}
	rows[n+1] = [3]int{1, b.Len(), 0}
	fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n+1, stream(fmt.Sprintf("/Type /ObjStm /N %d /First %d %s", count, index.Len(), filter), pack(index.String()+inside.String())))
	rows[n+2] = [3]int{1, b.Len(), 0}
	var table bytes.Buffer
	for _, r := range rows {
		table.WriteByte(byte(r[0]))
		table.Write(binary.BigEndian.AppendUint32(nil, uint32(r[1])))
		table.WriteByte(byte(r[2]))
	}
	start := b.Len()
	fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n", n+2, stream(fmt.Sprintf("/Type /XRef /Size %d /W [1 4 1] /Root 1 0 R %s", n+3, m.trailer), table.String()), start)
	return b.Bytes()
}

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = io.WriteString(w, s) // a buffer takes everything
	_ = w.Close()
	return b.String()
}

// zeros are n bytes of the same, deflated: a thousandth of their size.
func zeros(n int, of byte) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	block := bytes.Repeat([]byte{of}, 1<<20)
	for ; n > 0; n -= len(block) {
		_, _ = w.Write(block[:min(n, len(block))])
	}
	_ = w.Close()
	return b.String()
}

// locked is a PDF that another library has encrypted.
func locked(t *testing.T, password string) []byte {
	t.Helper()
	p := fpdf.New("P", "pt", "Letter", "")
	p.SetProtection(fpdf.CnProtectPrint, password, "owner")
	p.AddPage()
	p.SetFont("Helvetica", "", 40)
	p.Text(100, 100, "PROTECTED")
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tag is one entry of a TIFF's directory: a number, or what stands elsewhere.
type tag struct {
	id, kind uint16
	count    uint32
	value    uint32
}

// sheet is one page of a TIFF that is made.
type sheet struct {
	tags []tag
	data []byte
}

// gray is a page of 8 bits of grey.
func gray(w, h int, data []byte) sheet {
	return sheet{[]tag{{256, 4, 1, uint32(w)}, {257, 4, 1, uint32(h)}, {258, 3, 1, 8}, {259, 3, 1, 1}, {262, 3, 1, 1}, {278, 4, 1, uint32(h)}}, data}
}

// with sets a tag.
func (s sheet) with(id uint16, value uint32) sheet {
	out := sheet{data: s.data}
	done := false
	for _, t := range s.tags {
		if t.id == id {
			t.value, done = value, true
		}
		out.tags = append(out.tags, t)
	}
	if !done {
		out.tags = append(out.tags, tag{id, 4, 1, value})
	}
	return out
}

// scan is a TIFF of these pages; next, if not nil, says where the directory after page i stands, given where all stand.
func scan(next func(i int, at []uint32) uint32, sheets ...sheet) []byte {
	b := []byte("II*\x00\x00\x00\x00\x00")
	at := make([]uint32, len(sheets))
	links := make([]int, len(sheets))
	for i, s := range sheets {
		strip := uint32(len(b))
		b = append(b, s.data...)
		at[i] = uint32(len(b))
		tags := append(append([]tag{}, s.tags...), tag{273, 4, 1, strip}, tag{279, 4, 1, uint32(len(s.data))})
		slices.SortStableFunc(tags, func(a, b tag) int { return int(a.id) - int(b.id) })
		tags = slices.CompactFunc(tags, func(a, b tag) bool { return a.id == b.id }) // a test's own stands first
		b = binary.LittleEndian.AppendUint16(b, uint16(len(tags)))
		for _, t := range tags {
			b = binary.LittleEndian.AppendUint16(b, t.id)
			b = binary.LittleEndian.AppendUint16(b, t.kind)
			b = binary.LittleEndian.AppendUint32(b, t.count)
			b = binary.LittleEndian.AppendUint32(b, t.value)
		}
		links[i] = len(b)
		b = append(b, 0, 0, 0, 0)
	}
	binary.LittleEndian.PutUint32(b[4:], at[0])
	for i, l := range links {
		var to uint32
		if i+1 < len(at) {
			to = at[i+1]
		}
		if next != nil {
			to = next(i, at)
		}
		binary.LittleEndian.PutUint32(b[l:], to)
	}
	return b
}

// photo is a JPEG of a grey square.
func photo(w, h int) []byte {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := h / 4; y < h*3/4; y++ {
		for x := w / 4; x < w*3/4; x++ {
			m.SetGray(x, y, color.Gray{128})
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, nil) // a buffer takes everything
	return b.Bytes()
}

// colorful is a JPEG of more colours than a form has.
func colorful(w, h int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{byte(x), byte(y), byte(x * y / 300), 255})
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, nil) // a buffer takes everything
	return b.Bytes()
}

// resized says in a JPEG's frame that it has another size.
func resized(b []byte, w, h int) []byte {
	b = bytes.Clone(b)
	i := bytes.Index(b, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(b[i+5:], uint16(h))
	binary.BigEndian.PutUint16(b[i+7:], uint16(w))
	return b
}

// scans repeats the scans of a progressive JPEG and says that it is large.
func scans(b []byte, times, w, h int) []byte {
	frame, first := bytes.Index(b, []byte{0xff, 0xc2}), bytes.Index(b, []byte{0xff, 0xda})
	out := bytes.Clone(b[:first])
	binary.BigEndian.PutUint16(out[frame+5:], uint16(h))
	binary.BigEndian.PutUint16(out[frame+7:], uint16(w))
	for range times {
		out = append(out, b[first:len(b)-2]...)
	}
	return append(out, 0xff, 0xd9)
}

func decoded(t *testing.T, p Page) image.Image {
	t.Helper()
	var m image.Image
	var err error
	if p.Media == "image/png" {
		m, err = png.Decode(bytes.NewReader(p.Bytes))
	} else {
		m, err = jpeg.Decode(bytes.NewReader(p.Bytes))
	}
	if err != nil {
		t.Fatal(err)
	}
	if m.Bounds() != image.Rect(0, 0, p.Width, p.Height) {
		t.Fatalf("the picture has %v, and says %d by %d", m.Bounds(), p.Width, p.Height)
	}
	return m
}

// ink is the share of a picture that is not near to white.
func ink(m image.Image) float64 {
	n, b := 0, m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y < 224 {
				n++
			}
		}
	}
	return float64(n) / float64(b.Dx()*b.Dy())
}
