package hostile

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

// target is a message that is being changed.
type target struct {
	rng  *rand.Rand
	cast *Cast
	kind string
	as   string
	head string
	body string
}

// mutation is one way of making a good message hostile. apply says whether there was anything to change.
type mutation struct {
	class, name string
	// shape says that every result must be refused for its shape alone, also where all that is signed is as it was.
	shape bool
	apply func(*target) bool
}

// mutations are all of them.
var mutations = []mutation{
	{"content", "a letter of a text", false, (*target).letter},
	{"content", "a text", false, (*target).text},
	{"content", "an element less", false, (*target).remove},
	{"content", "an element twice", false, (*target).double},
	{"content", "an element elsewhere", false, (*target).move},
	{"content", "two elements exchanged", false, (*target).exchange},
	{"content", "an element within another", false, (*target).nest},
	{"content", "white space", false, inPackage(func(t *target, p string) string { return t.insertAtTag(p, []string{" ", "\n", "\t", "\r\n"}) })},
	{"names", "an element renamed", false, (*target).rename},
	{"names", "an attribute more", false, inPackage(func(t *target, p string) string {
		return t.inTag(p, t.pick(` a="1"`, ` yards="0"`, ` xsi:type="x"`, ` lang="en"`))
	})},
	{"namespaces", "another default namespace", false, inPackage(func(t *target, p string) string {
		return t.inTag(p, ` xmlns="`+t.pick(codesNS, serviceNS, "", "urn:other", "http://www.w3.org/2000/09/xmldsig#")+`"`)
	})},
	{"namespaces", "a namespace of another's", true, inPackage(func(t *target, p string) string { return t.inTag(p, ` xmlns:zz="urn:`+t.word()+`"`) })},
	{"namespaces", "a declaration that is none", true, anywhereIn(func(t *target, s string) string {
		return t.inTag(s, t.pick(` xmlns:q=""`, ` xmlns:xml="urn:x"`, ` xmlns:xmlns="urn:x"`, ` xmlns:q="http://www.w3.org/XML/1998/namespace"`))
	})},
	{"ids", "the package's Id again", true, inPackageBelow(func(t *target, p string) string {
		return t.inTag(p, t.pick(` Id="package"`, ` ID="package"`, ` id="package"`, ` Id="&#112;ackage"`))
	})},
	{"ids", "the package's Id changed", true, func(t *target) bool { return t.swap(` Id="package"`, ` Id="`+t.word()+`"`) }},
	{"ids", "an Id of XML", true, anywhereIn(func(t *target, s string) string {
		return t.inTag(s, t.pick(` xml:id="package"`, ` xml:base="http://127.0.0.1/"`, ` xml:id="`+t.word()+`"`, ` xml:other="x"`))
	})},
	{"comments", "a comment", true, anywhereIn(func(t *target, s string) string {
		return t.insertAtTag(s, []string{"<!-- " + t.word() + " -->", "<!---->"})
	})},
	{"comments", "an instruction", true, anywhereIn(func(t *target, s string) string {
		return t.insertAtTag(s, []string{"<?" + t.word() + " x?>", `<?xml version="1.0"?>`})
	})},
	{"comments", "CDATA", true, anywhereIn(func(t *target, s string) string {
		return t.insertAtTag(s, []string{"<![CDATA[" + t.word() + "]]>", "<![CDATA[]]>"})
	})},
	{"entities", "a DOCTYPE", true, func(t *target) bool {
		return t.swap("<soap:Envelope", t.pick("<!DOCTYPE x>", `<!DOCTYPE x [<!ENTITY a "`+t.word()+`">]>`, `<!DOCTYPE x SYSTEM "file:///`+t.word()+`">`,
			`<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/`+t.word()+`">%p;]>`)+"<soap:Envelope")
	}},
	{"entities", "an entity", true, anywhereIn(func(t *target, s string) string {
		return t.insertInText(s, []string{"&" + t.word() + ";", "&", "&#0;", "&#xD800;", "&#x110000;", "&#1;", "&#X41;"})
	})},
	{"schema location", "xsi", true, anywhereIn(func(t *target, s string) string {
		return t.inTag(s, ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:`+t.pick("type", "nil", "schemaLocation", "noNamespaceSchemaLocation")+`="`+t.word()+`"`)
	})},
	{"schema location", "XInclude", true, inPackage(func(t *target, p string) string {
		return t.insertAtTag(p, []string{`<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///` + t.word() + `"/>`})
	})},
	{"wrapping", "an unsigned package first", true, (*target).unsignedFirst},
	{"wrapping", "the signed package in a header", false, (*target).intoHeader},
	{"wrapping", "the signed package inside another", true, (*target).intoPackage},
	{"wrapping", "the signed package inside the signature", true, (*target).intoSignature},
	{"wrapping", "the signature elsewhere", true, (*target).signatureElsewhere},
	{"wrapping", "the signature twice", true, (*target).signatureTwice},
	{"wrapping", "no signature", true, (*target).unsigned},
	{"references", "another reference", true, func(t *target) bool {
		return t.swap(`URI="#package"`, `URI="`+t.pick("", "#", "#"+t.word(), "package", "#xpointer(/)", "#xpointer(id('package'))", "http://127.0.0.1/"+t.word(), "cid:image-1", "#package ")+`"`)
	}},
	{"references", "another reference, signed anew", true, resignedBy("court-rsa", func(t *target) bool {
		return t.swap(`URI="#package"`, `URI="`+t.pick("", "#", "#"+t.word(), "package", "#xpointer(/)", "http://127.0.0.1/"+t.word())+`"`)
	})},
	{"references", "two references, signed anew", true, resignedBy("court-rsa", func(t *target) bool {
		return t.between("<ds:Reference ", "</ds:Reference>", func(r string) string {
			return r + strings.Replace(r, `"#package"`, `"#`+t.pick("package", t.word())+`"`, 1)
		})
	})},
	{"transforms", "another transform", true, (*target).transform},
	{"transforms", "another transform, signed anew", true, resignedBy("court-rsa", (*target).transform)},
	{"transforms", "a transform less or more", true, resignedBy("court-rsa", func(t *target) bool {
		return t.between(`<ds:Transform `, `</ds:Transform>`, func(x string) string { return t.pick("", x+x, x+x+x) })
	})},
	{"algorithms", "another algorithm", true, (*target).algorithm},
	{"algorithms", "another algorithm, signed anew", true, resignedBy("court-rsa", (*target).algorithm)},
	{"algorithms", "another digest", false, func(t *target) bool { return t.base64("ds:DigestValue") }},
	{"algorithms", "another digest, signed anew", true, resignedBy("court-rsa", func(t *target) bool { return t.base64("ds:DigestValue") })},
	{"algorithms", "another value", false, func(t *target) bool { return t.base64("ds:SignatureValue") }},
	{"keys", "another agency's key", true, resignedBy("other-court", func(*target) bool { return true })},
	{"keys", "the authority's key", true, resignedBy("ca", func(*target) bool { return true })},
	{"keys", "another agency's key, changed content", true, resignedBy("other-court", (*target).letter)},
	{"keys", "another agency's key and certificate", true, resignedBy("other-court", func(t *target) bool {
		is, err := between(t.body, "<ds:X509Certificate>", "</ds:X509Certificate>", base64.StdEncoding.EncodeToString(t.cast.keys["other-court"].cert.Raw), true)
		if err == nil {
			t.body = is
		}
		return err == nil
	})},
	{"keys", "another agency's connection", true, func(t *target) bool { t.as = t.pick("other-court", "court-p256", "weak", "none"); return true }},
	{"keys", "nobody's connection", true, func(t *target) bool { t.as = t.pick("stranger", "nobody", "lapsed"); return true }},
	{"bytes", "a bit", false, (*target).bit},
	{"bytes", "a byte more", false, (*target).byteMore},
	{"bytes", "bytes less", false, (*target).bytesLess},
	{"bytes", "a piece twice", false, (*target).pieceTwice},
	{"bytes", "cut off", true, func(t *target) bool { t.body = t.body[:t.rng.IntN(len(t.body)*9/10)]; return true }},
	{"encodings", "another encoding", true, func(t *target) bool {
		if t.kind == MTOM {
			return false
		}
		var err error
		t.body, err = encoded(t.body, t.pick("utf-16le", "utf-16be", "utf-16le-bom", "utf-16be-bom", "utf-32be", "utf-32le", "utf-7", "overlong"))
		return err == nil
	}},
	{"encodings", "bytes that are no UTF-8", true, anywhereIn(func(t *target, s string) string {
		return t.insertInText(s, []string{"\xc0\xbc", "\xe0\x80\xbc", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe9", "\xff", "\x80", "\xc3"})
	})},
	{"encodings", "characters that are none of XML's", true, anywhereIn(func(t *target, s string) string {
		return t.insertInText(s, []string{"\x00", "\x1b", "\x0b", "\uFFFE", "\uFFFF"})
	})},
	{"encodings", "another charset", true, func(t *target) bool {
		return t.kind != MTOM && t.inHead(`charset=utf-8`, "charset="+t.pick("iso-8859-1", "utf-16", "utf-7", "us-ascii", "windows-1252"))
	}},
	{"mtom", "an image changed", false, (*target).image},
	{"mtom", "another part", true, func(t *target) bool {
		return t.swap(`href="cid:image-1%40client"`, `href="`+t.pick("cid:"+t.word(), "http://127.0.0.1/"+t.word(), "file:///etc/"+t.word(), "cid:envelope%40client", "", "cid:")+`"`)
	}},
	{"mtom", "a part twice", true, func(t *target) bool {
		return t.kind == MTOM && t.between("\r\n--MIME-boundary\r\nContent-Type: application/octet-stream", "%%EOF\n", func(p string) string { return p + p })
	}},
	{"mtom", "a part more", true, func(t *target) bool {
		return t.kind == MTOM && t.swap("\r\n--MIME-boundary--", "\r\n--MIME-boundary\r\nContent-ID: <"+t.word()+">\r\n\r\n"+t.word()+"\r\n--MIME-boundary--")
	}},
	{"mtom", "a part less", true, func(t *target) bool {
		return t.kind == MTOM && t.between("\r\n--MIME-boundary\r\nContent-Type: application/octet-stream", "%%EOF\n", func(string) string { return "" })
	}},
	{"mtom", "a part in another transfer encoding", true, func(t *target) bool {
		return t.kind == MTOM && t.swap("Encoding: binary", "Encoding: "+t.pick("base64", "quoted-printable", "x-gzip", "chunked"))
	}},
	{"mtom", "another boundary", true, func(t *target) bool {
		return t.kind == MTOM && t.inHead(`boundary="MIME-boundary"`, `boundary="`+t.pick(t.word(), "MIME-boundar", "MIME", "")+`"`)
	}},
	{"soap", "two operations", true, func(t *target) bool {
		return t.swap("</SubmitOrder>", "</SubmitOrder>"+t.pick(`<SubmitOrder xmlns="`+serviceNS+`"/>`, `<Ping xmlns="`+serviceNS+`"/>`, "<x/>", t.word()))
	}},
	{"soap", "two bodies", true, func(t *target) bool {
		return t.swap("</soap:Envelope>", "<soap:Body>"+t.word()+"</soap:Body></soap:Envelope>")
	}},
	{"soap", "a header that must be understood", true, func(t *target) bool {
		block := `<z:` + t.word() + ` xmlns:z="urn:z" soap:mustUnderstand="` + t.pick("1", "true") + `"/>`
		if strings.Contains(t.body, "</soap:Header>") {
			return t.kind != SOAP12 && t.swap("</soap:Header>", strings.Replace(block, "true", "1", 1)+"</soap:Header>")
		}
		return t.swap("<soap:Body", "<soap:Header>"+strings.Replace(block, "true", "1", 1)+"</soap:Header><soap:Body")
	}},
	{"soap", "another action", true, func(t *target) bool { t.head += "SOAPAction: \"urn:" + t.word() + "\"\r\n"; return t.kind != SOAP12 }},
	{"soap", "another version", true, func(t *target) bool {
		return t.kind != MTOM && (t.inHead("Content-Type: text/xml", "Content-Type: application/soap+xml") || t.inHead("Content-Type: application/soap+xml", "Content-Type: text/xml"))
	}},
	{"soap", "another service", true, func(t *target) bool {
		return t.swap(`<SubmitOrder xmlns="`+serviceNS, `<SubmitOrder xmlns="urn:`+t.word())
	}},
	{"soap", "another operation", true, func(t *target) bool {
		t.body = strings.ReplaceAll(t.body, "SubmitOrder", "Submit"+t.word())
		return true
	}},
	{"http", "another media type", true, func(t *target) bool {
		return t.inHead("Content-Type: ", "Content-Type: "+t.pick("text/", "application/", "x"))
	}},
	{"http", "another method", true, func(t *target) bool {
		return t.inHead("POST ", t.pick("PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", strings.ToUpper(t.word()))+" ")
	}},
	{"http", "another coding of the content", true, func(t *target) bool {
		t.head += "Content-Encoding: " + t.pick("br", "deflate", "zstd", "gzip, gzip", "compress", t.word()) + "\r\n"
		return true
	}},
	{"gzip", "a stream that is none", true, func(t *target) bool {
		t.head += "Content-Encoding: gzip\r\n"
		z := zipped([]byte(t.body))
		switch t.rng.IntN(4) {
		case 0:
			z = z[:t.rng.IntN(len(z))]
		case 1:
			z = append(z, byte(t.rng.IntN(256)))
		case 2:
			z = append(z, z...)
		default:
			z[len(z)-1-t.rng.IntN(8)] ^= byte(1 + t.rng.IntN(255)) // checksum and length
		}
		t.body = string(z)
		return true
	}},
}

func (t *target) pick(of ...string) string { return of[t.rng.IntN(len(of))] }

// word is a word of chance.
func (t *target) word() string {
	b := make([]byte, 3+t.rng.IntN(6))
	for i := range b {
		b[i] = byte('a' + t.rng.IntN(26))
	}
	return string(b)
}

func (t *target) swap(old, to string) bool {
	if !strings.Contains(t.body, old) {
		return false
	}
	t.body = strings.Replace(t.body, old, to, 1)
	return true
}

func (t *target) inHead(old, to string) bool {
	if !strings.Contains(t.head, old) {
		return false
	}
	t.head = strings.Replace(t.head, old, to, 1)
	return true
}

// between exchanges one of the pieces from open to end.
func (t *target) between(open, end string, to func(string) string) bool {
	all := indexes(t.body, open)
	if len(all) == 0 {
		return false
	}
	i := all[t.rng.IntN(len(all))]
	j := strings.Index(t.body[i:], end)
	if j < 0 {
		return false
	}
	j += i + len(end)
	t.body = t.body[:i] + to(t.body[i:j]) + t.body[j:]
	return true
}

func indexes(s, of string) []int {
	var all []int
	for i := 0; ; {
		j := strings.Index(s[i:], of)
		if j < 0 {
			return all
		}
		all = append(all, i+j)
		i += j + len(of)
	}
}

// place is where the package stands in the body: its start and its end, and where the signature inside it ends.
func (t *target) place() (from, signature, to int, ok bool) {
	from, to = strings.Index(t.body, "<OrderPackage"), strings.LastIndex(t.body, "</OrderPackage>")
	if from < 0 || to < from {
		return 0, 0, 0, false
	}
	signature = strings.LastIndex(t.body[:to], "</ds:Signature>")
	if signature < from {
		return 0, 0, 0, false
	}
	return from, signature + len("</ds:Signature>"), to, true
}

// inPackage changes the package's content after its signature.
func inPackage(change func(*target, string) string) func(*target) bool {
	return func(t *target) bool {
		_, from, to, ok := t.place()
		if !ok {
			return false
		}
		is := change(t, t.body[from:to])
		different := is != t.body[from:to]
		t.body = t.body[:from] + is + t.body[to:]
		return different
	}
}

// inPackageBelow is the same; the name says that the package's own start tag stays as it is.
func inPackageBelow(change func(*target, string) string) func(*target) bool { return inPackage(change) }

// anywhereIn changes the envelope, which in a message of parts is one of them.
func anywhereIn(change func(*target, string) string) func(*target) bool {
	return func(t *target) bool {
		from, to := strings.Index(t.body, "<soap:Envelope"), strings.Index(t.body, "</soap:Envelope>")
		if from < 0 || to < from {
			return false
		}
		is := change(t, t.body[from:to])
		different := is != t.body[from:to]
		t.body = t.body[:from] + is + t.body[to:]
		return different
	}
}

var (
	startTag = regexp.MustCompile(`<[A-Za-z][^<>]*[^<>/]>|<[A-Za-z]>`)
	leaf     = regexp.MustCompile(`>[^<>]+<`)
	element  = regexp.MustCompile(`<([A-Za-z]+)>[^<>]*</[A-Za-z]+>`)
)

// one is a place of a pattern.
func (t *target) one(of *regexp.Regexp, s string) []int {
	all := of.FindAllStringIndex(s, -1)
	if len(all) == 0 {
		return nil
	}
	return all[t.rng.IntN(len(all))]
}

// inTag puts an attribute at the end of a start tag.
func (t *target) inTag(s, attribute string) string {
	at := t.one(startTag, s)
	if at == nil {
		return s
	}
	return s[:at[1]-1] + attribute + s[at[1]-1:]
}

// insertAtTag puts text behind a start tag.
func (t *target) insertAtTag(s string, of []string) string {
	at := t.one(startTag, s)
	if at == nil {
		return s
	}
	return s[:at[1]] + t.pick(of...) + s[at[1]:]
}

// insertInText puts text into the text of an element.
func (t *target) insertInText(s string, of []string) string {
	at := t.one(leaf, s)
	if at == nil {
		return s
	}
	i := at[0] + 1 + t.rng.IntN(at[1]-at[0]-1)
	return s[:i] + t.pick(of...) + s[i:]
}

func (t *target) letter() bool {
	return inPackage(func(t *target, p string) string {
		at := t.one(leaf, p)
		if at == nil {
			return p
		}
		i := at[0] + 1 + t.rng.IntN(at[1]-at[0]-2)
		return p[:i] + t.pick("0", "1", "7", "A", "x", "Z", "-", "é") + p[i+1:]
	})(t)
}

func (t *target) text() bool {
	return inPackage(func(t *target, p string) string {
		at := t.one(leaf, p)
		if at == nil {
			return p
		}
		return p[:at[0]+1] + t.pick("true", "false", "0", "", "M", t.word(), "2020-01-01", "999999") + p[at[1]-1:]
	})(t)
}

func (t *target) remove() bool {
	return inPackage(func(t *target, p string) string { at := t.one(element, p); return p[:at[0]] + p[at[1]:] })(t)
}

func (t *target) double() bool {
	return inPackage(func(t *target, p string) string { at := t.one(element, p); return p[:at[1]] + p[at[0]:] })(t)
}

func (t *target) move() bool {
	return inPackage(func(t *target, p string) string {
		at := t.one(element, p)
		moved := p[at[0]:at[1]]
		return t.insertAtTag(p[:at[0]]+p[at[1]:], []string{moved})
	})(t)
}

func (t *target) exchange() bool {
	return inPackage(func(t *target, p string) string {
		a, b := t.one(element, p), t.one(element, p)
		if a[0] > b[0] {
			a, b = b, a
		}
		if a[0] == b[0] {
			return p
		}
		return p[:a[0]] + p[b[0]:b[1]] + p[a[1]:b[0]] + p[a[0]:a[1]] + p[b[1]:]
	})(t)
}

func (t *target) nest() bool {
	return inPackage(func(t *target, p string) string {
		at := t.one(element, p)
		name := t.pick("ProtectionOrder", "Document", "OrderPackage", "x"+t.word())
		return p[:at[0]] + "<" + name + ">" + p[at[0]:at[1]] + "</" + name + ">" + p[at[1]:]
	})(t)
}

func (t *target) rename() bool {
	return inPackage(func(t *target, p string) string {
		at := t.one(element, p)
		piece := p[at[0]:at[1]]
		name := element.FindStringSubmatch(piece)[1]
		return p[:at[0]] + strings.ReplaceAll(piece, name+">", t.pick(name+"X", strings.ToLower(name), "Case"+name, "PersonSurName", "PersonGivenName")+">") + p[at[1]:]
	})(t)
}

// bare is the package without its signature, with something changed.
func (t *target) bare() (from, to int, pack, signed string, ok bool) {
	from, signature, to, ok := t.place()
	if !ok {
		return 0, 0, "", "", false
	}
	to += len("</OrderPackage>")
	open := strings.Index(t.body[from:], "<ds:Signature")
	signed = t.body[from:to]
	pack = t.body[from:from+open] + t.body[signature:to]
	pack = strings.Replace(pack, ">100<", ">"+fmt.Sprint(t.rng.IntN(99))+"<", 1)
	return from, to, pack, signed, true
}

func (t *target) unsigned() bool {
	from, to, pack, _, ok := t.bare()
	if ok {
		t.body = t.body[:from] + pack + t.body[to:]
	}
	return ok
}

func (t *target) unsignedFirst() bool {
	from, to, pack, signed, ok := t.bare()
	if ok {
		t.body = t.body[:from] + strings.Replace(pack, `"package"`, `"`+t.pick("package", t.word())+`"`, 1) + signed + t.body[to:]
	}
	return ok
}

func (t *target) intoHeader() bool {
	from, to, pack, signed, ok := t.bare()
	if !ok {
		return false
	}
	t.body = t.body[:from] + pack + t.body[to:]
	block := `<w:` + t.word() + ` xmlns:w="urn:w">` + signed + `</w:`
	block += block[3:strings.IndexByte(block, ' ')] + ">"
	if strings.Contains(t.body, "</soap:Header>") {
		return t.swap("</soap:Header>", block+"</soap:Header>")
	}
	return t.swap("<soap:Body", "<soap:Header>"+block+"</soap:Header><soap:Body")
}

func (t *target) intoPackage() bool {
	from, to, pack, signed, ok := t.bare()
	if !ok {
		return false
	}
	pack = strings.Replace(pack, `"package"`, `"`+t.pick("package", t.word())+`"`, 1)
	switch t.rng.IntN(3) {
	case 0:
		pack = strings.Replace(pack, "</OrderPackage>", signed+"</OrderPackage>", 1)
	case 1:
		pack = strings.Replace(pack, "><PackageHeader", ">"+signed+"<PackageHeader", 1)
	default: // the signature goes up, what it signed stays below
		open, end := strings.Index(signed, "<ds:Signature"), strings.Index(signed, "</ds:Signature>")+len("</ds:Signature>")
		pack = strings.Replace(pack, "><PackageHeader", ">"+signed[open:end]+"<PackageHeader", 1)
		pack = strings.Replace(pack, "</OrderPackage>", signed[:open]+signed[end:]+"</OrderPackage>", 1)
	}
	t.body = t.body[:from] + pack + t.body[to:]
	return true
}

func (t *target) intoSignature() bool {
	from, to, pack, signed, ok := t.bare()
	if !ok {
		return false
	}
	open, end := strings.Index(signed, "<ds:Signature"), strings.Index(signed, "</ds:Signature>")
	inner := signed[:open] + signed[end+len("</ds:Signature>"):]
	signature := signed[open:end] + t.pick("<ds:Object>"+inner+"</ds:Object>", inner, "<ds:KeyInfo>"+inner+"</ds:KeyInfo>") + "</ds:Signature>"
	pack = strings.Replace(pack, "><PackageHeader", ">"+signature+"<PackageHeader", 1)
	t.body = t.body[:from] + strings.Replace(pack, `"package"`, `"`+t.pick("package", t.word())+`"`, 1) + t.body[to:]
	return true
}

func (t *target) signatureElsewhere() bool {
	from, end, to, ok := t.place()
	if !ok {
		return false
	}
	open := from + strings.Index(t.body[from:], "<ds:Signature")
	signature := t.body[open:end]
	rest := t.body[end:to]
	if t.rng.IntN(3) == 0 {
		rest += signature
	} else {
		rest = t.insertAtTag(rest, []string{signature})
	}
	t.body = t.body[:open] + rest + t.body[to:]
	return true
}

func (t *target) signatureTwice() bool {
	from, end, to, ok := t.place()
	if !ok {
		return false
	}
	open := from + strings.Index(t.body[from:], "<ds:Signature")
	signature := t.body[open:end]
	t.body = t.body[:end] + t.insertAtTag(t.body[end:to], []string{signature}) + t.body[to:]
	return true
}

const w3 = "http://www.w3.org/"

func (t *target) transform() bool {
	return t.attribute(`<ds:Transform Algorithm="`, t.pick(w3+"TR/2001/REC-xml-c14n-20010315", w3+"2001/10/xml-exc-c14n#WithComments", w3+"TR/1999/REC-xpath-19991116", w3+"TR/1999/REC-xslt-19991116",
		w3+"2002/06/xmldsig-filter2", w3+"2000/09/xmldsig#base64", w3+"2006/12/xml-c14n11", "urn:"+t.word()))
}

// algorithm exchanges the algorithm of SignedInfo, of the signature or of the digest by one outside the list.
func (t *target) algorithm() bool {
	which := t.pick("CanonicalizationMethod", "SignatureMethod", "DigestMethod")
	of := map[string][]string{
		"CanonicalizationMethod": {w3 + "TR/2001/REC-xml-c14n-20010315", w3 + "2001/10/xml-exc-c14n#WithComments", w3 + "2006/12/xml-c14n11", "urn:" + t.word(), ""},
		"SignatureMethod": {w3 + "2000/09/xmldsig#rsa-sha1", w3 + "2000/09/xmldsig#hmac-sha1", w3 + "2001/04/xmldsig-more#hmac-sha256", w3 + "2000/09/xmldsig#dsa-sha1", w3 + "2001/04/xmldsig-more#rsa-md5",
			w3 + "2001/04/xmldsig-more#rsa-ripemd160", w3 + "2007/05/xmldsig-more#sha256-rsa-MGF1", w3 + "2001/04/xmldsig-more#ecdsa-sha1", "urn:" + t.word(), ""},
		"DigestMethod": {w3 + "2000/09/xmldsig#sha1", w3 + "2001/04/xmldsig-more#md5", w3 + "2001/04/xmldsig-more#sha224", w3 + "2001/04/xmlenc#ripemd160", "urn:" + t.word(), ""},
	}[which]
	open := `<ds:` + which + ` Algorithm="`
	return t.attribute(open, t.pick(of...))
}

// attribute exchanges the value behind an opening text.
func (t *target) attribute(open, value string) bool {
	all := indexes(t.body, open)
	if len(all) == 0 {
		return false
	}
	i := all[t.rng.IntN(len(all))] + len(open)
	j := strings.IndexByte(t.body[i:], '"')
	if j < 0 {
		return false
	}
	t.body = t.body[:i] + value + t.body[i+j:]
	return true
}

// base64 changes a letter of a value.
func (t *target) base64(name string) bool {
	all := indexes(t.body, "<"+name+">")
	if len(all) == 0 {
		return false
	}
	i := all[t.rng.IntN(len(all))] + len(name) + 2
	j := strings.IndexByte(t.body[i:], '<')
	if j <= 4 {
		return false
	}
	i += t.rng.IntN(j - 4)
	to := t.pick("A", "b", "9", "/", "+", "=", "!", "AA")
	if t.body[i:i+1] == to {
		return false
	}
	t.body = t.body[:i] + to + t.body[i+1:]
	return true
}

// resignedBy changes a message and signs what its package's SignedInfo then says by a key.
func resignedBy(key string, change func(*target) bool) func(*target) bool {
	return func(t *target) bool {
		before := t.body
		if t.kind == MTOM || !change(t) || (t.body == before && key == "court-rsa") {
			return false
		}
		is, err := resigned(t.body, t.cast.keys[key].key, true)
		if err != nil {
			return false
		}
		t.body = is
		return true
	}
}

// area is where byte mutations are worth it: the package and the images.
func (t *target) area() (int, int) {
	from, _, to, ok := t.place()
	if !ok {
		return 0, len(t.body)
	}
	if end := strings.Index(t.body[to:], "</soap:Body>"); end > 0 {
		to += end
	}
	return from, to
}

func (t *target) bit() bool {
	from, to := t.area()
	i := from + t.rng.IntN(to-from)
	b := []byte(t.body)
	b[i] ^= 1 << t.rng.IntN(8)
	t.body = string(b)
	return true
}

func (t *target) byteMore() bool {
	from, to := t.area()
	i := from + t.rng.IntN(to-from)
	t.body = t.body[:i] + string([]byte{byte(t.rng.IntN(256))}) + t.body[i:]
	return true
}

func (t *target) bytesLess() bool {
	from, to := t.area()
	i := from + t.rng.IntN(to-from)
	t.body = t.body[:i] + t.body[min(to, i+1+t.rng.IntN(64)):]
	return true
}

func (t *target) pieceTwice() bool {
	from, to := t.area()
	i := from + t.rng.IntN(to-from)
	j := min(to, i+1+t.rng.IntN(256))
	t.body = t.body[:j] + t.body[i:]
	return true
}

func (t *target) image() bool {
	return t.kind == MTOM && t.swap("Catalog", "C"+t.word())
}
