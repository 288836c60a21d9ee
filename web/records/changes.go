package records

import (
	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
)

// versionRow is a version, and what changed in it.
type versionRow struct {
	store.Version
	Changes []change
}

// change is what a version says otherwise than the one before.
type change struct{ Part, Name, Before, After string }

// changes compares versions, each with the one before; what is withheld of the order is withheld here, too.
func changes(versions []store.Version, documents []order.Order, hidden bool) []versionRow {
	var rows []versionRow
	for i, v := range versions {
		row := versionRow{Version: v}
		if i > 0 && i < len(documents) {
			row.Changes = differences(said(documents[i-1], hidden), said(documents[i], hidden))
		}
		rows = append(rows, row)
	}
	return rows
}

func said(o order.Order, hidden bool) []section {
	if hidden {
		o, _ = access.Withhold(o)
	}
	facts := section{Name: "The order"}
	facts.say("Form", o.Form.Number+", "+o.Form.Designator)
	facts.say("Made", o.Issued.String())
	facts.day("Ends", o.Expiry.Date)
	facts.say("Access", accessWord(o.Access))
	facts.say("Service", string(o.Service))
	return append([]section{facts}, sections(o)...)
}

// place is where a line stands: part, name, and which of several of that name.
type place struct {
	part, name string
	n          int
}

type placed struct {
	place
	value string
}

// places are all lines with where they stand.
func places(all []section) (lines []placed) {
	count := map[place]int{}
	for _, s := range all {
		for _, l := range s.Lines {
			at := place{part: s.Name, name: l.Name}
			count[at]++
			lines = append(lines, placed{place{s.Name, l.Name, count[at]}, l.Value})
		}
	}
	return lines
}

// differences are the lines that changed, came or went.
func differences(before, after []section) (all []change) {
	was := map[place]string{}
	for _, l := range places(before) {
		was[l.place] = l.value
	}
	for _, l := range places(after) {
		if was[l.place] != l.value {
			all = append(all, change{l.part, l.name, was[l.place], l.value})
		}
		delete(was, l.place)
	}
	for _, l := range places(before) {
		if gone, is := was[l.place]; is {
			all = append(all, change{l.part, l.name, gone, ""})
		}
	}
	return all
}
