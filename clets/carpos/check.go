package carpos

import (
	"fmt"
	"slices"
)

// Numbers of the table "reject" that the dictionary itself can find.
const (
	faultFormat  = "01"
	faultUnknown = "02"
	faultMissing = "03"
	faultValue   = "04"
	faultLong    = "05"
	faultCode    = "06"
)

// Check lists everything in which the transaction breaks the dictionary; nothing when it may be sent.
func (d *Dictionary) Check(t Transaction) Faults {
	m := d.messages[t.Key]
	if m == nil {
		return Faults{{faultFormat, "", "the key is unknown"}}
	}
	c := newChecker(m)
	if !shapes[kindORI](string(t.ORI)) || len(t.ORI) != 9 {
		c.fault(faultFormat, "ORI", "is not two letters and seven letters or digits")
	}
	for _, f := range t.Fields {
		c.field(f)
	}
	c.needs(t.Fields, d.orderClass(t))
	return c.faults
}

// orderClass answers whether the transaction's order type is of a class; for order types that no table has, it answers no.
func (d *Dictionary) orderClass(t Transaction) func(string) bool {
	code, err := d.codes.Table("order_type").Find(t.First("ORT"))
	if err != nil {
		return func(string) bool { return false }
	}
	return code.Is
}

type checker struct {
	message *message
	faults  Faults
	at      int // furthest place reached
	group   string
	seen    map[string]int // within the open group for its fields
	deleted map[string]bool
}

func newChecker(m *message) *checker {
	return &checker{message: m, at: -1, seen: map[string]int{}, deleted: map[string]bool{}}
}

func (c *checker) fault(number, field, format string, args ...any) {
	c.faults = append(c.faults, Fault{number, field, fmt.Sprintf(format, args...)})
}

func (c *checker) field(f Field) {
	place, ok := c.message.index[f.Name]
	if !ok {
		c.fault(faultUnknown, f.Name, "is no field of %s", c.message.key)
		return
	}
	s := c.message.fields[place]
	c.order(s, place)
	c.value(s, f.Value)
	if f.Value == "" && s.erasable {
		c.deletion(s)
	} else if c.deleted[s.name] {
		c.fault(faultFormat, s.name, "is deleted and said")
	}
}

// deletion of a field stands alone, and opens no group.
func (c *checker) deletion(s spec) {
	if c.seen[s.name] > 1 {
		c.fault(faultFormat, s.name, "is deleted beside another value")
	}
	c.deleted[s.name], c.group = true, ""
}

// order follows the dictionary's order. An opener may come again behind its own group, and its group's fields with it.
func (c *checker) order(s spec, place int) {
	if s.group == groupOpen {
		if c.group == s.name {
			c.at = place
		}
		c.group = s.name
		for _, member := range c.message.fields {
			if member.group == s.name {
				c.seen[member.name] = 0
			}
		}
	}
	member := s.group != "" && s.group != groupOpen
	if !member && s.group != groupOpen {
		c.group = ""
	}
	if member && c.group != s.group {
		c.fault(faultFormat, s.name, "stands outside the group that %s opens", s.group)
	}
	if place < c.at {
		c.fault(faultFormat, s.name, "is out of order")
	}
	c.at = max(c.at, place)
	c.seen[s.name]++
	if c.seen[s.name] == s.repeats+1 {
		c.fault(faultFormat, s.name, "may come %d times", s.repeats)
	}
}

func (c *checker) value(s spec, v string) {
	if number, text := s.wrong(v); number != "" {
		c.fault(number, s.name, "%s", text)
	}
}

// wrong says by which number and in what words a value breaks its field's rules; nothing when it does not.
func (s spec) wrong(v string) (number, text string) {
	switch {
	case v == "" && s.erasable:
	case v == "":
		return faultValue, "is empty"
	case !sendable(v):
		return faultValue, "holds a character that cannot be sent"
	case s.kind == kindCode:
		if _, err := s.table.Find(v); err != nil {
			return faultCode, "is not in table " + s.table.Name
		}
	case len(v) > s.max:
		return faultLong, fmt.Sprintf("has %d characters, %d are allowed", len(v), s.max)
	case len(v) < s.min || !shapes[s.kind](v):
		return faultValue, "is not " + shapeWords[s.kind] + s.lengths()
	}
	return "", ""
}

// lengths says how long a value may be where one may be longer than another.
func (s spec) lengths() string {
	if s.min == s.max || s.kind == kindExpiry {
		return ""
	}
	return fmt.Sprintf(" (%d to %d characters)", s.min, s.max)
}

func (c *checker) needs(fields []Field, class func(string) bool) {
	told := map[string]bool{} // one fault for a rule that several fields share
	for _, s := range c.message.fields {
		broken, why := s.must.broken(s.name, fields, class)
		if !broken || told[why] {
			continue
		}
		told[why] = true
		c.fault(faultMissing, s.name, "%s", why)
	}
	c.wholeOrder(fields)
}

// broken says whether the rule is, and why.
func (m must) broken(name string, fields []Field, class func(string) bool) (bool, string) {
	present := has(fields, name)
	count := 0
	for _, n := range m.names {
		if has(fields, n) {
			count++
		}
	}
	switch m.rule {
	case mustYes:
		return !present, name + " is needed"
	case mustAny:
		return count == 0, fmt.Sprintf("one of %v is needed", m.names)
	case mustOne:
		return count != 1, fmt.Sprintf("exactly one of %v is needed", m.names)
	case mustWith:
		return present != (count > 0) || present && count < len(m.names), fmt.Sprintf("%s and %v come together", name, m.names)
	case mustOnly:
		return present && count == 0, fmt.Sprintf("%s needs %v", name, m.names)
	case mustClass:
		return !present && slices.ContainsFunc(m.names, class), name + " is needed for this type of order"
	case mustUnless:
		return !present && !slices.ContainsFunc(m.names, class), name + " is needed for this type of order"
	}
	return false, ""
}

// wholeOrder holds the two rules of profile section 2 that compare fields of an order.
func (c *checker) wholeOrder(fields []Field) {
	expires, issued := first(fields, "EXP"), first(fields, "ISD")
	switch {
	case expires == nonExpiring && first(fields, "EXT") != "":
		c.fault(faultValue, "EXT", "a time of expiration goes with a date only")
	case expires != "" && expires != nonExpiring && expires < issued:
		c.fault(faultValue, "EXP", "is before the date issued")
	}
}
