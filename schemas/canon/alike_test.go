package canon_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"ccpor/schemas/canon"
	"ccpor/schemas/canon/canontest"
)

// ours are the namespaces of packages and messages, so that the samples are read and not refused for their names.
var ours = []string{"urn:ccpor:exchange:package:1.0", "urn:ccpor:exchange:codes:1.0", "urn:ccpor:exchange:service:1.0",
	"http://www.w3.org/2003/05/soap-envelope", "http://www.w3.org/2005/08/addressing", "http://www.w3.org/2004/08/xop/include"}

// alikeProfiles are those under which every document is read: a package's, and a message's, whose header may hold names that
// nobody here knows. A message that package soap accepts has been accepted by this second one before.
var alikeProfiles = map[string]*canon.Profile{
	"package": canon.NewProfile(canon.Limits{MaxBytes: 1 << 20}, append(ours, canontest.Namespaces...)...),
	"message": canon.NewProfile(canon.Limits{MaxBytes: 1 << 20, Foreign: true}, append(ours, canontest.Namespaces...)...),
}

// scanned is a document as the scanner reads it.
func scanned(doc []byte, p *canon.Profile) (all []canontest.Event, err error) {
	var s canon.Scanner
	if err := s.Reset(doc, p); err != nil {
		return nil, err
	}
	for {
		k, err := s.Next()
		switch {
		case err != nil || k == canon.EOF:
			return all, err
		case k == canon.Text:
			all = append(all, canontest.Event{Kind: 'T', Text: string(s.Text())})
			continue
		case k == canon.End:
			all = append(all, canontest.Event{Kind: 'E'})
			continue
		}
		e := canontest.Event{Kind: 'S', Space: s.Name().Space, Local: s.Name().Local}
		for _, a := range s.Attrs() {
			e.Attrs = append(e.Attrs, canontest.Attr{Space: a.Name.Space, Local: a.Name.Local, Value: string(a.Value)})
		}
		canontest.SortAttrs(e.Attrs)
		all = append(all, e)
	}
}

// standard is a document as encoding/xml reads it. It hands out the XML declaration, and a byte order mark and white space
// around the document element as text; the two others say nothing of these, and they mean nothing.
func standard(doc []byte) (all []canontest.Event, err error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	for depth := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			depth++
			all = append(all, standardStart(e))
		case xml.EndElement:
			depth--
			all = append(all, canontest.Event{Kind: 'E'})
		case xml.CharData:
			if depth > 0 {
				all = append(all, canontest.Event{Kind: 'T', Text: string(e)})
			}
		case xml.ProcInst:
			if len(all) > 0 || e.Target != "xml" {
				return nil, fmt.Errorf("a processing instruction %s", e.Target)
			}
		default:
			return nil, fmt.Errorf("a %T", token)
		}
	}
}

// standardStart leaves out namespace declarations: encoding/xml hands them out as attributes.
func standardStart(e xml.StartElement) canontest.Event {
	out := canontest.Event{Kind: 'S', Space: e.Name.Space, Local: e.Name.Local}
	for _, a := range e.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		out.Attrs = append(out.Attrs, canontest.Attr{Space: a.Name.Space, Local: a.Name.Local, Value: a.Value})
	}
	canontest.SortAttrs(out.Attrs)
	return out
}

// blurred are the events with every namespace that is not the profile's as the scanner tells it: canon.Foreign.
func blurred(all []canontest.Event) []canontest.Event {
	known := map[string]bool{"": true, canon.XML: true, canon.XSI: true, canon.XSD: true}
	for _, ns := range append(ours, canontest.Namespaces...) {
		known[ns] = true
	}
	blur := func(ns *string) {
		if !known[*ns] {
			*ns = canon.Foreign
		}
	}
	for i := range all {
		blur(&all[i].Space)
		for j := range all[i].Attrs {
			blur(&all[i].Attrs[j].Space)
		}
		canontest.SortAttrs(all[i].Attrs)
	}
	return all
}

