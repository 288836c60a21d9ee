// Package invented makes orders of people who do not exist, for tests and measurements. The same seed and number give the same order, so
// that a failing run can be told by its seed. Nothing in it comes from a real case: names are those of plants and stones.
package invented

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"ccpor/mapping"
	"ccpor/mapping/order"
)

// Maker makes orders for one court.
type Maker struct {
	Seed uint64
	// Court sends and issues; its name and county are put on the order.
	Court order.Court
	// Prefix begins every identification, so that two runs against one database do not meet.
	Prefix string
	// Words is the length of the hand-written other orders, in words; it decides how large the package gets.
	Words int
	// Issued is the day of issuance of every order.
	Issued order.Date
	// Sent is the moment that the packages state.
	Sent time.Time
}

var (
	given    = []string{"Alder", "Basil", "Clover", "Dahlia", "Elder", "Fern", "Ginger", "Hazel", "Ivy", "Juniper", "Laurel", "Maple", "Olive", "Poppy", "Rowan", "Sage"}
	surnames = []string{"Agate", "Basalt", "Chalk", "Dolomite", "Emerald", "Feldspar", "Garnet", "Hematite", "Jasper", "Kyanite", "Lapis", "Marble", "Obsidian", "Pumice", "Quartz", "Slate"}
	words    = []string{"stay", "away", "from", "the", "garden", "behind", "the", "old", "mill", "and", "from", "every", "path", "to", "it", "by", "day", "and", "night"}
	hair     = []string{"BLK", "BRO", "GRY", "RED", "WHI"}
	eyes     = []string{"BLU", "BRO", "GRN", "HAZ"}
	races    = []string{"black", "white", "hispanic", "filipino", "unknown"}
)

// Image is a PDF-like file of the given size, the same for the same number.
func (m Maker) Image(i, size int) []byte {
	r := m.random(i)
	b := make([]byte, 0, size)
	b = append(b, "%PDF-1.4\n% invented, not a real form\n"...)
	for len(b) < size-7 {
		b = append(b, byte(r.Uint32()))
	}
	return append(b[:size-7], "\n%%EOF\n"...)
}

func (m Maker) random(i int) *rand.Rand { return rand.New(rand.NewPCG(m.Seed, uint64(i))) }

// Order is the i-th package: a criminal protective order (CR-160), naming the images given.
func (m Maker) Order(i int, images ...[]byte) mapping.Package {
	r := m.random(i)
	id := order.LocalID(fmt.Sprintf("%s-%06d", m.Prefix, i))
	o := order.Order{
		ID: id, Form: order.Form{Number: "CR-160", Revision: order.MakeDate(2005, 1, 1)}, Case: order.CaseNumber(fmt.Sprintf("%s%06d", m.Prefix, i)),
		Court: m.Court, Issued: m.Issued, Judge: "Judge " + pick(r, surnames), Stage: order.StagePreTrial, Statutes: []string{"PC 136.2"},
		Hearings: []order.Hearing{{Purpose: order.HearingHeard, Date: m.Issued, Department: "N7"}},
		Access:   order.AccessNormal, Service: order.ServicePresent,
	}
	expires, present := m.Issued.AddYears(3), true
	o.Expiry = order.Expiry{Date: &expires, Basis: order.ExpiryExplicit}
	o.Restrained = order.Restrained{Name: m.name(r), Person: m.person(r), Height: 60 + r.IntN(18), Weight: 110 + r.IntN(150), Hair: pick(r, hair), Eyes: pick(r, eyes), Present: &present}
	for range 1 + r.IntN(3) {
		o.Protected = append(o.Protected, order.Protected{Name: m.name(r), Person: m.person(r)})
	}
	o.Terms = order.Terms{NoHarm: true, NoContact: true, NoThirdPartyContact: true, NoDissuasion: true, MayRecord: true,
		StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlacePerson}, {Kind: order.PlaceResidence}}}},
		Firearms: &order.Firearms{NoPurchase: true, Surrender: true, WithinHours: 24}}
	o.OtherOrders = m.text(r)
	p := mapping.Package{ID: id, Action: mapping.ActionAdd, Sent: m.Sent, Submitter: m.Court.ORI, Software: "Invented CMS", SoftwareVersion: "1", Order: &o}
	for n, image := range images {
		sum := sha256.Sum256(image)
		p.Documents = append(p.Documents, order.Document{ID: fmt.Sprintf("image-%d", n+1), Role: "order", Media: "application/pdf", Bytes: int64(len(image)), Pages: 1, SHA256: hex.EncodeToString(sum[:])})
	}
	o.Documents = p.Documents
	return p
}

// Service is the proof of service of the i-th order.
func (m Maker) Service(i int) mapping.Package {
	o := m.Order(i).Order
	s := order.Service{OrderID: o.ID, Court: m.Court.ORI, Case: o.Case, Restrained: o.Restrained.Name, Date: m.Issued, Time: 17*60 + 30,
		Method: order.MethodPersonal, Server: order.Officer{Name: "Deputy Moss Granite", Badge: "0000", Agency: "Invented Sheriff"}, Own: true}
	return mapping.Package{ID: o.ID + "-S", Action: mapping.ActionServe, Sent: m.Sent, Submitter: m.Court.ORI, Software: "Invented CMS", SoftwareVersion: "1", Service: &s}
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func (m Maker) name(r *rand.Rand) order.Name {
	return order.Name{Given: pick(r, given), Middle: pick(r, given), Surname: pick(r, surnames)}
}

func (m Maker) person(r *rand.Rand) order.Person {
	born := order.MakeDate(m.Issued.Year()-20-r.IntN(50), time.Month(1+r.IntN(12)), 1+r.IntN(28))
	return order.Person{Sex: pick(r, []string{"M", "F"}), Race: pick(r, races), Born: &born}
}

func (m Maker) text(r *rand.Rand) string {
	var b strings.Builder
	for n := range m.Words {
		if n > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(pick(r, words))
	}
	return b.String()
}
