package schemas

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lestrrat-go/libxml2/types"

	"ccpor/schemas/canon"
)

// explain works out what is wrong with octets that libxml2 has found invalid. It changes doc.
func (s *Set) explain(octets []byte, doc types.Document, first verdict) error {
	out := findings{bound: MaxProblems}
	unknown, err := s.survey(octets, &out)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	out.bound += MaxProblems // both walks may fill the list alone
	prune(doc, unknown)
	values, err := validate(s.loose, doc)
	if err != nil {
		return err
	}
	out.more += values.dropped
	if err := s.locate(octets, values.violations, &out); err != nil {
		return err
	}
	if len(out.list) == 0 { // the verdict stands even when it cannot be explained
		if err := s.locate(octets, first.violations, &out); err != nil {
			return err
		}
	}
	return s.problems(&out)
}

// problems are the findings in document order, bounded.
func (s *Set) problems(out *findings) Problems {
	slices.SortStableFunc(out.list, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	list := make(Problems, 0, min(len(out.list), MaxProblems)+1)
	for i, f := range out.list {
		if i == MaxProblems {
			out.more += len(out.list) - i
			break
		}
		list = append(list, f.Problem)
	}
	switch {
	case len(list) == 0:
		list = append(list, Problem{Code: Other, Path: "/" + Root.Local, Line: 1, Column: 1, Element: Root.Local, Text: otherText})
	case out.more > 0:
		list = append(list, Problem{Code: More, Path: "/" + Root.Local, Text: fmt.Sprintf("%d more problems are not listed. Correct these first and send again.", out.more)})
	}
	return list
}

const otherText = "The schema does not allow this element as it stands. Compare it with the published schema."

func (s *Set) wrongRoot(n canon.Name) Problem {
	return Problem{Code: WrongRoot, Path: "/" + n.Local, Line: 1, Column: 1, Element: n.Local,
		Text: fmt.Sprintf("This is no order package. The element %s of the namespace %s is needed.", Root.Local, Root.Space)}
}

// emptyRank is the greatest rank of what is said of a value; an empty one is always called empty.
const emptyRank = 6

// kinds tells libxml2's codes in ours. Where several are told of one value, the greatest rank says most.
var kinds = map[int]struct {
	code Code
	rank int
}{
	1824: {ValueMalformed, 1}, // no value of the type
	1839: {ValueMalformed, 2}, // pattern
	1833: {ValueOutOfRange, 3}, 1834: {ValueOutOfRange, 3}, 1835: {ValueOutOfRange, 3}, 1836: {ValueOutOfRange, 3},
	1832: {ValueTooLong, 4},
	1831: {ValueEmpty, emptyRank},
	1840: {ValueNotInList, 5},
	1827: {AttributeUnknown, 7}, 1866: {AttributeUnknown, 7}, 1867: {AttributeUnknown, 7},
	1868: {AttributeMissing, 7},
	1828: {ElementUnknown, 7},
	1841: {TextMisplaced, 7}, 1842: {TextMisplaced, 7}, 1843: {TextMisplaced, 7},
	1845: {WrongRoot, 7},
}

// attributeName finds the attribute in libxml2's words: "Element '{ns}OrderPackage', attribute 'Id': ...". Names hold no quotes.
var attributeName = regexp.MustCompile(`^Element '[^']*', attribute '([^']*)': `)

// missingName finds it in "The attribute 'Id' is required but missing."
var missingName = regexp.MustCompile(`: The attribute '([^']*)' is (?:required but missing|not allowed)`)

// told is what libxml2 says of one element or one of its attributes.
type told struct {
	element   int
	attribute string
	code      Code
	rank      int
}

// gather joins what libxml2 says of the same value.
func gather(list []violation) []told {
	var all []told
	at := map[[2]any]int{}
	for _, v := range list {
		k, ok := kinds[v.code]
		if !ok {
			k.code = Other
		}
		t := told{element: v.element, code: k.code, rank: k.rank}
		for _, re := range []*regexp.Regexp{attributeName, missingName} {
			if m := re.FindStringSubmatch(v.text); m != nil {
				t.attribute = m[1]
			}
		}
		key := [2]any{t.element, t.attribute}
		if i, ok := at[key]; !ok {
			at[key] = len(all)
			all = append(all, t)
		} else if all[i].rank < t.rank {
			all[i] = t
		}
	}
	slices.SortStableFunc(all, func(a, b told) int { return cmp.Compare(a.element, b.element) })
	return all
}

// locate finds the places and values of what libxml2 says, in one more walk.
func (s *Set) locate(octets []byte, list []violation, out *findings) error {
	all := gather(list)
	w, err := s.model.walk(octets)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	for len(all) > 0 {
		k, err := w.next()
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		if k == canon.EOF {
			return nil
		}
		if k != canon.Start {
			continue
		}
		for len(all) > 0 && all[0].element <= w.top().element {
			if all[0].element == w.top().element {
				s.judged(w, all[0], out)
			}
			all = all[1:]
		}
	}
	return nil
}

// judged adds one finding of libxml2 about the element just opened.
func (s *Set) judged(w *walker, t told, out *findings) {
	if out.full() {
		out.more++
		return
	}
	value, typ, what := textOf(w), w.top().typ, s.words.of(w.path())
	if t.attribute != "" {
		v, _ := w.Attr("", t.attribute)
		value, typ, what = string(v), "IdType", fmt.Sprintf("attribute %s of the %s", t.attribute, what)
	}
	if value == "" && t.rank > 0 && t.rank < emptyRank {
		t.code = ValueEmpty
	}
	p := s.problem(w, t.code, s.say(t.code, what, s.words.need(typ, s.model), utf8.RuneCountInString(value)))
	switch t.code {
	case AttributeMissing, ElementUnknown, WrongRoot, Other:
	default:
		p.Value = cut(value)
	}
	out.add(t.element, p)
}

func (s *Set) say(c Code, what, need string, length int) string {
	switch c {
	case AttributeUnknown:
		return fmt.Sprintf("The %s is not known here. Leave it out.", what)
	case AttributeMissing:
		return fmt.Sprintf("The %s is missing.", what)
	case TextMisplaced:
		return fmt.Sprintf("There is text directly inside the %s, where only elements may stand.", what)
	case ElementUnknown:
		return fmt.Sprintf("There are elements inside the %s, where only text may stand.", what)
	case ValueEmpty:
		return fmt.Sprintf("The %s is empty. Needed: %s.", what, need)
	case ValueTooLong:
		return fmt.Sprintf("The %s is too long: %d characters. Needed: %s.", what, length, need)
	case ValueNotInList:
		return fmt.Sprintf("The %s is none of the words that are taken. Needed: %s.", what, need)
	case ValueOutOfRange:
		return fmt.Sprintf("The %s is too great or too small. Needed: %s.", what, need)
	case ValueMalformed:
		return fmt.Sprintf("The %s cannot be read. Needed: %s.", what, need)
	}
	return otherText
}

// textOf is the text directly inside the element just opened, up to its first child. The walker stays where it is.
func textOf(w *walker) string {
	start := w.Mark()
	text := ""
	if k, err := w.Scanner.Next(); err == nil && k == canon.Text {
		text = strings.Trim(string(w.Text()), " \t\r\n")
	}
	if err := w.Rewind(start); err != nil {
		return ""
	}
	return text
}

// cut bounds a value to 200 characters.
func cut(s string) string {
	const most = 200
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "..."
}

func pathText(path []step) string {
	var b strings.Builder
	for _, s := range path {
		b.WriteString("/" + s.name)
		if s.index > 1 {
			fmt.Fprintf(&b, "[%d]", s.index)
		}
	}
	return b.String()
}
