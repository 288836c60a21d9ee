package hostile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Case is one message of the corpus, and how the hub must answer it.
type Case struct {
	Name  string
	Class string
	Why   string
	Code  string
	// Message says that the case is a whole message, made by a recipe, and no document.
	Message bool
	// Slow cases wait for a deadline of the hub's; they are sent beside each other, and their cost says nothing.
	Slow bool
	make func(c *Cast, now time.Time) (Request, error)
}

// Request makes the message. What must be fresh is signed for this moment.
func (k Case) Request(c *Cast, now time.Time) (Request, error) {
	r, err := k.make(c, now)
	if err != nil {
		return r, fmt.Errorf("%s: %w", k.Name, err)
	}
	return r, nil
}

// Corpus reads testdata/attacks: one folder for each document, and messages/CLASS.txt with recipes.
func Corpus(dir string) ([]Case, error) {
	documents, err := documentCases(dir)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "messages", "*.txt"))
	if err != nil {
		return nil, err
	}
	all := documents
	for _, f := range files {
		cases, err := messageCases(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		all = append(all, cases...)
	}
	names := map[string]bool{}
	for _, k := range all {
		if names[k.Name] {
			return nil, fmt.Errorf("two cases are named %s", k.Name)
		}
		names[k.Name] = true
	}
	return all, nil
}

func documentCases(dir string) ([]Case, error) {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, f := range folders {
		if !f.IsDir() || f.Name() == "messages" {
			continue
		}
		k, err := documentCase(dir, f.Name())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		all = append(all, k)
	}
	return all, nil
}

func documentCase(dir, name string) (Case, error) {
	expect, err := os.ReadFile(filepath.Join(dir, name, "expect"))
	if err != nil {
		return Case{}, err
	}
	doc, err := os.ReadFile(filepath.Join(dir, name, "package.xml"))
	if err != nil {
		return Case{}, err
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(expect)) {
		word, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		fields[word] = value
	}
	k := Case{Name: name, Class: fields["class"], Why: fields["why"], Code: fields["outward"]}
	if k.Class == "" || k.Code == "" {
		return k, errors.New("expect names no class or no outward code")
	}
	k.make = func(*Cast, time.Time) (Request, error) { return posted(fields["trusted"], doc), nil }
	return k, nil
}

// posted is the message in which a document travels: a package in an envelope; what is no package to begin with, as it is.
func posted(as string, doc []byte) Request {
	body := string(doc)
	if strings.HasPrefix(body, "<OrderPackage") || strings.HasPrefix(body, "<Receipt") || body == "" {
		body = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><SubmitOrder xmlns="` + serviceNS + `">` + body + `</SubmitOrder></soap:Body></soap:Envelope>`
	}
	return Finished(Request{As: as, Head: "POST /soap HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n", Body: []byte(body)})
}

func messageCases(file string) ([]Case, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	class := strings.ReplaceAll(strings.TrimSuffix(filepath.Base(file), ".txt"), "-", " ")
	var all []Case
	for block := range strings.SplitSeq(string(text), "\n\n") {
		k, err := messageCase(class, block)
		if err != nil {
			return nil, err
		}
		if k.Name != "" {
			all = append(all, k)
		}
	}
	return all, nil
}

func messageCase(class, block string) (Case, error) {
	k := Case{Class: class, Message: true}
	var r recipe
	for line := range strings.Lines(block) {
		line = strings.TrimRight(line, "\n")
		word, value, ok := strings.Cut(line, ": ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case !ok:
			return k, fmt.Errorf("a line without a word: %s", line)
		}
		switch word {
		case "name":
			k.Name = value
		case "why":
			k.Why = value
		case "code":
			k.Code = value
		default:
			r.steps = append(r.steps, [2]string{word, value})
		}
	}
	if len(r.steps) > 0 && (k.Name == "" || k.Why == "" || k.Code == "") {
		return k, fmt.Errorf("a case without name, why or code: %q", k.Name)
	}
	k.Slow = slices.ContainsFunc(r.steps, func(s [2]string) bool { return s[0] == "stop" })
	k.make = func(c *Cast, now time.Time) (Request, error) { return r.cook(c, "A-"+k.Name, now) }
	return k, nil
}
