package web

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/clets/carpos"
	"ccpor/clets/inquiry"
	"ccpor/clets/relay"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/web/site"
	"ccpor/web/site/sitetest"
)

func noon() time.Time { return time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC) }

// world is a store with agencies of every kind, each of which has sent orders of every access class.
type world struct {
	*testing.T
	store *store.Store
	site  *site.Site
	who   site.Visitor
	// owes is a held transmission of an agency, sent its submission, order the order in it.
	owes map[order.ORI]store.TransmissionID
	sent map[order.ORI]order.Tracking
	// clerks are somebody of an agency, invited.
	clerks map[order.ORI]store.PersonID
}

// nobodyListens is where no agency is told of anything.
type nobodyListens struct{}

func (nobodyListens) Check(string) error { return nil }
func (nobodyListens) Try(context.Context, store.Listener) (bool, string) {
	return false, "Nobody answered."
}

// homes are an agency of each kind; far is a court of another county, which is nobody's own here.
var homes = map[access.Kind]order.ORI{access.KindCourt: "CA030013J", access.KindTribalCourt: "CA030099J", access.KindLawEnforcement: "CA0300000", access.KindHelpDesk: "CA0349900",
	access.KindOperator: "CA0349901"}

const far order.ORI = "CA019013J"

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, store: storetest.New(t), owes: map[order.ORI]store.TransmissionID{}, sent: map[order.ORI]order.Tracking{}, clerks: map[order.ORI]store.PersonID{}}
	for kind, ori := range homes {
		w.register(kind, ori)
	}
	w.register(access.KindCourt, far)
	for _, ori := range []order.ORI{far, homes[access.KindCourt], homes[access.KindTribalCourt], homes[access.KindLawEnforcement]} {
		for _, class := range []order.Access{order.AccessSealed, order.AccessJuvenile, order.AccessNormal} {
			w.bring(ori, class)
		}
	}
	_, _, err := w.store.Inbound(t.Context(), "CCPR", "000001", "", "XX SECRETTEXT OF THE SWITCH", noon())
	w.must(err)
	w.open()
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) register(kind access.Kind, ori order.ORI) {
	w.Helper()
	_, err := w.store.RegisterAgency(w.Context(), store.Agency{ORI: ori, Name: "Agency " + string(ori), Kind: kind, Submits: !kind.Central(), ReadOnly: kind.Central(), MayQuery: true, MayImages: true})
	w.must(err)
	p, err := w.store.InvitePerson(w.Context(), store.NewPerson{Agency: ori, Login: "clerk@" + strings.ToLower(string(ori)) + ".example", Name: "Invented Clerk", Roles: []access.Role{access.Auditor}}, store.By{Actor: "a test"}, noon())
	w.must(err)
	w.clerks[ori] = p.ID
}

// mark is what stands for an order in a text of a page: its name, case number or place, of an agency and an access class.
func mark(what string, ori order.ORI, class order.Access) string {
	return what + string(ori)[2:8] + strings.ToLower(string(class))
}

