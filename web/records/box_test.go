package records

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ccpor/mapping/order"
	"ccpor/store"
)

func (w *registry) asks(words string, more ...string) string {
	w.Helper()
	form := url.Values{"words": {words}, "purpose": {"a traffic stop"}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	a := w.visit("/orders", form)
	return fmt.Sprint(a.Code, a.Body.String())
}

// The one box finds a misspelt name, transposed names, a date of birth and a number, and says why.
func TestTheBox(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal, func(o *order.Order, _ *store.Accepted) {
		o.Restrained.Name = order.Name{Given: "Johnathan", Surname: "Featherstone"}
		o.Protected[0].Name = order.Name{Given: "María José", Surname: "García Márquez"}
	})
	w.who = officer()
	for words, reason := range map[string]string{"Featherstone": "found by", "jonathan fetherstone": "found by", "featherstone johnathan 1981-11-21": "found by", "marquez maria": "found by", "case" + string(id): "found by", "11/21/1981": "found by"} {
		if body := w.asks(words); !strings.HasPrefix(body, "200") || !strings.Contains(body, at(orange, id)) || !strings.Contains(body, reason) {
			t.Errorf("%s: not found, or not why", words)
		}
	}
	for _, words := range []string{"Cobblestone", "1970-01-01", "no such number 123"} {
		if body := w.asks(words); strings.Contains(body, at(orange, id)) {
			t.Errorf("%s: found", words)
		}
	}
	if body := w.asks("Featherstone", "status", "expired"); strings.Contains(body, at(orange, id)) {
		t.Error("an order in force is expired")
	}
	if e := w.trail("orders"); !strings.Contains(e[0].Details, "by words") || strings.Contains(e[0].Details, "Feather") || e[0].Purpose != "a traffic stop" {
		t.Errorf("on record: %v", e[0])
	}
}

// What is refused is said at its field, and who sees no names finds nobody by one.
func TestTheBoxRefuses(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.bring(orange, order.AccessSealed)
	w.who = officer()
	for words, says := range map[string]string{strings.Repeat("a", 301): "At most 300 characters", "one two three four five six seven": "at most six words"} {
		if body := w.asks(words); !strings.HasPrefix(body, "422") || !strings.Contains(body, says) {
			t.Errorf("%.20s: %.3s", words, body)
		}
	}
	if body := w.asks("Featherstone John", "purpose", ""); !strings.HasPrefix(body, "422") || !strings.Contains(body, "says why") {
		t.Error("a search by name without a purpose")
	}
	if body := w.asks("x", "status", "nonsense"); !strings.HasPrefix(body, "422") {
		t.Error("a status that is none")
	}
	if a := w.visit("/orders?words=Surname"+string(id), nil); a.Code != http.StatusOK || strings.Contains(a.Body.String(), at(orange, id)) {
		t.Error("names in an address are read")
	}
	w.who = person("helpDesk", desk, "helpDesk")
	if body := w.asks("Featherstone John"); !strings.HasPrefix(body, "422") || strings.Contains(body, at(orange, id)) {
		t.Error("the help desk searches by name")
	}
	if body := w.asks("case" + string(id)); !strings.Contains(body, at(orange, id)) || strings.Contains(body, "Surname") {
		t.Error("the help desk does not find by number, or reads a name")
	}
	w.who = judge(alpine)
	if body := w.asks("caseo-030-sealed"); strings.Contains(body, "o-030-sealed</a>") {
		t.Error("a sealed order is found")
	}
}
