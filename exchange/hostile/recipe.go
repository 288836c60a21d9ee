package hostile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// recipe makes a hostile message of a good one, step by step. Its text is lines of "word: value":
//
//	base     the kind of good message (Kinds), or "raw" for nothing at all
//	as       whose connection; key: by whose key the package is signed, "none" for unsigned
//	at       how far from now the message is made, as in -2h
//	package  OLD => NEW in the package, before it is signed
//	body     OLD => NEW in the body; an empty OLD is its end. all: the same at every place. image: OLD => NEW in the package's digest too
//	copy     FIRST ... LAST: keeps that piece as $1; cut: takes it out as well
//	digest   the digest of the element with this Id anew
//	resign   package|message KEY: the signature's value anew over what SignedInfo says now
//	encode   the body in another encoding; keep: its first so many bytes, or in per cent; gzip: its size when unpacked, or "body"
//	head     OLD => NEW in the head; an empty OLD is its end
//	stop     falls silent after so many bytes
//
// Escapes are those of Go strings, and {N*TEXT} is a text so many times.
type recipe struct {
	steps [][2]string
}

// cook makes the request.
func (r recipe) cook(c *Cast, id string, now time.Time) (Request, error) {
	k := kitchen{good: good{cast: c, at: now, kind: Inline, id: id}}
	for _, s := range r.steps {
		if err := k.step(s[0], s[1]); err != nil {
			return Request{}, fmt.Errorf("%s: %s: %w", s[0], s[1], err)
		}
	}
	if err := k.ready(); err != nil {
		return Request{}, err
	}
	return Finished(k.request), nil
}

// kitchen is a recipe being followed.
type kitchen struct {
	good    good
	raw     bool
	made    bool
	request Request
	kept    string // $1
}

func (k *kitchen) step(word, value string) error {
	switch word {
	case "base":
		k.good.kind, k.raw = value, value == "raw"
		return nil
	case "as":
		k.good.as = value
		return nil
	case "key":
		k.good.signer = value
		return nil
	case "at":
		shift, err := time.ParseDuration(value)
		k.good.at = k.good.at.Add(shift)
		return err
	case "package":
		before := k.good.change
		k.good.change = func(pack string) (string, error) {
			var err error
			if before != nil {
				if pack, err = before(pack); err != nil {
					return "", err
				}
			}
			return k.swapped(pack, value, 1)
		}
		return nil
	}
	if err := k.ready(); err != nil {
		return err
	}
	return k.bend(word, value)
}

// ready makes the good message, once.
func (k *kitchen) ready() error {
	if k.made {
		return nil
	}
	k.made = true
	as := k.good.as
	if as == "" {
		if as = "court-rsa"; k.good.kind == Signed {
			as = "strict"
		}
	}
	if k.raw {
		k.request = Request{As: as, Head: "POST /soap HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n"}
		return nil
	}
	k.good.as = as
	if as == "nobody" || as == "stranger" || as == "lapsed" || as == "none" {
		k.good.as = "court-rsa"
	}
	switch k.good.signer {
	case "":
		if k.good.signer = "court-rsa"; k.good.cast.keys[k.good.as].key != nil {
			k.good.signer = k.good.as
		}
	case "none":
		k.good.signer = ""
	}
	var err error
	k.request, err = k.good.request()
	k.request.As = as
	return err
}

func (k *kitchen) bend(word, value string) (err error) {
	body := string(k.request.Body)
	switch word {
	case "body":
		body, err = k.swapped(body, value, 1)
	case "all":
		body, err = k.swapped(body, value, -1)
	case "copy":
		_, err = k.piece(body, value)
	case "cut":
		body, err = k.piece(body, value)
	case "digest":
		body, err = redigested(body, value)
	case "resign":
		which, key, _ := strings.Cut(value, " ")
		body, err = resigned(body, k.good.cast.keys[key].key, which == "package")
	case "encode":
		body, err = encoded(body, value)
	case "keep":
		body, err = kept(body, value)
	case "gzip":
		return k.zip(value)
	case "head":
		k.request.Head, err = k.swapped(k.request.Head, value, 1)
		return err
	case "stop":
		k.request.Stop, err = strconv.Atoi(value)
		return err
	default:
		return fmt.Errorf("there is no step %q", word)
	}
	k.request.Body = []byte(body)
	return err
}

