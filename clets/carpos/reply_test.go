package carpos

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

const replyHead = "8AYX.CA111111J\r\nRE: ERR.CA030013J.OCA/06NF0886\r\n"

func overviewHit(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/seed-hit.txt")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseReply(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"entry":             {replyHead + "ENTRY ACCEPTED\r\nFCN/2320632500001\r\nNIC/H123456789\r\n", "accepted ERR 2320632500001 H123456789"},
		"entry without NIC": {replyHead + "ENTRY ACCEPTED\r\nFCN/2320632500001", "accepted ERR 2320632500001 "},
		"service":           {replyHead + "SERVICE ACCEPTED\r\nFCN/1\r\n", "accepted SRR 1 "},
		"modify":            {replyHead + "MODIFY ACCEPTED\r\nFCN/1\r\n", "accepted MRR 1 "},
		"cancel":            {replyHead + "CANCEL ACCEPTED\r\nFCN/1\r\n", "accepted XRR 1 "},
		"violation":         {replyHead + "VIOLATION ACCEPTED\r\nFCN/1\r\n", "accepted VRR 1 "},
		"on file":           {replyHead + "ON FILE\r\nFCN/1\r\n", "onFile ERR 1 "},
		"no record":         {replyHead + "NO RECORD FOUND\r\n", "noRecord   "},
		"one fault":         {replyHead + "REJECT 21 NAME DOES NOT MATCH FLD/NAM\r\n", "rejected    [21 NAM NAME DOES NOT MATCH]"},
		"three faults":      {replyHead + "REJECT 03 FIELD MISSING FLD/RAC\r\nREJECT 90 CARPOS UNAVAILABLE, TRY LATER\r\nREJECT 77 NEW\r\n", "rejected    [03 RAC FIELD MISSING] [90  CARPOS UNAVAILABLE, TRY LATER] [77  NEW]"},
	} {
		r, err := d.ParseReply([]byte(c.text))
		got := fmt.Sprintf("%s %s %s %s", r.Kind, r.Key, r.FCN, r.NIC)
		for _, f := range r.Faults {
			got += fmt.Sprintf(" [%s %s %s]", f.Number, f.Field, f.Text)
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if r.Text != c.text || r.Mnemonic != "8AYX" || r.ORI != "CA111111J" || r.Echo != "ERR.CA030013J.OCA/06NF0886" {
			t.Errorf("%s: head %+v", name, r)
		}
	}
}

func TestAgain(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for text, want := range map[string]bool{
		"REJECT 90 X\r\n": true, "REJECT 91 X\r\n": true, "REJECT 90 X\r\nREJECT 91 X": true, "REJECT 90 X\r\nREJECT 04 X FLD/NAM": false, "REJECT 40 X": false, "REJECT 99 X": false,
		"ENTRY ACCEPTED\r\nFCN/1": false,
	} {
		r, err := d.ParseReply([]byte(replyHead + text))
		if err != nil || d.Again(r) != want {
			t.Errorf("%q: %v %v", text, d.Again(r), err)
		}
	}
}

