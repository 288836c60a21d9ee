package exchange

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"ccpor/access"
	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/mapping/order"
	"ccpor/store"
)

// changing are the parts of an answer that differ from one message to the next.
var changing = regexp.MustCompile(`<(TrackingIdentification|CorrelationIdentification|ReceivedDateTime)>[^<]*</`)

func withoutChanging(r *client.Reply) string {
	return fmt.Sprint(r.Status, r.ContentType, changing.ReplaceAllString(string(r.Body), ""))
}

// classed adds an order of each access class and gives the tracking numbers by class. The case numbers are the classes'.
func classed(t *testing.T, r running) map[order.Access]string {
	t.Helper()
	all := map[order.Access]string{}
	for _, class := range []order.Access{order.AccessNormal, order.AccessJuvenile, order.AccessSealed} {
		pack := sample("<RestrainedPerson>", "<DocumentAccessCode>"+string(class)+"</DocumentAccessCode><RestrainedPerson>")
		receipt, err := r.send(t, message{pack: strings.Replace(pack, "26NF0886", "26"+strings.ToUpper(string(class)), 1)}, string(class)).Receipt()
		check(t, err)
		all[class] = string(receipt.Tracking)
	}
	return all
}

func namedBy(id string) string {
	return "<OrderIdentification>O-" + id + "</OrderIdentification><OrganizationORIIdentification>CA030013J</OrganizationORIIdentification>"
}

// Every cell of the access table, as it is met over the wire: by search, by reading and by image. What is not to be seen answers byte for byte like what is not there.
func TestAccessOverTheWire(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	tracking := classed(t, r)
	tracking["none"] = tracking[order.AccessNormal]
	for _, c := range []struct {
		kind  store.AgencyKind
		who   string
		role  access.Role
		class order.Access
		want  access.Sight
	}{
		{store.KindCourt, "court-rsa", access.JudicialOfficer, "normal", access.Whole}, {store.KindCourt, "court-rsa", access.JudicialOfficer, "juvenile", access.Whole}, {store.KindCourt, "court-rsa", access.JudicialOfficer, "sealed", access.Whole},
		{store.KindCourt, "court-rsa", access.CourtClerk, "normal", access.Whole}, {store.KindCourt, "court-rsa", access.CourtClerk, "juvenile", access.Whole}, {store.KindCourt, "court-rsa", access.CourtClerk, "sealed", access.Whole},
		{store.KindCourt, "court-rsa", access.HelpDesk, "normal", access.Outline}, {store.KindCourt, "court-rsa", access.HelpDesk, "juvenile", access.Nothing}, {store.KindCourt, "court-rsa", access.HelpDesk, "sealed", access.Nothing},
		{store.KindCourt, "other-court", access.JudicialOfficer, "normal", access.Whole}, {store.KindCourt, "other-court", access.JudicialOfficer, "juvenile", access.Whole}, {store.KindCourt, "other-court", access.JudicialOfficer, "sealed", access.Nothing},
		{store.KindCourt, "other-court", access.CourtClerk, "normal", access.Whole}, {store.KindCourt, "other-court", access.CourtClerk, "juvenile", access.Nothing}, {store.KindCourt, "other-court", access.CourtClerk, "sealed", access.Nothing},
		{store.KindCourt, "other-court", access.HelpDesk, "normal", access.Nothing}, {store.KindCourt, "other-court", access.HelpDesk, "juvenile", access.Nothing}, {store.KindCourt, "other-court", access.HelpDesk, "sealed", access.Nothing},
		{store.KindTribalCourt, "other-court", access.JudicialOfficer, "juvenile", access.Whole}, {store.KindTribalCourt, "other-court", access.JudicialOfficer, "sealed", access.Nothing}, {store.KindTribalCourt, "other-court", access.CourtClerk, "juvenile", access.Nothing},
		{store.KindLawEnforcement, "other-court", access.LawEnforcement, "normal", access.Whole}, {store.KindLawEnforcement, "other-court", access.LawEnforcement, "juvenile", access.Whole}, {store.KindLawEnforcement, "other-court", access.LawEnforcement, "sealed", access.Whole},
		{store.KindLawEnforcement, "other-court", access.HelpDesk, "normal", access.Nothing}, {store.KindLawEnforcement, "other-court", access.HelpDesk, "sealed", access.Nothing},
	} {
		what := fmt.Sprintf("%s of %s at a %s, %s order", c.role, c.who, c.kind, c.class)
		grant(t, s, func(a *store.Agency) { a.Kind, a.MayQuery, a.MayImages = c.kind, true, true })
		search := func(class string) *client.Reply {
			return r.asks(t, c.who, "SearchOrders", requesterXML(string(c.role))+"<CaseDocketID>26"+strings.ToUpper(class)+"</CaseDocketID>", soap.SOAP12)
		}
		read := func(class string) *client.Reply {
			return r.asks(t, c.who, "GetOrder", requesterXML(string(c.role))+namedBy(class), soap.SOAP12)
		}
		image := func(class string) *client.Reply {
			return r.asks(t, c.who, "GetOrderImage", requesterXML(string(c.role))+namedBy(class)+"<TrackingIdentification>"+tracking[order.Access(class)]+"</TrackingIdentification><DocumentIdentification>order-image</DocumentIdentification>", soap.SOAP12)
		}
		found := string(search(string(c.class)).Body)
		if got := strings.Contains(found, "<OrderSummary>"); got != (c.want != access.Nothing) {
			t.Errorf("%s: found %v", what, got)
		}
		if strings.Contains(found, "Jones") != (c.want == access.Whole) || strings.Contains(found, "Smith") != (c.want == access.Whole) || strings.Contains(found, "<CaseDocketID>") != (c.want == access.Whole) {
			t.Errorf("%s: names in %s", what, found)
		}
		for name, ask := range map[string]func(string) *client.Reply{"search": search, "read": read, "image": image} {
			got := ask(string(c.class))
			if c.want == access.Nothing || c.want == access.Outline && name != "search" {
				if withoutChanging(got) != withoutChanging(ask("none")) {
					t.Errorf("%s: %s tells it from one that is not there: %s", what, name, got.Body)
				}
			} else if got.Status != 200 {
				t.Errorf("%s: %s: %s", what, name, got.Body)
			}
		}
	}
}

