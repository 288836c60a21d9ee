package schemas

/*
#cgo pkg-config: libxml-2.0
#include <stdlib.h>
#include "libxml.h"
*/
import "C"

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"unsafe"

	"github.com/lestrrat-go/libxml2/xsd"
)

//go:embed xsd/*.xsd
var files embed.FS

const (
	strictURL = "embed:///strict/"
	looseURL  = "embed:///loose/"
)

// FS is the schema set as published, for those who serve it beside the service's contract.
func FS() fs.FS {
	sub, err := fs.Sub(files, "xsd")
	if err != nil {
		return files
	}
	return sub
}

// install hands the schema files to libxml2 and makes them the only thing that it can open. It is process-wide and done once.
func install() error {
	names, err := fs.Glob(files, "xsd/*.xsd")
	if err != nil {
		return err
	}
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		base := strings.TrimPrefix(name, "xsd/")
		if err := serve(strictURL+base, b); err != nil {
			return err
		}
		if err := serve(looseURL+base, loosen(b)); err != nil {
			return err
		}
	}
	C.ccpor_install()
	return nil
}

func serve(url string, b []byte) error {
	name, bytes := C.CString(url), C.CBytes(b)
	defer C.free(unsafe.Pointer(name))
	defer C.free(bytes)
	if C.ccpor_serve(name, bytes, C.int(len(b))) != 0 {
		return fmt.Errorf("serving %s to libxml2: no room", url)
	}
	return nil
}

var (
	occurs   = regexp.MustCompile(` (min|max)Occurs="[^"]*"`)
	grouped  = regexp.MustCompile(`(<xs:group name="[^"]*">\s*)<xs:sequence>`) // may not repeat itself
	sequence = strings.NewReplacer(
		"<xs:sequence>", `<xs:choice minOccurs="0" maxOccurs="unbounded">`,
		"</xs:sequence>", "</xs:choice>")
)

// loosen derives the schema by which the values of a refused document are judged: the same types, in any order and number.
func loosen(schema []byte) []byte {
	s := occurs.ReplaceAllString(string(schema), "")
	return []byte(sequence.Replace(grouped.ReplaceAllString(s, "$1<xs:choice>")))
}

func compile(url string) (*xsd.Schema, error) {
	s, err := xsd.ParseFromFile(url + "package-1.0.xsd")
	if err != nil {
		return nil, fmt.Errorf("compiling %spackage-1.0.xsd: %w", url, err)
	}
	return s, nil
}
