package site

import (
	"errors"
	"net/http"
	"time"

	"ccpor/access"
	"ccpor/store"
)

// Visitor is who comes: a person who has signed in. The zero Visitor is nobody.
type Visitor struct {
	ID store.PersonID
	// Login is the e-mail address with which the person signs in.
	Login string
	Name  string
	// Agency is the name of the agency, whose ORI and kind stand in the Asker.
	Agency string
	// Last is when the person had signed in before; zero: never.
	Last time.Time
	access.Asker
}

// Actor is the person as acts and looks are put on record.
func (v Visitor) Actor() string { return "person " + v.Login + ", " + string(v.Asker.Agency) }

// Gate says who comes.
type Gate interface {
	// Who is the person of a request. One whose address says again=1 was made by a page that loads itself anew, and not by a person. ErrNobody where nobody has signed in, ErrLocked where who has signed in was away for too long.
	Who(r *http.Request) (Visitor, error)
}

// Errors of a Gate.
var (
	ErrNobody = errors.New("nobody has signed in")
	ErrLocked = errors.New("the session is locked until the person has proved who they are")
)
