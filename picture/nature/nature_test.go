package nature

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func sample(tb testing.TB) []byte {
	tb.Helper()
	b, err := os.ReadFile("../../testdata/cases/dv110/image.pdf")
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func words(list []Finding) string {
	var all []string
	for _, f := range list {
		all = append(all, fmt.Sprintf("%s %d", f.Trait, f.Count))
	}
	return strings.Join(all, ", ")
}

// No image of any case is named as anything: a note on each receipt would be read by nobody.
func TestPlainFormsHaveNoTraits(t *testing.T) {
	t.Parallel()
	images, err := filepath.Glob("../../testdata/cases/*/image.pdf")
	if err != nil || len(images) < 40 {
		t.Fatalf("%d images, %v", len(images), err)
	}
	for _, name := range images {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := Of(PDF, b); len(got) > 0 {
			t.Errorf("%s: %s", name, words(got))
		}
	}
}

// Ways in which a PDF could hide a name from a look at its bytes. Most documents of the kinds that matter stand in the tests of package picture, where they are drawn too.
func TestHiddenNames(t *testing.T) {
	t.Parallel()
	pack := func(s string) string {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		if _, err := w.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	const action = "<</S /JavaScript /JS (x)>>"
	for name, c := range map[string]struct{ objects, want string }{
		"in a string":                     {"1 0 obj (/Launch) endobj", "launches 1"},
		"in a comment":                    {"1 0 obj % /Launch\nendobj", "launches 1"},
		"escaped":                         {"1 0 obj <</S /#4c#61#75#6Ec#68>> endobj", "launches 1"},
		"half escaped":                    {"1 0 obj <</S /Launch#>> endobj", ""},
		"without blanks":                  {"1 0 obj<</S/JavaScript/JS(x)>>endobj", "script 2"},
		"in a stream that is none":        {"1 0 obj <<>> stream\n2 0 obj " + action + " endobj endstream endobj", "script 1"}, // short names come about by chance there
		"behind a stream without an end":  {"1 0 obj <<>> stream\nxxx", ""},
		"in an object stream":             {"1 0 obj <</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode>> stream\n" + pack("2 0 "+action) + "\nendstream endobj", "script 2"},
		"in an object stream by its size": {"1 0 obj <</N 1 /First 4 /Filter /Fl>> stream\r\n" + pack("2 0 "+action) + "\nendstream endobj", "script 2"},
		"in one with a string that lies":  {"1 0 obj <</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /X (obj)>> stream\n" + pack("2 0 "+action) + "\nendstream endobj", "script 2"},
		"in one with an escaped type":     {"1 0 obj <</Type /Obj#53tm /Filter /FlateDecode>> stream\n" + pack("2 0 "+action) + "\nendstream endobj", "script 2"},
		"in one that is cut off":          {"1 0 obj <</Type /ObjStm /Filter /FlateDecode>> stream\n" + pack(strings.Repeat("2 0 "+action, 9))[:30] + "\nendstream endobj", "hidden 1, script 2"},
		"in one of another filter":        {"1 0 obj <</Type /ObjStm /Filter /LZWDecode>> stream\nxx\nendstream endobj", "hidden 1"},
		"in one with a predictor":         {"1 0 obj <</Type /ObjStm /Filter /FlateDecode /DecodeParms <</Predictor 12>>>> stream\n" + pack("x") + "\nendstream endobj", "hidden 1"},
		"where to begin":                  {"1 0 obj <</OpenAction\n [3 0 R /Fit]>> endobj", ""},
		"what to do at the beginning":     {"1 0 obj <</OpenAction 3 0 R>> endobj", "acts 1"},
		"an empty list of files":          {"1 0 obj <</Names <</EmbeddedFiles <</Names []>>>>>> endobj", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := words(Of(PDF, []byte("%PDF-1.7\n"+c.objects+"\nstartxref\n0\n%%EOF\n"))); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for trait, s := range sentences {
		if !trait.Known() || !strings.HasSuffix(s, ".") || trait.Sentence() != s {
			t.Errorf("%s: %q", trait, s)
		}
	}
	for _, trait := range names {
		if !trait.Known() {
			t.Errorf("%s has no sentence", trait)
		}
	}
	if WebPage.Code() != "WebPage" || Script.Code() != "Script" || len(Traits()) != len(sentences) {
		t.Error(WebPage.Code(), Script.Code(), Traits())
	}
	if Trait("nonsense").Known() {
		t.Error("nonsense is known")
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	list := With([]Finding{{Script, 3}}, TooMany)
	if got := words(With(list, Script)); got != "script 3, too-many 1" {
		t.Error(got)
	}
}

// What is bounded: a document of slashes, and one of object streams that unpack to gigabytes, take no more than the machine's least patience.
func TestLookIsQuick(t *testing.T) {
	t.Parallel()
	var zeros bytes.Buffer
	w := zlib.NewWriter(&zeros)
	block := make([]byte, 1<<20)
	for range 32 {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	bomb := strings.Repeat("1 0 obj <</Type /ObjStm /Filter /FlateDecode>> stream\n"+zeros.String()+"\nendstream endobj\n", 30)
	for name, doc := range map[string]string{
		"slashes": strings.Repeat("/", 2<<20), "streams": strings.Repeat("stream\n", 1<<18), "objects": strings.Repeat("obj ", 1<<19), "bombs": bomb,
		"dictionaries": strings.Repeat("obj <</ObjStm /N /First>> stream\nendstream ", 100_000), "one long name": "/" + strings.Repeat("#", 2<<20),
	} {
		begun := time.Now()
		Of(PDF, []byte("%PDF-1.7\n"+doc))
		if took := time.Since(begun); took > 5*time.Second { // a tenth of a second where nobody else works
			t.Errorf("%s: %s", name, took)
		}
	}
}

// FuzzOf looks for bytes at which a look fails.
func FuzzOf(f *testing.F) {
	f.Add(PDF, sample(f))
	f.Add(PDF, []byte("%PDF-1.7\n1 0 obj <</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode>> stream\nx\x9c\nendstream %%EOF"))
	for media, names := range map[string][]string{TIFF: {"scan-group4.tiff", "fax.tiff", "turned.tiff"}, JPEG: {"progressive.jpeg"}} {
		for _, name := range names {
			b, err := os.ReadFile("../testdata/" + name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(media, b)
		}
	}
	f.Fuzz(func(t *testing.T, media string, b []byte) {
		for _, x := range Of(media, b) {
			if !x.Trait.Known() || x.Count < 1 {
				t.Errorf("%+v", x)
			}
		}
		if pages, err := Pages(b); err == nil && (len(pages) == 0 || len(pages) > MaxPages+1) {
			t.Errorf("%d pages", len(pages))
		}
	})
}

// BenchmarkOf looks at a form of 2 KB, and at one with a scan of 200 KB in it.
func BenchmarkOf(b *testing.B) {
	form := sample(b)
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200<<10)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	large := bytes.Replace(form, []byte("endstream"), append(noise, "\nendstream"...), 1)
	for name, doc := range map[string][]byte{"form": form, "scan": large} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				Of(PDF, doc)
			}
		})
	}
}
