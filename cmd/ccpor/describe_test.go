package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/clets/link"
	"ccpor/store"
	"ccpor/store/storetest"
)

var updateDescribed = flag.Bool("update-described", false, "write testdata/described.txt anew")

func frame(body string) string { return fmt.Sprintf("\x01%08d\x02%s\x03", len(body), body) }

const (
	reply    = "RSP CCPR 0000000012 000031\r\n8AYX.CA030013J\r\nRE: ERR.CA030013J.OCA/06NF0886\r\n"
	proof    = "8AYX.CA030013J\nRE: SRR.CA030013J.FCN/2320632500001\n"
	inquired = "8AYX.CA030013J\r\nRE: QRR.CA030013J.OCA/06NF0886\r\n"
	entryHit = "MATCH MADE ON\r\nOCA/06NF0886\r\nOCA FIELD SEARCH REVEALS:\r\nROS HIT # 001\r\nFCN/2320632500001\r\nORI/CA030013J\r\nOCA/06NF0886\r\n" +
		"*** NOT SERVED CRIMINAL PROTECTIVE ORDER ***\r\n* * * * * RESTRAINED PERSON INFORMATION * * * * *\r\nNAM/JONES,MARC DOB/19700203\r\n" +
		"* * * * * COURT INFORMATION * * * * *\r\nISSUE DATE/20060607 EXPIRATION DATE/20090607\r\n***** END OF DVROS MESSAGE *****\r\n"
)

// Everything that can stand on the line, as an operator without the right to see persons reads it. The golden file is read by people.
func TestDescribed(t *testing.T) {
	t.Parallel()
	d, err := newDescriber(false)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, c := range []struct{ name, text string }{
		{"an entry that lacks nearly all, without its line ends", "ERR.CA030013J.OCA/06NF0886\nNAM/JONES,MARC\nRAC/Q\nDOB/19701399\nSMT/\nPPA/9\n"},
		{"a framed entry", frame("MSG CCPR 0000000012\r\nXRR.CA030013J.FCN/2320632500001\r\nNAM/JONES,MARC\r\nOCA/06NF0886\r\nCXD/20260302\r\nCXR/T\r\n")},
		{"a violation", "VRR.CA0300000.FCN/2320632500001\nNAM/JONES,MARC\nVDT/202603021530\nVLO/MAIN ST\nVAG/CA0300000\nVRN/26-0001\nARR/Y\nMIS/HE CAME TO HER DOOR.\n"},
		{"an inquiry by name", "QRR.CA030013J.NAM/JONES,MARC\nDOB/19700203\n"},
		{"a name in a field that is no person's", "SRR.CA030013J.FCN/JONES,MARC\nSVM/MARC JONES\n"},
		{"an unknown key", "ZZZ.CA030013J.NAM/JONES,MARC\n"},
		{"no agency", "QRR.MARC JONES.OCA/1\n"},
		{"accepted", frame(reply + "ENTRY ACCEPTED\r\nFCN/2320632500001\r\nNIC/H123456789\r\n")},
		{"accepted, with a reservation", reply + "ENTRY ACCEPTED\r\nFCN/2320632500001\r\nSEE JONES\r\nCALL SMITH\r\n"},
		{"on file", reply + "ON FILE\r\nFCN/2320632500001\r\n"},
		{"a proof accepted", proof + "SERVICE ACCEPTED\nFCN/2320632500001\n"},
		{"refused for three reasons", proof + "REJECT 21 JONES IS NOT SMITH FLD/NAM\nREJECT 24 EXPIRED\nREJECT 77 JONES\n"},
		{"later", proof + "REJECT 90 CARPOS UNAVAILABLE, TRY LATER\n"},
		{"looked up: a hit", inquired + entryHit},
		{"looked up: two broken hits", inquired + strings.ReplaceAll(entryHit, "NAM/", "NAME/") + "ROS HIT # 002\r\n"},
		{"looked up: nothing", inquired + "NO RECORD FOUND\r\n"},
		{"looked up: refused", inquired + "REJECT 30 ORI NOT AUTHORISED\r\n"},
		{"a service notice", "UNS CCPR 000032\r\nSERVICE NOTICE\r\nFCN/2320632500001\r\nNAM/JONES,MARC\r\nSVN/A. CECIL\r\nSVD/20260303\r\nSVT/1700\r\nSVA/CA0300000\r\nSVM/P\r\nSVR/OTH\r\n"},
		{"a service notice without its hour", "SERVICE NOTICE\nFCN/2320632500001\nSVN/A. CECIL\nSVD/20260303"},
		{"a violation notice with faults", "VIOLATION NOTICE\nVDT/20260303\nARR/MAYBE\n"},
		{"an NCIC reject", "UNS CCPR 000033\r\nNCIC REJECT\r\nFCN/2320632500001\r\nJONES HAS NO DATE OF BIRTH\r\n"},
		{"an administrative message", "UNS CCPR 000034\r\nADMINISTRATIVE MESSAGE\r\nCALL JONES\r\n"},
		{"nobody knows what", "UNS CCPR 000035\r\nJONES\r\n"},
		{"nothing", ""},
		{"a conversation", frame("LOGON CCPR CA0300000\r\n") + frame("READY CCPR\r\n") + frame("ACK 0000000012\r\n") + frame("NAK 0000000012 14 JONES\r\n") + frame("NAK 0000000012 99 JONES\r\n") +
			frame("GOT 000031\r\n") + frame("PING\r\n") + frame("PONG\r\n") + frame("REFUSED 13 JONES\r\n")},
		{"a cut frame with a wrong length", "\x01000000X9\x02ACK 12\r\nJONES\x00\xff"},
	} {
		fmt.Fprintf(&out, "===== %s\n", c.name)
		for _, m := range link.Capture([]byte(c.text)) {
			out.WriteString(d.describe(m).text())
		}
	}
	if strings.Contains(out.String(), "JONES") || strings.Contains(out.String(), "1970") || strings.Contains(out.String(), "02/03") {
		t.Error("a person shows")
	}
	const file = "testdata/described.txt"
	if *updateDescribed {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("%s differs:\n%s", file, out.String())
	}
}

