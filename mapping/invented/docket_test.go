package invented_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/invented"
	"ccpor/mapping/order"
	"ccpor/mapping/rules"
	"ccpor/schemas"
	"ccpor/schemas/canon"
)

// octets stand for a package that a court has signed.
type octets []byte

func (o octets) Octets() []byte               { return o }
func (octets) Root() canon.Name               { return schemas.Root }
func (octets) Certificate() *x509.Certificate { return nil }

func docket(t *testing.T, seed uint64) (*invented.Docket, *forms.Table) {
	t.Helper()
	table, err := forms.Load()
	if err != nil {
		t.Fatal(err)
	}
	return invented.NewDocket(maker(seed), table), table
}

// judge reads what was written as the hub would, and finds everything wrong with it.
type judge struct {
	set    *schemas.Set
	mapper *mapping.Mapper
	book   *rules.Book
}

func newJudge(t *testing.T, table *forms.Table) *judge {
	t.Helper()
	cal, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	set, err := schemas.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &judge{set, mapping.New(table, cal), rules.New(table, cal)}
}

func (j *judge) read(t *testing.T, c invented.Case, s invented.Sent) mapping.Package {
	t.Helper()
	b, err := mapping.Write(s.Package)
	if err != nil {
		t.Fatalf("%s: %s cannot be written: %v", c.Name, s.Action, err)
	}
	doc, err := j.set.Validate(context.Background(), octets(b))
	if err != nil {
		t.Fatalf("%s: %s does not follow the schema: %v\n%s", c.Name, s.Action, err, b)
	}
	p, err := j.mapper.Package(doc)
	if err != nil {
		t.Fatalf("%s: %s: %v", c.Name, s.Action, err)
	}
	return p
}

// Every form of the table, with everything that can happen to an order on it: nothing may be refused, neither by itself nor beside its order, in whatever
// sequence it comes.
func TestNothingOfTheDocketIsRefused(t *testing.T) {
	t.Parallel()
	d, table := docket(t, 11)
	j := newJudge(t, table)
	for i := range d.Kinds() + 300 {
		c := d.Case(i)
		known := map[order.LocalID]rules.Known{}
		for _, s := range c.Sent {
			p := j.read(t, c, s)
			about := p.Reference().OrderID
			findings := j.book.Check(p, maker(11).Issued)
			if known[about].Order != nil {
				findings = append(findings, j.book.Against(p, known[about])...)
			}
			for _, f := range findings {
				if f.Severity == rules.Error {
					t.Errorf("case %d, %s: %s breaks %s: %s", i, c.Name, s.Action, f.Rule, f.Text)
				}
			}
			k := known[about]
			if p.Order != nil {
				k.Order = p.Order
			}
			if p.Cancellation != nil {
				k.Cancelled = p.Cancellation
			}
			known[about] = k
		}
	}
}

// The docket covers the table: every order form in every revision, every action, every reason, every method.
func TestTheDocketCoversTheTable(t *testing.T) {
	t.Parallel()
	d, table := docket(t, 11)
	seen := map[string]bool{}
	for i := range d.Kinds() {
		for _, s := range d.Case(i).Sent {
			seen["action "+string(s.Action)] = true
			switch {
			case s.Modification != nil:
				seen["modify "+string(s.Modification.Reason)] = true
			case s.Order != nil:
				seen[s.Order.Form.Number+" "+s.Order.Form.Revision.String()] = true
				seen["follows"] = seen["follows"] || s.Order.Follows != ""
			case s.Cancellation != nil:
				seen["cancel "+string(s.Cancellation.Reason)] = true
			case s.Service != nil:
				seen["serve "+string(s.Service.Method)] = true
			case s.Confidential != nil:
				seen["attach CLETS-001"] = true
			default:
				seen["attach image"] = true
			}
		}
	}
	want := []string{"follows", "action add", "action modify", "action cancel", "action serve", "action attach", "attach image", "attach CLETS-001",
		"modify correct", "modify amend", "modify continue", "modify extend", "modify renew", "cancel terminated", "cancel enteredInError", "cancel deceased",
		"serve personal", "serve verbal", "serve mail", "serve court"}
	for _, f := range table.Forms() {
		if f.Kind == forms.KindOrder {
			want = append(want, f.Number+" "+f.Revision.String())
		}
	}
	for _, w := range want {
		if !seen[w] {
			t.Errorf("the docket has no %q; it has %v", w, slices.Sorted(maps.Keys(seen)))
		}
	}
}

// What a docket makes is wide: what CARPOS would hold, and what it takes, in many shapes.
func TestTheDocketVaries(t *testing.T) {
	t.Parallel()
	d, _ := docket(t, 11)
	counts := map[string]int{}
	for i := range 600 {
		for _, s := range d.Case(i).Sent {
			if s.Action != mapping.ActionAdd {
				continue
			}
			o := s.Order
			counts["all"]++
			for what, is := range map[string]bool{
				"far names": !ascii(o.Restrained.Name.Full()), "long names": len(o.Restrained.Name.Full()) > 30, "no race": o.Restrained.Race == "", "no age": o.Restrained.Born == nil && o.Restrained.Age == 0,
				"permanent": o.Expiry.Basis == order.ExpiryPermanent, "no expiry": o.Expiry.Basis == "", "many protected": len(o.Protected) > 8, "nobody protected": len(o.Protected) == 0,
				"aliases": len(o.Restrained.Aliases) > 0, "no image": len(s.Images) == 0, "CLETS-001": s.Confidential != nil,
			} {
				if is {
					counts[what]++
				}
			}
		}
	}
	for what, n := range counts {
		if n*100 < counts["all"] {
			t.Errorf("only %d of %d orders: %s", n, counts["all"], what)
		}
	}
	if len(counts) != 12 {
		t.Errorf("some shapes are missing: %v", counts)
	}
}

func ascii(s string) bool {
	for _, r := range s {
		if r > 127 {
			return false
		}
	}
	return true
}

func TestTheSameDocketMakesTheSame(t *testing.T) {
	t.Parallel()
	text := func(seed uint64, i int) []byte {
		d, _ := docket(t, seed)
		b, err := json.Marshal(d.Case(i))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for i := range 40 {
		if !bytes.Equal(text(1, i), text(1, i)) {
			t.Fatalf("one seed and number gave two cases, %d", i)
		}
	}
	if bytes.Equal(text(1, 5), text(2, 5)) || bytes.Equal(text(1, 5), text(1, 6)) {
		t.Error("another seed or number gave the same case")
	}
}
