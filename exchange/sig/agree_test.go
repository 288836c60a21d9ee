package sig_test

import (
	random "math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/exchange/sig/sigtest"
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

// ours is this package's verdict: "accepts", or the code of its refusal.
func (a asked) ours(t testing.TB) string {
	var trusted []sig.Trusted
	if a.key != "none" {
		trusted = testKey(t, a.key).trusted()
	}
	if code := refusalOf(a.doc, a.profile, a.want, a.path, trusted); code != "" {
		return code
	}
	return sigtest.Accepts
}

// question is what xmlsec1 is asked.
func (a asked) question() sigtest.Question {
	cert := a.key
	if cert == "none" {
		cert = "other-court" // xmlsec1 has to be given a key: one that signed nothing of this
	}
	return sigtest.Question{Document: a.doc, Certificate: keyFile(cert + ".crt"), Element: [2]string{a.want.Space, a.want.Local}}
}

const disagreementsFile = attacksDir + "/disagreements.tsv"

// TestAgreesWithXmlsec1 holds this package's verdict against xmlsec1's, on every attack that is a package and on 5,000 generated documents. Where
// the two differ disagreements.tsv says why, and says nothing else. What this package accepts and xmlsec1 refuses is never excused. Attacks by whole
// messages are held against it in package exchange.
func TestAgreesWithXmlsec1(t *testing.T) {
	t.Parallel()
	table := sigtest.Documents(t, disagreementsFile)
	compare(t, table, attacked(t))
	table.Told(t, "attacks")
	compare(t, table, generated(t, 5000))
	if v := table.Told(t, "generated documents"); v.Accepted < 1000 || v.Refused < 1000 {
		t.Error("the generated documents do not test both verdicts")
	}
	table.Unseen(t)
}

// compare asks both about each document.
func compare(t *testing.T, table *sigtest.Table, all []asked) {
	t.Helper()
	questions := make([]sigtest.Question, len(all))
	for i, a := range all {
		questions[i] = a.question()
	}
	for i, theirs := range sigtest.Ask(t, questions) {
		table.Compare(t, sigtest.Row{Case: all[i].name, Ours: all[i].ours(t), Theirs: theirs}, all[i].doc)
	}
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
