package soap

// FaultKind is the fault code that SOAP itself defines.
type FaultKind uint8

// The kinds. SOAP 1.1 calls the first two Client and Server.
const (
	Sender FaultKind = 1 + iota
	Receiver
	NotUnderstood
	WrongVersion
)

// code is the kind's local name in an edition.
func (k FaultKind) code(e Edition) string {
	switch k {
	case NotUnderstood:
		return "MustUnderstand"
	case WrongVersion:
		return "VersionMismatch"
	case Sender:
		if e == SOAP12 {
			return "Sender"
		}
		return "Client"
	default:
		if e == SOAP12 {
			return "Receiver"
		}
		return "Server"
	}
}

// Fault is an outward refusal. The same fault has two shapes, one of each edition.
type Fault struct {
	Kind FaultKind
	// Subcode is the exact code, a name in Namespace. SOAP 1.2 has a place for it; in 1.1 it stands in the detail only, as
	// WS-I's Basic Profile (R1004) wants no dotted faultcode.
	Subcode   string
	Namespace string
	// Reason is one English sentence.
	Reason string
	// Detail writes the children of the detail element.
	Detail func(*Writer)
}

// faultAction is the Action of WS-Addressing for faults that are not its own.
const faultAction = NamespaceA + "/soap/fault"

// AnswerFault writes an envelope with a fault.
func AnswerFault(e Edition, to Addressing, f Fault) []byte {
	write := f.write11
	if e == SOAP12 {
		write = f.write12
	}
	return Answer(e, to, faultAction, write)
}

func (f Fault) write11(w *Writer) {
	w.Open("soap:Fault")
	w.Leaf("faultcode", "soap:"+f.Kind.code(SOAP11))
	w.Leaf("faultstring", f.Reason, "xml:lang", "en")
	w.Open("detail")
	f.Detail(w)
	w.Close("detail")
	w.Close("soap:Fault")
}

func (f Fault) write12(w *Writer) {
	w.Open("soap:Fault")
	w.Open("soap:Code")
	w.Leaf("soap:Value", "soap:"+f.Kind.code(SOAP12))
	if f.Subcode != "" {
		w.Open("soap:Subcode")
		w.Leaf("soap:Value", "sub:"+f.Subcode, "xmlns:sub", f.Namespace)
		w.Close("soap:Subcode")
	}
	w.Close("soap:Code")
	w.Open("soap:Reason")
	w.Leaf("soap:Text", f.Reason, "xml:lang", "en")
	w.Close("soap:Reason")
	w.Open("soap:Detail")
	f.Detail(w)
	w.Close("soap:Detail")
	w.Close("soap:Fault")
}
