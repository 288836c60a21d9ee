package store_test

import (
	"testing"

	"ccpor/store/storetest"
)

func TestAccept(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	a := orange(t, s)
	p := add(a, "p-1", "o-1")
	first := mustAccept(t, s, p)
	again := mustAccept(t, s, p)
	if !again.Duplicate {
		t.Error("the second is no duplicate")
	}
	again.Duplicate = false
	if first != again {
		t.Errorf("first %+v, again %+v", first, again)
	}
}
