package main

import (
	"strings"
	"testing"
)

func TestScriptValues(t *testing.T) {
	t.Parallel()
	s := &script{}
	text := func(v string) *string { return &v }
	for _, c := range []struct {
		value *string
		want  string
	}{
		{nil, "null"},
		{text(""), "''::text"},
		{text("a b"), ":v0::text"},
		{text("c=d"), ":v1::text"},
		{text(strings.Repeat("x", maxArgument+1)), "(select value from probe_large where n = 1)"},
	} {
		if got := s.value(c.value, "text"); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := strings.Join(s.vars, ";"); got != "v0=a b;v1=c=d" || len(s.large) != 1 {
		t.Errorf("variables %q, %d large", got, len(s.large))
	}
}

func TestScriptText(t *testing.T) {
	t.Parallel()
	s := &script{}
	s.statements.WriteString("begin;\ncommit;\n")
	if got := s.text(false); got != "begin;\ncommit;\n" {
		t.Errorf("plain: %q", got)
	}
	if got := s.text(true); got != "\\startpipeline\nbegin;\ncommit;\n\\endpipeline\n" {
		t.Errorf("pipelined: %q", got)
	}
}

func TestMajor(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{"/usr/lib/postgresql/15/bin/pgbench": 15, "/usr/lib/postgresql/9/bin/pgbench": 9, "/opt/pg/bin/pgbench": 0, "pgbench": 0} {
		if got := major(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}
