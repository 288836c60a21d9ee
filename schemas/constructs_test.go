package schemas

import (
	"io/fs"
	"maps"
	"slices"
	"testing"
)

// The schema set uses no more of XML Schema than this. What docs/security.md says of libxml2's known holes rests on it: there are no identity
// constraints (key, unique, keyref, selector, field), no redefinitions, no includes, no unions and lists, and the one import is embedded.
func TestTheSchemasUseLittle(t *testing.T) {
	t.Parallel()
	used, imports := map[string]bool{}, []string{}
	var visit func(*node)
	visit = func(n *node) {
		used[n.name] = true
		if n.name == "import" {
			imports = append(imports, n.attrs["schemaLocation"])
		}
		for _, k := range n.kids {
			visit(k)
		}
	}
	names, err := fs.Glob(files, "xsd/*.xsd")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		root, err := readNode(b)
		if err != nil {
			t.Fatal(err)
		}
		visit(root)
	}
	want := []string{"annotation", "any", "attribute", "choice", "complexType", "documentation", "element", "enumeration", "group", "import", "maxInclusive",
		"maxLength", "minInclusive", "minLength", "pattern", "restriction", "schema", "sequence", "simpleType"}
	if got := slices.Sorted(maps.Keys(used)); !slices.Equal(got, want) {
		t.Errorf("the schemas use\n%q, and not\n%q", got, want)
	}
	if !slices.Equal(imports, []string{"codes-1.0.xsd"}) {
		t.Errorf("imports: %q", imports)
	}
}
