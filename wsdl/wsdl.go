// Package wsdl holds the service's contract: a WSDL 1.1 with SOAP 1.1 and 1.2 bindings, document/literal wrapped, and the
// schemas that it imports. They are embedded as published; whoever serves them gives the address at which they are found.
//
// The package inside SubmitOrder is a wildcard, so that a client's binding tools hand it on as the DOM element that was
// signed. The schema of the package itself is owned by package schemas and only passed on here.
package wsdl

import (
	"embed"
	"fmt"
	"html"
	"io/fs"
	"strings"

	"ccpor/schemas"
)

// Namespace is that of the service's operations, answers and fault details.
const Namespace = "urn:ccpor:exchange:service:1.0"

// Action is the SOAPAction of an operation, as the bindings give it.
func Action(operation string) string { return Namespace + "/" + operation }

// ListenerNamespace is that of the callbacks: of what an agency offers, so that the hub tells it of changes.
const ListenerNamespace = "urn:ccpor:exchange:listener:1.0"

//go:embed service-1.0.wsdl service-1.0.xsd listener-1.0.wsdl listener-1.0.xsd
var files embed.FS

const placeholder = "urn:ccpor:exchange:address"

// Contract is the WSDL and its schemas by the name under which they refer to each other, complete for one address.
type Contract struct {
	wsdl     []byte
	listener []byte
	schemas  map[string][]byte
}

// At fills in the address of the service, an absolute URL without query. The contract's parts point to each other as
// address?wsdl and address?xsd=NAME.
func At(address string) (Contract, error) {
	c := Contract{schemas: map[string][]byte{}}
	fill := strings.NewReplacer(placeholder, html.EscapeString(address), `schemaLocation="`, `schemaLocation="`+html.EscapeString(address)+"?xsd=")
	b, err := files.ReadFile("service-1.0.wsdl")
	if err != nil {
		return Contract{}, fmt.Errorf("reading the embedded WSDL: %w", err)
	}
	c.wsdl = []byte(fill.Replace(string(b)))
	if b, err = files.ReadFile("listener-1.0.wsdl"); err != nil {
		return Contract{}, fmt.Errorf("reading the embedded WSDL: %w", err)
	}
	c.listener = []byte(fill.Replace(string(b)))
	for _, from := range []fs.FS{files, schemas.FS()} {
		if err := c.add(from, fill); err != nil {
			return Contract{}, fmt.Errorf("reading the embedded schemas: %w", err)
		}
	}
	return c, nil
}

func (c Contract) add(from fs.FS, fill *strings.Replacer) error {
	names, err := fs.Glob(from, "*.xsd")
	if err != nil {
		return err
	}
	for _, name := range names {
		b, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		c.schemas[name] = []byte(fill.Replace(string(b)))
	}
	return nil
}

// WSDL is the service description.
func (c Contract) WSDL() []byte { return c.wsdl }

// Listener is the description of what an agency offers for callbacks; its address is the agency's to fill in.
func (c Contract) Listener() []byte { return c.listener }

// Schema is the schema of that name, as "service-1.0.xsd"; false when there is none.
func (c Contract) Schema(name string) ([]byte, bool) {
	b, ok := c.schemas[name]
	return b, ok
}

// Schemas is the service schema and those that it imports, as files that refer to each other by name, for tools and tests.
func Schemas() (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, from := range []fs.FS{files, schemas.FS()} {
		names, err := fs.Glob(from, "*.xsd")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if all[name], err = fs.ReadFile(from, name); err != nil {
				return nil, fmt.Errorf("reading %s: %w", name, err)
			}
		}
	}
	return all, nil
}
