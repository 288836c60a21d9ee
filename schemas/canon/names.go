package canon

// names keeps the local names it has seen, so that a name costs an allocation
// once. A hostile document can fill it, no more: trim starts anew.
type names struct {
	recent [256]string
	all    map[string]string
}

const mostNames = 4096

func (n *names) trim() {
	if n.all == nil || len(n.all) > mostNames {
		n.all = make(map[string]string)
	}
}

// of returns b as a string, the same one each time.
func (n *names) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	slot := &n.recent[(len(b)*31+int(b[0])*7+int(b[len(b)-1])+int(b[len(b)/2])*13)&255]
	if *slot == string(b) {
		return *slot
	}
	name, ok := n.all[string(b)]
	if !ok {
		name = string(b)
		if len(n.all) <= mostNames {
			n.all[name] = name
		}
	}
	*slot = name
	return name
}
