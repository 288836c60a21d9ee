package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"mime"
	"mime/multipart"
	"runtime"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/mapping"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/wsdl"
)

// asks sends a request of an operation as somebody and gives back the body of the answer.
func (r *running) asks(t *testing.T, who, operation, content string, e soap.Edition) *client.Reply {
	t.Helper()
	body := fmt.Sprintf(`<soap:Envelope xmlns:soap="%s"><soap:Body><%s xmlns="%s">%s</%[2]s></soap:Body></soap:Envelope>`, e.Namespace(), operation, wsdl.Namespace, content)
	return r.post(t, who, []byte(body), e.MediaType()+"; charset=utf-8", nil)
}

func TestUnknownOperationIsToldTheKnownOnes(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	reply := r.asks(t, "court-rsa", "CancelOrder", "", soap.SOAP11)
	refusedWith(t, "another operation", reply, "Client.Operation.Unknown")
	for name := range operations {
		if !bytes.Contains(reply.Body, []byte(name)) {
			t.Errorf("%s is not told", name)
		}
	}
}

func requesterXML(role string) string {
	return `<Requester><UserIdentification>jdoe</UserIdentification><RoleCode>` + role + `</RoleCode><PurposeText>hearing preparation</PurposeText></Requester>`
}

const namedOrder = `<OrderIdentification>O-one</OrderIdentification><OrganizationORIIdentification>CA030013J</OrganizationORIIdentification>`

// grant changes what the two courts of realStore may do.
func grant(t *testing.T, s *store.Store, change func(a *store.Agency)) {
	t.Helper()
	for _, ori := range []order.ORI{courtORI, otherORI} {
		a, err := s.AgencyByORI(t.Context(), ori)
		check(t, err)
		change(&a)
		_, err = s.RegisterAgency(t.Context(), a)
		check(t, err)
	}
}

// contains fails the test when the answer is no success or lacks one of the texts.
func contains(t *testing.T, what string, reply *client.Reply, texts ...string) {
	t.Helper()
	if reply.Status != 200 {
		t.Fatalf("%s: %d %s", what, reply.Status, reply.Body)
	}
	for _, text := range texts {
		if !bytes.Contains(reply.Body, []byte(text)) {
			t.Errorf("%s lacks %s:\n%s", what, text, reply.Body)
		}
	}
	if err := xml.Unmarshal(reply.Body, new(struct{})); err != nil {
		t.Errorf("%s is no XML: %v", what, err)
	}
}

func refusedWith(t *testing.T, what string, reply *client.Reply, code string) {
	t.Helper()
	if reply.Status == 200 || !bytes.Contains(reply.Body, []byte("<FaultCode>"+code+"</FaultCode>")) {
		t.Errorf("%s: %d, want %s:\n%s", what, reply.Status, code, reply.Body)
	}
}

