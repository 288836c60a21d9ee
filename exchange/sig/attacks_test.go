package sig_test

import (
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
	"ccpor/schemas/canon/canontest"
)

var update = flag.Bool("update", false, "write testdata/attacks anew")

// attack is one hand-made document that must be refused, and with which code.
type attack struct {
	name    string
	code    string // canon.X or sig.X
	why     string
	doc     func(t testing.TB) string
	trusted string // key files, if not court-rsa
}

const attacksDir = "../../testdata/attacks"

// edited is a good document with one replacement after signing.
func edited(old, new string) func(testing.TB) string {
	return func(t testing.TB) string { return with(t, good().build(t), old, new) }
}

// bent is a document that is signed over its bend.
func bent(bend func(*forge)) func(testing.TB) string {
	return func(t testing.TB) string {
		f := good()
		bend(&f)
		return f.build(t)
	}
}

// framed is a good document between other text.
func framed(before, after string) func(testing.TB) string {
	return func(t testing.TB) string { return before + good().build(t) + after }
}

// content is a good signature over other content.
func content(c string) func(testing.TB) string { return bent(func(f *forge) { f.content = c }) }

// evil is the content an attacker would have taken for the court's.
const evil = `<Order><CaseNumber>06NF0886</CaseNumber><StayAway yards="0">no</StayAway></Order>`

