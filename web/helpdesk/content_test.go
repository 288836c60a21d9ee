package helpdesk

import (
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"testing"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
)

// What came is laid out without what CLETS-001 says and without images, whatever is around it.
func TestPackageIsLaidOut(t *testing.T) {
	const mtom = "--b\r\nContent-Type: application/xop+xml\r\n\r\n<e:Envelope xmlns:e='urn:e'><a>one</a></e:Envelope>\r\n--b\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--b--\r\n"
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte("<a><b>zip</b></a>")); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		wire, kind string
		cut        bool
		says, not  []string
	}{
		"an element a line": {"<p:a xmlns:p='urn:x' k='v'><p:b>one</p:b><p:c/></p:a>", "text/xml", false,
			[]string{"&lt;p:a xmlns:p=&#34;urn:x&#34; k=&#34;v&#34;&gt;\n  &lt;p:b&gt;one&lt;/p:b&gt;\n  &lt;p:c&gt;&lt;/p:c&gt;\n&lt;/p:a&gt;"}, []string{"left out"}},
		"CLETS-001":          {"<a><p:ConfidentialInformation><x>SECRET<ConfidentialInformation>SECRET</ConfidentialInformation>SECRET</x></p:ConfidentialInformation><b>after</b></a>", "text/xml", false, []string{"[withheld]", "after", "What CLETS-001 says is left out."}, []string{"SECRET"}},
		"CLETS-001 mistyped": {"<a><confidentialinformation><x>SECRET</x></confidentialinformation></a>", "text/xml", false, []string{"[withheld]"}, []string{"SECRET"}},
		"CLETS-001 cut":      {"<a><ConfidentialInformation><x>SECRET", "text/xml", true, []string{"[withheld]", "Only its beginning was kept"}, []string{"SECRET"}},
		"CLETS-001, broken":  {"<a><ConfidentialInformation><x>SECRET<<>SECRET</x>", "text/xml", false, []string{"bytes more, not shown"}, []string{"SECRET"}},
		"broken before it":   {"<a>< <ConfidentialInformation>SECRET", "text/xml", false, []string{"bytes more, not shown"}, []string{"SECRET"}},
		"an image":           {"<a><Binary>" + strings.Repeat("QUJD", 900) + "</Binary></a>", "text/xml", false, []string{"[3600 characters left out]", "Images and other long texts"}, []string{"QUJD"}},
		"MTOM":               {mtom, `multipart/related; boundary="b"; type="application/xop+xml"`, false, []string{"one&lt;/a&gt;"}, []string{"%PDF"}},
		"gzip":               {zipped.String(), "text/xml\ngzip", false, []string{"zip&lt;/b&gt;"}, nil},
		"gzip, broken":       {"no gzip", "text/xml\ngzip", false, []string{"cannot be unpacked"}, nil},
		"no XML":             {"hello \x00 & <b", "text/xml", false, []string{"cannot be read as XML", "hello"}, []string{"\x00"}},
		"another charset":    {"<?xml version='1.0' encoding='EBCDIC'?><a>x</a>", "text/xml", false, []string{"cannot be read as XML"}, nil},
		"a DOCTYPE":          {`<!DOCTYPE a [<!ENTITY b "SECRET">]><a>&b;</a>`, "text/xml", false, []string{"&lt;!DOCTYPE", "&lt;a&gt;&amp;b;"}, nil},
		"nothing":            {"", "", false, nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := one(refused("Client.Xml.Broken"))
			s.wire, s.kind, s.cut = []byte(test.wire), test.kind, test.cut
			w := visit(t, s, engineer(), page+string(tracked)+"/content/package", nil)
			for _, want := range test.says {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("the page lacks %q:\n%s", want, w.Body)
				}
			}
			for _, not := range test.not {
				if strings.Contains(w.Body.String(), not) {
					t.Errorf("the page holds %q", not)
				}
			}
			if w.Code != 200 || len(s.events) != 1 || s.events[0].Details != "contents: package" || s.events[0].Object != "submission "+string(tracked) {
				t.Errorf("%d, on record %+v", w.Code, s.events)
			}
		})
	}
}

