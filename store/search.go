package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/access"
	"ccpor/mapping/box"
	"ccpor/mapping/names"
	"ccpor/mapping/order"
)

// Search asks for orders by the people in them, as somebody else may write their names, and by numbers. Fields that are empty do not count; a name with a surname, a date of birth or a number is needed
// (ErrTooWide). Of several, what fits more stands higher; the fields that narrow must all fit.
type Search struct {
	// Name is looked for on Side: restrained (with other names) or protected; empty for both.
	Name names.Asked
	Side Side
	// Born are readings of one date of birth, the likeliest first: 4/2/1980 may be two.
	Born []order.Date
	// Numbers are looked for as case number, FCN and OCA; one that fits suffices. Tracking is the submission that the order is of.
	Numbers  []string
	Case     order.CaseNumber
	FCN      order.FCN
	OCA      string
	Tracking order.Tracking

	Narrow
	// Sees says which orders the asking person may see; others are as if they were not there. Nil: all.
	Sees func(access.Object) bool
	// Today judges whether an order has ended.
	Today order.Date
	// Limit is how many are wanted, at most 200; zero: 25.
	Limit int
}

// Narrow leaves out orders.
type Narrow struct {
	// County is the first five characters of a court's ORI, Court all nine.
	County string
	Court  order.ORI
	// Type is the designator: "CPO".
	Type   string
	Status OrderStatus
	// BornIn leaves out people without a date of birth, MadeIn goes by the day of issue, EndsIn leaves out orders that do not end by themselves.
	BornIn, MadeIn, EndsIn Days
	Test                   bool
}

// Days are those from one to another, both among them; where one is zero, that side is open.
type Days struct{ From, To order.Date }

// OrderStatus is how an order stands on a day, by what the registry has.
type OrderStatus string

// The standings of orders.
const (
	OrderInForce   OrderStatus = "inForce"
	OrderNotServed OrderStatus = "notServed" // in force, and not served
	OrderServed    OrderStatus = "served"    // in force, and served
	OrderExpired   OrderStatus = "expired"
	OrderCancelled OrderStatus = "cancelled"
)

// Hit is an order that was found.
type Hit struct {
	FoundOrder
	// Side and Name are the person's on account of whom it was found; empty where it was a number's.
	Side Side
	Name order.Name
	// Score is how well it fits, from 0 to 1; it orders hits and means nothing else.
	Score   float64
	Reasons []names.Reason
}

// Hits are the best, the best first. More says that there are more that fit, or that so many were near that not all were looked at.
type Hits struct {
	Hits []Hit
	More bool
}

const (
	// hitsByDefault and mostHits bound what one search gives.
	hitsByDefault, mostHits = 25, 200
	// ofOne is how many rows of one pair of words are looked at, the newest orders first; ofSurname how many of a surname when something narrows.
	ofOne, ofSurname = 200, 5000
	// aWave is how many pairs are looked up at a time, someSurnames how many surnames alone: each of these may have a page of orders.
	aWave, someSurnames = 500, 25
	// aFew is how many orders are read beyond those that are wanted, since some may not fit.
	aFew = 10
	// ofADay is how many people born on one day are looked at.
	ofADay = 3000
)

// Search finds orders. Errors: ErrTooWide, names.ErrTooMuch.
func (r *Reader) Search(ctx context.Context, q Search) (Hits, error) {
	s, err := r.searching(q)
	if err != nil {
		return Hits{}, err
	}
	for _, step := range []func(context.Context) error{s.byNumber, s.byName, s.byBirth} {
		if err := step(ctx); err != nil {
			return Hits{}, err
		}
	}
	return s.hits(ctx)
}

// searching is one search under way.
type searching struct {
	reader *Reader
	q      Search
	ask    names.Ask
	born   []birthday
	found  map[int64]candidate
	more   bool
}

// candidate is an order that may fit, with what it is worth by the words of an index; number is why it was found by a number.
type candidate struct {
	order  int64
	score  float64
	number names.Reason
}

