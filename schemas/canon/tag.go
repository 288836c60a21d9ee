package canon

// startTag reads a start tag, its declarations and attributes, and resolves
// every prefix. The element is open afterwards.
func (s *Scanner) startTag() error {
	if len(s.open) >= s.p.limits.MaxDepth {
		return s.fail(TooDeep, s.at, "elements are nested too deep", "the limit is "+decimal(s.p.limits.MaxDepth))
	}
	name, i, err := s.qname(s.at + 1)
	if err != nil {
		return err
	}
	if string(s.doc[name.from:name.to]) == "xmlns" {
		return s.fail(BadName, int(name.from), "an element named xmlns", "name it otherwise; XML readers differ on its namespace")
	}
	s.attrs = s.attrs[:0]
	s.plain, s.empty = true, false
	height := len(s.binds)
	if i, err = s.inTag(i, height); err != nil {
		return err
	}
	e := element{name: name, binds: int32(height)}
	if e.space, e.bind, err = s.resolve(name, true); err != nil {
		return err
	}
	if err := s.allowed(e.space, name, "element"); err != nil {
		return err
	}
	if len(s.attrs) > 0 {
		if err := s.resolveAttributes(); err != nil {
			return err
		}
	}
	s.open = append(s.open, e)
	s.pos = i
	return nil
}

// inTag reads from behind the element's name to behind the closing '>'.
func (s *Scanner) inTag(i, height int) (int, error) {
	doc := s.doc
	for {
		before := i
		for i < len(doc) && white(doc[i]) {
			i++
		}
		if i == len(doc) {
			return i, s.unfinished()
		}
		switch c := doc[i]; {
		case c == '>':
			s.plain = s.plain && i == before
			return i + 1, nil
		case c == '/':
			if i+1 == len(doc) || doc[i+1] != '>' {
				return i, s.fail(NotWellFormed, i, "a '/' inside a start tag", "")
			}
			s.empty, s.plain = true, false
			return i + 2, nil
		case i == before:
			return i, s.fail(NotWellFormed, i, "no white space before an attribute, or a character that is none of a name", "names are of ASCII letters, digits, '.', '-' and '_'")
		}
		s.plain = s.plain && i == before+1 && doc[before] == ' '
		var err error
		if i, err = s.attribute(i, height); err != nil {
			return i, err
		}
	}
}

// qname reads a qualified name at i and returns the place behind it.
func (s *Scanner) qname(i int) (qname, int, error) {
	doc, from, local := s.doc, i, i
	for {
		if i == len(doc) || nameClass[doc[i]] != nameStart {
			return qname{}, i, s.fail(BadName, i, "no name where one is due, or a name with other characters than ASCII letters, digits, '.', '-', '_' and one ':'", "write a literal '<' as &lt;")
		}
		for i < len(doc) && nameClass[doc[i]] != 0 {
			i++
		}
		if i == len(doc) || doc[i] != ':' || local > from {
			break
		}
		i++
		local = i
	}
	if i < len(doc) && (doc[i] == ':' || doc[i] >= 0x80) {
		return qname{}, i, s.fail(BadName, i, "a name with two colons or with characters outside ASCII", "names are of ASCII letters, digits, '.', '-', '_' and one ':'")
	}
	if i-from > s.p.limits.MaxName {
		return qname{}, i, s.fail(NameTooLong, from, "a name is too long", "the limit is "+decimal(s.p.limits.MaxName)+" bytes")
	}
	return qname{int32(from), int32(local), int32(i)}, i, nil
}

// attribute reads name="value" at i and files it as a declaration or attribute.
func (s *Scanner) attribute(i, height int) (int, error) {
	name, i, err := s.qname(i)
	if err != nil {
		return i, err
	}
	if len(s.attrs)+len(s.binds)-height >= s.p.limits.MaxAttributes {
		return i, s.fail(TooManyAttributes, int(name.from), "too many attributes in one element", "the limit is "+decimal(s.p.limits.MaxAttributes)+", namespace declarations included")
	}
	a := attribute{name: name, space: 0, bind: -1}
	if i, err = s.equals(i); err != nil {
		return i, err
	}
	if i, err = s.value(i, &a); err != nil {
		return i, err
	}
	doc := s.doc
	switch {
	case !name.prefixed() && string(doc[name.from:name.to]) == "xmlns":
		return i, s.declare(a, name.to, height)
	case name.prefixed() && string(doc[name.from:name.local-1]) == "xmlns":
		return i, s.declare(a, name.local, height)
	}
	s.attrs = append(s.attrs, a)
	return i, nil
}

