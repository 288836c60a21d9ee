package site

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed all:assets
var built embed.FS

//go:embed templates
var own embed.FS

// ErrNoStyles means that the program was built without the pages' styles.
var ErrNoStyles = errors.New("the pages' styles were not built into this program: run make, which builds them and the program")

// Assets are the style sheet site.css, the pictures that it names in img/ and the licence of USWDS; ErrNoStyles where they were not built.
func Assets() (fs.FS, error) {
	assets, err := fs.Sub(built, "assets")
	if err != nil {
		return nil, err
	}
	return styled(assets)
}

func styled(assets fs.FS) (fs.FS, error) {
	if _, err := fs.Stat(assets, "site.css"); err != nil {
		return nil, ErrNoStyles
	}
	return assets, nil
}

// files are what pages load: styles, pictures and scripts, under a path that says what is in them, so that browsers may keep them.
type files struct {
	path    string // /static/DIGEST/
	content map[string][]byte
}

func newFiles(areas []Area) (*files, error) {
	assets, err := Assets()
	if err != nil {
		return nil, err
	}
	f := &files{content: map[string][]byte{}}
	if err := f.collect("", assets); err != nil {
		return nil, err
	}
	for _, a := range areas {
		if a.Scripts == nil {
			continue
		}
		if err := f.collect("scripts/", a.Scripts); err != nil {
			return nil, err
		}
	}
	f.path = "/static/" + f.digest() + "/"
	return f, nil
}

func (f *files) collect(under string, from fs.FS) error {
	return fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f.content[under+path], err = fs.ReadFile(from, path)
		return err
	})
}

func (f *files) digest() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(f.content)) {
		fmt.Fprintf(h, "%s\n%d\n", name, len(f.content[name]))
		h.Write(f.content[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, f.path)
	content, ok := f.content[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
