package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"ccpor/mapping/names"
	"ccpor/mapping/order"
	"ccpor/vault"
)

// settler puts the orders of a population into a migrated, empty database, as the intake would leave them, as far as a search reads them: without images and transmissions, and of submissions only what an order's page reads.
type settler struct {
	url   string
	of    *population
	count int
	book  *names.Book
	vault *vault.Vault
	ids   map[string]int64
	known map[string]bool // words of the dictionary
	rows  atomic.Int64
}

func newSettler(url string, keys *vault.Keys, of *population, count int) (*settler, error) {
	book, err := names.Load()
	if err != nil {
		return nil, err
	}
	return &settler{url: url, of: of, count: count, book: book, vault: vault.New(keys, keeping{url}, time.Now), ids: map[string]int64{}, known: map[string]bool{}}, nil
}

// settle fills the tables, then makes the indexes of the large one.
func (s *settler) settle(ctx context.Context, p *progress) error {
	indexes, err := s.withoutIndexes(ctx)
	if err != nil {
		return err
	}
	// Conflicts are judged by the page itself; the hub's own judgement of ten million orders is not what is measured.
	if err := s.exec(ctx, "alter table order_version disable trigger order_version_to_judge; alter table oca disable trigger oca_no_truncate; insert into agency (ori, name, county, kind, carpos_name, mnemonic, submits, test, max_document_bytes, confirm_text) values ('CA030013J', 'Superior Court of California, County of Orange', 'Orange', 'court', 'ORANGE', '', false, false, 0, '')"); err != nil {
		return err
	}
	if err := p.phase("writing orders and names", func() (string, error) {
		group, filling := errgroup.WithContext(ctx)
		group.Go(func() error { return s.copyOrders(filling) })
		group.Go(func() error { return s.copyVersions(filling) })
		group.Go(func() error { return s.copyNamed(filling) })
		group.Go(func() error { return s.copySubmissions(filling) })
		group.Go(func() error { return s.copyReceived(filling) })
		group.Go(func() error { return s.copyOCAs(filling) })
		err := group.Wait()
		return fmt.Sprintf("%d orders, %d rows of names, %d words", s.count, s.rows.Load(), len(s.known)), err
	}); err != nil {
		return err
	}
	if err := p.phase("writing the dictionary", func() (string, error) { return "", s.copyWords(ctx) }); err != nil {
		return err
	}
	for _, sql := range append(indexes, "select setval(pg_get_serial_sequence('order_', 'id'), (select max(id) from order_))", "vacuum analyze order_, order_version, submission, received, oca, named, name_word, name_key") {
		if err := p.phase(sql[:min(len(sql), 40)], func() (string, error) { return "", s.exec(ctx, sql) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *settler) exec(ctx context.Context, sql string) error {
	return s.with(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql)
		return err
	})
}

func (s *settler) with(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "set synchronous_commit = off; set maintenance_work_mem = '1500MB'; set max_parallel_maintenance_workers = 1"); err != nil {
		return err
	}
	return do(conn)
}

// withoutIndexes takes the indexes of names away, and returns how they are made. Those of submissions, by which no search of orders goes, are gone.
func (s *settler) withoutIndexes(ctx context.Context) (made []string, err error) {
	err = s.with(ctx, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, "select tablename, indexname, indexdef from pg_indexes where (tablename = 'named' or tablename = 'submission' and indexname not in ('submission_pkey', 'submission_tracking')) and schemaname = current_schema()")
		if err != nil {
			return err
		}
		var drop []string
		var table, name, how string
		if _, err = pgx.ForEachRow(rows, []any{&table, &name, &how}, func() error {
			drop = append(drop, name)
			if table == "named" {
				made = append(made, how)
			}
			return nil
		}); err != nil || len(drop) == 0 {
			return err
		}
		_, err = conn.Exec(ctx, "drop index "+strings.Join(drop, ", "))
		return err
	})
	return made, err
}

