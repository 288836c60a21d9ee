package picture

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/picture/nature"
)

// shown is the end of a document of which a picture is made.
const shown Reason = "shown"

// bad is a document that means harm, or is broken, and its expected end: what it is named as, and what becomes of its first page.
type bad struct {
	name   string
	media  string
	bytes  []byte
	nature string   // the traits, in the order of their names
	pages  int      // 0: not looked at
	ends   []Reason // none: it is named only, since another like it is drawn
}

func badOnes(t *testing.T) []bad {
	t.Helper()
	return append(append(badPDFs(t), badScans(t)...), badPhotos(t)...)
}

func pdfThat(name string, b []byte, traits string, pages int, ends ...Reason) bad {
	return bad{name, nature.PDF, b, traits, pages, ends}
}

func badPDFs(t *testing.T) []bad {
	js := "<</S /JavaScript /JS (app.alert\\(1\\))>>"
	return append(append(append([]bad{
		pdfThat("plain", page("", "").bytes(), "", 1, shown),
		pdfThat("begins to read at its first page", page("/OpenAction [3 0 R /Fit]", "").bytes(), "", 0),
		pdfThat("a script when it is opened", page("/OpenAction "+js, "").bytes(), "acts script", 1, shown),
		pdfThat("a script under escaped names", page("/Open#41ction <</S /J#61vaScript /#4a#53 (x)>>", "").bytes(), "acts script", 0),
		pdfThat("a script in an object stream", page("/OpenAction "+js, "").packed("/Filter /FlateDecode", deflated), "acts script", 1, shown),
		pdfThat("a script in an object stream that is not packed", page("/Names <</JavaScript 5 0 R>>", "", "<<>>").packed("", func(s string) string { return s }), "script", 0),
		pdfThat("a script in an object stream packed twice", page("/OpenAction "+js, "").packed("/Filter [/FlateDecode /FlateDecode]", func(s string) string { return deflated(deflated(s)) }), "hidden", 0),
		pdfThat("a script when a page is turned", page("", "/AA <</O "+js+">>").bytes(), "acts script", 0),
		pdfThat("starts a program", page("/OpenAction <</S /Launch /Win <</F (cmd.exe)>>>>", "").bytes(), "acts launches", 0, shown),
		pdfThat("starts a program at a click", page("", "/Annots [<</Type /Annot /Subtype /Link /Rect [0 0 612 792] /A <</S /Launch /F (/bin/sh)>>>>]").bytes(), "launches", 0),
		pdfThat("a link", page("", "/Annots [<</Type /Annot /Subtype /Link /Rect [0 0 612 792] /A <</S /URI /URI (http://192.0.2.1/)>>>>]").bytes(), "links", 0, shown),
		pdfThat("another file's page", page("/OpenAction <</S /GoToR /F (\\\\\\\\192.0.2.1\\\\share\\\\x.pdf) /D [0 /Fit]>>", "").bytes(), "acts elsewhere", 0),
		pdfThat("a file within", page("/Names <</EmbeddedFiles <</Names [(a.exe) 5 0 R]>>>>", "", "<</Type /Filespec /F (a.exe) /EF <</F 6 0 R>>>>", stream("/Type /EmbeddedFile", "MZ")).bytes(), "files", 0, shown),
		pdfThat("an attached note", page("", "/Annots [<</Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS <</Type /Filespec /F (x)>>>>]").bytes(), "files", 0),
		pdfThat("a form in XML", page("/AcroForm <</Fields [] /XFA 5 0 R>>", "", stream("", "<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'></xdp:xdp>")).bytes(), "form xfa", 0, shown),
		pdfThat("sends what is typed", page("/AcroForm <</Fields [5 0 R]>>", "/Annots [5 0 R]", "<</Type /Annot /Subtype /Widget /FT /Btn /T (b) /Rect [0 0 99 99] /A <</S /SubmitForm /F (http://192.0.2.1/)>>>>").bytes(), "form sends", 0, shown),
		pdfThat("reads data", page("/OpenAction <</S /ImportData /F (/etc/passwd)>>", "").bytes(), "acts imports", 0),
		pdfThat("a form that lies", lie().bytes(), "form", 0, shown),
		pdfThat("film", page("", "/Annots [<</Type /Annot /Subtype /Movie /Rect [0 0 9 9] /Movie <</F (x.avi)>>>>]").bytes(), "moving", 0),
		pdfThat("signed by somebody", page("/AcroForm <</Fields [<</FT /Sig /T (s) /V 5 0 R>>]>>", "", "<</Type /Sig /Filter /Adobe.PPKLite /ByteRange [0 1 2 3] /Contents <00>>>").bytes(), "form signed", 0, shown),
		pdfThat("encrypted, to be read by anybody", locked(t, ""), "encrypted", 1, shown),
		pdfThat("encrypted, with a password", locked(t, "secret"), "encrypted", 0, Locked),
		pdfThat("encrypted, nobody knows how", made{page("", "").objects, "/ID [<00> <00>] /Encrypt <</Filter /Acme /V 9>>"}.bytes(), "encrypted", 0, Locked),
	}, brokenPDFs()...), heavyPDFs()...), circles()...)
}

