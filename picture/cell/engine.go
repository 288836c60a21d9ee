package cell

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"ccpor/picture/nature"
)

// engine is PDFium, ready for one document; a cell for scans has none.
type engine struct {
	pdfium pdfium.Pdfium
	memory *memory
}

// compile compiles PDFium into the folder: ten seconds of two processors, and 350 MB.
func compile(folder string) error {
	_, err := newEngine(folder)
	return err
}

// newEngine takes PDFium's machine code from the folder, or compiles it into the folder if it is not there, and starts the module: without a file system, and with bounded memory.
func newEngine(folder string) (*engine, error) {
	cache, err := wazero.NewCompilationCacheWithDir(folder)
	if err != nil {
		return nil, fmt.Errorf("compiled code: %w", err)
	}
	e := &engine{memory: &memory{}}
	ctx := experimental.WithMemoryAllocator(context.Background(), e.memory)
	ctx = experimental.WithCompilationWorkers(ctx, 2)
	pool, err := webassembly.Init(webassembly.Config{
		Context: ctx, MinIdle: 1, MaxIdle: 1, MaxTotal: 1, FSConfig: wazero.NewFSConfig(), Stdout: io.Discard, Stderr: io.Discard,
		RuntimeConfig: wazero.NewRuntimeConfigCompiler().WithCompilationCache(cache).WithMemoryLimitPages(maxModule >> 16).
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling),
	})
	if err != nil {
		return nil, fmt.Errorf("PDFium: %w", err)
	}
	if e.pdfium, err = pool.GetInstance(time.Minute); err != nil {
		return nil, fmt.Errorf("PDFium: %w", err)
	}
	return e, nil
}

// refusal is a Reason as an error.
type refusal Reason

func (r refusal) Error() string { return string(r) }

// answer does what is asked. Whatever goes wrong within a decoder is the document's fault.
func (e *engine) answer(r Request, document []byte) (a Answer) {
	defer func() {
		if recover() != nil { // PDFium's wrapper and decoders of images may panic on what they did not expect; the process ends after this answer
			a = Answer{Refused: e.blame(Broken)}
		}
	}()
	a, err := e.look(r, document)
	if err == nil {
		return a
	}
	var why refusal
	if !errors.As(err, &why) {
		why = refusal(Broken)
	}
	return Answer{Refused: e.blame(Reason(why))}
}

// blame tells a document that is broken from one for which the module had not memory enough.
func (e *engine) blame(r Reason) Reason {
	if e.memory.refused && r == Broken {
		return TooLarge
	}
	return r
}

func (e *engine) look(r Request, document []byte) (Answer, error) {
	switch {
	case nature.Media(document) != r.Media:
	case r.Media == nature.PDF && e.pdfium != nil:
		return e.pdf(r, document)
	case r.Media == nature.TIFF:
		return lookTIFF(r, document)
	case r.Media == nature.JPEG:
		return lookJPEG(r, document)
	}
	return Answer{}, refusal(Broken)
}

func (e *engine) pdf(r Request, document []byte) (Answer, error) {
	opened, err := e.pdfium.OpenDocument(&requests.OpenDocument{File: &document})
	if err != nil {
		return Answer{}, inWords(err)
	}
	doc := opened.Document
	count, err := e.pdfium.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc})
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Pages: count.PageCount}
	if a.Pages < 1 {
		return a, refusal(Broken)
	}
	if r.Page > min(a.Pages, nature.MaxPages) {
		return a, refusal(NoPage)
	}
	if r.Page == 0 {
		a.Sizes = e.sizes(doc, min(a.Pages, MostSizes))
		return a, nil
	}
	picture, err := e.draw(doc, r.Page-1, r.Width)
	if err != nil {
		return a, err
	}
	a.show(picture)
	return a, nil
}

func inWords(err error) error {
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		return refusal(Locked)
	}
	return refusal(Broken)
}