// A role for which the agency cannot vouch, or a name asked for by the help desk, is refused before anything is looked for.
func TestAccessIsAskedForInOrder(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	classed(t, r)
	grant(t, s, func(a *store.Agency) { a.MayQuery, a.MayImages = true, true })
	for what, content := range map[string]string{
		"an officer at a court":         requesterXML("lawEnforcement") + namedBy("sealed"),
		"a role that is none":           requesterXML("administrator") + namedBy("sealed"),
		"a role in other letters":       requesterXML("LawEnforcement") + namedBy("sealed"),
		"two roles":                     strings.Replace(requesterXML("courtClerk"), "<PurposeText>", "<RoleCode>lawEnforcement</RoleCode><PurposeText>", 1) + namedBy("sealed"),
		"two requesters":                requesterXML("courtClerk") + requesterXML("judicialOfficer") + namedBy("sealed"),
		"nobody":                        strings.Replace(requesterXML("courtClerk"), "jdoe", "", 1) + namedBy("sealed"),
		"no purpose":                    strings.Replace(requesterXML("courtClerk"), "hearing preparation", " ", 1) + namedBy("sealed"),
		"a purpose as long as a letter": strings.Replace(requesterXML("courtClerk"), "hearing preparation", strings.Repeat("a", 201), 1) + namedBy("sealed"),
		"no order":                      requesterXML("courtClerk"),
	} {
		refusedWith(t, what, r.asks(t, "court-rsa", "GetOrder", content, soap.SOAP11), "Client.Operation.Malformed")
	}
	for _, by := range []string{"<PersonSurName>Jones</PersonSurName>", "<PersonSurName>J*</PersonSurName>", "<PersonGivenName>Marc</PersonGivenName><CaseDocketID>26NORMAL</CaseDocketID>",
		"<PersonSurName>Smith</PersonSurName><PartyCode>protected</PartyCode>", "<PersonBirthDate>1981-11-21</PersonBirthDate><CaseDocketID>26NORMAL</CaseDocketID>"} {
		refusedWith(t, "the help desk by "+by, r.asks(t, "court-rsa", "SearchOrders", requesterXML("helpDesk")+by, soap.SOAP11), "Client.Operation.Malformed")
	}
}

// Who may see an order is not told of a sealed one that follows it, and is told of it where it may be seen.
func TestFollowersAreSeenOrNotThere(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	classed(t, r)
	follow := strings.Replace(sample("<RestrainedPerson>", "<DocumentAccessCode>sealed</DocumentAccessCode><RestrainedPerson>"), "<CourtOrderIssuingCourt>", "<FollowedOrderIdentification>O-normal</FollowedOrderIdentification><CourtOrderIssuingCourt>", 1)
	_, err := r.send(t, message{pack: follow}, "follower").Receipt()
	check(t, err)
	grant(t, s, func(a *store.Agency) { a.MayQuery = true })
	contains(t, "the county's own judge", r.asks(t, "court-rsa", "GetOrder", requesterXML("judicialOfficer")+namedBy("normal"), soap.SOAP11), "<FollowingOrderIdentification>O-follower<")
	got := r.asks(t, "other-court", "GetOrder", requesterXML("judicialOfficer")+namedBy("normal"), soap.SOAP11)
	contains(t, "another county's judge", got, "<OrderIdentification>O-normal<")
	if strings.Contains(string(got.Body), "follower") {
		t.Errorf("a sealed order is told of: %s", got.Body)
	}
}

