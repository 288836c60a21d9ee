package admin

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/mapping/places"
	"ccpor/store"
	"ccpor/web/site"
)

// agencyRow is an agency in the list.
type agencyRow struct {
	store.Agency
	// Days are those until the first of its certificates in force ends; Certified says that there is one, Soon that it is within two months.
	Days            int
	Certified, Soon bool
}

// soon is within how many days the end of a certificate is a matter for somebody, as the watch has it.
const soon = 60

type listView struct {
	Rows []agencyRow
	// Kind, County and Ending are the filters, Kinds and Counties the choices. Ending leaves those whose certificates are a matter for somebody.
	Kind, County    string
	Ending          bool
	Kinds, Counties []site.Choice
	MayAdd          bool
}

// agencies lists them. Who sees one agency only is led to it.
func (p *Pages) agencies(r *site.Request) (site.Answer, error) {
	if r.Scope == access.Own {
		return site.Answer{To: "/agencies/" + string(r.Visitor.Asker.Agency)}, nil
	}
	all, err := p.Store.Agencies(r.Context())
	if err != nil {
		return site.Answer{}, err
	}
	certs, err := p.Store.Certificates(r.Context())
	if err != nil {
		return site.Answer{}, err
	}
	ends := firstEnds(certs, r.Now)
	v := listView{Kind: r.URL.Query().Get("kind"), County: r.URL.Query().Get("county"), Ending: r.URL.Query().Get("ending") != "", MayAdd: r.May(access.ManageAgencies),
		Kinds: append([]site.Choice{{Name: "all"}}, choices(access.Kinds(), kindWords)...), Counties: append([]site.Choice{{Name: "all"}}, p.counties()...)}
	for _, a := range all {
		if v.Kind != "" && v.Kind != string(a.Kind) || v.County != "" && v.County != a.County {
			continue
		}
		row := agencyRow{Agency: a}
		if c, ok := ends[a.ORI]; ok {
			row.Certified, row.Days, row.Soon = true, c.Days(r.Now), c.Days(r.Now) < soon
		}
		if v.Ending && (a.Kind.Central() || row.Certified && !row.Soon) {
			continue
		}
		v.Rows = append(v.Rows, row)
	}
	return site.Answer{Page: "agencies", Title: "Agencies", Data: v, Object: "agencies"}, nil
}

// firstEnds are of each agency the certificate in force that ends first.
func firstEnds(certs []store.CertificateStatus, now time.Time) map[order.ORI]store.CertificateStatus {
	ends := map[order.ORI]store.CertificateStatus{}
	for _, c := range certs {
		if have, ok := ends[c.Agency]; c.State(now) == "valid" && (!ok || c.To.Before(have.To)) {
			ends[c.Agency] = c
		}
	}
	return ends
}

// counties are the choices of a county.
func (p *Pages) counties() []site.Choice {
	var c []site.Choice
	for _, county := range p.Places.Counties() {
		c = append(c, site.Choice{Value: county.Name, Name: county.Name})
	}
	return c
}

type agencyView struct {
	store.Agency
	// InCounty is the county of its ORI's number, where there is one.
	InCounty     string
	Tribal       *places.TribalCourt
	Contacts     []store.Contact
	Closures     []store.Closure
	Certificates []certificateRow
	Listener     *store.ListenerStatus
	Grants       []string
	Court        bool
	// What the visitor may do about it; Aboard says that something is missing until it can work.
	MayManage, MayContact, MayPeople, Aboard bool
}

// agencyPage shows everything about an agency that is no secret: its people are another page.
func (p *Pages) agencyPage(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	v := agencyView{Agency: a, Court: isCourt(a), Grants: grantWords(a),
		MayManage: r.MayAbout(access.ManageAgencies, a.ORI), MayContact: r.MayAbout(access.ContactAgency, a.ORI), MayPeople: r.MayAbout(access.ManagePeople, a.ORI)}
	if c, ok := p.Places.Of(a.ORI); ok {
		v.InCounty = c.Name
	}
	v.Tribal = p.tribal(a)
	if v.Contacts, err = p.Store.ContactsOf(r.Context(), a.ORI); err != nil {
		return site.Answer{}, err
	}
	if v.Closures, err = p.Store.ClosuresOf(r.Context(), a.ORI, r.Today()); err != nil {
		return site.Answer{}, err
	}
	if v.Certificates, err = p.certificatesOf(r, a); err != nil {
		return site.Answer{}, err
	}
	if v.Listener, err = p.listener(r, a); err != nil {
		return site.Answer{}, err
	}
	if v.MayManage {
		steps, err := p.steps(r, a)
		if err != nil {
			return site.Answer{}, err
		}
		v.Aboard = steps.Open()
	}
	return site.Answer{Page: "agency", Title: a.Name, Above: agenciesLink(), Data: v, Object: "agency " + string(a.ORI)}, nil
}

func isCourt(a store.Agency) bool {
	return a.Kind == access.KindCourt || a.Kind == access.KindTribalCourt
}

