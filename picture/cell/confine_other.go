//go:build !linux || !amd64

package cell

import (
	"errors"
	"runtime"
)

// Available says whether a process can be confined on this system.
func Available() error {
	return errors.New("pictures of pages are made by processes that are confined, which this program can do on Linux on amd64 only, not on " + runtime.GOOS + "/" + runtime.GOARCH)
}

func closeInherited() error { return Available() }

// Confine refuses: nothing is drawn by a process that is not confined.
func Confine(uint64) (Walls, error) { return Walls{}, Available() }
