// Package site holds what all pages for people share. So far that is their styles: USWDS with a dark theme, built from web/site/styles by `make assets` and embedded here.
//
// It refuses to give out styles that were not built: pages without them would be served by mistake.
package site

import (
	"embed"
	"errors"
	"io/fs"
)

//go:embed all:assets
var built embed.FS

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
