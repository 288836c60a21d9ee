package canon_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"ccpor/schemas/canon"
)

const (
	a = "urn:example:a"
	b = "urn:example:b"
)

var (
	closed  = canon.NewProfile(canon.Limits{}, a, b)
	foreign = canon.NewProfile(canon.Limits{Foreign: true}, a, b)
)

// open resets a scanner on a document that must begin well.
func open(t testing.TB, doc string, p *canon.Profile) *canon.Scanner {
	t.Helper()
	s := new(canon.Scanner)
	if err := s.Reset([]byte(doc), p); err != nil {
		t.Fatal(err)
	}
	return s
}

// story tells a document's events in a line.
func story(s *canon.Scanner) (string, error) {
	var w strings.Builder
	for {
		k, err := s.Next()
		if err != nil {
			return w.String(), err
		}
		switch k {
		case canon.Start:
			fmt.Fprintf(&w, "<{%s}%s", s.Name().Space, s.Name().Local)
			for _, at := range s.Attrs() {
				fmt.Fprintf(&w, " {%s}%s=%q", at.Name.Space, at.Name.Local, at.Value)
			}
			w.WriteString(">")
		case canon.Text:
			fmt.Fprintf(&w, "%q", s.Text())
		case canon.End:
			fmt.Fprintf(&w, "</%s>", s.Name().Local)
		case canon.EOF:
			return w.String(), nil
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, doc, want string }{
		{"empty element", `<x xmlns="urn:example:a"/>`, `<{urn:example:a}x></x>`},
		{"prefixes", `<p:x xmlns:p="urn:example:a"><q:y xmlns:q="urn:example:b" q:i="1" j="2"/></p:x>`,
			`<{urn:example:a}x><{urn:example:b}y {urn:example:b}i="1" {}j="2"></y></x>`},
		{"rebound default", `<x xmlns="urn:example:a"><y xmlns="urn:example:b"/><z/></x>`, `<{urn:example:a}x><{urn:example:b}y></y><{urn:example:a}z></z></x>`},
		{"references", `<x xmlns="urn:example:a" i="&lt;&amp;&quot;&#9;&#x41;">&lt;&gt;&apos;&#233;&#x1F600;</x>`,
			`<{urn:example:a}x {}i="<&\"\tA">"<>'é😀"</x>`},
		{"line ends", "<x xmlns='urn:example:a'>a\r\nb\rc\nd&#13;</x>", `<{urn:example:a}x>"a\nb\nc\nd\r"</x>`},
		{"white space is told", "<x xmlns='urn:example:a'> <y/>\n</x>", `<{urn:example:a}x>" "<{urn:example:a}y></y>"\n"</x>`},
		{"mark, declaration, space around", "\uFEFF<?xml version='1.0' encoding=\"utf-8\" standalone='no' ?>\n <x xmlns='urn:example:a' />\n\t", `<{urn:example:a}x></x>`},
		{"xml:lang and xml:space", `<x xmlns="urn:example:a" xml:lang="en" xml:space="preserve"/>`,
			`<{urn:example:a}x {` + canon.XML + `}lang="en" {` + canon.XML + `}space="preserve"></x>`},
		{"declarations of XML Schema are harmless", `<x xmlns="urn:example:a" xmlns:xsi="` + canon.XSI + `" xmlns:xsd="` + canon.XSD + `"/>`, `<{urn:example:a}x></x>`},
		{"greater-than and quotes", `<x xmlns="urn:example:a" i='">'>>"'</x>`, `<{urn:example:a}x {}i="\">">">\"'"</x>`},
		{"space in tags", "<x\nxmlns = 'urn:example:a'\ti\r\n=\n'1' ></x\n>", `<{urn:example:a}x {}i="1"></x>`},
		{"replacement character is a character", "<x xmlns='urn:example:a' i='\uFFFD'>\uFFFD\uF8FF\uFEFF</x>", "<{urn:example:a}x {}i=\"\uFFFD\">\"\uFFFD\\uf8ff\\ufeff\"</x>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := story(open(t, c.doc, closed))
			if err != nil || got != c.want {
				t.Errorf("got %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const x = `<x xmlns="urn:example:a">`
	for _, c := range []struct {
		doc          string
		code         canon.Code
		line, column int
		path         string
	}{
		{"", canon.NotWellFormed, 1, 1, ""},
		{"\uFEFF", canon.NotWellFormed, 1, 2, ""},
		{x + "\n<y>\n</z></y></x>", canon.NotWellFormed, 3, 1, "/x/y"},
		{x + "\n<y/><y/><z/><y>é&nbsp;</y></x>", canon.BadReference, 2, 17, "/x/y[3]"},
		{x + "<y>a", canon.NotWellFormed, 1, 30, "/x/y"},
		{x + "<y", canon.NotWellFormed, 1, 28, "/x"},
		{x + "<", canon.NotWellFormed, 1, 27, "/x"},
		{x + "</x", canon.NotWellFormed, 1, 26, "/x"},
		{x + "</xx>", canon.NotWellFormed, 1, 26, "/x"},
		{x + "</x y>", canon.NotWellFormed, 1, 26, "/x"},
		{"</x>", canon.NotWellFormed, 1, 1, ""},
		{x + "<y i></y></x>", canon.NotWellFormed, 1, 30, "/x"},
		{x + "<y i=1/></x>", canon.NotWellFormed, 1, 31, "/x"},
		{x + "<y i='1'j='2'/></x>", canon.NotWellFormed, 1, 34, "/x"},
		{x + "<y /i/></x>", canon.NotWellFormed, 1, 29, "/x"},
		{x + "<y i='</x>", canon.NotWellFormed, 1, 32, "/x"},
		{x + "<1/></x>", canon.BadName, 1, 27, "/x"},
		{x + "< y/></x>", canon.BadName, 1, 27, "/x"},
		{x + "<xmlns/></x>", canon.BadName, 1, 27, "/x"},
		{x + "<:y/></x>", canon.BadName, 1, 27, "/x"},
		{x + "<y:/></x>", canon.BadName, 1, 29, "/x"},
		{x + "<y::z/></x>", canon.BadName, 1, 29, "/x"},
		{x + "<yé/></x>", canon.BadName, 1, 28, "/x"},
		{x + "<p:y/></x>", canon.UndeclaredPrefix, 1, 27, "/x"},
		{x + "<y p:i=''/></x>", canon.UndeclaredPrefix, 1, 29, "/x"},
		{x + "<xmlns:y/></x>", canon.UndeclaredPrefix, 1, 27, "/x"},
		{x + "<y i='' i=''/></x>", canon.DuplicateAttribute, 1, 34, "/x"},
		{x + "<y xml:id=''/></x>", canon.ForbiddenAttribute, 1, 29, "/x"},
		{x + "<y xml:other=''/></x>", canon.ForbiddenAttribute, 1, 29, "/x"},
		{"<x/>", canon.NamespaceNotAllowed, 1, 2, ""},
		{x + "<y xmlns=''/></x>", canon.NamespaceNotAllowed, 1, 27, "/x"},
		{x + "<xml:y/></x>", canon.NamespaceNotAllowed, 1, 27, "/x"},
		{x + "<y xmlns='urn:example:A'/></x>", canon.NamespaceNotAllowed, 1, 29, "/x"},
		{`<x xmlns="` + canon.XSD + `"/>`, canon.NamespaceNotAllowed, 1, 2, ""},
		{`<x xmlns="` + canon.XSI + `"/>`, canon.NamespaceNotAllowed, 1, 2, ""},
		{x + "<y xmlns='" + canon.XMLNS + "'/></x>", canon.NamespaceDeclaration, 1, 29, "/x"},
		{x + "<!ELEMENT x ANY></x>", canon.NotWellFormed, 1, 26, "/x"},
		{x + "<!-- --></x>", canon.Comment, 1, 26, "/x"},
		{x + "<![CDATA[]]></x>", canon.Cdata, 1, 26, "/x"},
		{x + "<?x?></x>", canon.ProcessingInstruction, 1, 26, "/x"},
		{x + "</x><?x?>", canon.ProcessingInstruction, 1, 30, ""},
		{x + "</x><x/>", canon.NotWellFormed, 1, 30, ""},
		{x + "</x></x>", canon.NotWellFormed, 1, 30, ""},
		{x + "</x>&#32;", canon.NotWellFormed, 1, 30, ""},
		{x + "&#;</x>", canon.BadReference, 1, 26, "/x"},
		{x + "&#x;</x>", canon.BadReference, 1, 26, "/x"},
		{x + "&#xFFFE;</x>", canon.BadReference, 1, 26, "/x"},
		{x + "&#1114112;</x>", canon.BadReference, 1, 26, "/x"},
		{x + "&#-1;</x>", canon.BadReference, 1, 26, "/x"},
		{x + "&#65</x>", canon.BadReference, 1, 26, "/x"},
		{x + "&#a;</x>", canon.BadReference, 1, 26, "/x"},
		{x + "&amp</x>", canon.BadReference, 1, 26, "/x"},
		{x + "&AMP;</x>", canon.BadReference, 1, 26, "/x"},
		{x + "&", canon.BadReference, 1, 26, "/x"},
		{x + "\x7F\x0B</x>", canon.BadCharacter, 1, 27, "/x"},
		{"<?xml version='1.0'", canon.NotWellFormed, 1, 1, ""},
		{"<?xml encoding='UTF-8'?><x/>", canon.NotWellFormed, 1, 1, ""},
		{"<?xml version='1.0'encoding='UTF-8'?><x/>", canon.NotWellFormed, 1, 1, ""},
		{"<?xml version='1.0' standalone='maybe'?><x/>", canon.NotWellFormed, 1, 1, ""},
		{"<?xml version='1.0' standalone='yes' encoding='UTF-8'?><x/>", canon.NotWellFormed, 1, 1, ""},
		{"<?xml version='1.0\"?><x/>", canon.NotWellFormed, 1, 1, ""},
		{"<?xml version='1.0' encoding='UTF8'?><x/>", canon.Encoding, 1, 1, ""},
		{"<?xml version='1.1'?><x/>", canon.Encoding, 1, 1, ""},
		{"<?xml?><x/>", canon.ProcessingInstruction, 1, 1, ""},
		{"<?XML version='1.0'?><x/>", canon.ProcessingInstruction, 1, 1, ""},
		{"<x>\n\xFF</x>", canon.NotUTF8, 2, 1, ""},
		{"<\x00x\x00/\x00>\x00", canon.Encoding, 1, 1, ""},
	} {
		t.Run(fmt.Sprintf("%.40q", c.doc), func(t *testing.T) {
			t.Parallel()
			s := new(canon.Scanner)
			err := s.Reset([]byte(c.doc), closed)
			if err == nil {
				_, err = story(s)
			}
			var e *canon.Error
			if !errors.As(err, &e) {
				t.Fatalf("accepted, or another error: %v", err)
			}
			if e.Code != c.code || e.Line != c.line || e.Column != c.column || e.Path != c.path {
				t.Errorf("got %s %d:%d %q, want %s %d:%d %q: %v", e.Code, e.Line, e.Column, e.Path, c.code, c.line, c.column, c.path, e)
			}
			if _, again := s.Next(); again != err {
				t.Errorf("after the error came %v", again)
			}
			if e.What == "" || !strings.Contains(e.Error(), string(c.code)) {
				t.Errorf("the text says too little: %q", e.Error())
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	p := canon.NewProfile(canon.Limits{MaxBytes: 1000, MaxDepth: 3, MaxAttributes: 3, MaxName: 7, MaxBindings: 4}, a, b)
	const x = `<x xmlns="urn:example:a" i="" j=""`
	for _, c := range []struct {
		name, doc string
		code      canon.Code
	}{
		{"depth at the limit", x + `><y><z/></y></x>`, ""},
		{"depth", x + `><y><z><z/></z></y></x>`, canon.TooDeep},
		{"attributes at the limit", x + `/>`, ""},
		{"attributes", x + ` k=""/>`, canon.TooManyAttributes},
		{"declarations count as attributes", x + ` xmlns:k="urn:example:b"/>`, canon.TooManyAttributes},
		{"name at the limit", x + `><abcdefg/></x>`, ""},
		{"name", x + `><abcdefgh/></x>`, canon.NameTooLong},
		{"attribute's name", x + `><a abcdefgh=""/></x>`, canon.NameTooLong},
		{"bindings at the limit", x + `><y xmlns:p="urn:example:a" xmlns:q="urn:example:b" xmlns:r="urn:example:b"/></x>`, ""},
		{"bindings", x + `><y xmlns:p="urn:example:a" xmlns:q="urn:example:b" xmlns:r="urn:example:b"><z xmlns:s="urn:example:a"/></y></x>`, canon.TooManyNamespaces},
		{"bindings go with their element", x + `>` + strings.Repeat(`<y xmlns:p="urn:example:a" xmlns:q="urn:example:b"/>`, 5) + `</x>`, ""},
		{"bytes at the limit", x + `>` + strings.Repeat(" ", 1000-len(x)-5) + `</x>`, ""},
		{"bytes", x + `>` + strings.Repeat(" ", 1001-len(x)-5) + `</x>`, canon.TooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := code(events([]byte(c.doc), p)); got != c.code {
				t.Errorf("got %q, want %q", got, c.code)
			}
			if _, err := whole([]byte(c.doc), p); code(err) != c.code {
				t.Errorf("Canonical: got %v, want %q", err, c.code)
			}
		})
	}
}

// code is the code of an error; "" for none.
func code(err error) canon.Code {
	var e *canon.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return canon.Code(err.Error())
	}
	return ""
}

func TestProfileDefaults(t *testing.T) {
	t.Parallel()
	p := canon.NewProfile(canon.Limits{MaxDepth: -1}, a, "relative/name", "urn:with space", "urn:", ":x", canon.XSI)
	for doc, want := range map[string]canon.Code{
		strings.Repeat("<x xmlns='urn:example:a'>", 64) + strings.Repeat("</x>", 64): "",
		strings.Repeat("<x xmlns='urn:example:a'>", 65) + strings.Repeat("</x>", 65): canon.TooDeep,
		"<x xmlns='urn:example:a'>" + strings.Repeat("<x>", 64):                      canon.TooDeep,
		"<x xmlns='relative/name'/>":                                                 canon.NamespaceNotAllowed,
		"<x xmlns='urn:with space'/>":                                                canon.NamespaceNotAllowed,
		"<x xmlns='urn:'/>":                                                          canon.NamespaceNotAllowed,
		"<x xmlns='" + canon.XSI + "'/>":                                             canon.NamespaceNotAllowed,
	} {
		if got := code(events([]byte(doc), p)); got != want {
			t.Errorf("%.50s: got %q, want %q", doc, got, want)
		}
	}
}

// TestForeign reads headers that nobody here understands; signed content may
// hold nothing of them.
func TestForeign(t *testing.T) {
	t.Parallel()
	const doc = `<e:x xmlns:e="urn:example:a" xmlns:f="http://vendor.example/t" xmlns:g="http://vendor.example/u">` +
		`<f:Trace f:i="1" g:i="2"><id>7</id></f:Trace><e:y/></e:x>`
	got, err := story(open(t, doc, foreign))
	want := `<{urn:example:a}x><{(foreign)}Trace {(foreign)}i="1" {(foreign)}i="2"><{}id>"7"</id></Trace><{urn:example:a}y></y></x>`
	if err != nil || got != want {
		t.Errorf("got %s, %v", got, err)
	}
	if err := events([]byte(doc), closed); code(err) != canon.NamespaceNotAllowed {
		t.Errorf("closed profile: %v", err)
	}
	for doc, want := range map[string]canon.Code{
		doc: canon.NamespaceNotAllowed,
		`<x xmlns="urn:example:a" xmlns:f="urn:elsewhere:f"/>`:                                           canon.NamespaceNotAllowed,
		`<x xmlns="urn:example:a" xmlns:f="urn:elsewhere:f" f:i="1"/>`:                                   canon.NamespaceNotAllowed,
		`<x xmlns="urn:example:a"><y xmlns=""/></x>`:                                                     canon.NamespaceNotAllowed,
		`<x xmlns="urn:example:a" xmlns:f="urn:elsewhere:f" xmlns:g="urn:elsewhere:f" f:i="1" g:i="2"/>`: canon.DuplicateAttribute,
		`<x xmlns="urn:example:a" xmlns:f="relative"/>`:                                                  canon.NamespaceDeclaration,
		`<x xmlns="urn:example:a" xmlns:f="urn:a b"/>`:                                                   canon.NamespaceDeclaration,
		`<x xmlns="urn:example:a" xmlns:f=""/>`:                                                          canon.NamespaceDeclaration,
		`<x xmlns="urn:example:a" xmlns:i="` + canon.XSI + `" i:type="x"/>`:                              canon.ForbiddenAttribute,
	} {
		if _, err := whole([]byte(doc), foreign); code(err) != want {
			t.Errorf("%s: got %v, want %s", doc, err, want)
		}
	}
}

// TestForeignAround leaves declarations of the envelope alone that signed
// content does not use, and refuses a PrefixList that would bring them in.
func TestForeignAround(t *testing.T) {
	t.Parallel()
	const doc = `<e:x xmlns:e="urn:example:a" xmlns:f="http://vendor.example/t"><e:y i="1"/></e:x>`
	for list, want := range map[string]canon.Code{"": "", "e": "", "f": canon.NamespaceNotAllowed} {
		s := open(t, doc, foreign)
		start(t, s)
		start(t, s)
		octets, err := s.Canonical([]byte("> "), canon.Exclusive{Prefixes: [][]byte{[]byte(list)}})
		if code(err) != want {
			t.Errorf("PrefixList %q: %v", list, err)
		}
		if want == "" && string(octets) != `> <e:y xmlns:e="urn:example:a" i="1"></e:y>` {
			t.Errorf("PrefixList %q: %s", list, octets)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	doc := "<x xmlns='urn:example:a'>\n  <y>é</y><y/>\n  <z/><y>\n<z/></y></x>"
	s := open(t, doc, closed)
	var got []string
	for {
		k, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		if k == canon.EOF {
			break
		}
		if k == canon.Start || k == canon.End {
			got = append(got, fmt.Sprintf("%d:%d@%d/%d%s", s.Line(), s.Column(), s.Offset(), s.Depth(), s.Path()))
		}
	}
	want := []string{"1:1@0/1/x", "2:3@28/2/x/y", "2:7@33/2/x/y", "2:11@37/2/x/y[2]", "2:15@41/2/x/y[2]", "3:3@44/2/x/z", "3:7@48/2/x/z",
		"3:7@48/2/x/y[3]", "4:1@52/3/x/y[3]/z", "4:5@56/3/x/y[3]/z", "4:5@56/2/x/y[3]", "4:9@60/1/x"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if s.Path() != "" || s.Depth() != 0 {
		t.Errorf("after the end: %q %d", s.Path(), s.Depth())
	}
}

// TestFind finds every element by its own path.
func TestFind(t *testing.T) {
	t.Parallel()
	doc := "<x xmlns='urn:example:a'>\n <y><z/></y><z>\n<y/></z> <y><y/>\n<z/><z><y/></z></y></x>"
	s := open(t, doc, closed)
	for n := 0; ; n++ {
		k, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		if k == canon.EOF {
			if n < 10 {
				t.Errorf("only %d events", n)
			}
			break
		}
		if k != canon.Start {
			continue
		}
		line, column, found := canon.Find([]byte(doc), closed, s.Path())
		if !found || line != s.Line() || column != s.Column() {
			t.Errorf("%s: %d:%d %v, want %d:%d", s.Path(), line, column, found, s.Line(), s.Column())
		}
	}
	for _, path := range []string{"", "/", "/y", "/x/y[3]", "/x/y[0]", "/x/y[x]", "/x/y/z/z", "x", "/x/y[", "/x/y[2]/z[3]"} {
		if line, _, found := canon.Find([]byte(doc), closed, path); found {
			t.Errorf("%q found in line %d", path, line)
		}
	}
}

func TestAccessors(t *testing.T) {
	t.Parallel()
	s := open(t, `<x xmlns="urn:example:a" xmlns:b="urn:example:b" i="1" b:i="&amp;2"> <y>t</y></x>`, closed)
	if k, err := s.Next(); k != canon.Start || err != nil || !s.Is(a, "x") || s.Is(b, "x") || s.Is(a, "y") || s.Kind() != canon.Start {
		t.Errorf("start: %v %v", k, err)
	}
	if v, ok := s.Attr("", "i"); !ok || string(v) != "1" {
		t.Errorf("i: %q %v", v, ok)
	}
	if v, ok := s.Attr(b, "i"); !ok || string(v) != "&2" {
		t.Errorf("b:i: %q %v", v, ok)
	}
	if _, ok := s.Attr(a, "i"); ok || s.Text() != nil || s.Blank() {
		t.Error("an attribute or text that is not there")
	}
	if k, _ := s.Next(); k != canon.Text || !s.Blank() || s.Name() != (canon.Name{}) || s.Is(a, "x") || s.Attrs() != nil {
		t.Errorf("text: %v", k)
	}
	if k, _ := s.Next(); k != canon.Start || s.Skip() != nil || s.Kind() != canon.End || !s.Is(a, "y") {
		t.Errorf("Skip ends at %v", s.Kind())
	}
	if err := s.Skip(); code(err) != canon.Misuse {
		t.Errorf("Skip at an End: %v", err)
	}
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	const doc = `<x xmlns="urn:example:a"><y><z/></y><y/></x>`
	if _, err := new(canon.Scanner).Next(); code(err) != canon.Misuse {
		t.Errorf("Next before Reset: %v", err)
	}
	if err := new(canon.Scanner).Reset([]byte(doc), nil); code(err) != canon.Misuse {
		t.Errorf("Reset without profile: %v", err)
	}
	inner := func(s *canon.Scanner) (x, y, z canon.Mark) {
		start(t, s)
		x = s.Mark()
		start(t, s)
		y = s.Mark()
		start(t, s)
		return x, y, s.Mark()
	}
	for name, use := range map[string]func(*canon.Scanner) error{
		"Canonical before a start": func(s *canon.Scanner) error { _, err := s.Canonical(nil, canon.Exclusive{}); return err },
		"Canonical at an end": func(s *canon.Scanner) error {
			inner(s)
			_, err := s.Canonical(nil, canon.Exclusive{})
			if err != nil {
				return err
			}
			_, err = s.Canonical(nil, canon.Exclusive{})
			return err
		},
		"Span before the end": func(s *canon.Scanner) error {
			_, y, _ := inner(s)
			_, err := s.Span(y)
			return err
		},
		"Span of another's end": func(s *canon.Scanner) error {
			_, y, _ := inner(s)
			start(t, s)
			if err := s.Skip(); err != nil {
				return err
			}
			_, err := s.Span(y)
			return err
		},
		"Rewind to a closed parent's child": func(s *canon.Scanner) error {
			_, _, z := inner(s)
			start(t, s)
			return s.Rewind(z)
		},
		"Rewind to nothing": func(s *canon.Scanner) error { return s.Rewind(canon.Mark{}) },
		"Rewind to another document": func(s *canon.Scanner) error {
			x, _, _ := inner(s)
			if err := s.Reset([]byte(doc), closed); err != nil {
				return err
			}
			return s.Rewind(x)
		},
		"Canonical without a grandchild": func(s *canon.Scanner) error {
			x, _, z := inner(s)
			if err := s.Skip(); err != nil {
				return err
			}
			span, err := s.Span(z)
			if err != nil {
				return err
			}
			if err := s.Rewind(x); err != nil {
				return err
			}
			_, err = s.Canonical(nil, canon.Exclusive{Omit: span})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, doc, closed)
			if err := use(s); code(err) != canon.Misuse {
				t.Errorf("got %v", err)
			}
			if _, err := s.Next(); code(err) != canon.Misuse {
				t.Errorf("goes on after misuse: %v", err)
			}
		})
	}
}

// TestRewind reads an element twice and goes on behind it.
func TestRewind(t *testing.T) {
	t.Parallel()
	s := open(t, `<x xmlns="urn:example:a"><y xmlns:p="urn:example:b">1<p:z/></y>2</x>`, closed)
	start(t, s)
	x := s.Mark()
	start(t, s)
	y := s.Mark()
	for range 2 {
		got, err := s.Canonical(nil, canon.Exclusive{})
		if err != nil || string(got) != `<y xmlns="urn:example:a">1<p:z xmlns:p="urn:example:b"></p:z></y>` {
			t.Fatalf("%s %v", got, err)
		}
		if err := s.Rewind(y); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Skip(); err != nil {
		t.Fatal(err)
	}
	span, err := s.Span(y)
	if err != nil {
		t.Fatal(err)
	}
	if err := toEnd(s); err != nil {
		t.Fatal(err)
	}
	if err := s.Rewind(x); err != nil {
		t.Fatal(err)
	}
	got, err := s.Canonical(nil, canon.Exclusive{Omit: span})
	if err != nil || string(got) != `<x xmlns="urn:example:a">2</x>` {
		t.Errorf("%s %v", got, err)
	}
}

// toEnd reads on to the end of the document.
func toEnd(s *canon.Scanner) error {
	for {
		if k, err := s.Next(); err != nil || k == canon.EOF {
			return err
		}
	}
}

func TestExclude(t *testing.T) {
	t.Parallel()
	s := open(t, `<x xmlns="urn:example:a"><b:y xmlns:b="urn:example:b"/></x>`, closed)
	start(t, s)
	if _, err := s.Canonical(nil, canon.Exclusive{Exclude: b}); code(err) != canon.Excluded {
		t.Errorf("got %v", err)
	}
}

// TestGrowth refuses a document that is small and has a large canonical form.
func TestGrowth(t *testing.T) {
	t.Parallel()
	p := canon.NewProfile(canon.Limits{MaxBytes: 2000}, a, b)
	doc := `<x xmlns="urn:example:a" xmlns:p="urn:example:b">` + strings.Repeat("<p:a/>", 200) + `</x>`
	if _, err := whole([]byte(doc), p); code(err) != canon.TooLarge || events([]byte(doc), p) != nil {
		t.Errorf("got %v", err)
	}
}

func TestUniqueID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		doc  string
		code canon.Code
	}{
		{`<x xmlns="urn:example:a" Id="1"><y Id="2" id="3"/></x>`, ""},
		{`<x xmlns="urn:example:a" Id="1"><y ref="1" Idx="1"/></x>`, ""},
		{`<x xmlns="urn:example:a" Id="1"><y Id="1"/></x>`, canon.DuplicateID},
		{`<x xmlns="urn:example:a" Id="1"><y ID="&#49;"/></x>`, canon.DuplicateID},
		{`<x xmlns="urn:example:a" Id="1" iD="1"/>`, canon.DuplicateID},
		{`<x xmlns="urn:example:a" xmlns:b="urn:example:b" Id="1" b:Id="1"/>`, canon.DuplicateID},
	} {
		s := open(t, c.doc, closed)
		start(t, s)
		if _, err := s.Canonical(nil, canon.Exclusive{ID: []byte("1")}); code(err) != c.code {
			t.Errorf("%s: %v", c.doc, err)
		}
	}
}

// TestNoAllocations holds the scanner to what it says: once warm, none.
func TestNoAllocations(t *testing.T) {
	doc := []byte(`<x xmlns="urn:example:a" xmlns:b="urn:example:b" i="&amp;">` + strings.Repeat(`<b:y j='1' b:i="&lt;">text &amp; more<z/>
</b:y>`, 100) + `</x>`)
	var s canon.Scanner
	var err error
	out := make([]byte, 0, 2*len(doc))
	n := testing.AllocsPerRun(20, func() {
		if err = s.Reset(doc, closed); err != nil {
			return
		}
		for k := canon.None; k != canon.EOF && err == nil; {
			if k, err = s.Next(); k == canon.Start {
				_, _ = s.Name(), s.Attrs()
			} else if k == canon.Text {
				_, _ = s.Text(), s.Line()
			}
		}
		if err = s.Reset(doc, closed); err == nil {
			if _, err = s.Next(); err == nil {
				_, err = s.Canonical(out, canon.Exclusive{})
			}
		}
	})
	if n != 0 || err != nil {
		t.Errorf("%v allocations, %v", n, err)
	}
}

// TestNames fills the scanner with names and finds the right one afterwards.
func TestNames(t *testing.T) {
	t.Parallel()
	var s canon.Scanner
	for round := range 3 {
		var w strings.Builder
		w.WriteString(`<x xmlns="urn:example:a">`)
		for i := range 5000 {
			fmt.Fprintf(&w, "<n%d-%d/>", round, i)
		}
		w.WriteString("</x>")
		if err := s.Reset([]byte(w.String()), closed); err != nil {
			t.Fatal(err)
		}
		start(t, &s)
		for i := range 5000 {
			start(t, &s)
			if want := fmt.Sprintf("n%d-%d", round, i); s.Name().Local != want {
				t.Fatalf("got %s, want %s", s.Name().Local, want)
			}
		}
	}
}
