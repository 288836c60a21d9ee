package carpos

import (
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
)

func reported() order.Violation {
	return order.Violation{At: time.Date(2026, 3, 5, 21, 30, 0, 0, time.FixedZone("PST", -8*3600)), Place: "100 Example Street, Anaheim", Agency: "CA0300000", Report: "26-001234",
		Arrested: true, Text: "Came to the residence."}
}

var violated = Context{ORI: "CA030013J", OCA: "06NF0886", FCN: "2320632500001", Restrained: order.Name{Surname: "Jones", Given: "Marc"}}

func TestViolate(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	tx, lacks := d.Violate(reported(), violated)
	if len(lacks) > 0 {
		t.Fatal(lacks)
	}
	text, err := d.Encode(tx)
	if err != nil {
		t.Fatal(err)
	}
	want := "VRR.CA030013J.FCN/2320632500001\r\nNAM/JONES,MARC\r\nVDT/202603052130\r\nVLO/100 EXAMPLE STREET, ANAHEIM\r\nVAG/CA0300000\r\nVRN/26-001234\r\nARR/Y\r\nMIS/CAME TO THE RESIDENCE.\r\n"
	if string(text) != want {
		t.Errorf("%q", text)
	}
}

// What does not fit is held, left out or cut by rules, and each is said.
func TestViolateNamesEveryLack(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	_, lacks := d.Violate(order.Violation{}, Context{})
	for _, field := range []string{"ORI", "FCN", "NAM", "VDT", "VAG", "VRN", "MIS"} {
		found := false
		for _, l := range lacks {
			found = found || l.Field == field
		}
		if !found {
			t.Errorf("%s is not missed: %v", field, lacks)
		}
	}
	v := reported()
	v.Report = strings.Repeat("9", 21)
	if tx, lacks := d.Violate(v, violated); len(lacks) != 1 || lacks[0].Field != "VRN" || tx.First("VRN") != "" {
		t.Errorf("a report number was shortened: %v %v", tx, lacks)
	}
	v = reported()
	v.Place, v.Text, v.Arrested = strings.Repeat("X", 61), strings.Repeat("Y", 501), false
	tx, lacks := d.Violate(v, violated)
	if len(lacks) != 0 || tx.First("VLO") != "" || len(tx.First("MIS")) != 500 || !strings.HasSuffix(tx.First("MIS"), reportGoesOn) || tx.First("ARR") != "N" || len(tx.Notes) != 2 {
		t.Errorf("%+v %v", tx, lacks)
	}
}
