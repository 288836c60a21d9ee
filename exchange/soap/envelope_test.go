package soap_test

import (
	"errors"
	"strings"
	"testing"

	"ccpor/exchange/soap"
	"ccpor/schemas/canon"
)

const service = "urn:test:service"

func profile() *canon.Profile {
	return canon.NewProfile(canon.Limits{Foreign: true}, append(soap.Namespaces(), service)...)
}

func envelope(ns, header, body string) string {
	return `<s:Envelope xmlns:s="` + ns + `" xmlns:wsa="` + soap.NamespaceA + `" xmlns="` + service + `">` + header + `<s:Body>` + body + `</s:Body></s:Envelope>`
}

func header(blocks string) string { return "<s:Header>" + blocks + "</s:Header>" }

// addressed are all blocks of WS-Addressing 1.0 as WCF sends them.
func addressed(must string) string {
	m := ` s:mustUnderstand="` + must + `"`
	return `<wsa:Action` + m + `>urn:do</wsa:Action><wsa:MessageID` + m + `>urn:uuid:1</wsa:MessageID><wsa:To` + m + `>https://hub/soap</wsa:To>` +
		`<wsa:ReplyTo` + m + `><wsa:Address>` + soap.NamespaceA + `/anonymous</wsa:Address></wsa:ReplyTo><wsa:FaultTo` + m + `><wsa:Address>` + soap.NamespaceA +
		`/anonymous</wsa:Address></wsa:FaultTo><wsa:From><wsa:Address>urn:court</wsa:Address></wsa:From><wsa:RelatesTo>urn:a</wsa:RelatesTo><wsa:RelatesTo>urn:b</wsa:RelatesTo>`
}

