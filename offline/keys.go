package offline

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"filippo.io/age"
)

// NewKey makes a key and gives the text of its file, and the recipient that packs are made for. It is of age's hybrid kind, which also holds against a quantum computer: what is in a pack stays somebody's secret for decades.
func NewKey() (file, recipient string, err error) {
	k, err := age.GenerateHybridIdentity()
	if err != nil {
		return "", "", fmt.Errorf("make a key: %w", err)
	}
	recipient = k.Recipient().String()
	return "# opens offline packs of the Protective Order Exchange; made for this recipient:\n# " + recipient + "\n" + k.String() + "\n", recipient, nil
}

// CreateKey makes a key file, mode 0600. One that is there is never replaced: packs that were made for it could not be opened.
func CreateKey(path string) (recipient string, err error) {
	text, recipient, err := NewKey()
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("make a key file: %w", err)
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", fmt.Errorf("make a key file: %w", err)
	}
	return recipient, nil
}

// ModeError says that others than the owner may read a key file.
type ModeError struct {
	Path string
	Mode fs.FileMode
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("the key file %s has mode %#o: others may read it; chmod 600", e.Path, e.Mode)
}

// ReadKey reads a key file. *ModeError where others may read it, whatever root has it for: a pack is opened on machines of many.
func ReadKey(path string) ([]age.Identity, error) {
	// Opened without waiting: what is no file (a pipe) must not hold the reader.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the key file: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("read the key file: %s is no file", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, &ModeError{path, info.Mode().Perm()}
	}
	keys, err := age.ParseIdentities(io.LimitReader(f, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("the key file %s holds no key that opens packs", path) // the error of the parser may quote it
	}
	return keys, nil
}

// ReadRecipients reads whom a pack is made for: recipients (age1...) or files of them, one a line.
func ReadRecipients(said []string) (all []age.Recipient, err error) {
	for _, s := range said {
		text := s
		if !strings.HasPrefix(s, "age1") {
			b, err := os.ReadFile(s)
			if err != nil {
				return nil, fmt.Errorf("read recipients: %w", err)
			}
			text = string(b)
		}
		these, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("%.40q names no recipient of packs: %w", s, err)
		}
		all = append(all, these...)
	}
	return all, nil
}
