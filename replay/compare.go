package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

// Stage is a part of an outcome.
type Stage string

// The stages, in the order in which a package goes through them.
const (
	StageEnvelope  Stage = "envelope"
	StageSignature Stage = "signature"
	StageSchema    Stage = "schema"
	StageRules     Stage = "rules"
	StageOrder     Stage = "canonical order"
	StageCarpos    Stage = "CARPOS text"
	StageOutcome   Stage = "outcome"
)

var stages = []Stage{StageEnvelope, StageSignature, StageSchema, StageRules, StageOrder, StageCarpos, StageOutcome}

// Difference is one thing that is not as it was.
type Difference struct {
	Stage Stage
	// What names it: a code with its path, a path in the canonical order, a transaction and its field.
	What string
	// Was and Is are the values; empty where there is none. Personal says that they are about a person.
	Was, Is  string
	Personal bool
}

// Comparer compares what two hubs made of one package.
type Comparer struct {
	personal map[string]bool // "ERR NAM"
}

// NewComparer knows from the message dictionary which CARPOS fields are about a person.
func NewComparer(d *carpos.Dictionary) *Comparer {
	c := &Comparer{personal: map[string]bool{}}
	for _, k := range []carpos.Key{"ERR", "MRR", "XRR", "SRR"} {
		for _, f := range d.Fields(k) {
			c.personal[string(k)+" "+f.Name] = f.Personal
		}
	}
	return c
}

// Compare lists what differs, stage by stage. Left out is what each hub draws for itself or reads from its clock: tracking and control numbers, FCN, NIC and
// OCA, the times of stages and attempts, how often something was sent, and whether a package had to wait for an earlier one. The test flag is left out
// too: every replay is a test. Where nothing was owed to CARPOS for a test, there is nothing to compare with.
func (c *Comparer) Compare(was, is *store.Made) []Difference {
	var d differences
	switch {
	case is == nil:
		d.add(StageOutcome, "submission", string(was.State), "not taken")
		return d
	case was.State != is.State || was.RefusedCode != is.RefusedCode:
		at := is
		if was.State == store.SubmissionRefused {
			at = was
		}
		d.add(stageOf(at.RefusedStage), "verdict", verdict(was), verdict(is))
	}
	d.signature(was, is)
	d.problems(was.Problems, is.Problems)
	d.problems(was.Warnings, is.Warnings)
	d.notes(was.Notes, is.Notes)
	d.documents(was, is)
	d.add(StageRules, "deadline", was.Due.String()+" "+was.DueRule, is.Due.String()+" "+is.DueRule)
	if was.NotOwed != store.NotOwedTest {
		d.add(StageOutcome, "not owed", string(was.NotOwed), string(is.NotOwed))
		c.transmissions(&d, was, is)
	}
	return d
}

// Told is the part of an outcome that a hub tells the sender when asked for the status.
func Told(m *store.Made) *store.Made {
	told := &store.Made{Tracking: m.Tracking, State: m.State, RefusedStage: m.RefusedStage, RefusedCode: m.RefusedCode, Problems: m.Problems, Notes: m.Notes}
	for _, t := range m.Transmissions {
		told.Transmissions = append(told.Transmissions, store.MadeTransmission{Kind: t.Kind, State: t.State, Item: t.Item})
	}
	return told
}

func verdict(m *store.Made) string {
	return strings.TrimSpace(string(m.State) + " " + m.RefusedCode)
}

// stageOf is the stage of a hub's own name for one.
func stageOf(name string) Stage {
	switch name {
	case "signature", "attachments":
		return StageSignature
	case "schema":
		return StageSchema
	case "mapping":
		return StageOrder
	case "rules", "store":
		return StageRules
	}
	return StageEnvelope
}

type differences []Difference

func (d *differences) add(s Stage, what, was, is string) {
	if was != is {
		*d = append(*d, Difference{Stage: s, What: what, Was: was, Is: is})
	}
}

func (d *differences) addPersonal(s Stage, what, was, is string) {
	if was != is {
		*d = append(*d, Difference{Stage: s, What: what, Was: was, Is: is, Personal: true})
	}
}

func (d *differences) signature(was, is *store.Made) {
	d.add(StageSignature, "algorithm", was.Algorithm, is.Algorithm)
	d.add(StageSignature, "signer", fmt.Sprintf("%x", was.Signer[:8]), fmt.Sprintf("%x", is.Signer[:8]))
	d.add(StageSignature, "signed octets", fmt.Sprintf("%x", was.Canonical[:8]), fmt.Sprintf("%x", is.Canonical[:8]))
}

// problems compares lists without regard to their order.
func (d *differences) problems(was, is []store.Problem) {
	a, b := map[string]int{}, map[string]int{}
	for _, p := range was {
		a[problemKey(p)]++
	}
	for _, p := range is {
		b[problemKey(p)]++
	}
	for _, k := range slices.Sorted(maps.Keys(union(a, b))) {
		s := StageRules
		if strings.HasPrefix(k, "Client.Schema.") {
			s = StageSchema
		}
		d.add(s, k, count(a[k]), count(b[k]))
	}
}

