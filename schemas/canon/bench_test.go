package canon_test

import (
	"fmt"
	"strings"
	"testing"

	"ccpor/schemas/canon"
)

// BenchmarkHostile canonicalises a MiB of the shapes that cost most.
func BenchmarkHostile(b *testing.B) {
	fill := func(unit string) string {
		return `<x xmlns="urn:example:a" xmlns:p="urn:example:b">` + strings.Repeat(unit, (1<<20)/len(unit)) + `</x>`
	}
	var attributes, declared, long strings.Builder
	for i := range 31 {
		fmt.Fprintf(&attributes, ` p:a%d=""`, 31-i)
		fmt.Fprintf(&declared, ` xmlns:q%d="urn:example:b"`, 31-i)
		fmt.Fprintf(&long, ` p:%s%02d=""`, strings.Repeat("a", 120), 31-i)
	}
	inScope := func(unit string) string {
		return `<x xmlns="urn:example:a"` + declared.String() + `><x xmlns:p="urn:example:b">` + strings.Repeat(unit, (1<<20)/len(unit)) + `</x></x>`
	}
	list := prefixes(32)
	p := canon.NewProfile(canon.Limits{}, "urn:example:a", "urn:example:b")
	for name, doc := range map[string]string{
		"empty elements":     fill("<p:a/>"),
		"nested elements":    fill(strings.Repeat("<a>", 62) + strings.Repeat("</a>", 62)),
		"references":         fill("&#13;"),
		"carriage returns":   fill("\r"),
		"attributes":         fill("<a" + attributes.String() + "/>"),
		"long attributes":    fill("<a" + long.String() + "/>"),
		"declarations":       fill("<a" + declared.String() + "/>"),
		"declared and used":  fill("<a" + declared.String() + "><q1:a><q2:a><q3:a/></q2:a></q1:a></a>"),
		"default off and on": fill(`<p:a xmlns="urn:example:b"><a/></p:a>`),
		"listed, in scope":   inScope(`<p:a/>`),
		"listed, attribute":  inScope(`<a p:b=""/>`),
		"listed, declared":   inScope(`<a xmlns:q1="urn:example:a"/>`),
		"listed, as before":  inScope(`<a xmlns:q1="urn:example:b"/>`),
		"long text":          fill("0123456789abcdef"),
		"unicode":            fill("é漢字😀\uFFFD"),
	} {
		b.Run(name, func(b *testing.B) {
			in := []byte(doc)
			out := make([]byte, 0, 8<<20)
			var s canon.Scanner
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Reset(in, p); err != nil {
					b.Fatal(err)
				}
				if _, err := s.Next(); err != nil {
					b.Fatal(err)
				}
				if _, err := s.Canonical(out, canon.Exclusive{Prefixes: list}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// prefixes is a PrefixList of q0, q1 and so on.
func prefixes(n int) (list [][]byte) {
	for i := range n {
		list = append(list, fmt.Appendf(nil, "q%d", i))
	}
	return list
}
