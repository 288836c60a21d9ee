package site

import (
	"errors"
	"testing"
	"testing/fstest"
)

func TestStylesThatWereNotBuiltAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := styled(fstest.MapFS{".gitignore": {}}); !errors.Is(err, ErrNoStyles) {
		t.Errorf("got %v", err)
	}
	if _, err := styled(fstest.MapFS{"site.css": {}}); err != nil {
		t.Error(err)
	}
}