// Over the wire, the whereabouts of the protected side leave the hub for their county and for law enforcement only, in whatever element they stand.
func TestWhereaboutsOverTheWire(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	pack := sampleOrder()
	for old, with := range map[string]string{
		"<PlaceCode>person</PlaceCode>": "<PlaceCode>school</PlaceCode><PlaceText>Pebble School</PlaceText>",
		"      <FirearmRestriction>":    "<MoveOut><MoveOutAddress><LocationStreetFullText>1 Pebble Lane</LocationStreetFullText></MoveOutAddress></MoveOut><FirearmRestriction>",
		"    </CourtOrderConditions>":   "<AnimalsText>the dog of Pebble Lane</AnimalsText><PropertyText>the car at Pebble Lane</PropertyText><SupportText>to be paid at Pebble Lane</SupportText></CourtOrderConditions><CourtOrderSpecialInstructionText>Not to enter Pebble Lane.</CourtOrderSpecialInstructionText>",
		"      <PresentAtHearing":       "<PersonResidenceAddress><LocationStreetFullText>1 Pebble Lane</LocationStreetFullText></PersonResidenceAddress><PresentAtHearing",
	} {
		pack = strings.Replace(pack, old, with, 1)
	}
	_, err := r.send(t, message{pack: pack}, "places").Receipt()
	check(t, err)
	grant(t, s, func(a *store.Agency) { a.MayQuery = true })
	for _, c := range []struct {
		kind store.AgencyKind
		who  string
		role access.Role
		told bool
	}{
		{store.KindCourt, "court-rsa", access.CourtClerk, true}, {store.KindCourt, "other-court", access.CourtClerk, false}, {store.KindCourt, "other-court", access.JudicialOfficer, false},
		{store.KindTribalCourt, "other-court", access.JudicialOfficer, false}, {store.KindLawEnforcement, "other-court", access.LawEnforcement, true},
	} {
		grant(t, s, func(a *store.Agency) { a.Kind = c.kind })
		got := r.asks(t, c.who, "GetOrder", requesterXML(string(c.role))+namedBy("places"), soap.SOAP12)
		contains(t, string(c.role), got, fmt.Sprintf("<WhereaboutsWithheldIndicator>%v<", !c.told), "<PlaceCode>school<", "<MoveOut")
		want := 0
		if c.told {
			want = 7
		}
		if n := strings.Count(string(got.Body), "Pebble"); n != want {
			t.Errorf("%s at a %s of %s: %d places of %d: %s", c.role, c.kind, c.who, n, want, got.Body)
		}
	}
}

// Test orders are for test agencies, and theirs are for nobody else.
func TestTestOrdersStayApart(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	classed(t, r)
	grant(t, s, func(a *store.Agency) { a.MayQuery, a.Test = true, true })
	none := r.asks(t, "court-rsa", "GetOrder", requesterXML("judicialOfficer")+namedBy("none"), soap.SOAP11)
	live := r.asks(t, "court-rsa", "GetOrder", requesterXML("judicialOfficer")+namedBy("normal"), soap.SOAP11)
	if withoutChanging(live) != withoutChanging(none) {
		t.Errorf("a test agency is told of a live order: %s", live.Body)
	}
	_, err := r.send(t, message{}, "trial").Receipt()
	check(t, err)
	contains(t, "its own", r.asks(t, "court-rsa", "GetOrder", requesterXML("judicialOfficer")+namedBy("trial"), soap.SOAP11), "<OrderIdentification>O-trial<")
	grant(t, s, func(a *store.Agency) { a.Test = false })
	refusedWith(t, "a live agency", r.asks(t, "court-rsa", "GetOrder", requesterXML("judicialOfficer")+namedBy("trial"), soap.SOAP11), "Client.Query.NotFound")
	if found := r.asks(t, "court-rsa", "SearchOrders", requesterXML("courtClerk")+"<PersonSurName>Jones</PersonSurName>", soap.SOAP11); strings.Contains(string(found.Body), "O-trial") || !strings.Contains(string(found.Body), "O-normal") {
		t.Errorf("%s", found.Body)
	}
}
