package sim_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"ccpor/clets/sim"
)

// desk is a switch with one order on file and a line to it.
type desk struct {
	*hub
	s   *sim.Switch
	fcn string
}

const oca = "30-00001"

func newDesk(t *testing.T, cfg sim.Config) desk {
	t.Helper()
	s := start(t, cfg)
	h := logon(t, s, "CCPR")
	fcn := h.enter(order(oca).String())
	h.sync()
	return desk{hub: h, s: s, fcn: fcn}
}

// TestTransactions has, for each transaction, what is accepted and each reject number that it can meet.
func TestTransactions(t *testing.T) {
	t.Parallel()
	const readOnly = "CA0371100"
	fresh := order("30-00002")
	cases := []struct {
		name string
		text func(fcn string) text
		want []string // the answer's lines; F stands for the FCN on file
	}{
		{"enter accepted", func(string) text { return fresh }, []string{"ENTRY ACCEPTED", "FCN/2322632600002", "NIC/H100000002"}},
		{"enter without date of birth: no NIC", func(string) text { return fresh.without("DOB").before("HGT", "AGE", "45") }, []string{"ENTRY ACCEPTED", "FCN/2322632600002"}},
		{"enter on file", func(string) text { return order(oca) }, []string{"ON FILE", "FCN/F"}},
		{"enter on file, other field altered", func(string) text { return order(oca).with("MIS", "X") }, []string{"ON FILE", "FCN/F"}},
		{"enter nonexpiring", func(string) text { return fresh.with("EXP", "NONEXP") }, []string{"ENTRY ACCEPTED", "FCN/2322632600002", "NIC/H100000002"}},
		{"enter without protected person, gun violence", func(string) text { return fresh.with("ORT", "OGV").without("PPN", "PSX", "PRA", "PPB") }, []string{"ENTRY ACCEPTED", "FCN/2322632600002", "NIC/H100000002"}},
		{"enter two groups", func(string) text { return fresh.before("RPC", "PPN", "SMITH,ANN").before("RPC", "PSX", "F") }, []string{"ENTRY ACCEPTED", "FCN/2322632600002", "NIC/H100000002"}},
		{"enter 01 order of fields", func(string) text { return fresh.without("CTI").before("CCN", "CTI", court) }, []string{"REJECT 01 FORMAT FLD/CTI"}},
		{"enter 01 group field without group", func(string) text { return fresh.without("PPB").before("PPN", "PPB", "19770101") }, []string{"REJECT 01 FORMAT FLD/PPB"}},
		{"enter 01 once only", func(string) text { return fresh.before("SEX", "NAM", "JONES,MARK") }, []string{"REJECT 01 FORMAT FLD/NAM"}},
		{"enter 02", func(string) text { return fresh.before("CTI", "ZZZ", "1") }, []string{"REJECT 02 FIELD UNKNOWN FLD/ZZZ"}},
		{"enter 02 field of another key", func(string) text { return fresh.before("", "FCN", "1") }, []string{"REJECT 02 FIELD UNKNOWN FLD/FCN"}},
		{"enter 03", func(string) text { return fresh.without("MIS", "BRD") }, []string{"REJECT 03 FIELD MISSING FLD/BRD", "REJECT 03 FIELD MISSING FLD/MIS"}},
		{"enter 03 date of birth or age", func(string) text { return fresh.without("DOB") }, []string{"REJECT 03 FIELD MISSING FLD/DOB"}},
		{"enter 03 hearing of a temporary order", func(string) text { return fresh.with("ORT", "TRO") }, []string{"REJECT 03 FIELD MISSING FLD/HRD"}},
		{"enter 03 protected person", func(string) text { return fresh.without("PPN", "PSX", "PRA", "PPB") }, []string{"REJECT 03 FIELD MISSING FLD/PPN"}},
		{"enter 03 yards", func(string) text { return fresh.without("SAY") }, []string{"REJECT 03 FIELD MISSING FLD/SAY"}},
		{"enter 03 places", func(string) text { return fresh.without("SAF") }, []string{"REJECT 03 FIELD MISSING FLD/SAF"}},
		{"enter 03 licence", func(string) text { return fresh.before("PPN", "OLN", "N1234567") }, []string{"REJECT 03 FIELD MISSING FLD/OLS", "REJECT 03 FIELD MISSING FLD/OLY"}},
		{"enter 04 empty", func(string) text { return fresh.with("CTA", "") }, []string{"REJECT 04 FIELD VALUE FLD/CTA"}},
		{"enter 04 lower case", func(string) text { return fresh.with("MIS", "Stay away") }, []string{"REJECT 04 FIELD VALUE FLD/MIS"}},
		{"enter 04 no such day", func(string) text { return fresh.with("ISD", "20260230") }, []string{"REJECT 04 FIELD VALUE FLD/ISD"}},
		{"enter 04 ends before it begins", func(string) text { return fresh.with("EXP", "20261031") }, []string{"REJECT 04 FIELD VALUE FLD/EXP"}},
		{"enter 04 thirteen inches", func(string) text { return fresh.with("HGT", "513") }, []string{"REJECT 04 FIELD VALUE FLD/HGT"}},
		{"enter 04 name without comma", func(string) text { return fresh.with("NAM", "MARC JONES") }, []string{"REJECT 04 FIELD VALUE FLD/NAM"}},
		{"enter 05", func(string) text { return fresh.with("CCN", strings.Repeat("9", 21)) }, []string{"REJECT 05 TOO LONG FLD/CCN"}},
		{"enter 06", func(string) text { return fresh.with("EYE", "BRN").with("PSX", "W") }, []string{"REJECT 06 CODE NOT IN TABLE FLD/EYE", "REJECT 06 CODE NOT IN TABLE FLD/PSX"}},
		{"enter, all kinds at once", func(string) text {
			return fresh.without("MIS").with("EYE", "BRN").with("CCN", strings.Repeat("9", 21)).with("ISD", "1")
		},
			[]string{"REJECT 05 TOO LONG FLD/CCN", "REJECT 04 FIELD VALUE FLD/ISD", "REJECT 06 CODE NOT IN TABLE FLD/EYE", "REJECT 03 FIELD MISSING FLD/MIS"}},
		{"enter 30", func(string) text { return fresh.from(readOnly) }, []string{"REJECT 30 ORI NOT AUTHORISED"}},
		{"enter 40 other name", func(string) text { return order(oca).with("NAM", "JONES,MARK") }, []string{"REJECT 40 SAME OCA WITH OTHER DATA FLD/OCA"}},
		{"enter 40 other date", func(string) text { return order(oca).with("ISD", "20261102") }, []string{"REJECT 40 SAME OCA WITH OTHER DATA FLD/OCA"}},

		{"modify accepted", func(f string) text { return modify(f, oca) }, []string{"MODIFY ACCEPTED", "FCN/F"}},
		{"modify deletes", func(f string) text { return modify(f, oca).before("EXP", "CTA", "") }, []string{"MODIFY ACCEPTED", "FCN/F"}},
		{"modify corrects the name", func(f string) text { return modify(f, oca).before("OCA", "NNM", "JONES,MARK") }, []string{"MODIFY ACCEPTED", "FCN/F"}},
		{"modify 01 changes nothing", func(f string) text { return modify(f, oca).without("EXP") }, []string{"REJECT 01 FORMAT"}},
		{"modify deletes all other names", func(f string) text { return modify(f, oca).before("", "AKA", "").without("EXP") }, []string{"MODIFY ACCEPTED", "FCN/F"}},
		{"modify age for the date of birth", func(f string) text {
			return modify(f, oca).without("EXP").before("", "DOB", "").before("", "AGE", "45")
		}, []string{"MODIFY ACCEPTED", "FCN/F"}},
		{"modify for ever, without the time", func(f string) text { return modify(f, oca).with("EXP", "NONEXP").before("", "EXT", "") }, []string{"MODIFY ACCEPTED", "FCN/F"}},
		{"modify a group alone", func(f string) text { return modify(f, oca).without("EXP").before("", "PPN", "SMITH,MARY") }, []string{"MODIFY ACCEPTED", "FCN/F"}},
		{"modify 01 group field without group", func(f string) text { return modify(f, oca).before("", "PSX", "F") }, []string{"REJECT 01 FORMAT FLD/PSX"}},
		{"modify 01 deletes and says", func(f string) text {
			return modify(f, oca).without("EXP").before("", "AKA", "").before("", "AKA", "JONES,M")
		}, []string{"REJECT 01 FORMAT FLD/AKA"}},
		{"modify 01 second new name", func(f string) text {
			return modify(f, oca).before("OCA", "NNM", "JONES,MARK").before("OCA", "NNM", "JONES,MARCUS")
		}, []string{"REJECT 01 FORMAT FLD/NNM"}},
		{"modify 03 deletes the date of birth", func(f string) text { return modify(f, oca).without("EXP").before("", "DOB", "") }, []string{"REJECT 03 FIELD MISSING FLD/DOB"}},
		{"modify 03 deletes the yards", func(f string) text { return modify(f, oca).before("", "SAY", "") }, []string{"REJECT 03 FIELD MISSING FLD/SAY"}},
		{"modify 04 deletes a sex of the group", func(f string) text { return modify(f, oca).before("", "PPN", "SMITH,MARY").before("", "PSX", "") }, []string{"REJECT 04 FIELD VALUE FLD/PSX"}},
		{"modify 04 ends before it began", func(f string) text { return modify(f, oca).with("EXP", "20261031") }, []string{"REJECT 04 FIELD VALUE FLD/EXP"}},
		{"modify 02", func(f string) text { return modify(f, oca).before("", "CXD", "20261122") }, []string{"REJECT 02 FIELD UNKNOWN FLD/CXD"}},
		{"modify 03", func(f string) text { return modify(f, oca).without("RSN") }, []string{"REJECT 03 FIELD MISSING FLD/RSN"}},
		{"modify 03 deletes what must be", func(f string) text { return modify(f, oca).with("EXP", "") }, []string{"REJECT 03 FIELD MISSING FLD/EXP"}},
		{"modify 03 deletes the protected", func(f string) text { return modify(f, oca).before("", "PPN", "") }, []string{"REJECT 03 FIELD MISSING FLD/PPN"}},
		{"modify 04", func(f string) text { return modify(f, oca).with("EXP", "20301301") }, []string{"REJECT 04 FIELD VALUE FLD/EXP"}},
		{"modify 04 other OCA", func(f string) text { return modify(f, "30-00009") }, []string{"REJECT 04 FIELD VALUE FLD/OCA"}},
		{"modify 05", func(f string) text { return modify(f, oca).before("", "OTH", strings.Repeat("X", 501)) }, []string{"REJECT 05 TOO LONG FLD/OTH"}},
		{"modify 06", func(f string) text { return modify(f, oca).with("RSN", "OOPS") }, []string{"REJECT 06 CODE NOT IN TABLE FLD/RSN"}},
		{"modify 20", func(string) text { return modify("2320000000000", oca) }, []string{"REJECT 20 FCN NOT ON FILE FLD/FCN"}},
		{"modify 21", func(f string) text { return modify(f, oca).with("NAM", "JONES,MARK") }, []string{"REJECT 21 NAME DOES NOT MATCH FLD/NAM"}},
		{"modify 22", func(f string) text { return modify(f, oca).from(other) }, []string{"REJECT 22 NOT THE OWNER"}},
		{"modify 30", func(f string) text { return modify(f, oca).from(readOnly) }, []string{"REJECT 30 ORI NOT AUTHORISED", "REJECT 22 NOT THE OWNER"}},

		{"cancel accepted", func(f string) text { return cancel(f, oca) }, []string{"CANCEL ACCEPTED", "FCN/F"}},
		{"cancel 01", func(f string) text { return cancel(f, oca).without("CXD").before("", "CXD", "20261122") }, []string{"REJECT 01 FORMAT FLD/CXD"}},
		{"cancel 02", func(f string) text { return cancel(f, oca).before("", "EXP", "20261122") }, []string{"REJECT 02 FIELD UNKNOWN FLD/EXP"}},
		{"cancel 03", func(f string) text { return cancel(f, oca).without("CXR") }, []string{"REJECT 03 FIELD MISSING FLD/CXR"}},
		{"cancel 04", func(f string) text { return cancel(f, oca).with("CXD", "20261322") }, []string{"REJECT 04 FIELD VALUE FLD/CXD"}},
		{"cancel 05", func(f string) text { return cancel(f, oca).with("OCA", strings.Repeat("3", 21)) }, []string{"REJECT 05 TOO LONG FLD/OCA", "REJECT 04 FIELD VALUE FLD/OCA"}},
		{"cancel 06", func(f string) text { return cancel(f, oca).with("CXR", "Z") }, []string{"REJECT 06 CODE NOT IN TABLE FLD/CXR"}},
		{"cancel 20", func(string) text { return cancel("1", oca) }, []string{"REJECT 20 FCN NOT ON FILE FLD/FCN"}},
		{"cancel 21", func(f string) text { return cancel(f, oca).with("NAM", "SMITH,MARY") }, []string{"REJECT 21 NAME DOES NOT MATCH FLD/NAM"}},
		{"cancel 22", func(f string) text { return cancel(f, oca).from(other) }, []string{"REJECT 22 NOT THE OWNER"}},
		{"cancel 24", func(f string) text { return cancel(f, oca).with("CXD", "20291102") }, []string{"REJECT 24 RECORD EXPIRED"}},
		{"cancel 30", func(f string) text { return cancel(f, oca).from(readOnly) }, []string{"REJECT 30 ORI NOT AUTHORISED", "REJECT 22 NOT THE OWNER"}},

		{"service accepted", func(f string) text { return service(f, oca) }, []string{"SERVICE ACCEPTED", "FCN/F"}},
		{"service by another agency", func(f string) text { return service(f, "LA-77").from(other).with("SVR", "OTH") }, []string{"SERVICE ACCEPTED", "FCN/F"}},
		{"service 01", func(f string) text { return service(f, oca).before("", "SVM", "P") }, []string{"REJECT 01 FORMAT FLD/SVM"}},
		{"service 02", func(f string) text { return service(f, oca).before("SVN", "SVX", "P") }, []string{"REJECT 02 FIELD UNKNOWN FLD/SVX"}},
		{"service 03", func(f string) text { return service(f, oca).without("SVN", "SVT") }, []string{"REJECT 03 FIELD MISSING FLD/SVN", "REJECT 03 FIELD MISSING FLD/SVT"}},
		{"service 04", func(f string) text { return service(f, oca).with("SVT", "2460") }, []string{"REJECT 04 FIELD VALUE FLD/SVT"}},
		{"service 05", func(f string) text { return service(f, oca).with("SVN", strings.Repeat("X", 31)) }, []string{"REJECT 05 TOO LONG FLD/SVN"}},
		{"service 06", func(f string) text { return service(f, oca).with("SVM", "Q") }, []string{"REJECT 06 CODE NOT IN TABLE FLD/SVM"}},
		{"service 20", func(string) text { return service("1", oca) }, []string{"REJECT 20 FCN NOT ON FILE FLD/FCN"}},
		{"service 21", func(f string) text { return service(f, oca).with("NAM", "SMITH,MARY") }, []string{"REJECT 21 NAME DOES NOT MATCH FLD/NAM"}},
		{"service 22", func(f string) text { return service(f, oca).from(other) }, []string{"REJECT 22 NOT THE OWNER"}},
		{"service 24", func(f string) text { return service(f, oca).with("SVD", "20291102") }, []string{"REJECT 24 RECORD EXPIRED"}},
		{"service 30", func(f string) text { return service(f, oca).from(readOnly).with("SVR", "OTH") }, []string{"REJECT 30 ORI NOT AUTHORISED"}},

		{"violation accepted", func(f string) text { return violation(f) }, []string{"VIOLATION ACCEPTED", "FCN/F"}},
		{"violation 01", func(f string) text { return violation(f).without("NAM").before("", "NAM", "JONES,MARC") }, []string{"REJECT 01 FORMAT FLD/NAM"}},
		{"violation 02", func(f string) text { return violation(f).before("NAM", "OCA", oca) }, []string{"REJECT 02 FIELD UNKNOWN FLD/OCA"}},
		{"violation 03", func(f string) text { return violation(f).without("MIS") }, []string{"REJECT 03 FIELD MISSING FLD/MIS"}},
		{"violation 04", func(f string) text { return violation(f).with("VDT", "20261115") }, []string{"REJECT 04 FIELD VALUE FLD/VDT"}},
		{"violation 05", func(f string) text { return violation(f).with("VLO", strings.Repeat("X", 61)) }, []string{"REJECT 05 TOO LONG FLD/VLO"}},
		{"violation 06", func(f string) text { return violation(f).with("ARR", "U") }, []string{"REJECT 06 CODE NOT IN TABLE FLD/ARR"}},
		{"violation 20", func(string) text { return violation("1") }, []string{"REJECT 20 FCN NOT ON FILE FLD/FCN"}},
		{"violation 21", func(f string) text { return violation(f).with("NAM", "SMITH,MARY") }, []string{"REJECT 21 NAME DOES NOT MATCH FLD/NAM"}},
		{"violation 24", func(f string) text { return violation(f).with("VDT", "202911020000") }, []string{"REJECT 24 RECORD EXPIRED"}},
		{"violation 30", func(f string) text { return violation(f).from(readOnly) }, []string{"REJECT 30 ORI NOT AUTHORISED"}},

		{"inquiry without hit", func(string) text { return inquiry("NONE") }, []string{"NO RECORD FOUND"}},
		{"inquiry without hit by FCN", func(string) text { return text{"QRR", court, [][2]string{{"FCN", "1"}}} }, []string{"NO RECORD FOUND"}},
		{"inquiry by name, other date of birth", func(string) text { return text{"QRR", court, [][2]string{{"NAM", "JONES,MARC"}, {"DOB", "19811122"}}} }, []string{"NO RECORD FOUND"}},
		{"inquiry by name, other sex", func(string) text { return text{"QRR", court, [][2]string{{"NAM", "SMITH,MARY"}, {"SEX", "M"}}} }, []string{"NO RECORD FOUND"}},
		{"inquiry by case of another court", func(string) text { return text{"QRR", court, [][2]string{{"CCN", "06NF0886"}, {"CTI", "CA019013J"}}} }, []string{"NO RECORD FOUND"}},
		{"inquiry 01 two ways", func(f string) text { return text{"QRR", court, [][2]string{{"OCA", oca}, {"FCN", f}}} }, []string{"REJECT 01 FORMAT"}},
		{"inquiry 01 date of birth alone", func(string) text { return text{"QRR", court, [][2]string{{"DOB", "19811121"}}} }, []string{"REJECT 01 FORMAT"}},
		{"inquiry 02", func(string) text { return text{"QRR", court, [][2]string{{"OCA", oca}, {"ISD", "20261101"}}} }, []string{"REJECT 02 FIELD UNKNOWN FLD/ISD"}},
		{"inquiry 03", func(string) text { return text{"QRR", court, [][2]string{{"CCN", "06NF0886"}}} }, []string{"REJECT 03 FIELD MISSING FLD/CTI"}},
		{"inquiry 04", func(string) text { return inquiry("30/1") }, []string{"REJECT 04 FIELD VALUE FLD/OCA"}},
		{"inquiry 05", func(string) text { return inquiry(strings.Repeat("3", 21)) }, []string{"REJECT 05 TOO LONG FLD/OCA"}},
		{"inquiry 06", func(string) text { return text{"QRR", court, [][2]string{{"NAM", "JONES,MARC"}, {"SEX", "W"}}} }, []string{"REJECT 06 CODE NOT IN TABLE FLD/SEX"}},

		{"unknown key 01", func(string) text { return text{"ZZZ", court, [][2]string{{"OCA", oca}}} }, []string{"REJECT 01 FORMAT"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, sim.Config{EntryORIs: []string{court, other}})
			before := len(d.s.Records()[0].Versions)
			want := slices.Clone(c.want)
			for i := range want {
				want[i] = strings.Replace(want[i], "FCN/F", "FCN/"+d.fcn, 1)
				if strings.HasPrefix(c.want[i], "REJECT") {
					want[i] = c.want[i]
				}
			}
			got := d.ask(c.text(d.fcn).String())
			if !slices.Equal(got, want) {
				t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			after := d.s.Records()
			changed := len(after) != 1 || len(after[0].Versions) != before
			if accepted := strings.HasSuffix(want[0], "ACCEPTED"); changed != accepted {
				t.Fatalf("answer %q, records changed: %v", want[0], changed)
			}
		})
	}
}