func TestPingAndPolicy(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	c := parts(t, s)
	r := start(t, c)
	for _, e := range []soap.Edition{soap.SOAP11, soap.SOAP12} {
		contains(t, "ping", r.asks(t, "court-rsa", "Ping", "", e), "<AgencyOrganizationORIIdentification>CA030013J<", "<TestIndicator>false<")
	}
	refusedWith(t, "ping with something in it", r.asks(t, "court-rsa", "Ping", "<X/>", soap.SOAP11), "Client.Operation.Malformed")
	policy := r.asks(t, "court-rsa", "GetPolicy", "", soap.SOAP12)
	contains(t, "policy", policy, "<MaintenanceText>Sunday 09:00 to 21:00</MaintenanceText>", "<MaintenanceWindow><WindowStartDateTime>2026-11-22T17:00:00Z</WindowStartDateTime><WindowEndDateTime>2026-11-23T05:00:00Z</WindowEndDateTime>"+
		"<WeeklyIndicator>true</WeeklyIndicator><WindowText>Scheduled maintenance.</WindowText></MaintenanceWindow><MaintenanceWindow><WindowStartDateTime>2026-11-26T02:00:00Z<", "<CodeListName>RaceCodeType</CodeListName>", "rsa-sha256")
	// It is made of the tables themselves: every form, rule and fault is there, and nothing else.
	text := string(policy.Body)
	table, err := forms.Load()
	check(t, err)
	for _, f := range table.Forms() {
		if !strings.Contains(text, "<FormNumberText>"+f.Number+"</FormNumberText><FormKindCode>"+string(f.Kind)) {
			t.Errorf("the policy lacks form %s", f.Number)
		}
	}
	if n := strings.Count(text, "<Form>"); n != len(table.Forms()) {
		t.Errorf("%d forms of %d", n, len(table.Forms()))
	}
	for _, f := range faults {
		if !strings.Contains(text, "<FaultCodeText>"+f.code+"</FaultCodeText>") {
			t.Errorf("the policy lacks %s", f.code)
		}
	}
	for _, rule := range c.Rules.Rules() {
		if !strings.Contains(text, ".Rule."+string(rule.ID)+"</FaultCodeText>") {
			t.Errorf("the policy lacks rule %s", rule.ID)
		}
	}
	for _, image := range imageCodes() {
		if !strings.Contains(text, "<FaultCodeText>"+image.Code+"</FaultCodeText>") {
			t.Errorf("the policy lacks %s", image.Code)
		}
	}
	if n := strings.Count(text, "<ErrorCode>"); n != len(faults)+len(c.Rules.Rules())+len(imageCodes()) {
		t.Errorf("%d error codes", n)
	}
}

// A court's closures move the deadlines of what comes afterwards, and no other court's.
func TestDeadlineIsByTheCourtsOwnCalendar(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	send := func(name string) time.Time {
		t.Helper()
		receipt, err := r.send(t, message{}, name).Receipt()
		check(t, err)
		status, err := s.Status(t.Context(), receipt.Tracking)
		check(t, err)
		return status.Due
	}
	by := store.By{Actor: "a test"}
	friday := order.MakeDate(2026, 11, 20) // the day after the order was made
	check(t, s.CloseCourt(t.Context(), otherORI, friday, friday, "Flood", by, now))
	open := send("open")
	check(t, s.CloseCourt(t.Context(), courtORI, friday, friday, "Fire", by, now))
	closed := send("closed")
	check(t, s.OpenCourt(t.Context(), courtORI, friday, by, now))
	again := send("open-again")
	if want := time.Date(2026, 11, 21, 7, 59, 59, 0, time.UTC); !open.Equal(want) || !closed.Equal(want.AddDate(0, 0, 3)) || !again.Equal(want) {
		t.Errorf("due %s, while the court was closed %s, then %s", open, closed, again)
	}
}

