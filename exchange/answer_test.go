package exchange

import (
	"strings"
	"testing"
	"time"

	"ccpor/store"
)

// A receipt names whoever enters the agency's orders where the hub does not, and says of a test only what was recorded when it came.
func TestReceiptOfWhatOthersEnter(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)
	write := func(not store.NotOwed, by store.Agency) string {
		r := receiptOf{stored: store.Receipt{Tracking: "7K4MX2Q9PC", At: at, NotOwed: not}, enteredBy: by.EnteredBy}
		return string(r.write(at, false))
	}
	for name, x := range map[string]struct {
		not  store.NotOwed
		by   store.Agency
		want string
	}{
		"itself":     {store.NotOwedAgency, store.Agency{}, "<NotOwedText>Your agency enters its orders into CARPOS itself."},
		"another":    {store.NotOwedAgency, store.Agency{EnteredBy: "CA0300000"}, "<NotOwedText>CA0300000 enters your agency"},
		"not for it": {store.NotOwedImage, store.Agency{EnteredBy: "CA0300000"}, "<NotOwedText>An image alone"},
	} {
		if got := write(x.not, x.by); !strings.Contains(got, x.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
