package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ccpor/mapping/order"
)

// OrderPlace is where a list of orders goes on, given out as a text; its zero value is the beginning.
type OrderPlace struct {
	issued order.Date
	number int64
}

// Place is where a list goes on behind a found order.
func (f FoundOrder) Place() OrderPlace { return OrderPlace{f.Order.Issued, f.key} }

// String is the place as it is given out; the beginning is the empty text.
func (p OrderPlace) String() string {
	if p == (OrderPlace{}) {
		return ""
	}
	return p.issued.Compact() + "." + strconv.FormatInt(p.number, 36)
}

// ParseOrderPlace reads what String wrote; the error is ErrMark.
func ParseOrderPlace(s string) (OrderPlace, error) {
	if s == "" {
		return OrderPlace{}, nil
	}
	a, b, _ := strings.Cut(s, ".")
	issued, err := time.Parse("20060102", a)
	number, err2 := strconv.ParseInt(b, 36, 64)
	if err != nil || err2 != nil || number < 1 {
		return OrderPlace{}, ErrMark
	}
	return OrderPlace{order.DateOf(issued), number}, nil
}

func (p OrderPlace) day() *time.Time { return day(&p.issued) }

// EntryOf is all that CARPOS is to have of a found order, with what is owed of it; ErrNotFound where the order was never added.
func (r *Reader) EntryOf(ctx context.Context, f FoundOrder) (Entry, error) {
	q := EntryQuery{Question: Question{Case: string(f.Order.Case), Court: f.Order.Court.ORI}, Test: f.Test, Limit: 1000}
	if f.OCA != "" {
		q = EntryQuery{OCAs: []string{f.OCA}, Test: f.Test, Limit: 10}
	}
	found, err := r.Entries(ctx, q)
	if err != nil {
		return Entry{}, err
	}
	for _, e := range found {
		if e.key == f.key {
			return e, nil
		}
	}
	return Entry{}, ErrNotFound
}
