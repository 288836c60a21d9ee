package carpos

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
)

const (
	serviceText   = "SERVICE NOTICE\r\nFCN/2320632500001\r\nNAM/JONES,MARC\r\nOCA/06NF0886\r\nSVN/DEPUTY EXAMPLE\r\nSVD/20260303\r\nSVT/0930\r\nSVA/CA0300000\r\nSVM/P\r\nSVR/OTH\r\n"
	violationText = "VIOLATION NOTICE\r\nFCN/2320632500001\r\nNAM/JONES,MARC\r\nVDT/202603052130\r\nVLO/100 EXAMPLE STREET\r\nVAG/CA0300000\r\nVRN/EX-1\r\nARR/Y\r\nMIS/INVENTED\r\n"
	ncicText      = "NCIC REJECT\r\nFCN/2320632500001\r\nDATE OF BIRTH NOT ACCEPTED\r\n"
)

func noticeOf(t *testing.T, text string) (Notice, error) {
	t.Helper()
	d := dictionary(t)
	r, _ := d.ParseReply([]byte(text))
	return d.Notice(r, time.FixedZone("PST", -8*3600))
}

func TestNotice(t *testing.T) {
	t.Parallel()
	n, err := noticeOf(t, serviceText)
	if s := n.Service; err != nil || n.Violation != nil || n.FCN != "2320632500001" || n.Name != "JONES,MARC" || n.OCA != "06NF0886" || s.Date != order.MakeDate(2026, 3, 3) || s.Time.String() != "09:30" ||
		s.Method != order.MethodPersonal || s.Server != (order.Officer{Name: "DEPUTY EXAMPLE", AgencyORI: "CA0300000"}) || s.Own {
		t.Errorf("%+v %v", n, err)
	}
	n, err = noticeOf(t, strings.Replace(serviceText, "SVA/CA0300000", "SVA/ORANGE COUNTY SHERIFF", 1))
	if err != nil || n.Service.Server.Agency != "ORANGE COUNTY SHERIFF" || n.Service.Server.AgencyORI != "" {
		t.Errorf("%+v %v", n, err)
	}
	n, err = noticeOf(t, violationText)
	if v := n.Violation; err != nil || n.Service != nil || v.At.UTC() != time.Date(2026, 3, 6, 5, 30, 0, 0, time.UTC) || v.Agency != "CA0300000" || v.Report != "EX-1" || !v.Arrested || v.Place == "" || v.Text == "" {
		t.Errorf("%+v %v", n, err)
	}
	if n, err = noticeOf(t, ncicText); err != nil || n.FCN != "2320632500001" || n.Service != nil || n.Violation != nil {
		t.Errorf("%+v %v", n, err)
	}
}

// What lacks a field, says one twice, is cut, or is about no order has no effect.
func TestNoticeRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no name":         strings.Replace(serviceText, "NAM/JONES,MARC\r\n", "", 1),
		"no day":          strings.Replace(serviceText, "SVD/20260303\r\n", "", 1),
		"no hour":         strings.Replace(serviceText, "SVT/0930\r\n", "", 1),
		"no method":       strings.Replace(serviceText, "SVM/P\r\n", "", 1),
		"unknown method":  strings.Replace(serviceText, "SVM/P", "SVM/Z", 1),
		"no such day":     strings.Replace(serviceText, "SVD/20260303", "SVD/20260230", 1),
		"two names":       strings.Replace(violationText, "NAM/JONES,MARC\r\n", "NAM/JONES,MARC\r\nNAM/SMITH,MARC\r\n", 1),
		"no report":       strings.Replace(violationText, "VRN/EX-1\r\n", "", 1),
		"no FCN":          strings.Replace(violationText, "FCN/2320632500001\r\n", "", 1),
		"cut":             strings.TrimSuffix(serviceText, "TH\r\n"),
		"cut in its FCN":  "NCIC REJECT\r\nFCN/23206",
		"cut at a line":   serviceText[:strings.Index(serviceText, "SVM")],
		"administrative":  "ADMINISTRATIVE MESSAGE\r\nTHE SWITCH IS DOWN AT 0200\r\n",
		"unknown":         "WHAT IS THIS\r\n",
		"an answer":       "8AYX.CA030013J\r\nRE: SRR.CA030013J.FCN/1\r\nSERVICE ACCEPTED\r\nFCN/1\r\n",
		"nothing but FCN": "SERVICE NOTICE\r\nFCN/2320632500001\r\n",
	} {
		n, err := noticeOf(t, text)
		if !errors.Is(err, ErrNotice) || n != (Notice{}) {
			t.Errorf("%s: %+v %v", name, n, err)
		}
		if err != nil && (strings.Contains(err.Error(), "JONES") || strings.Contains(err.Error(), "EXAMPLE")) {
			t.Errorf("%s: the error holds a value: %v", name, err)
		}
	}
}

func TestIsNamed(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	long := order.Name{Surname: "Featherstonehaugh-Cholmondeley", Given: "A"}
	for _, c := range []struct {
		text string
		name order.Name
		want bool
	}{
		{"JONES,MARC", order.Name{Surname: "Jones", Given: "Marc"}, true},
		{"PENA,JOSE", order.Name{Surname: "Peña", Given: "José"}, true},
		{"JONES,MARK", order.Name{Surname: "Jones", Given: "Marc"}, false},
		{"JONES", order.Name{Surname: "Jones"}, false},
		{"", order.Name{}, false},
		{"", long, false},
	} {
		if got := d.IsNamed(c.text, c.name); got != c.want {
			t.Errorf("%q is %v of %+v", c.text, got, c.name)
		}
	}
}
