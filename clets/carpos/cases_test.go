package carpos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ccpor/mapping/order"
)

// The sample packages of the whole project, as CARPOS gets them: each is a court's order as the mapping reads it.
func TestSampleCases(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	files, err := filepath.Glob("../../testdata/cases/*/order.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sample cases: %v", err)
	}
	tried := 0
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var sample struct {
			Action    string
			Submitter order.ORI
			Order     *order.Order
			Service   *order.Service
		}
		if err := json.Unmarshal(b, &sample); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.HasPrefix(name, "refused-") {
			continue // never comes this far
		}
		if sample.Action != "add" && sample.Action != "serve" {
			continue // what is told of an order depends on its record
		}
		tried++
		c := overviewContext()
		c.ORI, c.OCA = sample.Submitter, "CCPOR-1"
		var tx Transaction
		var lacks []Lack
		if sample.Order != nil {
			tx, lacks = d.Enter(*sample.Order, c)
		} else {
			c.FCN = "2320632500001"
			tx, lacks = d.Serve(*sample.Service, c)
		}
		var out strings.Builder
		for _, l := range lacks {
			fmt.Fprintf(&out, "lack %s (%s, %s): %s\n", l.Field, l.FormItem, l.Whose, l.Reason)
		}
		text, err := d.Encode(tx)
		if (err == nil) != (len(lacks) == 0) {
			t.Errorf("%s: %v with lacks %+v", name, err, lacks)
		}
		out.Write(text)
		for _, n := range tx.Notes {
			fmt.Fprintf(&out, "note %s %s: %s\n", n.Path, n.Code, n.Text)
		}
		golden(t, "case-"+name+".txt", out.String())
	}
	if tried < 3 {
		t.Errorf("only %d cases", tried)
	}
}