func read(doc string, e soap.Edition) (soap.Envelope, string, error) {
	var s canon.Scanner
	if err := s.Reset([]byte(doc), profile()); err != nil {
		return soap.Envelope{}, "", err
	}
	env, err := soap.Open(&s, e)
	if err != nil {
		return env, "", err
	}
	if err := env.Operation(&s); err != nil {
		return env, "", err
	}
	operation := s.Name().Local
	if err := s.Skip(); err != nil {
		return env, operation, err
	}
	return env, operation, env.Close(&s)
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		doc  string
		said soap.Edition
		want soap.Code // empty: read
	}{
		{"1.1", envelope(soap.Namespace11, "", "<Do/>"), soap.SOAP11, ""},
		{"1.2", envelope(soap.Namespace12, "", "<Do/>"), soap.SOAP12, ""},
		{"white space everywhere", strings.ReplaceAll(envelope(soap.Namespace12, header(""), "<Do/>"), "><", ">\n\t<"), soap.SOAP12, ""},
		{"nothing said of the version", envelope(soap.Namespace12, "", "<Do/>"), 0, ""},
		{"header nobody knows", envelope(soap.Namespace11, header(`<x:Trace xmlns:x="urn:x" Id="a"><x:y/></x:Trace>`), "<Do/>"), soap.SOAP11, ""},
		{"to be understood, 0", envelope(soap.Namespace11, header(`<x:T xmlns:x="urn:x" s:mustUnderstand="0"/>`), "<Do/>"), soap.SOAP11, ""},
		{"to be understood by another", envelope(soap.Namespace11, header(`<x:T xmlns:x="urn:x" s:mustUnderstand="1" s:actor="urn:other"/>`), "<Do/>"), soap.SOAP11, ""},
		{"to be understood by another role", envelope(soap.Namespace12, header(`<x:T xmlns:x="urn:x" s:mustUnderstand="true" s:role="urn:other"/>`), "<Do/>"), soap.SOAP12, ""},
		{"reply to the connection", envelope(soap.Namespace12, header(`<wsa:ReplyTo s:mustUnderstand="1"><wsa:Address>`+soap.NamespaceA+`/anonymous</wsa:Address></wsa:ReplyTo>`), "<Do/>"), soap.SOAP12, ""},

		{"all of WS-Addressing, to be understood, 1.1", envelope(soap.Namespace11, header(addressed("1")), "<Do/>"), soap.SOAP11, ""},
		{"all of WS-Addressing, to be understood, 1.2", envelope(soap.Namespace12, header(addressed("true")), "<Do/>"), soap.SOAP12, ""},
		{"WS-Addressing for another", envelope(soap.Namespace12, header(`<wsa:ReplyTo s:role="urn:other" s:mustUnderstand="1"><wsa:Address>https://127.0.0.1/</wsa:Address></wsa:ReplyTo>`), "<Do/>"), soap.SOAP12, ""},
		{"empty reference parameters", envelope(soap.Namespace12, header(`<wsa:ReplyTo><wsa:Address>`+soap.NamespaceA+`/anonymous</wsa:Address><wsa:ReferenceParameters/><wsa:Metadata><x:m xmlns:x="urn:x"/></wsa:Metadata></wsa:ReplyTo>`), "<Do/>"), soap.SOAP12, ""},

		{"no envelope", `<Do xmlns="` + service + `"/>`, soap.SOAP11, soap.Version},
		{"envelope of a namespace of its own", envelope("urn:soap:3", "", "<Do/>"), soap.SOAP11, soap.Version},
		{"1.2 as 1.1", envelope(soap.Namespace12, "", "<Do/>"), soap.SOAP11, soap.VersionMix},
		{"1.1 as 1.2", envelope(soap.Namespace11, "", "<Do/>"), soap.SOAP12, soap.VersionMix},
		{"empty Body", envelope(soap.Namespace11, "", ""), soap.SOAP11, soap.EmptyBody},
		{"blank Body", envelope(soap.Namespace11, "", " \n "), soap.SOAP11, soap.EmptyBody},
		{"text in Body", envelope(soap.Namespace11, "", "x<Do/>"), soap.SOAP11, soap.Structure},
		{"two operations", envelope(soap.Namespace11, "", "<Do/><Do/>"), soap.SOAP11, soap.CrowdedBody},
		{"text after the operation", envelope(soap.Namespace11, "", "<Do/>x"), soap.SOAP11, soap.Structure},
		{"no Body", `<s:Envelope xmlns:s="` + soap.Namespace11 + `"/>`, soap.SOAP11, soap.Structure},
		{"Body of the other version", `<s:Envelope xmlns:s="` + soap.Namespace11 + `"><t:Body xmlns:t="` + soap.Namespace12 + `"/></s:Envelope>`, soap.SOAP11, soap.Structure},
		{"two headers", envelope(soap.Namespace11, header("")+header(""), "<Do/>"), soap.SOAP11, soap.Structure},
		{"header after Body", `<s:Envelope xmlns:s="` + soap.Namespace11 + `"><s:Body><Do xmlns="` + service + `"/></s:Body><s:Header/></s:Envelope>`, soap.SOAP11, soap.Structure},
		{"two Bodies", `<s:Envelope xmlns:s="` + soap.Namespace11 + `"><s:Body><Do xmlns="` + service + `"/></s:Body><s:Body/></s:Envelope>`, soap.SOAP11, soap.Structure},
		{"to be understood", envelope(soap.Namespace11, header(`<x:T xmlns:x="urn:x" s:mustUnderstand="1"/>`), "<Do/>"), soap.SOAP11, soap.MustUnderstand},
		{"to be understood, true", envelope(soap.Namespace12, header(`<x:T xmlns:x="urn:x" s:mustUnderstand="true"/>`), "<Do/>"), soap.SOAP12, soap.MustUnderstand},
		{"to be understood by the next", envelope(soap.Namespace12, header(`<x:T xmlns:x="urn:x" s:mustUnderstand="1" s:role="`+soap.Namespace12+`/role/next"/>`), "<Do/>"), soap.SOAP12, soap.MustUnderstand},
		{"reply elsewhere", envelope(soap.Namespace11, header(`<wsa:ReplyTo><wsa:Address>https://127.0.0.1/steal</wsa:Address></wsa:ReplyTo>`), "<Do/>"), soap.SOAP11, soap.AddressingCode},
		{"faults elsewhere", envelope(soap.Namespace11, header(`<wsa:FaultTo><wsa:Address>https://127.0.0.1/steal</wsa:Address></wsa:FaultTo>`), "<Do/>"), soap.SOAP11, soap.AddressingCode},
		{"reply to nobody", envelope(soap.Namespace12, header(`<wsa:ReplyTo><wsa:Address>`+soap.NamespaceA+`/none</wsa:Address></wsa:ReplyTo>`), "<Do/>"), soap.SOAP12, soap.AddressingCode},
		{"reply without an address", envelope(soap.Namespace12, header(`<wsa:ReplyTo/>`), "<Do/>"), soap.SOAP12, soap.AddressingCode},
		{"reply to two addresses", envelope(soap.Namespace12, header(`<wsa:ReplyTo><wsa:Address>`+soap.NamespaceA+`/anonymous</wsa:Address><wsa:Address>https://127.0.0.1/</wsa:Address></wsa:ReplyTo>`), "<Do/>"), soap.SOAP12, soap.AddressingCode},
		{"reply with parameters", envelope(soap.Namespace12, header(`<wsa:ReplyTo><wsa:Address>`+soap.NamespaceA+`/anonymous</wsa:Address><wsa:ReferenceParameters><x:s xmlns:x="urn:x"/></wsa:ReferenceParameters></wsa:ReplyTo>`), "<Do/>"), soap.SOAP12, soap.AddressingCode},
		{"two replies", envelope(soap.Namespace12, header(strings.Repeat(`<wsa:ReplyTo><wsa:Address>`+soap.NamespaceA+`/anonymous</wsa:Address></wsa:ReplyTo>`, 2)), "<Do/>"), soap.SOAP12, soap.AddressingCode},
		{"two destinations", envelope(soap.Namespace12, header(`<wsa:To>urn:a</wsa:To><wsa:To>urn:b</wsa:To>`), "<Do/>"), soap.SOAP12, soap.AddressingCode},
		{"empty message id", envelope(soap.Namespace12, header(`<wsa:MessageID> </wsa:MessageID>`), "<Do/>"), soap.SOAP12, soap.AddressingCode},
		{"empty action", envelope(soap.Namespace12, header(`<wsa:Action/>`), "<Do/>"), soap.SOAP12, soap.AddressingCode},
		{"two message ids", envelope(soap.Namespace11, header(`<wsa:MessageID>a</wsa:MessageID><wsa:MessageID>b</wsa:MessageID>`), "<Do/>"), soap.SOAP11, soap.AddressingCode},
		{"unknown addressing", envelope(soap.Namespace11, header(`<wsa:Elsewhere/>`), "<Do/>"), soap.SOAP11, soap.AddressingCode},
		{"endless message id", envelope(soap.Namespace11, header(`<wsa:MessageID>`+strings.Repeat("a", 2049)+`</wsa:MessageID>`), "<Do/>"), soap.SOAP11, soap.Structure},
		{"Ids without number", envelope(soap.Namespace11, header(strings.Repeat(`<x:T xmlns:x="urn:x" Id="a"/>`, 65)), "<Do/>"), soap.SOAP11, soap.Structure},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env, operation, err := read(c.doc, c.said)
			var refused *soap.Error
			switch {
			case c.want == "" && (err != nil || operation != "Do"):
				t.Fatalf("operation %q, error %v", operation, err)
			case c.want != "" && (!errors.As(err, &refused) || refused.Code != c.want):
				t.Fatalf("got %v, want %s", err, c.want)
			case c.want == "" && c.said != 0 && env.Edition != c.said:
				t.Fatalf("edition %v, want %v", env.Edition, c.said)
			}
		})
	}
}