func (w *world) bring(ori order.ORI, class order.Access) {
	w.Helper()
	from, err := w.store.AgencyByORI(w.Context(), ori)
	w.must(err)
	id := mark("id", ori, class)
	born, expires, yes := order.MakeDate(1981, 11, 21), order.MakeDate(2036, 6, 7), true
	o := &order.Order{ID: order.LocalID(id), Case: order.CaseNumber(mark("case", ori, class)), Access: class,
		Form:  order.Form{Number: "DV-130", Revision: order.MakeDate(2025, 1, 1), Family: "DV", Designator: "OAH", Title: "Restraining Order After Hearing"},
		Court: order.Court{ORI: ori, Name: "Agency " + string(ori)}, Issued: order.MakeDate(2026, 11, 20), Judge: "I. Nvented", Stage: order.StageAfterHearing,
		Expiry:     order.Expiry{Basis: order.ExpiryExplicit, Date: &expires},
		Restrained: order.Restrained{Name: order.Name{Given: "Sam", Surname: mark("name", ori, class)}, Person: order.Person{Sex: "M", Race: "unknown", Born: &born}, Present: &yes},
		Protected:  []order.Protected{{Name: order.Name{Given: "Pat", Surname: mark("name", ori, class)}}},
		Terms: order.Terms{NoHarm: true, NoContact: true, StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlaceResidence, Text: mark("place", ori, class)}}}},
			Firearms: &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, WithinHours: 24}},
		Service: order.ServiceNotServed}
	wire, content := []byte("wire of "+id), []byte("%PDF-1.7 "+id)
	image := store.Image{Document: order.Document{ID: "image", Media: "application/pdf", Role: "order", SHA256: fmt.Sprintf("%x", sha256.Sum256(content)), Bytes: int64(len(content))}, Content: content}
	o.Documents = []order.Document{image.Document}
	a := store.Accepted{Images: []store.Image{image}, Agency: from, Package: order.LocalID("pk-" + id), Action: store.ActionAdd, Order: o, Canonical: sha256.Sum256(wire), Deadline: store.Deadline{Due: noon().Add(36 * time.Hour), Rule: "FC 6380(a)"},
		Received: store.Received{At: noon().Add(-time.Hour), Peer: "192.0.2.7", Wire: wire, Digest: sha256.Sum256(wire), ContentType: "text/xml", Correlation: id}}
	r, err := w.store.Accept(w.Context(), a)
	w.must(err)
	ids, err := w.store.TransmissionsOf(w.Context(), r.Tracking)
	w.must(err)
	if len(ids) == 0 {
		w.Fatalf("nothing is owed of %s", ori)
	}
	w.must(w.store.Hold(w.Context(), ids[0], store.Hold{Reason: "RAC: The order does not say it.", Field: "RAC", At: noon()}))
	w.owes[ori], w.sent[ori] = ids[0], r.Tracking // the last one is a normal one
}

func (w *world) open() {
	w.Helper()
	dict, err := carpos.Load()
	w.must(err)
	w.site, err = New(Config{
		Config: sitetest.Config(w.store, &w.who, noon),
		Store:  w.store, Desk: relay.NewDesk(w.store, dict, time.UTC), Inquirer: inquiry.New(w.store, dict, time.UTC, noon), Listeners: nobodyListens{}, Warn: []float64{0.5, 0.8},
	})
	w.must(err)
}

func (w *world) ask(method, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.WithoutCancel(w.Context()), method, "http://localhost"+path, strings.NewReader(""))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	a := httptest.NewRecorder()
	w.site.Handler().ServeHTTP(a, r)
	return a
}

// as is a person of an agency of a kind in one role, CLETS-certified and let to see sealed orders.
func as(kind access.Kind, role access.Role) site.Visitor {
	until := order.MakeDate(2028, 1, 1)
	return site.Visitor{ID: 11, Login: string(role) + "@agency.example", Name: "Invented Visitor", Agency: "Agency " + string(homes[kind]),
		Asker: access.Asker{Kind: kind, Agency: homes[kind], Roles: []access.Role{role}, Sealed: true, CertifiedUntil: &until}}
}

// address is where a route is asked, about a thing of an agency. Lists are of nobody in particular.
type address struct {
	list bool
	// everywhere says that each agency has such a thing, the exchange's own too.
	everywhere bool
	path       func(w *world, owner order.ORI) string
}

func list(path string) address {
	return address{list: true, path: func(*world, order.ORI) string { return path }}
}

func ofTransmission(rest string) address {
	return address{path: func(w *world, owner order.ORI) string { return fmt.Sprintf("/queue/%d%s", w.owes[owner], rest) }}
}

// ofOrder is an address of an order, of whose owner the sights decide: the test of the area goes through them.
func ofOrder(rest string) address {
	return address{list: true, path: func(_ *world, owner order.ORI) string {
		return "/order/" + string(owner) + "/" + mark("id", owner, order.AccessNormal) + rest
	}}
}

func ofSubmission(rest string) address {
	return address{path: func(w *world, owner order.ORI) string { return "/submission/" + string(w.sent[owner]) + rest }}
}

