package schemas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/libxml2/parser"
	"github.com/lestrrat-go/libxml2/xsd"
)

// Invalid values of 10 to 64 thousand characters kill the binding's own validator.
func TestLongValues(t *testing.T) {
	t.Parallel()
	s := sample(t)
	for _, n := range []int{500, 1023, 1024, 2000, 8000, 10_000, 20_000, 40_000, 60_000, 63_000, 65_535, 65_536, 70_000, 200_000, 1_000_000} {
		for old, code := range map[string]Code{">DV-130<": ValueMalformed, ">2025-05-12<": ValueMalformed, ">afterHearing<": ValueNotInList, ">CA030013J</Sub": ValueMalformed,
			">Boulder<": ValueTooLong, ">300<": ValueMalformed, ">Exchange of": ValueTooLong, ` Id="package"`: ValueTooLong, ">25FL000110<": ValueTooLong} {
			for _, letter := range letters(n) {
				var long string
				if i := strings.Index(old, "<"); i > 0 {
					long = old[:1] + strings.Repeat(letter, n) + old[i:]
				} else {
					long = old + strings.Repeat(letter, n)
				}
				if strings.HasPrefix(old, " Id") {
					long = ` Id="` + strings.Repeat("A", n) + `"`
				}
				p := problems(t, strings.Replace(s, old, long, 1))
				if len(p) != 1 && n > 8000 || len(p) > 1 {
					t.Fatalf("%d of %q in %s: %d problems", n, letter, old, len(p))
				}
				if len(p) == 1 && letter == "A" && p[0].Code != code && p[0].Code != ValueTooLong {
					t.Errorf("%d of %q in %s: %s", n, letter, old, p[0].Code)
				}
				if len(p) == 1 && len([]rune(p[0].Value)) > 210 {
					t.Errorf("%d of %q in %s: the value is not cut", n, letter, old)
				}
			}
		}
	}
}

// letters are three kinds at the sizes around the binding's buffer, and one elsewhere.
func letters(n int) []string {
	if n == 1024 || n == 20_000 {
		return []string{"A", "é", "%n"}
	}
	return []string{"A"}
}

func TestThousandsOfProblems(t *testing.T) {
	t.Parallel()
	s := sample(t)
	for name, x := range map[string]struct {
		old, new string
		n        int
	}{
		"values":     {"<StatuteText>FC 6345</StatuteText>", "<StatuteText></StatuteText>", 5000},
		"unknown":    {"<StatuteText>FC 6345</StatuteText>", "<Foo>x</Foo>", 5000},
		"attributes": {"<StatuteText>FC 6345</StatuteText>", `<StatuteText a="1" b="2">x</StatuteText>`, 5000},
		"text":       {"<StatuteText>FC 6345</StatuteText>", "<CourtHearing>x</CourtHearing>", 2000},
		"one line":   {"<StatuteText>FC 6345</StatuteText>", "<CourtHearing></CourtHearing>", 30_000}, // time in its square would be minutes
	} {
		start := time.Now()
		p := problems(t, swap(t, s, x.old, strings.Repeat(x.new, x.n)))
		if len(p) != MaxProblems+1 || p[MaxProblems].Code != More {
			t.Fatalf("%s: %d problems listed", name, len(p))
		}
		more, _, _ := strings.Cut(p[MaxProblems].Text, " ")
		if n, err := strconv.Atoi(more); err != nil || n < x.n-MaxProblems {
			t.Errorf("%s: %s", name, p[MaxProblems].Text)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	good := sample(t)
	bad := swap(t, good, ">DV-130<", ">DV 130<")
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 100 {
				switch (g + i) % 3 {
				case 0, 1:
					if p := problems(t, good); p != nil {
						t.Errorf("valid: %v", p)
					}
				default:
					if p := problems(t, bad); len(p) != 1 || p[0].Element != "FormNumberText" {
						t.Errorf("invalid: %v", p)
					}
				}
			}
		})
	}
	wg.Wait()
}

