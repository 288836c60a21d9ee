package names

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed data/*.tsv
var files embed.FS

// Book is the tables by which names are read. It never changes and is shared by goroutines.
type Book struct {
	particles, suffixes map[string]bool
	// called are the nicknames of a name, and the names of a nickname.
	called map[string][]string
	ears   []ear
}

// Load reads the tables, and refuses what is not in their shape.
func Load() (*Book, error) {
	b := &Book{particles: map[string]bool{}, suffixes: map[string]bool{}, called: map[string][]string{}}
	for _, t := range []struct {
		file    string
		columns int
		take    func(row []string) error
	}{
		{"particles", 2, func(row []string) error { b.particles[row[0]] = true; return nil }},
		{"suffixes", 1, func(row []string) error { b.suffixes[row[0]] = true; return nil }},
		{"nicknames", 3, func(row []string) error { b.nickname(row[0], row[1]); return nil }},
		{"sounds", 5, b.rule},
	} {
		if err := rows(t.file, t.columns, t.take); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// rows reads a table of a fixed number of columns; the first is a folded word or a name of the table's own.
func rows(file string, columns int, take func([]string) error) error {
	text, err := files.ReadFile("data/" + file + ".tsv")
	if err != nil {
		return fmt.Errorf("names: %w", err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(row) != columns || row[0] == "" {
			return fmt.Errorf("names: %s.tsv line %d: %d columns are needed", file, n, columns)
		}
		if err := take(row); err != nil {
			return fmt.Errorf("names: %s.tsv line %d: %w", file, n, err)
		}
	}
	return nil
}

func (b *Book) nickname(name, called string) {
	for _, pair := range [][2]string{{name, called}, {called, name}} {
		if known := b.called[pair[0]]; pair[0] != pair[1] && !slices.Contains(known, pair[1]) {
			b.called[pair[0]] = append(known, pair[1])
		}
	}
}

// Called are the nicknames of a given name and the names of which it is one, folded.
func (b *Book) Called(word string) []string { return b.called[word] }
