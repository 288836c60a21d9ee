package store_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"ccpor/store"
)

// states are all states of a transmission.
var states = []store.TransmissionState{store.StateWaiting, store.StateReady, store.StateSending, store.StateSent, store.StateAccepted, store.StateHeld, store.StateUnknown, store.StateGivenUp}

// drawn are the moves that docs/states.md draws of a transmission.
func drawn(t *testing.T) []string {
	t.Helper()
	return drawnIn(t, "Transmission")
}

func TestDrawnMoves(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	table := strings.Split(h.sql(`select string_agg(before || ' ' || after, ',' order by before || ' ' || after collate "C") from transmission_move`), ",")
	if moves := drawn(t); !slices.Equal(moves, table) {
		t.Errorf("drawn %v\ntable %v", moves, table)
	}
}

// TestOnlyDrawnMoves tries every move on the bare table.
func TestOnlyDrawnMoves(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	if err := h.exec("alter table transmission disable trigger transmission_kept; insert into attempt (id, transmission_id, purpose, control, line, hub, bytes, at) values (7, 1, 'send', '0000000007', 'CCPR', 'h', " + asSealed + ", now())"); err != nil {
		t.Fatal(err)
	}
	allowed := drawn(t)
	for i, from := range states {
		for j, to := range states {
			if from == to {
				continue
			}
			id := 100 + i*10 + j
			err := h.exec(fmt.Sprintf("insert into transmission (id, order_id, seq, submission_id, kind, state, test, tries, changed_at, %s) values (%d, %d, 1, 1, 'ERR', '%s', false, 1, now(), %s)",
				columnsOf, id, id, from, valuesOf(from)))
			if err != nil {
				t.Fatalf("%s: %v", from, err)
			}
			err = h.exec(fmt.Sprintf("update transmission set state = '%s', (%s) = (%s) where id = %d", to, columnsOf, valuesOf(to), id))
			want := slices.Contains(allowed, string(from)+" "+string(to))
			if (err == nil) != want {
				t.Errorf("%s to %s: %v, drawn: %v", from, to, err, want)
			}
			if err != nil && !strings.Contains(err.Error(), "does not move") {
				t.Errorf("%s to %s was refused for another reason: %v", from, to, err)
			}
		}
	}
}

// columnsOf and valuesOf are what the checks ask of a state.
const columnsOf = "open_attempt, open_since, doubt, reason, retry_at"

func valuesOf(s store.TransmissionState) string {
	switch s {
	case store.StateSending, store.StateSent:
		return "7, now(), false, '', null"
	case store.StateUnknown:
		return "null, null, true, '', now()"
	case store.StateHeld, store.StateGivenUp:
		return "null, null, false, 'why', null"
	}
	return "null, null, false, '', now()"
}

func TestImpossibleRows(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	for name, sql := range map[string]string{
		"sent without an attempt":        "update transmission set state = 'sending', tries = 1",
		"held without a reason":          "update transmission set state = 'held'",
		"ready in doubt":                 "update transmission set doubt = true",
		"accepted without being sent":    "update transmission set state = 'accepted'",
		"an unheard-of state":            "update transmission set state = 'lost'",
		"ready without a time":           "update transmission set retry_at = null",
		"entered without an FCN":         "update order_ set entered = true",
		"added without an OCA":           "update order_ set oca = ''",
		"an OCA in small letters":        "insert into oca values ('abc', 1)",
		"the same OCA twice":             "insert into oca values ('06NF0886', 2)",
		"an entry with another number":   "insert into transmission (id, order_id, seq, submission_id, kind, state, test, retry_at, changed_at) values (9, 1, 2, 1, 'ERR', 'ready', false, now(), now())",
		"a negative count of open ones":  "update order_ set open = -1",
		"accepted without a digest":      "insert into submission (tracking, agency_id, package, action, state, test, received_at, peer, correlation, digest, algorithm, order_id, due_rule, not_owed, waited_for, refused_stage, refused_code) select 'x', agency_id, 'q', action, state, test, received_at, peer, correlation, digest, algorithm, order_id, due_rule, not_owed, waited_for, refused_stage, refused_code from submission",
		"an attempt of nothing":          "insert into attempt (id, transmission_id, purpose, control, line, hub, bytes, at) values (7, 99, 'send', '0000000007', 'CCPR', 'h', " + asSealed + ", now())",
		"an attempt without bytes":       "insert into attempt (id, transmission_id, purpose, control, line, hub, bytes, at) values (7, 1, 'send', '0000000007', 'CCPR', 'h', '', now())",
		"an audit entry without anybody": "insert into audit (at, actor, action, object, outcome, details) values (now(), '', 'x', '', '', '')",
	} {
		if err := h.exec(sql); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestEveryStateHasAMove: nobody is left without a sentence, and the page shows the same ones.
func TestEveryStateHasAMove(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		m, ok := store.Moves()[s]
		if !ok {
			t.Errorf("%s has no move", s)
			continue
		}
		final := map[bool]string{true: "yes", false: "no"}[s.Final()]
		row := fmt.Sprintf("| `%s` | %s | %s | %s |", s, m.Whose, final, m.Sentence)
		if !strings.Contains(string(page), row) {
			t.Errorf("the page lacks: %s", row)
		}
	}
}
