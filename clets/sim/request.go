package sim

import (
	"errors"
	"strings"
)

// Field is one `FLD/value` of a transaction or of a record.
type Field struct {
	Code  string `json:"code"`
	Value string `json:"value"`
}

// fields is a run of fields in the order in which they came.
type fields []Field

// first returns the value of the first field with that code, or nothing.
func (fs fields) first(code string) string {
	for _, f := range fs {
		if f.Code == code {
			return f.Value
		}
	}
	return ""
}

// all returns the values of every field with that code.
func (fs fields) all(code string) []string {
	var vs []string
	for _, f := range fs {
		if f.Code == code {
			vs = append(vs, f.Value)
		}
	}
	return vs
}

func (fs fields) has(code string) bool {
	for _, f := range fs {
		if f.Code == code {
			return true
		}
	}
	return false
}

// request is the text of a MSG, taken apart but not yet judged.
type request struct {
	key       string
	ori       string
	firstLine string
	fields    fields
	broken    []string // lines that are no FLD/value: the field code where one can be read, else nothing
}

var errNoRoute = errors.New("the text does not begin with a key and an ORI")

// parseRequest takes a text apart. It fails only where the switch cannot tell key and ORI.
func parseRequest(text string) (request, error) {
	text = strings.TrimSuffix(text, "\r\n")
	lines := strings.Split(text, "\r\n")
	parts := strings.SplitN(lines[0], ".", 3)
	if len(parts) != 3 || len(parts[0]) != 3 || !isUpperAlnum(parts[0]) || len(parts[1]) != 9 || !isUpperAlnum(parts[1]) {
		return request{}, errNoRoute
	}
	r := request{key: parts[0], ori: parts[1], firstLine: lines[0]}
	lines[0] = parts[2]
	for _, line := range lines {
		r.readField(line)
	}
	return r, nil
}

func (r *request) readField(line string) {
	code, value, found := strings.Cut(line, "/")
	if !found || len(code) != 3 || !isUpperAlnum(code) {
		if len(code) != 3 || !isUpperAlnum(code) {
			code = ""
		}
		r.broken = append(r.broken, code)
		return
	}
	r.fields = append(r.fields, Field{Code: code, Value: value})
}
