package carpos

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ccpor/mapping/order"
)

// anyText draws what a clerk or a broken program may write.
var anyText = rapid.OneOf(rapid.StringN(0, 60, -1), rapid.StringMatching(`[A-Za-z .'-]{0,40}`), rapid.SampledFrom([]string{"José", "O’Neil", "a\r\nFCN/1", "", "Müller-Lüdenscheidt", "李"}))

var (
	anyName = rapid.Custom(func(t *rapid.T) order.Name {
		return order.Name{Given: anyText.Draw(t, "given"), Middle: anyText.Draw(t, "middle"), Surname: anyText.Draw(t, "surname"), Suffix: anyText.Draw(t, "suffix")}
	})
	anyDate = rapid.Custom(func(t *rapid.T) order.Date {
		return order.MakeDate(rapid.IntRange(1900, 2100).Draw(t, "year"), 1, rapid.IntRange(1, 365).Draw(t, "day"))
	})
	anyTime  = rapid.Custom(func(t *rapid.T) order.TimeOfDay { return order.TimeOfDay(rapid.IntRange(0, 1439).Draw(t, "minute")) })
	anySex   = rapid.SampledFrom([]string{"M", "F", "X", "U", ""})
	anyRace  = rapid.SampledFrom([]string{"black", "white", "unknown", "hawaiian", "", "B"})
	anyPlace = rapid.SampledFrom([]order.PlaceKind{order.PlacePerson, order.PlaceResidence, order.PlaceWork, order.PlaceSchool, order.PlaceChildCare, order.PlaceVehicle, order.PlaceOther})
)

func anyPerson(t *rapid.T) order.Person {
	p := order.Person{Sex: anySex.Draw(t, "sex"), Race: anyRace.Draw(t, "race"), Age: rapid.IntRange(0, 130).Draw(t, "age")}
	if rapid.Bool().Draw(t, "born?") {
		p.Born = ptr(anyDate.Draw(t, "born"))
	}
	return p
}

func anyTerms(t *rapid.T) order.Terms {
	b := func(name string) bool { return rapid.Bool().Draw(t, name) }
	terms := order.Terms{
		NoHarm: b("harm"), NoContact: b("contact"), NoThirdPartyContact: b("third"), ChildExchange: b("exchange"), MoveOut: b("move"),
		CustodyToProtected: b("custody"), VisitationToRestrained: b("visitation"), NoDissuasion: b("dissuade"), MayRecord: b("record"),
	}
	if b("firearms?") {
		terms.Firearms = &order.Firearms{NoPossession: b("possess"), NoPurchase: b("buy"), Surrender: b("surrender"), WithinHours: rapid.IntRange(0, 99).Draw(t, "hours")}
	}
	for range rapid.IntRange(0, 3).Draw(t, "distances") {
		s := order.StayAway{Yards: rapid.IntRange(1, 9999).Draw(t, "yards")}
		for range rapid.IntRange(1, 4).Draw(t, "places") {
			s.Places = append(s.Places, order.Place{Kind: anyPlace.Draw(t, "place"), Text: anyText.Draw(t, "text")})
		}
		terms.StayAway = append(terms.StayAway, s)
	}
	return terms
}

func anyOrder(t *rapid.T) order.Order {
	o := order.Order{
		Form: order.Form{Number: rapid.SampledFrom([]string{"CR-160", "DV-110", "", "GV-100"}).Draw(t, "form"), Designator: rapid.SampledFrom([]string{"CPO", "TRO", "EGV", "", "ZZZ"}).Draw(t, "designator")},
		Case: order.CaseNumber(anyText.Draw(t, "case")), Court: order.Court{ORI: "CA030013J", Name: anyText.Draw(t, "court"), Department: anyText.Draw(t, "dept")},
		Issued: anyDate.Draw(t, "issued"), Stage: rapid.SampledFrom([]order.Stage{order.StageEmergency, order.StageTemporary, order.StagePreTrial}).Draw(t, "stage"),
		Restrained: order.Restrained{
			Name: anyName.Draw(t, "name"), Person: anyPerson(t), Aliases: rapid.SliceOfN(anyName, 0, 12).Draw(t, "aliases"), Height: rapid.IntRange(0, 130).Draw(t, "height"),
			Weight: rapid.IntRange(0, 1200).Draw(t, "weight"), Eyes: anyText.Draw(t, "eyes"), Hair: "BRO", CII: anyText.Draw(t, "cii"), FBI: anyText.Draw(t, "fbi"),
			Address: &order.Address{Street: anyText.Draw(t, "street"), City: anyText.Draw(t, "city")},
		},
		Terms: anyTerms(t), OtherOrders: strings.Repeat(anyText.Draw(t, "other"), rapid.IntRange(0, 30).Draw(t, "times")),
		Service: rapid.SampledFrom([]order.ServiceState{order.ServicePresent, order.ServiceNotServed, order.ServiceServed, order.ServiceMail, ""}).Draw(t, "service"),
	}
	if rapid.Bool().Draw(t, "licence?") {
		o.Restrained.DriverLicense = &order.License{Number: anyText.Draw(t, "licence"), State: rapid.SampledFrom([]string{"CA", "", "ca"}).Draw(t, "state"), Year: rapid.IntRange(0, 20000).Draw(t, "year")}
	}
	if rapid.Bool().Draw(t, "hearing?") {
		o.Hearings = []order.Hearing{{Purpose: order.HearingNext, Date: anyDate.Draw(t, "hearing"), Time: ptr(anyTime.Draw(t, "time"))}}
	}
	if rapid.Bool().Draw(t, "ends?") {
		o.Expiry = order.Expiry{Date: ptr(anyDate.Draw(t, "ends")), Time: ptr(anyTime.Draw(t, "at")), Basis: order.ExpiryExplicit}
	} else {
		o.Expiry.Basis = order.ExpiryPermanent
	}
	for range rapid.IntRange(0, 22).Draw(t, "protected") {
		o.Protected = append(o.Protected, order.Protected{Name: anyName.Draw(t, "protected"), Person: anyPerson(t)})
	}
	return o
}

