// Package carpos turns a court's order into a CARPOS transaction and CARPOS's reply into an outcome.
//
// What a transaction may hold is data: a message dictionary of keys and fields with their lengths, shapes, code tables and rules, crosswalk
// rules from an order's terms to codes, sentences, transliterations and the labels of a hit, each row with its source and confidence.
// Load reads and checks all of it once. One encoder and one decoder run the dictionary; giving the hub another specification is a change of
// data. Enter, Modify, Cancel, Serve, Inquire and Ask make transactions; ParseReply reads what comes back; Compare sets an order beside the record that CARPOS
// shows of it; Describe says either in plain words.
//
// Shortening is by stated rules, each of which leaves a note: a name loses its middle names and then its further given names, first to
// initials; an address loses its postal code and state, and with the department in front of it is left out; a list of other names
// stops at nine; the text of other orders ends with a pointer to the image; the terms in MIS are said in short. An optional descriptor that still does not fit is left out and noted. What must be
// there and does not fit is a Lack: it holds the relay as work for a person. It never refuses the order.
// What no field of an entry takes goes by a table to OTH, to the end of OTH that may be cut, or to a note (data/unfielded.tsv).
//
// The package refuses to guess: what the court did not say is not sent, a code without a counterpart is a Lack, and a reply that matches
// nothing known is Unrecognised and never an acceptance. It knows no database and no socket.
package carpos

import (
	"errors"
	"fmt"
	"slices"

	"ccpor/mapping/order"
)

// ErrNotSendable is wrapped by Encode and Decode when a text breaks the dictionary; errors.As finds the *Faults.
var ErrNotSendable = errors.New("the transaction breaks the message dictionary")

// Key is the kind of a transaction, three letters (profile section 2).
type Key string

// The keys of the profile. QRR is public; the others are this project's convention.
const (
	Enter     Key = "ERR"
	Modify    Key = "MRR"
	Cancel    Key = "XRR"
	Serve     Key = "SRR"
	Violation Key = "VRR"
	Inquiry   Key = "QRR"
)

// Transaction is one request: its key, the agency on whose behalf it is sent, and its fields in dictionary order.
type Transaction struct {
	Key    Key
	ORI    order.ORI
	Fields []Field
	// Notes say what was shortened, transliterated or left out while it was made. They are not sent.
	Notes []order.Note
}

// Field is one field of a transaction. A repeated field stands once for each value; a group is the run of fields behind its opener.
type Field struct {
	Name  string
	Value string
}

// First is the first value of a field, empty when there is none.
func (t Transaction) First(name string) string { return first(t.Fields, name) }

// All are the values of a field.
func (t Transaction) All(name string) []string { return all(t.Fields, name) }

func first(fields []Field, name string) string {
	if i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name }); i >= 0 {
		return fields[i].Value
	}
	return ""
}

func has(fields []Field, name string) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name })
}

func all(fields []Field, name string) []string {
	var values []string
	for _, f := range fields {
		if f.Name == name {
			values = append(values, f.Value)
		}
	}
	return values
}

// Fault is one thing wrong with a transaction's text, by the reject numbers of profile section 3.
type Fault struct {
	// Number is a code of the table "reject".
	Number string
	Field  string
	// Text says what is wrong, without the value.
	Text string
}

// Faults are all that is wrong with a transaction. The error's text holds no value.
type Faults []Fault

func (f Faults) Error() string {
	s := ErrNotSendable.Error()
	for i, one := range f {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		s += fmt.Sprintf("%s%s %s", sep, one.Field, one.Text)
	}
	return s
}

// Unwrap makes errors.Is(err, ErrNotSendable) true.
func (f Faults) Unwrap() error { return ErrNotSendable }

// Party says whose move it is.
type Party string

// The parties that can mend what is lacking.
const (
	Court    Party = "court"     // the court sends a corrected order, or says what its form does not
	HelpDesk Party = "help desk" // people of the hub: a registration or a setting
)

// Lack is something that CARPOS needs and the order does not give. It holds the relay of the order, never the order.
type Lack struct {
	Field  string
	Reason string
	// FormItem is where on the form it would stand, empty when it stands on no form.
	FormItem string
	Whose    Party
}

// Context is what a transaction needs to know beside the order.
type Context struct {
	// ORI is the agency on whose behalf the message is sent, OCA the number under which the order is entered.
	ORI order.ORI
	OCA string
	// CourtName is the court's name as CARPOS shows it (CTN), 1 to 30 characters; empty takes the name on the form if it fits.
	CourtName string
	// Confirm says where an officer gets the image (the second part of MIS).
	Confirm string
	// FCN is CARPOS's number of the order; an entry has none yet.
	FCN order.FCN
	// Restrained is the restrained person's name as CARPOS has it; Serve and Cancel need it.
	Restrained order.Name
	// SSN is the restrained person's social security number from CLETS-001, nine digits; empty when none is known. Only Enter takes it.
	SSN string
}
