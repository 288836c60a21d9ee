// Package picture makes pictures of the pages of a signed form, so that an officer sees the order of a court without the court's bytes ever reaching the officer's browser.
//
// Each document is opened by a process of its own (package cell) that has confined itself before it reads the first byte, serves this one document and ends. What comes out of it are raw pixels, believed in
// nothing but their number; the PNG or JPEG that a browser gets is made here, of these. A document that takes too long, or more memory than there is for it, costs its cell and nothing else.
//
// What a document is beyond its pages (scripts, files within it, a form that can be filled in) is named by package nature and harms nobody here: nothing in it is run, followed or opened.
//
// It refuses to draw where a process cannot be confined, keeps no picture, and decides nothing about who may see one.
package picture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ccpor/picture/cell"
	"ccpor/picture/nature"
)

// Options say how cells are kept. The zero value serves.
type Options struct {
	Folder string        // where the compiled code of PDFium is kept (21 MB), for this user alone; empty: a folder in the system's for temporary files, removed by Close
	AtOnce int           // how many PDFs are opened at a time, each by a cell that waits ready, with 60 MB, or is being made ready; and how many scans; 0: 2
	Time   time.Duration // how long a document may take, by the clock; 0: 5 s
	Log    *slog.Logger  // nil: nothing is told

	program []string // what to start as a cell, in tests; the words of cell follow
}

// Document is what a document is. Sizes are those of the first pages, cell.MostSizes at most.
type Document struct {
	Media   string           `json:"media"`
	Pages   int              `json:"pages"` // those that are drawn are the first nature.MaxPages
	Sizes   []cell.Size      `json:"sizes"`
	Nature  []nature.Finding `json:"nature"`
	Refused Reason           `json:"refused,omitempty"` // why no picture can be made of any page
}

// Page is the picture of one page.
type Page struct {
	Bytes         []byte
	Media         string // image/png, or image/jpeg of what has more colours than a form has
	Width, Height int    // pixels
}

// Reason is why no picture of a page can be made.
type Reason = cell.Reason

// The reasons.
const (
	Broken      = cell.Broken
	Locked      = cell.Locked
	NoPage      = cell.NoPage
	TooLarge    = cell.TooLarge
	Unsupported = cell.Unsupported

	Empty   Reason = "empty"      // the document has no bytes
	Other   Reason = "other type" // the document is none of the media type that it is said to be
	Slow    Reason = "too slow"   // it took longer than it may
	Stopped Reason = "stopped"    // its cell did what a cell may not do, and was ended by the kernel: somebody tried
	Died    Reason = "died"       // its cell ended without an answer
)

// Refusal is an error that is the document's fault.
type Refusal struct{ Reason Reason }

func (r *Refusal) Error() string {
	return "no picture can be made of the document: " + string(r.Reason)
}

// ErrClosed is told to who asks after Close.
var ErrClosed = errors.New("pictures of pages are no longer made")

// Renderer keeps cells ready.
type Renderer struct {
	options Options
	log     *slog.Logger
	folder  string
	ready   chan started  // cells for PDFs
	scans   chan struct{} // holds a token for each cell that is at work on a scan
	closing context.Context
	close   context.CancelFunc
	slots   sync.WaitGroup
}

// started is a cell that is ready, or why there is none.
type started struct {
	cell *process
	err  error
}

// New begins to make cells ready, which takes a second, or half a minute where nothing was compiled before; who asks meanwhile waits. It fails where no process can be confined, or where the folder is not this
// user's alone.
func New(o Options) (*Renderer, error) {
	if err := cell.Available(); err != nil {
		return nil, err
	}
	o = o.filled()
	folder, err := o.folder()
	if err != nil {
		return nil, fmt.Errorf("folder of compiled code: %w", err)
	}
	r := &Renderer{options: o, log: o.Log, folder: folder, ready: make(chan started), scans: make(chan struct{}, o.AtOnce)}
	r.closing, r.close = context.WithCancel(context.Background())
	prepared := sync.OnceValue(r.prepare)
	for range o.AtOnce {
		r.slots.Go(func() { r.keep(prepared) })
	}
	return r, nil
}

