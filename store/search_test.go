package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/names"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// registry is a database with a few orders of invented people, each under an identification of its own.
func registry(t *testing.T) *hub {
	t.Helper()
	h := newHub(t)
	los := register(t, h.Store, store.Agency{ORI: "CA019013J", Name: "Superior Court of Los Angeles County", County: "Los Angeles", CarposName: "LOS ANGELES SUPERIOR COURT", Submits: true, ConfirmText: "X"})
	for _, o := range []struct {
		id, given, middle, surname string
		change                     func(*order.Order)
	}{
		{"marquez", "Gabriel", "José", "García Márquez", nil},
		{"garcia", "Gabriel", "", "García", func(o *order.Order) { o.Restrained.Born = born(1975, 3, 4) }},
		{"alias", "Ana", "", "Ópalo", func(o *order.Order) {
			o.Restrained.Aliases = []order.Name{{Given: "Anna", Surname: "Schmidt"}, {Given: "Anita", Surname: "Opal-Stein"}}
		}},
		{"protected", "Basil", "", "Quartz", func(o *order.Order) {
			o.Protected = []order.Protected{{Name: order.Name{Given: "María", Surname: "de la Cruz"}, Person: order.Person{Born: born(1990, 12, 5)}}}
		}},
		{"william", "William", "", "Clayton", func(o *order.Order) { o.Restrained.Born = nil }},
		{"sealed", "William", "", "Clayton", func(o *order.Order) { o.Access = order.AccessSealed }},
		{"los", "William", "", "Clayton", func(o *order.Order) {
			o.Court.ORI, o.Case, o.Form.Designator = "CA019013J", "24FL-77", "TRO"
			o.Issued = order.MakeDate(2020, 5, 1)
			e := order.MakeDate(2021, 5, 1)
			o.Expiry.Date = &e
		}},
	} {
		court := h.court
		a := add(court, "P-"+o.id, o.id)
		a.Order.Restrained.Name = order.Name{Given: o.given, Middle: o.middle, Surname: o.surname}
		a.Order.Protected = nil
		if o.change != nil {
			o.change(a.Order)
		}
		if a.Order.Court.ORI == los.ORI {
			a.Agency = los
		}
		mustAccept(t, h.Store, a)
	}
	return h
}

func born(y, m, d int) *order.Date {
	b := order.MakeDate(y, time.Month(m), d)
	return &b
}

func box(s string) names.Asked { return names.Asked{Either: s} }

func day(y, m, d int) order.Date { return *born(y, m, d) }

// hitsOf are the orders that were found, in their order, each with its reasons.
func hitsOf(t *testing.T, h *hub, q store.Search) (ids, why []string) {
	t.Helper()
	if q.Today.IsZero() {
		q.Today = order.DateOf(noon)
	}
	found, err := h.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range found.Hits {
		ids = append(ids, string(x.Order.ID))
		why = append(why, strings.TrimSuffix(fmt.Sprint(x.Reasons)[1:], "]"))
	}
	return ids, why
}

