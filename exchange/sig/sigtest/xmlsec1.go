// Package sigtest asks xmlsec1's library what it makes of signed documents, and reads the kept table of where its verdict and this hub's
// differ. It is for tests only: no program links it.
package sigtest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Accepts is the verdict of whoever takes a document.
const Accepts = "accepts"

// Question is a document, and what xmlsec1 is told about it.
type Question struct {
	Document []byte `json:"doc"`
	// Certificate is the file whose key counts, in PEM; KeyInfo is not read.
	Certificate string `json:"cert"`
	// Element is namespace and name of those whose attribute Id is an Id.
	Element [2]string `json:"id"`
	// Message says that wsu:Id, wherever it stands, is an Id too: the document is a message.
	Message bool `json:"message"`
}

//go:embed xmlsec-judge.py
var judge string

// Ask asks about many documents in one process of python3-xmlsec. Each answer is Accepts or "refuses". Without that package the test is skipped, or fails
// where CCPOR_REQUIRE_TOOLS=1 demands it.
func Ask(t testing.TB, all []Question) []string {
	t.Helper()
	const python = "/usr/bin/python3"
	if exec.CommandContext(t.Context(), python, "-c", "import xmlsec, lxml").Run() != nil {
		missing(t)
	}
	var in, problems bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, q := range all {
		if err := lines.Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), python, "-c", judge)
	c.Stdin, c.Stderr = &in, &problems
	out, err := c.Output()
	if err != nil {
		t.Fatalf("xmlsec1's judge: %v\n%s", err, problems.Bytes())
	}
	answers := strings.Fields(string(out))
	if len(answers) != len(all) {
		t.Fatalf("%d answers of xmlsec1 to %d questions\n%s", len(answers), len(all), problems.Bytes())
	}
	return answers
}

func missing(t testing.TB) {
	t.Helper()
	if os.Getenv("CCPOR_REQUIRE_TOOLS") == "1" {
		t.Fatal("python3-xmlsec is missing and CCPOR_REQUIRE_TOOLS=1 demands it")
	}
	t.Skip("python3-xmlsec is missing")
}