func (o Options) filled() Options {
	if o.AtOnce <= 0 {
		o.AtOnce = 2
	}
	if o.Time <= 0 {
		o.Time = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if len(o.program) == 0 {
		o.program = []string{"/proc/self/exe", cell.Word} // this very program, even where its file was exchanged since
	}
	return o
}

// folder makes what is missing of the folder. Code lies in it: nobody else may reach it.
func (o Options) folder() (string, error) {
	if o.Folder == "" {
		dir, err := os.MkdirTemp("", "ccpor-pictures-")
		if err != nil {
			return "", err
		}
		return dir, makeParts(dir)
	}
	dir, err := filepath.Abs(o.Folder)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", fmt.Errorf("others may reach %s: its mode is %o, want 700", dir, mode)
	}
	return dir, makeParts(dir)
}

// Parts of the folder: compiled code, and the place of a cell, which is empty.
const (
	compiled = "compiled"
	nothing  = "empty"
)

func makeParts(dir string) error {
	return errors.Join(os.MkdirAll(filepath.Join(dir, compiled), 0o700), os.MkdirAll(filepath.Join(dir, nothing), 0o700))
}

// Close ends all cells, also those at work, and waits for their end.
func (r *Renderer) Close() error {
	r.close()
	r.slots.Wait()
	if r.options.Folder == "" {
		return os.RemoveAll(r.folder)
	}
	return nil
}

// Look says what the document is, and how many pages it has; it draws none. A document of which no picture can be made is no error.
func (r *Renderer) Look(ctx context.Context, media string, document []byte) (Document, error) {
	d := Document{Media: media, Nature: nature.Of(media, document)}
	a, err := r.ask(ctx, cell.Request{Media: media}, document)
	var refused *Refusal
	if errors.As(err, &refused) {
		d.Refused = refused.Reason
		return d, nil
	}
	if err != nil {
		return d, err
	}
	d.Pages, d.Sizes = a.Pages, a.Sizes
	if d.Pages > nature.MaxPages {
		d.Nature = nature.With(d.Nature, nature.TooMany)
	}
	return d, nil
}

// Page draws a page, counted from 1, as wide as wished or narrower: a scan is not enlarged, and no side is longer than cell.MaxSide. A *Refusal says what of the document forbids it.
func (r *Renderer) Page(ctx context.Context, media string, document []byte, page, width int) (Page, error) {
	if page < 1 {
		return Page{}, &Refusal{NoPage}
	}
	a, err := r.ask(ctx, cell.Request{Media: media, Page: page, Width: min(max(width, 1), cell.MaxSide)}, document)
	if err != nil {
		return Page{}, err
	}
	return encode(a)
}

// ask has the question answered by a cell of its own.
func (r *Renderer) ask(ctx context.Context, q cell.Request, document []byte) (cell.Answer, error) {
	switch {
	case len(document) == 0:
		return cell.Answer{}, &Refusal{Empty}
	case nature.Media(document) != q.Media:
		return cell.Answer{}, &Refusal{Other}
	}
	if q.Media != nature.PDF {
		return r.askScans(ctx, q, document)
	}
	select {
	case s := <-r.ready:
		if s.err != nil {
			return cell.Answer{}, s.err
		}
		return r.serve(ctx, s.cell, q, document)
	case <-ctx.Done():
		return cell.Answer{}, ctx.Err()
	case <-r.closing.Done():
		return cell.Answer{}, ErrClosed
	}
}

// askScans is ask for what needs no PDFium: the cell is made for it.
func (r *Renderer) askScans(ctx context.Context, q cell.Request, document []byte) (cell.Answer, error) {
	select {
	case r.scans <- struct{}{}:
		defer func() { <-r.scans }()
	case <-ctx.Done():
		return cell.Answer{}, ctx.Err()
	case <-r.closing.Done():
		return cell.Answer{}, ErrClosed
	}
	p, err := r.start(cell.Scans)
	if err != nil {
		return cell.Answer{}, err
	}
	return r.serve(ctx, p, q, document)
}
