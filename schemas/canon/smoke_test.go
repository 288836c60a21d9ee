package canon

import "testing"

func TestSmoke(t *testing.T) {
	p := NewProfile(Limits{}, "urn:a", "urn:b")
	var s Scanner
	doc := "<?xml version='1.0'?>\n<r xmlns='urn:a' xmlns:b='urn:b' z=\"1\" a='x\"'><b:c  b:q='&lt;' a='1'/>t>&amp;<d>\r\n</d ><e xmlns=''/></r>\n"
	p = NewProfile(Limits{}, "urn:a", "urn:b", "")
	if err := s.Reset([]byte(doc), p); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	out, err := s.Canonical(nil, Exclusive{})
	t.Log(string(out), err)
	k, err := s.Next()
	t.Log(k, err)
}