func TestListIsTheAgencysOwn(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, realStore(t)))
	for _, id := range []string{"one", "two", "three"} {
		_, err := r.send(t, message{}, id).Receipt()
		check(t, err)
	}
	// Other tests' transactions on the same server are waited for, as those of other hubs are.
	shown := func() bool {
		reply := r.asks(t, "court-rsa", "ListSubmissions", "", soap.SOAP11)
		return bytes.Contains(reply.Body, []byte("P-three"))
	}
	for end := time.Now().Add(time.Minute); !shown() && time.Now().Before(end); {
		runtime.Gosched()
	}
	first := r.asks(t, "court-rsa", "ListSubmissions", "<MaximumCount>2</MaximumCount>", soap.SOAP11)
	contains(t, "the first page", first, "<PackageIdentification>P-one<", "<PackageIdentification>P-two<", "<MoreIndicator>true<", "<TransmissionStateCode>ready<")
	_, rest, _ := strings.Cut(string(first.Body), "<CursorText>")
	cursor, _, _ := strings.Cut(rest, "<")
	second := r.asks(t, "court-rsa", "ListSubmissions", "<CursorText>"+cursor+"</CursorText>", soap.SOAP11)
	contains(t, "the second page", second, "<PackageIdentification>P-three<", "<MoreIndicator>false<")
	if bytes.Contains(second.Body, []byte("P-two")) {
		t.Error("a submission was told twice")
	}
	if other := r.asks(t, "other-court", "ListSubmissions", "", soap.SOAP11); bytes.Contains(other.Body, []byte("SubmissionSummary")) {
		t.Errorf("another agency's submissions were told: %s", other.Body)
	}
	for what, content := range map[string]string{"cursor": "<CursorText>x</CursorText>", "count": "<MaximumCount>501</MaximumCount>", "state": "<SubmissionStateCode>lost</SubmissionStateCode>",
		"order": "<MaximumCount>1</MaximumCount><CursorText/>", "twice": "<MaximumCount>1</MaximumCount><MaximumCount>1</MaximumCount>", "attribute element": `<CursorText xmlns="urn:x"/>`} {
		reply := r.asks(t, "court-rsa", "ListSubmissions", content, soap.SOAP12)
		if reply.Status == 200 {
			t.Errorf("%s was taken: %s", what, reply.Body)
		}
	}
}