// sizes are the sizes of the first pages, up to the first that cannot be read, for a second at most.
func (e *engine) sizes(doc references.FPDF_DOCUMENT, n int) []Size {
	var list []Size
	for i, begun := 0, time.Now(); i < n && time.Since(begun) < time.Second; i++ {
		size, err := e.pdfium.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: doc, Index: i})
		if err != nil || !(size.Width > 0 && size.Height > 0) {
			break
		}
		list = append(list, Size{size.Width, size.Height})
	}
	return list
}

// draw draws a page as it is shown, on white, with what is noted on it.
func (e *engine) draw(doc references.FPDF_DOCUMENT, index, width int) (*image.RGBA, error) {
	loaded, err := e.pdfium.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: doc, Index: index})
	if err != nil {
		return nil, err
	}
	page := requests.Page{ByReference: &loaded.Page}
	size, err := e.pdfium.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: doc, Index: index})
	if err != nil {
		return nil, err
	}
	w, h, err := fit(size.Width, size.Height, width)
	if err != nil {
		return nil, err
	}
	made, err := e.pdfium.FPDFBitmap_Create(&requests.FPDFBitmap_Create{Width: w, Height: h, Alpha: 1})
	if err != nil {
		return nil, refusal(TooLarge)
	}
	const white = 0xffffffff
	if _, err := e.pdfium.FPDFBitmap_FillRect(&requests.FPDFBitmap_FillRect{Bitmap: made.Bitmap, Width: w, Height: h, Color: white}); err != nil {
		return nil, err
	}
	if _, err := e.pdfium.FPDF_RenderPageBitmap(&requests.FPDF_RenderPageBitmap{Bitmap: made.Bitmap, Page: page, SizeX: w, SizeY: h, Flags: howToDraw}); err != nil {
		return nil, err
	}
	if err := e.fill(doc, page, made.Bitmap, w, h); err != nil {
		return nil, err
	}
	buffer, err := e.pdfium.FPDFBitmap_GetBuffer(&requests.FPDFBitmap_GetBuffer{Bitmap: made.Bitmap})
	if err != nil {
		return nil, err
	}
	if len(buffer.Buffer) < w*h*4 {
		return nil, refusal(Broken)
	}
	return &image.RGBA{Pix: buffer.Buffer, Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}, nil
}

const howToDraw = enums.FPDF_RENDER_FLAG_ANNOT | enums.FPDF_RENDER_FLAG_REVERSE_BYTE_ORDER | enums.FPDF_RENDER_FLAG_RENDER_LIMITEDIMAGECACHE

// fill draws the fields of a form, which PDFium leaves to its part for filling in forms. That asks its surroundings for clocks, other pages and actions, and gets nothing.
func (e *engine) fill(doc references.FPDF_DOCUMENT, page requests.Page, bitmap references.FPDF_BITMAP, w, h int) error {
	kind, err := e.pdfium.FPDF_GetFormType(&requests.FPDF_GetFormType{Document: doc})
	if err != nil || kind.FormType == enums.FPDF_FORMTYPE_NONE {
		return err
	}
	form, err := e.pdfium.FPDFDOC_InitFormFillEnvironment(&requests.FPDFDOC_InitFormFillEnvironment{Document: doc, FormFillInfo: structs.FPDF_FORMFILLINFO{
		FFI_Invalidate:         func(references.FPDF_PAGE, float64, float64, float64, float64) {},
		FFI_SetCursor:          func(enums.FXCT) {},
		FFI_SetTimer:           func(int, func(int)) int { return 0 },
		FFI_KillTimer:          func(int) {},
		FFI_GetLocalTime:       func() structs.FPDF_SYSTEMTIME { return structs.FPDF_SYSTEMTIME{} },
		FFI_GetPage:            func(references.FPDF_DOCUMENT, int) *references.FPDF_PAGE { return nil },
		FFI_GetRotation:        func(references.FPDF_PAGE) enums.FPDF_PAGE_ROTATION { return 0 },
		FFI_ExecuteNamedAction: func(string) {},
	}})
	if err != nil {
		return err
	}
	_, err = e.pdfium.FPDF_FFLDraw(&requests.FPDF_FFLDraw{FormHandle: form.FormHandle, Bitmap: bitmap, Page: page, SizeX: w, SizeY: h, Flags: howToDraw})
	return err
}
