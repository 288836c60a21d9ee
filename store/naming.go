package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/names"
	"ccpor/mapping/order"
)

// naming keeps the names of orders as searches find them. It remembers which words the dictionary has, so that a word costs nothing but once a hub; words are never taken out of it.
type naming struct {
	book  *names.Book
	mu    sync.Mutex
	known map[string]bool
}

// mostKnown bounds what is remembered; a state's names have some hundred thousand words.
const mostKnown = 500_000

func newNaming() (*naming, error) {
	book, err := names.Load()
	return &naming{book: book, known: map[string]bool{}}, err
}

// nameRow is a row of the table named: one word of a surname with one of the given names.
type nameRow struct {
	side           string
	surname, given int64
	born           *time.Time
}

// nameWord is a word for the dictionary, with its keys as Postgres reads an array.
type nameWord struct{ word, keys string }

// called is how the people of a version are found.
type called struct {
	rows  []nameRow
	words []nameWord // of which this hub does not know that the dictionary has them
}

// of names all people of an order. Several people with the same words make one row. When a protected person was born stays in the document, which is encrypted.
func (n *naming) of(o *order.Order) called {
	var c called
	words := map[string]bool{}
	add := func(side string, name order.Name, born *order.Date) {
		for _, r := range n.rows(side, n.book.Of(name), born, words) {
			if !slices.ContainsFunc(c.rows, r.same) {
				c.rows = append(c.rows, r)
			}
		}
	}
	add("restrained", o.Restrained.Name, o.Restrained.Born)
	for _, a := range o.Restrained.Aliases {
		add("alias", a, o.Restrained.Born)
	}
	for _, p := range o.Protected {
		add("protected", p.Name, nil)
	}
	c.words = n.unknown(words)
	return c
}

// rows pairs the words of a name, and adds them to words.
func (n *naming) rows(side string, name names.Name, born *order.Date, words map[string]bool) []nameRow {
	for _, part := range []names.Part{name.Surname, name.Given} {
		for _, w := range part.Known() {
			words[w] = true
		}
	}
	given := []int64{0}
	if all := name.Given.All(); len(all) > 0 {
		given = given[:0]
		for _, w := range all {
			given = append(given, names.ID(w))
		}
	}
	var rows []nameRow
	for _, w := range name.Surname.All() {
		for _, g := range given {
			rows = append(rows, nameRow{side, names.ID(w), g, day(born)})
		}
	}
	return rows
}

// most are the words that say most of a name: all of its surname, written as one word where it has several, and its first given name. Names that are written alike have them in common. False: it has no surname.
func (n *naming) most(name order.Name) (surname, given int64, ok bool) {
	is := n.book.Of(name)
	words := is.Surname.All()
	if len(words) == 0 {
		return 0, 0, false
	}
	if all := is.Given.All(); len(all) > 0 {
		given = names.ID(all[0])
	}
	return names.ID(words[len(words)-1]), given, true
}

func (r nameRow) same(o nameRow) bool {
	return r.side == o.side && r.surname == o.surname && r.given == o.given && (r.born == nil) == (o.born == nil) && (r.born == nil || r.born.Equal(*o.born))
}

func (n *naming) unknown(words map[string]bool) []nameWord {
	n.mu.Lock()
	var unknown []string
	for w := range words {
		if !n.known[w] {
			unknown = append(unknown, w)
		}
	}
	n.mu.Unlock()
	list := make([]nameWord, len(unknown))
	for i, w := range unknown {
		list[i] = nameWord{w, keysOf(n.book, w)}
	}
	return list
}

func keysOf(book *names.Book, word string) string {
	var b strings.Builder
	for i, k := range book.Keys(word) {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(strconv.Itoa(int(k)))
	}
	return b.String() + "}"
}

// remember notes words of which a commit says that the dictionary has them.
func (n *naming) remember(words []nameWord) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known)+len(words) > mostKnown {
		clear(n.known)
	}
	for _, w := range words {
		n.known[w.word] = true
	}
}

// namedRows are the columns of the table named.
type namedRows struct {
	order, surname, given []int64
	version               []int32
	side, access, court   []string
	designator            []string
	test                  []bool
	born, issued, expires []*time.Time
	words                 []nameWord
}

// letter stands for a side, or for a class of access, in the table; without a class it is that of the fewest.
func letter(word string) string {
	if word == "" {
		word = string(order.AccessSealed)
	}
	return word[:1]
}

