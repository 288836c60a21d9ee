package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The database's probe writes, with pgbench, the rows that one order leaves behind, one order a transaction. The rows are those of an
// order that the hub has just kept: read back, and written again with new keys into a database of their own.

// probed are the tables in the order in which their rows are written, each with how the order's row is found in it ($1 is the submission),
// and what takes the place of its keys. In a script, the submission's number is drawn first, by the first table.
var probed = []struct {
	table, find string
	keys        map[string]string
}{
	{"order_", "id = (select order_id from submission where id = $1)", map[string]string{
		"local_id": "'P' || nextval('submission_id')", "added_by": submissionKey, "oca": "'P' || " + submissionKey}},
	{"submission", "id = $1", map[string]string{"id": submissionKey, "tracking": "'P' || " + submissionKey, "package": "'P' || " + submissionKey, "order_id": orderKey}},
	{"oca", "order_id = (select order_id from submission where id = $1)", map[string]string{"oca": "'P' || " + submissionKey, "order_id": orderKey}},
	{"image_content", "sha256 = (select sha256 from image where submission_id = $1)", map[string]string{"sha256": digestKey}},
	{"image", "submission_id = $1", map[string]string{"submission_id": submissionKey, "sha256": digestKey}},
	{"received", "submission_id = $1", map[string]string{"submission_id": submissionKey}},
	{"order_version", "submission_id = $1", map[string]string{"order_id": orderKey, "submission_id": submissionKey}},
	{"transmission", "submission_id = $1", map[string]string{"id": "nextval('transmission_id')", "order_id": orderKey, "submission_id": submissionKey}},
	{"audit", "object = 'submission ' || (select tracking from submission where id = $1)", nil},
	{"river_job", "(args->>'transmission_id')::bigint = (select id from transmission where submission_id = $1)", map[string]string{"id": "default"}},
}

const (
	submissionKey = "currval('submission_id')"
	orderKey      = "currval(pg_get_serial_sequence('order_', 'id'))"
	digestKey     = "sha256(int8send(" + submissionKey + "))"
)

// script is a pgbench script with the values of its variables.
type script struct {
	statements strings.Builder
	vars       []string // name=value
	// large are values that no command line carries: they are rows of a table of the probe's database.
	large []string
}

// maxArgument is what Linux allows for one argument of a program, less some room.
const maxArgument = 120 << 10

// value adds a value as a variable of the script, and returns what stands for it in SQL.
func (s *script) value(text *string, typ string) string {
	switch {
	case text == nil:
		return "null"
	case *text == "": // which pgbench takes for no value
		return "''::" + typ
	case len(*text) > maxArgument:
		s.large = append(s.large, *text)
		return fmt.Sprintf("(select value from probe_large where n = %d)", len(s.large))
	}
	name := "v" + strconv.Itoa(len(s.vars))
	s.vars = append(s.vars, name+"="+*text)
	return ":" + name + "::" + typ
}

// newScript reads the rows of the newest submission.
func newScript(ctx context.Context, conn *pgx.Conn) (*script, error) {
	var submission int64
	if err := conn.QueryRow(ctx, "select max(id) from submission where state = 'accepted'").Scan(&submission); err != nil {
		return nil, fmt.Errorf("finding an order: %w", err)
	}
	s := &script{}
	s.statements.WriteString("begin;\n")
	for _, p := range probed {
		if err := s.copy(ctx, conn, p.table, p.find, p.keys, submission); err != nil {
			return nil, fmt.Errorf("reading the rows of %s: %w", p.table, err)
		}
	}
	s.statements.WriteString("commit;\n")
	return s, nil
}

// text is the script: a round trip for each statement, or a pipeline of them all.
func (s *script) text(pipelined bool) string {
	if pipelined {
		return "\\startpipeline\n" + s.statements.String() + "\\endpipeline\n"
	}
	return s.statements.String()
}

// column is a column of a table that a row may be given.
type column struct{ Name, Type string }