func TestOpenKeepsWhatTheAnswerNeeds(t *testing.T) {
	t.Parallel()
	blocks := `<wsa:MessageID> urn:uuid:1 </wsa:MessageID><wsa:Action>urn:do</wsa:Action><wsa:To>https://hub/soap</wsa:To>` +
		`<x:T xmlns:x="urn:x"><x:y x:ID="one"/></x:T><z:T xmlns:z="urn:z" id="two"/>`
	env, _, err := read(envelope(soap.Namespace12, header(blocks), "<Do/>"), soap.SOAP12)
	if err != nil {
		t.Fatal(err)
	}
	if a := env.Addressing; !a.Used || a.MessageID != "urn:uuid:1" || a.Action != "urn:do" {
		t.Errorf("addressing %+v", a)
	}
	for id, want := range map[string]bool{"one": true, "two": true, "three": false} {
		if env.Declares(id) != want {
			t.Errorf("Declares(%q) is not %v", id, want)
		}
	}
}

// An answer to a message that was refused half-way is still in its version and relates to it.
func TestOpenKeepsTheEditionOnRefusal(t *testing.T) {
	t.Parallel()
	env, _, err := read(envelope(soap.Namespace12, header(`<wsa:MessageID>m</wsa:MessageID><x:T xmlns:x="urn:x" s:mustUnderstand="1"/>`), "<Do/>"), 0)
	if err == nil || env.Edition != soap.SOAP12 || env.Addressing.MessageID != "m" {
		t.Fatalf("edition %v, addressing %+v, error %v", env.Edition, env.Addressing, err)
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header string
		want   soap.ContentType
		code   soap.Code
	}{
		{`text/xml`, soap.ContentType{Edition: soap.SOAP11}, ""},
		{`Text/XML; Charset="UTF-8"`, soap.ContentType{Edition: soap.SOAP11}, ""},
		{`application/soap+xml; charset=utf-8; action="urn:do"`, soap.ContentType{Edition: soap.SOAP12, Action: "urn:do"}, ""},
		{`multipart/related; type="application/xop+xml"; boundary=b; start="<r@x>"; start-info="text/xml"`,
			soap.ContentType{Edition: soap.SOAP11, Multipart: true, Boundary: "b", Start: "r@x"}, ""},
		{`multipart/related; boundary="a b"; type="Application/XOP+XML"; start-info="application/soap+xml; action=\"urn:do\""`,
			soap.ContentType{Edition: soap.SOAP12, Multipart: true, Boundary: "a b", Action: "urn:do"}, ""},
		{`multipart/related; boundary=b; type="application/xop+xml"`, soap.ContentType{Multipart: true, Boundary: "b"}, ""},
		{``, soap.ContentType{}, soap.MediaType},
		{`application/json`, soap.ContentType{}, soap.MediaType},
		{`application/xml`, soap.ContentType{}, soap.MediaType},
		{`text/xml; charset=iso-8859-1`, soap.ContentType{}, soap.Charset},
		{`text/xml; charset=utf-16`, soap.ContentType{}, soap.Charset},
		{`multipart/form-data; boundary=b`, soap.ContentType{}, soap.MediaType},
		{`multipart/related; boundary=b; type="text/xml"`, soap.ContentType{}, soap.MediaType},
		{`multipart/related; type="application/xop+xml"; start-info="text/xml"`, soap.ContentType{}, soap.MediaType},
		{`multipart/related; boundary="` + strings.Repeat("b", 71) + `"; type="application/xop+xml"`, soap.ContentType{}, soap.MediaType},
		{`multipart/related; boundary="b\"c"; type="application/xop+xml"`, soap.ContentType{}, soap.MediaType},
		{`multipart/related; boundary=b; type="application/xop+xml"; start-info="text/html"`, soap.ContentType{}, soap.MediaType},
	} {
		got, err := soap.ParseContentType(c.header)
		var refused *soap.Error
		if c.code == "" && (err != nil || got != c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.header, got, err, c.want)
		}
		if c.code != "" && (!errors.As(err, &refused) || refused.Code != c.code) {
			t.Errorf("%s: %v, want %s", c.header, err, c.code)
		}
	}
}

func TestCheckAction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		soapAction, action string
		ok                 bool
	}{
		{`"urn:do"`, "", true}, {`urn:do`, "", true}, {`""`, "", true}, {``, "", true}, {``, "urn:do", true},
		{`"urn:other"`, "", false}, {``, "urn:other", false}, {`"urn:do"`, "urn:other", false},
	} {
		if err := soap.CheckAction(c.soapAction, c.action, "urn:do"); (err == nil) != c.ok {
			t.Errorf("SOAPAction %s, action %q: %v", c.soapAction, c.action, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(envelope(soap.Namespace11, header(`<wsa:MessageID>m</wsa:MessageID>`), "<Do/>"), uint8(1))
	f.Add(envelope(soap.Namespace12, header(`<x:T xmlns:x="urn:x" s:role="urn:o" Id="i"/>`), "<Do>x</Do>"), uint8(2))
	f.Add(envelope(soap.Namespace12, "", "<Do/><Do/>"), uint8(0))
	f.Fuzz(func(t *testing.T, doc string, said uint8) {
		env, operation, err := read(doc, soap.Edition(said%3))
		if err == nil && (operation == "" || env.Edition == 0) {
			t.Fatalf("read without an operation or an edition: %q", doc)
		}
	})
}
