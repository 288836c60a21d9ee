package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

func parse(t *testing.T, args ...string) (options, error) {
	t.Helper()
	var o options
	k, err := kong.New(&o, kong.Exit(func(int) { t.Fatal("the parser wanted to exit") }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Parse(args)
	return o, err
}

// program is a running carpos-sim.
type program struct {
	ready announcement
	lines *bufio.Reader
	stop  func() error
}

func start(t *testing.T, args ...string) program {
	t.Helper()
	o, err := parse(t, append([]string{"--listen=127.0.0.1:0", "--control=127.0.0.1:0", "--json"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, o, w)
		w.CloseWithError(err)
		ended <- err
	}()
	p := program{lines: bufio.NewReader(r), stop: func() error { cancel(); return <-ended }}
	t.Cleanup(cancel)
	line, err := p.lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(line), &p.ready); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return p
}

const logon = "\x0100000022\x02LOGON CCPR CA0300000\r\n\x03"

func talk(t *testing.T, nc net.Conn, send, want string) {
	t.Helper()
	t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(nc, send); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(nc, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	p := start(t, "--lose-replies=0.25", "--late-by=3s", "--seed=9")
	if !p.ready.Ready || p.ready.Seed != 9 {
		t.Errorf("ready %+v", p.ready)
	}
	nc, err := net.Dial("tcp", p.ready.Line)
	if err != nil {
		t.Fatal(err)
	}
	talk(t, nc, logon, "\x0100000012\x02READY CCPR\r\n\x03")
	resp, err := http.Get("http://" + p.ready.Control + "/config")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(b), `"loseReply": 0.25`) || !strings.Contains(string(b), `"lateBy": "3s"`) {
		t.Errorf("config %s, %v", b, err)
	}
	final := make(chan string, 1)
	go func() {
		line, err := p.lines.ReadString('\n')
		final <- fmt.Sprint(line, err)
	}()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if got := <-final; got != `{"duplicates":0,"records":0,"violations":0}`+"\n<nil>" {
		t.Errorf("final line %s", got)
	}
	if nc, err := net.Dial("tcp", p.ready.Line); err == nil {
		nc.Close()
		t.Error("still listening")
	}
}

// TestEveryFaultFlagArrives sets each probability by its flag and finds it in the configuration of the switch.
func TestEveryFaultFlagArrives(t *testing.T) {
	t.Parallel()
	flags := strings.Fields("lose-requests drop-line-early busy carpos-down try-later carpos-error drop-line lose-replies " +
		"garbage-frames lose-acks overtake garble duplicate late slow reorder")
	names := strings.Fields("loseRequest dropBefore busy carposDown tryLater carposError dropAfter loseReply " +
		"garbageFrame loseAck overtake garble duplicate late slow reorder")
	for i, flag := range flags {
		o, err := parse(t, "--"+flag+"=0.125")
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(o.Faults.faults())
		if err != nil {
			t.Fatal(err)
		}
		if s := string(b); strings.Count(s, "0.125") != 1 || !strings.Contains(s, `"`+names[i]+`":0.125`) {
			t.Errorf("--%s gives %s", flag, s)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cert, key, _ := keyPair(t)
	for name, args := range map[string][]string{
		"probability":          {"--busy=2"},
		"control for everyone": {"--control=0.0.0.0:0"},
		"control by name":      {"--control=example.org:0"},
		"control without port": {"--control=127.0.0.1"},
		"order type":           {"--order-type=RTO:forever"},
		"key missing":          {"--tls-cert=" + empty},
		"no certificate":       {"--tls-cert=" + empty, "--tls-key=" + empty},
		"no authority":         {"--tls-cert=" + cert, "--tls-key=" + key, "--tls-ca=" + empty},
		"data is a file":       {"--data=" + empty},
		"listen":               {"--listen=nowhere"},
	} {
		o, err := parse(t, append([]string{"--listen=127.0.0.1:0", "--control=127.0.0.1:0"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), o, io.Discard); err == nil {
			t.Errorf("%s: ran", name)
		}
	}
}

func TestOrderTypes(t *testing.T) {
	t.Parallel()
	got, err := orderTypes([]string{"RTO:temporary:unprotected", "XYZ"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !got[0].Temporary || got[0].Protected || got[1].Temporary || !got[1].Protected || got[1].Code != "XYZ" {
		t.Errorf("got %+v", got)
	}
}

// TestTLS: with an authority the line asks for a certificate.
func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key, pair := keyPair(t)
	p := start(t, "--tls-cert="+cert, "--tls-key="+key, "--tls-ca="+cert)
	pool := x509.NewCertPool()
	pool.AddCert(pair.Leaf)
	client := &tls.Config{RootCAs: pool, ServerName: "localhost", Certificates: []tls.Certificate{pair}}
	nc, err := tls.Dial("tcp", p.ready.Line, client)
	if err != nil {
		t.Fatal(err)
	}
	talk(t, nc, logon, "\x0100000012\x02READY CCPR\r\n\x03")
	client.Certificates = nil
	if nc, err := tls.Dial("tcp", p.ready.Line, client); err == nil {
		defer nc.Close()
		if _, err := nc.Read(make([]byte, 1)); err == nil {
			t.Error("the line spoke to a hub without a certificate")
		}
	}
}

// keyPair writes a certificate that vouches for itself, and its key.
func keyPair(t *testing.T) (cert, key string, pair tls.Certificate) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if pair, err = tls.LoadX509KeyPair(cert, key); err != nil {
		t.Fatal(err)
	}
	return cert, key, pair
}
