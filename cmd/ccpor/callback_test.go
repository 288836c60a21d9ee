package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ccpor/exchange/client"
	"ccpor/store/storetest"
)

// An operator registers a court's listener, tries it, sees how it stands, and turns it off.
func TestCallbackFromTheCommandLine(t *testing.T) {
	t.Setenv("CCPOR_CONFIG", filepath.Join(t.TempDir(), "none.json"))
	t.Setenv("CCPOR_DATABASE_URL", storetest.NewURL(t))
	t.Setenv("CCPOR_SEAL_CERT", keysFolder+"court-p256.crt")
	t.Setenv("CCPOR_SEAL_KEY", keysFolder+"court-p256.key")
	const ori = "CA030013J"
	if status, _, errOut := call(t, "agency", "add", "--ori", ori, "--name", "Orange"); status != 0 {
		t.Fatal(errOut)
	}
	own, err := tls.LoadX509KeyPair(keysFolder+"hub.crt", keysFolder+"hub.key")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var heard []client.Notice
	l, err := hear("127.0.0.1:0", own, &client.Listener{ORI: ori, Hub: []*x509.Certificate{testIdentity(t, "court-p256").cert}, Keep: func(n client.Notice) error {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, n)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "https://" + gone.Addr().String() + "/"
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	two := inFile(t, "two.pem", append(readFile(t, keysFolder+"hub.crt"), readFile(t, keysFolder+"ca.crt")...))
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{nil, 1, "has no listener"},
		{[]string{"--url", "http://court.example/", "--file", keysFolder + "hub.crt"}, 1, "https is needed"},
		{[]string{"--url", "http://localhost:1/"}, 1, "https is needed"},
		{[]string{"--url", l.url}, 1, "certificate is needed"},
		{[]string{"--url", l.url, "--file", two}, 1, "2 certificates"},
		{[]string{"--url", nobody, "--file", keysFolder + "hub.crt", "--test"}, 1, "Nobody answers"},
		{[]string{"--url", l.url, "--file", keysFolder + "other-court.crt", "--test"}, 1, "certificate is not the registered one"},
		{[]string{"--url", l.url, "--file", keysFolder + "hub.crt", "--soap", "1.2"}, 0, "is told of changes at " + l.url + ", SOAP 1.2"},
		{[]string{"--test"}, 0, "confirmed the notice"},
		{[]string{"--off"}, 0, "is not told of changes any more"},
		{[]string{"--json"}, 0, `"active":false`},
	} {
		status, out, errOut := call(t, append([]string{"agency", "callback", "--ori", ori}, c.args...)...)
		if status != c.status || !strings.Contains(out+errOut, c.says) {
			t.Errorf("%q: status %d, %s%s", c.args, status, out, errOut)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(heard) != 1 || heard[0].Change != nil || heard[0].Agency != ori {
		t.Errorf("heard %+v", heard)
	}
}

// ccpor listen says where it listens, ends when told to, and refuses what it cannot verify by.
func TestListenFromTheCommandLine(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out := &stopping{stop: stop}
	args := []string{"listen", "--ori", "CA030013J", "--address", "127.0.0.1:0", "--cert", keysFolder + "hub.crt", "--key", keysFolder + "hub.key", "--hub-cert", keysFolder + "hub.crt"}
	if status := run(ctx, args, out, os.Stderr); status != 0 || !strings.Contains(out.b.String(), "Listening for CA030013J at https://localhost:") {
		t.Errorf("status %d: %s", status, &out.b)
	}
	args[len(args)-1] = keysFolder + "hub.key"
	if status, _, errOut := call(t, args...); status != 1 || !strings.Contains(errOut, "no certificate in") {
		t.Errorf("status %d: %s", status, errOut)
	}
}

// stopping is an output that interrupts the program at its first line.
type stopping struct {
	b    bytes.Buffer
	stop func()
}

func (s *stopping) Write(p []byte) (int, error) {
	defer s.stop()
	return s.b.Write(p)
}
