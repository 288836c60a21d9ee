package picture

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ccpor/picture/cell"
)

// takenOver, as first argument, makes the test program a cell that confines itself and then does what a document could make it do.
const takenOver = "taken-over"

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == cell.Word:
		os.Exit(cell.Main(os.Args[2:]))
	case len(os.Args) > 3 && os.Args[1] == takenOver:
		os.Exit(misbehave(os.Args[2]))
	}
	status := m.Run()
	if r, err := common(); err == nil && r.Close() != nil {
		status = 1
	}
	os.Exit(status)
}

// common is the renderer of most tests. What was compiled is kept from run to run, as it takes longer than all tests together.
var common = sync.OnceValues(func() (*Renderer, error) { return newRenderer(Options{}) })

func newRenderer(o Options) (*Renderer, error) {
	kept, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	o.Folder = filepath.Join(kept, "ccpor-pictures")
	return New(o)
}

func misbehave(how string) int {
	out := json.NewEncoder(os.Stdout)
	if how == "stay loose" {
		_ = out.Encode(cell.Walls{})
		return 0
	}
	walls, err := cell.Confine(30)
	if err == nil {
		err = out.Encode(walls)
	}
	if err == nil {
		_, err = bufio.NewReader(os.Stdin).ReadString('\n')
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	switch how {
	case "spin":
		for {
			_ = how
		}
	case "die":
		return 3
	case "lie about the size":
		_ = out.Encode(cell.Answer{Pages: 1, Width: 100_000, Height: 100_000})
	case "lie about the reason":
		_ = out.Encode(cell.Answer{Refused: "<script>"})
	case "talk without end":
		for err == nil {
			_, err = io.WriteString(os.Stdout, strings.Repeat("{", 4096))
		}
	case "say half":
		_ = out.Encode(cell.Answer{Pages: 1, Width: 9, Height: 9})
	case "break out":
		_, _ = net.Dial("tcp", "127.0.0.1:5432")
	case "want memory":
		var all [][]byte
		for range 512 {
			all = append(all, make([]byte, 1<<20))
			all[len(all)-1][0] = 1
		}
		fmt.Fprintln(os.Stderr, len(all))
	}
	return 0
}

func renderer(t *testing.T) *Renderer {
	t.Helper()
	r, err := common()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// rendererOf is one for a test of its own.
func rendererOf(t *testing.T, o Options) *Renderer {
	t.Helper()
	r, err := newRenderer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}