func ofAgency(rest string) address {
	return address{everywhere: true, path: func(_ *world, owner order.ORI) string { return "/agencies/" + string(owner) + rest }}
}

func ofPerson() address {
	return address{everywhere: true, path: func(w *world, owner order.ORI) string { return fmt.Sprintf("/people/%d", w.clerks[owner]) }}
}

// addresses are all routes of all areas; a route that is not here fails the test.
var addresses = map[string]address{
	"GET /{$}":                list("/"),
	"POST /look":              list("/look"),
	"GET /queue":              list("/queue"),
	"GET /queue/{id}":         ofTransmission(""),
	"GET /queue/{id}/{verb}":  ofTransmission("/release"),
	"POST /queue/{id}/{verb}": ofTransmission("/release"),
	"GET /deadlines":          list("/deadlines"),
	"GET /messages":           list("/messages"),
	"GET /messages/{id}":      list("/messages/1"),
	"GET /inquiry":            list("/inquiry"),
	"POST /inquiry":           list("/inquiry"),
	"GET /inquiry/{id}":       list("/inquiry/1"),
	"GET /board":              list("/board"),
	"GET /board/chart/{name}": list("/board/chart/taken.svg"),

	"GET /orders":                            list("/orders"),
	"POST /orders":                           list("/orders"),
	"GET /order/{court}/{id}":                ofOrder(""),
	"GET /order/{court}/{id}/image/{digest}": ofOrder("/image/00"),
	"GET /order/{court}/{id}/image/{digest}/{page}/{width}": ofOrder("/image/00/1/600"),
	"GET /order/{court}/{id}/image/{digest}/original":       ofOrder("/image/00/original"),
	"GET /order/{court}/{id}/timeline":                      ofOrder("/timeline"),
	"GET /order/{court}/{id}/counts":                        ofOrder("/counts"),
	"GET /conflicts":                                        list("/conflicts"),
	"GET /order/{court}/{id}/service":                       ofOrder("/service"),
	"POST /order/{court}/{id}/service":                      ofOrder("/service"),
	"GET /unserved":                                         list("/unserved"),
	"GET /unserved/export":                                  list("/unserved/export"),
	"GET /order/{court}/{id}/hit":                           ofOrder("/hit"),
	"POST /order/{court}/{id}/hit":                          ofOrder("/hit"),
	"GET /hits":                                             list("/hits"),
	"POST /hits":                                            list("/hits"),
	"GET /hit/{id}":                                         list("/hit/1"),
	"POST /hit/{id}":                                        list("/hit/1"),
	"GET /hit/{id}/answer":                                  list("/hit/1/answer"),
	"GET /order/glass":                                      list("/order/glass"),
	"POST /order/glass":                                     list("/order/glass"),
	"GET /glass":                                            list("/glass"),
	"POST /glass":                                           list("/glass"),
	"GET /audit":                                            list("/audit"),
	"GET /audit/export":                                     list("/audit/export"),

	"GET /submissions":                           list("/submissions"),
	"POST /submissions/saved":                    list("/submissions/saved"),
	"POST /submissions/saved/{id}/forget":        list("/submissions/saved/1/forget"),
	"GET /submission":                            list("/submission?tracking=x"),
	"GET /submission/{tracking}":                 ofSubmission(""),
	"GET /submission/{tracking}/content/{stage}": ofSubmission("/content/package"),
	"POST /submission/{tracking}/handover":       ofSubmission("/handover"),
	"GET /handovers":                             list("/handovers"),
	"POST /handover/{id}/{move}":                 list("/handover/1/take"),

	"GET /agencies":                     list("/agencies"),
	"GET /agencies/new":                 list("/agencies/new"),
	"POST /agencies/new":                list("/agencies/new"),
	"GET /agencies/{ori}":               ofAgency(""),
	"GET /agencies/{ori}/aboard":        ofAgency("/aboard"),
	"GET /agencies/{ori}/edit":          ofAgency("/edit"),
	"POST /agencies/{ori}/edit":         ofAgency("/edit"),
	"GET /agencies/{ori}/rights":        ofAgency("/rights"),
	"POST /agencies/{ori}/rights":       ofAgency("/rights"),
	"GET /agencies/{ori}/certificates":  ofAgency("/certificates"),
	"POST /agencies/{ori}/certificates": ofAgency("/certificates"),
	"GET /agencies/{ori}/contacts":      ofAgency("/contacts"),
	"POST /agencies/{ori}/contacts":     ofAgency("/contacts"),
	"GET /agencies/{ori}/closures":      ofAgency("/closures"),
	"POST /agencies/{ori}/closures":     ofAgency("/closures"),
	"GET /agencies/{ori}/callback":      ofAgency("/callback"),
	"POST /agencies/{ori}/callback":     ofAgency("/callback"),
	"GET /agencies/{ori}/people":        ofAgency("/people"),
	"POST /agencies/{ori}/people":       ofAgency("/people"),
	"GET /people":                       list("/people"),
	"GET /people/{id}":                  ofPerson(),
	"POST /people/{id}":                 ofPerson(),
	"GET /windows":                      list("/windows"),
	"POST /windows":                     list("/windows"),
}

