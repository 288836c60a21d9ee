// Package schemas holds the exchange's XML schemas and judges packages by them.
//
// The schema set is embedded and versioned (xsd/). Load compiles it once with libxml2. Validate takes the octets of a package
// whose signature has been verified, and gives either a Document, which only this package can make, or Problems: every
// violation at once, with line, column, path and words that a court clerk understands.
//
// libxml2 gives the verdict, always and alone, by a small validator of our own over its C interface: the Validate of the Go
// binding writes past its buffer on long invalid values. What is wrong with a refused package is then worked out in three bounded looks at
// the same octets: a walk in Go over the content model, read from the schemas themselves, finds what is missing, unknown or out of place;
// a second schema set without order and counts, derived from the first, makes libxml2 judge each value and attribute even beside a misplaced element,
// where it would otherwise stop; and a last walk finds lines, columns and paths.
//
// The package refuses to read anything but its own files: Load installs a process-wide libxml2 entity loader that serves the
// embedded schemas and nothing else, no file, no host. It refuses to look at bytes that no signature covers: Validate takes a Verified, and only
// exchange/sig makes one. It knows no orders, and no text of an error quotes a value.
package schemas
