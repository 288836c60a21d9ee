package sim

import (
	"slices"
	"time"
)

// Version is one transaction that CARPOS accepted for a record.
type Version struct {
	At       time.Time `json:"at"`
	Key      string    `json:"key"` // ERR, MRR, XRR, SRR, VRR
	ORI      string    `json:"ori"`
	Mnemonic string    `json:"mnemonic"`
	Control  string    `json:"control"`
	Fields   []Field   `json:"fields"` // as they were sent
}

// Record is one order on file.
type Record struct {
	FCN        string    `json:"fcn"`
	NIC        string    `json:"nic,omitempty"`
	ORI        string    `json:"ori"` // the entering agency
	OCA        string    `json:"oca"`
	Mnemonic   string    `json:"mnemonic"` // the line under which it was entered
	Fields     []Field   `json:"fields"`   // as they stand now, in the order of ERR
	Service    []Field   `json:"service,omitempty"`
	Canceled   []Field   `json:"canceled,omitempty"`
	Violations int       `json:"violations"`
	Versions   []Version `json:"versions"` // oldest first
}

// Value returns the record's first value of a field as it stands now, or nothing.
func (r Record) Value(code string) string { return fields(r.Fields).first(code) }

// Values returns every value of a repeated field as it stands now.
func (r Record) Values(code string) []string { return fields(r.Fields).all(code) }

// entered returns the field's value when the record was entered.
func (r Record) entered(code string) string { return fields(r.Versions[0].Fields).first(code) }

// matches tells whether an enter with that name and date of issue is this record again.
func (r Record) matches(nam, isd string) bool {
	return nam == r.Value("NAM") && isd == r.Value("ISD") || nam == r.entered("NAM") && isd == r.entered("ISD")
}

const minuteLayout = "200601021504"

// lastMinute is the record's expiration as CCYYMMDDHHMM, or nothing if it has none.
func (r Record) lastMinute() string {
	exp, at := r.Value("EXP"), r.Value("EXT")
	if exp == nonExpiring {
		return ""
	}
	if at == "" {
		at = "2359"
	}
	return exp + at
}

// expiredAt tells whether a minute (CCYYMMDDHHMM) lies behind the expiration.
func (r Record) expiredAt(minute string) bool {
	last := r.lastMinute()
	return last != "" && minute > last
}

// eligible tells whether NCIC would take the order: it wants a date of birth or a number.
func eligible(fs fields) bool {
	return slices.ContainsFunc([]string{"DOB", "SOC", "OLN", "FBI"}, fs.has)
}

// change is one accepted transaction as the journal keeps it: enough to bring the record to where it was.
type change struct {
	Version
	FCN string `json:"fcn"`
	NIC string `json:"nic,omitempty"`
}

// applyTo brings a record forward by one change.
func (c change) applyTo(r *Record, d *dictionary) {
	r.Versions = append(r.Versions, c.Version)
	fs := fields(c.Fields)
	switch c.Key {
	case keyEnter:
		r.FCN, r.NIC, r.ORI, r.OCA = c.FCN, c.NIC, c.ORI, fs.first("OCA")
		r.Mnemonic, r.Fields = c.Mnemonic, c.Fields
	case keyModify:
		r.Fields = d.merge(r.Fields, fs)
	case keyService:
		r.Service = fs.only("SVN", "SVD", "SVT", "SVA", "SVM", "SVR")
		r.Fields = d.merge(r.Fields, fields{{"SVS", servedBy[fs.first("SVM")]}})
	case keyCancel:
		r.Canceled = fs.only("CXD", "CXR")
	case keyViolation:
		r.Violations++
	}
}

// servedBy turns the manner of a service into the record's service status.
var servedBy = map[string]string{"P": "S", "V": "S", "M": "M", "C": "P"}

func (fs fields) only(codes ...string) fields {
	var out fields
	for _, f := range fs {
		if slices.Contains(codes, f.Code) {
			out = append(out, f)
		}
	}
	return out
}

// merge lays the fields of a modify over those of a record: a field that was sent replaces all its former values, an
// empty one deletes them, and the protected persons are replaced together.
func (d *dictionary) merge(old, sent fields) fields {
	var out fields
	for _, r := range d.enter {
		from := old
		if sent.has(r.code) && r.code != "NAM" && r.code != "OCA" {
			from = sent
		}
		switch {
		case r.code == "PPN":
			out = append(out, d.groups(from)...)
		case r.must == mustGroup:
		case r.code == "NAM" && sent.has("NNM"):
			out = append(out, Field{"NAM", sent.first("NNM")})
		default:
			out = append(out, from.only(r.code).filled()...)
		}
	}
	return out
}

// groups returns the protected persons as they stand.
func (d *dictionary) groups(fs fields) fields {
	codes := []string{"PPN"}
	for _, r := range d.enter {
		if r.must == mustGroup {
			codes = append(codes, r.code)
		}
	}
	return fs.only(codes...).filled()
}

func (fs fields) filled() fields {
	var out fields
	for _, f := range fs {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}