// resident is the process's resident memory in bytes.
func resident(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc here")
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// Memory of C is no business of Go's collector: thousands of documents must leave nothing behind.
func TestMemoryStaysFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of documents")
	}
	good := sample(t)
	docs := []string{good, good, swap(t, good, ">DV-130<", ">"+strings.Repeat("x", 5000)+"<"), swap(t, good, "<TestIndicator>", "<Foo><Bar></Bar></Foo><TestIndicator>"), good[:len(good)/2]}
	run := func(n int) {
		for i := range n {
			_, _ = set(t).Validate(t.Context(), verified{docs[i%len(docs)], Root})
		}
	}
	run(1000)
	before := resident(t)
	run(4000)
	if grown := resident(t) - before; grown > 12<<20 {
		t.Errorf("resident memory grew by %d KiB over 4000 documents", grown>>10)
	}
}

// Problems go into logs and errors; the values in them must not.
func TestNoValueLeaves(t *testing.T) {
	t.Parallel()
	const secret = "SECRETNAME"
	p := problems(t, swap(t, sample(t), ">DV-130<", ">"+secret+"<"))
	if len(p) != 1 || p[0].Value != secret {
		t.Fatalf("%+v", p)
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(h).Error("x", "problems", p, "problem", p[0], "error", error(p), "wrapped", fmt.Errorf("y: %w", p))
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&log, verb+verb+verb, p, p[0], &p[0])
	}
	log.WriteString(p.Error())
	if strings.Contains(log.String(), secret) || strings.Contains(log.String(), fmt.Sprintf("%x", secret)) {
		t.Errorf("the value is in %s", log.String())
	}
}

