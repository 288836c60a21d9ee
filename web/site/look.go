package site

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// looks are those among which a person may choose on each device. The first is what the device says.
func looks() []Choice {
	return []Choice{{"system", "As this device"}, {"light", "Light"}, {"dark", "Dark"}}
}

// lookLink leads to a look.
type lookLink struct {
	To, Name string
	// Here says that it is the one that is shown.
	Here bool
}

func lookLinks(theme string) []lookLink {
	var links []lookLink
	for _, l := range looks() {
		links = append(links, lookLink{To: "/look?theme=" + l.Value, Name: l.Name, Here: l.Value == theme || l.Value == "system" && theme == ""})
	}
	return links
}

// chooseLook keeps a look in a cookie, which says nothing of who chose it, and leads back to the page on which it was chosen.
func (s *Site) chooseLook(r *Request) (Answer, error) {
	theme := r.URL.Query().Get("theme")
	age := int((365 * 24 * time.Hour).Seconds())
	switch theme {
	case "light", "dark":
	case "system":
		age = -1
	default:
		return Answer{}, Bad("There is no such look", "Pages are light, dark, or as your device is.")
	}
	http.SetCookie(r.W, &http.Cookie{Name: themeCookie, Value: theme, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.config.URL.Scheme == "https", SameSite: http.SameSiteLaxMode})
	return Answer{To: s.cameFrom(r.Request)}, nil
}

// cameFrom is the page of this site from which the browser says it comes, else the start page.
func (s *Site) cameFrom(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || !hostOf(s.config.URL, from.Host) {
		return "/"
	}
	back := url.URL{Path: "/" + strings.TrimLeft(from.Path, `/\`), RawQuery: from.RawQuery}
	return back.String()
}

const themeCookie = "theme"

// themeOf is the look that a person has chosen on this device: light, dark, or empty for what the device says.
func themeOf(r *http.Request) string {
	c, err := r.Cookie(themeCookie)
	if err != nil || c.Value != "light" && c.Value != "dark" {
		return ""
	}
	return c.Value
}
