package exchange

import (
	"context"
	"maps"
	"slices"
	"strings"

	"ccpor/exchange/soap"
	"ccpor/mapping/order"
	"ccpor/schemas/canon"
	"ccpor/store"
	"ccpor/wsdl"
)

// SubmitOperation is the operation that brings packages.
const SubmitOperation = "SubmitOrder"

// The operations of the service.
const (
	submitOrder         = SubmitOperation
	validateOrder       = "ValidateOrder"
	getSubmissionStatus = "GetSubmissionStatus"
	listSubmissions     = "ListSubmissions"
	searchOrders        = "SearchOrders"
	getOrder            = "GetOrder"
	getOrderImage       = "GetOrderImage"
	getPolicy           = "GetPolicy"
	ping                = "Ping"
)

// operation answers one request whose envelope has been read up to the operation's element.
type operation func(h *Hub, ctx context.Context, o opened) (reply, error)

// operations are all but SubmitOrder, which take tells.
var operations = map[string]operation{
	validateOrder:       (*Hub).validateOrder,
	getSubmissionStatus: (*Hub).status,
	listSubmissions:     (*Hub).list,
	searchOrders:        (*Hub).search,
	getOrder:            (*Hub).order,
	getOrderImage:       (*Hub).orderImage,
	getPolicy:           (*Hub).policy,
	ping:                (*Hub).ping,
}

func isOperation(name string) bool { return name == submitOrder || operations[name] != nil }

// operationNames are all of them, for whoever named another.
func operationNames() string {
	return strings.Join(append(slices.Sorted(maps.Keys(operations)), submitOrder), ", ")
}

// reply is an answer on its way: its bytes, and its media type where that is not the edition's own.
type reply struct {
	body  []byte
	media string
}

// asked is the content of a request: elements of the service's namespace with texts, at most two deep.
type asked struct {
	of    opened
	texts map[string]string // by path: "Requester/RoleCode"
}

const (
	maxAsked     = 32  // elements of a request
	maxAskedText = 512 // bytes of one text
)

// read takes the operation's content and the rest of the message. known are the paths of the elements that may come, each once; those of one level come
// in the order of the list.
func (o opened) read(known ...string) (asked, error) {
	a := asked{of: o, texts: map[string]string{}}
	if err := a.level("", known); err != nil {
		return a, err
	}
	if err := o.envelope.Close(o.scanner); err != nil {
		return a, err
	}
	return a, o.message.CheckUsed()
}

// level reads the children of the open element up to its end.
func (a asked) level(above string, known []string) error {
	last := -1
	for {
		k, err := soap.Child(a.of.scanner)
		if err != nil || k == canon.End {
			return err
		}
		path := above + a.of.scanner.Name().Local
		at := slices.IndexFunc(known, func(p string) bool { return p == path || strings.HasPrefix(p, path+"/") })
		if a.of.scanner.Name().Space != wsdl.Namespace || at <= last || len(a.texts) >= maxAsked {
			return a.of.malformed(a.of.operation + " holds, in this order: " + strings.Join(known, ", "))
		}
		last = at
		if known[at] != path {
			if err := a.level(path+"/", known); err != nil {
				return err
			}
			for at+1 < len(known) && strings.HasPrefix(known[at+1], path+"/") {
				at++
			}
			last = at
			continue
		}
		text, err := soap.Text(a.of.scanner, maxAskedText)
		if err != nil {
			return err
		}
		a.texts[path] = strings.TrimSpace(string(text))
	}
}

func (a asked) has(path string) bool { _, ok := a.texts[path]; return ok }

// parsed is the text at a path as parse takes it; absent or empty is the zero value. The error is a refusal that names the element.
func parsed[T any](a asked, path string, parse func(string) (T, error)) (v T, err error) {
	text := a.texts[path]
	if text == "" {
		return v, nil
	}
	if v, err = parse(text); err != nil {
		return v, a.wrong(path, err.Error())
	}
	return v, nil
}

// wrong refuses a value of the request. why is a rule and quotes no value.
func (a asked) wrong(path, why string) error {
	element := path[strings.LastIndexByte(path, '/')+1:]
	text := sentence(element + ": " + why)
	return &refusal{code: "Client.Operation.Malformed", what: text,
		problems: []store.Problem{{Code: "Client.Operation.Malformed", Text: text, Path: "/" + a.of.operation + "/" + path, Element: element, Whose: sender}}}
}

// oneOf takes one of the words of a list.
func oneOf[T ~string](words ...T) func(string) (T, error) {
	return func(s string) (T, error) {
		if !slices.Contains(words, T(s)) {
			return "", errOneOf
		}
		return T(s), nil
	}
}

var errOneOf = order.ErrInvalid

// answer writes a plain answer of the operation.
func (o opened) answer(body func(*soap.Writer)) reply {
	name := o.operation + "Response"
	return reply{body: soap.Answer(o.edition, o.addressing, wsdl.Action(o.operation)+"Response", func(w *soap.Writer) {
		w.Open(name, "xmlns", wsdl.Namespace)
		body(w)
		w.Close(name)
	})}
}

// record puts a read on record before its answer goes out. Who reads what the hub cannot record does not read it.
func (h *Hub) record(ctx context.Context, o opened, e store.Event) error {
	e.At = o.at
	if e.Actor == "" {
		e.Actor = "agency " + string(o.agency.ORI)
	}
	if err := h.Store.Audit(ctx, e); err != nil {
		h.Log.Error("a read could not be put on record", "correlation", o.correlation, "error", loggable(err))
		return &refusal{code: "Server.Unavailable"}
	}
	return nil
}

// unavailable logs what kept the store from answering, and tells the sender to come again.
func (h *Hub) unavailable(o opened, what string, err error) error {
	h.Log.Error(what, "correlation", o.correlation, "agency", o.agency.ORI, "error", loggable(err))
	return &refusal{code: "Server.Unavailable"}
}

func (h *Hub) ping(_ context.Context, o opened) (reply, error) {
	o.begin("ping")
	if _, err := o.read(); err != nil {
		return reply{}, err
	}
	o.end(true, "")
	return o.answer(func(w *soap.Writer) {
		w.Leaf("ServerDateTime", stamp(h.Now()))
		w.Leaf("PolicyEditionText", h.edition())
		w.Leaf("AgencyOrganizationORIIdentification", string(o.agency.ORI))
		w.Leaf("AgencyName", o.agency.Name)
		w.Bool("TestIndicator", o.agency.Test)
	}), nil
}
