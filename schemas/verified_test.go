package schemas_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/schemas"
)

// What verification gives is what validation takes.
var _ schemas.Verified = sig.Verified{}

// oracle is libxml2 as the judge in tests of the canonical reader.
const oracle = "schemas/canon/canontest"

// In the whole program only the result of a verification can be handed to libxml2: sig.Verified is the one type with a method Octets that could be
// a Verified (Document has octets too, but was one before), and no package but this one reaches C or the binding.
func TestOnlyVerifiedOctetsReachC(t *testing.T) {
	t.Parallel()
	var octets, c []string
	walkProgram(t, func(folder string, f *ast.File) {
		for _, imp := range f.Imports {
			path, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if path == "ccpor/"+oracle {
				t.Errorf("%s imports %s, which is for tests", folder, oracle)
			}
			if folder == oracle {
				continue
			}
			if path == "C" || strings.HasPrefix(path, "github.com/lestrrat-go/libxml2") {
				c = append(c, folder)
			}
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == "Octets" {
				octets = append(octets, folder+"."+receiver(fn.Recv.List[0].Type))
			}
		}
	})
	slices.Sort(octets)
	if want := []string{"exchange/sig.Verified", "schemas.Document"}; !slices.Equal(octets, want) {
		t.Errorf("types with a method Octets: %v, want %v: validation must take verified octets only", octets, want)
	}
	if c = slices.Compact(c); !slices.Equal(c, []string{"schemas"}) {
		t.Errorf("packages that reach C: %v, want schemas alone", c)
	}
	if _, ok := any(schemas.Document{}).(schemas.Verified); ok {
		t.Error("a Document passes for a Verified")
	}
}

func receiver(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return "?"
}

// walkProgram parses every Go file of the module that is no test.
func walkProgram(t *testing.T, visit func(folder string, f *ast.File)) {
	t.Helper()
	root := ".."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "vendor" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != root) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		visit(filepath.ToSlash(folder), f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