// What is not exactly an answer of the profile is kept whole and never taken for one.
func TestUnrecognised(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for _, text := range []string{
		"", "\r\n", "ENTRY ACCEPTED\r\nFCN/1\r\n", replyHead, replyHead + "ENTRY ACCEPTED\r\n", replyHead + "ENTRY ACCEPTED\r\nFCN/\r\n",
		replyHead + "ENTRY ACCEPTED\r\nFCN/12345678901234567\r\n", replyHead + "ENTRY ACCEPTED\r\nFCN/1\r\nNIC/H1\r\nBUT PENDING REVIEW\r\n",
		replyHead + "ENTRY ACCEPTED PENDING\r\nFCN/1\r\n", replyHead + "ENTRY NOT ACCEPTED\r\nFCN/1\r\n", replyHead + "entry accepted\r\nFCN/1\r\n",
		replyHead + "DETPECCA YRTNE\r\n", replyHead + "NO RECORD FOUND\r\nFCN/1\r\n", replyHead + "REJECT 1 FORMAT\r\n", replyHead + "REJECT 01 FORMAT\r\nENTRY ACCEPTED\r\nFCN/1\r\n",
		replyHead + "MATCH MADE ON\r\nOCA/1\r\nOCA FIELD SEARCH REVEALS:\r\n", replyHead + "MATCH MADE ON\r\n", replyHead + "SERVICE NOTICE\r\nFCN/1\r\n",
		"SERVICE NOTICE\r\n", "SERVICE NOTICE\r\nFCN/1\r\nZZZ/1\r\n", "NCIC REJECT\r\n", "NCIC REJECT\r\nNIC/1\r\n", "SOMETHING ELSE\r\n",
		strings.Repeat("A", maxReply+1),
	} {
		r, err := d.ParseReply([]byte(text))
		if r.Kind != Unrecognised || !errors.Is(err, ErrUnrecognised) || r.Text != text {
			t.Errorf("%.60q: %s %v", text, r.Kind, err)
		}
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for text, want := range map[string]string{
		"SERVICE NOTICE\r\nFCN/1\r\nNAM/JONES,MARC\r\nOCA/06NF0886\r\nSVN/PAT DOE\r\nSVD/20060608\r\nSVT/1705\r\nSVA/CA0300000\r\nSVM/P\r\nSVR/OTH\r\n": "serviceNotice 1 9 ",
		"VIOLATION NOTICE\r\nFCN/1\r\nNAM/JONES,MARC\r\nVDT/200606081705\r\nVAG/CA0300000\r\nVRN/1\r\nMIS/CAME BACK\r\n":                                "violationNotice 1 6 ",
		"NCIC REJECT\r\nFCN/1\r\nNO IDENTIFIER\r\n":               "ncicReject 1 0 NO IDENTIFIER",
		"ADMINISTRATIVE MESSAGE\r\nCLOSED ON SUNDAY\r\nSORRY\r\n": "administrative  0 CLOSED ON SUNDAY\nSORRY",
	} {
		r, err := d.ParseReply([]byte(text))
		if got := fmt.Sprintf("%s %s %d %s", r.Kind, r.FCN, len(r.Fields), r.Message); got != want || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestTheOverviewsHit(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	r, err := d.ParseReply(overviewHit(t))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s from %s.%s, asked by %s, matched %s\n", r.Kind, r.Mnemonic, r.ORI, r.Echo, r.Matched)
	for _, h := range r.Hits {
		fmt.Fprintf(&b, "%d FCN %s ORI %s OCA %s NIC %s status %q type %q served %t\n", h.Ordinal, h.FCN, h.ORI, h.OCA, h.NIC, h.Status, h.Type, h.IsServed())
		for _, f := range h.Fields {
			fmt.Fprintf(&b, "%s=%s\n", f.Name, f.Value)
		}
		fmt.Fprintf(&b, "confirm %s %q %s violations %d other %q\n", h.Confirm.ORI, h.Confirm.Name, h.Confirm.Telephone, h.Violations, h.Other)
	}
	golden(t, "overview-hit-read.txt", b.String())
}

// The form and the hit that the overview prints side by side do not agree; that they do not is why the hub exists.
func TestTheOverviewsHitDiffersFromItsForm(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	r, err := d.ParseReply(overviewHit(t))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, x := range d.Compare(overviewOrder(), overviewContext(), r.Hits[0]) {
		fmt.Fprintf(&b, "%s, %s: form %q, record %q\n", x.Field, x.Label, x.Order, x.Record)
	}
	golden(t, "overview-differences.txt", b.String())
}

// printed is a hit of the order as section 3.1 of the profile lays it out.
func printed(ordinal int, changes ...string) string {
	text := strings.Join([]string{
		fmt.Sprintf("ROS HIT # %03d", ordinal), "FCN/2320632500001", "ORI/CA030013J", "OCA/06NF0886", "NIC/H123456789", "", "*** NOT SERVED CRIMINAL PROTECTIVE ORDER ***",
		"DO NOT ARREST OR DETAIN BASED SOLELY ON THIS RESPONSE", "THIS RESTRAINING ORDER RESPONSE MAY BE THE SAME AS:",
		"* * * * * RESTRAINED PERSON INFORMATION * * * * *", "", "NAM/JONES,MARC DOB/19811121", "SEX/M RAC/X HGT/601 WGT/260 EYE/BRO HAI/BRO", "AKA/JONES,MAC", "AKA/JONES,MARK", "MIS/NO CONTACT.",
		"* * * * * PROTECTED PERSON INFORMATION * * * * *", "", "PROTECTED PERSON NAME/SMITH,MARY", "PROTECTED PERSON DOB/19770101", "PROTECTED PERSON NAME/SMITH,ANN", "PROTECTED PERSON SEX/F PROTECTED PERSON RACE/W",
		"* * * * * COURT INFORMATION * * * * *", "", "RESTRAINED PERSON PRESENT IN COURT/YES", "COURT NAME/ORANGE CO SUPERIOR (NORTH)", "COURT CASE NUMBER/06NF0886", "ISSUE DATE/20060607 EXPIRATION DATE/20090607",
		"CONTACT PROTECTED PERSON/NO - THE RESTRAINED PERSON SHALL NOT ANNOY", "", "FIREARM PROVISIONS/CANNOT PURCHASE OR RECEIVE AND MUST SURRENDER ALL FIREARMS",
		"STAY AWAY FROM/PROTECTED PERSON, VEHICLE", "", "STAY AWAY/0100 YARDS", "OTHER ORDERS/STAY AWAY FROM 123 MAIN STREET", "AND RETURN THE KEYS",
		"* * * * * ORDER INFORMATION * * * * *", "", "CTI/CA030013J", "ORT/CPO", "PCO/01", "PCO/04", "SVS/U",
		"IMMEDIATELY CONFIRM WITH CA030013J ORANGE CO", "TELEPHONE 714 555-0100", "***** VIOLATION MESSAGE *****", "NUMBER OF PRIOR VIOLATION MSG/002", "***** END OF DVROS MESSAGE *****",
	}, "\r\n") + "\r\n"
	for i := 0; i+1 < len(changes); i += 2 {
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	return text
}

const hitsHead = replyHead + "MATCH MADE ON\r\nOCA/06NF0886\r\nOCA FIELD SEARCH REVEALS:\r\n\r\n"

func TestManyHits(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	r, err := d.ParseReply([]byte(hitsHead + printed(1) + printed(2, "FCN/2320632500001", "FCN/77") + "MORE HITS NOT SHOWN/012\r\n"))
	if err != nil || len(r.Hits) != 2 || r.NotShown != 12 || r.Hits[1].FCN != "77" || r.Hits[1].Ordinal != 2 {
		t.Fatalf("%+v %v", r, err)
	}
	h := r.Hits[0]
	for field, want := range map[string]string{"AKA": "JONES,MAC|JONES,MARK", "PPN": "SMITH,MARY|SMITH,ANN", "SAF": "PP|VE", "OTH": "STAY AWAY FROM 123 MAIN STREET AND RETURN THE KEYS", "PCO": "01|04", "FIR": "2", "CPP": "NO"} {
		if got := strings.Join(all(h.Fields, field), "|"); got != want {
			t.Errorf("%s: %s", field, got)
		}
	}
	if h.Violations != 2 || h.Confirm.Telephone != "7145550100" || h.IsServed() || h.Status != "NOT SERVED" || len(h.Other) > 0 {
		t.Errorf("%+v", h)
	}
	tx, _ := d.Enter(overviewOrder(), overviewContext())
	if !h.IsRecordOf(tx) || !r.Hits[1].IsRecordOf(tx) {
		t.Error("the record of the order is not known as such")
	}
}

// A hit in which something stands twice, or which cannot be told apart, is no hit: somebody else's FCN must never be taken.
func TestHitsThatAreNone(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for name, text := range map[string]string{
		"no FCN":          printed(1, "FCN/2320632500001\r\n", ""),
		"FCN twice":       printed(1, "ORI/CA030013J", "FCN/1\r\nORI/CA030013J"),
		"no name":         printed(1, "NAM/JONES,MARC DOB/19811121\r\n", ""),
		"name twice":      printed(1, "AKA/JONES,MAC", "NAM/SMITH,JOHN"),
		"no date":         printed(1, "ISSUE DATE/20060607 ", ""),
		"date twice":      printed(1, "OTHER ORDERS/", "ISSUE DATE/20060101\r\nOTHER ORDERS/"),
		"no banner":       printed(1, "*** NOT SERVED CRIMINAL PROTECTIVE ORDER ***\r\n", ""),
		"part twice":      printed(1, "AND RETURN THE KEYS", "* * * * * COURT INFORMATION * * * * *"),
		"no end":          printed(1, "***** END OF DVROS MESSAGE *****\r\n", ""),
		"no ordinal":      printed(1, "ROS HIT # 001\r\n", ""),
		"text after hits": printed(1) + "AND MORE\r\n",
		"an empty hit":    "***** END OF DVROS MESSAGE *****\r\n",
	} {
		if r, err := d.ParseReply([]byte(hitsHead + text)); r.Kind != Unrecognised || err == nil {
			t.Errorf("%s: %s", name, r.Kind)
		}
	}
}

// A label inside a text, or in a part to which it does not belong, is text.
func TestLabelsInTexts(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	r, err := d.ParseReply([]byte(hitsHead + printed(1, "MIS/NO CONTACT.", "MIS/NO CONTACT. FCN/999 ISSUE DATE/20010101", "AND RETURN THE KEYS", "FCN/999")))
	if err != nil || r.Hits[0].FCN != "2320632500001" || r.Hits[0].First("ISD") != "20060607" {
		t.Errorf("%+v %v", r.Hits, err)
	}
	if h := r.Hits[0]; !strings.HasSuffix(h.First("OTH"), " FCN/999") || !strings.Contains(h.First("MIS"), "FCN/999") {
		t.Errorf("%+v", h.Fields)
	}
}

func TestShowsService(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	proof := Transaction{Key: Serve, Fields: []Field{{"SVN", "PAT DOE"}, {"SVD", "20060608"}, {"SVT", "1705"}}}
	const details = "SVS/S\r\nSVN/PAT DOE\r\nSVD/20060608\r\nSVT/1705"
	const withoutOrderPart = "* * * * * ORDER INFORMATION * * * * *\r\n\r\nCTI/CA030013J\r\nORT/CPO\r\nPCO/01\r\nPCO/04\r\nSVS/U\r\n"
	for name, c := range map[string]struct {
		text    string
		entered bool
		want    Shown
	}{
		"its details":              {printed(1, "SVS/U", details), false, ShownYes},
		"its details, served once": {printed(1, "SVS/U", details), true, ShownYes},
		"other details":            {printed(1, "SVS/U", details, "SVT/1705", "SVT/1706"), false, ShownNo},
		"no details":               {printed(1, "*** NOT SERVED", "*** SERVED"), true, ShownNo},
		"bare, not served":         {printed(1, withoutOrderPart, ""), false, ShownNo},
		"bare, served":             {printed(1, withoutOrderPart, "", "*** NOT SERVED", "*** SERVED"), false, ShownYes},
		"bare, entered as served":  {printed(1, withoutOrderPart, "", "*** NOT SERVED", "*** SERVED"), true, ShownUnclear},
	} {
		r, err := d.ParseReply([]byte(hitsHead + c.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := r.Hits[0].ShowsService(proof, c.entered); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestIsRecordOf(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	tx, _ := d.Enter(overviewOrder(), overviewContext())
	for _, change := range [][2]string{{"NAM/JONES,MARC", "NAM/JONES,MARK"}, {"ISSUE DATE/20060607", "ISSUE DATE/20060608"}, {"OCA/06NF0886", "OCA/06NF0887"}, {"ORI/CA030013J", "ORI/CA030023J"}} {
		r, err := d.ParseReply([]byte(hitsHead + printed(1, change[0], change[1])))
		if err != nil || r.Hits[0].IsRecordOf(tx) {
			t.Errorf("%s is taken for the order's record (%v)", change[1], err)
		}
	}
}

func TestDescribeReply(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for text, want := range map[string]string{
		replyHead + "ENTRY ACCEPTED\r\nFCN/1\r\n":                      "accepted: enter an order\n  CARPOS number 1\n",
		replyHead + "REJECT 03 FIELD MISSING FLD/RAC\r\n":              "refused; nothing was changed\n  fault 03, field missing, field RAC\n",
		replyHead + "NO RECORD FOUND\r\n":                              "nothing on record\n",
		replyHead + "JONES WAS HERE\r\n":                               "a text that is not understood; a person has to read it\n  text: (withheld)\n",
		"ADMINISTRATIVE MESSAGE\r\nCLOSED\r\n":                         "a message from the switch's operators\n  text: (withheld)\n",
		"NCIC REJECT\r\nFCN/1\r\nNO DOB\r\n":                           "NCIC refused its copy of the order\n  CARPOS number 1\n  text: (withheld)\n",
		replyHead + "REJECT 77 SOMETHING ABOUT JONES,MARC FLD/NAM\r\n": "refused; nothing was changed\n  fault 77, a number that is not known, field NAM\n",
	} {
		r, _ := d.ParseReply([]byte(text))
		if got := d.DescribeReply(r, false); got != want {
			t.Errorf("%q", got)
		}
	}
}
