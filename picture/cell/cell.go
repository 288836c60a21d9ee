// Package cell is the process in which images of strangers are opened and drawn, so that no other does. It is a child of the hub: the same program, started anew with Word as its first argument.
//
// A cell makes ready (for a PDF that is PDFium, as WebAssembly, from code that was compiled before), confines itself, says so, reads one document, answers once and ends. Confined it can read and write its two pipes,
// take memory up to a limit and end; it cannot open a file, make a socket or a process, ask for executable memory, or touch another process. The kernel holds it to that: seccomp with a list of the
// calls that are allowed, Landlock where the kernel has it, limits of resources, no descriptors but the pipes, none of the hub's environment. PDFium's own mistakes stay within the memory of its WebAssembly
// module, which has neither files nor clocks that matter; the seccomp filter is for mistakes of what runs that module, and of the decoders in Go.
//
// What comes out is a size and raw pixels, never a byte that was in the document: who asked makes a PNG of them.
//
// On other systems than Linux on amd64 it refuses to work.
package cell

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// Word is the first argument of a process that is to be a cell; the second is what it is to do.
const Word = "picture-cell"

// What a cell can be asked to be.
const (
	Prepare = "prepare" // compiles PDFium into the folder that the third argument names, and ends
	PDFs    = "pdfs"    // answers one request about a PDF, with what was compiled into that folder
	Scans   = "scans"   // answers one request about a TIFF or a JPEG, for which it needs no PDFium and is ready at once
)

// MaxMemory is how many bytes of its own memory (what is private and can be written) a cell may have, by the kernel's limit RLIMIT_DATA. What it shares with the hub, as the program's text and
// the compiled code of PDFium (21 MB, which cannot be written any more), is not counted.
const MaxMemory = 256 << 20

// maxModule is how much of that PDFium's WebAssembly module may grow to, and memoryGoal where Go's collector begins to save.
const (
	maxModule  = 128 << 20
	memoryGoal = 96 << 20
)

// Main is a cell's whole life; it gives the process's exit status. Its caller has not done anything yet: no flag parsed, no file read.
func Main(args []string) int {
	if len(args) != 2 {
		return 2
	}
	var err error
	switch args[0] {
	case Prepare:
		err = compile(args[1])
	case PDFs, Scans:
		err = serve(args[0], args[1], os.Stdin, os.Stdout)
	default:
		return 2
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture cell:", err)
		return 1
	}
	return 0
}

func serve(what, folder string, in io.Reader, out io.Writer) error {
	debug.SetTraceback("none") // a stack's arguments tell of the document
	if err := closeInherited(); err != nil {
		return err
	}
	e := &engine{memory: &memory{}}
	if what == PDFs {
		var err error
		if e, err = newEngine(folder); err != nil {
			return err
		}
	}
	walls, err := Confine(maxSeconds)
	if err != nil {
		return fmt.Errorf("confining the process: %w", err)
	}
	if err := json.NewEncoder(out).Encode(walls); err != nil {
		return err
	}
	request, document, err := readRequest(in)
	if errors.Is(err, io.EOF) {
		return nil // nobody asked: the hub has ended
	}
	if err != nil {
		return err
	}
	return writeAnswer(out, e.answer(request, document))
}

// maxSeconds is how much processor time a cell may take after it has confined itself. The hub ends it by the clock before; this is for the time after a hub that was killed.
const maxSeconds = 6

// Walls says by what a cell is confined.
type Walls struct {
	Seccomp  bool   `json:"seccomp"`
	Landlock int    `json:"landlock"` // version of the kernel's interface; 0: the kernel has none
	Memory   uint64 `json:"memory"`   // bytes, RLIMIT_DATA
}
