package codes

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// LoadWith is Load with some files exchanged, to try what a changed row would do: overlay holds tables/NAME.tsv and crosswalks/NAME.tsv, each of which stands in
// for the whole file of that name and is checked like it. A file that stands in for none is an error, as it would have no effect.
func LoadWith(overlay fs.FS) (*Book, error) {
	err := fs.WalkDir(overlay, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if _, err := fs.Stat(data, "data/"+name); err != nil {
			return fmt.Errorf("%s stands in for no file of the code tables", name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return load(layered{overlay, data})
}

// layered are the embedded files with some exchanged.
type layered struct{ over, under fs.FS }

func (l layered) Open(name string) (fs.File, error) {
	if inner, ok := strings.CutPrefix(name, "data/"); ok && strings.HasSuffix(name, ".tsv") {
		if f, err := l.over.Open(inner); !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return l.under.Open(name)
}
