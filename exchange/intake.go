package exchange

import (
	"context"
	"errors"
	"strings"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/order"
	"ccpor/mapping/rules"
	"ccpor/schemas"
	"ccpor/schemas/canon"
	"ccpor/store"
	"ccpor/wsdl"
)

// take is the whole way of a message, from the bytes as received to the answer. Every stage's result can be made by the stage
// before it only, so none can be left out or changed in order.
func (h *Hub) take(ctx context.Context, m *received) (reply, error) {
	opened, err := h.open(m) // byte gate, envelope
	if err != nil {
		return reply{}, err
	}
	if err := opened.onlySubmits(); err != nil {
		return reply{}, err
	}
	if other := operations[opened.operation]; other != nil {
		if err := notGranted(opened.agency, opened.operation); err != nil {
			opened.begin("grant")
			return reply{}, err
		}
		return other(h, ctx, opened) // whatever brings no package
	}
	if h.Stalled != nil && h.Stalled() {
		return reply{}, &refusal{code: "Server.LedgerStalled"}
	}
	signed, err := h.verify(opened) // the octets that a registered certificate signed
	if err != nil {
		return reply{}, err
	}
	valid, err := h.validate(ctx, signed) // libxml2 sees those octets and no others
	if err != nil {
		return reply{}, err
	}
	read, err := h.read(valid) // the order, in the words of the domain
	if err != nil {
		return reply{}, err
	}
	checked, err := h.check(ctx, read) // sender, images, business rules: every problem at once
	if err != nil {
		return reply{}, err
	}
	kept, err := h.keep(ctx, checked) // one transaction
	if err != nil {
		return reply{}, err
	}
	return reply{body: kept.receipt()}, nil // after the commit, never before
}

// opened is a message whose envelope has been read up to its operation.
type opened struct {
	*received
	message  *soap.Message
	envelope soap.Envelope
	scanner  *canon.Scanner
}

func (h *Hub) open(m *received) (opened, error) {
	m.begin("envelope")
	o := opened{received: m, scanner: &m.memory.scanner}
	var err error
	if o.message, err = soap.Split(m.content, m.contentType); err != nil {
		return o, err
	}
	if err = o.scanner.Reset(o.message.Root, h.profile); err != nil {
		return o, err
	}
	o.envelope, err = soap.Open(o.scanner, o.message.Edition, m.understood()...)
	if o.envelope.Edition != 0 {
		m.edition, m.addressing = o.envelope.Edition, o.envelope.Addressing
	}
	if err != nil {
		return o, err
	}
	if err = h.verifyMessage(o); err != nil { // the signature over the message, where there is one
		return o, err
	}
	if err = o.envelope.Operation(o.scanner); err != nil {
		return o, err
	}
	name := o.scanner.Name()
	if name.Space != wsdl.Namespace || !isOperation(name.Local) {
		return o, &refusal{code: "Client.Operation.Unknown", hint: "The operations of " + wsdl.Namespace + " are " + operationNames() + "."}
	}
	m.operation = name.Local
	action := wsdl.Action(m.operation)
	if err := soap.CheckAction(m.soapAction, m.contentType.Action, action); err != nil {
		return o, err
	}
	return o, soap.CheckAction("", o.envelope.Addressing.Action, action)
}

// signed is a message that has been read to its end, and whose package carries the sender's signature.
type signed struct {
	opened
	verified    sig.Verified
	attachments []attachment
}