func (r *Reader) searching(q Search) (*searching, error) {
	ask, err := r.naming.book.Ask(q.Name)
	if err != nil {
		return nil, err
	}
	if q.Limit = min(q.Limit, mostHits); q.Limit <= 0 {
		q.Limit = hitsByDefault
	}
	s := &searching{reader: r, q: q, ask: ask, born: birthdays(q.Born), found: map[int64]candidate{}}
	if !ask.HasSurname() && len(s.born) == 0 && !q.numbered() {
		return nil, ErrTooWide
	}
	return s, nil
}

func (q Search) numbered() bool {
	return len(q.Numbers) > 0 || q.Case != "" || q.FCN != "" || q.OCA != "" || q.Tracking != ""
}

// object is what decides who sees a candidate.
type object struct {
	candidate
	access.Object
	born *time.Time
	row  int
}

// take adds what the person may see, with its worth.
func (s *searching) take(o object, score float64, number names.Reason) {
	if s.q.Sees != nil && !s.q.Sees(o.Object) {
		return
	}
	if was, there := s.found[o.order]; !there || score > was.score {
		s.found[o.order] = candidate{o.order, score, cmp.Or(number, was.number)}
	}
}

// byNumber takes orders by their exact numbers.
func (s *searching) byNumber(ctx context.Context) error {
	if !s.q.numbered() {
		return nil
	}
	var cases, fcns, ocas []string
	for _, n := range s.q.Numbers {
		cases, fcns, ocas = append(cases, n, strings.ToUpper(n)), append(fcns, strings.ToUpper(n)), append(ocas, strings.ToUpper(n))
	}
	cases, fcns, ocas = append(cases, string(s.q.Case)), append(fcns, string(s.q.FCN)), append(ocas, s.q.OCA)
	type numbered struct {
		object
		why names.Reason
	}
	found, err := all(ctx, s.reader.finds, func(row pgx.CollectableRow) (n numbered, err error) {
		err = row.Scan(&n.order, &n.Court, &n.ID, &n.Access, &n.Test, &n.why)
		return n, err
	}, "find orders by their numbers", `
		with k (id, why) as materialized (
			select v.order_id, 'case' from unnest($1::text[]) n (number) cross join lateral (select order_id from order_version where case_number = n.number and n.number <> '' limit $6) v
			union select o.id, 'fcn' from unnest($2::text[]) n (number) cross join lateral (select id from order_ where fcn = n.number and fcn <> '' limit $6) o
			union select c.order_id, 'oca' from unnest($3::text[]) n (number) join oca c on c.oca = n.number
			union select y.order_id, 'tracking' from submission y where y.tracking = $4 and y.order_id is not null)
		select o.id, o.court, o.local_id, v.access, o.test, k.why from (select id, min(why) as why from k group by id) k join order_ o on o.id = k.id join order_version v on v.order_id = o.id and v.version = o.version
		where o.test = $5 and (k.why <> 'case' or v.case_number = any($1))`,
		cases, fcns, ocas, string(s.q.Tracking), s.q.Test, numberedAtMost)
	for _, n := range found {
		s.take(n.object, 1, n.why)
	}
	return err
}

// numberedAtMost is how many orders of one case number are looked at.
const numberedAtMost = 1000

// byName takes orders by double surnames and by pairs of words, the best first, until there are enough.
func (s *searching) byName(ctx context.Context) error {
	if !s.ask.HasSurname() {
		return nil
	}
	dictionary, err := s.dictionary(ctx)
	if err != nil {
		return err
	}
	if len(s.born) > 0 {
		if err := s.bySurnameAndBirth(ctx, s.ask.Alone(dictionary)); err != nil || s.enough() {
			return err
		}
	}
	exact, near := s.ask.Together(dictionary)
	ways := []seeking{{exact, s.bySurnames, aWave}, {s.ask.Pairs(dictionary), s.byPairs, aWave}, {near, s.bySurnames, aWave}}
	if s.ask.Words() == 1 {
		ways = []seeking{{s.ask.Alone(dictionary), s.bySurnames, someSurnames}}
	}
	for _, way := range ways {
		if err := s.follow(ctx, way); err != nil {
			return err
		}
	}
	return nil
}

