package main

import (
	"bytes"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ccpor/mapping/order"
	"ccpor/replay"
	"ccpor/store"
)

// kept is a file as the store can know it: a message by its digest, a package by its identification.
type kept struct {
	file   string
	digest []byte
	pkg    order.LocalID
}

// keptFiles reads the files that are named, and all those in folders that are named.
func keptFiles(paths []string) ([]kept, error) {
	var all []kept
	for _, p := range paths {
		err := filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			k, err := keptFile(path)
			all = append(all, k)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func keptFile(path string) (kept, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return kept{}, err
	}
	sum := sha256.Sum256(content)
	k := kept{file: path, digest: sum[:]}
	for _, n := range replay.Names(content) {
		if id, ok := strings.CutPrefix(n, "package "); ok {
			k.pkg = order.LocalID(id)
		}
	}
	return k, nil
}

// isMessage tells a whole message from a package alone.
func isMessage(content []byte) bool { return bytes.Contains(content, []byte("Envelope")) }

// is says that the submission is the file's.
func (k kept) is(p store.Replayable) bool {
	return bytes.Equal(k.digest, p.Digest[:]) || k.pkg != "" && k.pkg == p.Package
}

// narrow adds to a filter that only what is in the files is meant.
func narrow(f *store.ReplayFilter, files []kept) {
	for _, k := range files {
		f.Digests = append(f.Digests, k.digest)
		if k.pkg != "" {
			f.Packages = append(f.Packages, k.pkg)
		}
	}
}

// unknown are the files that the store has not received.
func unknown(files []kept, found []store.Replayable) []skipped {
	var all []skipped
	for _, k := range files {
		if !slices.ContainsFunc(found, k.is) {
			all = append(all, skipped{File: k.file, Why: "the hub has received no such message or package"})
		}
	}
	return all
}

// more asks for the names that have not been asked for yet.
func more(f *store.ReplayFilter, names []string, asked map[string]bool) {
	for _, n := range names {
		if asked[n] {
			continue
		}
		asked[n] = true
		if id, ok := strings.CutPrefix(n, "order "); ok {
			f.Orders = append(f.Orders, order.LocalID(id))
		} else if id, ok := strings.CutPrefix(n, "package "); ok {
			f.Packages = append(f.Packages, order.LocalID(id))
		}
	}
}
