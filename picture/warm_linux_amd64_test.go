package picture

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A cell that waits has nothing of the hub's: no environment, no descriptors but its pipes, an empty folder, and the kernel's filters upon it.
func TestAWaitingCellIsBare(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	s := <-r.ready
	if s.err != nil {
		t.Fatal(s.err)
	}
	defer s.cell.stop()
	proc := fmt.Sprintf("/proc/%d/", s.cell.cmd.Process.Pid)
	environ, err := os.ReadFile(proc + "environ")
	if err != nil || len(environ) > 0 {
		t.Errorf("environment %q, %v", environ, err)
	}
	if folder, err := os.Readlink(proc + "cwd"); err != nil || filepath.Base(folder) != nothing {
		t.Errorf("its folder is %s, %v", folder, err)
	} else if list, err := os.ReadDir(folder); err != nil || len(list) > 0 {
		t.Errorf("its folder holds %v, %v", list, err)
	}
	descriptors, err := os.ReadDir(proc + "fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range descriptors {
		to, err := os.Readlink(proc + "fd/" + d.Name())
		if err != nil || !strings.HasPrefix(to, "pipe:") && !strings.HasPrefix(to, "anon_inode:[event") {
			t.Errorf("descriptor %s leads to %s, %v", d.Name(), to, err)
		}
	}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
		if !strings.Contains(string(status), want) {
			t.Errorf("no %q in its status", want)
		}
	}
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "VmData") || strings.HasPrefix(line, "VmHWM") || strings.HasPrefix(line, "Threads") || strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "Rss") {
			t.Log(line)
		}
	}
	limits, err := os.ReadFile(proc + "limits")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Max data size": "268435456", "Max open files": "0", "Max file size": "0", "Max core file size": "0"} {
		if got := limitOf(string(limits), name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func limitOf(limits, name string) string {
	for line := range strings.Lines(limits) {
		if after, ok := strings.CutPrefix(line, name); ok {
			return strings.Fields(after)[0]
		}
	}
	return ""
}
