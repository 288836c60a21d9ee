package exchange

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/mapping/order"
)

// What sender, identification and digest decide, on a real database and over HTTPS.
func TestIdentity(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	court := r.as(t, "court-rsa")
	answers := &collected{}
	send := func(m message, id string) (client.Receipt, error) {
		t.Helper()
		reply := r.send(t, m, id)
		answers.add(reply.Body)
		return reply.Receipt()
	}
	status := func(receipt client.Receipt) client.Submission {
		t.Helper()
		body, contentType := client.StatusRequest(receipt.Tracking, "", client.Options{Edition: soap.SOAP12})
		reply := r.post(t, "court-rsa", body, contentType, nil)
		answers.add(reply.Body)
		found, err := reply.Submission()
		check(t, err)
		return found
	}

	first, err := send(message{}, "one")
	check(t, err)

	t.Run("same package", func(t *testing.T) {
		again, err := send(message{edition: soap.SOAP12}, "one")
		if err != nil || !again.Duplicate || again.Tracking != first.Tracking || again.MessageSHA256 != first.MessageSHA256 {
			t.Errorf("%+v, %v", again, err)
		}
		if n := len(status(first).Transmissions); n != 1 {
			t.Errorf("%d transmissions of one order", n)
		}
	})
	t.Run("same package, signed anew", func(t *testing.T) {
		again, err := send(message{signer: "court-p256"}, "one")
		if err != nil || !again.Duplicate || again.Tracking != first.Tracking {
			t.Errorf("%+v, %v", again, err)
		}
	})
	t.Run("same identification, other content", func(t *testing.T) {
		_, err := send(message{pack: sample(">100<", ">200<")}, "one")
		fault := faultOf(t, err, "Client.Package.Conflict")
		if fault.Earlier != first.Tracking || fault.Tracking == first.Tracking || fault.Tracking == "" {
			t.Errorf("earlier %s, this one %s; want %s and another", fault.Earlier, fault.Tracking, first.Tracking)
		}
	})
	t.Run("same order, another package", func(t *testing.T) {
		_, err := send(message{pack: strings.Replace(sampleOrder(), "PKG-1", "PKG-1-again", 1)}, "one")
		if fault := faultOf(t, err, "Client.Order.Exists"); fault.Earlier != first.Tracking {
			t.Errorf("earlier %s, want %s", fault.Earlier, first.Tracking)
		}
	})
	t.Run("another agency's package of the same identification", func(t *testing.T) {
		others := strings.NewReplacer(courtORI, otherORI).Replace(sampleOrder())
		receipt, err := send(message{tls: "other-court", signer: "other-court", pack: others}, "one")
		if err != nil || receipt.Duplicate || receipt.Tracking == first.Tracking {
			t.Errorf("%+v, %v", receipt, err)
		}
	})
	t.Run("proof of service of the order", func(t *testing.T) {
		proof, err := send(message{pack: strings.Replace(sampleService(), "PKG-1", "PKG-1-served", 1), noImages: true}, "one")
		if err != nil || !proof.Entry.Owed {
			t.Fatalf("%+v, %v", proof, err)
		}
		if kept := status(proof); len(kept.Transmissions) != 1 || kept.Transmissions[0].Transaction != "SRR" || kept.Transmissions[0].State != "waiting" {
			t.Errorf("%+v", kept.Transmissions)
		}
	})
	for name, wrong := range map[string]struct{ old, new, code string }{
		"case":   {"<CaseDocketID>26NF0886<", "<CaseDocketID>26NF0887<", "Client.Rule.ServiceOtherCase"},
		"person": {"<PersonSurName>Jones<", "<PersonSurName>Smith<", "Client.Rule.ServiceOtherPerson"},
		"day":    {"<CourtOrderServiceDate>2026-11-19<", "<CourtOrderServiceDate>2026-11-18<", "Client.Rule.ServedBeforeIssue"},
	} {
		t.Run("proof of service of another "+name, func(t *testing.T) {
			pack := edit(wrong.old, wrong.new)(strings.Replace(sampleService(), "PKG-1", "PKG-1-other-"+name, 1))
			_, err := send(message{pack: pack, noImages: true}, "one")
			faultOf(t, err, wrong.code)
		})
	}
	t.Run("proof of service of an unknown order", func(t *testing.T) {
		proof, err := send(message{pack: sampleService(), noImages: true}, "early")
		if err != nil || proof.WaitsFor == "" || proof.Duplicate {
			t.Fatalf("%+v, %v", proof, err)
		}
		later, err := send(message{pack: strings.Replace(sampleOrder(), "PKG-1", "PKG-1-late", 1)}, "early")
		if err != nil || later.WaitsFor != "" {
			t.Errorf("the order that came later: %+v, %v", later, err)
		}
	})
	if _, err := court.Status(t.Context(), "", order.LocalID("P-one"), client.Options{}); err != nil {
		t.Error(err)
	}
	answers.validate(t)
}