// lie is a form whose field holds a word and shows another.
func lie() made {
	return page("/AcroForm <</Fields [5 0 R]>>", "/Annots [5 0 R]",
		"<</Type /Annot /Subtype /Widget /FT /Tx /T (served) /V (no) /Rect [0 0 612 792] /F 4 /AP <</N 6 0 R>>>>",
		stream("/Type /XObject /Subtype /Form /BBox [0 0 612 792]", "0 g 0 0 612 792 re f"))
}

func brokenPDFs() []bad {
	plain := page("", "").bytes()
	end := bytes.LastIndex(plain, []byte("xref"))
	return []bad{
		pdfThat("empty", nil, "empty", 0, Empty),
		pdfThat("its first line alone", []byte("%PDF-1.7\n%%EOF"), "", 0, Broken),
		pdfThat("cut off in the middle", plain[:len(plain)/2], "broken", 0, Broken),
		pdfThat("cut off before its table", plain[:bytes.LastIndex(plain, []byte("xref\n0"))], "broken", 0, Broken, shown),
		pdfThat("cut off in its last line", plain[:end+2], "broken", 0, Broken, shown),
		pdfThat("a table that points anywhere", bytes.ReplaceAll(plain, []byte(" 00000 n"), []byte(" 00007 n")), "", 1, shown),
		pdfThat("garbage behind its end", append(bytes.Clone(plain), bytes.Repeat([]byte("garbage "), 500)...), "trailing", 0, shown),
		pdfThat("two ends", append(bytes.Clone(plain), "3 0 obj\n<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]>>\nendobj\ntrailer\n<</Size 5 /Root 1 0 R>>\nstartxref\n0\n%%EOF\n"...), "revised", 0, shown),
		pdfThat("a web page before it", append([]byte("<!DOCTYPE html><script>alert(1)</script>\n"), plain...), "late web-page", 0, shown),
		pdfThat("an archive behind it", append(bytes.Clone(plain), "PK\x03\x04\x14\x00"...), "trailing web-page", 0, shown),
		pdfThat("no catalog", bytes.ReplaceAll(plain, []byte("/Root 1 0 R"), []byte("/Root 9 0 R")), "", 0, Broken, shown),
		pdfThat("no pages", made{[]string{"<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [] /Count 0>>"}, ""}.bytes(), "", 0, Broken),
		pdfThat("strings that do not end", page("", "/X (((((((((").bytes(), "", 0, Broken, shown),
		pdfThat("arrays in arrays in arrays", page("/X "+strings.Repeat("[", 200_000), "").bytes(), "", 0, Broken, shown),
		pdfThat("a font of garbage", page("", "/Resources <</Font <</F <</Type /Font /Subtype /TrueType /BaseFont /X /FirstChar 0 /LastChar 255 /FontDescriptor 5 0 R>>>>>> /Contents 7 0 R",
			"<</Type /FontDescriptor /FontName /X /Flags 4 /FontFile2 6 0 R>>", stream("", strings.Repeat("\x00\x01\xff\x80garbage", 999)), stream("", "BT /F 40 Tf 50 50 Td (garbage) Tj ET")).bytes(), "", 0, shown),
		pdfThat("pictures of garbage", page("", "/Resources <</XObject <</A 5 0 R /B 6 0 R /C 7 0 R>>>> /Contents 8 0 R", garbage("JBIG2Decode"), garbage("JPXDecode"), garbage("CCITTFaxDecode"), stream("", "q 600 0 0 600 0 0 cm /A Do /B Do /C Do Q")).bytes(), "", 0, shown),
		pdfThat("a text, said to be a PDF", []byte("Please open the attached order."), "other", 0, Other),
		pdfThat("a program, said to be a PDF", append([]byte("MZ\x90\x00"), make([]byte, 4000)...), "other web-page", 0, Other),
		pdfThat("a photograph, said to be a PDF", photo(60, 60), "other", 0, Other),
	}
}

