//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ccpor/access"
)

// exchange is a sandbox as whoever tries the exchange starts it: a process of its own, with its people and the samples in it.
type exchange struct {
	pages  string // without a slash at its end
	data   string
	people []*person
	// samples are tracking numbers, by the names of the samples.
	samples map[string]string
}

// sandbox is the one that all walks share.
var sandbox = sync.OnceValues(func() (*exchange, error) {
	data, err := os.MkdirTemp("", "ccpor-e2e-")
	if err == nil {
		err = os.Chmod(data, 0o755) // PostgreSQL runs as a user of its own
	}
	if err != nil {
		return nil, err
	}
	x := &exchange{data: data, samples: map[string]string{}}
	program, err := filepath.Abs(filepath.Join(build, "ccpor"))
	if err != nil {
		return nil, err
	}
	p := exec.Command(program, "sandbox", "--data", data, "--listen", "127.0.0.1:0", "--pages", "127.0.0.1:0")
	p.Dir = "../.."
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	var said bytes.Buffer
	p.Stderr = &said
	out, err := p.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.Start(); err != nil {
		return nil, fmt.Errorf("the sandbox (make e2e builds it): %w", err)
	}
	atEnd(func() { _ = p.Process.Signal(syscall.SIGTERM); _ = p.Wait(); _ = os.RemoveAll(data) })
	lines := bufio.NewScanner(out)
	if err := x.listen(lines); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, &said)
	}
	go func() { // whoever prints is not to wait for a reader
		for lines.Scan() {
		}
	}()
	b, err := os.ReadFile(filepath.Join(data, "people.json"))
	if err == nil {
		err = json.Unmarshal(b, &x.people)
	}
	return x, err
})

var (
	sampleLine   = regexp.MustCompile(`^(\d\d-[a-z-]+)  `)
	trackingLine = regexp.MustCompile(`^   ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2})  `)
	pagesLine    = regexp.MustCompile(`^  pages +(http://\S+)/$`)
)

// listen reads what the sandbox prints until it has introduced its people.
func (x *exchange) listen(lines *bufio.Scanner) error {
	sample := ""
	for lines.Scan() {
		line := lines.Text()
		if m := sampleLine.FindStringSubmatch(line); m != nil {
			sample = m[1]
		}
		if m := trackingLine.FindStringSubmatch(line); m != nil {
			x.samples[sample] = m[1]
		}
		if m := pagesLine.FindStringSubmatch(line); m != nil {
			x.pages = m[1]
		}
		if strings.HasPrefix(line, "  letters are put into ") && x.pages != "" {
			return nil
		}
	}
	return errors.Join(errors.New("the sandbox ended before it was up"), lines.Err())
}

// started is the sandbox, up.
func started(t *testing.T) *exchange {
	t.Helper()
	x, err := sandbox()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// sample is the tracking number of a sample package.
func (x *exchange) sample(t *testing.T, name string) string {
	t.Helper()
	if x.samples[name] == "" {
		t.Fatalf("there is no sample %q among %v", name, x.samples)
	}
	return x.samples[name]
}

func (x *exchange) person(t *testing.T, role access.Role) *person {
	t.Helper()
	i := slices.IndexFunc(x.people, func(p *person) bool { return p.Role == role })
	if i < 0 {
		t.Fatalf("the sandbox has nobody who is %s", role)
	}
	return x.people[i]
}

// letter waits for a letter to somebody with a link of a kind, and gives the link's path. Letters are files; the newest is the one.
func (x *exchange) letter(t *testing.T, to, kind string) string {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(x.data, "mail", "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(files)
		for _, f := range slices.Backward(files) {
			if link := linkIn(t, f, to, kind); link != "" {
				return link
			}
		}
	}
	t.Fatalf("no letter with %s came for %s", kind, to)
	return ""
}

func linkIn(t *testing.T, file, to, kind string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte("<"+to+">")) {
		return ""
	}
	link, err := url.Parse(string(regexp.MustCompile(`http\S+` + regexp.QuoteMeta(kind) + `\S+`).Find(b)))
	if err != nil {
		t.Fatal(err)
	}
	return link.Path
}