// equals reads the '=' behind an attribute's name up to the quote.
func (s *Scanner) equals(i int) (int, error) {
	doc, from := s.doc, i
	for i < len(doc) && white(doc[i]) {
		i++
	}
	if i == len(doc) || doc[i] != '=' {
		return i, s.fail(NotWellFormed, i, "an attribute without '='", "")
	}
	i++
	s.plain = s.plain && i == from+1
	from = i
	for i < len(doc) && white(doc[i]) {
		i++
	}
	if i == len(doc) || doc[i] != '"' && doc[i] != '\'' {
		return i, s.fail(NotWellFormed, i, "an attribute value without quotes", "")
	}
	s.plain = s.plain && i == from && doc[i] == '"'
	return i, nil
}

// value reads the quoted value at i into a.
func (s *Scanner) value(i int, a *attribute) (int, error) {
	doc := s.doc
	a.quote = doc[i]
	i++
	a.from = int32(i)
	for i < len(doc) {
		c := doc[i]
		if valueClass[c] == 0 {
			i++
			continue
		}
		switch {
		case c == a.quote:
			a.to = int32(i)
			return i + 1, nil
		case c == '"' || c == '\'':
			i++
		case c == '&':
			a.ref, s.plain = true, false
			_, next, err := s.reference(i)
			if err != nil {
				return i, err
			}
			i = next
		case c == '<':
			return i, s.fail(NotWellFormed, i, "a '<' in an attribute value, or a value that is not closed", "write it as &lt;")
		case c == '\t' || c == '\n' || c == '\r':
			return i, s.fail(AttributeWhitespace, i, "a tab or line break in the value of attribute "+s.raw(a.name), "write a space, or the references &#9; &#10; &#13;; XML readers differ in what they make of it")
		case c == 0xEF && !noncharacter(doc[i:]):
			i++
		default:
			return i, s.fail(BadCharacter, i, "a character that XML does not allow", "leave it out")
		}
	}
	return i, s.unfinished()
}

// declare files a namespace declaration; its prefix is [prefix, end of name).
func (s *Scanner) declare(a attribute, prefix int32, height int) error {
	s.plain = false
	b := binding{prefix: prefix, prefixEnd: a.name.to, uri: a.from, uriEnd: a.to}
	uri := s.doc[a.from:a.to]
	b.space = s.p.number(uri)
	if err := s.declarable(a, b, uri); err != nil {
		return err
	}
	for _, o := range s.binds[height:] {
		if string(s.prefixOf(o)) == string(s.prefixOf(b)) {
			return s.fail(DuplicateAttribute, int(a.name.from), "the same namespace declaration twice: "+s.raw(a.name), "leave one out")
		}
	}
	if len(s.binds) >= s.p.limits.MaxBindings {
		return s.fail(TooManyNamespaces, int(a.name.from), "too many namespace declarations in scope", "the limit is "+decimal(s.p.limits.MaxBindings))
	}
	s.binds = append(s.binds, b)
	return nil
}

// declarable judges a declaration by itself.
func (s *Scanner) declarable(a attribute, b binding, uri []byte) error {
	at, prefix := int(a.name.from), s.prefixOf(b)
	switch {
	case string(prefix) == "xml" || string(prefix) == "xmlns" || string(uri) == XML || string(uri) == XMLNS:
		return s.fail(NamespaceDeclaration, at, "a declaration of the prefix xml or xmlns, or of their namespaces", "leave it out; xml needs none")
	case len(uri) == 0 && len(prefix) > 0:
		return s.fail(NamespaceDeclaration, at, "the prefix "+string(prefix)+" is declared with an empty namespace", "leave the declaration out")
	case a.ref:
		return s.fail(NamespaceDeclaration, at, "a reference inside a namespace declaration", "write the namespace name literally")
	case len(uri) == 0 || b.space != foreign:
		return nil
	case !s.p.limits.Foreign:
		return s.fail(NamespaceNotAllowed, at, "a namespace that is not part of the contract is declared by "+s.raw(a.name), "declare only the namespaces of the contract, written exactly as there")
	case !absoluteURI(uri):
		return s.fail(NamespaceDeclaration, at, "a namespace name that is no absolute URI is declared by "+s.raw(a.name), "use an absolute URI of ASCII characters")
	}
	return nil
}

func (s *Scanner) prefixOf(b binding) []byte { return s.doc[b.prefix:b.prefixEnd] }

func (s *Scanner) uriOf(bind int32) []byte { return s.doc[s.binds[bind].uri:s.binds[bind].uriEnd] }

