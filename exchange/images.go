package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"ccpor/exchange/soap"
	"ccpor/mapping/order"
	"ccpor/schemas/canon"
	"ccpor/store"
	"ccpor/wsdl"
)

// maxAttachments is the schema's bound on Documents.
const maxAttachments = 20

// attachment is what came beside the package. Nothing signs it; the digest of its Document in the package binds it.
type attachment struct {
	id      string
	content []byte
	broken  bool // inline, and no base64
}

// readAttachments reads what follows the package up to the end of the operation.
func (o opened) readAttachments() ([]attachment, error) {
	var list []attachment
	for {
		k, err := soap.Child(o.scanner)
		if err != nil || k == canon.End {
			return list, err
		}
		if !o.scanner.Is(wsdl.Namespace, "Attachment") {
			return nil, o.malformed("after the package, SubmitOrder holds Attachment elements only")
		}
		if len(list) == maxAttachments {
			return nil, o.malformed("there are more attachments than a package can name")
		}
		a, err := o.readAttachment()
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
}

func (o opened) readAttachment() (attachment, error) {
	var a attachment
	if err := o.expect("AttachmentIdentification"); err != nil {
		return a, err
	}
	id, err := soap.Text(o.scanner, 256)
	if err != nil {
		return a, err
	}
	a.id = string(bytes.TrimSpace(id))
	if err := o.expect("AttachmentContent"); err != nil {
		return a, err
	}
	if a.content, a.broken, err = o.readContent(); err != nil {
		return a, err
	}
	if k, err := soap.Child(o.scanner); err != nil || k != canon.End {
		return a, orElse(err, o.malformed("an Attachment holds AttachmentIdentification and AttachmentContent"))
	}
	return a, nil
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (o opened) expect(local string) error {
	k, err := soap.Child(o.scanner)
	if err != nil {
		return err
	}
	if k != canon.Start || !o.scanner.Is(wsdl.Namespace, local) {
		return o.malformed("an Attachment holds AttachmentIdentification and AttachmentContent, in this order")
	}
	return nil
}

// readContent reads base64 text, or one xop:Include that points to a part of this message.
func (o opened) readContent() (content []byte, broken bool, err error) {
	s := o.scanner
	for {
		k, err := s.Next()
		switch {
		case err != nil:
			return nil, false, err
		case k == canon.End:
			return content, broken, nil
		case k == canon.Text && s.Blank():
		case k == canon.Text && content == nil:
			content, broken = unbase64(s.Text())
		case k == canon.Start && content == nil && s.Is(soap.NamespaceX, "Include"):
			if content, err = o.include(); err != nil {
				return nil, false, err
			}
		default:
			return nil, false, o.malformed("AttachmentContent holds base64, or one xop:Include")
		}
	}
}

func (o opened) include() ([]byte, error) {
	href, _ := o.scanner.Attr("", "href")
	content, _, err := o.message.Take(string(href))
	if err != nil {
		return nil, err
	}
	if content == nil {
		content = []byte{}
	}
	k, err := soap.Child(o.scanner)
	if err == nil && k != canon.End {
		err = o.malformed("an xop:Include is empty")
	}
	return content, err
}

func (o opened) malformed(what string) error {
	return &refusal{code: "Client.Operation.Malformed", what: sentence(what),
		problems: []store.Problem{{Code: "Client.Operation.Malformed", Text: sentence(what), Path: o.scanner.Path(), Line: o.scanner.Line(), Column: o.scanner.Column(), Whose: sender}}}
}

// unbase64 decodes strictly. Line ends are passed over by the decoder; blanks, which XML writers put there too, are squeezed out.
func unbase64(text []byte) (content []byte, broken bool) {
	if bytes.ContainsAny(text, " \t") {
		text = squeeze(text)
	}
	content = make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(content, text)
	return content[:n], err != nil
}

// squeeze is the text without XML's white space, in memory of just its size.
func squeeze(text []byte) []byte {
	blanks := 0
	for _, c := range text {
		if isBlank(c) {
			blanks++
		}
	}
	out := make([]byte, 0, len(text)-blanks)
	for _, c := range text {
		if !isBlank(c) {
			out = append(out, c)
		}
	}
	return out
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// images pairs the documents that the package names with the attachments that came, and says everything that does not fit.
func (h *Hub) images(r read) ([]store.Image, []store.Problem) {
	var images []store.Image
	var problems []store.Problem
	wrong := func(code, path, text string) {
		p := plainProblem(code, path, "")
		p.Text = text
		problems = append(problems, p)
	}
	byID := map[string]attachment{}
	for _, a := range r.attachments {
		if _, twice := byID[a.id]; twice {
			wrong("Client.Image.Twice", "/SubmitOrder/Attachment", "Two attachments are named "+quoted(a.id)+".")
		}
		byID[a.id] = a
	}
	for i, d := range r.pack.Documents {
		path := fmt.Sprintf("/OrderPackage/Document[%d]", i+1)
		a, came := byID[d.ID]
		delete(byID, d.ID)
		code, text := judge(d, a, came, r.agency.MaxDocumentBytes)
		if code != "" {
			wrong(code, path, text)
			continue
		}
		images = append(images, store.Image{Document: d, Content: a.content})
	}
	for _, a := range r.attachments {
		if _, left := byID[a.id]; left {
			delete(byID, a.id)
			wrong("Client.Image.Surplus", "/SubmitOrder/Attachment", "The attachment "+quoted(a.id)+" is named by no Document of the package.")
		}
	}
	return images, problems
}

// judge holds one attachment against its signed Document, the plainest mistake first.
func judge(d order.Document, a attachment, came bool, most int64) (code, text string) {
	name := "The document " + quoted(d.ID)
	sum := sha256.Sum256(a.content)
	switch {
	case !came:
		return "Client.Image.Missing", name + " was not sent with the package, or is named twice by it."
	case a.broken:
		return "Client.Image.Encoding", name + " is not sent as base64."
	case most > 0 && int64(len(a.content)) > most:
		return "Client.Image.TooLarge", fmt.Sprintf("%s has %d bytes; your agency may send %d.", name, len(a.content), most)
	case int64(len(a.content)) != d.Bytes:
		return "Client.Image.SizeMismatch", fmt.Sprintf("%s has %d bytes; the signed package says %d.", name, len(a.content), d.Bytes)
	case hex.EncodeToString(sum[:]) != d.SHA256:
		return "Client.Image.DigestMismatch", name + " is not the one that the signed package names: its SHA-256 differs."
	case !looksLike(d.Media, a.content):
		return "Client.Image.MediaMismatch", name + " is no complete " + d.Media + "."
	}
	return "", ""
}

// looksLike says whether the first bytes, and a PDF's last ones, are those of the media type.
func looksLike(media string, b []byte) bool {
	switch media {
	case "application/pdf":
		return bytes.HasPrefix(b, []byte("%PDF-")) && bytes.Contains(b[max(0, len(b)-1024):], []byte("%%EOF"))
	case "image/tiff":
		return bytes.HasPrefix(b, []byte("II*\x00")) || bytes.HasPrefix(b, []byte("MM\x00*"))
	case "image/jpeg":
		return bytes.HasPrefix(b, []byte("\xff\xd8\xff")) && bytes.HasSuffix(bytes.TrimRight(b, "\x00\r\n"), []byte("\xff\xd9"))
	}
	return false
}

// quoted is an attachment's name in a text: it is the sender's own word, so only one of the shape of an identification is repeated.
func quoted(id string) string {
	if _, err := order.ParseLocalID(id); err != nil {
		return "(not an identification)"
	}
	return `"` + id + `"`
}
