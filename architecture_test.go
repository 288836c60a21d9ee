// Package ccpor holds no code: its test keeps the structure of the project as docs/architecture.md draws it.
package ccpor

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allowed says which packages of ours a package may import, and why no others. A package that is not listed fails the test:
// whoever adds one decides where it stands. "x/..." is x and everything below it. Test files are free.
var allowed = map[string]struct {
	imports []string
	reason  string
}{
	"mapping/names":           {[]string{"mapping/order"}, "names are read and compared, and nobody is found or hidden by it"},
	"mapping/order":           {nil, "the words of the domain depend on nothing of ours"},
	"identity":                {[]string{"access", "identity/federation", "mapping/order", "store"}, "who somebody is, is decided in one place that knows no page"},
	"identity/federation":     {[]string{"mapping/order", "store"}, "says whom a provider named, and lets nobody in"},
	"access":                  {[]string{"mapping/order"}, "who may do what is readable alone: tables, no database, no page"},
	"schemas/canon":           {nil, "the one reader of foreign XML must be readable alone, by a second reader of security code"},
	"schemas/canon/canontest": {nil, "libxml2 as judge, for tests only: no program links it"},
	"schemas":                 {[]string{"schemas/canon"}, "validation knows octets, not orders"},
	"wsdl":                    {[]string{"schemas"}, "the contract is text"},
	"mapping":                 {[]string{"mapping/...", "schemas", "schemas/canon"}, "conversion is pure: no database, no network, nothing of CARPOS"},
	"mapping/calendar":        {[]string{"mapping/order"}, "days and holidays only"},
	"mapping/alike":           {[]string{"mapping/names", "mapping/order", "mapping/precedence"}, "who is held for the same is told from the orders alone"},
	"mapping/plain":           {[]string{"mapping/order"}, "an order is said by what it says: who may read it is decided elsewhere"},
	"mapping/confirm":         {[]string{"mapping/order", "mapping/plain"}, "what a hit's page says is made of the order: who may read it is decided elsewhere"},
	"mapping/places":          {[]string{"mapping/order"}, "counties and courts are data"},
	"mapping/forms":           {[]string{"mapping/order", "mapping/calendar"}, "forms are data"},
	"mapping/precedence":      {[]string{"mapping/order"}, "which order counts follows from the orders and the law alone"},
	"mapping/box":             {[]string{"mapping/order"}, "reads what was typed, and knows nothing of what there is"},
	"mapping/rules":           {[]string{"mapping", "mapping/order", "mapping/forms", "mapping/calendar"}, "rules judge orders and know no wire"},
	"mapping/invented":        {[]string{"mapping", "mapping/forms", "mapping/order"}, "invents orders for tests and measurements"},
	"mapping/facsimile":       {[]string{"mapping/order"}, "draws sample pages of an order"},
	"picture/nature":          {nil, "says of bytes what they are, and knows no order"},
	"picture/cell":            {[]string{"picture/nature"}, "what opens documents of strangers must be readable alone, and reach nothing of the hub"},
	"picture":                 {[]string{"picture/cell", "picture/nature"}, "makes pictures of pages, and does not know who sees them"},
	"vault":                   {nil, "what keeps secrets must be readable alone; it is given where data keys lie"},
	"store":                   {[]string{"access", "mapping/box", "mapping/names", "mapping/order", "store/migrations", "vault"}, "the only SQL; it knows neither XML nor CARPOS"},
	"store/private":           {nil, "starts a PostgreSQL, no more"},
	"store/storetest":         {[]string{"store", "store/private", "vault"}, "for tests"},
	"exchange/soap":           {[]string{"schemas/canon"}, "envelopes know nothing of orders"},
	"exchange/sig":            {[]string{"schemas/canon"}, "trust is decided in one small place"},
	"exchange/sig/sigtest":    {nil, "xmlsec1 as judge, for tests only: no program links it"},
	"exchange/seal":           {[]string{"exchange/sig", "schemas/canon"}, "the hub's signature knows documents, not orders"},
	"exchange/notify":         {[]string{"exchange/seal", "exchange/soap", "schemas/canon", "mapping/order", "store", "wsdl"}, "callbacks know listeners and notices, neither packages nor the switch"},
	"exchange/watch":          {[]string{"store"}, "a watch looks and tells, and decides nothing about messages"},
	"exchange/client":         {[]string{"exchange/seal", "exchange/soap", "exchange/sig", "schemas/canon", "mapping/order"}, "a court sees the wire, never the hub's inside"},
	"exchange/hostile":        {[]string{"exchange/client", "exchange/sig", "exchange/soap", "schemas/canon"}, "an attacker sees the wire, never the hub's inside"},
	"exchange":                {[]string{"access", "exchange/seal", "exchange/soap", "exchange/sig", "schemas/...", "mapping/...", "picture/nature", "store", "wsdl"}, "intake knows nothing of the switch"},
	"clets/codes":             {nil, "code tables are data"},
	"clets/link":              {nil, "the line carries bytes only"},
	"clets/carpos":            {[]string{"clets/codes", "mapping/order"}, "the transaction knows no database and no socket"},
	"clets/relay":             {[]string{"clets/carpos", "clets/codes", "clets/link", "mapping/order", "store"}, "the relay knows nothing of SOAP"},
	"clets/inquiry":           {[]string{"access", "clets/carpos", "mapping/order", "store"}, "the desk keeps questions and reads answers; the relay does the asking"},
	"clets/relay/witness":     {nil, "a second opinion on the relay, for tests only: it shares no code with what it judges, and no program links it"},
	"clets/sim":               {nil, "the simulated switch is a second opinion on the profile and shares no code with the hub"},
	"observe":                 {[]string{"clets/relay", "exchange", "exchange/notify", "exchange/watch", "store"}, "it is told what happens by all sides, and no side knows it"},
	"observe/trace":           {[]string{"clets/relay", "exchange", "exchange/notify", "store"}, "it is told what is over, and no side knows it"},
	"replay":                  {[]string{"clets/carpos", "mapping/order", "store"}, "compares what two hubs made of one package; it is given where to send"},
	"conflict":                {[]string{"access", "mapping/alike", "mapping/order", "mapping/precedence", "store"}, "what counts between two people, and who is told of a conflict"},
	"evidence":                {[]string{"exchange", "exchange/client", "exchange/seal", "exchange/sig", "mapping/order", "store"}, "proves what was kept; it knows nothing of the switch"},
	"offline":                 {[]string{"exchange/seal", "exchange/sig", "mapping/confirm", "mapping/order"}, "a pack is read where there is nothing but the file: its format knows no database, and is given the orders"},
	"web":                     {[]string{"access", "mapping/places", "mapping/precedence", "store", "web/..."}, "puts the areas together"},
	"web/board":               {[]string{"access", "mapping/order", "store", "web/site"}, "the board judges figures, and reads nothing about an order"},
	"web/carpos":              {[]string{"access", "clets/inquiry", "mapping/order", "store", "web/site"}, "pages read the store, and act and ask at desks and nowhere else"},
	"web/helpdesk":            {[]string{"access", "mapping/order", "mapping/calendar", "store", "web/site"}, "pages read the store, and change nothing but searches that are kept and hand-overs"},
	"web/signin":              {[]string{"access", "identity", "identity/federation", "mapping/order", "store", "web/site"}, "asks for proofs, and judges none"},
	"web/records":             {[]string{"access", "conflict", "picture", "mapping", "mapping/box", "mapping/names", "mapping/calendar", "mapping/confirm", "mapping/forms", "mapping/order", "mapping/places", "mapping/plain", "mapping/precedence", "mapping/rules", "store", "web/site"}, "pages show what the sights of access allow, judge a service by the rules of packages, and act by methods of the store"},
	"web/admin":               {[]string{"access", "exchange/sig", "mapping/order", "mapping/places", "store", "web/site"}, "administration is told how to try a listener, and knows neither orders nor the switch"},
	"web/site":                {[]string{"access", "mapping/order", "store"}, "the frame of all pages knows who comes and what that person may do, and no order"},
	"web/site/sitetest":       {[]string{"web/site"}, "opens an area's pages, for tests only: no program links it"},
	"cmd/ccpor":               {[]string{"conflict", "clets/carpos", "clets/codes", "clets/inquiry", "clets/link", "clets/relay", "evidence", "exchange/...", "identity", "identity/...", "mapping/...", "observe", "observe/trace", "offline", "picture", "picture/...", "replay", "schemas", "schemas/canon", "store", "store/private", "vault", "access", "web", "web/...", "wsdl"}, "wiring; the simulator is never linked in"},
	"cmd/carpos-sim":          {[]string{"clets/sim"}, "the simulator stands alone"},
	"cmd/ccpor-attack":        {[]string{"exchange/hostile", "mapping/order", "store", "store/private", "vault"}, "attacks a hub that runs as a process of its own"},
	"cmd/ccpor-bench":         {[]string{"access", "clets/...", "exchange/...", "mapping/...", "schemas", "schemas/canon", "store", "store/private", "vault", "web", "web/site", "wsdl"}, "measures the whole"},
}