// Any message of the corpus of attacks is laid out without a panic, and not at any length.
func TestAttacksAreLaidOut(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"../../testdata/attacks"} {
		entries, err := os.ReadDir(folder)
		if err != nil || len(entries) == 0 {
			t.Fatal(err)
		}
		for _, e := range entries {
			wire, err := os.ReadFile(folder + "/" + e.Name())
			if err != nil {
				continue // a folder
			}
			if text, _ := laidOut(wire); len(text) > 40*len(wire)+10_000 {
				t.Errorf("%s: %d bytes of %d", e.Name(), len(text), len(wire))
			}
		}
	}
	deep := strings.Repeat("<a>", 100_000)
	if text, _ := laidOut([]byte(deep)); len(text) > 90*len(deep) {
		t.Errorf("%d bytes of %d", len(text), len(deep))
	}
}

// Whereabouts are withheld from who may not see them; clerks of the court read them.
func TestWhatWasReadIsWithheld(t *testing.T) {
	home := &order.Address{Street: "1 Pebble Lane"}
	s := one(stood(store.StateAccepted, nil))
	s.brought = store.Brought{Order: &order.Order{ID: "O-1", Court: order.Court{ORI: court}, Restrained: order.Restrained{Name: order.Name{Surname: "Shale"}}, Terms: order.Terms{MoveOut: true, MoveOf: home}}}
	for who, sees := range map[string]bool{"engineer": false, "clerk": true} {
		v := engineer()
		if who == "clerk" {
			v = clerk(court)
		}
		body := visit(t, s, v, page+string(tracked)+"/content/read", nil).Body.String()
		if strings.Contains(body, "Pebble") != sees || strings.Contains(body, "whereabouts are withheld") == sees || !strings.Contains(body, "order.restrained.name.surname") || !strings.Contains(body, "Shale") {
			t.Errorf("%s: %s", who, body)
		}
	}
}

func TestTextsOfTheLine(t *testing.T) {
	s := one(stood(store.StateAccepted, nil))
	s.item = store.QueueItem{Attempts: []store.QueueAttempt{{AttemptStatus: store.AttemptStatus{ID: 3, Control: "0000000042", Line: "CCPR"}, Bytes: []byte("ERR.NAM/SHALE\x1e")}},
		Replies: []store.QueueReply{{Inbound: store.Inbound{Attempt: 3, Text: "ENTRY ACCEPTED"}}, {Inbound: store.Inbound{Attempt: 99, Text: "OF ANOTHER"}}}}
	body := visit(t, s, engineer(), page+string(tracked)+"/content/carpos", nil).Body.String()
	for _, want := range []string{"ERR.NAM/SHALE␞", "ENTRY ACCEPTED", "0000000042"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "OF ANOTHER") {
		t.Error("a reply stands with an attempt that it is not of")
	}
}

// Who may open which contents is said by the links of the page, too.
func TestContentsAreOffered(t *testing.T) {
	uncertified := engineer()
	uncertified.CertifiedUntil = nil
	both := person("bo", access.KindCourt, court, access.CourtClerk, access.HelpDesk)
	for name, test := range map[string]struct {
		links int
		body  string
	}{
		"help desk":             {0, visit(t, one(stood(store.StateSent, nil)), helper(), page+string(tracked), nil).Body.String()},
		"engineer":              {3, visit(t, one(stood(store.StateSent, nil)), engineer(), page+string(tracked), nil).Body.String()},
		"engineer, refused":     {1, visit(t, one(refused("Client.Rule.X")), engineer(), page+string(tracked), nil).Body.String()},
		"engineer, uncertified": {2, visit(t, one(stood(store.StateSent, nil)), uncertified, page+string(tracked), nil).Body.String()},
		"clerk":                 {2, visit(t, one(stood(store.StateSent, nil)), both, page+string(tracked), nil).Body.String()},
	} {
		if n := strings.Count(test.body, "/content/"); n != test.links {
			t.Errorf("%s: %d links to contents, want %d", name, n, test.links)
		}
	}
}