func garbage(filter string) string {
	return stream("/Type /XObject /Subtype /Image /Width 4000 /Height 4000 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /"+filter, strings.Repeat("\x97garbage\x00\xff", 300))
}

// heavyPDFs want more than there is.
func heavyPDFs() []bad {
	many := func(n int) made {
		m := made{objects: []string{"<</Type /Catalog /Pages 2 0 R>>", ""}}
		var kids strings.Builder
		for i := range n {
			fmt.Fprintf(&kids, "%d 0 R ", i+3)
			m.objects = append(m.objects, "<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]>>")
		}
		m.objects[1] = fmt.Sprintf("<</Type /Pages /Kids [%s] /Count %d>>", kids.String(), n)
		return m
	}
	told := page("", "")
	told.objects[1] = "<</Type /Pages /Kids [3 0 R] /Count 1000000>>"
	same := page("", "")
	same.objects[1] = "<</Type /Pages /Kids [" + strings.Repeat("3 0 R ", 100_000) + "] /Count 100000>>"
	box := func(s string) []byte {
		m := page("", "")
		m.objects[2] = "<</Type /Page /Parent 2 0 R /MediaBox " + s + " /Contents 4 0 R>>"
		return m.bytes()
	}
	content := func(dict, data string) []byte {
		m := page("", "")
		m.objects[3] = stream(dict, data)
		return m.bytes()
	}
	return []bad{
		pdfThat("a thousand pages", many(1000).bytes(), "", 1000, shown),
		pdfThat("a million pages, told", told.bytes(), "", 0, shown, Broken),
		pdfThat("a page that stands for a hundred thousand", same.bytes(), "", 0, shown, Broken, Slow),
		pdfThat("a page as large as a county", box("[0 0 99999999 99999999]"), "", 0, shown),
		pdfThat("a page like a thread", box("[0 0 1 1000000]"), "", 0, shown),
		pdfThat("a page like a shelf", box("[0 0 1000000 1]"), "", 0, shown),
		pdfThat("a page of nothing", box("[0 0 0 0]"), "", 0, shown),
		pdfThat("a page turned inside out", box("[612 792 0 0]"), "", 0, shown),
		pdfThat("a page without numbers", box("[0 0 1e999999 (x)]"), "", 0, shown, Broken),
		pdfThat("an object stream that unpacks to 200 MB", page("", "").packed("/Filter /FlateDecode", func(string) string { return zeros(200<<20, ' ') }), "hidden", 0, Broken, TooLarge, Slow),
		pdfThat("contents that unpack to 200 MB", content("/Filter /FlateDecode", zeros(200<<20, ' ')), "", 0, shown, TooLarge, Slow),
		pdfThat("contents packed in packed in packed", content("/Filter [/FlateDecode /FlateDecode /FlateDecode]", deflated(deflated(zeros(500<<20, ' ')))), "", 0, shown, TooLarge, Slow),
		pdfThat("a picture of a billion points", page("", "/Resources <</XObject <</A 5 0 R>>>> /Contents 6 0 R",
			stream("/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /FlateDecode", zeros(50<<20, 0)), stream("", "600 0 0 600 0 0 cm /A Do")).bytes(), "", 0, shown, TooLarge, Slow),
	}
}