// Each way of asking finds whom it means, for its reason, and nobody else.
func TestSearch(t *testing.T) {
	t.Parallel()
	h := registry(t)
	for what, c := range map[string]struct {
		q    store.Search
		want string // "id reasons; id reasons"
	}{
		"two words":              {store.Search{Name: box("gabriel garcia")}, "garcia exact; marquez oneSurname"},
		"the other way round":    {store.Search{Name: box("garcia gabriel")}, "garcia exact; marquez oneSurname"},
		"both surnames":          {store.Search{Name: box("garcia marquez gabriel")}, "marquez exact; garcia wordLacking"},
		"two surnames alone":     {store.Search{Name: box("garcia marquez")}, "marquez exact"},
		"in the other order":     {store.Search{Name: box("marquez garcia")}, "marquez exact"},
		"in their field":         {store.Search{Name: names.Asked{Surname: "García-Márquez"}}, "marquez exact"},
		"both of them misspelt":  {store.Search{Name: names.Asked{Surname: "Garcya Markez"}}, "marquez soundsAlike oneLetter"},
		"with a particle":        {store.Search{Name: names.Asked{Surname: "de la Cruz"}}, "protected exact"},
		"the second surname":     {store.Search{Name: box("márquez")}, "marquez oneSurname"},
		"the middle name":        {store.Search{Name: box("jose marquez")}, "marquez oneSurname"},
		"by ear":                 {store.Search{Name: box("clayten william")}, "los soundsAlike; sealed soundsAlike; william soundsAlike"},
		"letters swapped":        {store.Search{Name: box("calyton william")}, "los lettersSwapped; sealed lettersSwapped; william lettersSwapped"},
		"a letter is wrong":      {store.Search{Name: box("xlayton william")}, "los oneLetter; sealed oneLetter; william oneLetter"},
		"nickname":               {store.Search{Name: box("bill clayton")}, "los nickname; sealed nickname; william nickname"},
		"initial":                {store.Search{Name: box("b quartz")}, "protected initial"},
		"beginning":              {store.Search{Name: box("qua* basil")}, "protected begins"},
		"a beginning alone":      {store.Search{Name: box("quar")}, "protected begins"},
		"fields":                 {store.Search{Name: names.Asked{Surname: "Quartz", Given: "Basil"}}, "protected exact"},
		"fields, transposed":     {store.Search{Name: names.Asked{Surname: "Basil", Given: "Quartz"}}, "protected transposed"},
		"alias":                  {store.Search{Name: box("schmidt anna")}, "alias exact alias"},
		"alias by ear":           {store.Search{Name: box("schmitt ana")}, "alias soundsAlike alias"},
		"a half of an alias":     {store.Search{Name: box("stein anita")}, "alias oneSurname alias"},
		"protected":              {store.Search{Name: box("maria de la cruz")}, "protected exact"},
		"protected, one word":    {store.Search{Name: box("delacruz maria")}, "protected asOneWord"},
		"protected, other side":  {store.Search{Name: box("delacruz maria"), Side: store.SideRestrained}, ""},
		"with a date of birth":   {store.Search{Name: box("garcia gabriel"), Born: []order.Date{day(1981, 11, 21)}}, "marquez oneSurname born; garcia exact bornDiffers"},
		"day and month swapped":  {store.Search{Name: box("garcia gabriel"), Born: []order.Date{day(1975, 4, 3)}}, "garcia exact bornSwapped; marquez oneSurname bornDiffers"},
		"born the year before":   {store.Search{Name: box("garcia gabriel"), Born: []order.Date{day(1974, 3, 4)}}, "garcia exact bornNear; marquez oneSurname bornDiffers"},
		"no date on the order":   {store.Search{Name: box("clayton william"), Born: []order.Date{day(1981, 11, 21)}}, "los exact born; sealed exact born; william exact bornUnknown"},
		"a surname by ear, born": {store.Search{Name: box("garzia zoe"), Born: []order.Date{day(1975, 3, 4)}}, "garcia soundsAlike wordLacking born"},
		"born alone":             {store.Search{Born: []order.Date{day(1975, 3, 4)}}, "garcia born"},
		"given name and born":    {store.Search{Name: names.Asked{Given: "gabriel"}, Born: []order.Date{day(1975, 3, 4)}}, "garcia exact born"},
		"protected, born":        {store.Search{Name: box("delacruz maria"), Born: []order.Date{day(1990, 12, 5)}}, "protected asOneWord born"},
		"protected, not by that": {store.Search{Born: []order.Date{day(1990, 12, 5)}}, ""},
		"protected, born in":     {store.Search{Name: box("delacruz"), Narrow: store.Narrow{BornIn: store.Days{From: day(1990, 1, 1), To: day(1990, 12, 31)}}}, "protected asOneWord"},
		"protected, not born in": {store.Search{Name: box("delacruz"), Narrow: store.Narrow{BornIn: store.Days{From: day(1991, 1, 1)}}}, ""},
		"case":                   {store.Search{Numbers: []string{"24fl-77"}}, "los case"},
		"case and name":          {store.Search{Numbers: []string{"24FL-77"}, Name: box("bill clayton")}, "los case nickname; sealed nickname; william nickname"},
		"a county":               {store.Search{Name: box("clayton"), Narrow: store.Narrow{County: "CA019"}}, "los exact"},
		"a court":                {store.Search{Name: box("clayton william"), Narrow: store.Narrow{Court: "CA030013J"}}, "sealed exact; william exact"},
		"a type":                 {store.Search{Name: box("clayton william"), Narrow: store.Narrow{Type: "TRO"}}, "los exact"},
		"in force":               {store.Search{Name: box("clayton william"), Narrow: store.Narrow{Status: store.OrderInForce}}, "sealed exact; william exact"},
		"expired":                {store.Search{Name: box("clayton william"), Narrow: store.Narrow{Status: store.OrderExpired}}, "los exact"},
		"cancelled":              {store.Search{Name: box("clayton william"), Narrow: store.Narrow{Status: store.OrderCancelled}}, ""},
		"served":                 {store.Search{Name: box("clayton william"), Narrow: store.Narrow{Status: store.OrderServed}}, "sealed exact; william exact"},
		"not served":             {store.Search{Name: box("clayton william"), Narrow: store.Narrow{Status: store.OrderNotServed}}, ""},
		"made between":           {store.Search{Name: box("clayton"), Narrow: store.Narrow{MadeIn: store.Days{From: day(2020, 5, 1), To: day(2020, 5, 1)}}}, "los exact"},
		"ends between":           {store.Search{Name: box("clayton william"), Narrow: store.Narrow{EndsIn: store.Days{To: day(2025, 1, 1)}}}, "los exact"},
		"born between":           {store.Search{Name: box("garcia"), Narrow: store.Narrow{BornIn: store.Days{From: day(1970, 1, 1), To: day(1979, 12, 31)}}}, "garcia exact"},
		"tests are apart":        {store.Search{Name: box("clayton"), Narrow: store.Narrow{Test: true}}, ""},
		"who may not see sealed": {store.Search{Name: box("clayton william"), Sees: func(o access.Object) bool { return o.Access != order.AccessSealed }}, "los exact; william exact"},
		"not even near":          {store.Search{Name: box("zyzzyva")}, ""},
		"another given name":     {store.Search{Name: box("clayton mary")}, ""},
		"a percent sign":         {store.Search{Name: box("%"), Numbers: []string{"%"}}, ""},
	} {
		ids, why := hitsOf(t, h, c.q)
		var got []string
		for i := range ids {
			got = append(got, ids[i]+" "+why[i])
		}
		if sorted(c.want) != sorted(strings.Join(got, "; ")) || len(ids) > 0 && !strings.HasPrefix(c.want, ids[0]) && !strings.Contains(c.want, "sealed") {
			t.Errorf("%s: found %q, want %q", what, strings.Join(got, "; "), c.want)
		}
	}
}

