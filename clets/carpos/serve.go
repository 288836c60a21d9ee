package carpos

import "ccpor/mapping/order"

// Serve makes the SRR of a proof of service. Like Enter it is total. The restrained person's name is that of the entry, because
// CARPOS compares it with the record (reject 21); a proof that names the person otherwise is noted.
func (d *Dictionary) Serve(s order.Service, c Context) (Transaction, []Lack) {
	b := d.begin(Serve, c, s.Form)
	b.need("FCN", string(c.FCN), "CARPOS's number of the order is not known yet.", HelpDesk)
	entered := c.Restrained
	if entered == (order.Name{}) {
		entered = s.Restrained
	}
	b.name("NAM", entered)
	if d.name(s.Restrained).text != d.name(entered).text {
		b.note("NAM", "name.differs", "The proof of service names the restrained person otherwise than the order does; the order's name is sent.")
	}
	b.need("OCA", c.OCA, "The order has no number of the entering agency.", HelpDesk)
	b.server(s.Server)
	date := ""
	if !s.Date.IsZero() {
		date = s.Date.Compact()
	}
	b.need("SVD", date, "The proof has no date of service.", Court)
	b.add("SVT", s.Time.Compact())
	b.servingAgency(s, c)
	b.crosswalk("SVM", "service_method.carpos", string(s.Method), "The proof does not say how the order was served.")
	if s.Own {
		b.add("SVR", "OWN")
	} else {
		b.add("SVR", "OTH")
	}
	return b.finish()
}

func (b *builder) server(o order.Officer) {
	name := b.d.transliterate(o.Name)
	if name.foreign && !name.lost {
		b.note("SVN", "text.transliterated", "Characters outside US-ASCII were spelled in US-ASCII; the registry keeps the original.")
	}
	switch {
	case name.lost:
		b.lack("SVN", "The server's name has characters that have no counterpart in US-ASCII.", Court)
	case len(name.text) < minName || len(name.text) > b.room("SVN"):
		b.lack("SVN", "The server's name needs 3 to 30 characters.", Court)
	default:
		b.add("SVN", name.text)
	}
}

// servingAgency is the agency's ORI, else its name, else the entering agency where that one served.
func (b *builder) servingAgency(s order.Service, c Context) {
	agency := string(s.Server.AgencyORI)
	if agency == "" {
		agency = b.text("SVA", s.Server.Agency)
	}
	if agency == "" && s.Own {
		agency = string(c.ORI)
	}
	if agency == "" || len(agency) > b.room("SVA") {
		b.lack("SVA", "The proof does not name the serving agency in at most 60 characters.", Court)
		return
	}
	b.add("SVA", agency)
}
