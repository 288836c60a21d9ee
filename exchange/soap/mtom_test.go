package soap_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"ccpor/exchange/soap"
)

const (
	rootHead = "Content-Type: application/xop+xml; charset=UTF-8; type=\"text/xml\"\r\nContent-ID: <root@x>\r\n\r\n"
	head1    = "content-id: <one@x>\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: binary\r\n\r\n"
	head2    = "CONTENT-ID: two@x\r\n\r\n"
)

func parts(p ...string) string {
	return "--b\r\n" + strings.Join(p, "\r\n--b\r\n") + "\r\n--b--\r\n"
}

func split(body string) (*soap.Message, error) {
	return soap.Split([]byte(body), soap.ContentType{Edition: soap.SOAP11, Multipart: true, Boundary: "b", Start: "root@x"})
}

func TestSplit(t *testing.T) {
	t.Parallel()
	binary := "%PDF-1.7\r\n--not the boundary\r\n\x00\xff--b\r\n"
	m, err := split("\r\n--b \t\r\n" + head1 + binary + "\r\n--b\r\n" + rootHead + "<root/>" + "\r\n--b\r\n" + head2 + "\r\n--b--")
	if err != nil {
		t.Fatal(err)
	}
	if string(m.Root) != "<root/>" || m.Edition != soap.SOAP11 {
		t.Errorf("root %q, %v", m.Root, m.Edition)
	}
	if got, media, err := m.Take("cid:one%40x"); err != nil || string(got) != binary || media != "application/pdf" {
		t.Errorf("first part %q, %q, %v", got, media, err)
	}
	wantCode(t, "before the second is taken", m.CheckUsed(), soap.PartUnused)
	if got, _, err := m.Take("cid:two@x"); err != nil || len(got) != 0 {
		t.Errorf("second part %q, %v", got, err)
	}
	if err := m.CheckUsed(); err != nil {
		t.Error(err)
	}
	for href, want := range map[string]soap.Code{
		"cid:one@x":         soap.PartTwice,
		"cid:three@x":       soap.PartMissing,
		"cid:root@x":        soap.PartMissing,
		"one@x":             soap.PartMissing,
		"https://hub/one@x": soap.PartMissing,
		"file:///etc/hosts": soap.PartMissing,
		"cid:%zz":           soap.PartMissing,
		"":                  soap.PartMissing,
	} {
		_, _, err := m.Take(href)
		wantCode(t, href, err, want)
	}
}

func TestSplitRefuses(t *testing.T) {
	t.Parallel()
	root := rootHead + "<root/>"
	for _, c := range []struct {
		name, body string
		want       soap.Code
	}{
		{"nothing", "", soap.Parts},
		{"no parts", "--b--\r\n", soap.Parts},
		{"another boundary", strings.ReplaceAll(parts(root), "--b", "--c"), soap.Parts},
		{"a preamble", "hello\r\n" + parts(root), soap.Parts},
		{"an epilogue", parts(root) + "hello", soap.Parts},
		{"no last boundary", strings.TrimSuffix(parts(root), "--b--\r\n"), soap.Parts},
		{"cut short", strings.TrimSuffix(parts(root), "--\r\n"), soap.Parts},
		{"boundary that goes on", parts(root, head1+"x\r\n--bc\r\ny"), soap.Parts},
		{"no header", parts("<root/>"), soap.Parts},
		{"header without colon", parts("Content-ID\r\n\r\n<root/>"), soap.Parts},
		{"header twice", parts("Content-ID: <root@x>\r\ncontent-id: <other@x>\r\n\r\n<root/>"), soap.Parts},
		{"endless header", parts("X: " + strings.Repeat("a", 5000) + "\r\n" + root), soap.Parts},
		{"bare line feeds", strings.ReplaceAll(parts(root), "\r\n", "\n"), soap.Parts},
		{"no root", parts(head1+"x", head2+"y"), soap.Parts},
		{"base64 part", parts(root, "Content-ID: <one@x>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA"), soap.Parts},
		{"two of one id", parts(root, head1+"x", head1+"y"), soap.PartTwice},
		{"one with the root's id", parts(root, rootHead+"y"), soap.PartTwice},
		{"too many", parts(append([]string{root}, many(soap.MaxParts)...)...), soap.TooManyParts},
		{"root of another type", parts("Content-Type: text/xml\r\nContent-ID: <root@x>\r\n\r\n<root/>"), soap.MediaType},
		{"root without a type", parts("Content-ID: <root@x>\r\n\r\n<root/>"), soap.MediaType},
		{"root in another charset", parts("Content-Type: application/xop+xml; charset=utf-16\r\nContent-ID: <root@x>\r\n\r\n<root/>"), soap.Charset},
		{"root of the other version", parts("Content-Type: application/xop+xml; type=\"application/soap+xml\"\r\nContent-ID: <root@x>\r\n\r\n<root/>"), soap.VersionMix},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := split(c.body)
			wantCode(t, c.name, err, c.want)
		})
	}
}

func many(n int) []string {
	var p []string
	for i := range n {
		p = append(p, "Content-ID: <p"+string(rune('a'+i))+">\r\n\r\nx")
	}
	return p
}

func wantCode(t *testing.T, what string, err error, want soap.Code) {
	t.Helper()
	var refused *soap.Error
	if !errors.As(err, &refused) || refused.Code != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

// What is taken apart here must look the same to another reader: the standard library's.
func FuzzSplit(f *testing.F) {
	f.Add([]byte(parts(rootHead+"<root/>", head1+"%PDF")))
	f.Add([]byte("\r\n--b\r\n" + rootHead + "\r\n--b--"))
	f.Add([]byte(parts(rootHead+"<root/>", head2+"x\r\n--b \r\n\r\n")))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := soap.Split(body, soap.ContentType{Multipart: true, Boundary: "b"})
		if err != nil {
			return
		}
		p, err := multipart.NewReader(bytes.NewReader(body), "b").NextRawPart()
		if err != nil {
			t.Fatalf("taken, but mime/multipart says %v: %q", err, body)
		}
		root, err := io.ReadAll(p)
		if err != nil || !bytes.Equal(root, m.Root) {
			t.Fatalf("root %q, mime/multipart reads %q (%v)", m.Root, root, err)
		}
	})
}