func (h *Hub) verify(o opened) (signed, error) {
	o.begin("signature")
	out := signed{opened: o}
	if err := o.toPackage(); err != nil {
		return out, err
	}
	if id, ok := o.scanner.Attr("", "Id"); ok && o.envelope.Declares(string(id)) {
		return out, &refusal{code: "Client.Signature." + string(sig.DuplicateID), what: "A header block has the same Id as the package."}
	}
	var err error
	out.verified, err = h.verifier.VerifyInto(o.memory.octets[:0], o.scanner, schemas.Root, o.trusted, o.at)
	var gate *canon.Error
	if errors.As(err, &gate) && gate.Code == canon.TooLarge {
		return out, &refusal{code: "Client.Package.TooLarge"}
	}
	if err != nil {
		return out, err
	}
	o.memory.keep(out.verified.Octets())
	o.begin("attachments")
	if out.attachments, err = o.readAttachments(); err != nil {
		return out, err
	}
	if err = o.envelope.Close(o.scanner); err != nil {
		return out, err
	}
	return out, o.message.CheckUsed()
}

// toPackage goes on to the first child of SubmitOrder, which is the package, by its position.
func (o opened) toPackage() error {
	k, err := soap.Child(o.scanner)
	if err != nil {
		return err
	}
	if k != canon.Start || !o.scanner.Is(schemas.Root.Space, schemas.Root.Local) {
		return &refusal{code: "Client.Package.Missing"}
	}
	return nil
}

// valid is a message whose package follows the schema.
type valid struct {
	signed
	document schemas.Document
}

func (h *Hub) validate(ctx context.Context, s signed) (valid, error) {
	s.begin("schema")
	document, err := h.Schemas.Validate(ctx, s.verified)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = &refusal{code: "Server.Unavailable"} // the sender went while its package waited: nobody has refused it
	}
	return valid{signed: s, document: document}, err
}

// read is a message whose package has been understood.
type read struct {
	valid
	pack mapping.Package
}

func (h *Hub) read(v valid) (read, error) {
	v.begin("mapping")
	pack, err := h.Mapper.Package(v.document)
	v.pkg, v.action, v.test = pack.ID, store.Action(pack.Action), pack.Test || v.replay != nil
	return read{valid: v, pack: pack}, err
}

// checked is a message with nothing wrong.
type checked struct {
	read
	images   []store.Image
	warnings []store.Problem
	deadline calendar.Deadline
}

func (h *Hub) check(ctx context.Context, r read) (checked, error) {
	r.begin("rules")
	out := checked{read: r}
	known, err := h.known(ctx, r)
	if err != nil {
		return out, err
	}
	problems := entitled(r, known)
	if len(problems) > 0 {
		known = nil // who may not speak of the order learns nothing of it
	}
	images, wrong := h.images(r)
	problems = append(problems, wrong...)
	for _, f := range h.findings(r, known) {
		if f.Severity == rules.Warning {
			out.warnings = append(out.warnings, problemOf(f, "Warning.Rule."))
		} else {
			problems = append(problems, problemOf(f, "Client.Rule."))
		}
	}
	if len(problems) > 0 {
		taken, err := h.takenBefore(ctx, r)
		if err != nil {
			return out, err
		}
		if !taken {
			return out, refusalOf(problems)
		}
	}
	if err := h.quota(ctx, r); err != nil {
		return out, err
	}
	out.images = images
	out.warnings = append(out.warnings, natures(images)...)
	out.deadline, err = h.deadline(ctx, r)
	return out, err
}

// deadline is until when what the package tells has to be in CARPOS, by the calendar of the order's court; none for what is owed at no time.
func (h *Hub) deadline(ctx context.Context, r read) (calendar.Deadline, error) {
	var made order.Date
	switch {
	case r.pack.Modification != nil:
		made = r.pack.Modification.Date
	case r.pack.Order != nil:
		made = r.pack.Order.Issued
	case r.pack.Cancellation != nil:
		made = r.pack.Cancellation.Date
	default:
		return calendar.Deadline{}, nil
	}
	closed, err := h.Store.Closed(ctx, r.pack.Reference().Court, r.at)
	if err != nil {
		h.Log.Error("closures not read", "correlation", r.correlation, "agency", r.agency.ORI, "error", loggable(err))
		return calendar.Deadline{}, &refusal{code: "Server.Unavailable"}
	}
	return h.Calendar.Closing(closed...).Deadline(made), nil
}