type pkg struct {
	ImportPath, Dir string
	Name            string
	Imports, Deps   []string
	GoFiles         []string
	CgoFiles        []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps=false", "-json=ImportPath,Dir,Name,Imports,Deps,GoFiles,CgoFiles", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath != "ccpor" {
			all = append(all, p)
		}
	}
}

func permits(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if base, sub := strings.CutSuffix(p, "/..."); sub {
			return path == base || strings.HasPrefix(path, base+"/")
		}
		return p == path
	})
}

func TestImportsPointDownward(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, "ccpor/")
		rule, known := allowed[name]
		if !known {
			t.Errorf("%s has no row in the table of architecture_test.go: decide what it may import", name)
			continue
		}
		for _, imp := range p.Imports {
			if ours, ok := strings.CutPrefix(imp, "ccpor/"); ok && !permits(rule.imports, ours) {
				t.Errorf("%s imports %s: not allowed, since %s", name, ours, rule.reason)
			}
		}
	}
}

func TestNothingOfTestsIsLinkedIntoTheHub(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath != "ccpor/cmd/carpos-sim" && p.Name == "main" && slices.Contains(p.Deps, "ccpor/clets/sim") && p.ImportPath != "ccpor/cmd/ccpor-bench" {
			t.Errorf("%s links clets/sim", p.ImportPath)
		}
		for _, test := range []string{"exchange/hostile", "exchange/sig/sigtest", "schemas/canon/canontest", "clets/relay/witness", "store/storetest", "web/site/sitetest"} {
			if p.ImportPath == "ccpor/cmd/ccpor" && slices.Contains(p.Deps, "ccpor/"+test) {
				t.Errorf("%s links %s: the attacker, or what is for tests", p.ImportPath, test)
			}
		}
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	for _, p := range list(t) {
		var with []string
		for _, file := range append(p.GoFiles, p.CgoFiles...) {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc != nil {
				with = append(with, file)
			}
		}
		if len(with) != 1 {
			t.Errorf("%s: the package comment stands in %d files %v, want one", p.ImportPath, len(with), with)
		}
	}
}