func gateAttacks() []attack {
	deep := strings.Repeat("<Order>", 70) + strings.Repeat("</Order>", 70)
	var attributes, bindings strings.Builder
	for i := range 40 {
		fmt.Fprintf(&attributes, ` a%d="1"`, i)
		fmt.Fprintf(&bindings, `<Order xmlns:p%d="%s" xmlns:q%d="%s">`, i, orderNS, i, codesNS)
	}
	bound := bindings.String() + strings.Repeat("</Order>", 40)
	return []attack{
		{"comment-in-text", "canon.Comment", "A reader that drops the comment sees another value than one that stops at it.", edited("06NF0886", "06NF<!-- -->0886"), ""},
		{"comment-before-root", "canon.Comment", "Nothing outside the package is signed.", framed("<!-- x -->", ""), ""},
		{"comment-after-root", "canon.Comment", "Nothing outside the package is signed.", framed("", "<!-- x -->"), ""},
		{"comment-in-signature", "canon.Comment", "Comments vanish from the canonical form: two documents, one signature.", edited("<ds:SignedInfo>", "<ds:SignedInfo><!-- x -->"), ""},
		{"comment-in-digest", "canon.Comment", "A value cut by a comment is read differently.", edited("<ds:DigestValue>", "<ds:DigestValue><!-- x -->"), ""},
		{"pi-in-content", "canon.ProcessingInstruction", "Instructions address a program, not the record.", content("<?php x?>" + goodContent), ""},
		{"pi-stylesheet", "canon.ProcessingInstruction", "A style sheet shows another order than the one signed.", framed("<?xml-stylesheet href=\"http://example.org/x.xsl\"?>", ""), ""},
		{"pi-second-declaration", "canon.ProcessingInstruction", "A declaration inside the document.", framed("<?xml version=\"1.0\"?><?xml version=\"1.0\"?>", ""), ""},
		{"cdata-in-text", "canon.Cdata", "CDATA vanishes from the canonical form.", edited("06NF0886", "<![CDATA[06NF0886]]>"), ""},
		{"doctype-empty", "canon.Doctype", "SOAP forbids it; nothing good comes after it.", framed("<!DOCTYPE OrderPackage>", ""), ""},
		{"doctype-laughs", "canon.Doctype", "Entities that grow without bound.", framed(`<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>`, ""), ""},
		{"doctype-external-entity", "canon.Doctype", "An entity that reads the hub's files.", framed(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>`, ""), ""},
		{"doctype-external-subset", "canon.Doctype", "A DTD fetched from elsewhere.", framed(`<!DOCTYPE x SYSTEM "http://example.org/x.dtd">`, ""), ""},
		{"doctype-default-attribute", "canon.Doctype", "An attribute that only readers of the DTD see.", framed(`<!DOCTYPE OrderPackage [<!ATTLIST StayAway yards CDATA "0">]>`, ""), ""},
		{"doctype-id-attribute", "canon.Doctype", "A DTD that says what an Id is.", framed(`<!DOCTYPE OrderPackage [<!ATTLIST Order CaseNumber ID #IMPLIED>]>`, ""), ""},
		{"doctype-lower-case", "canon.NotWellFormed", "Some readers take it for a DOCTYPE.", framed("<!doctype x>", ""), ""},
		{"entity-undeclared", "canon.BadReference", "An entity no one declared.", edited("06NF0886", "&case;"), ""},
		{"entity-html", "canon.BadReference", "Not one of the five.", edited("06NF0886", "06&nbsp;NF"), ""},
		{"ampersand-bare", "canon.BadReference", "A literal ampersand.", edited("06NF0886", "06 & NF"), ""},
		{"reference-control", "canon.BadReference", "A character XML does not have.", edited("06NF0886", "06&#1;NF"), ""},
		{"reference-zero", "canon.BadReference", "NUL by reference.", edited("06NF0886", "06&#0;NF"), ""},
		{"reference-surrogate", "canon.BadReference", "Half a character; readers differ.", edited("06NF0886", "06&#xD800;NF"), ""},
		{"reference-too-big", "canon.BadReference", "Beyond Unicode, or an overflow.", edited("06NF0886", "06&#4294967361;NF"), ""},
		{"reference-upper-x", "canon.BadReference", "&#X is none.", edited("06NF0886", "06&#X41;NF"), ""},
		{"reference-in-name", "canon.BadName", "A name by reference.", edited("<CaseNumber>", "<&#67;aseNumber>"), ""},
		{"xsi-type", "canon.ForbiddenAttribute", "It changes the type by which the value is judged, and its prefix is invisible to exclusive C14N.", bent(func(f *forge) {
			f.content = strings.Replace(goodContent, "<StayAway", `<StayAway xmlns:xsi="`+canon.XSI+`" xsi:type="Other"`, 1)
		}), ""},
		{"xsi-nil", "canon.ForbiddenAttribute", "An element that is there and is not.", bent(func(f *forge) {
			f.content = strings.Replace(goodContent, "<StayAway", `<StayAway xmlns:xsi="`+canon.XSI+`" xsi:nil="true"`, 1)
		}), ""},
		{"xsi-schema-location", "canon.ForbiddenAttribute", "The sender does not choose the schema.", bent(func(f *forge) {
			f.root += ` xmlns:xsi="` + canon.XSI + `" xsi:schemaLocation="urn:x http://example.org/x.xsd"`
		}), ""},
		{"xsi-no-namespace-schema-location", "canon.ForbiddenAttribute", "The sender does not choose the schema.", bent(func(f *forge) {
			f.root += ` xmlns:xsi="` + canon.XSI + `" xsi:noNamespaceSchemaLocation="http://example.org/x.xsd"`
		}), ""},
		{"xml-id", "canon.ForbiddenAttribute", "An Id by another name.", bent(func(f *forge) { f.content = `<Order xml:id="pkg-1"/>` }), ""},
		{"xml-base", "canon.ForbiddenAttribute", "It changes what a URI means.", bent(func(f *forge) { f.root += ` xml:base="http://example.org/"` }), ""},
		{"xinclude", "canon.NamespaceNotAllowed", "An element that a reader replaces by a file.", content(`<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>`), ""},
		{"xop-include", "canon.NamespaceNotAllowed", "An attachment that no digest binds, inside signed content.", content(`<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:1"/>`), ""},
		{"namespace-unknown", "canon.NamespaceNotAllowed", "Not of the contract.", content(`<x:Order xmlns:x="urn:example:elsewhere"/>`), ""},
		{"namespace-unknown-unused", "canon.NamespaceNotAllowed", "Declared and not used: invisible in the canonical form.", content(`<Order xmlns:x="urn:example:elsewhere"/>`), ""},
		{"namespace-none", "canon.NamespaceNotAllowed", "xmlns=\"\" takes the element out of the contract.", content(`<Order xmlns=""/>`), ""},
		{"namespace-trailing-space", "canon.NamespaceNotAllowed", "Another name to some, the same to others.", edited("<Order>", `<Order xmlns:x="`+orderNS+` ">`), ""},
		{"namespace-case", "canon.NamespaceNotAllowed", "URIs that differ in case are different names.", content(`<x:Order xmlns:x="URN:ccpor:exchange:package:1.0"/>`), ""},
		{"namespace-relative", "canon.NamespaceNotAllowed", "C14N is not defined for it.", edited("<Order>", `<Order xmlns:x="a/b">`), ""},
		{"namespace-reference", "canon.NamespaceDeclaration", "A reference in a namespace name.", content(`<x:Order xmlns:x="urn:ccpor:exch&#97;nge:package:1.0"/>`), ""},
		{"namespace-empty-prefix", "canon.NamespaceDeclaration", "Namespaces 1.0 does not have it; some readers do.", edited("<Order>", `<Order xmlns:x="">`), ""},
		{"namespace-rebind-xml", "canon.NamespaceDeclaration", "xml is bound for ever.", edited("<Order>", `<Order xmlns:xml="`+orderNS+`">`), ""},
		{"namespace-declare-xmlns", "canon.NamespaceDeclaration", "xmlns is no prefix.", edited("<Order>", `<Order xmlns:xmlns="`+orderNS+`">`), ""},
		{"namespace-alias-xml", "canon.NamespaceDeclaration", "Another prefix for xml.", edited("<Order>", `<Order xmlns:x="`+canon.XML+`">`), ""},
		{"prefix-undeclared", "canon.UndeclaredPrefix", "libxml2 takes it with a message.", edited("<Order>", `<Order x:a="1">`), ""},
		{"prefix-out-of-scope", "canon.UndeclaredPrefix", "Declared on a sibling.", edited(goodContent, `<x:Order xmlns:x="`+orderNS+`"/><x:Order/>`), ""},
		{"attribute-duplicate", "canon.DuplicateAttribute", "The first or the last?", edited(`yards="100"`, `yards="100" yards="0"`), ""},
		{"attribute-duplicate-namespace", "canon.DuplicateAttribute", "Two prefixes, one name.", edited(`<StayAway `, `<StayAway xmlns:p="`+orderNS+`" xmlns:q="`+orderNS+`" p:a="1" q:a="2" `), ""},
		{"declaration-duplicate", "canon.DuplicateAttribute", "The first or the last?", edited("<Order>", `<Order xmlns:p="`+orderNS+`" xmlns:p="`+codesNS+`">`), ""},
		{"attribute-line-break", "canon.AttributeWhitespace", "Readers differ: kept by some, a space to others.", edited(`yards="100"`, "yards=\"1\n00\""), ""},
		{"attribute-tab", "canon.AttributeWhitespace", "Readers differ.", edited(`yards="100"`, "yards=\"1\t00\""), ""},
		{"attribute-carriage-return", "canon.AttributeWhitespace", "Readers differ.", edited(`yards="100"`, "yards=\"1\r00\""), ""},
		{"attribute-less-than", "canon.NotWellFormed", "A tag inside a value.", edited(`yards="100"`, `yards="<"`), ""},
		{"attribute-unquoted", "canon.NotWellFormed", "HTML, not XML.", edited(`yards="100"`, `yards=100`), ""},
		{"attribute-no-space", "canon.NotWellFormed", "encoding/xml takes it.", edited(`yards="100"`, `yards="100"x="1"`), ""},
		{"attribute-no-value", "canon.NotWellFormed", "HTML, not XML.", edited(`yards="100"`, `yards`), ""},
		{"attributes-many", "canon.TooManyAttributes", "Bounds hold.", content("<Order" + attributes.String() + "/>"), ""},
		{"bindings-many", "canon.TooManyNamespaces", "Bounds hold.", content(bound), ""},
		{"depth", "canon.TooDeep", "Bounds hold.", content(deep), ""},
		{"name-long", "canon.NameTooLong", "Bounds hold.", content("<Order" + strings.Repeat("r", 200) + "/>"), ""},
		{"name-not-ascii", "canon.BadName", "Letters that look alike: a Cyrillic O.", content("<\u041erder/>"), ""},
		{"name-xmlns", "canon.BadName", "encoding/xml puts it into no namespace.", content("<xmlns/>"), ""},
		{"name-two-colons", "canon.BadName", "Readers split it differently.", edited("<Order>", "<Order a:b:c=\"1\">"), ""},
		{"name-empty-local", "canon.BadName", "encoding/xml takes it.", edited("<Order>", "<Order a:=\"1\">"), ""},
		{"cdata-end-in-text", "canon.NotWellFormed", "Not allowed in text.", edited("06NF0886", "06]]>NF"), ""},
		{"tags-crossed", "canon.NotWellFormed", "Not a tree.", edited("</CaseNumber>", "</Order>"), ""},
		{"end-tag-prefix", "canon.NotWellFormed", "A prefix that is a beginning of the name.", edited("</CaseNumber>", "</Case>"), ""},
		{"end-tag-attribute", "canon.NotWellFormed", "An attribute on an end tag.", edited("</CaseNumber>", "</CaseNumber a=\"1\">"), ""},
		{"truncated", "canon.NotWellFormed", "Half a document.", edited("</Order></OrderPackage>", "</Order>"), ""},
		{"text-after-root", "canon.NotWellFormed", "Nothing outside the package is signed.", framed("", "x"), ""},
		{"text-before-root", "canon.NotWellFormed", "Nothing outside the package is signed.", framed("x", ""), ""},
		{"nul-after-root", "canon.NotWellFormed", "Where C strings end.", framed("", "\x00"), ""},
		{"second-root", "canon.NotWellFormed", "The order that comes second.", framed("", "<OrderPackage xmlns=\""+orderNS+"\"/>"), ""},
		{"empty", "canon.NotWellFormed", "No document.", func(testing.TB) string { return "" }, ""},
		{"space-before-declaration", "canon.ProcessingInstruction", "A declaration stands at the very start.", framed(" <?xml version=\"1.0\"?>", ""), ""},
		{"bom-twice", "canon.NotWellFormed", "The second one is text.", framed("\uFEFF\uFEFF", ""), ""},
		{"nul-in-text", "canon.BadCharacter", "Where C strings end.", edited("06NF0886", "06\x00NF"), ""},
		{"escape-in-text", "canon.BadCharacter", "A terminal's control character.", edited("06NF0886", "06\x1BNF"), ""},
		{"nonchar-in-text", "canon.BadCharacter", "U+FFFE.", edited("06NF0886", "06\uFFFENF"), ""},
		{"nonchar-in-attribute", "canon.BadCharacter", "U+FFFF.", edited(`yards="100"`, "yards=\"\uFFFF\""), ""},
		{"version-1.1", "canon.Encoding", "XML 1.1 has other characters and line ends.", framed(`<?xml version="1.1"?>`, ""), ""},
		{"encoding-latin1-declared", "canon.Encoding", "UTF-8 bytes that another reader takes for Latin-1.", framed(`<?xml version="1.0" encoding="ISO-8859-1"?>`, ""), ""},
		{"encoding-latin1-bytes", "canon.NotUTF8", "Latin-1 bytes.", edited("06NF0886", "Jos\xE9"), ""},
		{"encoding-utf7", "canon.Encoding", "Tags in disguise.", func(t testing.TB) string {
			return `<?xml version="1.0" encoding="UTF-7"?>` + strings.ReplaceAll(good().build(t), "<", "+ADw-")
		}, ""},
		{"encoding-utf7-undeclared", "canon.NotWellFormed", "Tags in disguise.", func(t testing.TB) string { return strings.ReplaceAll(good().build(t), "<", "+ADw-") }, ""},
		{"encoding-utf16le", "canon.Encoding", "UTF-16 with byte order mark.", func(t testing.TB) string { return utf16Of("\uFEFF"+good().build(t), false) }, ""},
		{"encoding-utf16be", "canon.Encoding", "UTF-16 without byte order mark.", func(t testing.TB) string { return utf16Of(good().build(t), true) }, ""},
		{"encoding-utf16-declared", "canon.Encoding", "Declared UTF-16, bytes of UTF-8.", framed(`<?xml version="1.0" encoding="UTF-16"?>`, ""), ""},
		{"encoding-utf32", "canon.Encoding", "Four bytes a character.", func(t testing.TB) string {
			return "\x00\x00\xFE\xFF" + strings.ReplaceAll(good().build(t), "<", "\x00\x00\x00<")
		}, ""},
		{"encoding-ebcdic", "canon.Encoding", "<?xml in EBCDIC.", func(testing.TB) string { return "\x4C\x6F\xA7\x94\x93\x40" }, ""},
		{"encoding-overlong", "canon.NotUTF8", "An overlong '<'.", edited("06NF0886", "06\xC0\xBCNF"), ""},
		{"encoding-overlong-3", "canon.NotUTF8", "An overlong '<' of three bytes.", edited("06NF0886", "06\xE0\x80\xBCNF"), ""},
		{"encoding-surrogates", "canon.NotUTF8", "Surrogates in UTF-8 (CESU-8).", edited("06NF0886", "\xED\xA0\xBD\xED\xB8\x80"), ""},
		{"encoding-beyond", "canon.NotUTF8", "Beyond U+10FFFF.", edited("06NF0886", "\xF4\x90\x80\x80"), ""},
		{"encoding-cut", "canon.NotUTF8", "A character cut in two.", edited("06NF0886", "06\xC3NF"), ""},
	}
}

func utf16Of(s string, big bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

func wrappingAttacks() []attack {
	// bare is an evil package without signature.
	bare := func(id string) string {
		return `<OrderPackage xmlns="` + orderNS + `" Id="` + id + `">` + evil + `</OrderPackage>`
	}
	// put gives an evil package the good one's signature.
	put := func(t testing.TB, id, further string) string {
		s, _ := signatureOf(t, good().build(t))
		return with(t, bare(id), ">"+evil, ">"+s+evil+further)
	}
	return []attack{
		{"unsigned", "sig.Missing", "No signature.", func(testing.TB) string { return bare("pkg-1") }, ""},
		{"signature-removed", "sig.Missing", "The signature was taken out.", func(t testing.TB) string { _, r := signatureOf(t, good().build(t)); return r }, ""},
		{"signature-last", "sig.NotFirstChild", "A signature at the end.", func(t testing.TB) string {
			s, r := signatureOf(t, good().build(t))
			return with(t, r, "</OrderPackage>", s+"</OrderPackage>")
		}, ""},
		{"signature-nested", "sig.NotFirstChild", "A signature somewhere inside.", func(t testing.TB) string {
			s, r := signatureOf(t, good().build(t))
			return with(t, r, "<Order>", "<Order>"+s)
		}, ""},
		{"signature-after-text", "sig.NotFirstChild", "Text before the signature.", bent(func(f *forge) { f.before = "x" }), ""},
		{"signature-after-element", "sig.NotFirstChild", "An element before the signature.", func(t testing.TB) string {
			return with(t, good().build(t), "<ds:Signature ", "<Order></Order><ds:Signature ")
		}, ""},
		{"signature-other-namespace", "sig.Missing", "A Signature that is none.", func(t testing.TB) string {
			return strings.Replace(good().build(t), `xmlns:ds="`+sig.DS+`"`, `xmlns:ds="`+orderNS+`"`, 1)
		}, ""},
		{"signature-twice", "sig.TwoSignatures", "The same signature twice.", func(t testing.TB) string {
			doc := good().build(t)
			s, _ := signatureOf(t, doc)
			return with(t, doc, s, s+s)
		}, ""},
		{"signature-in-signed-content", "sig.TwoSignatures", "A second signature, itself signed.", content(goodContent + `<ds:Signature xmlns:ds="` + sig.DS + `"></ds:Signature>`), ""},
		{"signature-part-in-content", "sig.TwoSignatures", "A part of a signature inside signed content.", content(`<Order><ds:Object xmlns:ds="` + sig.DS + `"/></Order>`), ""},
		{"wrap-as-child", "sig.WrongReference", "The signed package inside an evil one; its signature moved up.", func(t testing.TB) string {
			_, r := signatureOf(t, good().build(t))
			return put(t, "evil", r)
		}, ""},
		{"wrap-as-child-same-id", "sig.DuplicateId", "The same with one Id twice.", func(t testing.TB) string {
			_, r := signatureOf(t, good().build(t))
			return put(t, "pkg-1", r)
		}, ""},
		{"wrap-whole-as-child", "sig.NotFirstChild", "The signed package, whole, inside an evil one.", func(t testing.TB) string {
			return with(t, bare("evil"), evil, evil+good().build(t))
		}, ""},
		{"wrap-whole-as-first-child", "sig.NotFirstChild", "The signed package as first child of an evil one.", func(t testing.TB) string {
			return with(t, bare("evil"), evil, good().build(t)+evil)
		}, ""},
		{"wrap-in-object", "sig.WrongReference", "The signed package in a ds:Object of the evil one's signature.", func(t testing.TB) string {
			s, r := signatureOf(t, good().build(t))
			s = with(t, s, "</ds:Signature>", "<ds:Object>"+r+"</ds:Object></ds:Signature>")
			return with(t, bare("evil"), evil, s+evil)
		}, ""},
		{"wrap-in-object-same-id", "sig.Malformed", "The same with one Id twice.", func(t testing.TB) string {
			s, r := signatureOf(t, good().build(t))
			s = with(t, s, "</ds:Signature>", "<ds:Object>"+r+"</ds:Object></ds:Signature>")
			return with(t, bare("pkg-1"), evil, s+evil)
		}, ""},
		{"wrap-in-keyinfo", "sig.WrongReference", "The signed package inside KeyInfo.", func(t testing.TB) string {
			s, r := signatureOf(t, good().build(t))
			s = with(t, s, "</ds:Signature>", "<ds:KeyInfo>"+r+"</ds:KeyInfo></ds:Signature>")
			return with(t, bare("evil"), evil, s+evil)
		}, ""},
		{"content-swapped", "sig.DigestMismatch", "Other content under the signature.", func(t testing.TB) string { return put(t, "pkg-1", "") }, ""},
		{"soap-header-copy", "sig.WrongReference", "The signed package in the header, an evil one in the body.", func(t testing.TB) string {
			return soap(good().build(t), put(t, "evil", ""))
		}, ""},
		{"soap-header-copy-same-id", "sig.DigestMismatch", "The same with one Id twice.", func(t testing.TB) string {
			return soap(good().build(t), put(t, "pkg-1", ""))
		}, ""},
		{"soap-header-original", "sig.Missing", "The signed package in the header, an unsigned one in the body.", func(t testing.TB) string {
			return soap(good().build(t), bare("pkg-1"))
		}, ""},
		{"soap-sibling-after", "sig.Missing", "An unsigned package before the signed one.", func(t testing.TB) string {
			return soap("", bare("evil")+good().build(t))
		}, ""},
		{"soap-sibling-reference", "sig.WrongReference", "A signature that refers to its neighbour.", func(t testing.TB) string {
			_, r := signatureOf(t, good().build(t))
			return soap("", put(t, "evil", "")+r)
		}, ""},
		{"soap-other-element", "sig.WrongElement", "Another element where the package belongs.", func(t testing.TB) string {
			return soap("", "<Wrapper>"+good().build(t)+"</Wrapper>")
		}, ""},
		{"soap-service-namespace", "sig.WrongElement", "A package in the namespace of the service.", func(t testing.TB) string {
			return soap("", with(t, good().build(t), orderNS, serviceNS))
		}, ""},
		{"soap-default-namespace-lost", "sig.DigestMismatch", "A prefix bound outside to another namespace than was signed.", func(t testing.TB) string {
			f := good()
			f.root, f.content = `OrderPackage xmlns="`+orderNS+`" xmlns:p="`+codesNS+`" Id="pkg-1"`, `<p:Order/>`
			doc := with(t, f.build(t), ` xmlns:p="`+codesNS+`"`, "")
			return strings.Replace(soap("", doc), "<SubmitOrder ", `<SubmitOrder xmlns:p="`+orderNS+`" `, 1)
		}, ""},
		{"root-other-name", "sig.WrongElement", "A signed document of another kind.", bent(func(f *forge) { f.root = strings.Replace(f.root, "OrderPackage", "Receipt", 1) }), ""},
		{"root-other-namespace", "sig.WrongElement", "The right name in another namespace.", bent(func(f *forge) { f.root = strings.Replace(f.root, orderNS, serviceNS, 1) }), ""},
	}
}

func referenceAttacks() []attack {
	uri := func(u string) func(testing.TB) string { return bent(func(f *forge) { f.uri = u }) }
	second := `<ds:Reference URI="#pkg-1"><ds:Transforms>` + envelopedTransform + excTransform + `</ds:Transforms><ds:DigestMethod Algorithm="` + enc + `sha256"></ds:DigestMethod><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>`
	transforms := func(x string) func(testing.TB) string { return bent(func(f *forge) { f.transforms = x }) }
	transform := func(uri, in string) string { return `<ds:Transform Algorithm="` + uri + `">` + in + `</ds:Transform>` }
	return []attack{
		{"reference-empty", "sig.WrongReference", "URI=\"\" is the whole document, whatever that is in an envelope.", uri(`URI=""`), ""},
		{"reference-absent", "sig.WrongReference", "A reference to what the receiver thinks fit.", uri(``), ""},
		{"reference-hash-only", "sig.WrongReference", "# and nothing.", uri(`URI="#"`), ""},
		{"reference-other-id", "sig.WrongReference", "Another Id.", uri(`URI="#pkg-2"`), ""},
		{"reference-without-hash", "sig.WrongReference", "A relative URI.", uri(`URI="pkg-1"`), ""},
		{"reference-xpointer-root", "sig.WrongReference", "A pointer to be evaluated.", uri(`URI="#xpointer(/)"`), ""},
		{"reference-xpointer-id", "sig.WrongReference", "A pointer to be evaluated.", uri(`URI="#xpointer(id('pkg-1'))"`), ""},
		{"reference-external", "sig.WrongReference", "A document fetched from elsewhere.", uri(`URI="http://example.org/x.xml"`), ""},
		{"reference-file", "sig.WrongReference", "A file of the hub.", uri(`URI="file:///etc/passwd"`), ""},
		{"reference-document-and-id", "sig.WrongReference", "Another document's element.", uri(`URI="x.xml#pkg-1"`), ""},
		{"reference-type", "sig.Malformed", "A type that asks for a second look at a manifest.", uri(`URI="#pkg-1" Type="` + sig.DS + `Manifest"`), ""},
		{"reference-two", "sig.WrongReference", "Two references, of which one may fail elsewhere.", bent(func(f *forge) { f.references = second }), ""},
		{"reference-none", "sig.Malformed", "A signature over nothing.", func(t testing.TB) string {
			f := good()
			doc := f.build(t)
			from, to := strings.Index(doc, "<ds:Reference "), strings.Index(doc, "</ds:SignedInfo>")
			doc = doc[:from] + doc[to:]
			value := base64.StdEncoding.EncodeToString(rawSignature(t, testKey(t, f.key).key, f.hash, forged(t, doc, []int{0, 0}, false)))
			from, to = strings.Index(doc, "<ds:SignatureValue>"), strings.Index(doc, "</ds:SignatureValue>")
			return doc[:from] + "<ds:SignatureValue>" + value + doc[to:]
		}, ""},
		{"id-absent", "sig.WrongReference", "The package has no Id.", bent(func(f *forge) { f.root = strings.Replace(f.root, ` Id="pkg-1"`, "", 1) }), ""},
		{"id-upper-case", "sig.WrongReference", "ID is not Id.", bent(func(f *forge) { f.root = strings.Replace(f.root, ` Id=`, " ID=", 1) }), ""},
		{"id-wsu", "sig.WrongReference", "wsu:Id is not Id.", bent(func(f *forge) {
			f.root = strings.Replace(f.root, ` Id=`, ` xmlns:wsu="`+wsu+`" wsu:Id=`, 1)
		}), ""},
		{"id-empty", "sig.WrongReference", "An empty Id.", bent(func(f *forge) { f.root, f.uri = strings.Replace(f.root, `"pkg-1"`, `""`, 1), `URI="#"` }), ""},
		{"id-line-break", "sig.WrongReference", "An Id that normalises to another.", bent(func(f *forge) {
			f.root, f.uri = strings.Replace(f.root, `"pkg-1"`, `"pkg-1&#10;"`, 1), `URI="#pkg-1&#10;"`
		}), ""},
		{"id-pointer", "sig.WrongReference", "An Id that is a pointer.", bent(func(f *forge) {
			f.root, f.uri = strings.Replace(f.root, `"pkg-1"`, `"xpointer(/)"`, 1), `URI="#xpointer(/)"`
		}), ""},
		{"id-twice-content", "sig.DuplicateId", "Another element with the package's Id, signed.", content(`<Order Id="pkg-1"/>`), ""},
		{"id-twice-lower-case", "sig.DuplicateId", "The same by the name id.", content(`<Order id="pkg-1"/>`), ""},
		{"id-twice-reference", "sig.DuplicateId", "The same with a character reference.", content(`<Order Id="pkg&#45;1"/>`), ""},
		{"id-twice-wsu", "sig.DuplicateId", "The same as wsu:Id.", content(`<Order xmlns:w="` + wsu + `" w:Id="pkg-1"/>`), ""},
		{"id-twice-root", "sig.DuplicateId", "Id and ID on the package.", bent(func(f *forge) { f.root += ` ID="pkg-1"` }), ""},
		{"id-twice-signature", "sig.DuplicateId", "The signature has the package's Id.", bent(func(f *forge) { f.attributes = ` Id="pkg-1"` }), ""},
		{"id-twice-keyinfo", "sig.DuplicateId", "KeyInfo has it.", bent(func(f *forge) { f.keyInfo = `<ds:KeyInfo Id="pkg-1"></ds:KeyInfo>` }), ""},
		{"transform-c14n-inclusive", "sig.Transform", "Inclusive C14N brings the envelope's declarations in.", transforms(envelopedTransform + transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "")), ""},
		{"transform-c14n-comments", "sig.Transform", "With comments.", transforms(envelopedTransform + transform(sig.EC+"WithComments", "")), ""},
		{"transform-xpath", "sig.Transform", "An expression that selects what is signed.", transforms(envelopedTransform + excTransform + transform("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>false()</ds:XPath>")), ""},
		{"transform-xpath-first", "sig.Transform", "The same in front.", transforms(transform("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>false()</ds:XPath>") + envelopedTransform + excTransform), ""},
		{"transform-xpath-filter2", "sig.Transform", "The same by the newer filter.", transforms(transform("http://www.w3.org/2002/06/xmldsig-filter2", "") + excTransform), ""},
		{"transform-xslt", "sig.Transform", "A program.", transforms(envelopedTransform + transform("http://www.w3.org/TR/1999/REC-xslt-19991116", "")), ""},
		{"transform-base64", "sig.Transform", "The text, decoded.", transforms(envelopedTransform + transform(sig.DS+"base64", "")), ""},
		{"transform-none", "sig.Transform", "None.", transforms(""), ""},
		{"transform-enveloped-only", "sig.Transform", "Inclusive C14N by default.", transforms(envelopedTransform), ""},
		{"transform-c14n-only", "sig.Transform", "The signature signs itself.", transforms(excTransform), ""},
		{"transform-order", "sig.Transform", "The two in the other order.", transforms(excTransform + envelopedTransform), ""},
		{"transform-thrice", "sig.Transform", "One more.", transforms(envelopedTransform + excTransform + excTransform), ""},
		{"transform-enveloped-child", "sig.Malformed", "Something inside enveloped-signature.", transforms(transform(sig.DS+"enveloped-signature", "<ds:XPath>false()</ds:XPath>") + excTransform), ""},
		{"prefix-list-double-space", "sig.Malformed", "libxmlsec1 reads an empty prefix where others read none.", transforms(envelopedTransform + transform(sig.EC, `<ec:InclusiveNamespaces xmlns:ec="`+sig.EC+`" PrefixList="a  b"/>`)), ""},
		{"prefix-list-long", "sig.Malformed", "A list without end.", transforms(envelopedTransform + transform(sig.EC, `<ec:InclusiveNamespaces xmlns:ec="`+sig.EC+`" PrefixList="`+strings.Repeat("a ", 99)+`b"/>`)), ""},
		{"prefix-list-twice", "sig.Malformed", "Two lists.", transforms(envelopedTransform + transform(sig.EC, strings.Repeat(`<ec:InclusiveNamespaces xmlns:ec="`+sig.EC+`" PrefixList="a"/>`, 2))), ""},
		{"prefix-list-changed", "sig.SignatureMismatch", "A list changed after signing, in vain.", func(t testing.TB) string {
			doc := transforms(envelopedTransform + transform(sig.EC, `<ec:InclusiveNamespaces xmlns:ec="`+sig.EC+`" PrefixList="a"/>`))(t)
			return with(t, doc, `PrefixList="a"`, `PrefixList="b"`)
		}, ""},
	}
}

func keyAttacks() []attack {
	method := func(m string) func(testing.TB) string { return bent(func(f *forge) { f.method = m }) }
	digest := func(d string) func(testing.TB) string { return bent(func(f *forge) { f.digest = d }) }
	c14n := func(c string) func(testing.TB) string { return bent(func(f *forge) { f.c14n = c }) }
	value := func(v []byte) func(testing.TB) string {
		return bent(func(f *forge) { f.value = base64.StdEncoding.EncodeToString(v) })
	}
	const outside = "canonical forms outside the list"
	return []attack{
		{"digest-sha1", "sig.Algorithm", "SHA-1.", digest(sig.DS + "sha1"), ""},
		{"digest-md5", "sig.Algorithm", "MD5.", digest(more + "md5"), ""},
		{"digest-unknown", "sig.Algorithm", "None at all.", digest("urn:example:none"), ""},
		{"digest-case", "sig.Algorithm", "Almost SHA-256.", digest(enc + "SHA256"), ""},
		{"method-rsa-sha1", "sig.Algorithm", "SHA-1, the default of older clients.", method(sig.DS + "rsa-sha1"), ""},
		{"method-dsa", "sig.Algorithm", "DSA.", method(sig.DS + "dsa-sha1"), ""},
		{"method-hmac-sha1", "sig.Algorithm", "A shared secret: the public key, say.", method(sig.DS + "hmac-sha1"), ""},
		{"method-hmac-sha256", "sig.Algorithm", "A shared secret: the public key, say.", method(more + "hmac-sha256"), ""},
		{"method-hmac-length", "sig.Algorithm", "A HMAC of one bit.", bent(func(f *forge) {
			f.method, f.methodIn = sig.DS+"hmac-sha1", "<ds:HMACOutputLength>1</ds:HMACOutputLength>"
		}), ""},
		{"method-output-length", "sig.Malformed", "A length that RSA does not have.", bent(func(f *forge) { f.methodIn = "<ds:HMACOutputLength>1</ds:HMACOutputLength>" }), ""},
		{"method-none", "sig.Algorithm", "No signature.", method("urn:example:none"), ""},
		{"method-empty", "sig.Algorithm", "No method.", method(""), ""},
		{"method-pss", "sig.Algorithm", "PSS is not of the profile.", method("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"), ""},
		{"method-eddsa", "sig.Algorithm", "EdDSA is not of the profile.", method("http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"), ""},
		{"method-other-hash", "sig.SignatureMismatch", "Another hash than the value was made with.", method(more + "rsa-sha512"), ""},
		{"method-ecdsa-for-rsa", "sig.CertificateUnknown", "An ECDSA method where only an RSA key is registered.", method(more + "ecdsa-sha256"), ""},
		{"method-rsa-for-ecdsa", "sig.CertificateUnknown", "An RSA method where only an EC key is registered.", func(t testing.TB) string { return good().build(t) }, "court-p256"},
		{"c14n-inclusive", "sig.Algorithm", outside, c14n("http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), ""},
		{"c14n-1.1", "sig.Algorithm", outside, c14n("http://www.w3.org/2006/12/xml-c14n11"), ""},
		{"c14n-comments", "sig.Algorithm", "Comments would be signed in SignedInfo and dropped elsewhere.", c14n(sig.EC + "WithComments"), ""},
		{"c14n-child", "sig.Malformed", "An element inside CanonicalizationMethod.", bent(func(f *forge) { f.c14nIn = "<ds:XPath>1</ds:XPath>" }), ""},
		{"signed-info-object", "sig.Malformed", "An object inside SignedInfo.", bent(func(f *forge) { f.infoEnd = "<ds:Object></ds:Object>" }), ""},
		{"signed-info-twice", "sig.Malformed", "Two SignedInfo: one signed, one read.", func(t testing.TB) string {
			doc := good().build(t)
			from, to := strings.Index(doc, "<ds:SignedInfo>"), strings.Index(doc, "<ds:SignatureValue>")
			return doc[:to] + doc[from:to] + doc[to:]
		}, ""},
		{"signed-info-absent", "sig.Malformed", "No SignedInfo.", func(t testing.TB) string {
			doc := good().build(t)
			return doc[:strings.Index(doc, "<ds:SignedInfo>")] + doc[strings.Index(doc, "<ds:SignatureValue>"):]
		}, ""},
		{"signed-info-text", "sig.Malformed", "Text between the elements.", bent(func(f *forge) { f.infoEnd = "x" }), ""},
		{"signed-info-space", "sig.SignatureMismatch", "White space inside SignedInfo is signed.", edited("</ds:SignedInfo>", "\n</ds:SignedInfo>"), ""},
		{"object", "sig.Malformed", "A ds:Object with anything.", bent(func(f *forge) { f.object = "<ds:Object>" + evil + "</ds:Object>" }), ""},
		{"manifest", "sig.Malformed", "A manifest whose references no one checks.", bent(func(f *forge) { f.object = "<ds:Object><ds:Manifest></ds:Manifest></ds:Object>" }), ""},
		{"signature-attribute", "sig.Malformed", "An attribute that has no place.", bent(func(f *forge) { f.attributes = ` a="1"` }), ""},
		{"digest-wrong", "sig.DigestMismatch", "Another digest, properly signed.", bent(func(f *forge) { f.digestText = base64.StdEncoding.EncodeToString(make([]byte, 32)) }), ""},
		{"digest-short", "sig.Malformed", "A digest cut short.", bent(func(f *forge) { f.digestText = base64.StdEncoding.EncodeToString(make([]byte, 16)) }), ""},
		{"digest-long", "sig.Malformed", "A digest too long.", bent(func(f *forge) { f.digestText = base64.StdEncoding.EncodeToString(make([]byte, 80)) }), ""},
		{"digest-empty", "sig.Malformed", "No digest.", bent(func(f *forge) { f.digestText = " " }), ""},
		{"digest-not-base64", "sig.Malformed", "No base64.", bent(func(f *forge) { f.digestText = strings.Repeat("*", 44) }), ""},
		{"digest-base64-bits", "sig.Malformed", "Base64 with bits that some readers drop.", func(t testing.TB) string {
			doc := good().build(t)
			i := strings.Index(doc, "=</ds:DigestValue>")
			const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
			return doc[:i-1] + string(digits[strings.IndexByte(digits, doc[i-1])+1]) + doc[i:]
		}, ""},
		{"value-empty", "sig.Malformed", "No value.", edited("<ds:SignatureValue>", "<ds:SignatureValue></ds:SignatureValue><ds:SignatureValue>"), ""},
		{"value-not-base64", "sig.Malformed", "No base64.", bent(func(f *forge) { f.value = "****" }), ""},
		{"value-zero", "sig.SignatureMismatch", "Zero.", value(make([]byte, 256)), ""},
		{"value-one", "sig.SignatureMismatch", "One: its own power.", value(append(make([]byte, 255), 1)), ""},
		{"value-short", "sig.SignatureMismatch", "Too short for the key.", value(make([]byte, 128)), ""},
		{"value-huge", "sig.Malformed", "Longer than any key.", value(make([]byte, 4096)), ""},
		{"value-padded", "sig.SignatureMismatch", "A zero in front of a good value.", func(t testing.TB) string {
			doc := good().build(t)
			from, to := strings.Index(doc, "<ds:SignatureValue>")+len("<ds:SignatureValue>"), strings.Index(doc, "</ds:SignatureValue>")
			raw, err := base64.StdEncoding.DecodeString(doc[from:to])
			if err != nil {
				t.Fatal(err)
			}
			return doc[:from] + base64.StdEncoding.EncodeToString(append([]byte{0}, raw...)) + doc[to:]
		}, ""},
		{"value-ecdsa-zero", "sig.SignatureMismatch", "r = s = 0.", func(t testing.TB) string {
			f := good().ec()
			f.value = base64.StdEncoding.EncodeToString(make([]byte, 64))
			return f.build(t)
		}, "court-p256"},
		{"value-ecdsa-padded", "sig.SignatureMismatch", "A zero between a good r and a good s: the same numbers to a lax reader.", func(t testing.TB) string {
			doc := good().ec().build(t)
			from, to := strings.Index(doc, "<ds:SignatureValue>")+len("<ds:SignatureValue>"), strings.Index(doc, "</ds:SignatureValue>")
			raw, err := base64.StdEncoding.DecodeString(doc[from:to])
			if err != nil {
				t.Fatal(err)
			}
			return doc[:from] + base64.StdEncoding.EncodeToString(slices.Insert(raw, 32, 0)) + doc[to:]
		}, "court-p256"},
		{"value-ecdsa-der", "sig.SignatureMismatch", "DER instead of r and s side by side.", func(t testing.TB) string {
			f := good().ec()
			f.value = base64.StdEncoding.EncodeToString(append([]byte{0x30, 0x44, 2, 32, 1}, append(append(make([]byte, 31), 2, 32, 1), make([]byte, 31)...)...))
			return f.build(t)
		}, "court-p256"},
		{"value-ecdsa-other-width", "sig.SignatureMismatch", "r and s of another curve's width.", func(t testing.TB) string {
			f := good().ec()
			f.value = base64.StdEncoding.EncodeToString(make([]byte, 96))
			return f.build(t)
		}, "court-p256"},
		{"key-other-court", "sig.SignatureMismatch", "Signed by another court, without KeyInfo.", bent(func(f *forge) { f.key = "other-court" }), ""},
		{"key-other-court-named", "sig.CertificateUnknown", "Signed by another court, with its certificate.", func(t testing.TB) string {
			f := good()
			f.key, f.keyInfo = "other-court", certInfo(t, "other-court")
			return f.build(t)
		}, ""},
		{"key-other-court-disguised", "sig.SignatureMismatch", "Signed by another court, with the registered certificate in KeyInfo.", func(t testing.TB) string {
			f := good()
			f.key, f.keyInfo = "other-court", certInfo(t, "court-rsa")
			return f.build(t)
		}, ""},
		{"key-value", "sig.SignatureMismatch", "The attacker's public key in KeyInfo.", func(t testing.TB) string {
			f := good()
			f.key, f.keyInfo = "other-court", `<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>`
			return f.build(t)
		}, ""},
		{"key-retrieval", "sig.Malformed", "A key fetched from elsewhere.", bent(func(f *forge) {
			f.keyInfo = `<ds:KeyInfo><ds:RetrievalMethod URI="http://example.org/key"></ds:RetrievalMethod></ds:KeyInfo>`
		}), ""},
		{"key-authority", "sig.CertificateUnknown", "The authority is registered, the leaf it signed is not.", func(t testing.TB) string {
			f := good()
			f.keyInfo = certInfo(t, "court-rsa")
			return f.build(t)
		}, "ca"},
		{"key-none-registered", "sig.CertificateUnknown", "No certificate is registered.", func(t testing.TB) string { return good().build(t) }, "none"},
		{"key-weak-rsa", "sig.WeakKey", "RSA of 1024 bits, registered by mistake.", bent(func(f *forge) { f.key = "weak" }), "weak"},
		{"key-p521", "sig.WeakKey", "A curve outside the profile, registered by mistake.", func(t testing.TB) string {
			f := good().ec()
			f.key = "court-p521"
			return f.build(t)
		}, "court-p521"},
		{"key-expired", "sig.CertificateExpired", "A certificate past its time.", bent(func(f *forge) { f.key = "expired" }), "expired"},
		{"text-changed", "sig.DigestMismatch", "One letter.", edited("06NF0886", "06NF0887"), ""},
		{"attribute-changed", "sig.DigestMismatch", "One yard for a hundred.", edited(`yards="100"`, `yards="001"`), ""},
		{"attribute-removed", "sig.DigestMismatch", "An attribute gone.", edited(` yards="100"`, ``), ""},
		{"attribute-added", "sig.DigestMismatch", "An attribute more.", edited(`<Order>`, `<Order a="">`), ""},
		{"element-added", "sig.DigestMismatch", "An element more.", edited(`</Order>`, `<Order></Order></Order>`), ""},
		{"element-removed", "sig.DigestMismatch", "An element gone.", edited(`<CaseNumber>06NF0886</CaseNumber>`, ``), ""},
		{"element-renamed", "sig.DigestMismatch", "Another namespace for the same local name.", edited(`<Order>`, `<Order xmlns="`+codesNS+`">`), ""},
		{"element-prefixed", "sig.DigestMismatch", "The same expanded names under another prefix.", func(t testing.TB) string {
			return strings.NewReplacer("<CaseNumber>", `<p:CaseNumber xmlns:p="`+orderNS+`">`, "</CaseNumber>", "</p:CaseNumber>").Replace(good().build(t))
		}, ""},
		{"space-added", "sig.DigestMismatch", "White space between elements, as an editor adds it.", edited(`<Order>`, "\n  <Order>"), ""},
		{"line-ends-referenced", "sig.DigestMismatch", "A CR by reference where none was signed.", edited("06NF0886", "06NF0886&#13;"), ""},
		{"signature-of-another-package", "sig.DigestMismatch", "A good signature of the same court, of another package.", func(t testing.TB) string {
			f := good()
			f.content = evil
			s, _ := signatureOf(t, f.build(t))
			own, _ := signatureOf(t, good().build(t))
			return with(t, good().build(t), own, s)
		}, ""},
	}
}

func attacks() []attack {
	all := append(gateAttacks(), wrappingAttacks()...)
	return append(append(all, referenceAttacks()...), keyAttacks()...)
}

// TestAttacks verifies what lies in testdata/attacks: each document is refused
// with its code. With -update the documents are written anew.
func TestAttacks(t *testing.T) {
	t.Parallel()
	if *update {
		writeAttacks(t)
	}
	folders, err := os.ReadDir(attacksDir)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]attack{}
	for _, a := range attacks() {
		if _, twice := known[a.name]; twice {
			t.Errorf("two attacks %s", a.name)
		}
		known[a.name] = a
	}
	seen := 0
	for _, f := range folders {
		if !f.IsDir() || f.Name() == "messages" { // whole messages: package exchange sends them
			continue
		}
		seen++
		if _, ok := known[f.Name()]; !ok {
			t.Errorf("%s is no longer in the table", f.Name())
		}
		t.Run(f.Name(), func(t *testing.T) {
			t.Parallel()
			replay(t, filepath.Join(attacksDir, f.Name()))
		})
	}
	if seen != len(known) || seen < 60 {
		t.Errorf("%d folders, %d attacks in the table: run with -update", seen, len(known))
	}
}

// replay verifies one folder, by its position and trusted keys.
func replay(t *testing.T, dir string) {
	doc, err := os.ReadFile(filepath.Join(dir, "package.xml"))
	if err != nil {
		t.Fatal(err)
	}
	fields := expectation(t, dir)
	var trusted []sig.Trusted
	if name := fields["trusted"]; name != "none" {
		trusted = testKey(t, name).trusted()
	}
	var path []int
	if fields["position"] == "soap" {
		path = soapPath
	}
	if got := refusal(doc, path, trusted); got != fields["code"] {
		t.Errorf("got %q, want %q", got, fields["code"])
	}
}

// expectation is what the file expect of an attack says, by the words in front of its colons.
func expectation(t *testing.T, dir string) map[string]string {
	t.Helper()
	expect, err := os.ReadFile(filepath.Join(dir, "expect"))
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(expect)) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), ": ")
		fields[k] = v
	}
	return fields
}

