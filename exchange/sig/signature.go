package sig

import (
	"bytes"
	"encoding/base64"

	"ccpor/schemas/canon"
)

// Bounds of what a signature may hold.
const (
	mostPrefixes  = 32
	mostSignature = 1024 // bytes of a SignatureValue: RSA of 8192 bits
	mostName      = 128
	mostBase64    = 64 << 10 // of one value without white space: a certificate of any kind is shorter
	mostKept      = 1 << 20  // bytes of a buffer that is used again
)

// reading is the state of one verification; its buffers are used again.
type reading struct {
	s    *canon.Scanner
	id   []byte // Id of the signed element
	most int    // bytes of a canonical form; 0: the profile's

	method *method
	digest *digest
	want   sum // DigestValue
	got    sum // digest of the content
	value  [mostSignature]byte
	length int // of value

	listed  []byte   // PrefixLists, copied
	infoNS  [][]byte // PrefixList of SignedInfo
	refNS   [][]byte // PrefixList of the reference
	info    []byte   // canonical SignedInfo
	octets  []byte   // canonical content
	cert    []byte   // the first X509Certificate of KeyInfo, in base64
	compact []byte   // base64 without white space
}

// release lets go of the document, and of buffers that only a large one needs.
func (r *reading) release() {
	r.s = nil
	for _, b := range []*[]byte{&r.info, &r.octets} {
		if cap(*b) > mostKept {
			*b = nil
		}
	}
}

// fail is a refusal at the scanner's place.
func (r *reading) fail(code Code, what, hint string) error {
	return &Error{Code: code, Line: r.s.Line(), What: what, Hint: hint}
}

func (r *reading) malformed(what string) error {
	return r.fail(Malformed, what, "build the signature exactly as the contract shows it")
}

// next reads the next tag; white space is stepped over, other text refused.
func (r *reading) next() (canon.Kind, error) {
	k, err := r.s.Next()
	if err != nil || k != canon.Text {
		return k, err
	}
	if !r.s.Blank() {
		return k, r.malformed("text between the elements of the signature")
	}
	return r.s.Next()
}

// open reads the start tag of a ds element with no attributes but those named.
func (r *reading) open(local string, attributes ...string) error {
	k, err := r.next()
	if err != nil {
		return err
	}
	if k != canon.Start || !r.s.Is(DS, local) {
		return r.malformed("ds:" + local + " is due here")
	}
	return r.only(attributes)
}

// close reads the end tag of the element that is open.
func (r *reading) close() error {
	k, err := r.next()
	if err != nil {
		return err
	}
	if k != canon.End {
		return r.malformed("an element that has no place in the signature: " + r.s.Name().Local)
	}
	return nil
}