// swapped exchanges OLD by NEW, so many times.
func (k *kitchen) swapped(text, value string, times int) (string, error) {
	old, to, ok := strings.Cut(" "+value+" ", " => ")
	if !ok {
		return "", fmt.Errorf("%w: \" => \"", errNothing)
	}
	old, err := unescaped(strings.TrimPrefix(old, " "))
	if err != nil {
		return "", err
	}
	if to, err = unescaped(strings.TrimSuffix(to, " ")); err != nil {
		return "", err
	}
	to = strings.ReplaceAll(to, "$1", k.kept)
	if old == "" {
		return text + to, nil
	}
	if !strings.Contains(text, old) {
		return "", fmt.Errorf("%w: %s", errNothing, old)
	}
	return strings.Replace(text, old, to, times), nil
}

// piece keeps what stands from FIRST to LAST, and returns the text without it.
func (k *kitchen) piece(text, value string) (string, error) {
	first, last, _ := strings.Cut(value, " ... ")
	i := strings.Index(text, first)
	if i < 0 {
		return "", fmt.Errorf("%w: %s", errNothing, first)
	}
	j := strings.Index(text[i:], last)
	if j < 0 {
		return "", fmt.Errorf("%w: %s", errNothing, last)
	}
	end := i + j + len(last)
	k.kept = text[i:end]
	return text[:i] + text[end:], nil
}

// zip compresses the body, or so many zeros in its place.
func (k *kitchen) zip(value string) error {
	k.request.Head += "Content-Encoding: gzip\r\n"
	if value == "body" {
		k.request.Body = zipped(k.request.Body)
		return nil
	}
	size, err := strconv.Atoi(value)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	zeros := make([]byte, 1<<16)
	for ; size > 0; size -= len(zeros) {
		w.Write(zeros[:min(size, len(zeros))]) // a buffer takes everything
	}
	err = w.Close()
	k.request.Body = out.Bytes()
	return err
}

func unescaped(s string) (string, error) {
	s, err := repeated(s)
	if err != nil || !strings.Contains(s, `\`) {
		return s, err
	}
	return strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
}

// repeated writes {N*TEXT} out.
func repeated(s string) (string, error) {
	before, rest, ok := strings.Cut(s, "{")
	times, after, ok2 := strings.Cut(rest, "*")
	n, err := strconv.Atoi(times)
	text, tail, ok3 := strings.Cut(after, "}")
	if !ok || !ok2 || !ok3 || err != nil {
		return s, nil
	}
	tail, err = repeated(tail)
	return before + strings.Repeat(text, n) + tail, err
}

func kept(body, value string) (string, error) {
	percent, isPart := strings.CutSuffix(value, "%")
	n, err := strconv.Atoi(percent)
	if isPart {
		n = len(body) * n / 100
	}
	return body[:min(n, len(body))], err
}

// encoded is a text of UTF-8 in another encoding.
func encoded(s, encoding string) (string, error) {
	var b strings.Builder
	switch encoding {
	case "utf-16le", "utf-16be", "utf-16le-bom", "utf-16be-bom":
		if strings.HasSuffix(encoding, "-bom") {
			s = "\uFEFF" + s
		}
		for _, u := range utf16.Encode([]rune(s)) {
			if hi, lo := byte(u>>8), byte(u); strings.HasPrefix(encoding, "utf-16be") {
				b.Write([]byte{hi, lo})
			} else {
				b.Write([]byte{lo, hi})
			}
		}
	case "utf-32be", "utf-32le":
		for _, r := range s {
			if encoding == "utf-32be" {
				b.Write([]byte{0, byte(r >> 16), byte(r >> 8), byte(r)})
			} else {
				b.Write([]byte{byte(r), byte(r >> 8), byte(r >> 16), 0})
			}
		}
	case "utf-7":
		b.WriteString(strings.NewReplacer("<", "+ADw-", ">", "+AD4-", "&", "+ACY-").Replace(s))
	case "overlong":
		b.WriteString(strings.ReplaceAll(s, "<", "\xc0\xbc"))
	default:
		return "", fmt.Errorf("there is no encoding %q here", encoding)
	}
	return b.String(), nil
}
