package main

import (
	"embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"ccpor/mapping/order"
)

//go:embed data/*.tsv
var nameFiles embed.FS

// weighted are names by how frequent they are.
type weighted struct {
	names []string
	upTo  []int
}

func readWeighted(file string) (w weighted, err error) {
	text, err := nameFiles.ReadFile("data/" + file + ".tsv")
	if err != nil {
		return w, err
	}
	sum := 0
	for line := range strings.Lines(string(text)) {
		name, count, is := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || !is {
			continue
		}
		n, err := strconv.Atoi(count)
		if err != nil {
			return w, fmt.Errorf("%s.tsv: %w", file, err)
		}
		sum += n
		w.names, w.upTo = append(w.names, name), append(w.upTo, sum)
	}
	return w, nil
}

func (w weighted) pick(r *rand.Rand) string {
	return w.names[sort.SearchInts(w.upTo, 1+r.IntN(w.upTo[len(w.upTo)-1]))]
}

// population invents the orders of a state: each of its people has a name by the frequencies of published tables, and nobody is real.
type population struct {
	seed                                   uint64
	surnames, given, apellidos, hispanic   weighted
	syllables, courts, designators, prefix []string
}

func newPopulation(seed uint64) (*population, error) {
	p := &population{seed: seed,
		syllables:   strings.Fields("ba be bo bra ca che co da de dor du el en fa fen gar go gri ha hel hu ka kel ko la len li lo ma mar mi mo na nel no pa per po ra ren ri ro sa sen si so ta tel ti to va ven vi wa wen wi zo"),
		designators: strings.Fields("CPO CPO CPO OAH OAH TRO TRO TRO EPO JUV EAO WVO"),
		prefix:      strings.Fields("de|la de|los del van von mc la"),
	}
	for n := 1; n <= 58; n++ {
		for range max(1, 58-n)/6 + 1 {
			p.courts = append(p.courts, fmt.Sprintf("CA%03d013J", n))
		}
	}
	for _, t := range []struct {
		file string
		to   *weighted
	}{{"surnames", &p.surnames}, {"given", &p.given}, {"surnames-spain", &p.apellidos}, {"given-spain", &p.hispanic}} {
		var err error
		if *t.to, err = readWeighted(t.file); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// filed is one order, as far as a search reads it.
type filed struct {
	number         int
	court, localID string
	caseNumber     string
	fcn            string
	designator     string
	access         order.Access
	test           bool
	issued         order.Date
	expires        *order.Date
	restrained     order.Name
	born           *order.Date
	aliases        []order.Name
	protected      []order.Protected
}

// order is the n-th order, the same for the same seed.
func (p *population) order(n int) filed {
	r := rand.New(rand.NewPCG(p.seed, uint64(n)))
	o := filed{number: n, court: p.courts[r.IntN(len(p.courts))], localID: fmt.Sprintf("S-%d", n), designator: p.designators[r.IntN(len(p.designators))],
		issued: order.MakeDate(2008, 1, 1).AddDays(n%6600 + r.IntN(30)), access: order.AccessNormal, test: r.IntN(200) == 0}
	o.caseNumber, o.fcn = fmt.Sprintf("%02dSV%07d", o.issued.Year()%100, n), fmt.Sprintf("26%011d", n)
	switch r.IntN(100) {
	case 0, 1:
		o.access = order.AccessSealed
	case 2:
		o.access = order.AccessJuvenile
	}
	if r.IntN(30) > 0 {
		e := o.issued.AddYears(1 + r.IntN(5))
		o.expires = &e
	}
	o.restrained = p.name(r)
	if r.IntN(100) < 92 {
		o.born = p.born(r)
	}
	for range max(0, r.IntN(8)-5) {
		alias := p.name(r)
		if r.IntN(2) == 0 {
			alias.Given = o.restrained.Given
		}
		o.aliases = append(o.aliases, alias)
	}
	for range 1 + r.IntN(3)*r.IntN(2) {
		other := order.Protected{Name: p.name(r)}
		if r.IntN(100) < 35 {
			other.Born = p.born(r)
		}
		o.protected = append(o.protected, other)
	}
	return o
}

func (p *population) born(r *rand.Rand) *order.Date {
	d := order.MakeDate(1950, 1, 1).AddDays(r.IntN(56 * 365))
	return &d
}

// name is of one of two traditions, as in California: two in five have Spanish names, nearly half of these two surnames.
func (p *population) name(r *rand.Rand) order.Name {
	var n order.Name
	if r.IntN(5) < 2 {
		n.Given, n.Surname = p.hispanic.pick(r), p.apellidos.pick(r)
		if r.IntN(10) < 3 {
			n.Given = p.given.pick(r)
		}
		if r.IntN(100) < 45 {
			n.Surname += []string{" ", " ", "-"}[r.IntN(3)] + p.apellidos.pick(r)
		}
	} else {
		n.Given, n.Surname = p.given.pick(r), p.surnames.pick(r)
		if r.IntN(100) < 6 {
			n.Surname = p.rare(r)
		}
		if r.IntN(100) < 3 {
			n.Surname += "-" + p.surnames.pick(r)
		}
	}
	if r.IntN(60) == 0 {
		n.Surname = strings.ReplaceAll(p.prefix[r.IntN(len(p.prefix))], "|", " ") + " " + n.Surname
	}
	switch r.IntN(20) {
	case 0, 1:
		n.Middle = p.given.pick(r)[:1]
	case 2, 3, 4, 5:
		n.Middle = p.given.pick(r)
	}
	return n
}

// rare composes one of some hundred thousand surnames that no table has.
func (p *population) rare(r *rand.Rand) string {
	name := ""
	for range 2 + r.IntN(3) {
		name += p.syllables[r.IntN(len(p.syllables))]
	}
	return strings.ToUpper(name)
}

// domain is the order as the store would keep it, with what a list shows.
func (o filed) domain() order.Order {
	return order.Order{
		ID: order.LocalID(o.localID), Form: order.Form{Number: "CR-160", Designator: o.designator}, Case: order.CaseNumber(o.caseNumber),
		Court: order.Court{ORI: order.ORI(o.court), Name: "Superior Court of an invented county"}, Issued: o.issued, Judge: "Nobody", Access: o.access,
		Expiry:     order.Expiry{Date: o.expires, Basis: order.ExpiryExplicit},
		Restrained: order.Restrained{Name: o.restrained, Aliases: o.aliases, Person: order.Person{Born: o.born}}, Protected: o.protected, Service: order.ServicePresent,
	}
}

// people are the names of an order, with the side of each.
func (o filed) people() []order.Name {
	all := append([]order.Name{o.restrained}, o.aliases...)
	for _, p := range o.protected {
		all = append(all, p.Name)
	}
	return slices.Clip(all)
}

// tracking is the number of the submission that brought it, oca the agency's case number under which CARPOS has it.
func (o filed) tracking() order.Tracking { return order.NewTracking(uint64(o.number)) }
func (o filed) oca() string              { return fmt.Sprintf("OCA%09d", o.number) }

func day(d *order.Date) *time.Time {
	if d == nil {
		return nil
	}
	t := time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, time.UTC)
	return &t
}
