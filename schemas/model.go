package schemas

import (
	"fmt"
	"io/fs"
	"strconv"

	"ccpor/schemas/canon"
)

// model is what the schemas say of elements, read from the schema files themselves: which children an element has, in which order and number,
// and which words a code list takes. It explains refusals; it never gives a verdict.
type model struct {
	content map[string]*content // by type
	codes   map[string][]string // by type: the words of its enumeration
	root    string              // type of the root
}

// content is the children of a type, in order.
type content struct {
	particles []particle
	at        map[string]int // index in particles by name
	groups    []group
}

// particle is one kind of child. group is the choice to which it belongs, or -1, and alt its branch there.
type particle struct {
	name, typ  string
	required   bool
	max        int
	group, alt int
}

// group is a choice: not more than one branch, and one when required.
type group struct{ required bool }

// node is an element of a schema file.
type node struct {
	name  string
	attrs map[string]string
	kids  []*node
}

func readModel() (*model, error) {
	m := &model{content: map[string]*content{}, codes: map[string][]string{}}
	all := &node{}
	names, err := fs.Glob(files, "xsd/*.xsd")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		n, err := readNode(b)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		all.kids = append(all.kids, n.kids...)
	}
	m.simple(all)
	return m, m.complex(all)
}

var schemaProfile = canon.NewProfile(canon.Limits{}, canon.XSD, PackageNamespace, CodesNamespace)

func readNode(b []byte) (*node, error) {
	var s canon.Scanner
	if err := s.Reset(b, schemaProfile); err != nil {
		return nil, err
	}
	open := []*node{{}}
	for {
		k, err := s.Next()
		if err != nil {
			return nil, err
		}
		switch k {
		case canon.Start:
			n := &node{name: s.Name().Local, attrs: map[string]string{}}
			for _, a := range s.Attrs() {
				n.attrs[a.Name.Local] = string(a.Value)
			}
			up := open[len(open)-1]
			up.kids = append(up.kids, n)
			open = append(open, n)
		case canon.End:
			open = open[:len(open)-1]
		case canon.EOF:
			return open[0].kids[0], nil
		}
	}
}

func (n *node) kid(name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// simple reads the code lists.
func (m *model) simple(all *node) {
	for _, t := range all.kids {
		r := t.kid("restriction")
		if t.name != "simpleType" || r == nil {
			continue
		}
		for _, f := range r.kids {
			if f.name == "enumeration" {
				m.codes[t.attrs["name"]] = append(m.codes[t.attrs["name"]], f.attrs["value"])
			}
		}
	}
}

// complex reads the content models.
func (m *model) complex(all *node) error {
	groups := map[string]*node{}
	for _, t := range all.kids {
		if t.name == "group" {
			groups[t.attrs["name"]] = t.kid("sequence")
		}
	}
	for _, t := range all.kids {
		switch t.name {
		case "complexType":
			m.add(t.attrs["name"], t, groups)
		case "element":
			m.root = local(t.attrs["type"])
		}
	}
	if m.content[m.root] == nil {
		return fmt.Errorf("reading the schemas: no content model of %s", Root.Local)
	}
	return nil
}

func (m *model) add(name string, t *node, groups map[string]*node) {
	c := &content{at: map[string]int{}}
	m.content[name] = c
	if seq := t.kid("sequence"); seq != nil {
		m.flatten(c, seq, -1, 0, groups)
	}
}

// flatten adds the particles below a sequence that is a branch of a group, or of none.
func (m *model) flatten(c *content, seq *node, g, alt int, groups map[string]*node) {
	for _, n := range seq.kids {
		switch n.name {
		case "element":
			m.particle(c, n, g, alt, groups)
		case "group":
			m.flatten(c, groups[local(n.attrs["ref"])], g, alt, groups)
		case "choice":
			c.groups = append(c.groups, group{required: n.attrs["minOccurs"] != "0"})
			m.branches(c, n, len(c.groups)-1, groups)
		}
	}
}

func (m *model) branches(c *content, choice *node, g int, groups map[string]*node) {
	for alt, n := range choice.kids {
		if n.name == "element" {
			m.particle(c, n, g, alt, groups)
		} else {
			m.flatten(c, n, g, alt, groups)
		}
	}
}

func (m *model) particle(c *content, n *node, g, alt int, groups map[string]*node) {
	p := particle{name: n.attrs["name"], typ: local(n.attrs["type"]), required: n.attrs["minOccurs"] != "0", max: 1, group: g, alt: alt}
	if v, err := strconv.Atoi(n.attrs["maxOccurs"]); err == nil {
		p.max = v
	}
	if inline := n.kid("complexType"); inline != nil {
		p.typ = p.name
		m.add(p.typ, inline, groups)
	}
	c.at[p.name] = len(c.particles)
	c.particles = append(c.particles, p)
}

// local is a name without its prefix.
func local(s string) string {
	for i := range s {
		if s[i] == ':' {
			return s[i+1:]
		}
	}
	return s
}
