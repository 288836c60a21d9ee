package wsdl_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ccpor/wsdl"
)

const address = "https://hub.example:8443/soap"

func contract(t *testing.T) wsdl.Contract {
	t.Helper()
	c, err := wsdl.At(address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every schema that the contract refers to can be had from the address that it gives.
func TestEveryReferenceIsServed(t *testing.T) {
	t.Parallel()
	c := contract(t)
	texts := []string{string(c.WSDL())}
	for _, name := range []string{"service-1.0.xsd", "package-1.0.xsd", "codes-1.0.xsd"} {
		b, ok := c.Schema(name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		texts = append(texts, string(b))
	}
	location := regexp.MustCompile(`schemaLocation="([^"]*)"`)
	for _, text := range texts {
		if strings.Contains(text, "urn:ccpor:exchange:address") {
			t.Error("an address was not filled in")
		}
		for _, m := range location.FindAllStringSubmatch(text, -1) {
			name, ok := strings.CutPrefix(m[1], address+"?xsd=")
			if _, served := c.Schema(name); !ok || !served {
				t.Errorf("%s is not served", m[1])
			}
		}
	}
	if n := strings.Count(texts[0], `location="`+address+`"`); n != 2 {
		t.Errorf("%d ports with the address, want 2", n)
	}
	if _, ok := c.Schema("../wsdl.go"); ok {
		t.Error("a file that is no schema is served")
	}
}

func TestAddressIsEscaped(t *testing.T) {
	t.Parallel()
	c, err := wsdl.At(`https://h/"><evil a="&`)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(c.WSDL()), "<evil") || xml.Unmarshal(c.WSDL(), new(struct{})) != nil {
		t.Error("the address breaks out of its attribute")
	}
}

// The parts of the WSDL fit together: bindings name operations of the port type, whose messages name elements of the schema.
func TestPartsFit(t *testing.T) {
	t.Parallel()
	c := contract(t)
	var d struct {
		Messages []struct {
			Name string `xml:"name,attr"`
			Part struct {
				Element string `xml:"element,attr"`
			} `xml:"part"`
		} `xml:"message"`
		PortType struct {
			Operations []struct {
				Name  string `xml:"name,attr"`
				Input struct {
					Message string `xml:"message,attr"`
				} `xml:"input"`
				Output struct {
					Message string `xml:"message,attr"`
				} `xml:"output"`
				Fault struct {
					Message string `xml:"message,attr"`
				} `xml:"fault"`
			} `xml:"operation"`
		} `xml:"portType"`
		Bindings []struct {
			Name       string `xml:"name,attr"`
			Operations []struct {
				Name      string `xml:"name,attr"`
				Operation struct {
					Action string `xml:"soapAction,attr"`
				} `xml:"operation"`
			} `xml:"operation"`
		} `xml:"binding"`
	}
	if err := xml.Unmarshal(c.WSDL(), &d); err != nil {
		t.Fatal(err)
	}
	service, _ := c.Schema("service-1.0.xsd")
	elements := map[string]bool{}
	for _, m := range d.Messages {
		local := strings.TrimPrefix(m.Part.Element, "s:")
		if !strings.Contains(string(service), `<xs:element name="`+local+`"`) {
			t.Errorf("message %s: no element %s", m.Name, local)
		}
		elements["s:"+m.Name] = true
	}
	for _, o := range d.PortType.Operations {
		if !elements[o.Input.Message] || !elements[o.Output.Message] || !elements[o.Fault.Message] {
			t.Errorf("operation %s names a message that is not there", o.Name)
		}
		if o.Input.Message != "s:"+o.Name || o.Output.Message != "s:"+o.Name+"Response" {
			t.Errorf("operation %s is not wrapped: its elements must be %s and %[1]sResponse", o.Name, o.Name)
		}
	}
	if len(d.Bindings) != 2 || len(d.PortType.Operations) != 9 {
		t.Fatalf("%d bindings of %d operations", len(d.Bindings), len(d.PortType.Operations))
	}
	for _, b := range d.Bindings {
		for i, o := range b.Operations {
			if o.Name != d.PortType.Operations[i].Name || o.Operation.Action != wsdl.Action(o.Name) {
				t.Errorf("%s: operation %s, action %s", b.Name, o.Name, o.Operation.Action)
			}
		}
	}
}

// libxml2 compiles the service's schema, and it takes and refuses what it should.
func TestServiceSchema(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	all, err := wsdl.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range all {
		write(t, filepath.Join(dir, name), string(b))
	}
	const head = `<SubmitOrder xmlns="` + wsdl.Namespace + `">`
	attachment := `<Attachment><AttachmentIdentification>order-image</AttachmentIdentification><AttachmentContent>JVBERg==</AttachmentContent></Attachment>`
	for _, c := range []struct {
		name, doc string
		ok        bool
	}{
		{"status by tracking number", `<GetSubmissionStatus xmlns="` + wsdl.Namespace + `"><TrackingIdentification>7K4M-X2Q9-PC</TrackingIdentification></GetSubmissionStatus>`, true},
		{"status by both", `<GetSubmissionStatus xmlns="` + wsdl.Namespace + `"><TrackingIdentification>7K4M-X2Q9-PC</TrackingIdentification><PackageIdentification>a</PackageIdentification></GetSubmissionStatus>`, false},
		{"no package", head + attachment + `</SubmitOrder>`, false},
		{"package of another namespace", head + `<OrderPackage xmlns="urn:other"/></SubmitOrder>`, false},
		{"package that its own schema refuses", head + `<OrderPackage xmlns="urn:ccpor:exchange:package:1.0"/></SubmitOrder>`, false},
	} {
		file := filepath.Join(dir, "sample.xml")
		write(t, file, c.doc)
		out, err := exec.Command("xmllint", "--noout", "--nonet", "--schema", filepath.Join(dir, "service-1.0.xsd"), file).CombinedOutput()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
		if strings.Contains(string(out), "Schemas parser error") {
			t.Fatalf("the schema does not compile:\n%s", out)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The listener's contract fits together, and its schema takes what the hub sends and refuses the rest.
func TestListenerContract(t *testing.T) {
	t.Parallel()
	c := contract(t)
	text := string(c.Listener())
	if xml.Unmarshal(c.Listener(), new(struct{})) != nil || !strings.Contains(text, `schemaLocation="`+address+`?xsd=listener-1.0.xsd"`) ||
		strings.Count(text, `soapAction="`+wsdl.ListenerNamespace+`/NotifySubmissionStatus"`) != 2 {
		t.Errorf("the contract of the listener: %s", text)
	}
	schema, ok := c.Schema("listener-1.0.xsd")
	for _, m := range regexp.MustCompile(`element="l:(\w+)"`).FindAllStringSubmatch(text, -1) {
		if !ok || !strings.Contains(string(schema), `<xs:element name="`+m[1]+`"`) {
			t.Errorf("no element %s", m[1])
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "l.xsd"), string(schema))
	const head, tail = `<NotifySubmissionStatus xmlns="` + wsdl.ListenerNamespace + `">`, `</NotifySubmissionStatus>`
	notice := `<Notice Id="notice-1"><AgencyORIIdentification>CA030013J</AgencyORIIdentification><NoticeNumber>1</NoticeNumber></Notice>`
	for _, x := range []struct {
		doc string
		ok  bool
	}{
		{head + notice + tail, true}, {head + notice + `<SignedNotice>AAAA</SignedNotice>` + tail, true}, {head + tail, false}, {head + notice + notice + tail, false},
		{`<NotifySubmissionStatusResponse xmlns="` + wsdl.ListenerNamespace + `"><NoticeNumber>1</NoticeNumber></NotifySubmissionStatusResponse>`, true},
		{`<NotifySubmissionStatusResponse xmlns="` + wsdl.ListenerNamespace + `"/>`, false},
	} {
		file := filepath.Join(dir, "sample.xml")
		write(t, file, x.doc)
		if out, err := exec.Command("xmllint", "--noout", "--nonet", "--schema", filepath.Join(dir, "l.xsd"), file).CombinedOutput(); (err == nil) != x.ok {
			t.Errorf("%s: %s", x.doc, out)
		}
	}
}