func problemKey(p store.Problem) string { return strings.TrimSpace(p.Code + " " + p.Path) }

func (d *differences) notes(was, is []order.Note) {
	a, b := map[string]int{}, map[string]int{}
	for _, n := range was {
		a["note "+n.Code]++
	}
	for _, n := range is {
		b["note "+n.Code]++
	}
	for _, k := range slices.Sorted(maps.Keys(union(a, b))) {
		d.add(StageRules, k, count(a[k]), count(b[k]))
	}
}

func union(a, b map[string]int) map[string]int {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func count(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "there"
	}
	return fmt.Sprintf("%d times", n)
}

// documents compares what was kept of the package, leaf by leaf.
func (d *differences) documents(was, is *store.Made) {
	for _, part := range []struct{ name, was, is string }{
		{"", was.Subject, is.Subject}, {"modification", was.Modification, is.Modification}, {"confidential", was.Confidential, is.Confidential},
	} {
		if part.was == part.is {
			continue
		}
		a, b := leaves(part.name, part.was), leaves(part.name, part.is)
		all := maps.Clone(a)
		maps.Copy(all, b)
		for _, path := range slices.Sorted(maps.Keys(all)) {
			d.addPersonal(StageOrder, path, a[path], b[path])
		}
	}
}

// leaves are the values of a JSON document by their paths.
func leaves(name, document string) map[string]string {
	out := map[string]string{}
	if document == "" {
		return out
	}
	dec := json.NewDecoder(strings.NewReader(document))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		out[name] = document
		return out
	}
	collect(out, name, v)
	return out
}

func collect(out map[string]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			collect(out, strings.TrimPrefix(path+"."+k, "."), e)
		}
	case []any:
		for i, e := range v {
			collect(out, fmt.Sprintf("%s[%d]", path, i), e)
		}
	default:
		out[path] = fmt.Sprint(v)
	}
}

// transmissions compares the CARPOS transactions that the package brought, each with its like in the sequence of its order.
func (c *Comparer) transmissions(d *differences, was, is *store.Made) {
	for i := range max(len(was.Transmissions), len(is.Transmissions)) {
		switch {
		case i >= len(was.Transmissions):
			d.add(StageOutcome, "transaction "+string(is.Transmissions[i].Kind), "", "there")
		case i >= len(is.Transmissions):
			d.add(StageOutcome, "transaction "+string(was.Transmissions[i].Kind), "there", "")
		default:
			c.transmission(d, was.Transmissions[i], is.Transmissions[i])
		}
	}
}

func (c *Comparer) transmission(d *differences, was, is store.MadeTransmission) {
	d.add(StageOutcome, "transaction", string(was.Kind), string(is.Kind))
	key := string(was.Kind)
	a, b := fields(was), fields(is)
	for _, f := range slices.Sorted(maps.Keys(union2(a, b))) {
		known, personal := c.personal[key+" "+f]
		x, y := strings.Join(a[f], " | "), strings.Join(b[f], " | ")
		if personal || !known {
			d.addPersonal(StageCarpos, key+" "+f, x, y)
		} else {
			d.add(StageCarpos, key+" "+f, x, y)
		}
	}
	d.add(StageOutcome, key+" state", string(was.State), string(is.State))
	d.add(StageOutcome, key+" answer", code(was.Code), code(is.Code))
	d.add(StageOutcome, key+" held for", was.Field+" "+was.Item, is.Field+" "+is.Item)
	d.addPersonal(StageOutcome, key+" reason", plain(was), plain(is))
}

func union2(a, b map[string][]string) map[string][]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func code(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// own are the fields of a request that the hub or CARPOS draws a number for: whether they are there is compared, and not what they say.
var own = []string{"OCA", "FCN", "NIC"}

// fields are the values of a request by field, from the body as it was sent. Its first line is the frame's; KEY.ORI. stands before the first field.
func fields(t store.MadeTransmission) map[string][]string {
	out := map[string][]string{}
	_, text, _ := bytes.Cut(t.Request, []byte("\r\n"))
	if len(text) == 0 {
		return out
	}
	head, rest, _ := strings.Cut(string(text), ".")
	ori, rest, _ := strings.Cut(rest, ".")
	out["KEY"] = []string{head + "." + ori}
	for _, l := range strings.Split(strings.TrimSuffix(rest, "\r\n"), "\r\n") {
		name, value, _ := strings.Cut(l, "/")
		if slices.Contains(own, name) {
			value = "(a number of its own)"
		}
		out[name] = append(out[name], value)
	}
	return out
}

// plain is the reason without the numbers that the hub or CARPOS drew.
func plain(t store.MadeTransmission) string {
	reason := t.Reason
	for _, n := range []string{t.OCA, string(t.FCN)} {
		if n != "" {
			reason = strings.ReplaceAll(reason, n, "(a number of its own)")
		}
	}
	return reason
}
