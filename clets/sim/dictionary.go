package sim

import (
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

//go:embed data/*.csv
var dataFiles embed.FS

// Keys of the transactions (profile section 2).
const (
	keyEnter     = "ERR"
	keyModify    = "MRR"
	keyCancel    = "XRR"
	keyService   = "SRR"
	keyViolation = "VRR"
	keyInquiry   = "QRR"
)

// mustBe says when a field has to be there.
type mustBe string

const (
	mustYes   mustBe = "yes"
	mustNo    mustBe = "no"
	mustRule  mustBe = "rule"  // decided by a rule over the whole order
	mustGroup mustBe = "group" // only inside a group opened by PPN
)

// rule is one row of the field table.
type rule struct {
	code     string
	kind     string
	min, max int
	times    int
	must     mustBe
	table    string
	place    int  // position in the transaction's order of fields
	erasable bool // may be sent empty, which deletes it
}

// OrderType is one code of ORT.
type OrderType struct {
	Code      string // three letters
	Title     string // words of the banner in a hit, upper case
	Temporary bool   // HRD must be sent
	Protected bool   // at least one PPN must be sent
}

// dictionary is the field table and its code tables, read once and never changed.
type dictionary struct {
	fields  map[string]map[string]rule   // key, then field code
	orders  map[string]OrderType         // by code
	codes   map[string]map[string]string // table, then code: words
	rejects map[int]string
	enter   []rule // the fields of ERR in order
}

// loadDictionary reads the embedded tables and adds the order types of the configuration.
func loadDictionary(extra []OrderType) (*dictionary, error) {
	d := &dictionary{
		fields: map[string]map[string]rule{}, orders: map[string]OrderType{},
		codes: map[string]map[string]string{}, rejects: map[int]string{},
	}
	for _, load := range []func() error{d.loadCodes, d.loadOrders, d.loadRejects, d.loadFields} {
		if err := load(); err != nil {
			return nil, fmt.Errorf("load the simulator's tables: %w", err)
		}
	}
	for _, o := range extra {
		if len(o.Code) != 3 || !isUpperAlnum(o.Code) {
			return nil, fmt.Errorf("order type %q is not three characters A-Z0-9", o.Code)
		}
		d.orders[o.Code] = o
	}
	d.addOrderCodes()
	return d, d.consistent()
}

// row is one line of a table, by column name.
type row map[string]string

// readTable returns the rows of an embedded table whose header must be exactly as given.
func readTable(name string, header ...string) ([]row, error) {
	f, err := dataFiles.Open("data/" + name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if !slices.Equal(head, append(header, "source", "confidence")) {
		return nil, fmt.Errorf("%s: header is %v", name, head)
	}
	return readRows(name, r, head)
}

func readRows(name string, r *csv.Reader, head []string) ([]row, error) {
	var rows []row
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		one := row{}
		for i, c := range cells {
			one[head[i]] = c
		}
		rows = append(rows, one)
	}
}

func (d *dictionary) loadCodes() error {
	rows, err := readTable("codes.csv", "table", "code", "words")
	if err != nil {
		return err
	}
	for _, r := range rows {
		t := d.codes[r["table"]]
		if t == nil {
			t = map[string]string{}
			d.codes[r["table"]] = t
		}
		if _, twice := t[r["code"]]; twice {
			return fmt.Errorf("codes.csv: %s %s stands twice", r["table"], r["code"])
		}
		t[r["code"]] = r["words"]
	}
	return nil
}

func (d *dictionary) loadOrders() error {
	rows, err := readTable("orders.csv", "code", "temporary", "protected", "title")
	if err != nil {
		return err
	}
	for _, r := range rows {
		d.orders[r["code"]] = OrderType{
			Code: r["code"], Title: r["title"],
			Temporary: r["temporary"] == "yes", Protected: r["protected"] == "yes",
		}
	}
	return nil
}

// addOrderCodes makes the order types a code table like the others.
func (d *dictionary) addOrderCodes() {
	t := map[string]string{}
	for code, o := range d.orders {
		t[code] = o.Title
	}
	d.codes["ORT"] = t
}

func (d *dictionary) loadRejects() error {
	rows, err := readTable("rejects.csv", "number", "words", "again")
	if err != nil {
		return err
	}
	for _, r := range rows {
		n, err := strconv.Atoi(r["number"])
		if err != nil {
			return fmt.Errorf("rejects.csv: %w", err)
		}
		d.rejects[n] = r["words"]
	}
	return nil
}

func (d *dictionary) loadFields() error {
	rows, err := readTable("fields.csv", "key", "field", "kind", "min", "max", "times", "must", "table")
	if err != nil {
		return err
	}
	for _, r := range rows {
		one, err := readRule(r)
		if err != nil {
			return fmt.Errorf("fields.csv: %s %s: %w", r["key"], r["field"], err)
		}
		d.addField(r["key"], one)
	}
	d.shareEnterFields()
	return nil
}

func readRule(r row) (rule, error) {
	var numbers [3]int
	for i, col := range []string{"min", "max", "times"} {
		n, err := strconv.Atoi(r[col])
		if err != nil {
			return rule{}, err
		}
		numbers[i] = n
	}
	return rule{
		code: r["field"], kind: r["kind"], min: numbers[0], max: numbers[1], times: numbers[2],
		must: mustBe(r["must"]), table: r["table"],
	}, nil
}

func (d *dictionary) addField(key string, one rule) {
	if d.fields[key] == nil {
		d.fields[key] = map[string]rule{}
	}
	one.place = len(d.fields[key])
	d.fields[key][one.code] = one
	if key == keyEnter {
		d.enter = append(d.enter, one)
	}
}

// shareEnterFields lets a modify carry every field of an enter but the two by which the record is found.
func (d *dictionary) shareEnterFields() {
	for _, one := range d.enter {
		if _, own := d.fields[keyModify][one.code]; own {
			continue
		}
		if one.must != mustGroup {
			one.must, one.erasable = mustNo, true
		}
		d.addField(keyModify, one)
	}
}

// consistent refuses tables that contradict themselves.
func (d *dictionary) consistent() error {
	for key, fields := range d.fields {
		for code, one := range fields {
			if kinds[one.kind] == nil && one.kind != kindCode {
				return fmt.Errorf("%s %s: kind %q is unknown", key, code, one.kind)
			}
			if one.kind == kindCode && d.codes[one.table] == nil {
				return fmt.Errorf("%s %s: table %q is unknown", key, code, one.table)
			}
			if !slices.Contains([]mustBe{mustYes, mustNo, mustRule, mustGroup}, one.must) {
				return fmt.Errorf("%s %s: must is %q", key, code, one.must)
			}
			if one.min < 1 || one.max < one.min || one.times < 1 {
				return fmt.Errorf("%s %s: lengths %d to %d, %d times", key, code, one.min, one.max, one.times)
			}
		}
	}
	return nil
}
