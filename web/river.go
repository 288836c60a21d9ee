package web

import "net/http"

// riverPolicy is what River's pages need beyond ours: they are one script, which styles what it draws.
const riverPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// WithRiver shows River's own pages about the jobs under /river/, for reading only: what people do there would be on no record, and a job that says what follows
// an order must not be deleted.
func (p *Pages) WithRiver(h http.Handler) *Pages {
	p.river = h
	return p
}

func (p *Pages) riverRoutes(mux *http.ServeMux) {
	if p.river == nil {
		return
	}
	mux.HandleFunc("GET /river/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", riverPolicy)
		p.river.ServeHTTP(w, r)
	})
}
