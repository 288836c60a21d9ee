package site

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// policy binds browsers: nothing from elsewhere, no script, no frame around.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard sets the headers that bind browsers, and refuses host names that are not the site's: a page of another site that points its own name here gets nothing.
func (s *Site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
		h.Set("Cache-Control", "no-store")
		if s.config.URL.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !hostOf(s.config.URL, r.Host) {
			http.Error(w, "These pages have another address: "+s.config.URL.String(), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostOf says that the host is the site's own. A site on loopback is reached under each name of loopback.
func hostOf(site *url.URL, host string) bool {
	if strings.EqualFold(host, site.Host) {
		return true
	}
	return isLoopback(site.Host) && isLoopback(host)
}

func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
