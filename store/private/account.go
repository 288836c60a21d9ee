package private

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// account is the user that the server runs as.
type account struct {
	name     string
	uid, gid uint32
	// drop says that the program is root and the server must not be.
	drop bool
}

// accountFor is the program's own user, or for root postgres, else nobody. The user needs an entry in the system's list, or initdb refuses.
func accountFor(euid int) (account, error) {
	if euid != 0 {
		u, err := user.LookupId(strconv.Itoa(euid))
		if err != nil {
			return account{}, fmt.Errorf("user number %d has no name in /etc/passwd, and PostgreSQL does not start without one: add an entry, or give the URL of a running server", euid)
		}
		return toAccount(u, false)
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return toAccount(u, true)
		}
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root, and there is neither a user postgres nor nobody: add one, or run as another user")
}

func toAccount(u *user.User, drop bool) (account, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	return account{u.Username, uint32(uid), uint32(gid), drop}, nil
}

// own gives a folder to the account and shuts everybody else out.
func (a account) own(dir string) error {
	if a.drop {
		if err := os.Chown(dir, int(a.uid), int(a.gid)); err != nil {
			return err
		}
	}
	return os.Chmod(dir, 0o700)
}
