package sigtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// listener is a test whose errors are listened to instead.
type listener struct {
	testing.TB
	errors []string
}

func (l *listener) Helper() {}

func (l *listener) Errorf(format string, args ...any) {
	l.errors = append(l.errors, fmt.Sprintf(format, args...))
}

// The table excuses what it lists, nothing else, and never what this hub alone accepts.
func TestTableIsExact(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "table.tsv")
	text := "case\tours\txmlsec1\twhy\na\tsig.X\taccepts\tso\nb\taccepts\trefuses\tso\nmessages/c/d\tY\taccepts\tso\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		table func(testing.TB, string) *Table
		rows  []Row
		want  []string // beginnings
	}{
		{"listed", Messages, []Row{{"messages/c/d", "Y", Accepts}, {"messages/c/e", "Y", "refuses"}, {"messages/c/f", Accepts, Accepts}}, nil},
		{"not listed", Messages, []Row{{"messages/c/d", "Y", Accepts}, {"messages/c/e", "Y", Accepts}}, []string{"not in"}},
		{"listed with another code", Messages, []Row{{"messages/c/d", "Z", Accepts}}, []string{"not in", file}},
		{"of the other test", Messages, []Row{{"messages/c/d", "Y", Accepts}, {"a", "sig.X", Accepts}}, []string{"not in"}},
		{"accepted here alone", Documents, []Row{{"a", "sig.X", Accepts}, {"b", Accepts, "refuses"}}, []string{"b: accepted here"}},
		{"not needed", Messages, []Row{{"messages/c/d", "Y", "refuses"}}, []string{file}},
	} {
		l := &listener{TB: t}
		table := c.table(l, file)
		for _, row := range c.rows {
			table.Compare(l, row, nil)
		}
		table.Unseen(l)
		if len(l.errors) != len(c.want) {
			t.Errorf("%s: %q, want %q", c.name, l.errors, c.want)
			continue
		}
		for i, want := range c.want {
			if !strings.HasPrefix(l.errors[i], want) {
				t.Errorf("%s: %q, want %q", c.name, l.errors[i], want)
			}
		}
	}
}
