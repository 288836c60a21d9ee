package picture

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"math"
	"os"
	"testing"
	"time"

	"ccpor/picture/cell"
	"ccpor/picture/nature"
)

func file(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The samples' forms become pictures of their one page, with nothing to be named, and the frame around their first line where it is drawn: from 54 points of the left edge on.
func TestSampleForms(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	for _, name := range []string{"dv110", "epo002-2024-01-01", "cr160-2019-01-22-modify-own-correct", "wv110-2026-01-01"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form := file(t, "../testdata/cases/"+name+"/image.pdf")
			d, err := r.Look(t.Context(), nature.PDF, form)
			if err != nil || d.Pages != 1 || len(d.Sizes) != 1 || d.Sizes[0] != (cell.Size{Width: 612, Height: 792}) || len(d.Nature) != 0 || d.Refused != "" {
				t.Fatalf("%+v, %v", d, err)
			}
			p, err := r.Page(t.Context(), nature.PDF, form, 1, 1224)
			if err != nil || p.Media != "image/png" || p.Width != 1224 || p.Height != 1584 {
				t.Fatalf("%s, %d by %d, %v", p.Media, p.Width, p.Height, err)
			}
			m := decoded(t, p)
			if share := ink(m); share < 0.005 || share > 0.08 {
				t.Errorf("%.3f of the page is ink", share)
			}
			for at, want := range map[image.Point]bool{{108, 122}: true, {1116, 122}: true, {100, 122}: false, {10, 10}: false, {1200, 1570}: false} {
				if dark := darkNear(m, at); dark != want {
					t.Errorf("at %v it is dark: %v", at, dark)
				}
			}
			_, err = r.Page(t.Context(), nature.PDF, form, 2, 100)
			var refused *Refusal
			if !errors.As(err, &refused) || refused.Reason != NoPage {
				t.Errorf("second page: %v", err)
			}
		})
	}
}

func darkNear(m image.Image, at image.Point) bool {
	for y := at.Y - 2; y <= at.Y+2; y++ {
		for x := at.X - 2; x <= at.X+2; x++ {
			if grey(m, x, y) < 160 {
				return true
			}
		}
	}
	return false
}

func grey(m image.Image, x, y int) int {
	return int(color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y)
}

// apart is how far two pictures of the same width are apart: the mean of the differences of means over squares of eight pixels, so that neither resolution nor soft edges count.
func apart(a, b image.Image) float64 {
	w, h := min(a.Bounds().Dx(), b.Bounds().Dx())/8, min(a.Bounds().Dy(), b.Bounds().Dy())/8
	sum := 0.0
	for y := range h {
		for x := range w {
			da := 0
			for i := range 64 {
				da += grey(a, 8*x+i%8, 8*y+i/8) - grey(b, 8*x+i%8, 8*y+i/8)
			}
			sum += math.Abs(float64(da) / 64)
		}
	}
	return sum / float64(w*h)
}

