package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"ccpor/store"
	"ccpor/store/storetest"
)

// The registry's commands as an operator types them: what they change, what they say, and the status they end with.
func TestRegistryCommands(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	const file = "../../testdata/keys/court-rsa.crt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := parseCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(cert.Raw)
	fingerprint := hex.EncodeToString(sum[:])
	today := time.Now()
	s := storetest.Open(t, url, store.Options{})
	step := func(status int, want string, args ...string) {
		t.Helper()
		var out, errOut bytes.Buffer
		if got := run(t.Context(), append(args, "--database-url", url, "--keys", storetest.KeyFile(t, url)), &out, &errOut); got != status || !strings.Contains(out.String()+errOut.String(), want) {
			t.Errorf("ccpor %s: status %d, want %d and %q:\n%s%s", strings.Join(args, " "), got, status, want, out.String(), errOut.String())
		}
	}
	step(0, "No certificate is registered", "certificates")
	step(0, "Nothing was refused", "refusals")
	step(0, "is registered", "agency", "add", "--ori", "CA030013J", "--name", "Invented Court")
	step(0, "submit, query, images, callbacks", "agency", "grant", "--ori", "CA030013J", "query", "images")
	step(0, ": query, images, callbacks", "agency", "withhold", "--ori", "CA030013J", "submit")
	step(2, "must be one of", "agency", "grant", "--ori", "CA030013J", "everything")
	step(0, "Invented Court: query, images, callbacks", "agency", "list")
	step(0, "of its own 2.5 requests a second, 300 packages a day", "agency", "limit", "--ori", "CA030013J", "--rate", "2.5", "--daily", "300")
	step(0, "callbacks; of its own 2.5 requests a second, 300 packages a day", "agency", "list")
	step(1, "not negative", "agency", "limit", "--ori", "CA030013J", "--daily=-3")
	step(1, "no agency is registered as CA999999J", "agency", "limit", "--ori", "CA999999J", "--daily", "3")
	step(0, "as the hub has them for everybody", "agency", "limit", "--ori", "CA030013J")
	step(0, "is trusted", "agency", "certificate", "--ori", "CA030013J", "--use", "tls", "--file", file, "--test",
		"--from", today.AddDate(0, 0, -2).Format(time.DateOnly), "--to", today.AddDate(0, 0, 20).Format(time.DateOnly))
	step(1, "the other kind", "agency", "certificate", "--ori", "CA030013J", "--use", "tls", "--file", file)
	step(0, "test  valid", "certificates")
	step(1, fingerprint, "certificates", "--expiring", "60")
	step(0, "No certificate comes to its end within 7 days", "certificates", "--expiring", "7")
	step(1, "64 hexadecimal digits", "agency", "revoke", "--ori", "CA030013J", "--reason", "key lost", "ab12")
	step(0, "is revoked", "agency", "revoke", "--ori", "CA030013J", "--reason", "key lost", fingerprint)
	step(0, "key lost", "certificates")
	step(0, "", "certificates", "--expiring", "60")
	for range 3 {
		if _, err := s.Refuse(t.Context(), store.Refused{Stage: "receive", Code: "Client.Peer.CertificateRevoked", Received: store.Received{At: today, Peer: "192.0.2.7:50123", Correlation: "c"}}); err != nil {
			t.Fatal(err)
		}
	}
	step(0, "3  peer 192.0.2.7 ", "refusals")
	step(0, "No alarm is raised", "alarms")
	if raised, err := s.RaiseAlarms(t.Context(), store.AlarmLimits{Refusals: 3, Window: time.Hour}, today.Add(time.Minute)); err != nil || len(raised.Raised) != 1 {
		t.Fatal(raised, err)
	}
	step(1, "1  open", "alarms")
	step(0, "is acknowledged", "alarms", "ack", "1")
	step(0, "1  acknowledged", "alarms")
	step(1, "acknowledging alarm 2", "alarms", "ack", "2")
}
