package carpos

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"ccpor/clets/codes"
)

//go:embed data
var data embed.FS

// maxLines bounds the fields of one transaction that is read; the largest lawful one has fewer than 200.
const maxLines = 400

// Dictionary is the message dictionary, read once and never changed.
type Dictionary struct {
	messages    map[Key]*message
	accepted    map[string]Key
	codes       *codes.Book
	rules       map[string][]rule
	terms       []sentence
	unfielded   []unfielded
	latin       map[rune]string
	items       map[string]string // "form field": item
	corrections map[string]correctable
	hit         hitLabels
}

// message is one transaction of the dictionary.
type message struct {
	key    Key
	title  string
	fields []spec
	index  map[string]int
}

// spec is one field of a transaction.
type spec struct {
	name, label string
	kind        kind
	min, max    int
	must        must
	repeats     int
	group       string // "open", or the field that opens the group to which it belongs
	table       *codes.Table
	personal    bool
	erasable    bool
}

func (m *message) spec(field string) (spec, bool) {
	i, ok := m.index[field]
	if !ok {
		return spec{}, false
	}
	return m.fields[i], true
}

// must is a rule on when a field has to be there; data/fields.tsv explains the words.
type must struct {
	rule  string
	names []string
}

const (
	mustYes    = "yes"
	mustNo     = "no"
	mustAny    = "any"
	mustOne    = "one"
	mustWith   = "with"
	mustOnly   = "only"
	mustClass  = "class"
	mustUnless = "unless"
)

func parseMust(s string) (must, error) {
	rule, names, list := strings.Cut(s, ":")
	lists := []string{mustAny, mustOne, mustWith, mustOnly, mustClass, mustUnless}
	if list != slices.Contains(lists, rule) || !list && rule != mustYes && rule != mustNo {
		return must{}, fmt.Errorf("rule %q is none of the known ones", s)
	}
	if !list {
		return must{rule: rule}, nil
	}
	return must{rule, strings.Split(names, ",")}, nil
}

// Load reads and checks the embedded data. Its error names the file, the line and every fault in it.
func Load() (*Dictionary, error) {
	book, err := codes.Load()
	if err != nil {
		return nil, fmt.Errorf("load the code tables: %w", err)
	}
	return LoadWith(book)
}

// LoadWith is Load over these code tables.
func LoadWith(book *codes.Book) (*Dictionary, error) {
	d, err := load(data, book)
	if err != nil {
		return nil, fmt.Errorf("load the message dictionary: %w", err)
	}
	return d, nil
}

func load(files fs.FS, book *codes.Book) (*Dictionary, error) {
	d := &Dictionary{codes: book, messages: map[Key]*message{}, accepted: map[string]Key{}}
	for _, part := range []struct {
		file    string
		columns string
		read    func(codes.Row) error
	}{
		{"keys", "key title accepted", d.readKey},
		{"fields", "key field label kind min max must repeats group table personal", d.readField},
		{"rules", "field value reason when note", d.readRule},
		{"terms", "when long short spare yields", d.readTerm},
		{"unfielded", "subject to words", d.readUnfielded},
		{"latin", "character ascii", d.readLatin},
		{"items", "form field item", d.readItem},
		{"corrections", "field may fills form reason", d.readCorrection},
		{"hit", "section label field read", d.readLabel},
		{"hitwords", "field words code", d.readWords},
	} {
		if err := readAll(files, part.file, part.columns, part.read); err != nil {
			return nil, err
		}
	}
	return d, d.check()
}