// circles lead their reader round and round.
func circles() []bad {
	tree := page("", "")
	tree.objects[1] = "<</Type /Pages /Kids [2 0 R 3 0 R] /Count 2>>"
	deep := made{objects: []string{"<</Type /Catalog /Pages 2 0 R>>"}}
	for i := range 5000 {
		deep.objects = append(deep.objects, fmt.Sprintf("<</Type /Pages /Kids [%d 0 R] /Count 1>>", i+3))
	}
	deep.objects = append(deep.objects, "<</Type /Page /MediaBox [0 0 612 792]>>")
	form := func(i int, does string) string {
		return stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources <</XObject <</A %d 0 R>>>>", i), does)
	}
	use := "/Resources <</XObject <</A 5 0 R>>>> /Contents 6 0 R"
	tower := []string{form(7, strings.Repeat("/A Do ", 20)), stream("", "/A Do")}
	for i := range 12 {
		tower = append(tower, form(8+i, strings.Repeat("/A Do ", 20)))
	}
	tower = append(tower, stream("/Type /XObject /Subtype /Form /BBox [0 0 612 792]", "0 0 612 792 re f"))
	length := page("", "")
	length.objects[3] = "<</Length 4 0 R>>\nstream\n0 g\nendstream"
	return []bad{
		pdfThat("a table before itself", made{page("", "").objects, "/Prev 0"}.self(), "", 0, shown, Broken),
		pdfThat("a tree of pages that is its own branch", tree.bytes(), "", 0, shown, Broken),
		pdfThat("a tree of pages five thousand deep", deep.bytes(), "", 0, shown, Broken),
		pdfThat("a drawing within itself", page("", use, form(5, "0 0 99 99 re f /A Do"), stream("", "/A Do")).bytes(), "", 0, shown),
		pdfThat("a tower of drawings", page("", use, tower...).bytes(), "", 0, Slow),
		pdfThat("a stream as long as itself", length.bytes(), "", 0, shown, Broken),
		pdfThat("a mask of itself", page("", use, stream("/Type /XObject /Subtype /Image /Width 9 /Height 9 /BitsPerComponent 8 /ColorSpace /DeviceGray /SMask 5 0 R", strings.Repeat("x", 81)), stream("", "600 0 0 600 0 0 cm /A Do")).bytes(), "", 0, shown),
		pdfThat("letters that are drawn with themselves", page("", "/Resources 7 0 R /Contents 6 0 R",
			"<</Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /CharProcs <</a 8 0 R>> /Encoding <</Differences [97 /a]>> /FirstChar 97 /LastChar 97 /Widths [9] /Resources 7 0 R>>",
			stream("", "BT /F 9 Tf (aaa) Tj ET"), "<</Font <</F 5 0 R>>>>", stream("", "9 0 0 0 9 9 d1 BT /F 9 Tf (aaa) Tj ET")).bytes(), "", 0, shown, Slow),
	}
}

// self makes a table's Prev point to itself.
func (m made) self() []byte {
	b := m.bytes()
	at := bytes.LastIndex(b, []byte("xref\n0"))
	return bytes.Replace(b, []byte("/Prev 0"), fmt.Appendf(nil, "/Prev %d", at), 1)
}