// takenBefore says that this very package was accepted. Then it is, whatever would be wrong with it today or with the images that came
// this time, and the store gives its first receipt.
func (h *Hub) takenBefore(ctx context.Context, r read) (bool, error) {
	known, err := h.Store.StatusByPackage(ctx, r.reach(), r.pack.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		h.Log.Error("package not looked up", "correlation", r.correlation, "agency", r.agency.ORI, "error", loggable(err))
		return false, &refusal{code: "Server.Unavailable"}
	}
	return known.State == store.SubmissionAccepted && known.Canonical == r.verified.Digest(), nil
}

// known is the order that the package is about; nil for an order that it adds, and where that has not come yet.
func (h *Hub) known(ctx context.Context, r read) (*store.Known, error) {
	if r.pack.Action == mapping.ActionAdd {
		return nil, nil
	}
	about := r.pack.Reference()
	known, err := h.Store.KnownOrder(ctx, about.Court, about.OrderID, r.test || r.agency.Test)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		h.Log.Error("order not looked up", "correlation", r.correlation, "agency", r.agency.ORI, "error", loggable(err))
		return nil, &refusal{code: "Server.Unavailable"}
	}
	return &known, nil
}

// findings are what the rules say of the package, and of one about an order beside that order. Where it has not come yet, the relay asks again before it
// sends anything of the package.
func (h *Hub) findings(r read, known *store.Known) []rules.Finding {
	all := h.Rules.Check(r.pack, order.DateOf(r.at.In(h.Calendar.Pacific())))
	if known == nil {
		return all
	}
	return append(all, h.Rules.Against(r.pack, rules.Known{Order: &known.Order, Cancelled: known.Cancelled})...)
}

// entitled says what is wrong with who sends this. Whoever is registered may tell of service.
func entitled(r read, known *store.Known) []store.Problem {
	var problems []store.Problem
	if notGranted(r.agency, submitOrder) != nil { // here, so that what was accepted before gets its receipt again
		problems = append(problems, plainProblem("Client.Operation.NotGranted", "/OrderPackage", ""))
	}
	if r.pack.Test && !r.reach().Test {
		problems = append(problems, plainProblem("Client.Package.TestOverLive", "/OrderPackage/PackageHeader/TestIndicator", ""))
	}
	if r.pack.Submitter != r.agency.ORI {
		problems = append(problems, plainProblem("Client.Package.WrongSubmitter", "/OrderPackage/PackageHeader/SubmitterOrganizationORIIdentification", string(r.pack.Submitter)))
	}
	court := r.pack.Reference().Court
	if r.pack.Action == mapping.ActionServe || countyOf(court) == countyOf(r.agency.ORI) && (r.agency.Kind != store.KindLawEnforcement || emergency(r.pack, known)) {
		return problems
	}
	return append(problems, plainProblem("Client.Package.WrongCourt", courtPaths[r.pack.Action], string(court)))
}

// courtPaths are where a package names the court of its order.
var courtPaths = map[mapping.Action]string{
	mapping.ActionAdd:    "/OrderPackage/ProtectionOrder/CourtOrderIssuingCourt/OrganizationORIIdentification",
	mapping.ActionModify: "/OrderPackage/ProtectionOrder/CourtOrderIssuingCourt/OrganizationORIIdentification",
	mapping.ActionCancel: "/OrderPackage/CourtOrderCancellation/OrganizationORIIdentification",
	mapping.ActionAttach: "/OrderPackage/CourtOrderSupplement/OrganizationORIIdentification",
}

