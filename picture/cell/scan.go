package cell

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"

	"golang.org/x/image/tiff"

	"ccpor/picture/nature"
)

// CCITT group 3, JPEG and old JPEG within TIFF (TIFF 6.0, sections 11 and 22, and technical note 2).
const (
	groupThree, groupFour = 3, 4
	jpegInTIFF, oldJPEG   = 7, 6
)

func lookTIFF(r Request, document []byte) (Answer, error) {
	pages, err := nature.Pages(document)
	if len(pages) == 0 {
		return Answer{}, err
	}
	a := Answer{Pages: len(pages)}
	if r.Page > min(len(pages), nature.MaxPages) {
		return a, refusal(NoPage)
	}
	if r.Page == 0 {
		for _, p := range pages[:min(len(pages), MostSizes)] {
			a.Sizes = append(a.Sizes, shown(p))
		}
		return a, nil
	}
	picture, err := drawTIFF(document, pages[r.Page-1], r.Width)
	if err != nil {
		return a, err
	}
	a.show(picture)
	return a, nil
}

// shown is how large the page is once it stands upright and its pixels are square.
func shown(p nature.Page) Size {
	s := Size{float64(p.Width), float64(p.Height) * p.Stretch}
	if p.Orientation >= 5 {
		s.Width, s.Height = s.Height, s.Width
	}
	return s
}

func drawTIFF(document []byte, p nature.Page, width int) (*image.RGBA, error) {
	switch {
	case p.Compression == jpegInTIFF, p.Compression == oldJPEG, p.Compression == groupThree && p.TwoDim:
		return nil, refusal(Unsupported)
	case !p.Drawable():
		return nil, refusal(TooLarge)
	}
	size := shown(p)
	w, h, err := fit(size.Width, size.Height, min(width, int(size.Width)))
	if err != nil {
		return nil, err
	}
	nature.Turn(document, p.Offset)
	source, err := tiff.Decode(bytes.NewReader(document))
	var unsupported tiff.UnsupportedError
	if errors.As(err, &unsupported) {
		return nil, refusal(Unsupported)
	}
	if err != nil {
		return nil, err
	}
	if p.Orientation >= 5 {
		w, h = h, w
	}
	picture := upright(shrink(source, min(w, p.Width), h), p.Orientation)
	if p.BlackIsZero && (p.Compression == groupThree || p.Compression == groupFour) {
		negate(picture) // the reader takes no notice of it; libtiff does
	}
	return picture, nil
}

func negate(p *image.RGBA) {
	for i := 0; i < len(p.Pix); i += 4 {
		p.Pix[i], p.Pix[i+1], p.Pix[i+2] = ^p.Pix[i], ^p.Pix[i+1], ^p.Pix[i+2]
	}
}

func lookJPEG(r Request, document []byte) (Answer, error) {
	frame := nature.ReadFrame(document)
	if frame.Width == 0 || frame.Height == 0 {
		return Answer{}, refusal(Broken)
	}
	a := Answer{Pages: 1, Sizes: []Size{{float64(frame.Width), float64(frame.Height)}}}
	switch {
	case r.Page == 0:
		return a, nil
	case r.Page > 1:
		return a, refusal(NoPage)
	case !frame.Drawable():
		return a, refusal(TooLarge)
	}
	w, h, err := fit(float64(frame.Width), float64(frame.Height), min(r.Width, frame.Width))
	if err != nil {
		return a, err
	}
	source, err := jpeg.Decode(bytes.NewReader(document))
	var unsupported jpeg.UnsupportedError
	if errors.As(err, &unsupported) {
		return a, refusal(Unsupported)
	}
	if err != nil {
		return a, err
	}
	a.show(shrink(source, w, h))
	return a, nil
}

// fit is how large a picture becomes: as wide as wished, or as MaxSide and MaxPixels allow.
func fit(width, height float64, wish int) (w, h int, err error) {
	if !(width > 0 && height > 0) || math.IsInf(width, 0) || math.IsInf(height, 0) {
		return 0, 0, refusal(Broken)
	}
	ratio := height / width
	wide := min(float64(wish), MaxSide, MaxSide/ratio, math.Sqrt(MaxPixels/ratio))
	return max(1, int(wide)), max(1, min(MaxSide, int(math.Round(wide*ratio)))), nil
}

// shrink makes a picture of w by h pixels, each the mean of those that it stands for, on white. w is no more than the source has.
func shrink(source image.Image, w, h int) *image.RGBA {
	bounds := source.Bounds()
	wide, high := bounds.Dx(), bounds.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	line := image.NewRGBA(image.Rect(0, 0, wide, 1))
	sums := make([]uint64, 4*w)
	for y := range h {
		clear(sums)
		from := y * high / h
		for sy := from; sy < max(from+1, (y+1)*high/h); sy++ {
			lay(line, source, image.Pt(bounds.Min.X, bounds.Min.Y+sy))
			add(sums, line.Pix, w)
		}
		for x := range w {
			s, d := sums[4*x:4*x+4], out.Pix[y*out.Stride+4*x:]
			d[0], d[1], d[2], d[3] = byte(s[0]/s[3]), byte(s[1]/s[3]), byte(s[2]/s[3]), 255
		}
	}
	return out
}

// lay copies one line of the source, on white where it can be seen through.
func lay(line *image.RGBA, source image.Image, at image.Point) {
	op := draw.Src
	switch source.(type) {
	case *image.Gray, *image.YCbCr, *image.CMYK:
	default:
		draw.Draw(line, line.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		op = draw.Over
	}
	draw.Draw(line, line.Rect, source, at, op)
}

// add adds a line to the sums of w pixels: red, green, blue and how many there were.
func add(sums []uint64, line []byte, w int) {
	wide := len(line) / 4
	x, next := 0, wide/w
	for i := range wide {
		if i >= next && x < w-1 {
			x++
			next = (x + 1) * wide / w
		}
		s, p := sums[4*x:4*x+4], line[4*i:4*i+4]
		s[0] += uint64(p[0])
		s[1] += uint64(p[1])
		s[2] += uint64(p[2])
		s[3]++
	}
}

// upright turns and mirrors a picture as its orientation says (TIFF 6.0, section 8).
func upright(p *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return p
	}
	w, h := p.Rect.Dx(), p.Rect.Dy()
	if orientation >= 5 {
		w, h = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			sx, sy := from(orientation, x, y, w, h)
			copy(out.Pix[out.PixOffset(x, y):][:4], p.Pix[p.PixOffset(sx, sy):])
		}
	}
	return out
}

// from is where the pixel x, y of the upright picture, w by h, stands in the one that was stored.
func from(orientation, x, y, w, h int) (int, int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, w - 1 - x
	case 7:
		return h - 1 - y, w - 1 - x
	default:
		return h - 1 - y, x
	}
}

// show puts a picture into the answer: grey, if it is.
func (a *Answer) show(p *image.RGBA) {
	a.Width, a.Height = p.Rect.Dx(), p.Rect.Dy()
	n := a.Width * a.Height
	for i := 0; i < 4*n; i += 4 {
		if c := p.Pix[i : i+4]; c[0] != c[1] || c[1] != c[2] {
			a.Pixels = opaque(p.Pix[:4*n])
			return
		}
	}
	a.Gray = true
	a.Pixels = make([]byte, n)
	for i := range n {
		a.Pixels[i] = p.Pix[4*i]
	}
}

func opaque(pix []byte) []byte {
	for i := 3; i < len(pix); i += 4 {
		pix[i] = 255
	}
	return pix
}