// After Load libxml2 opens nothing but the embedded files, whoever asks and however.
func TestNothingElseIsOpened(t *testing.T) {
	set(t)
	const probe = `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "%s">]><r>&e;</r>`
	secret := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(secret, []byte("SECRET"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"file://" + secret, secret, "http://127.0.0.1:9/x", looseURL + "none.xsd"} {
		doc, err := parser.New(parser.XMLParseNoEnt | parser.XMLParseDTDLoad | parser.XMLParseNoError | parser.XMLParseNoWarning).ParseString(fmt.Sprintf(probe, url))
		if err != nil {
			continue
		}
		if s := doc.String(); strings.Contains(s, "SECRET") && !strings.Contains(s, "secret.txt") {
			t.Errorf("%s was opened: %s", url, s)
		}
		if root, err := doc.DocumentElement(); err == nil && root.TextContent() != "" {
			t.Errorf("%s was opened: %q", url, root.TextContent())
		}
		doc.Free()
	}
	schema := filepath.Join(t.TempDir(), "x.xsd")
	if err := os.WriteFile(schema, []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>`), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := xsd.ParseFromFile(schema); err == nil {
		s.Free()
		t.Error("a schema outside the program was opened")
	}
}

// mutate changes a document as a careless program would.
func mutate(r *rand.Rand, s string) string {
	tags := strings.Split(s, "<")
	for range 1 + r.IntN(3) {
		i, j := 2+r.IntN(len(tags)-3), 2+r.IntN(len(tags)-3)
		switch r.IntN(5) {
		case 0: // another text
			if before, _, ok := strings.Cut(tags[i], ">"); ok {
				tags[i] = before + ">" + []string{"", "x", " ", "2006-02-30", "true", "0", "é", strings.Repeat("y", 300)}[r.IntN(8)]
			}
		case 1: // a text of elsewhere
			a, _, ok := strings.Cut(tags[i], ">")
			_, b, ok2 := strings.Cut(tags[j], ">")
			if ok && ok2 {
				tags[i] = a + ">" + b
			}
		case 2: // another name, where the element is a leaf
			if i+1 < len(tags) && strings.HasPrefix(tags[i+1], "/") && !strings.HasPrefix(tags[i], "/") {
				_, text, _ := strings.Cut(tags[i], ">")
				_, after, _ := strings.Cut(tags[i+1], ">")
				tags[i], tags[i+1] = "Zzz>"+text, "/Zzz>"+after
			}
		case 3: // a leaf gone
			if i+1 < len(tags) && strings.HasPrefix(tags[i+1], "/") && !strings.HasPrefix(tags[i], "/") {
				tags = append(tags[:i:i], tags[i+2:]...)
			}
		case 4: // a leaf twice, the second elsewhere
			if i+1 < len(tags) && strings.HasPrefix(tags[i+1], "/") && !strings.HasPrefix(tags[i], "/") && !strings.HasPrefix(tags[j], "/") {
				leaf := []string{tags[i], tags[i+1]}
				tags = append(tags[:j:j], append(leaf, tags[j:]...)...)
			}
		}
	}
	return strings.Join(tags, "<")
}

// Whatever libxml2 refuses is explained: never "something else", always with a place, and nothing is reported about what it takes.
func TestEveryRefusalIsExplained(t *testing.T) {
	t.Parallel()
	var samples []string
	for _, c := range []string{"dv130", "seed-cr160", "seed-service", "epo001"} {
		b, err := os.ReadFile("../testdata/cases/" + c + "/package.xml")
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, string(b))
	}
	refused := 0
	for seed := range uint64(2000) {
		s := mutate(rand.New(rand.NewPCG(seed, 1)), samples[seed%uint64(len(samples))])
		_, err := set(t).Validate(t.Context(), verified{s, Root})
		var p Problems
		switch {
		case err == nil, errors.Is(err, ErrUnreadable): // a mutation may break well-formedness
			continue
		case !errors.As(err, &p):
			t.Fatalf("seed %d: %v", seed, err)
		}
		refused++
		for _, q := range p {
			if q.Code == Other || q.Line == 0 || q.Path == "" || strings.Contains(q.Text, "element Zzz is missing") {
				t.Errorf("seed %d: %v", seed, q)
			}
		}
	}
	if refused < 500 {
		t.Errorf("only %d of the mutations were refused: they test nothing", refused)
	}
}

// Who has gone does not wait: with every processor taken, the end of the context ends the waiting.
func TestWaitEnds(t *testing.T) {
	t.Parallel()
	loaded := set(t)
	s := &Set{strict: loaded.strict, loose: loaded.loose, model: loaded.model, words: loaded.words, slots: make(chan struct{}, 1)}
	s.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Validate(ctx, verified{sample(t), Root}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-s.slots
	if _, err := s.Validate(t.Context(), verified{sample(t), Root}); err != nil {
		t.Errorf("a processor is free again: %v", err)
	}
}

// Problems beyond those that are kept are counted, and cost no words: a package full of them must not be worth sending.
func TestProblemsBeyondTheBound(t *testing.T) {
	s := set(t)
	for name, unit := range map[string]string{
		"unknown":  "<a></a>",
		"repeated": "<PackageHeader></PackageHeader>",
		"missing":  "<Document></Document>",
	} {
		t.Run(name, func(t *testing.T) {
			cost := func(n int) float64 {
				doc := []byte(`<OrderPackage xmlns="` + PackageNamespace + `" Id="package">` + strings.Repeat(unit, n) + "</OrderPackage>")
				out := findings{}
				allocs := testing.AllocsPerRun(3, func() {
					out = findings{bound: MaxProblems}
					if _, err := s.survey(doc, &out); err != nil {
						t.Fatal(err)
					}
				})
				if len(out.list) != MaxProblems || out.more < n-MaxProblems {
					t.Errorf("of %d elements %d problems are listed and %d are counted", n, len(out.list), out.more)
				}
				return allocs
			}
			if each := (cost(3000) - cost(1000)) / 2000; each > 2.5 {
				t.Errorf("%.1f allocations for each element beyond the bound", each)
			}
		})
	}
}
