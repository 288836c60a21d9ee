package hostile

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
)

// Request is what is written to a connection: the head up to its empty line, and the body. A Content-Length stands in the head only once
// the request is finished.
type Request struct {
	As   string // whose connection
	Head string
	Body []byte
	// Stop, if not 0, is after how many bytes of head and body the sender falls silent and waits for what the hub does.
	Stop int
}

// pdf is the smallest thing that looks like the image of an order.
var pdf = []byte("%PDF-1.4\n1 0 obj <</Type/Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n")

// Kinds of good messages.
const (
	Inline = "inline" // SOAP 1.1, the image as base64
	MTOM   = "mtom"   // the image as a part
	SOAP12 = "soap12"
	Signed = "signed" // signed as a whole by WS-Security
	Zipped = "gzip"   // inline, in gzip
	Large  = "large"  // with an image of 2 MB
)

// Kinds are all of them.
func Kinds() []string { return []string{Inline, MTOM, SOAP12, Signed, Zipped, Large} }

// good is a message on its way, as a court makes it, open for changes of the package before it is signed.
type good struct {
	cast   *Cast
	at     time.Time
	kind   string
	as     string // whose connection and ORI
	signer string // name of a key; "": unsigned
	id     string // of package and order
	change func(pack string) (string, error)
}

// request makes the message.
func (g good) request() (Request, error) {
	a, err := g.cast.agency(g.as)
	if err != nil {
		return Request{}, err
	}
	image := g.image()
	pack := g.pack(a.ORI, image)
	if g.change != nil {
		if pack, err = g.change(pack); err != nil {
			return Request{}, err
		}
	}
	signed := []byte(pack)
	if g.signer != "" {
		k := g.cast.keys[g.signer]
		if signed, err = client.Sign(signed, k.key, k.cert); err != nil {
			return Request{}, fmt.Errorf("signing the package of %s: %w", g.id, err)
		}
	}
	body, contentType, err := client.Request(signed, []client.Attachment{{ID: "order-image", Content: image}}, g.options())
	if err != nil {
		return Request{}, fmt.Errorf("making the message %s: %w", g.id, err)
	}
	return g.framed(body, contentType), nil
}

func (g good) image() []byte {
	if g.kind != Large {
		return pdf
	}
	return bytes.Replace(pdf, []byte("trailer"), append(bytes.Repeat([]byte("% blank\n"), 1<<18), "trailer"...), 1)
}

func (g good) options() client.Options {
	o := client.Options{MTOM: g.kind == MTOM || g.kind == Large, Boundary: "MIME-boundary"}
	if g.kind == SOAP12 {
		o.Edition = soap.SOAP12
	}
	if g.kind == Signed {
		k := g.cast.keys[g.signer]
		o.Message = &client.MessageKey{Key: k.key, Certificate: k.cert, Now: func() time.Time { return g.at }}
	}
	return o
}

func (g good) framed(body []byte, contentType string) Request {
	head := "POST /soap HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + contentType + "\r\n"
	if g.kind == Zipped {
		head += "Content-Encoding: gzip\r\n"
		body = zipped(body)
	}
	return Request{As: g.as, Head: head, Body: body}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b) // a buffer takes everything
	w.Close()
	return out.Bytes()
}

// pack is the unsigned package: a criminal protective order of invented people.
func (g good) pack(ori string, image []byte) string {
	sum := sha256.Sum256(image)
	day := func(n int) string { return g.at.AddDate(0, 0, n).Format(time.DateOnly) }
	return strings.NewReplacer("@PKG-ID@", g.id, "@ORDER-ID@", g.id+"-o", "@SUBMITTER@", ori, "@SENT@", g.at.UTC().Format("2006-01-02T15:04:05Z"), "@ISSUED@", day(-2),
		"@EXPIRES@", day(900), "@BYTES@", strconv.Itoa(len(image)), "@SHA256@", hex.EncodeToString(sum[:])).Replace(template)
}