// only refuses other attributes than those named, and the signed element's Id.
func (r *reading) only(attributes []string) error {
	for _, a := range r.s.Attrs() {
		if a.Name.Space != "" || !contains(attributes, a.Name.Local) {
			return r.malformed("the attribute " + a.Name.Local + " has no place in " + r.s.Name().Local)
		}
	}
	return r.noID()
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// noID refuses an attribute that repeats the Id of the signed element.
func (r *reading) noID() error {
	for _, a := range r.s.Attrs() {
		if len(a.Name.Local) == 2 && a.Name.Local[0]|0x20 == 'i' && a.Name.Local[1]|0x20 == 'd' && bytes.Equal(a.Value, r.id) {
			return r.fail(DuplicateID, "the signature repeats the Id of the signed element", "give every Id a value of its own")
		}
	}
	return nil
}

// algorithm is the value of the attribute Algorithm of the current element.
func (r *reading) algorithm() []byte {
	v, _ := r.s.Attr("", "Algorithm")
	return v
}

// signature reads the ds:Signature whose Start is the current event.
func (r *reading) signature() error {
	if err := r.only([]string{"Id"}); err != nil {
		return err
	}
	if err := r.open("SignedInfo", "Id"); err != nil {
		return err
	}
	info := r.s.Mark()
	if err := r.signedInfo(); err != nil {
		return err
	}
	if err := r.canonicalInfo(info); err != nil {
		return err
	}
	if err := r.signatureValue(); err != nil {
		return err
	}
	return r.keyInfo()
}

// signedInfo reads the content of SignedInfo to its End.
func (r *reading) signedInfo() error {
	if err := r.methods(); err != nil {
		return err
	}
	if err := r.reference(); err != nil {
		return err
	}
	k, err := r.next()
	if err == nil && k == canon.Start && r.s.Is(DS, "Reference") {
		return r.fail(WrongReference, "more than one Reference", "sign one element: the package")
	}
	if err == nil && k != canon.End {
		return r.malformed("an element that has no place in SignedInfo: " + r.s.Name().Local)
	}
	return err
}

// methods reads how SignedInfo is canonicalised and signed.
func (r *reading) methods() error {
	if err := r.open("CanonicalizationMethod", "Algorithm"); err != nil {
		return err
	}
	if string(r.algorithm()) != excC14N {
		return r.fail(Algorithm, "another canonicalisation of SignedInfo than exclusive C14N without comments", "use "+excC14N)
	}
	var err error
	if r.infoNS, err = r.prefixList(r.infoNS[:0]); err != nil {
		return err
	}
	return r.signatureMethod()
}

func (r *reading) signatureMethod() error {
	if err := r.open("SignatureMethod", "Algorithm"); err != nil {
		return err
	}
	if r.method = methodOf(r.algorithm()); r.method == nil {
		return r.fail(Algorithm, "a signature method outside the list", "use rsa-sha256, rsa-sha384, rsa-sha512, ecdsa-sha256, ecdsa-sha384 or ecdsa-sha512 of "+more+"; SHA-1, HMAC and DSA are never taken")
	}
	return r.close()
}

func (r *reading) reference() error {
	if err := r.open("Reference", "Id", "URI"); err != nil {
		return err
	}
	uri, ok := r.s.Attr("", "URI")
	if !ok || len(uri) < 2 || uri[0] != '#' || !bytes.Equal(uri[1:], r.id) {
		return r.fail(WrongReference, "the Reference is not to the Id of the element that holds the signature", "sign the package: URI=\"#\" and its Id")
	}
	if err := r.transforms(); err != nil {
		return err
	}
	var err error
	r.digest, err = r.digested(&r.want)
	return err
}

// digested reads a reference from its DigestMethod to its End.
func (r *reading) digested(want *sum) (*digest, error) {
	if err := r.open("DigestMethod", "Algorithm"); err != nil {
		return nil, err
	}
	d := digestOf(r.algorithm())
	if d == nil {
		return nil, r.fail(Algorithm, "a digest method outside the list", "use "+enc+"sha256, "+more+"sha384 or "+enc+"sha512; SHA-1 is never taken")
	}
	if err := r.close(); err != nil {
		return nil, err
	}
	if err := r.open("DigestValue"); err != nil {
		return nil, err
	}
	n, err := r.base64(want.octets[:])
	if err != nil {
		return nil, err
	}
	if want.n = n; n != d.hash.Size() {
		return nil, r.malformed("DigestValue has another length than its method gives")
	}
	if err := r.close(); err != nil {
		return nil, err
	}
	return d, r.close()
}

// transforms reads the two transforms of the profile.
func (r *reading) transforms() error {
	if err := r.open("Transforms"); err != nil {
		return err
	}
	if err := r.transform(enveloped); err != nil {
		return err
	}
	if err := r.close(); err != nil {
		return err
	}
	if err := r.transform(excC14N); err != nil {
		return err
	}
	var err error
	r.refNS, err = r.lastTransform(r.refNS[:0])
	return err
}

// lastTransform reads the PrefixList of the exclusive C14N that is the current event, and the end of the transforms.
func (r *reading) lastTransform(list [][]byte) ([][]byte, error) {
	list, err := r.prefixList(list)
	if err != nil {
		return list, err
	}
	k, err := r.next()
	if err == nil && k != canon.End {
		return list, r.transformError()
	}
	return list, err
}

func (r *reading) transform(uri string) error {
	k, err := r.next()
	if err != nil {
		return err
	}
	if k != canon.Start || !r.s.Is(DS, "Transform") || string(r.algorithm()) != uri {
		return r.transformError()
	}
	return r.only([]string{"Algorithm"})
}

func (r *reading) transformError() error {
	return r.fail(Transform, "other transforms than enveloped-signature and exclusive C14N, in this order", "use "+enveloped+" and "+excC14N)
}

// prefixList reads the optional InclusiveNamespaces of the current element and
// the element's End.
func (r *reading) prefixList(list [][]byte) ([][]byte, error) {
	k, err := r.next()
	if err != nil || k == canon.End {
		return list, err
	}
	if k != canon.Start || !r.s.Is(EC, "InclusiveNamespaces") {
		return list, r.malformed("an element that has no place in a canonicalisation: " + r.s.Name().Local)
	}
	if err := r.only([]string{"PrefixList"}); err != nil {
		return list, err
	}
	value, _ := r.s.Attr("", "PrefixList")
	if list, err = r.prefixes(list, value); err != nil {
		return list, err
	}
	if err := r.close(); err != nil {
		return list, err
	}
	return list, r.close()
}

// prefixes splits a PrefixList at its spaces. Two of them in a row, or one at
// the front, are an empty prefix to libxmlsec1 and nothing to others: refused.
// The value is copied: it is the scanner's.
func (r *reading) prefixes(list [][]byte, value []byte) ([][]byte, error) {
	if len(value) > mostPrefixes*(mostName+1) {
		return list, r.notPrefixes()
	}
	from := len(r.listed)
	r.listed = append(r.listed, value...)
	for rest := r.listed[from:]; len(rest) > 0; {
		prefix, after, _ := bytes.Cut(rest, []byte(" "))
		if len(list) == mostPrefixes || !ncName(prefix) && string(prefix) != "#default" {
			return list, r.notPrefixes()
		}
		list, rest = append(list, prefix), after
	}
	return list, nil
}

func (r *reading) notPrefixes() error {
	return r.malformed("a PrefixList with something else than up to 32 prefixes with one space between them")
}

// canonicalInfo writes SignedInfo, whose End must be the current event, in a
// second look from its start tag.
func (r *reading) canonicalInfo(m canon.Mark) error {
	if _, err := r.s.Span(m); err != nil {
		return err
	}
	if err := r.s.Rewind(m); err != nil {
		return err
	}
	var err error
	r.info, err = r.s.Canonical(r.info[:0], canon.Exclusive{Prefixes: r.infoNS, Max: r.most})
	return err
}

func (r *reading) signatureValue() error {
	if err := r.open("SignatureValue", "Id"); err != nil {
		return err
	}
	n, err := r.base64(r.value[:])
	if err != nil {
		return err
	}
	r.length = n
	return r.close()
}

// base64 decodes the text of the current element. White space is dropped, as
// signers break lines; all else is strict.
func (r *reading) base64(dst []byte) (int, error) {
	k, err := r.s.Next()
	if err != nil {
		return 0, err
	}
	if k != canon.Text {
		return 0, r.malformed("a value is missing in the signature")
	}
	r.compact = squeeze(r.compact[:0], r.s.Text())
	strict := base64.StdEncoding.Strict()
	if len(r.compact) == 0 || len(r.compact)%4 != 0 || len(r.compact)/4*3 > len(dst)+2 {
		return 0, r.malformed("a value of the signature is too long or no base64")
	}
	var room [mostSignature + 2]byte
	n, err := strict.Decode(room[:], r.compact)
	if err != nil || n > len(dst) {
		return 0, r.malformed("a value of the signature is too long or no base64")
	}
	return copy(dst, room[:n]), nil
}

// squeeze appends text without white space, up to a byte more than mostBase64:
// so much is no value of a signature.
func squeeze(dst, text []byte) []byte {
	for _, c := range text {
		if len(dst) > mostBase64 {
			break
		}
		if !white(c) {
			dst = append(dst, c)
		}
	}
	return dst
}

// keyInfo reads the rest of the signature: nothing, or a KeyInfo, which is
// looked at for one purpose only, to tell the sender of a certificate that is
// not registered.
func (r *reading) keyInfo() error {
	r.cert = r.cert[:0]
	k, err := r.next()
	if err != nil || k == canon.End {
		return err
	}
	if !r.s.Is(DS, "KeyInfo") {
		return r.malformed("an element that has no place in a signature: " + r.s.Name().Local)
	}
	if err := r.only([]string{"Id"}); err != nil {
		return err
	}
	if err := r.keyInfoContent(r.s.Depth()); err != nil {
		return err
	}
	return r.close()
}

func (r *reading) keyInfoContent(depth int) error {
	cert := false
	for {
		k, err := r.s.Next()
		switch {
		case err != nil:
			return err
		case k == canon.End && r.s.Depth() == depth:
			return nil
		case k == canon.Start:
			if err := r.keyInfoElement(r.s.Depth() - depth); err != nil {
				return err
			}
			cert = r.s.Is(DS, "X509Certificate")
		case k == canon.Text && cert && len(r.cert) == 0:
			r.cert = squeeze(r.cert, r.s.Text())
		}
	}
}

// keyInfoElement refuses what could be more than a key: references, signatures,
// objects and anything outside the signature namespaces.
func (r *reading) keyInfoElement(level int) error {
	name := r.s.Name()
	known := name.Space == DS || name.Space == DS1
	if level == 1 {
		known = name.Space == DS && contains([]string{"KeyName", "KeyValue", "X509Data"}, name.Local)
	}
	if !known || contains([]string{"Signature", "SignedInfo", "Object", "Manifest", "RetrievalMethod"}, name.Local) {
		return r.malformed("an element that has no place in KeyInfo: " + name.Local)
	}
	return r.noID()
}

func white(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// ncName accepts names of ASCII letters, digits, '.', '-' and '_', up to mostName bytes.
func ncName(b []byte) bool {
	for i, c := range b {
		start := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if !start && (i == 0 || !('0' <= c && c <= '9' || c == '.' || c == '-')) {
			return false
		}
	}
	return 0 < len(b) && len(b) <= mostName
}
