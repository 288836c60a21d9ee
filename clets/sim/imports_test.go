package sim_test

import (
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestSharesNoCode: the switch is the second opinion on the profile, so it stands on the standard library alone.
func TestSharesNoCode(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range file.Imports {
			path, err := strconv.Unquote(imported.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			own := path == "ccpor/clets/sim" && strings.HasSuffix(name, "_test.go")
			if strings.HasPrefix(path, "ccpor/") && !own || strings.Contains(path, ".") {
				t.Errorf("%s imports %s: the simulated switch must share no code with the hub", name, path)
			}
		}
	}
}

// TestNotLinkedIntoTheHub: of all programs only carpos-sim may contain the simulated switch.
func TestNotLinkedIntoTheHub(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-f", "{{.ImportPath}} {{join .Deps \",\"}}", "ccpor/cmd/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for line := range strings.Lines(string(out)) {
		program, deps, _ := strings.Cut(strings.TrimSpace(line), " ")
		linked := slices.Contains(strings.Split(deps, ","), "ccpor/clets/sim")
		found = found || linked
		if linked && program != "ccpor/cmd/carpos-sim" {
			t.Errorf("%s contains the simulated switch", program)
		}
	}
	if !found {
		t.Error("not even carpos-sim contains it: the test sees nothing")
	}
}