// tribal is what the data say of a tribal court of that name.
func (p *Pages) tribal(a store.Agency) *places.TribalCourt {
	for _, c := range p.Places.TribalCourts() {
		if a.Kind == access.KindTribalCourt && (c.Name == a.Name || c.Called() == a.Name) {
			return &c
		}
	}
	return nil
}

// grantNames say what a grant lets an agency do.
var grantNames = map[store.Grant]string{store.GrantSubmit: "send packages", store.GrantQuery: "search and read orders", store.GrantImages: "read their images", store.GrantCallbacks: "be told of changes"}

func grantWords(a store.Agency) []string {
	var words []string
	for _, g := range store.Grants() {
		if a.Granted(g) {
			words = append(words, grantNames[g])
		}
	}
	return words
}

// agencyForm is what is typed about an agency.
type agencyForm struct {
	ORI, Name, County, Kind, CarposName, Confirm, Mnemonic, Enters, EnteredBy, Signature string
	Test                                                                                 bool
}

// The answers to who enters an agency's orders into CLETS.
const (
	hubEnters   = "hub"
	selfEnters  = "agency"
	otherEnters = "other"
)

type editView struct {
	// Agency is the one that is changed; nil: it is a new one.
	Agency *store.Agency
	Form   agencyForm
	Wrong  wrong
	// Choices of the fields; Models are courts to begin with.
	Kinds, Counties, Enterers, Signatures []site.Choice
	Superior                              []places.County
	Tribal                                []places.TribalCourt
	// Model is what was begun with.
	Model string
	Steps steps
}

func (p *Pages) edit(a *store.Agency, f agencyForm, w wrong) editView {
	return editView{Agency: a, Form: f, Wrong: w, Kinds: choices(access.Kinds(), kindWords), Counties: append([]site.Choice{{Name: "none"}}, p.counties()...),
		Enterers: []site.Choice{{Value: hubEnters, Name: "The exchange (CLETS-submitting)"}, {Value: selfEnters, Name: "The agency itself"}, {Value: otherEnters, Name: "Another agency, named below"}},
		Signatures: []site.Choice{{Value: string(store.MessageSignatureAccepted), Name: "verified where there is one"}, {Value: string(store.MessageSignatureRequired), Name: "required"},
			{Value: string(store.MessageSignatureOff), Name: "passed over"}},
		Superior: p.Places.Counties(), Tribal: p.Places.TribalCourts(), Steps: stepsOfNew()}
}

// newAgency is the form for a new agency, filled in from the court that it is begun with.
func (p *Pages) newAgency(r *site.Request) (site.Answer, error) {
	f := agencyForm{Kind: string(access.KindCourt), Enters: hubEnters, Signature: string(store.MessageSignatureAccepted)}
	like := r.URL.Query().Get("like")
	for _, c := range p.Places.Counties() {
		if c.Number == like {
			f.Name, f.County, f.ORI, f.CarposName = c.Court(), c.Name, "CA"+c.Number, carposName(c.Name)
		}
	}
	for _, c := range p.Places.TribalCourts() {
		if c.Name == like {
			f.Name, f.County, f.Kind = c.Called(), c.County, string(access.KindTribalCourt)
		}
	}
	v := p.edit(nil, f, nil)
	v.Model = like
	return site.Answer{Page: "agency-form", Title: "A new agency", Above: agenciesLink(), Data: v, Object: "agencies"}, nil
}

// carposName proposes how CARPOS shows a county's superior court, in its 30 characters.
func carposName(county string) string {
	county = strings.ToUpper(county)
	for _, name := range []string{county + " COUNTY SUPERIOR COURT", county + " CO SUPERIOR COURT"} {
		if len(name) <= mostCarposName {
			return name
		}
	}
	return county + " CO SUPERIOR CT"
}

// mostCarposName is how long a name may be in CARPOS (CTN).
const mostCarposName = 30

// addAgency registers an agency, and leads on to what is missing.
func (p *Pages) addAgency(r *site.Request) (site.Answer, error) {
	f := readAgency(r)
	ori, err := order.ParseORI(f.ORI)
	w := p.check(f, ori)
	if err != nil {
		w["ori"] = "An ORI has nine characters: two letters, and seven letters or digits, as CA030013J."
	}
	back := func() (site.Answer, error) {
		return site.Answer{Page: "agency-form", Title: "A new agency", Above: agenciesLink(), Data: p.edit(nil, f, w), Status: again, Object: "agencies"}, nil
	}
	if len(w) > 0 {
		return back()
	}
	_, err = p.Store.ChangeAgency(r.Context(), ori, by(r), r.Now, func(a *store.Agency, isNew bool) error {
		if !isNew {
			return &store.InputError{Part: "ori", Why: "An agency is registered under this ORI already. Its page lets you change it."}
		}
		f.make(a)
		return nil
	})
	if err := taken(err); err != nil {
		var known bool
		if w, known = wrongWith(err); known {
			return back()
		}
		return site.Answer{}, err
	}
	return site.Answer{To: "/agencies/" + string(ori) + "/aboard", Object: "agency " + string(ori)}, nil
}

