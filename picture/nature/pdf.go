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
	if !bytes.Contains(b, []byte("startxref")) {
		f.once(Broken)
	}
}

// pdf is one walk over a document.
type pdf struct {
	found found
	left  int // bytes that may still be unpacked
}

// walk looks at every name of the bytes, wherever it stands: in strings and comments too, since readers do not agree where these end.
func (p *pdf) walk(b []byte) {
	stream, object := false, 0 // whether we are within a stream's data; where its object began
	for i := 0; i < len(b); {
		switch {
		case b[i] == '/':
			name, next := nameAt(b, i+1)
			p.name(name, b[next:], stream)
			i = next
		case stream && bytes.HasPrefix(b[i:], []byte("endstream")):
			stream = false
			i += len("endstream")
		case !stream && bytes.HasPrefix(b[i:], []byte("obj")):
			object = i
			i += len("obj")
		case !stream && bytes.HasPrefix(b[i:], []byte("stream")) && i+6 < len(b) && (b[i+6] == '\r' || b[i+6] == '\n'):
			i += len("stream")
			p.stream(b[object:i], bytes.TrimLeft(b[i:], "\r\n"))
			stream = true
		default:
			i++
		}
	}
}

func (p *pdf) name(name string, after []byte, inStream bool) {
	t := names[name]
	if name == "OpenAction" {
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
func nameAt(b []byte, i int) (name string, next int) {
	var out []byte
	for ; i < len(b) && len(out) < maxName && !delimits(b[i]); i++ {
		c := b[i]
		if c == '#' && i+2 < len(b) {
			if n, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8); err == nil {
				c = byte(n)
				i += 2
			}
		}
		out = append(out, c)
	}
	return string(out), i
}

func delimits(c byte) bool { return bytes.IndexByte([]byte(" \t\r\n\f\x00/<>[](){}%"), c) >= 0 }

// stream looks into a stream that holds objects. dict is what stands before its data, from its object's beginning on; data goes to the end of the file.
func (p *pdf) stream(dict, data []byte) {
	if start := bytes.LastIndex(dict, []byte("endobj")); start >= 0 {
		dict = dict[start:]
	}
	has := map[string]bool{}
	var filters int
	for i := 0; i < len(dict); i++ {
		if dict[i] == '/' {
			var name string
			name, i = nameAt(dict, i+1)
			i--
			has[name] = true
			if name == "FlateDecode" || name == "Fl" || len(name) > 6 && name[len(name)-6:] == "Decode" {
				filters++
			}
		}
	}
	if !has["ObjStm"] && !(has["N"] && has["First"]) {
		return
	}
	switch {
	case filters == 0: // its names stand in the clear, but within a stream
		p.walk(data[:endOf(data)])
	case filters > 1, !has["FlateDecode"] && !has["Fl"], has["Predictor"]:
		p.found.once(Hidden)
	default:
		p.unpack(data)
	}
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
	p.names(out.Bytes())
}

// names looks at names only.
func (p *pdf) names(b []byte) {
	for i := 0; i < len(b); {
		if b[i] != '/' {
			i++
			continue
		}
		name, next := nameAt(b, i+1)
		p.name(name, b[next:], false)
		i = next
	}
}