// seeking is a list of what leads to people, the best first, how it is looked up, and how many of it at most at a time.
type seeking struct {
	pairs []names.Pair
	look  func(context.Context, []names.Pair) error
	most  int
}

// follow looks up what leads to people until there are enough.
func (s *searching) follow(ctx context.Context, way seeking) error {
	for len(way.pairs) > 0 && !s.enough() {
		n := waveOf(way.pairs, way.most)
		if err := way.look(ctx, way.pairs[:n]); err != nil {
			return err
		}
		way.pairs = way.pairs[n:]
	}
	s.more = s.more || len(way.pairs) > 0
	return nil
}

// waveOf is how many of the pairs are looked up at once: those that are all that was asked come alone, since they mostly suffice.
func waveOf(pairs []names.Pair, most int) int {
	n := 0
	for n < len(pairs) && pairs[n].Score == 1 {
		n++
	}
	if n == 0 {
		n = min(len(pairs), most)
	}
	return n
}

// enough says that more would not be shown.
func (s *searching) enough() bool { return len(s.found) > s.q.Limit }

// dictionary reads the words that may be near what is asked.
func (s *searching) dictionary(ctx context.Context) ([]string, error) {
	begin := s.ask.Beginnings()
	return all(ctx, s.reader.finds, pgx.RowTo[string], "find words near a name", `
		select word from unnest($1::int[]) k (key) join name_key n on n.key = k.key
		union select w.word from unnest($2::text[], $3::text[], $4::int[]) b (first, beyond, most)
			cross join lateral (select word from name_word where word >= b.first and word < b.beyond order by word limit b.most) w`,
		s.ask.Keys(), column(begin, func(b names.Beginning) string { return b.Word }), column(begin, func(b names.Beginning) string { return b.Word + beyond }),
		column(begin, func(b names.Beginning) int32 { return int32(b.Most) }))
}

// narrowed is SQL for what rows n of named must fit, and its values from $from on.
func (s *searching) narrowed(from int) (string, []any) {
	w := &way{bound: from - 1}
	sql := ""
	ask := func(is bool, condition string, values ...any) {
		if is {
			for _, v := range values {
				w.args = append(w.args, v)
				condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", w.bound+len(w.args)), 1)
			}
			sql += " and " + condition
		}
	}
	ask(s.q.Side == SideProtected, "n.side = 'p'")
	ask(s.q.Side == SideRestrained, "n.side <> 'p'")
	ask(s.q.County != "", "starts_with(n.court, ?)", s.q.County)
	ask(s.q.Court != "", "n.court = ?", string(s.q.Court))
	ask(s.q.Type != "", "n.designator = ?", s.q.Type)
	for _, span := range []struct {
		column string
		Days
	}{{"n.born", s.q.BornIn}, {"n.issued", s.q.MadeIn}, {"n.expires", s.q.EndsIn}} {
		unless := ""
		if span.column == "n.born" {
			unless = "n.side = 'p' or " // whose date of birth is in the document only
		}
		ask(!span.From.IsZero(), "("+unless+span.column+" >= ?)", day(&span.From))
		ask(!span.To.IsZero(), "("+unless+span.column+" <= ?)", day(&span.To))
	}
	today := day(&s.q.Today)
	switch s.q.Status {
	case OrderInForce, OrderServed, OrderNotServed:
		ask(true, "(n.expires is null or n.expires >= ?) and exists (select from order_ x where x.id = n.order_id and x.version = n.version and x.cancelled_by is null)", today)
	case OrderExpired:
		ask(true, "n.expires < ? and exists (select from order_ x where x.id = n.order_id and x.version = n.version and x.cancelled_by is null)", today)
	case OrderCancelled:
		ask(true, "exists (select from order_ x where x.id = n.order_id and x.version = n.version and x.cancelled_by is not null)")
	}
	return sql, w.args
}

