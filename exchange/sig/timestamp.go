package sig

import (
	"bytes"
	"strings"
	"time"

	"ccpor/schemas/canon"
)

// Times of a message's Timestamp. They are ours: WS-Security leaves them to the receiver, and five minutes are what most of them take.
const (
	skew     = 5 * time.Minute // by which clocks may differ
	lifetime = 5 * time.Minute // of a Timestamp without Expires
	longest  = time.Hour       // from Created, whatever Expires says: a captured message is good for no longer
)

// inTime reads the Timestamp, where there is one, and judges it. A signature without one is refused.
func (m *message) inTime(now time.Time) error {
	if m.timestamp == none {
		if m.signature != none {
			return m.fail(TimestampMissing, "there is a Signature and no Timestamp", "send wsu:Timestamp with Created and Expires, and sign it with the Body")
		}
		return nil
	}
	if err := m.to(m.timestamp, timestamp); err != nil {
		return err
	}
	created, expires, err := m.times()
	if err != nil {
		return err
	}
	end := created.Add(lifetime)
	if !expires.IsZero() {
		end = expires
		if last := created.Add(longest); end.After(last) {
			end = last
		}
	}
	switch {
	case !expires.IsZero() && !created.Before(expires):
		return m.fail(Timestamp, "the Timestamp expires before it is created", "let Expires be later than Created")
	case created.After(now.Add(skew)):
		return m.fail(TimestampFuture, "the Timestamp was created in the future", "set the sender's clock; up to five minutes are forgiven")
	case now.After(end.Add(skew)):
		return m.fail(TimestampExpired, "the Timestamp has expired", "sign the message anew when it is sent again, and set the sender's clock; the package inside stays as it is")
	}
	return nil
}

// times reads Created and Expires; the latter is zero where there is none.
func (m *message) times() (created, expires time.Time, err error) {
	for {
		k, err := m.next()
		switch {
		case err != nil:
			return created, expires, err
		case k == canon.End && created.IsZero():
			return created, expires, m.fail(Timestamp, "the Timestamp has no Created", "send Created and Expires")
		case k == canon.End:
			return created, expires, nil
		case m.s.Is(WSU, "Created") && created.IsZero() && expires.IsZero():
			created, err = m.moment()
		case m.s.Is(WSU, "Expires") && expires.IsZero():
			expires, err = m.moment()
		default:
			err = m.fail(Timestamp, "the Timestamp holds something else than one Created and one Expires after it: "+m.s.Name().Local, "send Created and Expires only")
		}
		if err != nil {
			return created, expires, err
		}
	}
}

// moment reads an xsd:dateTime in UTC.
func (m *message) moment() (time.Time, error) {
	text, err := m.text()
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !strings.HasSuffix(text, "Z") || t.IsZero() {
		return time.Time{}, m.fail(Timestamp, "a time of the Timestamp is no dateTime in UTC", "write it as 2026-11-20T17:00:00Z")
	}
	return t, nil
}

// text reads the text of the current element to its End.
func (r *reading) text() (string, error) {
	k, err := r.s.Next()
	if err != nil {
		return "", err
	}
	text := ""
	if k == canon.Text {
		b := bytes.TrimSpace(r.s.Text())
		if len(b) > mostText {
			return "", r.malformed("a text that is too long")
		}
		text = string(b)
		if k, err = r.s.Next(); err != nil {
			return "", err
		}
	}
	if k != canon.End {
		return "", r.malformed("an element where only text may stand: " + r.s.Name().Local)
	}
	return text, nil
}

const mostText = 4 << 10 // bytes of a name or a time