// No field that the dictionary calls personal shows in the words or the JSON of any case of the project, unless it is asked for; asked for, every one does.
func TestDescribeWithholds(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/cases/*/carpos.txt")
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	masked, err := newDescriber(false)
	if err != nil {
		t.Fatal(err)
	}
	open := masked
	open.personal = true
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		request, _, _ := strings.Cut("\n"+string(text), "\nnote ") // what follows is not sent
		captured := link.Capture([]byte(request[1:]))[0]
		tx, err := masked.dict.Decode(captured.Text)
		if err != nil {
			continue // a case that lacks something is not sent
		}
		personal := map[string]bool{}
		for _, f := range masked.dict.Fields(tx.Key) {
			personal[f.Name] = f.Personal
		}
		hidden, shown := masked.describe(captured), open.describe(captured)
		asJSON, err := json.Marshal(hidden)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range tx.Fields {
			if !personal[f.Name] || len(f.Value) < 8 {
				continue
			}
			if strings.Contains(hidden.text(), f.Value) || strings.Contains(string(asJSON), f.Value) {
				t.Errorf("%s: %s shows", file, f.Name)
			}
			if !strings.Contains(shown.text(), f.Value) && f.Name != "DOB" && f.Name != "PPB" {
				t.Errorf("%s: %s does not show where it is asked for", file, f.Name)
			}
			seen++
		}
	}
	if seen < 500 {
		t.Errorf("only %d values were looked for", seen)
	}
}

// Nobody sees a person who is not on record before: without a reason or a database nothing is shown, and the log names who asked, what and why.
func TestDescribeIsAudited(t *testing.T) {
	t.Setenv("CCPOR_DATABASE_URL", "")
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte("QRR.CA030013J.NAM/JONES,MARC\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"say why":                 {"--unmask"},
		"to nobody who is not on": {"--unmask", "--reason", "asked by the court"},
		"unknown flag --personal": {"--personal"},
		"ask the database":        {"--unmask", "--reason", "asked by the court", "--database-url", "postgres://127.0.0.1:1/none"},
	} {
		status, out, errOut := call(t, append([]string{"describe", file}, args...)...)
		if status == 0 || strings.Contains(out, "JONES") || !strings.Contains(errOut, want) {
			t.Errorf("%v: status %d, %s%s; wanted %q", args, status, out, errOut, want)
		}
	}
	url := storetest.NewURL(t)
	status, out, errOut := call(t, "describe", file, "--unmask", "--reason", "asked by the court", "--database-url", url)
	if status != 0 || !strings.Contains(out, "JONES,MARC") {
		t.Fatalf("status %d: %s%s", status, out, errOut)
	}
	trail, err := storetest.Open(t, url, store.Options{}).AuditTrail(t.Context(), "text SHA-256 2818e87e64449db4885fef8cc65a7744abed32cc858784b8ec94126ffdebccd3", 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(trail) != 1 || trail[0].Action != "carpos.describe" || !strings.HasPrefix(trail[0].Actor, "command line") || trail[0].Details != "asked by the court" || time.Since(trail[0].At) > time.Minute {
		t.Errorf("audited: %+v", trail)
	}
}

// The status tells a script whether something is wrong, and JSON has what the text has.
func TestDescribeForScripts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte(frame(reply+"REJECT 06 X FLD/RAC\r\n")+frame("ACK 1\r\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, errOut := call(t, "describe", "--json", file)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if status != 1 || len(lines) != 2 {
		t.Fatalf("status %d: %s%s", status, out, errOut)
	}
	var one described
	if err := json.Unmarshal([]byte(lines[0]), &one); err != nil {
		t.Fatal(err)
	}
	if len(one.Relay) != 1 || one.Relay[0].State != store.StateHeld || one.Relay[0].Again || len(one.Wrong) != 0 || !strings.Contains(one.Relay[0].Text, "06 code not in table (RAC)") {
		t.Errorf("%+v", one)
	}
	if err := json.Unmarshal([]byte(lines[1]), &one); err != nil || len(one.Wrong) != 1 {
		t.Errorf("%+v %v", one, err)
	}
}
