package picture

import (
	"os"
	"testing"

	"ccpor/picture/cell"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == cell.Word {
		os.Exit(cell.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}
