package sig_test

import (
	"bytes"
	"encoding/json"
	random "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
	"ccpor/schemas/canon/canontest"
)

// asked is a document that this package and xmlsec1 are asked about.
type asked struct {
	name    string // of the attack, or "generated: " and what was done to it
	doc     []byte
	path    []int // of the package
	profile *canon.Profile
	want    canon.Name
	key     string // name of the registered certificate, or "none"
}

// accepts is the verdict of whoever takes a document.
const accepts = "accepts"

// ours is this package's verdict: "accepts", or the code of its refusal.
func (a asked) ours(t testing.TB) string {
	var trusted []sig.Trusted
	if a.key != "none" {
		trusted = testKey(t, a.key).trusted()
	}
	if code := refusalOf(a.doc, a.profile, a.want, a.path, trusted); code != "" {
		return code
	}
	return accepts
}

// xmlsecSays asks xmlsec1's library about many documents, in one process.
func xmlsecSays(t *testing.T, all []asked) []string {
	t.Helper()
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import xmlsec, lxml").Run() != nil {
		tools(t, "python3-xmlsec")
	}
	var in, problems bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, a := range all {
		cert := a.key
		if cert == "none" {
			cert = "other-court" // xmlsec1 has to be given a key: one that signed nothing of this
		}
		if err := lines.Encode(map[string]any{"cert": keyFile(cert + ".crt"), "id": []string{a.want.Space, a.want.Local}, "doc": a.doc}); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command(python, "testdata/xmlsec-judge.py")
	c.Stdin, c.Stderr = &in, &problems
	out, err := c.Output()
	if err != nil {
		t.Fatalf("xmlsec1's judge: %v\n%s", err, problems.Bytes())
	}
	answers := strings.Fields(string(out))
	if len(answers) != len(all) {
		t.Fatalf("%d answers of xmlsec1 to %d questions\n%s", len(answers), len(all), problems.Bytes())
	}
	return answers
}

// disagreement is the key of a row of disagreements.tsv: an attack, or what was done to generated documents, and the two verdicts.
type disagreement struct{ name, ours, theirs string }

const disagreementsFile = attacksDir + "/disagreements.tsv"

// disagreements reads the kept file.
func disagreements(t *testing.T) map[disagreement]bool {
	t.Helper()
	b, err := os.ReadFile(disagreementsFile)
	if err != nil {
		t.Fatal(err)
	}
	known := map[disagreement]bool{}
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) != 4 || cells[3] == "" {
			t.Fatalf("%s:%d: want case, ours, xmlsec1's and why", disagreementsFile, i+1)
		}
		row := disagreement{cells[0], cells[1], cells[2]}
		if known[row] {
			t.Errorf("%s:%d: the row of %s stands there twice", disagreementsFile, i+1, row.name)
		}
		if i > 0 {
			known[row] = true
		}
	}
	return known
}

// verdicts counts what became of the documents of one test.
type verdicts struct{ accepted, refused, refusedHereAlone, acceptedHereAlone int }

func (v *verdicts) count(ours, theirs bool) {
	switch {
	case ours && theirs:
		v.accepted++
	case ours:
		v.acceptedHereAlone++
	case theirs:
		v.refusedHereAlone++
	default:
		v.refused++
	}
}

// TestAgreesWithXmlsec1 holds this package's verdict against xmlsec1's, on every attack and on 5,000 generated documents. Where the two
// differ disagreements.tsv says why, and says nothing else. What this package accepts and xmlsec1 refuses is never excused.
func TestAgreesWithXmlsec1(t *testing.T) {
	t.Parallel()
	known, seen := disagreements(t), map[disagreement]int{}
	told(t, "attacks", compare(t, attacked(t), known, seen))
	v := told(t, "generated documents", compare(t, generated(t, 5000), known, seen))
	if v.accepted < 1000 || v.refused < 1000 {
		t.Error("the generated documents do not test both verdicts")
	}
	for row := range known {
		if seen[row] == 0 {
			t.Errorf("%s has the row %v, and the two do not differ so", disagreementsFile, row)
		}
	}
}

// compare asks both, counts in seen how often they differ in a way, and tells of each way once.
func compare(t *testing.T, all []asked, known map[disagreement]bool, seen map[disagreement]int) (v verdicts) {
	t.Helper()
	for i, theirs := range xmlsecSays(t, all) {
		a := all[i]
		row := disagreement{a.name, a.ours(t), theirs}
		v.count(row.ours == accepts, theirs == accepts)
		if (row.ours == accepts) == (theirs == accepts) {
			continue
		}
		seen[row]++
		switch {
		case seen[row] > 1:
		case row.ours == accepts:
			t.Errorf("%s: accepted here, and xmlsec1 refuses it: %q", a.name, a.doc)
		case !known[row]:
			t.Errorf("not in %s: %s\t%s\t%s\n%q", disagreementsFile, row.name, row.ours, theirs, a.doc)
		}
	}
	return v
}

