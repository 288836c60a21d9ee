package main

import (
	"crypto/fips140"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

// version is what `ccpor version` prints; the build's own record is the source.
type version struct {
	Program  string `json:"program"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	River    string `json:"river"`
	Pgx      string `json:"pgx"`
	// FIPS is the version of Go's FIPS 140-3 module that the program was built with, and FIPSInUse whether it works by it.
	FIPS      string `json:"fips140"`
	FIPSInUse bool   `json:"fips140InUse"`
}

func (versionCommand) Run(t *terminal) error {
	v := version{Program: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, FIPS: fips140.Version(), FIPSInUse: fips140.Enabled()}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.fill(info)
	}
	if t.json {
		return json.NewEncoder(t.out).Encode(v)
	}
	fmt.Fprintf(t.out, "ccpor %s %s\n%s %s, river %s, pgx %s\n%s\n", v.Program, v.Revision, v.Go, v.Platform, v.River, v.Pgx, v.cryptography())
	return nil
}

// cryptography says by what the program digests, signs and encrypts.
func (v version) cryptography() string {
	if v.FIPSInUse {
		return "FIPS 140-3 module " + v.FIPS + ", in use"
	}
	return "FIPS 140-3 module not in use: build with make, which selects it"
}

func (v *version) fill(info *debug.BuildInfo) {
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Program = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, d := range info.Deps {
		switch d.Path {
		case "github.com/riverqueue/river":
			v.River = d.Version
		case "github.com/jackc/pgx/v5":
			v.Pgx = d.Version
		}
	}
}