func (s *script) copy(ctx context.Context, conn *pgx.Conn, table, find string, keys map[string]string, submission int64) error {
	rows, err := conn.Query(ctx, `select attname, format_type(atttypid, atttypmod) from pg_attribute
		where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity <> 'a' and attgenerated = '' order by attnum`, table)
	if err != nil {
		return err
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	if err != nil {
		return err
	}
	names, texts := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], texts[i] = pgx.Identifier{c.Name}.Sanitize(), pgx.Identifier{c.Name}.Sanitize()+"::text"
	}
	rows, err = conn.Query(ctx, fmt.Sprintf("select array[%s] from %s where %s", strings.Join(texts, ", "), table, find), submission)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[[]*string])
	if err != nil {
		return err
	}
	for _, values := range found {
		out := make([]string, len(columns))
		for i, c := range columns {
			var ours bool
			if out[i], ours = keys[c.Name]; !ours {
				out[i] = s.value(values[i], c.Type)
			}
		}
		fmt.Fprintf(&s.statements, "insert into %s (%s) values (%s);\n", table, strings.Join(names, ", "), strings.Join(out, ", "))
	}
	return nil
}

var tps = regexp.MustCompile(`(?m)^tps = ([0-9.]+) `)

// probeDatabase writes the rows of the newest order of one database over and over into another, and returns the orders a second: with a round trip for each
// statement, and with all statements of an order sent at once.
func probeDatabase(ctx context.Context, dir, from, into string, most time.Duration) (plain, pipelined float64, err error) {
	source, err := pgx.Connect(ctx, from)
	if err != nil {
		return 0, 0, err
	}
	defer source.Close(context.WithoutCancel(ctx))
	s, err := newScript(ctx, source)
	if err != nil {
		return 0, 0, err
	}
	if err := keepLarge(ctx, into, s.large); err != nil {
		return 0, 0, err
	}
	if plain, err = s.run(ctx, dir, false, into, most); err != nil {
		return 0, 0, err
	}
	pipelined, err = s.run(ctx, dir, true, into, most)
	return plain, pipelined, err
}

func (s *script) run(ctx context.Context, dir string, pipelined bool, into string, most time.Duration) (float64, error) {
	file := filepath.Join(dir, "order.sql")
	if err := os.WriteFile(file, []byte(s.text(pipelined)), 0o600); err != nil {
		return 0, err
	}
	return pgbench(ctx, file, s.vars, into, most)
}

// keepLarge stores the values that the script refers to by number.
func keepLarge(ctx context.Context, databaseURL string, values []string) error {
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `create table if not exists probe_large (n int primary key, value bytea not null);
		alter table probe_large alter column value set storage external; truncate probe_large`); err != nil {
		return err
	}
	for i, v := range values {
		if _, err := conn.Exec(ctx, "insert into probe_large (n, value) values ($1, $2::text::bytea)", i+1, v); err != nil {
			return err
		}
	}
	return nil
}

func pgbench(ctx context.Context, file string, vars []string, databaseURL string, most time.Duration) (float64, error) {
	bin, err := findPgbench()
	if err != nil {
		return 0, err
	}
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return 0, errors.New("the database's URL cannot be read")
	}
	args := []string{"-n", "-M", "prepared", "-c", "8", "-j", "2", "-T", strconv.Itoa(int(most.Seconds())), "-f", file,
		"-h", config.Host, "-p", strconv.Itoa(int(config.Port)), "-U", config.User}
	for _, v := range vars {
		args = append(args, "-D", v)
	}
	cmd := exec.CommandContext(ctx, bin, append(args, config.Database)...)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+config.Password)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	found := tps.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("pgbench told no rate:\n%s", out)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}

// findPgbench looks beside the server programs, which Debian does not put into the path.
func findPgbench() (string, error) {
	if dir := os.Getenv("PG_BINDIR"); dir != "" {
		return exec.LookPath(filepath.Join(dir, "pgbench"))
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return slices.MaxFunc(found, func(a, b string) int { return major(a) - major(b) }), nil
	}
	return exec.LookPath("pgbench")
}

// major is the version in a path /usr/lib/postgresql/15/bin/pgbench; 0 where there is none.
func major(path string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return n
}