// template holds an Id, as packages do that come signed.
const template = `<OrderPackage xmlns="urn:ccpor:exchange:package:1.0" Id="package"><PackageHeader>` +
	`<PackageIdentification>@PKG-ID@</PackageIdentification><PackageActionCode>add</PackageActionCode><PackageSentDateTime>@SENT@</PackageSentDateTime>` +
	`<SubmitterOrganizationORIIdentification>@SUBMITTER@</SubmitterOrganizationORIIdentification><SoftwareName>Sample Case Manager</SoftwareName><TestIndicator>false</TestIndicator></PackageHeader>` +
	`<ProtectionOrder><OrderIdentification>@ORDER-ID@</OrderIdentification><FormNumberText>CR-160</FormNumberText><FormRevisionDate>2019-01-22</FormRevisionDate><CaseDocketID>26NF0886</CaseDocketID>` +
	`<CourtOrderIssuingCourt><OrganizationORIIdentification>@SUBMITTER@</OrganizationORIIdentification><CourtName>Superior Court of California, County of Orange</CourtName><CourtCountyName>Orange</CourtCountyName></CourtOrderIssuingCourt>` +
	`<CourtOrderIssuingDate>@ISSUED@</CourtOrderIssuingDate><CourtOrderIssuingJudicialOfficialName>Ronald K. Har</CourtOrderIssuingJudicialOfficialName><CourtOrderStageCode>preTrial</CourtOrderStageCode><StatuteText>PC 136.2</StatuteText>` +
	`<CourtHearing><HearingPurposeCode>heard</HearingPurposeCode><HearingDate>@ISSUED@</HearingDate><HearingTime>08:30:00</HearingTime></CourtHearing><OrderExpirationDate>@EXPIRES@</OrderExpirationDate>` +
	`<RestrainedPerson><PersonName><PersonGivenName>Marc</PersonGivenName><PersonSurName>Jones</PersonSurName></PersonName><PersonSexCode>M</PersonSexCode><PersonRaceCode>white</PersonRaceCode><PersonBirthDate>1981-11-21</PersonBirthDate>` +
	`<PersonHeightMeasure>73</PersonHeightMeasure><PersonWeightMeasure>260</PersonWeightMeasure><PersonHairColorCode>BRO</PersonHairColorCode><PersonEyeColorCode>BRO</PersonEyeColorCode><PresentAtHearingIndicator>true</PresentAtHearingIndicator></RestrainedPerson>` +
	`<ProtectedPerson><PersonName><PersonGivenName>Mary</PersonGivenName><PersonSurName>Smith</PersonSurName></PersonName><PersonSexCode>F</PersonSexCode><PersonBirthDate>1977-01-01</PersonBirthDate></ProtectedPerson>` +
	`<CourtOrderConditions><NoHarmIndicator>true</NoHarmIndicator><NoContactIndicator>true</NoContactIndicator><NoThirdPartyContactIndicator>true</NoThirdPartyContactIndicator>` +
	`<StayAway><StayAwayDistanceYards>100</StayAwayDistanceYards><StayAwayPlace><PlaceCode>person</PlaceCode></StayAwayPlace></StayAway>` +
	`<FirearmRestriction><NoPossessionIndicator>true</NoPossessionIndicator><NoPurchaseIndicator>true</NoPurchaseIndicator><SurrenderIndicator>true</SurrenderIndicator><SurrenderWithinHours>24</SurrenderWithinHours></FirearmRestriction></CourtOrderConditions>` +
	`<CourtOrderServiceCode>present</CourtOrderServiceCode></ProtectionOrder><Document><DocumentIdentification>order-image</DocumentIdentification><DocumentRoleCode>order</DocumentRoleCode><DocumentMediaTypeText>application/pdf</DocumentMediaTypeText>` +
	`<DocumentByteCount>@BYTES@</DocumentByteCount><DocumentSHA256>@SHA256@</DocumentSHA256></Document></OrderPackage>`

// Control is a good message of a kind: the hub must give a receipt for it. The number keeps controls apart.
func (c *Cast) Control(kind string, number int, at time.Time) (Request, error) {
	as, signer := "court-rsa", "court-rsa"
	if kind == Signed {
		as, signer = "strict", "court-p384"
	}
	return good{cast: c, at: at, kind: kind, as: as, signer: signer, id: fmt.Sprintf("C-%s-%d-%d", kind, at.Unix(), number)}.request()
}