func readAll(files fs.FS, file, columns string, read func(codes.Row) error) error {
	s, err := codes.ReadSheet(files, "data/"+file+".tsv")
	if err != nil {
		return err
	}
	if err := s.Need(append(strings.Fields(columns), "source", "edition", "confidence")...); err != nil {
		return fmt.Errorf("%s.tsv: %w", file, err)
	}
	var faults []error
	for _, r := range s.Rows {
		if _, err := codes.ParseConfidence(r.Get("confidence")); err != nil || r.Get("source") == "" || r.Get("edition") == "" {
			faults = append(faults, r.Errorf("source, edition and a known confidence are needed"))
		}
		if err := read(r); err != nil {
			faults = append(faults, r.Errorf("%v", err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("%s.tsv: %w", file, err)
	}
	return nil
}

func (d *Dictionary) readKey(r codes.Row) error {
	k := Key(r.Get("key"))
	if len(k) != 3 || d.messages[k] != nil || r.Get("title") == "" {
		return fmt.Errorf("key %q: three letters, once, with a title", k)
	}
	d.messages[k] = &message{key: k, title: r.Get("title"), index: map[string]int{}}
	if a := r.Get("accepted"); a != "" {
		d.accepted[a] = k
	}
	return nil
}

func (d *Dictionary) readField(r codes.Row) error {
	m := d.messages[Key(r.Get("key"))]
	if m == nil {
		return fmt.Errorf("key %q is not in keys.tsv", r.Get("key"))
	}
	if other, all := strings.CutPrefix(r.Get("field"), "@"); all {
		return m.include(d.messages[Key(other)])
	}
	s, err := d.readSpec(r)
	if err != nil {
		return err
	}
	return m.add(s)
}

func (d *Dictionary) readSpec(r codes.Row) (spec, error) {
	s := spec{name: r.Get("field"), label: r.Get("label"), kind: kind(r.Get("kind")), group: r.Get("group"), personal: r.Get("personal") == "yes"}
	var err error
	if s.must, err = parseMust(r.Get("must")); err != nil {
		return s, err
	}
	for column, to := range map[string]*int{"min": &s.min, "max": &s.max, "repeats": &s.repeats} {
		if *to, err = strconv.Atoi(r.Get(column)); err != nil {
			return s, fmt.Errorf("%s: %w", column, err)
		}
	}
	if t := r.Get("table"); t != "" {
		s.table = d.codes.Table(t)
	}
	switch {
	case len(s.name) != 3 || s.label == "":
		return s, fmt.Errorf("field %q: three letters and a label are needed", s.name)
	case s.min < 1 || s.max < s.min || s.repeats < 1:
		return s, fmt.Errorf("field %s: lengths %d to %d, %d times", s.name, s.min, s.max, s.repeats)
	case shapes[s.kind] == nil:
		return s, fmt.Errorf("field %s: kind %q is unknown", s.name, s.kind)
	case (s.kind == kindCode) != (s.table != nil):
		return s, fmt.Errorf("field %s: a code, and nothing else, has a table that exists", s.name)
	}
	return s, nil
}

func (m *message) add(s spec) error {
	if _, twice := m.index[s.name]; twice {
		return fmt.Errorf("field %s stands twice", s.name)
	}
	m.index[s.name] = len(m.fields)
	m.fields = append(m.fields, s)
	return nil
}

// include takes over every field of another transaction that this one has not: none of them is needed here, and an empty value deletes.
func (m *message) include(other *message) error {
	if other == nil || other == m {
		return errors.New("the included transaction is unknown")
	}
	for _, s := range other.fields {
		if _, own := m.index[s.name]; own {
			continue
		}
		s.must, s.erasable = must{rule: mustNo}, s.group == "" || s.group == groupOpen
		if err := m.add(s); err != nil {
			return err
		}
	}
	return nil
}

const groupOpen = "open"

// check finds what no single row shows: rules that name fields or classes that do not exist, groups without an opener, codes that no
// table has.
func (d *Dictionary) check() error {
	var faults []error
	for _, m := range d.messages {
		if len(m.fields) == 0 {
			faults = append(faults, fmt.Errorf("%s has no field", m.key))
		}
		for _, s := range m.fields {
			faults = append(faults, m.checkSpec(s))
		}
	}
	faults = append(faults, d.checkRules(), d.checkUnfielded(), d.checkHit())
	return errors.Join(faults...)
}

func (m *message) checkSpec(s spec) error {
	if s.group != "" && s.group != groupOpen {
		if open, ok := m.spec(s.group); !ok || open.group != groupOpen {
			return fmt.Errorf("%s %s: its group %s is not opened", m.key, s.name, s.group)
		}
	}
	if s.must.rule == mustClass || s.must.rule == mustUnless {
		return nil
	}
	for _, n := range s.must.names {
		if _, ok := m.spec(n); !ok {
			return fmt.Errorf("%s %s: its rule names %s, which is no field", m.key, s.name, n)
		}
	}
	return nil
}

// FieldInfo tells about one field of the dictionary.
type FieldInfo struct {
	Name, Label string
	Personal    bool
}

// Fields are the fields of a transaction in their order; none for an unknown key.
func (d *Dictionary) Fields(k Key) []FieldInfo {
	m := d.messages[k]
	if m == nil {
		return nil
	}
	var infos []FieldInfo
	for _, s := range m.fields {
		infos = append(infos, FieldInfo{s.name, s.label, s.personal})
	}
	return infos
}
