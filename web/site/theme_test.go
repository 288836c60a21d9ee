package site

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func choose(t *testing.T, from string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, &door{err: ErrNobody}, "POST", "/look", func(r *http.Request) {
		*r = *httptest.NewRequest("POST", r.URL.String(), strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Referer", from)
	})
}

func TestALookIsChosenByWhoeverComes(t *testing.T) {
	t.Parallel()
	w := choose(t, "https://orders.example/queue?state=held", url.Values{"theme": {"dark"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/queue?state=held" || !strings.HasPrefix(w.Header().Get("Set-Cookie"), "theme=dark; Path=/; Max-Age=31536000; HttpOnly; Secure") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := choose(t, "", url.Values{"theme": {""}}); !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("the device's own look is not taken up again: %v", w.Header())
	}
	if w := choose(t, "", url.Values{"theme": {"mauve"}}); w.Code != http.StatusBadRequest || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("an invented look: %d %v", w.Code, w.Header())
	}
}

func TestALookLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"", "https://elsewhere.example/queue", "https://orders.example//elsewhere.example", "https://orders.example\\elsewhere.example/", "elsewhere", "https://orders.example.elsewhere.example/queue"} {
		if w := choose(t, from, url.Values{"size": {"large"}}); w.Header().Get("Location") != "/" {
			t.Errorf("from %q it leads to %q", from, w.Header().Get("Location"))
		}
	}
}

func TestThePageIsInTheChosenLook(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"theme=dark; size=large":   `<html lang="en" data-theme="dark" data-size="large">`,
		"theme=light":              `<html lang="en" data-theme="light">`,
		"theme=\"><script>; size=": `<html lang="en">`,
	}
	for cookie, want := range tests {
		body := ask(t, &door{visitor: clerk()}, "GET", "/queue/1", func(r *http.Request) { r.Header.Set("Cookie", cookie) }).Body.String()
		if !strings.Contains(body, want) || !strings.Contains(body, `action="/look"`) {
			t.Errorf("%s: no %s, or nothing to choose, in %s", cookie, want, body)
		}
	}
	body := ask(t, &door{visitor: clerk()}, "POST", "/queue/1?wrong=1", func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.URL.RawQuery = ""
	}).Body.String()
	if strings.Contains(body, `action="/look"`) {
		t.Error("choosing a look would throw away what was typed")
	}
}