func TestSearchAndRead(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	receipt, err := r.send(t, message{}, "one").Receipt()
	check(t, err)
	byName := requesterXML("courtClerk") + "<PersonSurName>jones</PersonSurName>"
	refusedWith(t, "without a grant", r.asks(t, "court-rsa", "SearchOrders", byName, soap.SOAP11), "Client.Operation.NotGranted")
	grant(t, s, func(a *store.Agency) { a.MayQuery = true })
	for what, content := range map[string]string{
		"surname": "<PersonSurName>jones</PersonSurName>", "beginning": "<PersonSurName>Jo*</PersonSurName>", "both names": "<PersonSurName>JONES</PersonSurName><PersonGivenName>marc</PersonGivenName>",
		"protected": "<PersonSurName>Smith</PersonSurName><PartyCode>protected</PartyCode>", "birth date": "<PersonSurName>Jones</PersonSurName><PersonBirthDate>1981-11-21</PersonBirthDate>", "case": "<CaseDocketID>26NF0886</CaseDocketID>",
	} {
		contains(t, what, r.asks(t, "other-court", "SearchOrders", requesterXML("judicialOfficer")+content, soap.SOAP12), "<OrderIdentification>O-one<", "<PersonSurName>Jones<", "<OrderStatusCode>served<")
	}
	for what, content := range map[string]string{
		"another name": "<PersonSurName>Jonas</PersonSurName>", "another side": "<PersonSurName>Smith</PersonSurName><PartyCode>restrained</PartyCode>", "born otherwise": "<PersonSurName>Jones</PersonSurName><PersonBirthDate>1981-11-22</PersonBirthDate>",
		"a part without asterisk": "<PersonSurName>Jone</PersonSurName>", "another number": "<CarposFileControlIdentification>1</CarposFileControlIdentification>",
	} {
		if reply := r.asks(t, "other-court", "SearchOrders", requesterXML("judicialOfficer")+content, soap.SOAP12); reply.Status != 200 || bytes.Contains(reply.Body, []byte("OrderSummary")) {
			t.Errorf("%s: %d %s", what, reply.Status, reply.Body)
		}
	}
	for what, c := range map[string]struct{ content, want string }{
		"typed":              {"<SearchText>jones marc 1981-11-21</SearchText>", "<MatchReasonCode>exact</MatchReasonCode><MatchReasonCode>born</MatchReasonCode></OrderSummary>"},
		"misspelt":           {"<SearchText>marc jonse</SearchText>", "<MatchReasonCode>lettersSwapped<"},
		"elements, misspelt": {"<PersonSurName>jonse</PersonSurName><PersonGivenName>mark</PersonGivenName><SearchText/>", "<MatchReasonCode>lettersSwapped<"},
		"a number":           {"<SearchText>26nf0886</SearchText>", "<MatchReasonCode>case<"},
		"found as before":    {"<PersonSurName>Jones</PersonSurName>", "</ProtectedPersonName></OrderSummary>"},
	} {
		contains(t, what, r.asks(t, "other-court", "SearchOrders", requesterXML("judicialOfficer")+c.content, soap.SOAP12), "<OrderIdentification>O-one<", c.want)
	}
	for what, content := range map[string]string{
		"nothing": requesterXML("courtClerk"), "too wide": requesterXML("courtClerk") + "<PersonGivenName>Marc</PersonGivenName>", "nobody": "<PersonSurName>Jones</PersonSurName>", "an officer at a court": requesterXML("lawEnforcement") + "<PersonSurName>Jones</PersonSurName>",
		"no purpose": strings.Replace(byName, "hearing preparation", "", 1), "nothing typed": requesterXML("courtClerk") + "<SearchText/>", "typed without end": requesterXML("courtClerk") + "<SearchText>" + strings.Repeat("a", 301) + "</SearchText>",
		"a name from the help desk": requesterXML("helpDesk") + "<SearchText>jones</SearchText>", "a date from the help desk": requesterXML("helpDesk") + "<SearchText>1981-11-21 26NF0886</SearchText>",
	} {
		refusedWith(t, what, r.asks(t, "court-rsa", "SearchOrders", content, soap.SOAP11), "Client.Operation.Malformed")
	}
	got := r.asks(t, "court-rsa", "GetOrder", requesterXML("courtClerk")+namedOrder, soap.SOAP12)
	contains(t, "the order", got, `<ProtectionOrder xmlns="urn:ccpor:exchange:package:1.0">`, "<VersionNumber>1<", "<TrackingIdentification>"+string(receipt.Tracking)+"<", "<DocumentIdentification>order-image<", "<WhereaboutsWithheldIndicator>false<")
	refusedWith(t, "another order", r.asks(t, "court-rsa", "GetOrder", requesterXML("courtClerk")+strings.Replace(namedOrder, "O-one", "O-two", 1), soap.SOAP11), "Client.Query.NotFound")
	trail, err := s.AuditTrail(t.Context(), "order CA030013J/O-one", 10)
	check(t, err)
	if len(trail) == 0 || trail[0].Actor != "agency CA030013J user jdoe" || !strings.Contains(trail[0].Details, "role courtClerk; version 1; purpose \"hearing preparation\"") {
		t.Errorf("the read is not on record: %+v", trail)
	}
	searches, err := s.AuditTrail(t.Context(), "orders", 20)
	check(t, err)
	for _, e := range searches {
		if strings.Contains(strings.ToLower(e.Details), "jones") {
			t.Errorf("the audit log holds a name: %s", e.Details)
		}
	}
}

