package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ModeError says that others than the owner may read a key file.
type ModeError struct {
	Path string
	Mode fs.FileMode
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("the key file %s has mode %#o: others may read it; chmod 600 (or 640, where root owns it)", e.Path, e.Mode)
}

// Create makes a key file with one new key, mode 0600. One that is there is never replaced: what is sealed would be lost.
func Create(path string) (*Keys, error) {
	k, err := NewKeys()
	if err != nil {
		return nil, err
	}
	b, err := k.encode()
	if err != nil {
		return nil, fmt.Errorf("make a key file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make a key file: %w", err)
	}
	if err := errors.Join(write(f, b), syncFolder(path)); err != nil {
		return nil, fmt.Errorf("make a key file: %w", err)
	}
	k.path = path
	return k, nil
}

// Read reads a key file. *ModeError where others may read it: who owns it must be the only one, or root with a group that may read, as PostgreSQL has it for its keys.
func Read(path string) (*Keys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	defer f.Close()
	return readFrom(f)
}

func readFrom(f *os.File) (*Keys, error) {
	if err := checkMode(f); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	handle, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("read the key file %s: %w", f.Name(), err)
	}
	return &Keys{path: f.Name(), handle: handle}, nil
}

func checkMode(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read the key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("read the key file: %s is no file", f.Name())
	}
	most := fs.FileMode(0o600)
	if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid == 0 {
		most = 0o640
	}
	if mode := info.Mode().Perm(); mode&^most != 0 {
		return &ModeError{f.Name(), mode}
	}
	return nil
}

// reread takes the keys as the file has them now; keys in memory only stay as they are.
func (k *Keys) reread() error {
	if k.path == "" {
		return nil
	}
	now, err := Read(k.path)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.handle = now.handle
	return nil
}

// Add puts a new key into the file that opens and does not wrap yet, so that the file can reach every machine before it does. If one waits already, that one is told.
func Add(path string) (KeyID, error) {
	var id KeyID
	_, err := update(path, func(k *Keys) (err error) {
		id, err = k.waiting()
		return err
	})
	return id, err
}

// Promote makes the key that was added last the one that wraps; where none waits, it adds one first. It returns when the file is durable: no data key is wrapped
// by it before that.
func Promote(path string) (*Keys, error) {
	return update(path, func(k *Keys) error {
		id, err := k.waiting()
		if err != nil {
			return err
		}
		return k.promote(id)
	})
}

// Retire takes keys out of the file. What they wrap cannot be read afterwards: the caller sees to it that it is nothing.
func Retire(path string, ids []KeyID) (*Keys, error) {
	return update(path, func(k *Keys) error {
		for _, id := range ids {
			if err := k.remove(id); err != nil {
				return err
			}
		}
		return nil
	})
}

// waiting is the key that was added last and is not primary yet; it adds one where there is none.
func (k *Keys) waiting() (KeyID, error) {
	all := k.List()
	if last := all[len(all)-1]; last.Added {
		return last.ID, nil
	}
	return k.add()
}

// update changes a key file: one at a time, whole or not at all, and durable before it returns. Mode and owner stay.
func update(path string, how func(*Keys) error) (*Keys, error) {
	f, err := lock(path)
	if err != nil {
		return nil, fmt.Errorf("change the key file: %w", err)
	}
	defer f.Close() // ends the lock
	k, err := readFrom(f)
	if err != nil {
		return nil, err
	}
	if err := how(k); err != nil {
		return nil, err
	}
	if err := k.replace(f); err != nil {
		return nil, fmt.Errorf("change the key file: %w", err)
	}
	return k, nil
}

// lock waits for its turn. Whoever had it before put another file in the place, which is the one to lock then.
func lock(path string) (*os.File, error) {
	for {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		mine, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
			return f, nil
		}
		f.Close() // nothing was written
	}
}

func (k *Keys) replace(old *os.File) error {
	b, err := k.encode()
	if err != nil {
		return err
	}
	info, err := old.Stat()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(k.path), ".keys-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone when all went well
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		err = f.Chown(int(s.Uid), int(s.Gid))
	}
	if err := errors.Join(err, f.Chmod(info.Mode().Perm()), write(f, b)); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), k.path); err != nil {
		return err
	}
	return syncFolder(k.path)
}

func write(f *os.File, b []byte) error {
	_, err := f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder makes a file's name durable.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
