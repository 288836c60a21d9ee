// Package places knows the counties of California and the tribal courts that the registry's own papers name, as data with source and edition.
//
// Forms offer them, and an agency's page says by its ORI which county it is in. The package does not know ORIs of courts, since no public list has them, and it refuses to guess: an ORI whose number is no
// county's, or that is another state's, has none.
package places

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ccpor/mapping/order"
)

var (
	//go:embed counties.tsv
	countyFile string
	//go:embed tribal.tsv
	tribalFile string
)

// County is one of the 58.
type County struct {
	// Number is three digits, 001 to 058, as in positions 3 to 5 of an ORI (FBI CJIS; likely by examples).
	Number string
	Name   string
	// FIPS is the county's code of five digits (NIEM 5.0.1, fips.xsd).
	FIPS               string
	Source, Confidence string
}

// Court is the name of the county's superior court, as these courts write it.
func (c County) Court() string { return "Superior Court of California, County of " + c.Name }

// TribalCourt is a tribal court that has had access to the registry.
type TribalCourt struct {
	// Name is as the source has it, Now the court's name of today where it is another.
	Name, Now string
	// Tribes are those whom it serves.
	Tribes []string
	// County is the name of the county where it sits.
	County             string
	Source, Confidence string
}

// Called is its name of today.
func (c TribalCourt) Called() string {
	if c.Now != "" {
		return c.Now
	}
	return c.Name
}

// Register is all of them. It never changes and is shared by goroutines.
type Register struct {
	counties []County
	tribal   []TribalCourt
}

// Load reads the embedded files and checks every row.
func Load() (*Register, error) {
	r := &Register{}
	if err := r.readCounties(countyFile); err != nil {
		return nil, fmt.Errorf("counties.tsv: %w", err)
	}
	if err := r.readTribal(tribalFile); err != nil {
		return nil, fmt.Errorf("tribal.tsv: %w", err)
	}
	return r, nil
}

// Counties are all 58, by number, which is by name.
func (r *Register) Counties() []County { return slices.Clone(r.counties) }

// TribalCourts are all that the sources name, by name.
func (r *Register) TribalCourts() []TribalCourt { return slices.Clone(r.tribal) }

// Named is the county of that name.
func (r *Register) Named(name string) (County, bool) {
	return r.find(func(c County) bool { return c.Name == name })
}

// Of is the county of an ORI: California's, with a county's number.
func (r *Register) Of(ori order.ORI) (County, bool) {
	return r.find(func(c County) bool { return strings.HasPrefix(string(ori), "CA"+c.Number) })
}

func (r *Register) find(is func(County) bool) (County, bool) {
	i := slices.IndexFunc(r.counties, is)
	if i < 0 {
		return County{}, false
	}
	return r.counties[i], true
}

// all is how many counties California has.
const all = 58

func (r *Register) readCounties(file string) error {
	err := rows(file, 5, func(f []string) error {
		number, err := strconv.Atoi(f[0])
		if err != nil || number != len(r.counties)+1 || f[0] != fmt.Sprintf("%03d", number) {
			return fmt.Errorf("the number %q does not follow the one before", f[0])
		}
		if f[2] != fmt.Sprintf("06%03d", 2*number-1) {
			return fmt.Errorf("the FIPS code %q is not that of number %s", f[2], f[0])
		}
		if n := len(r.counties); n > 0 && f[1] <= r.counties[n-1].Name {
			return fmt.Errorf("%q does not follow the one before in the alphabet", f[1])
		}
		r.counties = append(r.counties, County{f[0], f[1], f[2], f[3], f[4]})
		return nil
	})
	if err == nil && len(r.counties) != all {
		err = fmt.Errorf("%d counties, and California has %d", len(r.counties), all)
	}
	return err
}

func (r *Register) readTribal(file string) error {
	return rows(file, 6, func(f []string) error {
		if _, ok := r.Named(f[3]); !ok {
			return fmt.Errorf("%q is no county", f[3])
		}
		if n := len(r.tribal); n > 0 && f[0] <= r.tribal[n-1].Name {
			return fmt.Errorf("%q does not follow the one before in the alphabet", f[0])
		}
		r.tribal = append(r.tribal, TribalCourt{f[0], f[1], strings.Split(f[2], "; "), f[3], f[4], f[5]})
		return nil
	})
}

// rows hands out each row of a file, whose first and last two fields have to be filled. A file says its edition.
func rows(file string, fields int, take func([]string) error) error {
	if !strings.Contains(file, "\n# edition: ") {
		return errors.New("the file names no edition")
	}
	for i, line := range strings.Split(strings.TrimSuffix(file, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != fields || f[0] == "" || f[fields-2] == "" || f[fields-1] == "" {
			return fmt.Errorf("line %d: %d filled fields with source and confidence are needed", i+1, fields)
		}
		if err := take(f); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return nil
}