func told(t *testing.T, what string, v verdicts) verdicts {
	t.Helper()
	t.Logf("%s: both accept %d, both refuse %d, refused here alone %d, accepted here alone %d",
		what, v.accepted, v.refused, v.refusedHereAlone, v.acceptedHereAlone)
	return v
}

// attacked are all of testdata/attacks that are single packages.
func attacked(t *testing.T) (all []asked) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(attacksDir, "*", "package.xml"))
	if err != nil || len(files) < 200 {
		t.Fatalf("%d attacks: %v", len(files), err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fields := expectation(t, filepath.Dir(file))
		a := asked{name: filepath.Base(filepath.Dir(file)), doc: doc, profile: contract, want: orderPackage, key: fields["trusted"]}
		if fields["position"] == "soap" {
			a.path = soapPath
		}
		all = append(all, a)
	}
	return all
}

// generated are random signed documents: of every ten of one signature, one stays untouched and nine are changed.
func generated(t *testing.T, n int) (all []asked) {
	t.Helper()
	r := random.New(random.NewPCG(15, 16))
	for i := range n {
		if i%10 == 0 {
			su := suites[i/10%len(suites)]
			d := signRandom(t, r, su)
			all = append(all, asked{name: "generated: untouched", doc: d.Octets, path: d.Package, profile: wide, want: want, key: su.key})
			continue
		}
		changed := all[i-i%10]
		changes[i%10-1].change(r, &changed)
		changed.name = "generated: " + changes[i%10-1].name
		all = append(all, changed)
	}
	return all
}

// changes are what is done to generated documents.
var changes = []struct {
	name   string
	change func(r *random.Rand, a *asked)
}{
	{"text", replaced(`>[^<]*[^<>;&\s]`, func(r *random.Rand, old string) string { return old + pick(r, "x", "&#65;", "\n", "&gt;", "") })},
	{"attribute", replaced(` [A-Za-z.:_-]+="[^"<>]*"`, func(r *random.Rand, old string) string {
		return pick(r, "", old+" ", old+` new="1"`, strings.TrimSuffix(old, `"`)+`x"`, " "+old)
	})},
	{"namespace", replaced(`xmlns(:[A-Za-z0-9_-]+)?="[^"]*"`, func(r *random.Rand, old string) string {
		name, _, _ := strings.Cut(old, "=")
		return pick(r, "", name+`="`+pick(r, canontest.Namespaces...)+`"`, old+` xmlns:fresh="urn:example:b"`)
	})},
	{"prefix", replaced(`[< ](a|b|c|B|ds|x-1|_p):`, func(r *random.Rand, old string) string { return old[:1] + pick(r, "a", "b", "c", "ds") + ":" })},
	{"digest", replaced(`<([A-Za-z0-9_-]+:)?DigestValue[^<]*>[^<]*<`, bentText)},
	{"signature", replaced(`<([A-Za-z0-9_-]+:)?SignatureValue[^<]*>[^<]*<`, bentText)},
	{"algorithm", replaced(`http://www\.w3\.org/[0-9/]+(xmldsig-more|xmlenc)#[a-z0-9-]+`, func(r *random.Rand, _ string) string {
		return pick(r, more+"rsa-sha256", more+"rsa-sha384", more+"ecdsa-sha256", more+"ecdsa-sha384", enc+"sha256", more+"sha384", enc+"sha512")
	})},
	{"key", func(r *random.Rand, a *asked) {
		a.key = pick(r, "other-court", "other-court-p256", "court-p384", "court-p256", "court-rsa")
	}},
	{"bytes", func(r *random.Rand, a *asked) { a.doc = mutate(r, a.doc) }},
}

func pick[T any](r *random.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// bentText changes one character of what stands before the last '<', or puts white space there.
func bentText(r *random.Rand, old string) string {
	b := []byte(old)
	i := len(b) - 2 - r.IntN(min(40, len(b)-2))
	switch r.IntN(4) {
	case 0:
		return old[:len(old)-1] + pick(r, " ", "\n", "&#13;", "A", "=") + "<"
	case 1:
		return old[:i] + old[i+1:]
	default:
		b[i] = "ABCDxyz019+/="[r.IntN(13)]
	}
	return string(b)
}

// replaced is a change of one place that the expression finds; a document without one is left as it is.
func replaced(expression string, by func(r *random.Rand, old string) string) func(*random.Rand, *asked) {
	find := regexp.MustCompile(expression)
	return func(r *random.Rand, a *asked) {
		places := find.FindAllIndex(a.doc, -1)
		if len(places) == 0 {
			return
		}
		at := places[r.IntN(len(places))]
		a.doc = []byte(string(a.doc[:at[0]]) + by(r, string(a.doc[at[0]:at[1]])) + string(a.doc[at[1]:]))
	}
}
