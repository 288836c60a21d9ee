package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// docCommand puts the figures into the document, so that they are those of a run and never typed.
type docCommand struct {
	Figures string `default:"bench/latest.json" help:"The figures of 'run'." placeholder:"FILE"`
	Soak    string `default:"bench/soak.json" help:"The figures of 'soak', if there are any." placeholder:"FILE"`
	Outage  string `default:"bench/outage.json" help:"The figures of 'outage', if there are any." placeholder:"FILE"`
	Search  string `default:"bench/search.json" help:"The figures of 'search', if there are any." placeholder:"FILE"`
	Doc     string `default:"docs/performance.md" help:"The document." placeholder:"FILE"`
}

const (
	beginMark = "<!-- figures: written by ccpor-bench doc -->\n"
	endMark   = "<!-- end of figures -->\n"
)

var errNoMarks = errors.New("the document has no place for the figures")

func (c *docCommand) Run() error {
	var r report
	if err := readJSON(c.Figures, &r); err != nil {
		return err
	}
	figures := r.markdown()
	var s soaked
	if err := readJSON(c.Soak, &s); err == nil {
		figures += s.markdown()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var o outageReport
	if err := readJSON(c.Outage, &o); err == nil {
		figures += o.markdown()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var found searched
	if err := readJSON(c.Search, &found); err == nil {
		figures += found.markdown()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := os.ReadFile(c.Doc)
	if err != nil {
		return err
	}
	out, err := replaceFigures(string(text), figures)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Doc, err)
	}
	return os.WriteFile(c.Doc, []byte(out), 0o644)
}

func readJSON(file string, to any) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return nil
}

// replaceFigures puts the figures between the marks of the document.
func replaceFigures(doc, figures string) (string, error) {
	before, rest, begun := strings.Cut(doc, beginMark)
	_, after, ended := strings.Cut(rest, endMark)
	if !begun || !ended {
		return "", errNoMarks
	}
	return before + beginMark + "\n" + figures + endMark + after, nil
}

func (r *report) markdown() string {
	var b strings.Builder
	kind := ""
	if r.Quick {
		kind = " (a quick run: the figures vary more)"
	}
	fmt.Fprintf(&b, "Taken %s%s on: %s. %s\n", r.Date.Format(time.DateOnly), kind, r.Machine, meanwhile(r.others()))
	for _, t := range r.tables() {
		b.WriteString("\n" + t.markdown())
	}
	if len(r.Marks) > 0 {
		b.WriteString("\n")
	}
	for _, m := range r.Marks {
		fmt.Fprintf(&b, "- %s: %.2f, mark %g: %s\n", m.Name, m.Got, m.Want, strings.TrimSpace(strings.ToLower(met(m.Met))))
	}
	return b.String() + "\n"
}

func (t table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(t.head, " | "), strings.Repeat("---|", len(t.head)))
	for _, row := range t.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}

func (s soaked) markdown() string {
	var others float64
	for _, x := range s.Samples {
		others = max(others, x.CPU.Others)
	}
	return fmt.Sprintf("Soak of %d orders, %s, on: %s. %s The resident memory changed by %.1f %% from the first tenth to the last.\n\n%s\n",
		s.Orders, s.Date.Format(time.DateOnly), s.Machine, meanwhile(others), s.Growth, s.table().markdown())
}
