package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/names"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/private"
	"ccpor/vault"
)

// searchCommand measures how long searches take among many orders and whom they find, beside what a user of the same database would write: ILIKE, and Postgres' full text.
type searchCommand struct {
	Count   int    `default:"10000000" help:"How many orders there are."`
	Seed    uint64 `default:"1" help:"Which orders, and which slips."`
	Queries int    `default:"400" help:"How many searches of each kind."`
	Slips   int    `default:"300" help:"How many slips of each class."`
	Plain   int    `default:"12" help:"How many searches of each kind without our indexes; each may take seconds."`
	Keep    string `help:"A folder in which the database stays, so that the next run finds it; empty: it is gone at the end." placeholder:"FOLDER"`
	Fill    bool   `help:"Fill the database and measure nothing; with --keep."`
	Out     string `default:"bench/search.json" help:"Where the figures go." placeholder:"FILE"`
}

// searched is what a run of it found.
type searched struct {
	Machine machine    `json:"machine"`
	At      time.Time  `json:"at"`
	Count   int        `json:"orders"`
	Rows    int64      `json:"rows"`
	Words   int64      `json:"words"`
	Bytes   int64      `json:"bytes_of_names"`
	Kinds   []kindTook `json:"searches"`
	Pages   []kindTook `json:"pages"`
	Plain   []kindTook `json:"plain"`
	Recall  []recalled `json:"recall"`
}

