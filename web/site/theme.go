package site

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Looks that a person can choose on a device; the empty ones are what the device itself says.
var (
	themes = []Choice{{"", "Same as device"}, {"light", "Light"}, {"dark", "Dark"}}
	sizes  = []Choice{{"", "Normal"}, {"large", "Large, for a patrol car"}}
)

// setting is one of the looks, with what is chosen.
type setting struct {
	Name, Label, Value string
	Choices            []Choice
}

// themeOf is the look that a person has chosen on this device: light, dark, or empty for what the device says.
func themeOf(r *http.Request) string { return chosen(r, "theme", themes) }

// sizeOf is large where a person has chosen large type and large targets on this device.
func sizeOf(r *http.Request) string { return chosen(r, "size", sizes) }

func chosen(r *http.Request, name string, of []Choice) string {
	c, err := r.Cookie(name)
	if err != nil || !offers(of, c.Value) {
		return ""
	}
	return c.Value
}

func offers(choices []Choice, value string) bool {
	return slices.ContainsFunc(choices, func(c Choice) bool { return c.Value == value })
}

// settings are the looks to choose from; none on the answer to a form, which could not be had again.
func settings(r *http.Request) []setting {
	if r.Method != http.MethodGet {
		return nil
	}
	return []setting{{"theme", "Colours", themeOf(r), themes}, {"size", "Text size", sizeOf(r), sizes}}
}

// look keeps the chosen look in a cookie for a year, and leads back. It says nothing about who comes, so it is for everybody, and not on record.
func (s *Site) look(r *Request) (Answer, error) {
	for name, of := range map[string][]Choice{"theme": themes, "size": sizes} {
		if values, sent := r.PostForm[name]; sent {
			if !offers(of, values[0]) {
				return Answer{}, Bad("There is no such look", "Choose one of those at the bottom of each page.")
			}
			http.SetCookie(r.W, s.lookCookie(name, values[0]))
		}
	}
	return Answer{To: s.before(r.Request)}, nil
}

func (s *Site) lookCookie(name, value string) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.config.URL.Scheme == "https"}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// before is the page from which a form of this site was sent, or the start page: a form must not lead elsewhere. The address is not put into the page itself, where it would
// say again what somebody has typed into it.
func (s *Site) before(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || !hostOf(s.config.URL, u.Host) || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return u.RequestURI()
}
