package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"ccpor/mapping/confirm"
	"ccpor/mapping/order"
	"ccpor/mapping/plain"
	"ccpor/offline"
)

type packReadCommand struct {
	packFile `embed:""`

	Name  string `help:"Restrained or protected person: \"Quarry\", \"Quarry, Ada\" or \"Ada Quarry\"; the beginning is enough." placeholder:"NAME"`
	FCN   string `name:"fcn" help:"CARPOS number." placeholder:"FCN"`
	Case  string `help:"Case number." placeholder:"NUMBER"`
	Born  string `help:"Restrained person's date of birth." placeholder:"DATE"`
	Print string `help:"Write the pages of what is found, fit to print or fax, into this file." type:"path" placeholder:"HTML"`
}

// mostFound is how many orders are shown; a question that finds more is asked with more words.
const mostFound = 50

// found is an order of a pack, as it is printed as JSON.
type foundInPack struct {
	offline.Record
	Stands string `json:"stands"`
}

// Run finds orders. What it needs lies in two files.
func (c *packReadCommand) Run(t *terminal) error {
	q := offline.Query{Name: c.Name, FCN: c.FCN, Case: c.Case}
	if c.Born != "" {
		born, err := order.ParseDate(c.Born)
		if err != nil {
			return err
		}
		q.Born = born
	}
	now := time.Now()
	p, done, err := c.open(now)
	if err != nil {
		return err
	}
	defer done()
	records, more, err := p.Find(q, mostFound)
	if err != nil {
		return err
	}
	return c.show(t, p, records, more, now)
}

func (c *packReadCommand) show(t *terminal, p *offline.Pack, records []offline.Record, more bool, now time.Time) error {
	sheets, err := confirm.Load()
	if err != nil {
		return err
	}
	banner := packBanner(t, p.Manifest, now)
	if !t.json {
		for _, line := range banner {
			fmt.Fprintf(t.out, "%s\n", line)
		}
		fmt.Fprintln(t.out)
	}
	var facts []confirm.Facts
	for _, r := range records {
		f := factsInPack(p, r, now.In(t.zone), banner)
		facts = append(facts, f)
		stands, _ := sheets.Stands(f.Order, f.Standing)
		if err := t.print(foundInPack{r, stands}, "%s%s\n  %s\n  FCN %s, case %s, %s, version %d\n\n", r.Order.Restrained.Name.Full(), bornText(r.Order.Restrained.Born), stands, or(string(r.FCN), "none"), r.Order.Case, r.Order.Court.Name, r.Version); err != nil {
			return err
		}
	}
	switch {
	case len(records) == 0:
		fmt.Fprintln(t.err, "Nothing in this pack fits. That is no proof that there is no order: it may be newer than the pack, or of another county.")
		return exitStatus(3)
	case more:
		fmt.Fprintf(t.err, "There are more than %d: ask with more of the name.\n", mostFound)
	}
	return c.printed(t, sheets, facts)
}

func bornText(d *order.Date) string {
	if d == nil {
		return ""
	}
	return ", born " + d.String()
}

// printed writes the pages into the file that was named: a new one, readable to its owner alone.
func (c *packReadCommand) printed(t *terminal, sheets *confirm.Sheets, facts []confirm.Facts) error {
	if c.Print == "" {
		return nil
	}
	var page bytes.Buffer
	if err := sheets.Page(&page, "Order of an offline pack", facts...); err != nil {
		return err
	}
	f, err := os.OpenFile(c.Print, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = page.WriteTo(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		fmt.Fprintf(t.err, "%s is to be opened in a browser and printed. It holds the order: delete it afterwards.\n", c.Print)
	}
	return err
}

// packBanner says on every output where it comes from and how old it is.
func packBanner(t *terminal, m offline.Manifest, now time.Time) []string {
	all := []string{fmt.Sprintf("FROM AN OFFLINE PACK, %s OLD: as of %s, made for %s, signed by %s. What courts did since then is not in it.", ageWords(m.Age(now)), t.moment(m.AsOf), m.Agency, m.Hub)}
	if m.Fresh(now) != nil {
		all = append(all, fmt.Sprintf("THIS PACK EXPIRED on %s. Confirm with the court before anything is done by it.", t.moment(m.ValidUntil)))
	}
	return all
}

// ageWords is how old something is, in the words in which people count.
func ageWords(d time.Duration) string {
	switch hours := int(d / time.Hour); {
	case hours < 1:
		return "LESS THAN AN HOUR"
	case hours < 48:
		return fmt.Sprintf("%d HOURS", hours)
	default:
		return fmt.Sprintf("%d DAYS", hours/24)
	}
}

func factsInPack(p *offline.Pack, r offline.Record, now time.Time, banner []string) confirm.Facts {
	court := p.Court(r.Order.Court.ORI)
	if court.Name == "" {
		court.Name = r.Order.Court.Name
	}
	if tel := r.Order.Court.Telephone; tel != "" {
		court.Contacts = append(court.Contacts, confirm.Contact{Name: "The court, as on the form", Telephone: tel})
	}
	return confirm.Facts{Order: r.Order, Withheld: r.Withheld, Standing: plain.Standing{Now: now, Served: r.Served, Service: r.Service, Cancelled: r.Cancelled}, Version: r.Version, OCA: r.OCA, FCN: r.FCN, Court: court, Confirming: p.Confirming(), Banner: banner}
}

type packCheckCommand struct {
	packFile `embed:""`
}

// Run reads all of a pack.
func (c *packCheckCommand) Run(t *terminal) error {
	now := time.Now()
	p, done, err := c.open(now)
	if err != nil {
		return err
	}
	defer done()
	if err := p.Check(); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return t.print(map[string]any{"agency": p.Agency, "orders": p.Orders, "asOf": p.AsOf, "validUntil": p.ValidUntil, "sha256": p.Digest, "signedBy": p.Hub},
		"%s is whole: %d orders for %s, as of %s, good until %s, signed by %s. SHA-256 %s\n", c.File, p.Orders, p.Agency, t.moment(p.AsOf), t.moment(p.ValidUntil), p.Hub, p.Digest)
}
