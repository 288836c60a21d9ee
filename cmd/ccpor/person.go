package main

import (
	"errors"
	"strings"
	"unicode"

	"ccpor/store"
)

// person is who acts at the command line.
type person struct {
	As string `env:"CCPOR_PERSON,USER" help:"Who acts; put on record." placeholder:"NAME"`
}

var errUnnamed = errors.New("say who acts: --as NAME, 2 to 60 characters (CCPOR_PERSON, USER)")

// by is the person as acts on agencies are put on record.
func (p person) by() (store.By, error) {
	who, err := p.onRecord()
	return store.By{Actor: who}, err
}

// onRecord is the person as the audit log has it.
func (p person) onRecord() (string, error) {
	name := strings.TrimSpace(p.As)
	if n := len([]rune(name)); n < 2 || n > 60 || strings.ContainsFunc(name, unicode.IsControl) {
		return "", errUnnamed
	}
	return "person " + name + ", command line", nil
}