// accessOf is the class of access that a letter stands for.
func accessOf(letter string) order.Access {
	for _, a := range []order.Access{order.AccessNormal, order.AccessJuvenile, order.AccessSealed} {
		if string(a[:1]) == letter {
			return a
		}
	}
	return order.AccessSealed // what is not known is not shown
}

func (n *namedRows) add(order int64, version int, court string, test bool, s search) {
	for _, r := range s.called.rows {
		n.order, n.version, n.side = append(n.order, order), append(n.version, int32(version)), append(n.side, letter(r.side))
		n.surname, n.given, n.test = append(n.surname, r.surname), append(n.given, r.given), append(n.test, test)
		n.born, n.issued, n.expires = append(n.born, r.born), append(n.issued, s.issued), append(n.expires, s.expires)
		n.access, n.court, n.designator = append(n.access, letter(s.access)), append(n.court, court), append(n.designator, s.designator)
	}
	n.words = append(n.words, s.called.words...)
}

// queue inserts the rows, and the words that are new. Words come in their own order, since another hub may be bringing the same; whoever brings one brings its keys.
func (n *namedRows) queue(b *pgx.Batch) {
	if len(n.words) > 0 {
		slices.SortFunc(n.words, func(a, b nameWord) int { return cmp.Compare(a.word, b.word) })
		n.words = slices.CompactFunc(n.words, func(a, b nameWord) bool { return a.word == b.word })
		b.Queue(`with n as (select word, keys from unnest($1::text[], $2::text[]) as n (word, keys)),
				w as (insert into name_word (word) select word from n on conflict do nothing returning word)
			insert into name_key (key, word) select unnest(n.keys::int[]), n.word from w join n on n.word = w.word`,
			column(n.words, func(w nameWord) string { return w.word }), column(n.words, func(w nameWord) string { return w.keys }))
	}
	if len(n.order) == 0 {
		return
	}
	b.Queue(`insert into named (order_id, version, side, access, surname, given, test, born, court, designator, issued, expires)
		select order_id, version, side::"char", access::"char", surname, given, test, born, court, designator, issued, expires
		from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bool[], $8::date[], $9::text[], $10::text[], $11::date[], $12::date[])
			as n (order_id, version, side, access, surname, given, test, born, court, designator, issued, expires)`,
		n.order, n.version, n.side, n.access, n.surname, n.given, n.test, n.born, n.court, n.designator, n.issued, n.expires)
}

func (t *transaction) queueNamed(b *pgx.Batch) {
	for _, r := range t.requests {
		t.named.add(r.orderID, r.version, r.order.court, r.test, r.search)
	}
	t.named.queue(b)
}

// unnamed is what a submission brought whose names are not kept yet.
type unnamed struct {
	submission, order int64
	version           int
	court             string
	test              bool
	document          sealed
}

// NameOrders keeps the names of up to so many submissions of which they are not kept yet, the oldest first, and says of how many it did: those from before the migration that made the tables, and from
// hubs that did not know them. Each belongs to one hub at a time, and what is cut off is begun again.
func (s *Store) NameOrders(ctx context.Context, most int) (int, error) {
	var named namedRows
	n := 0
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		waiting, err := all(ctx, tx, scanUnnamed, "find orders whose names are not kept", `
			with s as materialized (select id, order_id from submission where not named and state = 'accepted' and action in ('add', 'modify') order by id limit $1 for update skip locked)
			select s.id, o.id, v.version, o.court, o.test, `+sealedBy("v.document", "s.id")+` from s join order_ o on o.id = s.order_id join order_version v on v.order_id = o.id and v.submission_id = s.id`, most)
		if err != nil || len(waiting) == 0 {
			return err
		}
		for _, u := range waiting {
			var o order.Order
			if err := s.openInto(ctx, inVersion, u.document, &o); err != nil {
				return err
			}
			named.add(u.order, u.version, u.court, u.test, s.naming.search(&o))
		}
		n = len(waiting)
		var b pgx.Batch
		named.queue(&b)
		b.Queue("update submission set named = true where id = any($1)", column(waiting, func(u unnamed) int64 { return u.submission }))
		return tx.SendBatch(ctx, &b).Close()
	})
	if err != nil {
		return 0, fmt.Errorf("keep the names of orders: %w", err)
	}
	s.naming.remember(named.words)
	return n, nil
}

func scanUnnamed(row pgx.CollectableRow) (u unnamed, err error) {
	err = row.Scan(append([]any{&u.submission, &u.order, &u.version, &u.court, &u.test}, u.document.fields()...)...)
	return u, err
}
