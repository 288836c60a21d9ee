package codes

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Sheet is a file of tab-separated rows below a line of column names. Lines before it that begin with # are its head;
// "# name: value" among them are kept by name.
type Sheet struct {
	// Name is the file's name without folder and ending.
	Name    string
	Head    map[string]string
	Columns []string
	Rows    []Row
}

// Row is one line of a sheet, with its number in the file.
type Row struct {
	Line  int
	sheet *Sheet
	cells []string
}

// ReadSheet reads one file. Every row must have as many cells as there are columns; white space around a cell is a fault.
func ReadSheet(files fs.FS, name string) (Sheet, error) {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return Sheet{}, fmt.Errorf("read %s: %w", name, err)
	}
	s := &Sheet{Name: strings.TrimSuffix(path.Base(name), ".tsv"), Head: map[string]string{}}
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		if err := s.add(i+1, line); err != nil {
			return Sheet{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(s.Rows) == 0 {
		return Sheet{}, fmt.Errorf("%s holds no row", name)
	}
	return *s, nil
}

func (s *Sheet) add(number int, line string) error {
	if s.Columns == nil && strings.HasPrefix(line, "#") {
		if k, v, ok := strings.Cut(strings.TrimPrefix(line, "# "), ": "); ok {
			s.Head[k] = v
		}
		return nil
	}
	cells := strings.Split(line, "\t")
	if s.Columns == nil {
		s.Columns = cells
		return nil
	}
	r := Row{Line: number, sheet: s, cells: cells}
	if len(cells) != len(s.Columns) {
		return r.Errorf("%d cells, %d columns", len(cells), len(s.Columns))
	}
	for _, c := range cells {
		if strings.TrimSpace(c) != c {
			return r.Errorf("white space around a cell")
		}
	}
	s.Rows = append(s.Rows, r)
	return nil
}

// Need fails when a column is missing.
func (s Sheet) Need(columns ...string) error {
	for _, c := range columns {
		if !slices.Contains(s.Columns, c) {
			return fmt.Errorf("column %s is missing", c)
		}
	}
	return nil
}

// Get is the cell in the named column, empty where the sheet has no such column.
func (r Row) Get(column string) string {
	i := slices.Index(r.sheet.Columns, column)
	if i < 0 {
		return ""
	}
	return r.cells[i]
}

// Errorf is an error that names the row's line.
func (r Row) Errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %s", r.Line, fmt.Sprintf(format, args...))
}
