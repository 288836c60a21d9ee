package nature

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"strconv"
)

// names are the names of PDF's dictionaries (ISO 32000-2, 12.6 and 7.11) by which a trait shows.
var names = map[string]Trait{
	"JavaScript": Script, "JS": Script,
	"AA":     Acts,
	"Launch": Launches,
	"URI":    Links,
	"GoToR":  Elsewhere, "GoToE": Elsewhere,
	"SubmitForm": Sends,
	"ImportData": Imports,
	"EF":         Files, "EmbeddedFile": Files, "FileAttachment": Files, // a list of files, EmbeddedFiles, may be empty
	"AcroForm": Form, "XFA": XFA,
	"RichMedia": Moving, "Movie": Moving, "Sound": Moving, "Rendition": Moving, "3D": Moving,
	"ByteRange": Signed,
	"Encrypt":   Encrypted,
}

// counted are the traits of which the number says something.
var counted = map[Trait]bool{Script: true, Launches: true, Links: true, Elsewhere: true, Sends: true, Imports: true}

const (
	maxUnpacked = 16 << 20 // of all object streams of a document: a form's have some hundred kilobytes
	maxName     = 127      // ISO 32000-2, C.2
	maxStreams  = 10_000   // whose dictionaries are read: a form's are some dozens
)

func (f found) pdf(b []byte) {
	if !bytes.HasPrefix(b, []byte("%PDF-")) {
		f.note(Late)
	}
	f.ends(b)
	p := &pdf{found: f, left: maxUnpacked}
	p.walk(b)
}

// ends looks at the marks of the end. A file for the web has one more of them (ISO 32000-2, annex F).
func (f found) ends(b []byte) {
	const mark = "%%EOF"
	n, last := bytes.Count(b, []byte(mark)), bytes.LastIndex(b, []byte(mark))
	if last < 0 {
		f.once(Broken)
		return
	}
	if bytes.Contains(b[:min(len(b), 2048)], []byte("/Linearized")) {
		n--
	}
	if n > 1 {
		f.once(Revised)
	}
	if len(bytes.TrimLeft(b[last+len(mark):], "\r\n \t\x00")) > 0 {
		f.once(Trailing)
	}
}

// pdf is one walk over a document.
type pdf struct {
	found found
	left  int // bytes that may still be unpacked
	seen  int // streams
}

// walk looks at every name of the bytes, wherever it stands: in strings and comments too, since readers do not agree where these end.
func (p *pdf) walk(b []byte) {
	object, last := 0, 0 // where the present object begins, and where the last stream ended
	for i := 0; i < len(b); {
		switch {
		case b[i] == '/':
			name, next := nameAt(b, i+1)
			p.name(name, b[next:], false)
			i = next
		case b[i] == 'o' && bytes.HasPrefix(b[i:], []byte("obj")):
			object = i
			i += len("obj")
		case b[i] == 's' && bytes.HasPrefix(b[i:], []byte("stream")) && i+6 < len(b) && (b[i+6] == '\r' || b[i+6] == '\n'):
			i += len("stream")
			data := b[i:]
			data = data[:endOf(data)]
			p.stream(b[object:i], b[last:i], bytes.TrimLeft(data, "\r\n"))
			p.names(data, true)
			i += len(data) + len("endstream")
			last = min(i, len(b))
		default:
			i++
		}
	}
}

func (p *pdf) name(name, after []byte, inStream bool) {
	t := names[string(name)]
	if string(name) == "OpenAction" {
		if len(bytes.TrimLeft(after[:min(len(after), 64)], " \r\n\t")) > 0 && bytes.TrimLeft(after, " \r\n\t")[0] == '[' {
			return // where to begin to read is no action
		}
		t = Acts
	}
	switch {
	case t == "", inStream && len(name) < 5: // short names come about by chance in packed data
	case counted[t]:
		p.found.note(t)
	default:
		p.found.once(t)
	}
}

// nameAt reads the name that begins at i, with its #-escapes undone.
func nameAt(b []byte, i int) (name []byte, next int) {
	next = i
	escaped := false
	for next < len(b) && next-i < 3*maxName && !delimits(b[next]) {
		escaped = escaped || b[next] == '#'
		next++
	}
	if name = b[i:next]; escaped {
		return unescaped(name), next
	}
	return name, next
}

func unescaped(name []byte) []byte {
	var out []byte
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '#' && i+2 < len(name) {
			if n, err := strconv.ParseUint(string(name[i+1:i+3]), 16, 8); err == nil {
				c = byte(n)
				i += 2
			}
		}
		out = append(out, c)
	}
	return out
}

func delimits(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '\f', 0, '/', '<', '>', '[', ']', '(', ')', '{', '}', '%':
		return true
	}
	return false
}

// stream looks into a stream that holds objects. dict is what stands before its data, from its object's beginning on, and before from the last stream's end on: a string in a dictionary may look like
// the beginning of an object.
func (p *pdf) stream(dict, before, data []byte) {
	if p.seen++; p.seen > maxStreams {
		p.found.once(Hidden)
		return
	}
	has, filters := namesOf(dict)
	all, _ := namesOf(before)
	if !all["ObjStm"] && !(has["N"] && has["First"]) {
		return
	}
	switch {
	case filters == 0 && len(data) > 0 && data[0] != 0x78: // its names stand in the clear, but within a stream
		p.names(data, false)
	case filters > 1, filters == 1 && !has["FlateDecode"] && !has["Fl"], has["Predictor"]:
		p.found.once(Hidden)
	default:
		p.unpack(data)
	}
}

// namesOf are the names in a dictionary, and how many of them are filters.
func namesOf(dict []byte) (has map[string]bool, filters int) {
	has = map[string]bool{}
	for i := 0; i < len(dict); i++ {
		if dict[i] != '/' {
			continue
		}
		name, next := nameAt(dict, i+1)
		i = next - 1
		has[string(name)] = true
		if string(name) == "Fl" || bytes.HasSuffix(name, []byte("Decode")) {
			filters++
		}
	}
	return has, filters
}

func endOf(data []byte) int {
	if end := bytes.Index(data, []byte("endstream")); end >= 0 {
		return end
	}
	return len(data)
}

// unpack walks over what a packed stream holds, as far as it can be unpacked. Objects in it are no streams.
func (p *pdf) unpack(data []byte) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		p.found.once(Hidden)
		return
	}
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, int64(p.left)))
	p.left -= int(n)
	if err != nil && !errors.Is(err, zlib.ErrChecksum) || p.left == 0 {
		p.found.once(Hidden)
	}
	p.names(out.Bytes(), false)
}

// names looks at names only.
func (p *pdf) names(b []byte, inStream bool) {
	for {
		i := bytes.IndexByte(b, '/')
		if i < 0 {
			return
		}
		name, next := nameAt(b, i+1)
		b = b[next:]
		p.name(name, b, inStream)
	}
}
