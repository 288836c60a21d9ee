package records

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"ccpor/mapping/order"
	"ccpor/picture"
	"ccpor/picture/nature"
)

// easel draws pages of its own: what a document is, and why not, is what the test says.
type easel struct {
	document picture.Document
	err      error
}

func (e *easel) Look(context.Context, string, []byte) (picture.Document, error) {
	return e.document, e.err
}

func (e *easel) Page(_ context.Context, _ string, _ []byte, page, width int) (picture.Page, error) {
	if page > e.document.Pages {
		return picture.Page{}, &picture.Refusal{Reason: picture.NoPage}
	}
	return picture.Page{Bytes: []byte("a picture"), Media: "image/png", Width: width, Height: width}, nil
}

// An image is shown as pictures, page by page; the original is another address. Each picture is on record.
func TestViewer(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	e := &easel{document: picture.Document{Pages: 12, Nature: []nature.Finding{{Trait: nature.Script}}}}
	w.pages.Pictures = e
	w.who = judge(orange)
	at := at(orange, id) + "/image/" + digest()
	w.reads(strings.TrimSuffix(at, "/image/"+digest()), at+"/1/600", `href="`+at+`"`)
	body := w.reads(at, `src="`+at+`/1/1000"`, "Pages 1 to 5 of 12", "Page 5 of 12", at+"/original", "Later pages", "Nothing of that is run", "Larger", "Smaller")
	if strings.Contains(body, at+"/6/") || strings.Contains(body, "%PDF") {
		t.Error("more than the turn's pages")
	}
	w.reads(at+"?w=2000&page=11", `src="`+at+`/12/2000"`, "Earlier pages")
	for _, nonsense := range []string{"?page=99", "?page=-1", "?w=99999999", "?page=x"} {
		w.reads(at+nonsense, `src="`+at+`/1/1000"`)
	}
	drawn := w.visit(at+"/3/1000", nil)
	if drawn.Code != http.StatusOK || drawn.Body.String() != "a picture" || drawn.Header().Get("Content-Type") != "image/png" {
		t.Errorf("%d %s", drawn.Code, drawn.Header())
	}
	if e := w.trail("order " + string(orange) + "/" + string(id)); e[0].Action != "page.read" || e[0].Details != "page 3 of image sha256 "+digest() {
		t.Errorf("%v", e[0])
	}
	if a := w.visit(at+"/original", nil); a.Body.String() != string(pdf) || !strings.HasPrefix(a.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %s", a.Code, a.Header())
	}
	for path, code := range map[string]int{"/13/1000": 404, "/0x1/1000": 404, "/1/1001": 404, "/1/999999": 404} {
		if a := w.visit(at+path, nil); a.Code != code {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
}

// Who may not read the image gets no picture of it, by any address.
func TestNoPictureForWhoMayNotRead(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessSealed)
	w.pages.Pictures = &easel{document: picture.Document{Pages: 1}}
	at := at(orange, id) + "/image/" + digest()
	for _, who := range []string{"a judge of another county", "the help desk"} {
		w.who = judge(alpine)
		if who == "the help desk" {
			w.who = person("helpDesk", desk, "helpDesk")
		}
		for _, path := range []string{at, at + "/1/1000", at + "/original"} {
			if a := w.visit(path, nil); a.Code != http.StatusNotFound && a.Code != http.StatusForbidden || strings.Contains(a.Body.String(), "a picture") {
				t.Errorf("%s, %s: %d", who, path, a.Code)
			}
		}
	}
}

// Where there is no picture the page says why, and warns of an original that did what no image does.
func TestNoPicture(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	e := &easel{}
	w.pages.Pictures = e
	w.who = judge(orange)
	at := at(orange, id) + "/image/" + digest()
	for reason, text := range refusals {
		e.document.Refused = reason
		body := w.reads(at, text)
		if dangerous := reason == picture.Stopped || reason == picture.Died; strings.Contains(body, at+"/original") == dangerous || strings.Contains(body, "Do not open the original") != dangerous {
			t.Errorf("%s: the original", reason)
		}
	}
	e.err = errors.New("no process can be confined")
	if body := w.reads(at, "No picture can be made now.", at+"/original"); strings.Contains(body, "confined") {
		t.Error("an error is shown")
	}
	w.pages.Pictures = nil
	w.reads(at, "No pictures are made here.", at+"/original")
}