func TestImageComesBackByteForByte(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	receipt, err := r.send(t, message{}, "one").Receipt()
	check(t, err)
	grant(t, s, func(a *store.Agency) { a.MayQuery = true })
	content := requesterXML("courtClerk") + namedOrder + "<TrackingIdentification>" + string(receipt.Tracking) + "</TrackingIdentification><DocumentIdentification>order-image</DocumentIdentification>"
	refusedWith(t, "without a grant", r.asks(t, "court-rsa", "GetOrderImage", content, soap.SOAP11), "Client.Operation.NotGranted")
	grant(t, s, func(a *store.Agency) { a.MayImages = true })
	sum := sha256.Sum256(pdf)
	inline := r.asks(t, "court-rsa", "GetOrderImage", content, soap.SOAP11)
	contains(t, "the image", inline, base64.StdEncoding.EncodeToString(pdf), hex.EncodeToString(sum[:]))
	for _, e := range []soap.Edition{soap.SOAP11, soap.SOAP12} {
		reply := r.asks(t, "court-rsa", "GetOrderImage", content+"<MtomIndicator>true</MtomIndicator>", e)
		media, params, err := mime.ParseMediaType(reply.ContentType)
		if err != nil || media != "multipart/related" || params["start-info"] != e.MediaType() {
			t.Fatalf("%s %v", reply.ContentType, err)
		}
		m := multipart.NewReader(bytes.NewReader(reply.Body), params["boundary"])
		root, err := m.NextRawPart()
		check(t, err)
		var envelope bytes.Buffer
		_, err = envelope.ReadFrom(root)
		check(t, err)
		image, err := m.NextRawPart()
		check(t, err)
		var got bytes.Buffer
		_, err = got.ReadFrom(image)
		check(t, err)
		if !bytes.Equal(got.Bytes(), pdf) || image.Header.Get("Content-Id") != "<image>" || !strings.Contains(envelope.String(), `href="cid:image"`) {
			t.Errorf("%d bytes under %s: %s", got.Len(), image.Header.Get("Content-Id"), envelope.String())
		}
	}
	refusedWith(t, "another document", r.asks(t, "court-rsa", "GetOrderImage", strings.Replace(content, "order-image", "other-image", 1), soap.SOAP11), "Client.Query.NotFound")
}

// Every answer of every operation is one of the contract, in the judgement of libxml2.
func TestAnswersFollowTheContract(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	c := parts(t, s)
	c.Planner, c.Seal = &fixedPlan{}, hubSealer(t)
	r := start(t, c)
	var answers collected
	receipt, err := r.send(t, message{}, "one").Receipt()
	check(t, err)
	_, err = r.send(t, message{pack: strings.ReplaceAll(sampleService(), "ORDER-1", "O-one"), noImages: true}, "served").Receipt()
	check(t, err)
	grant(t, s, func(a *store.Agency) { a.MayQuery, a.MayImages = true, true })
	named := requesterXML("courtClerk") + namedOrder
	for _, ask := range []struct{ operation, content, lacks string }{
		{"Ping", "", ""}, {"GetPolicy", "", "<MaintenanceWindow>"}, {"ListSubmissions", "", ""}, {"ListSubmissions", "<SubmissionStateCode>refused</SubmissionStateCode><ReceivedFromDateTime>2026-11-01T00:00:00-08:00</ReceivedFromDateTime>", ""},
		{"GetSubmissionStatus", "<TrackingIdentification>" + string(receipt.Tracking) + "</TrackingIdentification>", ""},
		{"SearchOrders", requesterXML("courtClerk") + "<PersonSurName>Jones</PersonSurName>", "<OrderSummary>"}, {"SearchOrders", requesterXML("helpDesk") + "<CaseDocketID>26NF0886</CaseDocketID>", "<OrderSummary>"},
		{"GetOrder", named, "<OrderService>"}, {"GetOrder", strings.Replace(named, "O-one", "O-none", 1), ""},
		{"GetOrderImage", named + "<TrackingIdentification>" + string(receipt.Tracking) + "</TrackingIdentification><DocumentIdentification>order-image</DocumentIdentification>", "<ImageContent>"},
	} {
		reply := r.asks(t, "court-rsa", ask.operation, ask.content, soap.SOAP12)
		if !bytes.Contains(reply.Body, []byte(ask.lacks)) {
			t.Errorf("%s lacks %s: %s", ask.operation, ask.lacks, reply.Body)
		}
		answers.add(reply.Body)
	}
	for _, m := range []message{{}, {signer: "none"}, {pack: sample(">100<", ">a hundred<")}, {pack: sample("CR-160", "XX-999")}} {
		body, contentType := m.request(t, "tried")
		reply := r.post(t, "court-rsa", bytes.ReplaceAll(body, []byte("SubmitOrder"), []byte("ValidateOrder")), contentType, nil)
		contains(t, "a trial", reply, "<AcceptableIndicator>")
		answers.add(reply.Body)
	}
	answers.validate(t)
}