// Whatever a court orders: either something lacks, or the text can be sent and reads back as it was made.
func TestEnterIsTotal(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	rapid.Check(t, func(t *rapid.T) {
		c := overviewContext()
		c.Confirm = strings.Repeat("CALL ", rapid.IntRange(0, 90).Draw(t, "confirm"))
		enterAndRead(t, d, anyOrder(t), c)
	})
}

// Nearly good orders pass more often, so that the way back is tried too.
func TestEnterReadsBack(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	good := 0
	rapid.Check(t, func(t *rapid.T) {
		o := overviewOrder()
		o.Terms.StayAway = anyTerms(t).StayAway
		o.OtherOrders = anyText.Draw(t, "other")
		o.Restrained.Aliases = rapid.SliceOfN(anyName, 0, 12).Draw(t, "aliases")
		for range rapid.IntRange(0, 19).Draw(t, "protected") {
			o.Protected = append(o.Protected, order.Protected{Name: order.Name{Given: "A", Surname: "B"}, Person: anyPerson(t)})
		}
		if enterAndRead(t, d, o, overviewContext()) {
			good++
		}
	})
	if good < 20 {
		t.Errorf("only %d orders could be sent", good)
	}
}

func enterAndRead(t *rapid.T, d *Dictionary, o order.Order, c Context) bool {
	tx, lacks := d.Enter(o, c)
	text, err := d.Encode(tx)
	if len(lacks) > 0 {
		return false
	}
	if err != nil {
		t.Fatalf("nothing lacks, and yet: %v", err)
	}
	back, err := d.Decode(text)
	if err != nil || back.Key != tx.Key || back.ORI != tx.ORI || !slices.Equal(back.Fields, tx.Fields) {
		t.Fatalf("read back %v: %+v", err, back)
	}
	return true
}

// A text that Decode takes is what Encode writes.
func FuzzDecode(f *testing.F) {
	d := dictionary(f)
	tx, _ := d.Enter(overviewOrder(), overviewContext())
	text, err := d.Encode(tx)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("QRR.CA111111J.OCA/01N11111"))
	f.Add([]byte("SRR.CA111111J.FCN/1\r\nNAM/A,B\r\nOCA/1\r\nSVN/ABC\r\nSVD/20060607\r\nSVT/1200\r\nSVA/X\r\nSVM/P\r\nSVR/OWN"))
	f.Add([]byte("MRR.CA111111J.FCN/1\r\nNAM/A,B\r\nOCA/1\r\nRSN/CONT\r\nPPN/A,B\r\nPSX/M\r\nPPN/C,D\r\nMIS/X"))
	f.Fuzz(func(t *testing.T, text []byte) {
		tx, err := d.Decode(text)
		if err != nil {
			return
		}
		again, err := d.Encode(tx)
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSuffix(string(again), crlf) != strings.TrimSuffix(string(text), crlf) {
			t.Fatalf("%q became %q", text, again)
		}
	})
}

// No text makes the parser fail, and an acceptance always has its exact words, an FCN and nothing else.
func FuzzParseReply(f *testing.F) {
	d := dictionary(f)
	f.Add(overviewHit(f))
	f.Add([]byte(hitsHead + printed(1) + printed(2)))
	for _, answer := range []string{"ENTRY ACCEPTED\r\nFCN/1\r\nNIC/H1\r\n", "ON FILE\r\nFCN/1", "REJECT 03 FIELD MISSING FLD/RAC\r\nREJECT 90 X", "NO RECORD FOUND", "XYZ"} {
		f.Add([]byte(replyHead + answer))
	}
	f.Add([]byte("SERVICE NOTICE\r\nFCN/1\r\nNAM/JONES,MARC"))
	f.Add([]byte("NCIC REJECT\r\nFCN/1\r\nTEXT"))
	f.Add([]byte(hitsHead + endOfHit + "\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := d.ParseReply(text)
		if r.Text != string(text) || (err != nil) != (r.Kind == Unrecognised) {
			t.Fatalf("%s, %v", r.Kind, err)
		}
		lines := dropBlank(splitLines(string(text)))
		last := func(s string) bool { return slices.Contains(lines, s) }
		if r.Kind == Accepted && (r.FCN == "" || r.Echo == "" || r.Key == "" || !last("FCN/"+string(r.FCN))) {
			t.Fatalf("accepted without its numbers: %+v", r)
		}
		if r.Kind == Hits && len(r.Hits) == 0 {
			t.Fatal("hits without a hit")
		}
		d.DescribeReply(r, true)
		d.EchoOf(r, true)
		if len(Complaints(err)) == 0 != (err == nil) {
			t.Fatal("what is wrong is not told")
		}
		if strings.Contains(d.DescribeReply(r, false), "text: "+withheld) != (freeText(r) != "") {
			t.Fatal("a free text is told")
		}
	})
}