// deeds are the cells of docs/access.md: what a role may do, as it is written there.
func deeds(t *testing.T) map[access.Deed]map[access.Role]string {
	t.Helper()
	doc, err := os.ReadFile("../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "\n| deed |")
	lines := strings.Split(rest, "\n")
	roles := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(lines[0], -1)
	cells := map[access.Deed]map[access.Role]string{}
	for _, line := range lines[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		row := strings.Split(strings.Trim(line, "| "), "|")
		deed := access.Deed(strings.Trim(row[0], " `"))
		cells[deed] = map[access.Role]string{}
		for i, cell := range row[1:] {
			cells[deed][access.Role(roles[i][1])] = strings.TrimSpace(cell)
		}
	}
	if len(cells) != len(access.Deeds()) {
		t.Fatalf("%d deeds are written down, there are %d", len(cells), len(access.Deeds()))
	}
	return cells
}

// scope is a cell as it counts for a kind of agency.
func scope(t *testing.T, cell string, kind access.Kind) access.Scope {
	t.Helper()
	home, central := map[string][2]access.Scope{"all": {access.Everybody, access.Everybody}, "own": {access.Own, access.Own}, "own; central all": {access.Own, access.Everybody},
		"central all": {access.Nobodys, access.Everybody}, "–": {}}[cell], kind.Central()
	if cell == "" {
		t.Fatal("a cell is empty")
	}
	if central {
		return home[1]
	}
	return home[0]
}

// Every cell of the table, through HTTP: each address as each role of each kind of agency, about things of one's own and of others.
func TestEveryCellOfTheTable(t *testing.T) {
	t.Parallel()
	w, cells := newWorld(t), deeds(t)
	asked := map[string]bool{}
	for _, route := range w.site.Routes() {
		at, known := addresses[route.Pattern]
		if !known {
			t.Errorf("%s is not among the addresses of this test", route.Pattern)
			continue
		}
		if route.Open {
			continue
		}
		for _, kind := range access.Kinds() {
			for _, role := range access.Roles() {
				if !vouched(kind, role) {
					continue
				}
				w.who = as(kind, role)
				w.cell(route, at, scope(t, cells[route.Deed][role], kind))
				asked[string(route.Deed)] = true
			}
		}
	}
	t.Logf("%d deeds asked through HTTP", len(asked))
}

func vouched(kind access.Kind, role access.Role) bool {
	for _, r := range access.Vouched(kind) {
		if r == role {
			return true
		}
	}
	return false
}

func (w *world) cell(route site.Route, at address, may access.Scope) {
	w.Helper()
	method, _, _ := strings.Cut(route.Pattern, " ")
	said := func(path string, code int, want string) {
		w.Helper()
		w.Errorf("%s %s as %s of %s: %d, want %s", method, path, w.who.Roles[0], w.who.Asker.Agency, code, want)
	}
	own := w.who.Asker.Agency
	if w.who.Kind.Central() && may != access.Own {
		own = homes[access.KindCourt]
	}
	_, sends := w.sent[own] // the exchange's own agencies send nothing that could be their own
	path := at.path(w, own)
	code := w.ask(method, path).Code
	switch {
	case !at.list && !sends && !at.everywhere:
	case may == access.Nobodys && code != http.StatusForbidden:
		said(path, code, "403")
	case may != access.Nobodys && !at.list && (code == http.StatusForbidden || code == http.StatusNotFound || code >= 500):
		said(path, code, "an answer")
	case may != access.Nobodys && at.list && (code == http.StatusForbidden || code >= 500):
		said(path, code, "an answer")
	}
	if at.list || may == access.Nobodys {
		return
	}
	path = at.path(w, far)
	code = w.ask(method, path).Code
	if hidden := code == http.StatusNotFound; hidden != (may == access.Own) {
		said(path, code, "404 where it is another agency's, and an answer where all are one's own")
	}
}

// sights are the cells of docs/access.md: how much a role sees of an access class, of one's own county and of others.
func sights(t *testing.T) map[access.Role]map[order.Access][2]string {
	t.Helper()
	doc, err := os.ReadFile("../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "\n| role | normal | juvenile | sealed |\n| --- | --- | --- | --- |\n")
	cells := map[access.Role]map[order.Access][2]string{}
	for _, line := range strings.Split(rest, "\n") {
		if !strings.HasPrefix(line, "|") {
			break
		}
		row := strings.Split(strings.Trim(line, "| "), "|")
		role := access.Role(strings.Trim(row[0], " `"))
		cells[role] = map[order.Access][2]string{}
		for i, class := range []order.Access{order.AccessNormal, order.AccessJuvenile, order.AccessSealed} {
			own, others, differ := strings.Cut(strings.TrimSpace(row[i+1]), "; others ")
			if !differ {
				others = own
			}
			cells[role][class] = [2]string{own, others}
		}
	}
	if len(cells) != len(access.Roles()) {
		t.Fatalf("sights of %d roles are written down, there are %d", len(cells), len(access.Roles()))
	}
	return cells
}

// Every cell of what is seen of an order, through HTTP by its address: the order, its names and places, and its image.
func TestEveryCellOfTheSights(t *testing.T) {
	t.Parallel()
	w, cells := newWorld(t), sights(t)
	for _, kind := range access.Kinds() {
		for _, role := range access.Vouched(kind) {
			w.who = as(kind, role)
			for class, seen := range cells[role] {
				own, others := seen[0], seen[1]
				if kind.Central() {
					others = own
				}
				w.sees(homes[access.KindCourt], class, own)
				w.sees(far, class, others)
			}
		}
	}
}

func (w *world) sees(court order.ORI, class order.Access, want string) {
	w.Helper()
	id := mark("id", court, class)
	at := fmt.Sprintf("/order/%s/%s", court, id)
	page := w.ask(http.MethodGet, at)
	reads := w.who.May(access.ReadOrders, order.DateOf(noon())) != access.Nobodys
	name, case_ := strings.Contains(page.Body.String(), mark("name", court, class)), strings.Contains(page.Body.String(), mark("case", court, class))
	got := "nothing"
	switch {
	case page.Code == http.StatusOK && name && case_:
		got = "whole"
	case page.Code == http.StatusOK && !name && !case_:
		got = "outline"
	case reads && page.Code != http.StatusNotFound || !reads && page.Code != http.StatusForbidden:
		got = fmt.Sprint(page.Code)
	}
	if got != want {
		w.Errorf("%s of %s sees %s of the %s order of %s, not %s", w.who.Roles[0], w.who.Asker.Agency, got, class, court, want)
	}
	if place := strings.Contains(page.Body.String(), mark("place", court, class)); place != (got == "whole" && w.who.Whereabouts(court)) {
		w.Errorf("%s of %s: the place in the %s order of %s is shown: %v", w.who.Roles[0], w.who.Asker.Agency, class, court, place)
	}
	image := w.ask(http.MethodGet, fmt.Sprintf("%s/image/%x/original", at, sha256.Sum256([]byte("%PDF-1.7 "+id))))
	if given := image.Code == http.StatusOK; given != (want == "whole") || given && image.Body.String() != "%PDF-1.7 "+id {
		w.Errorf("%s of %s, image of the %s order of %s: %d", w.who.Roles[0], w.who.Asker.Agency, class, court, image.Code)
	}
}

var (
	hrefs = regexp.MustCompile(`(?:href|src)="(/[^"]*)"|action="(/[^"]*)" method="get"`)
	forms = regexp.MustCompile(`action="(/[^"]*)" method="post"`)
)

// A crawler follows every link as every role: none leads to a refusal, and no page shows what the tables keep back.
func TestCrawlerFindsNothingForbidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, kind := range access.Kinds() {
		for _, role := range access.Vouched(kind) {
			w.who = as(kind, role)
			w.crawl()
		}
	}
}

func (w *world) crawl() {
	w.Helper()
	seen, todo := map[string]bool{"/": true}, []string{"/"}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		a := w.ask(http.MethodGet, path)
		if a.Code >= 400 {
			w.Errorf("a link leads %s of %s to %s: %d", w.who.Roles[0], w.who.Asker.Agency, path, a.Code)
		}
		body := a.Body.String()
		w.keptBack(path, body)
		for _, m := range forms.FindAllStringSubmatch(body, -1) {
			if seen["form "+m[1]] {
				continue
			}
			seen["form "+m[1]] = true
			if code := w.form(m[1]); code == http.StatusForbidden || code == http.StatusNotFound || code >= 500 {
				w.Errorf("a form leads %s of %s to %s: %d", w.who.Roles[0], w.who.Asker.Agency, m[1], code)
			}
		}
		for _, m := range hrefs.FindAllStringSubmatch(body, -1) {
			next, _, _ := strings.Cut(strings.ReplaceAll(m[1]+m[2], "&amp;", "&"), "#")
			if !seen[next] && !strings.HasPrefix(next, "/static/") && next != "/account" && next != "/signout" {
				seen[next], todo = true, append(todo, next)
			}
		}
		if len(seen) > 2000 {
			w.Fatalf("%s of %s: there is no end of links", w.who.Roles[0], w.who.Asker.Agency)
		}
	}
}

