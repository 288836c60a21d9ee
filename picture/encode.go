package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"ccpor/picture/cell"
)

// fewColors is how many colours a page of print, stamps and ink has at most, its soft edges included; photographs have more, and are smaller as JPEG.
const fewColors = 4096

const quality = 88

// encode makes a file of pixels, in memory of this process and from nothing but them.
func encode(a cell.Answer) (Page, error) {
	p := Page{Width: a.Width, Height: a.Height, Media: "image/png"}
	var out bytes.Buffer
	var err error
	bounds := image.Rect(0, 0, a.Width, a.Height)
	switch {
	case a.Gray:
		err = png.Encode(&out, &image.Gray{Pix: a.Pixels, Stride: a.Width, Rect: bounds})
	case plain(a.Pixels):
		err = png.Encode(&out, &image.RGBA{Pix: a.Pixels, Stride: 4 * a.Width, Rect: bounds})
	default:
		p.Media = "image/jpeg"
		err = jpeg.Encode(&out, &image.RGBA{Pix: a.Pixels, Stride: 4 * a.Width, Rect: bounds}, &jpeg.Options{Quality: quality})
	}
	if err != nil {
		return Page{}, fmt.Errorf("writing a picture: %w", err)
	}
	p.Bytes = out.Bytes()
	return p, nil
}

func plain(pix []byte) bool {
	seen := map[[3]byte]bool{}
	for i := 0; i+3 < len(pix); i += 4 {
		pix[i+3] = 255
		if c := [3]byte(pix[i : i+3]); !seen[c] {
			if seen[c] = true; len(seen) > fewColors {
				return false
			}
		}
	}
	return true
}