// TestInquiryWithoutEntryRight: an ORI that may not enter may still ask.
func TestInquiryWithoutEntryRight(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{EntryORIs: []string{court}})
	if got := d.ask(inquiry(oca).from(other).String()); got[0] != "MATCH MADE ON" {
		t.Fatalf("got %q", got)
	}
}

// TestCancelledTakesNothing: 23 for each transaction upon a cancelled record; the record stays to be found.
func TestCancelledTakesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	d.ask(cancel(d.fcn, oca).String())
	for _, x := range []text{modify(d.fcn, oca), cancel(d.fcn, oca), service(d.fcn, oca), violation(d.fcn)} {
		if got := d.ask(x.String()); !slices.Equal(got, []string{"REJECT 23 RECORD CANCELLED"}) {
			t.Errorf("%s: %q", x.key, got)
		}
	}
	got := d.ask(inquiry(oca).String())
	for _, want := range []string{"*** CANCELLED CRIMINAL PROTECTIVE ORDER ***", "CXD/20261122", "CXR/T"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
	if got := d.ask(order(oca).String()); !slices.Equal(got, []string{"ON FILE", "FCN/" + d.fcn}) {
		t.Errorf("entered again: %q", got)
	}
}

// TestExpired: an expired order takes no modify, but a service of a day on which it was in force.
func TestExpired(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{})
	h := logon(t, s, "CCPR")
	cases := []struct {
		name, exp, ext string
		want           string
	}{
		{"yesterday", "20261121", "", "REJECT 24 RECORD EXPIRED"},
		{"today, a minute ago", "20261122", "1159", "REJECT 24 RECORD EXPIRED"},
		{"today, this minute", "20261122", "1200", "MODIFY ACCEPTED"},
		{"today, no time", "20261122", "", "MODIFY ACCEPTED"},
		{"never", "NONEXP", "", "MODIFY ACCEPTED"},
	}
	for i, c := range cases {
		oca := "30-0001" + string(rune('0'+i))
		x := order(oca).with("EXP", c.exp)
		if c.ext != "" {
			x = x.before("NAM", "EXT", c.ext)
		}
		fcn := h.enter(x.String())
		m := modify(fcn, oca).without("EXP").before("", "OTH", "NEW TERMS")
		if got := h.ask(m.String()); got[0] != c.want {
			t.Errorf("%s: modify: %q, want %q", c.name, got, c.want)
		}
		if got := h.ask(service(fcn, oca).String()); got[0] != "SERVICE ACCEPTED" {
			t.Errorf("%s: service of 10 November: %q", c.name, got)
		}
		if late := service(fcn, oca).with("SVD", "20261123"); c.exp != "NONEXP" {
			if got := h.ask(late.String()); got[0] != "REJECT 24 RECORD EXPIRED" {
				t.Errorf("%s: service of the day after: %q", c.name, got)
			}
		}
	}
}

