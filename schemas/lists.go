package schemas

import (
	"maps"
	"slices"
)

// CodeList is the words that one type of the schemas takes.
type CodeList struct {
	Name  string
	Codes []string
}

// CodeLists are all code lists of the schemas, by name.
func CodeLists() ([]CodeList, error) {
	m, err := readModel()
	if err != nil {
		return nil, err
	}
	var lists []CodeList
	for _, name := range slices.Sorted(maps.Keys(m.codes)) {
		lists = append(lists, CodeList{name, m.codes[name]})
	}
	return lists, nil
}