// look reads candidates: rows of what leads to them (k, with a number) and for each of those rows n of named, whose orders are in that version now.
func (s *searching) look(ctx context.Context, leads, rows string, args ...any) ([]object, error) {
	narrow, values := s.narrowed(len(args) + 1)
	return all(ctx, s.reader.finds, func(row pgx.CollectableRow) (o object, err error) {
		var letter string
		err = row.Scan(&o.row, &o.born, &o.order, &o.Court, &o.ID, &letter, &o.Test)
		o.Access = accessOf(letter)
		return o, err
	}, "find orders by names", "select k.row::int, n.born, o.id, o.court, o.local_id, n.access::text, o.test from "+leads+" cross join lateral ("+strings.ReplaceAll(rows, "/* narrow */", narrow)+`) n
		join order_ o on o.id = n.order_id and o.version = n.version`, append(args, values...)...)
}

// byPairs looks up pairs of a surname's word and a given name's.
func (s *searching) byPairs(ctx context.Context, pairs []names.Pair) error {
	found, err := s.look(ctx, "unnest($1::bigint[], $2::bigint[]) with ordinality k (surname, given, row)",
		"select n.order_id, n.version, n.born, n.access from named n where n.surname = k.surname and n.given = k.given and n.test = $3 /* narrow */ order by n.order_id desc limit $4",
		column(pairs, func(p names.Pair) int64 { return p.Surname }), column(pairs, func(p names.Pair) int64 { return p.Given }), s.q.Test, ofOne)
	s.weigh(found, pairs, ofOne)
	return err
}

// bySurnames looks up surnames alone. Where something narrows, it does so among the newest of each.
func (s *searching) bySurnames(ctx context.Context, pairs []names.Pair) error {
	found, err := s.look(ctx, "unnest($1::bigint[]) with ordinality k (surname, row)",
		`select n.order_id, n.version, n.born, n.access from (select order_id, version, side, access, born, court, designator, issued, expires from named where surname = k.surname and test = $2 order by order_id desc limit $4) n where true /* narrow */ limit $3`,
		column(pairs, func(p names.Pair) int64 { return p.Surname }), s.q.Test, ofOne, ofSurname)
	s.weigh(found, pairs, ofOne)
	return err
}

// bySurnameAndBirth looks up people who were born on the day, or on one that is mistaken for it.
func (s *searching) bySurnameAndBirth(ctx context.Context, surnames []names.Pair) error {
	var days []*time.Time
	var words []int64
	var pairs []names.Pair
	for _, b := range s.born {
		for _, p := range surnames {
			days, words = append(days, day(&b.day)), append(words, p.Surname)
			pairs = append(pairs, p)
		}
	}
	found, err := s.look(ctx, "unnest($1::date[], $2::bigint[]) with ordinality k (born, surname, row)",
		"select n.order_id, n.version, n.born, n.access from named n where n.born = k.born and n.surname = k.surname and n.test = $3 /* narrow */ limit $4", days, words, s.q.Test, ofOne)
	s.weigh(found, pairs, ofOne)
	return err
}

// byBirth looks up everybody who was born on the day, where no surname is asked.
func (s *searching) byBirth(ctx context.Context) error {
	if s.ask.HasSurname() || len(s.born) == 0 || s.q.numbered() {
		return nil
	}
	exact := []order.Date{}
	for _, b := range s.born {
		if b.worth == 1 {
			exact = append(exact, b.day)
		}
	}
	given := column(s.ask.Givens(), func(p names.Pair) int64 { return p.Given })
	found, err := s.look(ctx, "unnest($1::date[]) with ordinality k (born, row)",
		"select n.order_id, n.version, n.born, n.access from named n where n.born = k.born and n.test = $2 and (cardinality($3::bigint[]) = 0 or n.given = any($3)) /* narrow */ limit $4",
		column(exact, func(d order.Date) *time.Time { return day(&d) }), s.q.Test, given, ofADay)
	s.weigh(found, slices.Repeat([]names.Pair{{Score: 1}}, len(exact)), ofADay)
	return err
}