// TestContinuedAfterItsEnd: a continuance that comes after the day on which the order would have ended makes it run again.
func TestContinuedAfterItsEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	fcn := d.enter(order("30-00003").with("EXP", "20261121").with("CCN", "06NF0999").String())
	for _, c := range []struct{ exp, want string }{{"20261120", "REJECT 24 RECORD EXPIRED"}, {"20261121", "REJECT 24 RECORD EXPIRED"}, {"20261122", "MODIFY ACCEPTED"}, {"NONEXP", "MODIFY ACCEPTED"}} {
		if got := d.ask(modify(fcn, "30-00003").with("RSN", "CONT").with("EXP", c.exp).String()); got[0] != c.want {
			t.Errorf("to %s: %q, want %q", c.exp, got, c.want)
		}
	}
}

// TestModifyLaysOver follows one record through its changes.
func TestModifyLaysOver(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	x := text{"MRR", court, [][2]string{
		{"FCN", d.fcn}, {"NAM", "JONES,MARC"}, {"NNM", "JONES,MARK A"}, {"OCA", oca}, {"RSN", "CORR"}, {"CTA", ""},
		{"AKA", "JONES,M"}, {"AKA", "JONES,MARCUS"}, {"PPN", "SMITH,MARY ANN"}, {"PSX", "F"}, {"PPN", "SMITH,BABY"}, {"PPA", "2"}, {"PCO", "07"},
	}}
	if got := d.ask(x.String()); got[0] != "MODIFY ACCEPTED" {
		t.Fatalf("got %q", got)
	}
	r := d.s.Records()[0]
	for _, c := range []struct{ code, want string }{
		{"NAM", "JONES,MARK A"}, {"CTA", ""}, {"AKA", "JONES,M JONES,MARCUS"}, {"PPN", "SMITH,MARY ANN SMITH,BABY"}, {"PSX", "F"},
		{"PPB", ""}, {"PPA", "2"}, {"PCO", "07"}, {"EXP", "20291101"}, {"OCA", oca}, {"SAF", "PP RE"},
	} {
		if got := strings.Join(r.Values(c.code), " "); got != c.want {
			t.Errorf("%s is %q, want %q", c.code, got, c.want)
		}
	}
	if got := d.ask(modify(d.fcn, oca).String()); got[0] != "REJECT 21 NAME DOES NOT MATCH FLD/NAM" {
		t.Errorf("under the old name: %q", got)
	}
	if got := d.ask(order(oca).String()); got[0] != "ON FILE" {
		t.Errorf("the first enter again: %q", got)
	}
	if keys := r.Versions; len(keys) != 2 || keys[0].Key != "ERR" || keys[1].Key != "MRR" || keys[1].Control == "" {
		t.Errorf("versions %+v", keys)
	}
}