func badScans(t *testing.T) []bad {
	read := func(name string) []byte {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	small := gray(64, 64, bytes.Repeat([]byte{100}, 4096))
	that := func(name string, b []byte, traits string, pages int, ends ...Reason) bad {
		return bad{name, nature.TIFF, b, traits, pages, ends}
	}
	thousand := make([]sheet, 1000)
	for i := range thousand {
		thousand[i] = sheet{small.tags, []byte{1, 2}}
	}
	thousand[0] = small
	group4 := read("scan-group4.tiff")
	return []bad{
		that("scan", scan(nil, small), "", 1, shown),
		that("scan in a circle", scan(func(i int, at []uint32) uint32 { return at[1-i] }, small, small), "circle", 2, shown),
		that("scan whose second page is nowhere", scan(func(int, []uint32) uint32 { return 1 << 31 }, small), "broken", 1, shown),
		that("scan whose first page is nowhere", []byte("II*\x00\xff\xff\xff\x7f"), "broken", 0, Broken),
		that("scan of a thousand pages", scan(nil, thousand...), "too-many", 501, shown),
		that("scan of billions of points", scan(nil, small.with(256, 4_000_000_000).with(257, 4_000_000_000)), "too-large", 0, TooLarge),
		that("scan of a billion points", scan(nil, small.with(256, 40000).with(257, 40000)), "too-large", 0, TooLarge),
		that("scan without points", scan(nil, small.with(256, 0)), "broken", 0, Broken),
		that("scan whose strip is larger than itself", scan(nil, small.with(279, 4_000_000_000)), "", 0, Broken),
		that("scan whose strip is missing", scan(nil, sheet{small.tags, nil}), "", 0, Broken),
		that("scan that unpacks to 200 MB", scan(nil, sheet{small.with(259, 8).tags, []byte(zeros(200<<20, 0))}), "", 0, shown, Broken),
		that("scan of a strange compression", scan(nil, small.with(259, 34712)), "", 0, Unsupported),
		that("scan with photographs", scan(nil, small.with(259, 7)), "", 0, Unsupported),
		that("scan with a hundred samples a point", scan(nil, small.with(277, 100)), "too-large", 0, TooLarge, Broken, Unsupported),
		that("scan in silly tiles", scan(nil, small.with(322, 1).with(323, 1)), "", 0, Broken),
		that("scan cut off", group4[:len(group4)/2], "broken", 0, Broken, shown),
		that("scan of group 4, of garbage", scan(nil, sheet{small.with(258, 1).with(259, 4).tags, bytes.Repeat([]byte{0xa5, 0x17}, 2000)}), "", 0, Broken, shown),
		that("fax in two dimensions", read("scan-group3-2d.tiff"), "", 1, Unsupported),
		that("big TIFF", []byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"), "other", 0, Other),
		that("photograph, said to be a scan", photo(60, 60), "other", 0, Other),
		that("scan with a web page", append(scan(nil, small), "<html><script>"...), "web-page", 0, shown),
	}
}

func badPhotos(t *testing.T) []bad {
	plain := photo(200, 300)
	progressive, err := os.ReadFile("testdata/progressive.jpeg")
	if err != nil {
		t.Fatal(err)
	}
	that := func(name string, b []byte, traits string, ends ...Reason) bad {
		return bad{name, nature.JPEG, b, traits, 0, ends}
	}
	return []bad{
		that("photograph", plain, "", shown),
		that("photograph, progressive", progressive, "", shown),
		that("photograph of four billion points", resized(plain, 65535, 65535), "too-large", TooLarge),
		that("photograph larger than its data", resized(plain, 3000, 3000), "", Broken),
		that("photograph without points", resized(plain, 0, 0), "broken", Broken),
		that("photograph cut off", plain[:len(plain)/2], "broken", Broken),
		that("photograph, its first bytes alone", plain[:3], "broken", Broken),
		that("photograph, progressive and huge", scans(progressive, 1, 30000, 30000), "too-large", TooLarge),
		that("photograph of a thousand scans", scans(progressive, 1000, 2500, 2500), "", Broken),
		that("photograph without loss", bytes.Replace(plain, []byte{0xff, 0xc0}, []byte{0xff, 0xc3}, 1), "", Unsupported),
		that("photograph of a strange number of colours", bytes.Replace(plain, []byte{0xff, 0xc0, 0, 11, 8, 1, 44, 0, 200, 1}, []byte{0xff, 0xc0, 0, 11, 8, 1, 44, 0, 200, 9}, 1), "", Broken, Unsupported),
		that("photograph with a web page behind it", append(bytes.Clone(plain), "<html><script>alert(1)</script>"...), "trailing web-page", shown),
		that("PDF, said to be a photograph", page("", "").bytes(), "other", Other),
	}
}

func traits(list []nature.Finding) string {
	var words []string
	for _, f := range list {
		words = append(words, string(f.Trait))
	}
	return strings.Join(words, " ")
}

// Every hostile or broken document ends as it should, and is named as what it is.
func TestBadDocumentsDoNoHarm(t *testing.T) {
	t.Parallel()
	r, hasty := renderer(t), rendererOf(t, Options{AtOnce: 1, Time: time.Second})
	all := badOnes(t)
	if len(all) < 50 {
		t.Errorf("%d documents, want fifty", len(all))
	}
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			if got := traits(nature.Of(b.media, b.bytes)); got != b.nature {
				t.Errorf("it is named %q, want %q", got, b.nature)
			}
			if len(b.ends) == 0 {
				return
			}
			by, ends := r, b.ends
			if slices.Contains(ends, Slow) {
				by, ends = hasty, append(slices.Clone(ends), TooLarge, Broken) // which limit it meets first is the machine's: time, memory, or PDFium's own
			}
			p, err := by.Page(t.Context(), b.media, b.bytes, 1, 300)
			got := shown
			var refused *Refusal
			switch {
			case errors.As(err, &refused):
				got = refused.Reason
			case err != nil:
				t.Fatal(err)
			default:
				decoded(t, p)
			}
			if !slices.Contains(ends, got) {
				t.Errorf("it ends as %q, want %q", got, ends)
			}
			if b.pages == 0 {
				return
			}
			d, err := r.Look(t.Context(), b.media, b.bytes)
			if err != nil || d.Pages != b.pages {
				t.Errorf("it has %d pages, %v, want %d", d.Pages, err, b.pages)
			}
			if named := strings.Contains(traits(d.Nature), string(nature.TooMany)); named != (b.pages > nature.MaxPages) {
				t.Errorf("too many pages: %v", named)
			}
		})
	}
}
