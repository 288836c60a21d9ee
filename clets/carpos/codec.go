package carpos

import (
	"bytes"
	"strings"

	"ccpor/mapping/order"
)

const (
	crlf = "\r\n"
	// maxText is the most that fits into a frame's body beside its MSG line (profile section 1: 16,384 in all).
	maxText = 16384 - 24
)

// Encode writes the text of a request: KEY.ORI. and the first field, then one field a line, each line ended by CR LF. It refuses, with
// every fault, what the dictionary does not allow.
func (d *Dictionary) Encode(t Transaction) ([]byte, error) {
	if faults := d.Check(t); len(faults) > 0 {
		return nil, faults
	}
	var b bytes.Buffer
	b.WriteString(string(t.Key) + "." + string(t.ORI) + ".")
	for _, f := range t.Fields {
		b.WriteString(f.Name + "/" + f.Value + crlf)
	}
	if b.Len() > maxText {
		return nil, Faults{{faultLong, "", "the whole text is too long for one message"}}
	}
	return b.Bytes(), nil
}

// Decode reads the text of a request as Encode writes it; the last line may lack its end. Its error holds every fault, and what could
// be read is returned beside it.
func (d *Dictionary) Decode(text []byte) (Transaction, error) {
	if len(text) > maxText {
		return Transaction{}, Faults{{faultLong, "", "the whole text is too long for one message"}}
	}
	key, rest, ok := strings.Cut(strings.TrimSuffix(string(text), crlf), ".")
	ori, fields, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 {
		return Transaction{}, Faults{{faultFormat, "", "KEY.ORI. is needed"}}
	}
	t := Transaction{Key: Key(key), ORI: order.ORI(ori)}
	var faults Faults
	t.Fields, faults = splitFields(strings.Split(fields, crlf))
	faults = append(faults, d.Check(t)...)
	if len(faults) > 0 {
		return t, faults
	}
	return t, nil
}

func splitFields(lines []string) ([]Field, Faults) {
	if len(lines) > maxLines {
		return nil, Faults{{faultFormat, "", "there are too many lines"}}
	}
	var fields []Field
	var faults Faults
	for _, l := range lines {
		name, value, ok := strings.Cut(l, "/")
		if !ok || len(name) != 3 {
			faults = append(faults, Fault{faultFormat, "", "a line is not FLD/value"})
			continue
		}
		fields = append(fields, Field{name, value})
	}
	return fields, faults
}