// readAlike compares the three readings of a document that the scanner accepts; it says whether it does under any profile.
func readAlike(t *testing.T, doc []byte) (accepted bool) {
	t.Helper()
	for name, p := range alikeProfiles {
		got, err := scanned(doc, p)
		if err != nil {
			continue
		}
		accepted = true
		for reader, read := range map[string]func([]byte) ([]canontest.Event, error){"libxml2": canontest.Read, "encoding/xml": standard} {
			theirs, err := read(doc)
			if err != nil {
				t.Fatalf("accepted as a %s, and %s says %v\n%q", name, reader, err, doc)
			}
			if theirs = blurred(theirs); !reflect.DeepEqual(got, theirs) {
				t.Fatalf("read otherwise as a %s:\nscanner %q\n%s %q\nof %q", name, got, reader, theirs, doc)
			}
		}
	}
	return accepted
}

// goodOnes are the cases' packages and the recorded messages of other clients, by their files.
func goodOnes(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"../../testdata/cases/*/package.xml", "../../exchange/sig/testdata/clients/*.xml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: nothing there: %v", pattern, err)
		}
		for _, file := range files {
			if all[file], err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// TestGoodOnesReadAlike: they are accepted, so that the comparison compares.
func TestGoodOnesReadAlike(t *testing.T) {
	t.Parallel()
	all := goodOnes(t)
	for file, doc := range all {
		if !readAlike(t, doc) {
			t.Errorf("%s is refused", file)
		}
	}
	t.Logf("%d documents read alike by the scanner, libxml2 and encoding/xml", len(all))
}

// FuzzReadAlike: whatever the scanner accepts, as a package or as a message, libxml2 and encoding/xml accept too, and read the
// same elements, attributes, namespaces and text out of the bytes as they came.
func FuzzReadAlike(f *testing.F) {
	seeds(f, func(doc []byte) { f.Add(doc) })
	for _, doc := range goodOnes(f) {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) { readAlike(t, doc) })
}

// TestReadAlike reads documents on which readers are known to differ: each is either read alike by all three, or refused.
func TestReadAlike(t *testing.T) {
	t.Parallel()
	const b = `xmlns="urn:example:b"`
	for name, c := range map[string]struct {
		doc   string
		taken bool
	}{
		"an element xmlns":                {`<xmlns ` + b + `/>`, false}, // encoding/xml puts it into no namespace
		"an element with xmlns as prefix": {`<xmlns:a ` + b + `/>`, false},
		"an attribute p:xmlns":            {`<a ` + b + ` xmlns:p="urn:example:b" p:xmlns="x"/>`, true},
		"an element p:xmlns":              {`<p:xmlns xmlns:p="urn:example:b"/>`, true},
		"an element xml":                  {`<xml ` + b + `/>`, true},
		"an element xml:a, in a message":  {`<xml:a ` + b + `/>`, true},
		"the default undone":              {`<a ` + b + `><c xmlns=""><d/></c><e/></a>`, true},
		"a prefix rebound":                {`<p:a xmlns:p="urn:example:b"><p:a xmlns:p="urn:example:other:1"/><p:a/></p:a>`, true},
		"an attribute without prefix":     {`<a ` + b + ` c="1" xmlns:p="urn:example:b" p:c="2"/>`, true},
		"xml:lang":                        {`<a ` + b + ` xml:lang="en" lang="fr"/>`, true},
		"a byte order mark":               {"\uFEFF<?xml version='1.0' encoding='utf-8'?>\r\n<a " + b + "/>\r\n", true},
		"encoding in another case":        {`<?xml version="1.0" encoding="Utf-8"?><a ` + b + `/>`, true},
		"carriage returns":                {"<a " + b + ">1\r2\r\n3\n\r4&#13;\n5&#xD;</a>", true},
		"carriage returns in a tag":       {"<a\r" + b + "\r\n></a\r>", true},
		"white space by reference":        {"<a " + b + " c=' &#9;&#10;&#13; '/>", true},
		"a line break in an attribute":    {"<a " + b + " c='1\n2'/>", false},
		"escaped ends":                    {"<a " + b + ">]]&gt;]] ></a>", true},
		"an end of CDATA in an attribute": {"<a " + b + " c=']]>'/>", true},
		"a foreign header":                {`<a ` + b + `><h:x xmlns:h="urn:elsewhere" h:c="1" xmlns:i="urn:further" i:c="0"/></a>`, true},
		"one name by two prefixes":        {`<a ` + b + ` xmlns:p="urn:x" xmlns:q="urn:x" p:c="1" q:c="2"/>`, false},
	} {
		if taken := readAlike(t, []byte(c.doc)); taken != c.taken {
			t.Errorf("%s: taken is %t, want %t", name, taken, c.taken)
		}
	}
}
