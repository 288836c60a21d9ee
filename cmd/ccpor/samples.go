package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"ccpor/mapping/order"
)

// sample is one package of testdata/samples: what is sent, what is done to it on the way, and how it must end.
type sample struct {
	name string
	dir  string

	Title string `json:"title"`
	// Case is the golden case (testdata/cases) whose package is sent.
	Case   string    `json:"case"`
	Agency order.ORI `json:"agency"`
	// Signer is the agency whose key signs; empty sends the package unsigned.
	Signer order.ORI `json:"signer"`
	// Rename is appended to the identifications of package and order, so that one case serves several samples.
	Rename        string        `json:"rename"`
	BeforeSigning []replacement `json:"beforeSigning"`
	AfterSigning  *replacement  `json:"afterSigning"`
	SpoilImage    bool          `json:"spoilImage"`
	Expect        expectation   `json:"expect"`

	packageXML []byte
	images     map[string][]byte
}

type replacement struct {
	Replace string `json:"replace"`
	With    string `json:"with"`
}

type expectation struct {
	Outcome     string `json:"outcome"` // accepted or refused
	Transaction string `json:"transaction"`
	Code        string `json:"code"`
	Problems    int    `json:"problems"`
	Duplicate   bool   `json:"duplicate"`
}

// sampleAgency is one agency of testdata/samples/agencies.json.
type sampleAgency struct {
	ORI        order.ORI `json:"ori"`
	Name       string    `json:"name"`
	CarposName string    `json:"carposName"`
	County     string    `json:"county"`
	Kind       string    `json:"kind"`
	Confirm    string    `json:"confirm"`
	Signer     string    `json:"signer"` // rsa or p256
}

func loadAgencies(dir string) ([]sampleAgency, error) {
	var all []sampleAgency
	err := readJSON(filepath.Join(dir, "agencies.json"), &all)
	return all, err
}

func readJSON(file string, v any) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	return nil
}

// loadSamples reads every folder of dir that holds a sample.json, in the order of their names.
func loadSamples(dir string) ([]sample, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "sample.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no samples in %s: run this in the project's folder, or name it with --samples", dir)
	}
	sort.Strings(files)
	var all []sample
	for _, f := range files {
		s := sample{dir: filepath.Dir(f), name: filepath.Base(filepath.Dir(f))}
		if err := readJSON(f, &s); err != nil {
			return nil, err
		}
		if err := s.load(filepath.Join(dir, "..", "cases", s.Case)); err != nil {
			return nil, fmt.Errorf("sample %s: %w", s.name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func (s *sample) load(caseDir string) error {
	var err error
	if s.packageXML, err = os.ReadFile(filepath.Join(caseDir, "package.xml")); err != nil {
		return err
	}
	image, err := os.ReadFile(filepath.Join(caseDir, "image.pdf"))
	if err != nil {
		return err
	}
	s.images = map[string][]byte{"order-image": image}
	for _, r := range append(s.renaming(), s.BeforeSigning...) {
		if s.packageXML, err = r.apply(s.packageXML); err != nil {
			return err
		}
	}
	if s.SpoilImage {
		s.images["order-image"] = spoiled(image)
	}
	return nil
}

// renaming gives package and order identifications of their own.
func (s *sample) renaming() []replacement {
	if s.Rename == "" {
		return nil
	}
	var all []replacement
	for _, tag := range []string{"PackageIdentification", "OrderIdentification"} {
		all = append(all, replacement{"<" + tag + ">", "<" + tag + ">" + s.Rename + "-"})
	}
	return all
}

// apply replaces one occurrence, and says when there is none: a sample that changes nothing shows nothing.
func (r replacement) apply(doc []byte) ([]byte, error) {
	if !bytes.Contains(doc, []byte(r.Replace)) {
		return nil, fmt.Errorf("its package has no %q to replace", r.Replace)
	}
	return bytes.Replace(doc, []byte(r.Replace), []byte(r.With), 1), nil
}

// spoiled is a file of the same length and type with one bit changed.
func spoiled(image []byte) []byte {
	changed := bytes.Clone(image)
	changed[len(changed)/2] ^= 1
	return changed
}
