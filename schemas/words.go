package schemas

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed words.tsv
var wordsFile string

// words is how the schema's names are said to people.
type words struct {
	element map[string]noun
	needed  map[string]string // by type: what is needed, as a phrase
}

// noun is an element in words. A holder names what its children belong to: "the date of birth of the restrained person".
type noun struct {
	text   string
	holder bool
}

func readWords() (*words, error) { return parseWords(wordsFile) }

func parseWords(file string) (*words, error) {
	w := &words{element: map[string]noun{}, needed: map[string]string{}}
	for i, line := range strings.Split(strings.TrimSuffix(file, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 || f[2] == "" {
			return nil, fmt.Errorf("words.tsv, line %d: three columns are needed", i+1)
		}
		switch f[0] {
		case "element", "holder":
			w.element[f[1]] = noun{text: f[2], holder: f[0] == "holder"}
		case "type":
			w.needed[f[1]] = f[2]
		default:
			return nil, fmt.Errorf("words.tsv, line %d: unknown kind", i+1)
		}
	}
	return w, nil
}

// of is the words for the innermost element of a path: "last name of protected person 2".
func (w *words) of(path []step) string {
	if len(path) == 0 {
		return "package"
	}
	last := len(path) - 1
	text := w.noun(path[last])
	for i := last - 1; i > 0; i-- {
		if w.element[path[i].name].holder {
			return text + " of the " + w.noun(path[i])
		}
	}
	return text
}

func (w *words) noun(s step) string {
	n, ok := w.element[s.name]
	switch {
	case !ok:
		return "element " + s.name
	case s.index > 1:
		return fmt.Sprintf("%s no. %d", n.text, s.index)
	}
	return n.text
}

// plain is the words for an element by name alone.
func (w *words) plain(name string) string { return w.noun(step{name: name}) }

// need is what a type needs; for a code list, its words.
func (w *words) need(typ string, m *model) string {
	if s, ok := w.needed[typ]; ok {
		return s
	}
	if list := m.codes[typ]; len(list) > 0 {
		return "one of the words " + strings.Join(list, ", ")
	}
	if strings.HasSuffix(typ, "boolean") {
		return "true or false"
	}
	return "a value as the schema describes it"
}
