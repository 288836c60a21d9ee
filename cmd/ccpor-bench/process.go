package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What the kernel tells of processes, from /proc. Where there is none (not Linux) the figures are missing, and that is told.

// memory is a process's resident memory in bytes, now and at most so far.
type memory struct{ now, peak int64 }

func memoryOf(pid int) (memory, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return memory{}, err
	}
	var m memory
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		var to *int64
		switch name {
		case "VmRSS":
			to = &m.now
		case "VmHWM":
			to = &m.peak
		default:
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return m, fmt.Errorf("reading the memory of process %d: %w", pid, err)
		}
		*to = kb << 10
	}
	return m, nil
}

// tick is the unit of the kernel's processor times: USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// stat is one line of /proc/PID/stat.
type stat struct {
	pid, parent int
	cpu         time.Duration // its own, user and system
	reaped      time.Duration // that of its ended children
}

var errStat = errors.New("the kernel's account of a process cannot be read")

func parseStat(raw []byte) (stat, error) {
	end := bytes.LastIndexByte(raw, ')') // the name before may hold anything
	pid, _, _ := strings.Cut(string(raw), " ")
	if end < 0 {
		return stat{}, errStat
	}
	fields := strings.Fields(string(raw[end+1:]))
	if len(fields) < 15 {
		return stat{}, errStat
	}
	var n [6]int64
	for i, text := range []string{pid, fields[1], fields[11], fields[12], fields[13], fields[14]} {
		var err error
		if n[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return stat{}, fmt.Errorf("%w: %w", errStat, err)
		}
	}
	return stat{pid: int(n[0]), parent: int(n[1]), cpu: time.Duration(n[2]+n[3]) * tick, reaped: time.Duration(n[4]+n[5]) * tick}, nil
}

// cpuOf is the processor time that a process and all below it have used so far, those that have ended included.
func cpuOf(pid int) (time.Duration, error) {
	all, err := processes()
	if err != nil {
		return 0, err
	}
	below := map[int]bool{pid: true}
	for grew := true; grew; {
		grew = false
		for _, s := range all {
			if below[s.parent] && !below[s.pid] {
				below[s.pid], grew = true, true
			}
		}
	}
	var sum time.Duration
	for _, s := range all {
		if below[s.pid] {
			sum += s.cpu + s.reaped
		}
	}
	return sum, nil
}

// ownCPU is the processor time of one process alone, without its children's.
func ownCPU(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	s, err := parseStat(raw)
	return s.cpu, err
}

func processes() ([]stat, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var all []stat
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended since
		}
		s, err := parseStat(raw)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// busy is the processor time that the whole machine has used so far, without idle time.
func busy() (time.Duration, error) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	fields := strings.Fields(string(line))
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, errStat
	}
	var sum time.Duration
	for i, f := range fields[1:9] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", errStat, err)
		}
		if i != 3 && i != 4 { // idle, iowait
			sum += time.Duration(n) * tick
		}
	}
	return sum, nil
}