// copyTo writes the rows of every order into a table.
func (s *settler) copyTo(ctx context.Context, table string, columns []string, rows func(o filed, put func(...any)) error) error {
	return s.with(ctx, func(conn *pgx.Conn) error {
		next, at := 0, 0
		var waiting [][]any
		if _, err := conn.Exec(ctx, "begin; truncate "+table+" cascade"); err != nil { // what is written into a table of this transaction's own needs no log
			return err
		}
		_, err := conn.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
			for at == len(waiting) {
				if next == s.count {
					return nil, nil
				}
				next, at, waiting = next+1, 0, waiting[:0]
				if err := rows(s.of.order(next), func(row ...any) { waiting = append(waiting, row) }); err != nil {
					return nil, err
				}
			}
			at++
			return waiting[at-1], nil
		}))
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "commit")
		return err
	})
}

func (s *settler) copyOrders(ctx context.Context) error {
	return s.copyTo(ctx, "order_", []string{"id", "court", "local_id", "test", "added_by", "agency_id", "version", "next_seq", "open", "relay", "entered", "oca", "fcn", "nic", "next_version", "follows", "imaged", "attached"},
		func(o filed, put func(...any)) error {
			put(int64(o.number), o.court, o.localID, o.test, int64(o.number), int64(1), 1, 3, 0, "owed", true, o.oca(), o.fcn, "", 2, "", true, false)
			return nil
		})
}

func (s *settler) copyVersions(ctx context.Context) error {
	return s.copyTo(ctx, "order_version", []string{"order_id", "version", "submission_id", "document", "form", "designator", "case_number", "issued", "expires", "access", "surname", "given", "born", "protected"},
		func(o filed, put func(...any)) error {
			document, err := json.Marshal(o.domain())
			if err != nil {
				return err
			}
			sealed, err := s.vault.Seal(ctx, "order_version.document/"+string(o.tracking()), framed(document))
			if err != nil {
				return err
			}
			put(int64(o.number), 1, int64(o.number), sealed, "CR-160", o.designator, o.caseNumber, day(&o.issued), day(o.expires), string(o.access), names.Fold(o.restrained.Surname), names.Fold(o.restrained.Given), day(o.born), "")
			return nil
		})
}

func (s *settler) copySubmissions(ctx context.Context) error {
	hash := make([]byte, 32)
	return s.copyTo(ctx, "submission", []string{"id", "tracking", "agency_id", "package", "action", "state", "test", "received_at", "peer", "correlation", "digest", "canonical", "signer", "algorithm", "order_id", "due_rule", "not_owed", "waited_for", "refused_stage", "refused_code", "named"},
		func(o filed, put func(...any)) error {
			put(int64(o.number), string(o.tracking()), int64(1), o.localID, "add", "accepted", o.test, o.issued.At(0, time.UTC), "", "", hash, hash, hash, "", int64(o.number), "", "agency", "", "", "", true)
			return nil
		})
}

func (s *settler) copyReceived(ctx context.Context) error {
	return s.copyTo(ctx, "received", []string{"submission_id", "wire_bytes", "whole", "content_type", "stages", "notes"}, func(o filed, put func(...any)) error {
		put(int64(o.number), int64(0), true, "", "[]", "[]")
		return nil
	})
}

func (s *settler) copyOCAs(ctx context.Context) error {
	return s.copyTo(ctx, "oca", []string{"oca", "order_id"}, func(o filed, put func(...any)) error {
		put(o.oca(), int64(o.number))
		return nil
	})
}

// framed is a zstd frame of one block that is not compressed (RFC 8878, 3.1.1), of 256 to 65,791 bytes: to compress millions of documents would take longer than all else.
func framed(content []byte) []byte {
	n := len(content)
	frame := append([]byte{0x28, 0xB5, 0x2F, 0xFD, 0x60, byte(n - 256), byte((n - 256) >> 8), byte(n<<3 | 1), byte(n >> 5), byte(n >> 13)}, content...)
	return frame
}

