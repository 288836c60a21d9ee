package sim_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ccpor/clets/sim"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s", name, got)
	}
}

// TestHit compares hits with golden files, and the first with the layout that was published.
func TestHit(t *testing.T) {
	t.Parallel()
	full := order("30-00003").with("ORT", "TRO").before("NAM", "HRD", "202612010830").before("HRD", "EXT", "1700").
		before("PPN", "SMT", "SC L CHK").before("PPN", "SOC", "000112222").before("PPN", "OLN", "N1234567").before("PPN", "OLS", "CA").
		before("PPN", "OLY", "2028").before("PPN", "CII", "A01234567").before("PPN", "FBI", "123456AB7").before("PPN", "ADR", "1 EXAMPLE STREET FULLERTON CA").
		before("HGT", "AGE", "45").before("RPC", "PPN", "SMITH,ANN").before("RPC", "PPA", "12").before("PCO", "MOV", "YES").before("PCO", "CUS", "YES")
	least := order("30-00004").without("CTP", "CTA", "AKA", "HGT", "WGT", "EYE", "HAI", "PSX", "PRA", "PPB", "SAF", "SAY", "OTH").with("SVS", "P")
	for name, x := range map[string]text{"hit.txt": order(oca), "hit-full.txt": full, "hit-least.txt": least} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := logon(t, start(t, sim.Config{}), "CCPR")
			h.enter(x.String())
			control := h.msg(inquiry(x.fields[0][1]).String())
			h.expect("ACK " + control + "\r\n")
			r := h.rsp()
			golden(t, name, strings.Join(slices.Concat(r.head, r.lines), "\n")+"\n")
		})
	}
}

// published is what the overview of 2011 prints for one hit, in its order, without the values.
var published = []string{
	"ROS HIT # 001", "FCN/", "ORI/", "OCA/", "NIC/", "CRIMINAL PROTECTIVE ORDER ***",
	"DO NOT ARREST OR DETAIN BASED SOLELY ON THIS RESPONSE", "THIS RESTRAINING ORDER RESPONSE MAY BE THE SAME AS:",
	"* * * * * RESTRAINED PERSON INFORMATION * * * * *", "NAM/JONES,MARC DOB/", "SEX/M RAC/B HGT/601 WGT/260 EYE/BRO HAI/BRO", "MIS/",
	"* * * * * PROTECTED PERSON INFORMATION * * * * *", "PROTECTED PERSON NAME/SMITH,MARY", "PROTECTED PERSON SEX/F PROTECTED PERSON RACE/X",
	"PROTECTED PERSON DOB/", "* * * * * COURT INFORMATION * * * * *", "RESTRAINED PERSON PRESENT IN COURT/YES", "COURT NAME/",
	"COURT PHONE NUMBER/(714) 935-7236", "COURT CASE NUMBER/", "ISSUE DATE/",
	"CONTACT PROTECTED PERSON/NO - THE RESTRAINED PERSON SHALL NOT ANNOY, HARASS, THREATEN, DISTURB THE PEACE, CONTACT, TELEPHONE, WRITE, CONTACT THROUGH THIRD PARTY, EXCEPT ATTORNEY OF RECORD, ATTEMPT OR ACTUALLY PREVENT, OR DISSUADE THE PROTECTED PERSON FROM ATTENDING A HEARING OR TESTIFYING OR MAKING A REPORT TO ANY LAW ENFORCEMENT AGENCY OR PERSON",
	"FIREARM PROVISIONS/CANNOT PURCHASE OR RECEIVE AND MUST SURRENDER ALL FIREARMS", "STAY AWAY FROM/PROTECTED PERSON", "STAY AWAY/0100 YARDS",
	"OTHER ORDERS/STAY AWAY FROM 123 MAIN STREET FULLERTON CA 92835", "IMMEDIATELY CONFIRM WITH ", "TELEPHONE 714 ",
	"***** VIOLATION MESSAGE *****", "NUMBER OF PRIOR VIOLATION MSG/000", "***** END OF DVROS MESSAGE *****",
}

func TestHitFollowsThePublishedLayout(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	got := d.ask(inquiry(oca).String())
	if want := []string{"MATCH MADE ON", "OCA/" + oca, "OCA FIELD SEARCH REVEALS:", ""}; !slices.Equal(got[:4], want) {
		t.Errorf("head %q", got[:4])
	}
	at := 0
	for _, label := range published {
		i := slices.IndexFunc(got[at:], func(l string) bool { return strings.Contains(l, label) })
		if i < 0 {
			t.Fatalf("%q is not behind line %d of\n%s", label, at, strings.Join(got, "\n"))
		}
		at += i
	}
}

// TestWaysOfAsking finds the order by each kind of inquiry.
func TestWaysOfAsking(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	for name, fields := range map[string][][2]string{
		"OCA":                       {{"OCA", oca}},
		"FCN":                       {{"FCN", d.fcn}},
		"restrained":                {{"NAM", "JONES,MARC"}},
		"restrained, narrowed":      {{"NAM", "JONES,MARC"}, {"DOB", "19811121"}, {"SEX", "M"}},
		"other name":                {{"NAM", "JONES,MARCO"}},
		"protected":                 {{"NAM", "SMITH,MARY"}},
		"protected, narrowed":       {{"NAM", "SMITH,MARY"}, {"DOB", "19770101"}, {"SEX", "F"}},
		"case and court":            {{"CCN", "06NF0886"}, {"CTI", court}},
		"restrained, narrowed once": {{"NAM", "JONES,MARC"}, {"SEX", "M"}},
	} {
		got := d.ask(text{"QRR", other, fields}.String())
		want := []string{"MATCH MADE ON"}
		for _, f := range fields {
			want = append(want, f[0]+"/"+f[1])
		}
		want = append(want, fields[0][0]+" FIELD SEARCH REVEALS:", "", "ROS HIT # 001", "FCN/"+d.fcn)
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("%s: %q", name, got[:min(len(got), len(want))])
		}
	}
}

// TestManyHits: the reply stays within one body and says what it leaves out.
func TestManyHits(t *testing.T) {
	t.Parallel()
	h := logon(t, start(t, sim.Config{}), "CCPR")
	const orders = 15
	for i := range orders {
		h.enter(order(fmt.Sprintf("30-%05d", i)).with("OTH", strings.Repeat("X", 500)).String())
	}
	got := h.ask(text{"QRR", court, [][2]string{{"NAM", "JONES,MARC"}}}.String())
	ends := 0
	for _, l := range got {
		if l == "***** END OF DVROS MESSAGE *****" {
			ends++
		}
	}
	if want := fmt.Sprintf("MORE HITS NOT SHOWN/%03d", orders-ends); got[len(got)-1] != want || ends < 2 {
		t.Errorf("%d hits, last line %q, want %q", ends, got[len(got)-1], want)
	}
	if size := len(strings.Join(got, "\r\n")); size > 16384-100 {
		t.Errorf("answer of %d bytes", size)
	}
}
