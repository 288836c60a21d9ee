// Package canon is the one reader of foreign XML.
//
// A Scanner walks a document once, and in that one pass it refuses what lies
// outside a closed profile, checks well-formedness and namespaces, hands out
// events, and writes the exclusive canonical form (W3C exc-c14n, without
// comments) of any element the caller asks for. The profile is narrower than
// XML 1.0 with Namespaces: nothing on which two parsers could differ gets in,
// so that what was signed, validated, mapped and stored is the same thing.
//
// The closed profile: UTF-8 with at most one byte order mark; an XML
// declaration only of version 1.0 and UTF-8; no DOCTYPE, processing
// instruction, CDATA section or comment; the five predefined entities and
// character references to legal characters; names of ASCII letters, digits,
// '.', '-' and '_', no element "xmlns"; no xsi: attribute, no xml: attribute but xml:lang and
// xml:space; no literal tab or line break in an attribute; namespaces from an
// allow-list; bounds on bytes, depth, attributes, names and bindings.
//
// It does not repair, guess, resolve or fetch anything, knows no schema and no
// order, and never quotes a document's content in an error: names only.
package canon
