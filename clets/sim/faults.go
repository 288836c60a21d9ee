package sim

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"
)

// Misbehaviour names one way in which the switch or CARPOS behaves badly towards one request.
type Misbehaviour string

// The misbehaviours that are drawn for each request. The first of a group that comes up wins; those of the last group
// come together.
const (
	// Before anything is done.
	LoseRequest Misbehaviour = "loseRequest" // as if it had never arrived: no ACK, no reply
	DropBefore  Misbehaviour = "dropBefore"  // the line is closed; the request is lost
	Busy        Misbehaviour = "busy"        // NAK 10
	CarposDown  Misbehaviour = "carposDown"  // NAK 11
	// Instead of CARPOS's answer. Nothing is changed.
	TryLater    Misbehaviour = "tryLater"    // REJECT 90
	CarposError Misbehaviour = "carposError" // REJECT 91
	// After the request has been carried out.
	DropAfter    Misbehaviour = "dropAfter"    // the line is closed; the reply waits for the next LOGON
	LoseReply    Misbehaviour = "loseReply"    // the reply is never sent
	GarbageFrame Misbehaviour = "garbageFrame" // bytes that are no frame, then the line is closed; the reply waits
	// On the way, together with others.
	LoseACK  Misbehaviour = "loseAck"   // no ACK
	Overtake Misbehaviour = "overtake"  // the reply comes before the ACK
	Garble   Misbehaviour = "garble"    // the reply's text is altered so that it matches nothing
	Twice    Misbehaviour = "duplicate" // the reply comes twice, under two outseqs
	Late     Misbehaviour = "late"      // the reply comes LateBy later
	Slow     Misbehaviour = "slow"      // CARPOS carries the request out LateBy later
	Reorder  Misbehaviour = "reorder"   // the reply comes after the line's next reply, or LateBy later
)

// Faults are the misbehaviours in force. Each number is a probability: 0 never, 1 always.
type Faults struct {
	LoseRequest  float64
	DropBefore   float64
	Busy         float64
	CarposDown   float64
	TryLater     float64
	CarposError  float64
	DropAfter    float64
	LoseReply    float64
	GarbageFrame float64
	LoseACK      float64
	Overtake     float64
	Garble       float64
	Duplicate    float64
	Late         float64
	Slow         float64
	Reorder      float64

	LateBy time.Duration // of Late, Slow, Reorder; 0 means 2 s
	Stall  bool          // accept connections and read, but say and do nothing
}

const defaultLateBy = 2 * time.Second

// chance is one misbehaviour and how probable it is. alone: the group in which the first wins; 0 comes with others.
type chance struct {
	name  Misbehaviour
	odds  float64
	alone int
}

// chances lists the misbehaviours in the order in which they are drawn.
func (f Faults) chances() []chance {
	return []chance{
		{LoseRequest, f.LoseRequest, 1}, {DropBefore, f.DropBefore, 1}, {Busy, f.Busy, 1}, {CarposDown, f.CarposDown, 1},
		{TryLater, f.TryLater, 2}, {CarposError, f.CarposError, 2},
		{DropAfter, f.DropAfter, 3}, {LoseReply, f.LoseReply, 3}, {GarbageFrame, f.GarbageFrame, 3},
		{LoseACK, f.LoseACK, 0}, {Overtake, f.Overtake, 0}, {Garble, f.Garble, 0}, {Twice, f.Duplicate, 0},
		{Late, f.Late, 0}, {Slow, f.Slow, 0}, {Reorder, f.Reorder, 0},
	}
}

// check refuses what is no probability.
func (f Faults) check() error {
	for _, c := range f.chances() {
		if !(c.odds >= 0 && c.odds <= 1) {
			return fmt.Errorf("%s is %v, not a probability from 0 to 1", c.name, c.odds)
		}
	}
	if f.LateBy < 0 {
		return fmt.Errorf("lateBy is negative: %v", f.LateBy)
	}
	return nil
}

func (f Faults) lateBy() time.Duration {
	if f.LateBy == 0 {
		return defaultLateBy
	}
	return f.LateBy
}

// fate is what befalls one request.
type fate struct {
	happens []Misbehaviour
	late    time.Duration
	reject  int    // a reject number that magic asks for, or 0
	then    string // title of an unsolicited message that follows an acceptance, or nothing
	changed bool   // an accepted record is changed at the agency's own terminal
}

func (f fate) has(m Misbehaviour) bool { return slices.Contains(f.happens, m) }

// draw decides the fate of the nth request on a mnemonic. The same seed, mnemonic and n draw the same, and each
// misbehaviour draws for itself, so that changing one probability leaves the others where they were.
func (f Faults) draw(seed uint64, mnemonic string, n uint64) fate {
	out := fate{late: f.lateBy()}
	taken := map[int]bool{}
	for _, c := range f.chances() {
		if taken[c.alone] || c.odds == 0 || roll(seed, mnemonic, n, c.name) >= c.odds {
			continue
		}
		out.happens = append(out.happens, c.name)
		taken[c.alone] = c.alone != 0
	}
	return out
}

// roll returns a number from 0 up to, not including, 1.
func roll(seed uint64, mnemonic string, n uint64, name Misbehaviour) float64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s/%d/%s", seed, mnemonic, n, name)
	return float64(mix(h.Sum64())>>11) / (1 << 53)
}

// mix spreads every bit of x over the whole word (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