// TestServiceAndViolationShow: what SRR and VRR change can be seen in the hit.
func TestServiceAndViolationShow(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	got := d.ask(inquiry(oca).String())
	if !slices.Contains(got, "*** NOT SERVED CRIMINAL PROTECTIVE ORDER ***") || !slices.Contains(got, "NUMBER OF PRIOR VIOLATION MSG/000") {
		t.Fatalf("before:\n%s", strings.Join(got, "\n"))
	}
	for manner, status := range map[string]string{"P": "S", "V": "S", "M": "M", "C": "P"} {
		d.ask(service(d.fcn, oca).with("SVM", manner).String())
		if got := d.s.Records()[0].Value("SVS"); got != status {
			t.Errorf("served by %s: SVS %s, want %s", manner, got, status)
		}
	}
	d.ask(service(d.fcn, oca).String())
	d.ask(violation(d.fcn).String())
	got = d.ask(inquiry(oca).String())
	for _, want := range []string{"*** SERVED CRIMINAL PROTECTIVE ORDER ***", "SVS/S", "SVD/20261110", "SVT/0930", "SVN/DEPUTY EXAMPLE", "NUMBER OF PRIOR VIOLATION MSG/001"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
}

// TestNoticeToTheOwner: what another agency reports reaches the line under which the order was entered, later too.
func TestNoticeToTheOwner(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	d.nc.Close()
	sheriff := logon(t, d.s, "LASO")
	sheriff.ask(service(d.fcn, "LA-77").from(other).with("SVR", "OTH").String())
	sheriff.ask(violation(d.fcn).from(other).String())
	owner := logon(t, d.s, "CCPR")
	for i, want := range []string{"SERVICE NOTICE\r\nFCN/" + d.fcn + "\r\nNAM/JONES,MARC\r\nOCA/" + oca + "\r\nSVN/DEPUTY EXAMPLE\r\n", "VIOLATION NOTICE\r\nFCN/" + d.fcn} {
		body := owner.read()
		if ok := regexp.MustCompile(`^UNS CCPR \d{6}\r\n`).MatchString(body); !ok || !strings.Contains(body, want) {
			t.Errorf("notice %d: %q", i, body)
		}
	}
}

// TestOrderTypeOfALaterFamily: new order types are configuration.
func TestOrderTypeOfALaterFamily(t *testing.T) {
	t.Parallel()
	plain := logon(t, start(t, sim.Config{}), "CCPR")
	x := order(oca).with("ORT", "XYZ").without("PPN", "PSX", "PRA", "PPB")
	if got := plain.ask(x.String()); !slices.Equal(got, []string{"REJECT 06 CODE NOT IN TABLE FLD/ORT"}) {
		t.Errorf("unknown type: %q", got)
	}
	s := start(t, sim.Config{OrderTypes: []sim.OrderType{{Code: "XYZ", Title: "RESTRAINING ORDER OF A LATER FAMILY", Temporary: true}}})
	h := logon(t, s, "CCPR")
	if got := h.ask(x.String()); !slices.Equal(got, []string{"REJECT 03 FIELD MISSING FLD/HRD"}) {
		t.Errorf("without hearing: %q", got)
	}
	h.enter(x.before("NAM", "HRD", "202612010830").String())
}

// TestFCNs: prefix, year, day of the year, serial number; never twice.
func TestFCNs(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{FCNPrefix: "301"})
	h := logon(t, s, "CCPR")
	seen := map[string]bool{}
	for _, o := range []string{"A-1", "A-2", "A-3"} {
		fcn := h.enter(order(o).String())
		if !regexp.MustCompile(`^30126326\d{5}$`).MatchString(fcn) || seen[fcn] {
			t.Errorf("FCN %s", fcn)
		}
		seen[fcn] = true
	}
}

// TestReasons: every reason that the profile names is taken, and no other.
func TestReasons(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	for _, reason := range []string{"CONT", "EXTD", "AMND", "CORR"} {
		if got := d.ask(modify(d.fcn, oca).with("RSN", reason).String()); got[0] != "MODIFY ACCEPTED" {
			t.Errorf("RSN %s: %q", reason, got)
		}
	}
	for i, reason := range []string{"T", "E", "D"} {
		number := "30-0002" + string(rune('0'+i))
		fcn := d.enter(order(number).with("CCN", "06NF100"+string(rune('0'+i))).String())
		if got := d.ask(cancel(fcn, number).with("CXR", reason).String()); got[0] != "CANCEL ACCEPTED" {
			t.Errorf("CXR %s: %q", reason, got)
		}
		if got := d.ask(inquiry(number).String()); !slices.Contains(got, "CXR/"+reason) || !slices.Contains(got, "*** CANCELLED CRIMINAL PROTECTIVE ORDER ***") {
			t.Errorf("CXR %s does not show:\n%s", reason, strings.Join(got, "\n"))
		}
	}
}