func (p *Pages) editAgency(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	return site.Answer{Page: "agency-form", Title: "Change " + a.Name, Above: over(a), Data: p.edit(&a, formOf(a), nil), Object: "agency " + string(a.ORI)}, nil
}

func (p *Pages) changeAgency(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	f, object := readAgency(r), "agency "+string(a.ORI)
	w := p.check(f, a.ORI)
	if len(w) == 0 {
		_, err = p.Store.ChangeAgency(r.Context(), a.ORI, by(r), r.Now, func(a *store.Agency, _ bool) error { f.make(a); return nil })
		if err = taken(err); err == nil {
			return site.Answer{To: "/agencies/" + string(a.ORI), Object: object}, nil
		}
		var known bool
		if w, known = wrongWith(err); !known {
			return site.Answer{}, err
		}
	}
	return site.Answer{Page: "agency-form", Title: "Change " + a.Name, Above: over(a), Data: p.edit(&a, f, w), Status: again, Object: object}, nil
}

// taken says of which field an error of the store is.
func taken(err error) error {
	if errors.Is(err, store.ErrMnemonicTaken) {
		return &store.InputError{Part: "mnemonic", Why: "Another agency's transactions go on this line. A line belongs to one agency; leave it empty for any line."}
	}
	return err
}

func readAgency(r *site.Request) agencyForm {
	up := func(name string) string { return strings.ToUpper(typed(r, name)) }
	return agencyForm{ORI: up("ori"), Name: typed(r, "name"), County: typed(r, "county"), Kind: typed(r, "kind"), CarposName: typed(r, "carpos"), Confirm: typed(r, "confirm"), Mnemonic: up("mnemonic"),
		Enters: typed(r, "enters"), EnteredBy: up("entered-by"), Signature: typed(r, "signature"), Test: typed(r, "test") != ""}
}

func formOf(a store.Agency) agencyForm {
	f := agencyForm{ORI: string(a.ORI), Name: a.Name, County: a.County, Kind: string(a.Kind), CarposName: a.CarposName, Confirm: a.ConfirmText, Mnemonic: a.Mnemonic, EnteredBy: string(a.EnteredBy),
		Signature: string(a.MessageSignature), Test: a.Test, Enters: selfEnters}
	switch {
	case a.Submits:
		f.Enters = hubEnters
	case a.EnteredBy != "":
		f.Enters = otherEnters
	}
	return f
}

// make makes the agency what was typed, which has been checked. The exchange's own agencies send nothing.
func (f agencyForm) make(a *store.Agency) {
	a.Name, a.County, a.Kind, a.CarposName, a.ConfirmText, a.Mnemonic = f.Name, f.County, access.Kind(f.Kind), f.CarposName, f.Confirm, f.Mnemonic
	a.MessageSignature, a.Test = store.MessageSignature(f.Signature), f.Test
	a.Submits, a.EnteredBy = f.Enters == hubEnters, ""
	if f.Enters == otherEnters {
		a.EnteredBy = order.ORI(f.EnteredBy)
	}
	if a.Kind.Central() {
		a.Submits, a.EnteredBy, a.ReadOnly, a.NoCallbacks = false, "", true, true
	}
}

var mnemonicShape = regexp.MustCompile(`^([A-Z0-9]{4})?$`)

// check says everything that is wrong with what was typed.
func (p *Pages) check(f agencyForm, ori order.ORI) wrong {
	w := wrong{}
	bad := func(is bool, field, why string) {
		if is {
			w[field] = why
		}
	}
	bad(!store.IsLine(f.Name, 1, 100), "name", "A name has 1 to 100 characters on one line.")
	bad(!slices.Contains(access.Kinds(), access.Kind(f.Kind)), "kind", "Choose what the agency is.")
	_, county := p.Places.Named(f.County)
	bad(f.County != "" && !county, "county", "Choose one of California's counties, or none.")
	bad(f.County == "" && f.Kind == string(access.KindCourt), "county", "A superior court has a county.")
	if of, ok := p.Places.Of(ori); ok && county && f.Kind == string(access.KindCourt) && of.Name != f.County {
		w["county"] = fmt.Sprintf("The ORI has the number of the county of %s. One of the two is mistyped.", of.Name)
	}
	bad(!store.IsLine(f.CarposName, 0, mostCarposName), "carpos", "It has at most 30 characters on one line.")
	bad(!store.IsLine(f.Confirm, 0, 300), "confirm", "It has at most 300 characters on one line.")
	bad(!mnemonicShape.MatchString(f.Mnemonic), "mnemonic", "A mnemonic has four letters or digits.")
	bad(!slices.Contains([]string{hubEnters, selfEnters, otherEnters}, f.Enters), "enters", "Choose who enters its orders.")
	if f.Enters == otherEnters {
		_, err := order.ParseORI(f.EnteredBy)
		bad(err != nil, "entered-by", "Name that agency by its ORI, nine characters.")
	}
	bad(!slices.Contains([]store.MessageSignature{store.MessageSignatureAccepted, store.MessageSignatureRequired, store.MessageSignatureOff}, store.MessageSignature(f.Signature)), "signature", "Choose one of the three.")
	return w
}