// kindTook is how long searches of one kind took, in milliseconds.
type kindTook struct {
	Kind    string  `json:"kind"`
	Queries int     `json:"queries"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Found   float64 `json:"found"` // on average
}

// recalled is in how many searches of a class of slips somebody of the very name that was meant was among the first ten.
type recalled struct {
	Class    string  `json:"class"`
	Searches int     `json:"searches"`
	Ours     float64 `json:"ours"`
	// Page is among all that the first page shows, Born among the first ten where the date of birth is asked, too, of those who have one.
	Page float64 `json:"page"`
	Born float64 `json:"born"`
	// Like and Text are what the others can find at best: whether the words that were asked are in the name at all.
	Like float64 `json:"ilike"`
	Text float64 `json:"full_text"`
}

func (c *searchCommand) Run(ctx context.Context, p *progress) error {
	dir := c.Keep
	if dir == "" {
		made, err := os.MkdirTemp("", "ccpor-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(made)
		dir = made
	}
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755)); err != nil {
		return err
	}
	var server *private.Server
	if err := p.phase("starting Postgres", func() (_ string, err error) {
		server, err = private.Start(ctx, private.Config{Dir: filepath.Join(dir, "postgres"),
			Settings: map[string]string{"max_wal_size": "4GB", "checkpoint_timeout": "1h", "autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0", "shared_buffers": "1GB", "synchronous_commit": "off"}})
		return "", err
	}); err != nil {
		return err
	}
	return errors.Join(c.measure(ctx, p, dir, server.URL()), server.Stop(context.WithoutCancel(ctx)))
}

func (c *searchCommand) measure(ctx context.Context, p *progress, dir, url string) error {
	of, err := newPopulation(c.Seed)
	if err != nil {
		return err
	}
	keys, err := c.populate(ctx, p, dir, url, of)
	if err != nil {
		return err
	}
	if c.Fill {
		return nil
	}
	r, err := store.OpenReader(ctx, url, store.Options{Keys: keys})
	if err != nil {
		return err
	}
	defer r.Close()
	s := searched{At: time.Now().UTC().Truncate(time.Second), Count: c.Count}
	if s.Machine, err = describe(ctx, &rig{dir: dir, url: url}); err != nil {
		return err
	}
	seeker := &seeker{c: c, of: of, reader: r, url: url, keys: keys, p: p, report: &s}
	if seeker.book, err = names.Load(); err != nil {
		return err
	}
	for _, do := range []func(context.Context) error{seeker.size, seeker.warm, seeker.kinds, seeker.pages, seeker.recall, seeker.plain} {
		if err := errors.Join(do(ctx), c.write(s)); err != nil {
			return err
		}
	}
	return nil
}

// write keeps what is known by now: what comes last takes longest.
func (c *searchCommand) write(s searched) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.Out, append(raw, '\n'), 0o644)
}

// populate migrates and fills the database, unless an earlier run has left it so.
func (c *searchCommand) populate(ctx context.Context, p *progress, dir, url string, of *population) (*vault.Keys, error) {
	file, done := filepath.Join(dir, "keys.json"), filepath.Join(dir, fmt.Sprintf("filled-%d-%d", c.Seed, c.Count))
	if err := store.Migrate(ctx, url); err != nil {
		return nil, err
	}
	if _, err := os.Stat(done); err == nil {
		return vault.Read(file)
	}
	keys, err := vault.Create(file)
	if err != nil {
		return nil, err
	}
	s, err := newSettler(url, keys, of, c.Count)
	if err != nil {
		return nil, err
	}
	if err := s.settle(ctx, p); err != nil {
		return nil, err
	}
	return keys, os.WriteFile(done, nil, 0o644)
}

// copyPlain writes the table that the others search: a row for each person.
func (s *settler) copyPlain(ctx context.Context) error {
	if err := s.exec(ctx, "drop table if exists plain; create table plain (order_id bigint not null, name text not null)"); err != nil {
		return err
	}
	if err := s.copyTo(ctx, "plain", []string{"order_id", "name"}, func(o filed, put func(...any)) error {
		for _, n := range o.people() {
			put(int64(o.number), n.Full())
		}
		return nil
	}); err != nil {
		return err
	}
	for _, sql := range []string{"create index plain_text on plain using gin (to_tsvector('simple', name))", "vacuum analyze plain"} {
		if err := s.exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// seeker searches, and tells how it went.
type seeker struct {
	c      *searchCommand
	of     *population
	book   *names.Book
	reader *store.Reader
	url    string
	keys   *vault.Keys
	p      *progress
	report *searched
}

func (s *seeker) size(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return conn.QueryRow(ctx, `select (select reltuples::bigint from pg_class where relname = 'named'), (select count(*) from name_word),
		pg_total_relation_size('named') + pg_total_relation_size('name_word') + pg_total_relation_size('name_key')`).Scan(&s.report.Rows, &s.report.Words, &s.report.Bytes)
}

// warm reads the indexes and the orders' rows once, and searches for some people, as a server that has been up for a day has: measured is a registry in use and not the first minute after a start. The documents of who is found come from
// the disk, as they will where there are more of them than memory holds.
func (s *seeker) warm(ctx context.Context) error {
	return s.p.phase("reading tables and indexes once", func() (string, error) {
		conn, err := pgx.Connect(ctx, s.url)
		if err != nil {
			return "", err
		}
		defer conn.Close(context.WithoutCancel(ctx))
		rows, err := conn.Query(ctx, `select current_setting('data_directory') || '/' || pg_relation_filepath(c.oid) from pg_class c left join pg_index i on i.indexrelid = c.oid
			where c.relkind in ('r', 'i') and coalesce(i.indrelid, c.oid)::regclass::text in ('named', 'name_word', 'name_key', 'order_', 'order_version', 'oca') and c.relname not in ('named', 'order_version') order by c.relkind desc`)
		if err != nil {
			return "", err
		}
		files, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return "", err
		}
		var read int64
		for _, file := range files {
			segments, err := filepath.Glob(file + "*")
			if err != nil {
				return "", err
			}
			for _, segment := range segments {
				n, err := readThrough(segment)
				if read += n; err != nil {
					return "", err
				}
			}
		}
		return fmt.Sprintf("%.1f GB", float64(read)/(1<<30)), s.first(ctx)
	})
}

// first searches for as many people as each kind does, unmeasured.
func (s *seeker) first(ctx context.Context) error {
	r := s.random("before")
	for range s.c.Queries {
		_, asked := s.slipped(r, wrong("as it is"))
		if _, err := s.reader.Search(ctx, search(store.Search{Name: asked})); err != nil {
			return err
		}
	}
	return nil
}

func readThrough(file string) (int64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(io.Discard, f)
}

// person is one of the orders' people, who is looked for.
type person struct {
	filed
	name order.Name
	born *order.Date
}

func (s *seeker) person(r *rand.Rand) person {
	o := s.of.order(1 + r.IntN(s.c.Count))
	p := person{o, o.restrained, o.born}
	if len(o.protected) > 0 && r.IntN(4) == 0 {
		other := o.protected[r.IntN(len(o.protected))]
		p.name, p.born = other.Name, other.Born
	}
	return p
}

func (s *seeker) random(class string) *rand.Rand {
	n := s.c.Seed
	for _, b := range []byte(class) {
		n = n*31 + uint64(b)
	}
	return rand.New(rand.NewPCG(n, s.c.Seed))
}

func wrong(class string) slip {
	return slips[slices.IndexFunc(slips, func(s slip) bool { return s.name == class })]
}

// slipped is a person with a slip of a class.
func (s *seeker) slipped(r *rand.Rand, of slip) (person, names.Asked) {
	for {
		p := s.person(r)
		if p.name.Given == "" {
			continue
		}
		if asked, ok := of.wrong(r, s.book, p.name); ok {
			return p, asked
		}
	}
}

var today = order.MakeDate(2026, 1, 1)

func search(q store.Search) store.Search {
	q.Today = today
	return q
}

// kinds measures each kind of search.
func (s *seeker) kinds(ctx context.Context) error {
	by := func(class string, more func(person, *store.Search)) func(*rand.Rand) store.Search {
		return func(r *rand.Rand) store.Search {
			p, asked := s.slipped(r, wrong(class))
			q := store.Search{Name: asked}
			if more != nil {
				more(p, &q)
			}
			return q
		}
	}
	common := names.Asked{Either: "jose garcia"}
	for _, kind := range []struct {
		name string
		make func(*rand.Rand) store.Search
	}{
		{"a name, as it is", by("as it is", nil)},
		{"a letter missing", by("a letter missing", nil)},
		{"two letters swapped", by("two letters swapped", nil)},
		{"two letters wrong", by("two letters wrong", nil)},
		{"as it sounds", by("as it sounds", nil)},
		{"an initial and a surname", by("initial", nil)},
		{"a name with its middle name", func(r *rand.Rand) store.Search {
			for {
				p := s.person(r)
				asked := names.Asked{Either: p.name.Full()}
				if _, err := s.book.Ask(asked); err == nil && p.name.Middle != "" {
					return store.Search{Name: asked}
				}
			}
		}},
		{"a name and a date of birth", by("as it is", func(p person, q *store.Search) { q.Born = dates(p.born) })},
		{"a letter wrong, and a date of birth", by("a letter wrong", func(p person, q *store.Search) { q.Born = dates(p.born) })},
		{"a surname", func(r *rand.Rand) store.Search {
			return store.Search{Name: names.Asked{Either: s.person(r).name.Surname}}
		}},
		{"the beginning of a surname", func(r *rand.Rand) store.Search {
			w := strings.Fields(names.Fold(s.person(r).name.Surname))[0]
			return store.Search{Name: names.Asked{Either: w[:min(len(w), 4)] + "*"}}
		}},
		{"José García", func(*rand.Rand) store.Search { return store.Search{Name: common} }},
		{"José García, of a county", func(r *rand.Rand) store.Search {
			return store.Search{Name: common, Narrow: store.Narrow{County: fmt.Sprintf("CA%03d", 1+r.IntN(58)), Status: store.OrderInForce}}
		}},
		{"José García, and a date of birth", func(r *rand.Rand) store.Search {
			return store.Search{Name: common, Born: dates(s.person(r).filed.born)}
		}},
		{"García, of a county, expired", func(r *rand.Rand) store.Search {
			return store.Search{Name: names.Asked{Either: "garcia"}, Narrow: store.Narrow{County: fmt.Sprintf("CA%03d", 1+r.IntN(58)), Status: store.OrderExpired}}
		}},
		{"a date of birth alone", func(r *rand.Rand) store.Search { return store.Search{Born: []order.Date{*s.of.born(r)}} }},
		{"a case number", func(r *rand.Rand) store.Search { return store.Search{Numbers: []string{s.person(r).caseNumber}} }},
		{"an FCN and a name", by("as it is", func(p person, q *store.Search) { q.Numbers = []string{p.fcn} })},
	} {
		if err := s.kind(ctx, kind.name, kind.make); err != nil {
			return err
		}
	}
	return nil
}

func dates(d *order.Date) []order.Date {
	if d == nil {
		return []order.Date{order.MakeDate(1980, 4, 2)}
	}
	return []order.Date{*d}
}

func (s *seeker) kind(ctx context.Context, name string, make func(*rand.Rand) store.Search) error {
	return s.p.phase(name, func() (string, error) {
		r, found := s.random(name), 0
		k, err := took(name, s.c.Queries, func() (func() error, error) {
			q := search(make(r))
			return func() error {
				hits, err := s.reader.Search(ctx, q)
				found += len(hits.Hits)
				return err
			}, nil
		})
		k.Found = float64(found) / float64(s.c.Queries)
		s.report.Kinds = append(s.report.Kinds, k)
		return fmt.Sprintf("p50 %.1f, p99 %.1f ms, %.1f found", k.P50, k.P99, k.Found), err
	})
}

// took measures n rounds, each of which is prepared outside of its time.
func took(kind string, n int, prepare func() (func() error, error)) (kindTook, error) {
	var ms []float64
	for range n {
		do, err := prepare()
		if err != nil {
			return kindTook{}, err
		}
		began := time.Now()
		if err := do(); err != nil {
			return kindTook{}, err
		}
		ms = append(ms, float64(time.Since(began).Microseconds())/1000)
	}
	slices.Sort(ms)
	return kindTook{Kind: kind, Queries: n, P50: ms[(n-1)/2], P99: ms[(n-1)*99/100]}, nil
}

// recall counts, of each class of slips, how often the name that was meant is among the first ten.
func (s *seeker) recall(ctx context.Context) error {
	for _, of := range slips {
		if err := s.p.phase("recall: "+of.name, func() (string, error) {
			r, rec, born := s.random(of.name), recalled{Class: of.name, Searches: s.c.Slips}, 0.0
			for range s.c.Slips {
				p, asked := s.slipped(r, of)
				q := search(store.Search{Name: asked, Narrow: store.Narrow{Test: p.test}})
				hits, err := s.reader.Search(ctx, q)
				if err != nil {
					return "", err
				}
				if p.born != nil {
					q.Born, q.Limit = dates(p.born), 10
					known, err := s.reader.Search(ctx, q)
					if err != nil {
						return "", err
					}
					born++
					rec.Born += share(slices.ContainsFunc(known.Hits, func(h store.Hit) bool { return meant(h, p.name) }))
				}
				full := names.Fold(p.name.Full())
				words := strings.Fields(names.Fold(asked.Either + " " + asked.Given + " " + asked.Surname))
				is := slices.IndexFunc(hits.Hits, func(h store.Hit) bool { return meant(h, p.name) })
				rec.Ours += share(is >= 0 && is < 10)
				rec.Page += share(is >= 0)
				rec.Like += share(!slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(full, w) }))
				rec.Text += share(!slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(strings.Fields(full), w) }))
			}
			for _, f := range []*float64{&rec.Ours, &rec.Page, &rec.Like, &rec.Text} {
				*f /= float64(s.c.Slips)
			}
			rec.Born /= max(1, born)
			s.report.Recall = append(s.report.Recall, rec)
			return fmt.Sprintf("%.3f, on the first page %.3f, with the date of birth %.3f; ILIKE at best %.3f, full text %.3f", rec.Ours, rec.Page, rec.Born, rec.Like, rec.Text), nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// meant says that a hit is somebody of the given name and surname that were meant.
func meant(h store.Hit, n order.Name) bool {
	return names.Fold(h.Name.Surname) == names.Fold(n.Surname) && names.Fold(h.Name.Given) == names.Fold(n.Given)
}

func share(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// plain measures what a user would write who has the names in one column.
func (s *seeker) plain(ctx context.Context) error {
	of := &settler{url: s.url, of: s.of, count: s.c.Count}
	if err := s.p.phase("writing names for ILIKE and full text", func() (string, error) { return "", of.copyPlain(ctx) }); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, way := range []struct {
		name, class, sql string
		rounds           int
		argument         func(words []string) []any
	}{
		{"ILIKE, as it is", "as it is", "select order_id, name from plain where name ilike $1 and name ilike $2 limit 50", s.c.Plain, like},
		{"ILIKE, a letter missing", "a letter missing", "select order_id, name from plain where name ilike $1 and name ilike $2 limit 50", s.c.Plain, like},
		{"full text, as it is", "as it is", "select order_id, name from plain where to_tsvector('simple', name) @@ to_tsquery('simple', $1) limit 50", s.c.Queries, text},
		{"full text, a letter missing", "a letter missing", "select order_id, name from plain where to_tsvector('simple', name) @@ to_tsquery('simple', $1) limit 50", s.c.Queries, text},
	} {
		if err := s.p.phase(way.name, func() (string, error) {
			r, found := s.random(way.name), 0
			k, err := took(way.name, way.rounds, func() (func() error, error) {
				_, asked := s.slipped(r, wrong(way.class))
				args := way.argument(strings.Fields(names.Fold(asked.Either)))
				return func() error {
					rows, err := conn.Query(ctx, way.sql, args...)
					if err != nil {
						return err
					}
					defer rows.Close()
					for rows.Next() {
						found++
					}
					return rows.Err()
				}, nil
			})
			k.Found = float64(found) / float64(way.rounds)
			s.report.Plain = append(s.report.Plain, k)
			return fmt.Sprintf("p50 %.1f, p99 %.1f ms, %.1f found", k.P50, k.P99, k.Found), err
		}); err != nil {
			return err
		}
	}
	return nil
}

func like(words []string) []any {
	return []any{"%" + words[0] + "%", "%" + words[len(words)-1] + "%"}
}

func text(words []string) []any { return []any{strings.Join(words, " & ")} }

func (s searched) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Search among %d orders, %s, on: %s. %d rows and %d words of names, %.1f GB with their indexes.\n\n", s.Count, s.At.Format(time.DateOnly), s.Machine, s.Rows, s.Words, float64(s.Bytes)/(1<<30))
	b.WriteString("| search | p50 ms | p99 ms | found |\n|---|---|---|---|\n")
	for _, k := range s.Kinds {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %.1f |\n", k.Kind, k.P50, k.P99, k.Found)
	}
	b.WriteString("\n| page, to the last byte, with its entry in the audit log | p50 ms | p99 ms | KB |\n|---|---|---|---|\n")
	for _, k := range s.Pages {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %.1f |\n", k.Kind, k.P50, k.P99, k.Found)
	}
	b.WriteString("\n| the same in one column of names | p50 ms | p99 ms | found | p50, times ours |\n|---|---|---|---|---|\n")
	for _, k := range s.Plain {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %.1f | %.2f |\n", k.Kind, k.P50, k.P99, k.Found, k.P50/s.ours(k.Kind))
	}
	b.WriteString("\n| the name that was meant | among the first ten | among the first 25 | among the first ten, the date of birth asked, too | ILIKE at best | full text at best |\n|---|---|---|---|---|---|\n")
	for _, r := range s.Recall {
		fmt.Fprintf(&b, "| %s | %.3f | %.3f | %.3f | %.3f | %.3f |\n", r.Class, r.Ours, r.Page, r.Born, r.Like, r.Text)
	}
	b.WriteString("\n")
	return b.String()
}

// ours is the p50 of our search for what another one looked for: its kind without its name.
func (s searched) ours(kind string) float64 {
	_, of, _ := strings.Cut(kind, ", ")
	for _, k := range s.Kinds {
		if strings.HasSuffix(k.Kind, of) {
			return k.P50
		}
	}
	return 1
}
