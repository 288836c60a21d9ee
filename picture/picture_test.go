package picture

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"ccpor/picture/cell"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == cell.Word {
		os.Exit(cell.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// renderer is one for a test. What was compiled is kept from run to run, as it takes longer than all tests together.
func renderer(t *testing.T) *Renderer {
	t.Helper()
	kept, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Options{Folder: filepath.Join(kept, "ccpor-pictures"), Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
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
