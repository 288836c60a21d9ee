package notify

import (
	"encoding/base64"
	"strconv"
	"time"

	"ccpor/exchange/soap"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/wsdl"
)

// operation is what a listener offers.
const (
	operation = "NotifySubmissionStatus"
	action    = wsdl.ListenerNamespace + "/" + operation
)

// message is a notice as it is written: the readable document, and the same signed.
type message struct {
	number           int64
	readable, signed []byte
}

// noticeOf writes the notice of a move.
func (n *Notifier) noticeOf(to order.ORI, notice store.Notice) message {
	return n.write(to, notice.Number, func(w *soap.Writer) {
		w.Open("Change")
		w.Leaf("ChangedDateTime", stamp(notice.At))
		w.Leaf("TrackingIdentification", string(notice.Tracking))
		w.Leaf("PackageIdentification", string(notice.Package))
		w.Leaf("OrderIdentification", string(notice.Order))
		w.Bool("TestIndicator", notice.Test)
		w.Leaf("TransactionCode", string(notice.Kind))
		w.Leaf("TransmissionStateCode", string(notice.State))
		w.Optional("ReasonText", notice.Reason)
		w.Optional("FormItemText", notice.Item)
		w.Optional("CarposFileControlIdentification", string(notice.FCN))
		w.Leaf("NextMoveCode", partyOf(notice.Next.Whose))
		w.Leaf("NextMoveText", notice.Next.Sentence)
		w.Close("Change")
	})
}

// trialOf writes a notice that tells of nothing.
func (n *Notifier) trialOf(to order.ORI) message { return n.write(to, 0, func(*soap.Writer) {}) }

func (n *Notifier) write(to order.ORI, number int64, change func(*soap.Writer)) message {
	w, now := &soap.Writer{}, n.cfg.Now()
	w.Open("Notice", "xmlns", wsdl.ListenerNamespace, "Id", "notice-"+strconv.FormatInt(number, 10))
	w.Leaf("AgencyORIIdentification", string(to))
	w.Leaf("NoticeNumber", strconv.FormatInt(number, 10))
	change(w)
	if n.cfg.Seal != nil {
		w.Leaf("SignedDateTime", stamp(now))
	}
	w.Close("Notice")
	m := message{number: number, readable: w.Bytes()}
	if n.cfg.Seal == nil {
		return m
	}
	var err error
	if m.signed, err = n.cfg.Seal.Seal(m.readable, now); err != nil {
		n.cfg.Log.Error("a notice could not be signed", "agency", to, "notice", number, "error", err.Error())
	}
	return m
}

// envelope is the whole request.
func (m message) envelope(e soap.Edition) []byte {
	return soap.Answer(e, soap.Addressing{}, action, func(w *soap.Writer) {
		w.Open(operation, "xmlns", wsdl.ListenerNamespace)
		w.Raw(m.readable)
		w.Optional("SignedNotice", base64.StdEncoding.EncodeToString(m.signed))
		w.Close(operation)
	})
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// partyOf says a store's party in the words of the service, as GetSubmissionStatus does.
func partyOf(p store.Party) string {
	switch p {
	case store.PartyCourt:
		return "court"
	case store.PartyCarpos:
		return "carpos"
	case store.PartyNobody:
		return "nobody"
	}
	return "hub"
}