// weigh takes what was found by the leads; where one has as many as are looked at, there are more.
func (s *searching) weigh(found []object, leads []names.Pair, most int) {
	rows := make([]int, len(leads))
	for _, o := range found {
		rows[o.row-1]++
		s.more = s.more || rows[o.row-1] == most
		s.take(o, leads[o.row-1].Score*s.birth(o.born).worth, "")
	}
}

// hits reads the best candidates, judges each by all that the order says, and sorts them.
func (s *searching) hits(ctx context.Context) (Hits, error) {
	list := make([]candidate, 0, len(s.found))
	for _, c := range s.found {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.order, a.order)) })
	var hits []Hit
	for len(list) > 0 && len(hits) <= s.q.Limit {
		n := min(len(list), s.q.Limit-len(hits)+aFew)
		read, err := s.judged(ctx, list[:n])
		if err != nil {
			return Hits{}, err
		}
		hits, list = append(hits, read...), list[n:]
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.key, a.key)) })
	more := s.more || len(hits) > s.q.Limit || len(list) > 0
	return Hits{hits[:min(len(hits), s.q.Limit)], more}, nil
}

// judged are the hits among candidates.
func (s *searching) judged(ctx context.Context, list []candidate) ([]Hit, error) {
	orders, err := all(ctx, s.reader.finds, s.reader.scanFound(ctx), "read the orders that were found", "select "+foundColumns+` from unnest($1::bigint[]) k (id) join order_ o on o.id = k.id
		join order_version v on v.order_id = o.id and v.version = o.version left join cancellation c on c.submission_id = o.cancelled_by`,
		column(list, func(c candidate) int64 { return c.order }))
	if err != nil {
		return nil, err
	}
	why := make(map[int64]names.Reason, len(list))
	for _, c := range list {
		why[c.order] = c.number
	}
	var hits []Hit
	for _, o := range orders {
		if s.q.Sees != nil && !s.q.Sees(access.ObjectOf(o.Order, o.Test)) { // a version that seals it may have come since it was found
			continue
		}
		if h, ok := s.judge(o, why[o.key]); ok && s.fits(h) {
			hits = append(hits, h)
		}
	}
	return hits, nil
}

// fits holds for what narrows and is not in the index: whether the order is served; and everything, of an order that a number found.
func (s *searching) fits(h Hit) bool {
	o := h.Order
	expired := o.Expiry.Date != nil && o.Expiry.Date.Before(s.q.Today)
	var is bool
	switch s.q.Status {
	case OrderInForce:
		is = h.Cancelled == nil && !expired
	case OrderServed, OrderNotServed:
		is = h.Cancelled == nil && !expired && h.Served == (s.q.Status == OrderServed)
	case OrderExpired:
		is = h.Cancelled == nil && expired
	case OrderCancelled:
		is = h.Cancelled != nil
	default:
		is = true
	}
	return is && strings.HasPrefix(string(o.Court.ORI), s.q.County) && (s.q.Court == "" || s.q.Court == o.Court.ORI) && (s.q.Type == "" || s.q.Type == o.Form.Designator) &&
		s.q.MadeIn.has(&o.Issued) && s.q.EndsIn.has(o.Expiry.Date)
}

func (s Days) has(d *order.Date) bool {
	if s == (Days{}) {
		return true
	}
	return d != nil && !d.IsZero() && !d.Before(s.From) && (s.To.IsZero() || !d.After(s.To))
}

// Take adds what was typed into one box to what is asked.
func (q *Search) Take(b box.Box) {
	q.Name.Either, q.Born, q.Numbers, q.Tracking = strings.TrimSpace(q.Name.Either+" "+b.Name), append(q.Born, b.Born...), append(q.Numbers, b.Numbers...), cmp.Or(b.Tracking, q.Tracking)
	if b.Year != 0 {
		q.BornIn = Days{order.MakeDate(b.Year, 1, 1), order.MakeDate(b.Year, 12, 31)}
	}
}
