package picture

import (
	"os"
	"path/filepath"
	"testing"

	"ccpor/picture/cell"
	"ccpor/picture/nature"
)

// BenchmarkPage is the time to a picture of a sample's page, 1200 pixels wide: by a cell that waits, and by one that has to be made; and of a scan's page.
func BenchmarkPage(b *testing.B) {
	r, err := newRenderer(Options{AtOnce: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	form, err := os.ReadFile("../testdata/cases/dv110/image.pdf")
	if err != nil {
		b.Fatal(err)
	}
	scanned, err := os.ReadFile("testdata/scan-group4.tiff")
	if err != nil {
		b.Fatal(err)
	}
	picture := func(b *testing.B, p *process, media string, document []byte) {
		a, err := r.serve(b.Context(), p, cell.Request{Media: media, Page: 1, Width: 1200}, document)
		if err == nil {
			_, err = encode(a)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.Run("waiting", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			s := <-r.ready
			if s.err != nil {
				b.Fatal(s.err)
			}
			b.StartTimer()
			picture(b, s.cell, nature.PDF, form)
		}
	})
	for media, document := range map[string][]byte{nature.PDF: form, nature.TIFF: scanned} {
		b.Run("made/"+filepath.Base(media), func(b *testing.B) {
			what := cell.Scans
			if media == nature.PDF {
				what = cell.PDFs
			}
			for range b.N {
				p, err := r.start(what)
				if err != nil {
					b.Fatal(err)
				}
				picture(b, p, media, document)
			}
		})
	}
}