// refusal is the code with which a document of the contract is refused; "" if it is taken.
func refusal(doc []byte, path []int, trusted []sig.Trusted) string {
	return refusalOf(doc, contract, orderPackage, path, trusted)
}

func refusalOf(doc []byte, p *canon.Profile, want canon.Name, path []int, trusted []sig.Trusted) string {
	var s canon.Scanner
	err := at(&s, doc, p, path)
	if err == nil {
		if _, err = sig.Verify(&s, want, trusted, now); err == nil {
			err = rest(&s)
		}
	}
	var c *canon.Error
	var e *sig.Error
	switch {
	case errors.As(err, &c):
		return "canon." + string(c.Code)
	case errors.As(err, &e):
		return "sig." + string(e.Code)
	case err != nil:
		return err.Error()
	}
	return ""
}

func writeAttacks(t *testing.T) {
	for _, a := range attacks() {
		doc, trusted, position := a.doc(t), a.trusted, "document"
		if trusted == "" {
			trusted = "court-rsa"
		}
		if strings.HasPrefix(doc, "<soap:Envelope xmlns:soap=\""+canontest.SOAP) {
			position = "soap"
		}
		dir := filepath.Join(attacksDir, a.name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		expect := fmt.Sprintf("code: %s\ntrusted: %s\nposition: %s\nwhy: %s\nclass: %s\noutward: %s\n", a.code, trusted, position, a.why, a.class(), a.outward())
		for file, b := range map[string]string{"package.xml": doc, "expect": expect} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(b), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// classes are what attacks are counted under, by the beginning of their names; the first that fits counts.
var classes = []struct{ class, names string }{
	{"wrapping", "signature- wrap- soap- root- content-swapped unsigned"},
	{"ids", "id- xml-id"},
	{"transforms", "transform- prefix-list- c14n"},
	{"entities", "doctype- entity- ampersand reference-control reference-zero reference-surrogate reference-too reference-upper reference-in-name"},
	{"references", "reference-"},
	{"comments", "comment- pi- cdata-in"},
	{"schema location", "xsi- xinclude xop-include"},
	{"namespaces", "namespace- prefix- declaration- bindings- xml-base element-prefixed element-renamed"},
	{"encodings", "encoding- version- bom- nul- nonchar- escape-"},
	{"algorithms", "digest- method- info- value- hmac- rsa- ecdsa-"},
	{"keys", "key-"},
	{"content", "text-changed attribute-changed attribute-removed attribute-added element- space-added line-ends-"},
}

func (a attack) class() string {
	for _, c := range classes {
		for _, name := range strings.Fields(c.names) {
			if strings.HasPrefix(a.name, name) {
				return c.class
			}
		}
	}
	return "well-formedness"
}

// outwardly are the attacks that a sender is told of by another code than the document's own: around them stands an envelope.
var outwardly = map[string]string{
	"empty":                    "Client.Package.Missing",
	"namespace-relative":       "Client.Xml.NamespaceDeclaration",
	"namespace-trailing-space": "Client.Xml.NamespaceDeclaration",
	"nul-after-root":           "Client.Xml.BadCharacter",
	"root-other-name":          "Client.Package.Missing",
	"root-other-namespace":     "Client.Package.Missing",
	"second-root":              "Client.Operation.Malformed",
	"soap-header-copy-same-id": "Client.Signature.DuplicateId",
	"soap-header-original":     "Client.Signature.DuplicateId",
	"soap-other-element":       "Client.Package.Missing",
	"soap-service-namespace":   "Client.Package.Missing",
	"text-after-root":          "Client.Envelope.Structure",
}

// outward is the code that the sender of the document is told.
func (a attack) outward() string {
	if code, other := outwardly[a.name]; other {
		return code
	}
	return strings.NewReplacer("canon.", "Client.Xml.", "sig.", "Client.Signature.").Replace(a.code)
}
