package site

import (
	"net/http"
	"time"
)

// Answer is what a route answers: a page, another address or a file, and what is put on record before it is sent.
type Answer struct {
	Page, Title string
	Data        any
	// Above are the pages that this one belongs under, from the top: the list that it is of.
	Above []Link
	// Status is 200 where it is 0.
	Status int
	// To is another address, of this site.
	To string
	// Elsewhere is an address of another site: an agency's own sign-in.
	Elsewhere string
	File      *File
	// Script is the name of the one script that the page needs.
	Script string
	// Refresh is after how many seconds the page is loaded again; 0: never.
	Refresh int

	// Action is by default page.read for a page that is got, page.act for a form that comes back, page.export for a file. Searches say page.search. A form that leads on is put on
	// record only where an Action is said: what it has done was, in the transaction that did it.
	Action string
	// Object is what was looked at: "submission 7K4MX2Q9PC".
	Object string
	// Outcome is by default shown; for a form that comes back, not done.
	Outcome string
	// Purpose is why, in the visitor's words, where that was asked.
	Purpose string
	// Details is what else a reader of the log needs: no name and no value of an order.
	Details string
}

// File is given out as it is, to be saved; Inline: to be shown.
type File struct {
	Name, Media string
	Content     []byte
	Inline      bool
	// Keep is for how long the visitor's browser may show it again without asking: for pictures of figures only, on a page that loads itself again. 0: not at all.
	Keep time.Duration
}

// Refusal is why nothing is shown or done, as a page. As an error of a route it becomes that page.
type Refusal struct {
	Status      int
	Title, Text string
	// Outcome goes on record; "refused" where it is empty.
	Outcome string
	// Object is what was asked for.
	Object string
}

func (r *Refusal) Error() string { return r.Title + ": " + r.Text }

const (
	noSuchTitle = "There is no such page"
	noSuchText  = "The address is mistyped, or what it leads to is not here or not for you. Go back to the start page."
)

// NotFound is the refusal of what does not exist.
func NotFound(title, text string) error {
	return &Refusal{Status: http.StatusNotFound, Title: title, Text: text, Outcome: "not found"}
}

// Bad is the refusal of what was mistyped.
func Bad(title, text string) error {
	return &Refusal{Status: http.StatusBadRequest, Title: title, Text: text}
}

// Conflict is the refusal of what cannot be done now.
func Conflict(title, text string) error {
	return &Refusal{Status: http.StatusConflict, Title: title, Text: text}
}

// Forbidden is the refusal of what the visitor's roles do not allow.
func Forbidden() error {
	return &Refusal{Status: http.StatusForbidden, Title: "That is not for your role", Text: "Your roles do not allow it. The administrator of your agency gives out roles.", Outcome: "forbidden"}
}

func noSuchPage(*Request) (Answer, error) { return Answer{}, NotFound(noSuchTitle, noSuchText) }
