package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ccpor/store"
	"ccpor/store/storetest"
)

func TestProviderAtTheCommandLine(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{})
	if _, err := s.RegisterAgency(t.Context(), store.Agency{ORI: "CA030013J", Name: "Court"}); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("not to be shown\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	provider := func(args ...string) (int, string) {
		status, out, errs := call(t, append([]string{"agency", "provider", "--as", "sven", "--database-url", url, "--keys", storetest.KeyFile(t, url)}, args...)...)
		return status, out + errs
	}
	whole := []string{"--client", "ccpor", "--secret-file", secret, "--domain", "court.example"}
	for name, args := range map[string][]string{
		"not whole":      {"--ori", "CA030013J", "--issuer", "https://id.court.example"},
		"no https":       append([]string{"--ori", "CA030013J", "--issuer", "http://id.court.example"}, whole...),
		"no such agency": append([]string{"--ori", "CA999999X", "--issuer", "https://id.court.example"}, whole...),
		"none to drop":   {"--ori", "CA030013J", "--drop"},
	} {
		if status, said := provider(args...); status == 0 {
			t.Errorf("%s: %s", name, said)
		}
	}
	if status, said := provider(append([]string{"--ori", "CA030013J", "--issuer", "https://id.court.example"}, whole...)...); status != 0 || strings.Contains(said, "not to be shown") {
		t.Fatalf("%d %s", status, said)
	}
	if got, err := s.IdentityProviders(t.Context()); err != nil || len(got) != 1 || got[0].Secret != "not to be shown" || got[0].Issuer != "https://id.court.example" {
		t.Errorf("%+v, %v", got, err)
	}
	if status, said := provider("--ori", "CA030013J", "--drop"); status != 0 {
		t.Errorf("dropping: %s", said)
	}
}
