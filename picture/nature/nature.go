// Package nature says what the image of a signed form is, by its bytes alone: whether a PDF carries scripts, acts when it is opened, starts programs, sends what is typed, holds files,
// is a form that can be filled in, is encrypted, has no end or something behind it; whether a TIFF leads its reader in a circle; whether a JPEG says how large it is.
//
// It draws nothing, follows no reference and trusts no table of contents: it walks once over all bytes, and into the object streams of a PDF, in which names would be hidden otherwise. Its time is
// linear in the bytes, and what it unpacks is bounded. So it may look at bytes of strangers in the hub's own process. It names rather too much than too little: a name that no reader would reach
// counts, since readers differ. What it cannot look into it says so (Hidden).
//
// It refuses nothing: the order of a court is not refused for what its image also holds.
package nature

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Media types of images that the exchange takes.
const (
	PDF  = "application/pdf"
	TIFF = "image/tiff"
	JPEG = "image/jpeg"
)

// MaxPages is how many pages of one document are drawn: the longest packets of forms and attachments have some dozens. Our own limit.
const MaxPages = 500

// Trait is one thing that an image is or holds beyond the picture of a form.
type Trait string

// The traits. A receipt or a page says Sentence; Trait itself is for programs.
const (
	Script    Trait = "script"    // JavaScript
	Acts      Trait = "acts"      // does something when it is opened, closed or turned over: OpenAction, AA
	Launches  Trait = "launches"  // names a program or file to start
	Links     Trait = "links"     // leads to an address
	Elsewhere Trait = "elsewhere" // leads into another file
	Sends     Trait = "sends"     // sends what was typed to an address
	Imports   Trait = "imports"   // reads data from a file
	Files     Trait = "files"     // holds other files
	Form      Trait = "form"      // can be filled in: what is shown and what is held may differ
	XFA       Trait = "xfa"       // a form in XML beside the pages; other programs show other pages
	Moving    Trait = "moving"    // film, sound or things in three dimensions
	Signed    Trait = "signed"    // a signature of its own, which nobody here verifies
	Encrypted Trait = "encrypted" // encrypted, with or without a password for reading
	Revised   Trait = "revised"   // written more than once: earlier contents are still in it
	Hidden    Trait = "hidden"    // parts could not be looked into
	Late      Trait = "late"      // does not begin with its first byte
	Trailing  Trait = "trailing"  // something stands behind its end
	Broken    Trait = "broken"    // breaks off, or its parts contradict each other
	Circle    Trait = "circle"    // its list of pages leads back into itself
	TooMany   Trait = "too-many"  // more pages than are drawn
	TooLarge  Trait = "too-large" // more pixels than are drawn
	WebPage   Trait = "web-page"  // can be read as a web page or a program too
	Other     Trait = "other"     // no file of the type that it is said to be
	Empty     Trait = "empty"     // no bytes
)

// sentences are the traits in the words of a clerk.
var sentences = map[Trait]string{
	Script:    "It carries JavaScript, which does not run here.",
	Acts:      "It asks to do something as soon as it is opened or read; nothing of that is done here.",
	Launches:  "It asks to start a program or to open another file; nothing of that is done here.",
	Links:     "It holds links to addresses.",
	Elsewhere: "It leads into another file.",
	Sends:     "It asks to send what is typed into it to an address.",
	Imports:   "It asks to read data from another file.",
	Files:     "It holds other files, which are not looked at.",
	Form:      "It is a form that can still be filled in: what it shows may differ from what it holds.",
	XFA:       "It holds a second form in XML: other programs may show other pages.",
	Moving:    "It holds film, sound or the like.",
	Signed:    "It bears a digital signature of its own, which is not verified here.",
	Encrypted: "It is encrypted.",
	Revised:   "It was written more than once: earlier contents may still be in it.",
	Hidden:    "Parts of it could not be looked into.",
	Late:      "Something stands before its beginning.",
	Trailing:  "Something stands behind its end.",
	Broken:    "It breaks off, or contradicts itself.",
	Circle:    "Its list of pages leads back into itself.",
	TooMany:   "It has more pages than are shown.",
	TooLarge:  "It has more pixels than are shown.",
	WebPage:   "It can be read as a web page or a program too.",
	Other:     "It is no file of the type that it is said to be.",
	Empty:     "It is empty.",
}

// Sentence is the trait in the words of a clerk.
func (t Trait) Sentence() string { return sentences[t] }

// Code is the trait as the last part of a code: web-page is WebPage.
func (t Trait) Code() string {
	var out []byte
	for word := range strings.SplitSeq(string(t), "-") {
		out = append(append(out, word[0]-'a'+'A'), word[1:]...)
	}
	return string(out)
}

// Traits are all traits, in the order of their names.
func Traits() []Trait { return slices.Sorted(maps.Keys(sentences)) }

// Known says whether the trait is one of those above.
func (t Trait) Known() bool { return sentences[t] != "" }

// Finding is a trait and how often it was seen; 1 where counting makes no sense.
type Finding struct {
	Trait Trait `json:"trait"`
	Count int   `json:"count"`
}

// Of says what the bytes are, held against the media type that they are said to be; the findings are in the order of their names. A plain picture of a form has none.
func Of(media string, b []byte) []Finding {
	f := found{}
	if len(b) == 0 {
		f.note(Empty)
		return f.list()
	}
	is := Media(b)
	if is != media {
		f.note(Other)
	}
	switch is {
	case PDF:
		f.pdf(b)
	case TIFF:
		f.tiff(b)
	case JPEG:
		f.jpeg(b)
	}
	if readsAsWebPage(is, b) {
		f.note(WebPage)
	}
	return f.list()
}

// Media is the media type by the first bytes, empty where it is none of ours. A PDF may begin within its first 1024 bytes, as readers allow.
func Media(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(b, []byte("II*\x00")), bytes.HasPrefix(b, []byte("MM\x00*")):
		return TIFF
	case bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-")):
		return PDF
	}
	return ""
}

// found counts traits.
type found map[Trait]int

func (f found) note(t Trait) { f[t]++ }

// once notes what is not counted.
func (f found) once(t Trait) { f[t] = 1 }

func (f found) list() []Finding {
	list := []Finding{}
	for t, n := range f {
		list = append(list, Finding{t, n})
	}
	slices.SortFunc(list, func(a, b Finding) int { return cmp.Compare(a.Trait, b.Trait) })
	return list
}

// readsAsWebPage looks where programs that guess a type look: at the beginning, behind the end, and in a picture's comments, which stand near its beginning.
func readsAsWebPage(media string, b []byte) bool {
	places := [][]byte{b[:min(len(b), 4096)], b[max(0, len(b)-4096):]}
	if media == PDF {
		if end := bytes.LastIndex(b, []byte("%%EOF")); end >= 0 {
			places[1] = b[end:]
		}
		places[0] = b[:min(len(b), 1024)]
	}
	for _, p := range places {
		low := bytes.ToLower(p)
		for _, mark := range []string{"<html", "<script", "<!doctype", "<?php", "<svg", "pk\x03\x04", "#!/"} {
			if bytes.Contains(low, []byte(mark)) {
				return true
			}
		}
	}
	return bytes.HasPrefix(b, []byte("MZ"))
}

// With is the list with one trait more, where it was not in it.
func With(list []Finding, t Trait) []Finding {
	f := found{t: 1}
	for _, x := range list {
		f[x.Trait] = x.Count
	}
	return f.list()
}