// copyNamed writes what store.Accept would: a test holds the two against each other.
func (s *settler) copyNamed(ctx context.Context) error {
	return s.copyTo(ctx, "named", []string{"order_id", "version", "side", "access", "surname", "given", "test", "born", "court", "designator", "issued", "expires"},
		func(o filed, put func(...any)) error {
			type key struct {
				side           string
				surname, given int64
				born           order.Date
			}
			seen := map[key]bool{}
			add := func(side string, name order.Name, born *order.Date) {
				for _, pair := range s.pairs(name) {
					k := key{side, pair[0], pair[1], order.Date{}}
					if born != nil {
						k.born = *born
					}
					if !seen[k] {
						seen[k] = true
						s.rows.Add(1)
						put(int64(o.number), 1, side[0], o.access[0], pair[0], pair[1], o.test, day(born), o.court, o.designator, day(&o.issued), day(o.expires))
					}
				}
			}
			add("restrained", o.restrained, o.born)
			for _, a := range o.aliases {
				add("alias", a, o.born)
			}
			for _, p := range o.protected {
				add("protected", p.Name, nil)
			}
			return nil
		})
}

func (s *settler) pairs(name order.Name) (pairs [][2]int64) {
	n := s.book.Of(name)
	for _, part := range []names.Part{n.Surname, n.Given} {
		for _, w := range part.Known() {
			s.known[w] = true
		}
	}
	given := []int64{0}
	if all := n.Given.All(); len(all) > 0 {
		given = given[:0]
		for _, w := range all {
			given = append(given, s.id(w))
		}
	}
	for _, w := range n.Surname.All() {
		id := s.id(w)
		for _, g := range given {
			pairs = append(pairs, [2]int64{id, g})
		}
	}
	return pairs
}

func (s *settler) id(word string) int64 {
	id, known := s.ids[word]
	if !known {
		id = names.ID(word)
		s.ids[word] = id
	}
	return id
}

func (s *settler) copyWords(ctx context.Context) error {
	words := slices.Sorted(maps.Keys(s.known))
	return s.with(ctx, func(conn *pgx.Conn) error {
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{"name_word"}, []string{"word"}, pgx.CopyFromSlice(len(words), func(i int) ([]any, error) { return []any{words[i]}, nil })); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, "alter table name_key drop constraint name_key_pkey"); err != nil {
			return err
		}
		at := 0
		var keys []int32
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"name_key"}, []string{"key", "word"}, pgx.CopyFromFunc(func() ([]any, error) {
			for len(keys) == 0 {
				if at == len(words) {
					return nil, nil
				}
				keys = s.book.Keys(words[at])
				at++
			}
			row := []any{keys[0], words[at-1]}
			keys = keys[1:]
			return row, nil
		}))
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "alter table name_key add primary key (key, word)")
		return err
	})
}

// keeping keeps the one data key of a population where the store will look for it.
type keeping struct{ url string }

// NewestDataKey is for the vault: a population has a key of its own.
func (keeping) NewestDataKey(context.Context) (vault.DataKey, error) {
	return vault.DataKey{}, vault.ErrNoDataKey
}

// DataKey is for the vault.
func (keeping) DataKey(context.Context, int64) (vault.DataKey, error) {
	return vault.DataKey{}, vault.ErrNoDataKey
}

// NextDataKey is for the vault.
func (k keeping) NextDataKey(ctx context.Context) (id int64, err error) {
	conn, err := pgx.Connect(ctx, k.url)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return id, conn.QueryRow(ctx, "select nextval('data_key_id')").Scan(&id)
}

// KeepDataKey is for the vault.
func (k keeping) KeepDataKey(ctx context.Context, key vault.DataKey) error {
	conn, err := pgx.Connect(ctx, k.url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, first := conn.Exec(ctx, "insert into key_encryption_key (id, added_at) values ($1, $2) on conflict do nothing", int64(key.Key), key.MadeAt)
	_, second := conn.Exec(ctx, "insert into data_key (id, kek, wrapped, made_at) values ($1, $2, $3, $4)", key.ID, int64(key.Key), key.Wrapped, key.MadeAt)
	return errors.Join(first, second)
}

var _ vault.Keeper = keeping{}
