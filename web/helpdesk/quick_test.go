package helpdesk

import (
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/web/site/sitetest"
)

// TestPagesAreQuick measures whole pages, from the request to the last byte and with their entry in the audit log, with as many submissions as CCPOR_CROWD says (make crowd).
func TestPagesAreQuick(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("CCPOR_CROWD"))
	if n == 0 {
		t.Skip("CCPOR_CROWD says how many submissions to measure with")
	}
	database := storetest.NewURL(t)
	storetest.Crowd(t, database, n, now())
	s := storetest.Open(t, database, store.Options{})
	who := helper()
	handler := opened(t, s.Reader, s, s, &who).Handler()
	some := func(i int) int { return 1 + (i*7919)%n }
	for _, kind := range []struct {
		name string
		path func(i int) string
	}{
		{"the search, nothing asked", func(int) string { return "/submissions" }},
		{"by tracking number", func(i int) string { return "/submissions?q=" + tracking(t, s, some(i)) }},
		{"by package", func(i int) string { return fmt.Sprint("/submissions?q=crowd-", some(i)) }},
		{"by case number", func(i int) string { return fmt.Sprintf("/submissions?q=26CC%08d", some(i)) }},
		{"by FCN", func(i int) string { return fmt.Sprintf("/submissions?q=24%011d", some(i)) }},
		{"a court, a month, in CARPOS", func(i int) string {
			return fmt.Sprintf("/submissions?agency=CA%03d013J&from=2025-10-01&to=2025-10-31&state=carpos", 1+i%60)
		}},
		{"a court, refused with a code", func(i int) string {
			return fmt.Sprintf("/submissions?agency=CA%03d013J&code=Client.Image.Missing", 1+i%60)
		}},
		{"held", func(int) string { return "/submissions?state=held" }},
		{"late, of a court", func(i int) string { return fmt.Sprintf("/submissions?state=late&agency=CA%03d013J", 1+i%60) }},
		{"a mistyped number", func(i int) string { return "/submissions?q=" + tracking(t, s, some(i))[1:] }},
		{"the page of a submission", func(i int) string { return page + tracking(t, s, some(i)) }},
		{"hand-overs", func(int) string { return "/handovers" }},
	} {
		var took []float64
		for i := range 210 {
			path := kind.path(i)
			r := sitetest.Request(t, path, nil)
			w := httptest.NewRecorder()
			began := time.Now()
			handler.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatalf("%s: %d", path, w.Code)
			}
			if i >= 10 {
				took = append(took, float64(time.Since(began).Microseconds())/1000)
			}
		}
		slices.Sort(took)
		t.Logf("| %s | %.1f | %.1f |", kind.name, took[99], took[197])
		if took[197] > 100 {
			t.Errorf("%s takes more than 100 ms", kind.name)
		}
	}
}

// tracking is the tracking number of a submission of the crowd.
func tracking(t *testing.T, s *store.Store, g int) string {
	t.Helper()
	found, err := s.FindSubmissions(t.Context(), store.SubmissionQuery{Package: order.LocalID(fmt.Sprint("crowd-", g)), Limit: 1})
	if err != nil || len(found.Submissions) == 0 {
		return "0000-0000-00" // refused, of a sender that is not known
	}
	return string(found.Submissions[0].Tracking)
}