// emergency says that the package is about an emergency order, which an officer obtained. What a package says of an order that exists is no evidence: that
// has to be known. Only a mere image may come before its order.
func emergency(p mapping.Package, known *store.Known) bool {
	switch {
	case p.Action != mapping.ActionAdd && known != nil:
		return known.Order.Stage == order.StageEmergency && (p.Order == nil || p.Order.Stage == order.StageEmergency)
	case p.Action == mapping.ActionAttach:
		return p.Confidential == nil
	}
	return p.Action == mapping.ActionAdd && p.Order.Stage == order.StageEmergency
}

func countyOf(ori order.ORI) string { return string(ori[:min(len(ori), 5)]) }

// plainProblem is a problem that the table of faults says all about.
func plainProblem(code, path, value string) store.Problem {
	r := rowOf(code)
	return store.Problem{Code: code, Severity: "error", Text: r.text, Path: path, Element: path[strings.LastIndexByte(path, '/')+1:], Value: value, Fix: r.hint, Whose: r.whose}
}

func problemOf(f rules.Finding, prefix string) store.Problem {
	return store.Problem{Code: prefix + string(f.Rule), Rule: string(f.Rule), Severity: string(f.Severity), Text: f.Text, Path: f.Path,
		Citation: f.Citation, Fix: f.Fix, Whose: string(f.Whose)}
}

// refusalOf is the refusal for a list of problems: its code is the first one's, and it carries all.
func refusalOf(problems []store.Problem) *refusal {
	first := problems[0]
	return &refusal{code: first.Code, what: first.Text, hint: first.Fix, problems: problems}
}

// kept is a message that the store holds.
type kept struct {
	checked
	stored store.Receipt
}

// keep hands everything over to the store. A sender that hangs up does not stop it: it would send again, and get the same receipt.
func (h *Hub) keep(ctx context.Context, c checked) (kept, error) {
	c.begin("store")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.Limits.KeepTime)
	defer cancel()
	c.held = true // until it answers, and after it has failed to, the store may be reading the bytes
	stored, err := h.Store.Accept(ctx, c.accepted())
	var conflict *store.ConflictError
	var exists *store.OrderExistsError
	switch {
	case err == nil:
		c.held = false
		c.end(true, "")
		c.tracking, c.receipt, c.again = stored.Tracking, true, stored.Duplicate
		if !stored.Duplicate && c.replay == nil {
			h.quotas.add(c.reach())
		}
		return kept{checked: c, stored: stored}, nil
	case errors.As(err, &conflict):
		c.held = false
		return kept{}, err
	case errors.As(err, &exists):
		c.held = false
		return kept{}, h.discreet(ctx, c, exists)
	}
	h.Log.Error("not kept", "correlation", c.correlation, "agency", c.agency.ORI, "error", loggable(err))
	return kept{}, &refusal{code: "Server.Unavailable"}
}

// discreet leaves out the number of an earlier submission that is another agency's.
func (h *Hub) discreet(ctx context.Context, c checked, exists *store.OrderExistsError) error {
	_, err := h.Store.OwnStatus(ctx, c.reach(), exists.Tracking)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		h.Log.Error("the earlier submission was not looked up", "correlation", c.correlation, "agency", c.agency.ORI, "error", loggable(err))
	}
	if err == nil {
		return exists
	}
	return &store.OrderExistsError{Court: exists.Court, Order: exists.Order}
}

func (c checked) accepted() store.Accepted {
	return store.Accepted{
		Agency: c.agency, Package: c.pack.ID, Action: c.action, Received: c.visit.received(c.received),
		Canonical: c.verified.Digest(), Signer: fingerprint(c.verified.Certificate()), Algorithm: c.verified.Algorithm(), Test: c.test,
		Order: c.pack.Order, Modification: c.pack.Modification, Service: c.pack.Service, Cancellation: c.pack.Cancellation, Supplement: c.pack.Supplement,
		Confidential: c.pack.Confidential, Notes: c.pack.Notes, Warnings: c.warnings, Images: c.images,
		Deadline: store.Deadline{Due: c.deadline.Due, Rule: c.deadline.Rule},
	}
}