// A scan of a form looks like the form. The scans were made of samples by other programs (poppler and libtiff).
func TestScansLookLikeTheirForms(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	const width = 600
	draw := func(media, name string, page int) image.Image {
		p, err := r.Page(t.Context(), media, file(t, name), page, width)
		if err != nil || p.Width != width && name != "testdata/color-lzw.tiff" {
			t.Fatalf("%s: %d by %d, %v", name, p.Width, p.Height, err)
		}
		return decoded(t, p)
	}
	first := draw(nature.PDF, "../testdata/cases/cr160-2019-01-22-modify-own-correct/image.pdf", 1)
	second := draw(nature.PDF, "../testdata/cases/dv110/image.pdf", 1)
	const same, other = 4, 6
	for _, name := range []string{"testdata/scan-group4.tiff", "testdata/scan-group3.tiff"} {
		d, err := r.Look(t.Context(), nature.TIFF, file(t, name))
		if err != nil || d.Pages != 3 || d.Sizes[2] != (cell.Size{Width: 850, Height: 1100}) || len(d.Nature) != 0 {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		for page, form := range []image.Image{first, second} {
			m := draw(nature.TIFF, name, page+1)
			if got := apart(m, form); got > same {
				t.Errorf("%s, page %d: %.1f apart from its form", name, page+1, got)
			}
			if got := apart(m, []image.Image{second, first}[page]); got < other {
				t.Errorf("%s, page %d: %.1f apart from the other form", name, page+1, got)
			}
		}
	}
	for _, name := range []string{"testdata/fax.tiff", "testdata/black-is-zero.tiff"} {
		if got := apart(draw(nature.TIFF, name, 1), second); got > same {
			t.Errorf("%s: %.1f apart from its form", name, got)
		}
	}
}

// A page that lies on its side in the file stands upright in the picture: turned.tiff is a sample that says that its first row is the right-hand side.
func TestOrientation(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	p, err := r.Page(t.Context(), nature.TIFF, file(t, "testdata/turned.tiff"), 1, 500)
	if err != nil {
		t.Fatal(err)
	}
	if p.Width != 500 || p.Height != 386 {
		t.Errorf("%d by %d", p.Width, p.Height)
	}
	m := decoded(t, p)
	right, left := 0, 0
	for y := range p.Height {
		for x := range p.Width / 3 {
			left += 255 - grey(m, x, y)
			right += 255 - grey(m, p.Width-1-x, y)
		}
	}
	if right < 2*left { // the sample's lower third is empty, its upper third is not
		t.Errorf("ink on the left %d, on the right %d", left, right)
	}
}

// A form that lies shows what is drawn in its field, since that is what its reader has seen and signed; the word that the field holds is not shown.
func TestAFormShowsItsFields(t *testing.T) {
	t.Parallel()
	p, err := renderer(t).Page(t.Context(), nature.PDF, lie().bytes(), 1, 60)
	if err != nil {
		t.Fatal(err)
	}
	if share := ink(decoded(t, p)); share < 0.99 {
		t.Errorf("%.2f of the page is ink: the field is not drawn", share)
	}
}

func TestColors(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	red := page("", "")
	red.objects[3] = stream("", "1 0 0 rg 0 0 612 792 re f")
	p, err := r.Page(t.Context(), nature.PDF, red.bytes(), 1, 20)
	if err != nil {
		t.Fatal(err)
	}
	if c := color.RGBAModel.Convert(decoded(t, p).At(10, 10)); c != (color.RGBA{255, 0, 0, 255}) || p.Media != "image/png" {
		t.Errorf("%v, %s", c, p.Media)
	}
	if p, err = r.Page(t.Context(), nature.TIFF, file(t, "testdata/color-lzw.tiff"), 1, 5000); err != nil || p.Width != 425 || p.Height != 550 {
		t.Errorf("a scan is not enlarged: %d by %d, %v", p.Width, p.Height, err)
	}
	if p, err = r.Page(t.Context(), nature.JPEG, colorful(300, 300), 1, 256); err != nil || p.Media != "image/jpeg" || p.Width != 256 {
		t.Errorf("many colours: %s, %d wide, %v", p.Media, p.Width, err)
	}
	decoded(t, p)
}

// What is asked for when nobody waits for it any more, or while all is closed, ends at once and says so.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	r := rendererOf(t, Options{AtOnce: 1})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for media, b := range map[string][]byte{nature.PDF: page("", "").bytes(), nature.JPEG: photo(9, 9)} {
		if _, err := r.Page(gone, media, b, 1, 9); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, nobody waits: %v", media, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Look(t.Context(), nature.PDF, page("", "").bytes()); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// Code lies in the folder: one that others may reach is refused.
func TestFolderOfOthers(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if r, err := New(Options{Folder: folder}); err == nil {
		r.Close()
		t.Error("a folder that others may read is taken")
	}
}

// Cells that misbehave as a document could make them: what comes of it, and that the next one is served.
func TestCellsThatWereTakenOver(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]Reason{
		"spin": Slow, "die": Died, "lie about the size": Stopped, "lie about the reason": Stopped, "talk without end": Stopped, "break out": Stopped, "want memory": TooLarge, "say half": Died,
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			r, err := New(Options{Folder: private(t), Time: 2 * time.Second, program: []string{os.Args[0], takenOver, how}})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			_, err = r.Page(t.Context(), nature.JPEG, photo(9, 9), 1, 9)
			var refused *Refusal
			if !errors.As(err, &refused) || refused.Reason != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// A cell that cannot confine itself is never asked.
func TestACellThatIsNotConfined(t *testing.T) {
	t.Parallel()
	r, err := New(Options{Folder: private(t), program: []string{os.Args[0], takenOver, "stay loose"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err = r.Page(t.Context(), nature.JPEG, photo(9, 9), 1, 9); err == nil || !bytes.Contains([]byte(err.Error()), []byte("not confined")) {
		t.Errorf("%v", err)
	}
}

func private(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}