// lookup finds the binding in scope for a prefix; -1 for none.
func (s *Scanner) lookup(prefix []byte) int32 {
	for i := len(s.binds) - 1; i >= 0; i-- {
		b := &s.binds[i]
		if int(b.prefixEnd-b.prefix) == len(prefix) && string(s.doc[b.prefix:b.prefixEnd]) == string(prefix) {
			return int32(i)
		}
	}
	return -1
}

// resolve finds the namespace of a name. The default namespace is for elements only.
func (s *Scanner) resolve(q qname, element bool) (space, int32, error) {
	if !q.prefixed() {
		if !element {
			return 0, -1, nil
		}
		b := s.lookup(nil)
		if b < 0 {
			return 0, -1, nil
		}
		return s.binds[b].space, b, nil
	}
	prefix := s.doc[q.from : q.local-1]
	if string(prefix) == "xml" {
		return s.p.xml, -1, nil
	}
	b := s.lookup(prefix)
	if b < 0 {
		return 0, -1, s.fail(UndeclaredPrefix, int(q.from), "the prefix "+string(prefix)+" is not declared", "declare it with xmlns:"+string(prefix)+"=\"...\"")
	}
	return s.binds[b].space, b, nil
}

// allowed refuses a name whose namespace is not on the allow-list.
func (s *Scanner) allowed(n space, q qname, what string) error {
	if s.p.usable(n) || s.p.limits.Foreign && n != s.p.xsi {
		return nil
	}
	return s.fail(NamespaceNotAllowed, int(q.from), "the namespace of "+what+" "+s.raw(q)+" is not part of the contract", "use the namespaces of the contract, written exactly as there")
}

// resolveAttributes gives the attributes their namespaces and judges them.
func (s *Scanner) resolveAttributes() error {
	for i := range s.attrs {
		a := &s.attrs[i]
		if a.name.prefixed() {
			var err error
			if a.space, a.bind, err = s.resolve(a.name, false); err != nil {
				return err
			}
			if err := s.attributeAllowed(a); err != nil {
				return err
			}
		}
		for j := range s.attrs[:i] {
			if s.sameName(a, &s.attrs[j]) {
				return s.fail(DuplicateAttribute, int(a.name.from), "two attributes of the same name: "+s.raw(a.name), "leave one out")
			}
		}
	}
	return nil
}

func (s *Scanner) attributeAllowed(a *attribute) error {
	local := s.doc[a.name.local:a.name.to]
	switch {
	case a.space == s.p.xml && (string(local) == "lang" || string(local) == "space"):
		return nil
	case a.space == s.p.xml:
		return s.fail(ForbiddenAttribute, int(a.name.from), "the attribute "+s.raw(a.name), "leave it out")
	case a.space == s.p.xsi:
		return s.fail(ForbiddenAttribute, int(a.name.from), "the attribute "+string(local)+" of XML Schema instance", "leave it out: the receiver knows the schema, types do not change, and what is absent is not sent")
	}
	return s.allowed(a.space, a.name, "attribute")
}

func (s *Scanner) sameName(a, b *attribute) bool {
	if a.space != b.space || string(s.doc[a.name.local:a.name.to]) != string(s.doc[b.name.local:b.name.to]) {
		return false
	}
	return a.space != foreign || string(s.uriOf(a.bind)) == string(s.uriOf(b.bind))
}

// Attr is one attribute of a start tag. Value is decoded, and valid until the
// next call of Next.
type Attr struct {
	Name  Name
	Value []byte
}

// Attrs are the attributes of the current Start in the document's order,
// without namespace declarations. The slice is valid until the next call of Next.
func (s *Scanner) Attrs() []Attr {
	if s.kind != Start {
		return nil
	}
	s.values = s.values[:0]
	for i := range s.attrs {
		a := &s.attrs[i]
		name := Name{Space: s.p.space(a.space), Local: s.names.of(s.doc[a.name.local:a.name.to])}
		s.values = append(s.values, Attr{Name: name, Value: s.decoded(a)})
	}
	return s.values
}

// Attr is the decoded value of one attribute of the current Start.
func (s *Scanner) Attr(space, local string) ([]byte, bool) {
	if s.kind != Start {
		return nil, false
	}
	for i := range s.attrs {
		a := &s.attrs[i]
		if string(s.doc[a.name.local:a.name.to]) == local && s.p.space(a.space) == space {
			return s.decoded(a), true
		}
	}
	return nil, false
}

// decoded is an attribute's value: of the document itself where it can be.
func (s *Scanner) decoded(a *attribute) []byte {
	raw := s.doc[a.from:a.to:a.to]
	if !a.ref {
		return raw
	}
	return s.decode(raw)
}

func (s *Scanner) raw(q qname) string { return string(s.doc[q.from:q.to]) }