func sorted(list string) string {
	parts := strings.Split(list, "; ")
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for what, c := range map[string]struct {
		q    store.Search
		want error
	}{
		"nothing":            {store.Search{}, store.ErrTooWide},
		"a given name":       {store.Search{Name: names.Asked{Given: "Maria"}}, store.ErrTooWide},
		"only a county":      {store.Search{Narrow: store.Narrow{County: "CA030"}}, store.ErrTooWide},
		"10,000 letters":     {store.Search{Name: box(strings.Repeat("a", 10_000))}, names.ErrTooMuch},
		"200 words":          {store.Search{Name: box(strings.Repeat("a ", 99) + "b")}, names.ErrTooMuch},
		"signs without name": {store.Search{Name: box("% _ \\ ' ; -- \x00 \u202e 😀")}, store.ErrTooWide},
	} {
		if _, err := h.Search(t.Context(), c.q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
}

// A version replaces the names of those before it.
func TestSearchKnowsTheNewestNames(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	mustAccept(t, h.Store, add(h.court, "P-1", "o-1"))
	changed := jones("o-1")
	changed.Restrained.Name = order.Name{Given: "Rowan", Surname: "Kyanite"}
	modify := packageOf(h.court, "P-2", store.Accepted{Action: store.ActionModify, Order: changed, Modification: &order.Modification{Reason: order.ModifyCorrect, Date: order.DateOf(noon)}})
	for _, c := range []struct {
		name  string
		count int
	}{{"marc jones", 1}, {"rowan kyanite", 0}} {
		if ids, _ := hitsOf(t, h, store.Search{Name: box(c.name)}); len(ids) != c.count {
			t.Errorf("before the change %s finds %v", c.name, ids)
		}
	}
	mustAccept(t, h.Store, modify)
	for _, c := range []struct {
		name  string
		count int
	}{{"marc jones", 0}, {"rowan kyanite", 1}, {"mary smith", 1}} {
		if ids, _ := hitsOf(t, h, store.Search{Name: box(c.name)}); len(ids) != c.count {
			t.Errorf("after the change %s finds %v", c.name, ids)
		}
	}
}

// What is bounded says that there is more, and whom the asking person may not see takes no place.
func TestSearchIsBounded(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for i := range 12 {
		a := add(h.court, fmt.Sprint("P-", i), fmt.Sprint("o-", i))
		if i%2 == 0 {
			a.Order.Access = order.AccessSealed
		}
		mustAccept(t, h.Store, a)
	}
	open := func(o access.Object) bool { return o.Access != order.AccessSealed }
	for _, c := range []struct {
		limit, found int
		more         bool
		sees         func(access.Object) bool
	}{{5, 5, true, open}, {6, 6, false, open}, {7, 6, false, open}, {11, 11, true, nil}, {12, 12, false, nil}} {
		got, err := h.Search(t.Context(), store.Search{Name: box("jones marc"), Limit: c.limit, Sees: c.sees})
		if err != nil || len(got.Hits) != c.found || got.More != c.more {
			t.Errorf("at most %d: %d found, more %v, %v", c.limit, len(got.Hits), got.More, err)
		}
	}
}

// No kind of search reads a table whole, however the statistics stand: Postgres itself counts how often one was.
func TestSearchReadsIndexes(t *testing.T) {
	t.Parallel()
	h := registry(t)
	conn := connect(t, h.url)
	scans := func() (whole, byIndex int64) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), `select sum(seq_scan), sum(idx_scan) from pg_stat_user_tables where schemaname = current_schema()
			and relname in ('named', 'name_word', 'name_key', 'order_', 'order_version', 'oca', 'submission', 'cancellation')`).Scan(&whole, &byIndex); err != nil {
			t.Fatal(err)
		}
		return whole, byIndex
	}
	h.Close() // a connection that ends has told what it counted
	settled := func(than int64) (whole, byIndex int64) {
		for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			before, _ := scans()
			if whole, byIndex = scans(); byIndex > than && whole == before || time.Now().After(end) {
				return whole, byIndex
			}
		}
	}
	before, byIndex := settled(0)
	for name, q := range map[string]store.Search{
		"two words": {Name: box("gabriel garcia")}, "one word": {Name: box("garcia")}, "two surnames": {Name: names.Asked{Surname: "Garcia Markez"}}, "a beginning": {Name: box("qua*")},
		"born": {Born: []order.Date{day(1975, 3, 4)}}, "born, with a name": {Name: box("garzia zoe"), Born: []order.Date{day(1975, 3, 4)}}, "a case": {Numbers: []string{"24FL-77"}}, "an FCN": {FCN: "2626110100001"},
		"a submission": {Tracking: "7K4M-X2Q9-PC"}, "narrowed": {Name: box("clayton"), Narrow: store.Narrow{County: "CA019", Status: store.OrderExpired, Type: "TRO"}},
	} {
		r, err := store.OpenReader(t.Context(), h.url, store.Options{Keys: storetest.Keys(t, h.url)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Search(t.Context(), q)
		r.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		whole, further := settled(byIndex)
		if byIndex = further; whole != before {
			t.Errorf("%s reads %d tables whole", name, whole-before)
			before = whole
		}
	}
}

// What was kept without names has them afterwards, once.
func TestNameOrders(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for i := range 5 {
		mustAccept(t, h.Store, add(h.court, fmt.Sprint("P-", i), fmt.Sprint("o-", i)))
	}
	if err := errors.Join(h.exec("update submission set named = false"), h.exec("delete from named"), h.exec("delete from name_key"), h.exec("delete from name_word")); err != nil {
		t.Fatal(err)
	}
	h.Store = storetest.Open(t, h.url, store.Options{}) // this one does not know which words there were
	var counts []int
	for range 4 {
		n, err := h.NameOrders(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, n)
	}
	if want := []int{2, 2, 1, 0}; !slices.Equal(counts, want) {
		t.Errorf("named %v at a time, want %v", counts, want)
	}
	if ids, why := hitsOf(t, h, store.Search{Name: box("jonse marc")}); len(ids) != 5 || why[0] != "lettersSwapped" {
		t.Errorf("found %v for %v", ids, why)
	}
}
