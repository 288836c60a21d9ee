package cell

import (
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// memory is the WebAssembly module's memory: addresses that are reserved once, and backed as the module asks for more. Go's own way would need old and new memory at once each time it grows.
type memory struct {
	all     []byte
	refused bool // more was asked for than there may be
}

// Allocate implements experimental.MemoryAllocator.
func (m *memory) Allocate(_, most uint64) experimental.LinearMemory {
	all, err := unix.Mmap(-1, 0, int(min(most, maxModule)), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err == nil {
		m.all = all
	}
	return m
}

// Reallocate implements experimental.LinearMemory.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.all)) || unix.Mprotect(m.all[:size], unix.PROT_READ|unix.PROT_WRITE) != nil {
		m.refused = true
		return nil
	}
	return m.all[:size:size]
}

// Free implements experimental.LinearMemory.
func (m *memory) Free() { _ = unix.Munmap(m.all) } // the process ends with the module