// form sends a form that is not filled in: nothing is done by it.
func (w *world) form(path string) int {
	w.Helper()
	if path == "/signout" {
		return http.StatusOK
	}
	return w.ask(http.MethodPost, path).Code
}

// keptBack looks for what the visitor may not see.
func (w *world) keptBack(path, body string) {
	w.Helper()
	for _, ori := range []order.ORI{far, homes[access.KindCourt], homes[access.KindTribalCourt], homes[access.KindLawEnforcement]} {
		for _, class := range []order.Access{order.AccessNormal, order.AccessJuvenile, order.AccessSealed} {
			o := access.Object{Court: ori, ID: order.LocalID(mark("id", ori, class)), Access: class}
			contents := w.who.MayAbout(access.ReadContents, ori, order.DateOf(noon()))
			whole := w.who.Sees(o, noon()) == access.Whole || contents
			for what, may := range map[string]bool{"name": whole, "case": whole, "place": whole && w.who.Whereabouts(ori) || contents} {
				if !may && strings.Contains(strings.ToLower(body), strings.ToLower(mark(what, ori, class))) {
					w.Errorf("%s of %s reads the %s of a %s order of %s on %s", w.who.Roles[0], w.who.Asker.Agency, what, class, ori, path)
				}
			}
		}
	}
	if strings.Contains(body, "SECRETTEXT") && !w.who.MayAbout(access.ReadTexts, far, order.DateOf(noon())) {
		w.Errorf("%s of %s reads a text of the switch on %s", w.who.Roles[0], w.who.Asker.Agency, path)
	}
}