func faultOf(t *testing.T, err error, code string) *client.Fault {
	t.Helper()
	var fault *client.Fault
	if !errors.As(err, &fault) || fault.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return fault
}

// One package sent many times at once is one submission: every sender gets the same receipt.
func TestOnePackageManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, realStore(t)))
	court := r.as(t, "court-rsa")
	body, contentType := message{}.request(t, "race")
	receipts := make([]client.Receipt, 16)
	var wg sync.WaitGroup
	for i := range receipts {
		wg.Go(func() {
			reply, err := court.Post(t.Context(), body, contentType)
			if err == nil {
				receipts[i], err = reply.Receipt()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	firsts := 0
	for _, got := range receipts {
		if !got.Duplicate {
			firsts++
		}
		if got.Tracking != receipts[0].Tracking || !got.ReceivedAt.Equal(receipts[0].ReceivedAt) {
			t.Errorf("two receipts for one package: %s and %s", got.Tracking, receipts[0].Tracking)
		}
	}
	if firsts != 1 {
		t.Errorf("%d of %d were first", firsts, len(receipts))
	}
}

// Every problem of a package comes at once: sender, image and rules, each with its place and whose move it is.
func TestEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	pack := strings.NewReplacer("<SubmitterOrganizationORIIdentification>CA030013J", "<SubmitterOrganizationORIIdentification>CA001013J",
		"<OrderExpirationDate>2029", "<OrderExpirationDate>2025", "<CourtOrderIssuingDate>2026-11-19", "<CourtOrderIssuingDate>2027-11-19").Replace(sampleOrder())
	_, err := r.send(t, message{pack: pack, images: []client.Attachment{{ID: "other", Content: pdf}}}, "all").Receipt()
	fault := faultOf(t, err, "Client.Package.WrongSubmitter")
	found := map[string]client.Problem{}
	for _, p := range fault.Problems {
		found[p.Code] = p
		if p.Text == "" || p.Path == "" || p.Whose == "" || p.Fix == "" {
			t.Errorf("a problem that does not say all: %+v", p)
		}
	}
	for _, code := range []string{"Client.Package.WrongSubmitter", "Client.Image.Missing", "Client.Image.Surplus", "Client.Rule.IssuedInFuture", "Client.Rule.ExpiryBeforeIssue"} {
		if _, ok := found[code]; !ok {
			t.Errorf("%s is not told; told are %v", code, fault.Problems)
		}
	}
	if p := found["Client.Rule.ExpiryBeforeIssue"]; p.Rule != "ExpiryBeforeIssue" || p.Citation == "" || p.Whose != "court" {
		t.Errorf("%+v", p)
	}
}

// Schema problems come at once too, with value and line; the values reach the sender and no log.
func TestSchemaProblems(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	pack := strings.NewReplacer(">100<", ">a hundred<", "<PersonSexCode>M<", "<PersonSexCode>male<", "preTrial", "for now").Replace(sampleOrder())
	_, err := r.send(t, message{pack: pack}, "schema").Receipt()
	fault := faultOf(t, err, "Client.Schema.Invalid")
	if len(fault.Problems) != 3 {
		t.Fatalf("%d problems: %+v", len(fault.Problems), fault.Problems)
	}
	for _, p := range fault.Problems {
		if p.Line == 0 || p.Value == "" || !strings.HasPrefix(p.Code, "Client.Schema.") || strings.Contains(r.log.String(), p.Value) {
			t.Errorf("%+v", p)
		}
	}
}

// Warnings travel with the receipt and refuse nothing.
func TestWarnings(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	receipt, err := r.send(t, message{pack: sample("<OrderExpirationDate>2029", "<OrderExpirationDate>2099")}, "warning").Receipt()
	check(t, err)
	if len(receipt.Warnings) != 1 || receipt.Warnings[0].Code != "Warning.Rule.ExpiryTooLong" {
		t.Errorf("%+v", receipt.Warnings)
	}
}

// Strangers cannot fill the record: beyond a number a minute they are turned away without a tracking number.
func TestStrangersAreCounted(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	c := parts(t, s)
	c.Limits.StrangersPerMinute = 3
	r := start(t, c)
	for i := range 5 {
		_, err := r.send(t, message{tls: "nobody"}, fmt.Sprint("stranger-", i)).Receipt()
		if fault := faultOf(t, err, "Client.Peer.CertificateMissing"); (fault.Tracking != "") != (i < 3) {
			t.Errorf("stranger %d: tracking number %q", i, fault.Tracking)
		}
	}
	for _, kept := range s.refused {
		if kept.Agency != 0 || len(kept.Received.Wire) != 0 {
			t.Errorf("of a stranger is kept: agency %d, %d bytes", kept.Agency, len(kept.Received.Wire))
		}
	}
	if len(s.refused) != 3 {
		t.Errorf("%d kept", len(s.refused))
	}
}

// The five actions of a court, over HTTPS and on a real database: what each is told, and what is left in the registry.
func TestActions(t *testing.T) {
	t.Parallel()
	s := realStore(t)
	r := start(t, parts(t, s))
	answers := &collected{}
	take := func(m message, id string) client.Receipt {
		t.Helper()
		reply := r.send(t, m, id)
		answers.add(reply.Body)
		receipt, err := reply.Receipt()
		if err != nil {
			t.Fatal(err)
		}
		return receipt
	}
	refuse := func(m message, id, code string) {
		t.Helper()
		reply := r.send(t, m, id)
		answers.add(reply.Body)
		_, err := reply.Receipt()
		faultOf(t, err, code)
	}
	secret := "<ConfidentialInformation><RestrainedPersonConfidential><PersonAlternateName><PersonGivenName>Flint</PersonGivenName><PersonSurName>Jones</PersonSurName></PersonAlternateName></RestrainedPersonConfidential></ConfidentialInformation>"

	early := take(message{pack: changed("one", "correct", "2026-11-20")}, "one")
	if early.WaitsFor == "" || !early.Entry.Owed || early.Entry.Deadline.IsZero() {
		t.Errorf("a change before its order: %+v", early)
	}
	attached := take(message{pack: supplement("image", "")}, "one")
	if attached.WaitsFor == "" || attached.Entry.Owed || !strings.Contains(attached.Entry.NotOwed, "image alone") {
		t.Errorf("an image before its order: %+v", attached)
	}
	take(message{}, "one")
	if known := take(message{pack: supplement("secret", secret)}, "one"); !known.Entry.Owed || !strings.Contains(known.WaitsFor, "earlier") {
		t.Errorf("CLETS-001: %+v", known)
	}
	refuse(message{pack: edit("<CaseDocketID>26NF0886<", "<CaseDocketID>26NF0887<")(supplement("other", secret))}, "one", "Client.Rule.SupplementOtherCase")
	refuse(message{pack: edit("<PersonSurName>Jones<", "<PersonSurName>Smith<")(ended("other"))}, "one", "Client.Rule.CancelOtherPerson")
	end := take(message{pack: ended("end")}, "one")
	if !end.Entry.Owed || end.Entry.Deadline.IsZero() {
		t.Errorf("an end: %+v", end)
	}
	refuse(message{pack: changed("late", "correct", "2026-11-20")}, "one", "Client.Rule.ModifiedAfterEnd")
	refuse(message{pack: ended("twice")}, "one", "Client.Rule.CancelledAlready")
	if again := take(message{pack: ended("end")}, "one"); !again.Duplicate || again.Tracking != end.Tracking {
		t.Errorf("the same end once more: %+v", again)
	}

	known, err := s.KnownOrder(t.Context(), courtORI, "O-one", false)
	if err != nil || known.Version != 2 || known.Cancelled == nil {
		t.Errorf("%d %+v %v", known.Version, known.Cancelled, err)
	}
	others := strings.NewReplacer("<SubmitterOrganizationORIIdentification>"+courtORI, "<SubmitterOrganizationORIIdentification>"+otherORI)
	for name, pack := range map[string]string{"modify": changed("foreign", "correct", "2026-11-20"), "cancel": ended("foreign"), "attach": supplement("foreign", secret)} {
		reply := r.send(t, message{tls: "other-court", signer: "other-court", pack: others.Replace(pack)}, "one")
		answers.add(reply.Body)
		_, err := reply.Receipt()
		fault := faultOf(t, err, "Client.Package.WrongCourt")
		if len(fault.Problems) != 1 {
			t.Errorf("%s by another county: it learns more than that it may not: %+v", name, fault.Problems)
		}
	}
	answers.validate(t)
}

// changed is a package with the sample order as it stands after a change.
func changed(name, reason, day string) string {
	modification := "<CourtOrderModification><ModificationReasonCode>" + reason + "</ModificationReasonCode><ModificationDate>" + day + "</ModificationDate></CourtOrderModification>"
	return strings.NewReplacer("PKG-1", "PKG-1-modify-"+name, ">add<", ">modify<", "  <ProtectionOrder>", modification+"<ProtectionOrder>").Replace(sampleOrder())
}

// ended is a package that ends the sample order.
func ended(name string) string {
	return about("cancel", name, `<CourtOrderCancellation><OrderIdentification>ORDER-1</OrderIdentification><OrganizationORIIdentification>CA030013J</OrganizationORIIdentification>
    <CaseDocketID>26NF0886</CaseDocketID><RestrainedPersonName><PersonGivenName>Marc</PersonGivenName><PersonSurName>Jones</PersonSurName></RestrainedPersonName>
    <CancellationReasonCode>terminated</CancellationReasonCode><CancellationDate>2026-11-20</CancellationDate></CourtOrderCancellation>`)
}

// supplement is a package with an image of the sample order, and with what is confidential, if anything.
func supplement(name, confidential string) string {
	return about("attach", name, `<CourtOrderSupplement><OrderIdentification>ORDER-1</OrderIdentification><OrganizationORIIdentification>CA030013J</OrganizationORIIdentification>
    <CaseDocketID>26NF0886</CaseDocketID></CourtOrderSupplement>`+confidential)
}

// about puts another subject in the place of the sample order.
func about(action, name, subject string) string {
	before, rest, _ := strings.Cut(sampleOrder(), "  <ProtectionOrder>")
	_, documents, _ := strings.Cut(rest, "</ProtectionOrder>")
	return strings.NewReplacer("PKG-1", "PKG-1-"+action+"-"+name, ">add<", ">"+action+"<").Replace(before) + subject + documents
}

// What an image is beyond the picture of a form comes with the receipt, and refuses nothing; it is told again with each copy of the receipt.
func TestNaturesOfImages(t *testing.T) {
	t.Parallel()
	r := start(t, parts(t, newMemory(t)))
	image := []byte("%PDF-1.4\n1 0 obj <</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n<html>")
	sum := func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
	pack := strings.NewReplacer(sum(pdf), sum(image), fmt.Sprintf("<DocumentByteCount>%d<", len(pdf)), fmt.Sprintf("<DocumentByteCount>%d<", len(image))).Replace(sampleOrder())
	for range 2 {
		receipt, err := r.send(t, message{pack: pack, images: []client.Attachment{{ID: "order-image", Content: image}}}, "natures").Receipt()
		check(t, err)
		var codes []string
		for _, w := range receipt.Warnings {
			codes = append(codes, w.Code)
			if w.Text == "" || w.Path != "/OrderPackage/Document[1]" {
				t.Errorf("%+v", w)
			}
		}
		if got := strings.Join(codes, " "); got != "Warning.Image.Acts Warning.Image.Script Warning.Image.Trailing Warning.Image.WebPage" {
			t.Errorf("warnings: %s", got)
		}
	}
}
