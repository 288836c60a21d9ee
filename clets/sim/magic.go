package sim

import (
	"strconv"
	"strings"
)

// Magic is one ending of a court case number that chooses what befalls the enter which carries it.
type Magic struct {
	Ending  string // behind the last hyphen of CCN
	Times   int    // how often, for one ORI and OCA; 0 means always
	Happens Misbehaviour
	Then    string // first line of the unsolicited message that follows an acceptance
	Changed bool   // after an acceptance the record is changed at the agency's own terminal
	Words   string
}

// Magics lists the endings, but `-Rnn`: every number of the reject table.
func Magics() []Magic {
	return []Magic{
		{Ending: "LOST", Times: 1, Happens: LoseReply, Words: "entered, but the first reply is lost"},
		{Ending: "GONE", Times: 1, Happens: LoseRequest, Words: "the first try vanishes before it is acknowledged"},
		{Ending: "DROP", Times: 1, Happens: DropAfter, Words: "entered, then the line is closed; the reply comes after the next LOGON"},
		{Ending: "CUT", Times: 1, Happens: DropBefore, Words: "the line is closed before anything is done"},
		{Ending: "LATE", Times: 1, Happens: Late, Words: "the first reply is late"},
		{Ending: "SLOW", Times: 1, Happens: Slow, Words: "acknowledged at once, entered late"},
		{Ending: "BUSY", Times: 2, Happens: Busy, Words: "NAK 10 twice, then taken"},
		{Ending: "DOWN", Times: 2, Happens: CarposDown, Words: "NAK 11 twice, then taken"},
		{Ending: "NOACK", Happens: LoseACK, Words: "no ACK, only the reply"},
		{Ending: "DUP", Happens: Twice, Words: "the reply comes twice"},
		{Ending: "GARB", Times: 1, Happens: Garble, Words: "entered, but the first reply says nothing that matches"},
		{Ending: "SERV", Then: "SERVICE NOTICE", Words: "accepted, then another agency reports service"},
		{Ending: "VIOL", Then: "VIOLATION NOTICE", Words: "accepted, then another agency reports a violation"},
		{Ending: "NCIC", Then: "NCIC REJECT", Words: "accepted, then NCIC refuses its copy"},
		{Ending: "CHNG", Changed: true, Words: "accepted, then changed at the agency's own terminal: hair and weight"},
	}
}

const retriedRejects = 2 // how often -R90 and -R91 refuse before they accept

// conjure adds to a fate what the ending of a court case number asks for. tries counts this enter and returns how many of
// the same order there were before; it is called for magic numbers only.
func conjure(f fate, rejects map[int]string, ccn string, tries func() int) fate {
	i := strings.LastIndexByte(ccn, '-')
	if i < 0 {
		return f
	}
	ending := ccn[i+1:]
	if n, ok := rejectEnding(ending, rejects); ok {
		if n < rejectLater || tries() < retriedRejects {
			f.reject = n
		}
		return f
	}
	for _, m := range Magics() {
		if m.Ending == ending {
			return f.with(m, tries())
		}
	}
	return f
}

func (f fate) with(m Magic, tries int) fate {
	if m.Times > 0 && tries >= m.Times {
		return f
	}
	f.then, f.changed = m.Then, m.Changed
	if m.Happens != "" && !f.has(m.Happens) {
		f.happens = append(f.happens, m.Happens)
	}
	return f
}

func rejectEnding(ending string, rejects map[int]string) (int, bool) {
	if len(ending) != 3 || ending[0] != 'R' || !isDigits(ending[1:]) {
		return 0, false
	}
	n, err := strconv.Atoi(ending[1:])
	_, known := rejects[n]
	return n, err == nil && known
}

// garbled alters the answer of a reply so that nothing of the profile matches it: every line is written backwards and its
// slashes are lost. Header and echo stay.
func garbled(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		b := []byte(strings.ReplaceAll(l, "/", "%"))
		for x, y := 0, len(b)-1; x < y; x, y = x+1, y-1 {
			b[x], b[y] = b[y], b[x]
		}
		out[i] = string(b)
	}
	return out
}
