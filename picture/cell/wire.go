package cell

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Request is what is asked about a document. On the wire it is one line of JSON, and the document's bytes.
type Request struct {
	Media string `json:"media"` // nature.PDF, TIFF or JPEG
	Page  int    `json:"page"`  // from 1; 0: only how many there are, and how large
	Width int    `json:"width"` // of the picture, in pixels; it may get narrower
	Bytes int    `json:"bytes"` // of the document
}

// Answer is what came of it. On the wire it is one line of JSON, and the picture's pixels.
type Answer struct {
	Refused Reason `json:"refused,omitempty"`
	Pages   int    `json:"pages,omitempty"`
	Sizes   []Size `json:"sizes,omitempty"`  // of the first pages, MostSizes at most
	Width   int    `json:"width,omitempty"`  // of the picture, in pixels
	Height  int    `json:"height,omitempty"` //
	Gray    bool   `json:"gray,omitempty"`   // a byte for each pixel instead of four (red, green, blue, and 255)
	Pixels  []byte `json:"-"`                // line by line, without gaps
}

// Size is how large a page is: in points of 1/72 inch in a PDF, else in pixels as they are shown.
type Size struct {
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// MostSizes is of how many pages the sizes are told; MaxSide how long a side of a picture may be, MaxPixels how many pixels it may have.
const (
	MostSizes = 100
	MaxSide   = 8000
	MaxPixels = 12 << 20
)

// Reason is why no picture could be made.
type Reason string

// The reasons that a cell gives.
const (
	Broken      Reason = "broken"       // it cannot be read as what it is said to be
	Locked      Reason = "locked"       // it needs a password
	NoPage      Reason = "no such page" // the document has not so many, or more than are drawn
	TooLarge    Reason = "too large"    // its pixels, unpacked, would take more memory than there is for one document
	Unsupported Reason = "unsupported"  // a kind of its type that is not read here: the compression of a TIFF, a JPEG without loss
)

const maxLine = 64 << 10

// Write sends a request with its document.
func (r Request) Write(w io.Writer, document []byte) error {
	r.Bytes = len(document)
	if err := json.NewEncoder(w).Encode(r); err != nil {
		return err
	}
	_, err := w.Write(document)
	return err
}

func readRequest(in io.Reader) (Request, []byte, error) {
	var r Request
	b := bufio.NewReaderSize(in, 4096)
	if err := readLine(b, &r); err != nil {
		return r, nil, err
	}
	document := make([]byte, r.Bytes)
	_, err := io.ReadFull(b, document)
	return r, document, err
}

func writeAnswer(w io.Writer, a Answer) error {
	if err := json.NewEncoder(w).Encode(a); err != nil {
		return err
	}
	_, err := w.Write(a.Pixels)
	return err
}

// ErrAnswer is an answer that no cell gives which is what it should be.
var ErrAnswer = errors.New("the cell's answer makes no sense")

// ReadAnswer reads an answer and believes nothing of it: a cell may have been taken over by the document. A picture is no wider than was asked for and has just its pixels.
func ReadAnswer(r *bufio.Reader, asked Request) (Answer, error) {
	var a Answer
	if err := readLine(r, &a); err != nil {
		return a, err
	}
	switch {
	case a.Refused != "":
		if !a.Refused.known() {
			return a, ErrAnswer
		}
		return Answer{Refused: a.Refused}, nil
	case a.Pages < 1 || len(a.Sizes) > MostSizes:
		return a, ErrAnswer
	case asked.Page == 0:
		return Answer{Pages: a.Pages, Sizes: a.Sizes}, nil
	case a.Width < 1 || a.Height < 1 || a.Width > asked.Width || a.Height > MaxSide || a.Width*a.Height > MaxPixels:
		return a, ErrAnswer
	}
	n := a.Width * a.Height
	if !a.Gray {
		n *= 4
	}
	a.Pixels = make([]byte, n)
	_, err := io.ReadFull(r, a.Pixels)
	return a, err
}

func (r Reason) known() bool {
	switch r {
	case Broken, Locked, NoPage, TooLarge, Unsupported:
		return true
	}
	return false
}

// ReadWalls reads what a cell says when it is ready.
func ReadWalls(r *bufio.Reader) (Walls, error) {
	var w Walls
	err := readLine(r, &w)
	return w, err
}

func readLine(r *bufio.Reader, into any) error {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if len(line) > maxLine {
			return ErrAnswer
		}
	}
	if err := json.Unmarshal(line, into); err != nil {
		return fmt.Errorf("%w: no JSON", ErrAnswer)
	}
	return nil
}
