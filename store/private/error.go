package private

import "fmt"

// MissingError says that no PostgreSQL is installed.
type MissingError struct{ Looked []string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("no PostgreSQL was found (looked in %v): install one (Debian, Ubuntu: apt-get install postgresql; Fedora, RHEL: dnf install postgresql-server; "+
		"macOS: brew install postgresql), or set PG_BINDIR to the folder with initdb and postgres, or give the URL of a running server", e.Looked)
}

// VersionError says that the data folder was made by another major version than those installed.
type VersionError struct {
	Data  string
	Found []string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("the data folder was made by PostgreSQL %s, but only %v is installed: install PostgreSQL %s beside it (Debian, Ubuntu: apt-get install postgresql-%s), "+
		"or move the data with pg_dump or pg_upgrade", e.Data, e.Found, e.Data, e.Data)
}

// InUseError says that another program has the data folder.
type InUseError struct {
	Dir string
	// PID is the program that holds it, 0 when unknown.
	PID int
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("the data folder %s is in use by process %d: stop that one, or choose another folder", e.Dir, e.PID)
}

// FolderError says that the server's user cannot use a folder.
type FolderError struct {
	Path, User, Why string
}

func (e *FolderError) Error() string {
	return fmt.Sprintf("the folder %s cannot be used by PostgreSQL, which runs as user %s: %s. Choose a data folder elsewhere, such as /var/lib/ccpor", e.Path, e.User, e.Why)
}
