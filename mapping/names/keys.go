package names

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"slices"
)

// ID is the number of a folded word, the same everywhere: the first eight bytes of its SHA-256. That two words have one costs a look at a name too many, no more.
func ID(word string) int64 {
	sum := sha256.Sum256([]byte(word))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// reach is how many letters may differ for a word to be near another of its length.
func reach(letters int) int {
	switch {
	case letters < 3:
		return 0
	case letters < 6:
		return 1
	}
	return 2
}

// looked is how many letters of a word, from its beginning, its neighbourhood is made of.
const looked = 9

// Keys are numbers of which two words that are near each other have one in common: of what is left of the word when as many letters as its reach are taken away
// (the symmetric deletions of W. Garbe's SymSpell, over the first letters), and of how it sounds. Words that have one in common need not be near.
func (b *Book) Keys(word string) []int32 {
	letters := []rune(word)
	left := map[string]bool{}
	without(letters[:min(len(letters), looked)], reach(len(letters)), left)
	keys := make([]int32, 0, len(left)+len(b.ears))
	for s := range left {
		keys = append(keys, key('-', s))
	}
	for i, s := range b.Sounds(word) {
		if s != "" {
			keys = append(keys, key('0'+byte(i), s))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// without adds the letters, and what is left of them when up to n are taken away.
func without(letters []rune, n int, left map[string]bool) {
	left[string(letters)] = true
	if n == 0 || len(letters) <= 1 {
		return
	}
	for i := range letters {
		if fewer := slices.Delete(slices.Clone(letters), i, i+1); !left[string(fewer)] || n > 1 {
			without(fewer, n-1, left)
		}
	}
}

func key(kind byte, text string) int32 {
	h := fnv.New32a()
	h.Write([]byte{kind})
	h.Write([]byte(text))
	return int32(h.Sum32())
}