// A proof of service may come from any county; trying one tells nothing of an order of another.
func TestValidateTellsNothingOfOthersOrders(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	c := parts(t, s)
	plan := &fixedPlan{}
	c.Planner = plan
	r := start(t, c)
	_, err := r.send(t, message{}, "one").Receipt()
	check(t, err)
	try := func(who, ori string) {
		t.Helper()
		pack := strings.Replace(strings.ReplaceAll(sampleService(), "ORDER-1", "O-one"), "Identification>CA030013J</Submitter", "Identification>"+ori+"</Submitter", 1)
		m := message{pack: pack, noImages: true, signer: who}
		body, contentType := m.request(t, "served-"+who)
		contains(t, who, r.post(t, who, bytes.ReplaceAll(body, []byte("SubmitOrder"), []byte("ValidateOrder")), contentType, nil), "<AcceptableIndicator>true<", "<CarposPlan>")
	}
	try("court-rsa", string(courtORI))
	try("other-court", string(otherORI))
	if got := fmt.Sprint(plan.asked); got != "[servetrue servefalse]" {
		t.Errorf("planned %s", got)
	}
}

// fixedPlan is a planner that knows one answer.
type fixedPlan struct{ asked []string }

func (p *fixedPlan) Plan(pack mapping.Package, _ store.Agency, known *store.Known) Plan {
	p.asked = append(p.asked, fmt.Sprint(pack.Action, known != nil))
	return Plan{Transaction: "ERR", Fields: []PlanField{{"NAM", "restrained person", "JONES,MARC"}}, Lacks: []PlanLack{{"RAC", "No race.", "Item 2", "court"}}}
}

func TestValidateHasNoEffect(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	c := parts(t, s)
	plan := &fixedPlan{}
	c.Planner = plan
	r := start(t, c)
	try := func(m message, id string) *client.Reply {
		t.Helper()
		body, contentType := m.request(t, id)
		body = bytes.ReplaceAll(body, []byte("SubmitOrder"), []byte("ValidateOrder"))
		return r.post(t, "court-rsa", body, strings.ReplaceAll(contentType, "SubmitOrder", "ValidateOrder"), nil)
	}
	contains(t, "a good package", try(message{}, "one"), "<AcceptableIndicator>true<", "<TransactionCode>ERR<", "<ValueText>JONES,MARC<", "<FormItemText>Item 2<", "<StageName>schema</StageName><PassedIndicator>true<")
	contains(t, "by MTOM", try(message{mtom: true, edition: soap.SOAP12}, "one"), "<AcceptableIndicator>true<")
	contains(t, "a broken rule", try(message{pack: sample("<CourtOrderStageCode>preTrial", "<CourtOrderStageCode>emergency")}, "one"), "<AcceptableIndicator>false<", "<FaultCode>Client.Rule.StageNotOfForm<", "<StageName>rules</StageName><PassedIndicator>false<")
	contains(t, "broken by schema", try(message{pack: sample("<CaseDocketID>26NF0886</CaseDocketID>", "")}, "one"), "<FaultCode>Client.Schema.Invalid<", "Client.Schema.ElementMissing")
	contains(t, "unsigned", try(message{signer: "none"}, "one"), "<FaultCode>Client.Signature.Missing<")
	if _, err := s.StatusByPackage(t.Context(), store.Reach{Agency: 1}, "P-one"); err == nil {
		t.Fatal("a package that was only tried is kept")
	}
	_, err := r.send(t, message{}, "one").Receipt()
	check(t, err)
	contains(t, "the same again", try(message{}, "one"), "<AcceptableIndicator>true<")
	contains(t, "other content", try(message{pack: sample(">100<", ">200<")}, "one"), "<FaultCode>Client.Package.Conflict<")
	if got := fmt.Sprint(plan.asked); got != "[addfalse addfalse addfalse addtrue addfalse]" {
		t.Errorf("planned %s", got)
	}
}
