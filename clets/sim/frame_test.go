package sim

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestReadFrame(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", maxBody)
	cases := []struct{ name, wire, want, err string }{
		{"a body", "\x0100000006\x02PING\r\n\x03", "PING\r\n", ""},
		{"without the last CR LF", "\x0100000004\x02PING\x03", "PING", ""},
		{"longest", "\x0100016384\x02" + long + "\x03", long, ""},
		{"nothing", "", "", "EOF"},
		{"no SOH", "PING", "", "no SOH"},
		{"letters for a length", "\x010000000A\x02", "", "eight digits"},
		{"sign in the length", "\x01+0000004\x02PING\x03", "", "eight digits"},
		{"empty body", "\x0100000000\x02\x03", "", "within 1 to 16384"},
		{"too long", "\x0100016385\x02" + long + "A\x03", "", "within 1 to 16384"},
		{"no STX", "\x0100000004\x01PING\x03", "", "no STX"},
		{"no ETX", "\x0100000004\x02PINGS", "", "no ETX"},
		{"cut in the head", "\x01000", "", "inside a frame"},
		{"cut in the body", "\x0100000004\x02PI", "", "inside a frame"},
		{"bare CR", "\x0100000003\x02A\rB\x03", "", "0x0D at offset 1"},
		{"bare LF", "\x0100000003\x02A\nB\x03", "", "0x0A at offset 1"},
		{"tab", "\x0100000003\x02A\tB\x03", "", "0x09"},
		{"beyond ASCII", "\x0100000003\x02A\xc3B\x03", "", "0xC3"},
		{"DEL", "\x0100000001\x02\x7f\x03", "", "0x7F"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := readFrame(bufio.NewReader(strings.NewReader(c.wire)))
			if c.err == "" && (err != nil || string(got) != c.want) {
				t.Fatalf("got %q, %v", got, err)
			}
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
		})
	}
}

// FuzzReadFrame: what is read is written back to the same bytes, and every refusal is a framing error or the end.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x0100000006\x02PING\r\n\x03"))
	f.Add([]byte("\x0100000029\x02LOGON CCPR CA0300000\r\n\x03"))
	f.Add([]byte("\x0100016385\x02A\x03"))
	f.Add([]byte("\x01000X0012\x02\x00\xff\x03"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		in := bytes.NewReader(wire)
		r := bufio.NewReaderSize(in, 16)
		body, err := readFrame(r)
		if err != nil {
			var bad framingError
			if !errors.As(err, &bad) && !errors.Is(err, io.EOF) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		used := len(wire) - in.Len() - r.Buffered()
		if !bytes.Equal(frame(body), wire[:used]) {
			t.Fatalf("%q became %q", wire[:used], frame(body))
		}
	})
}

// FuzzAnswer: no text makes CARPOS fail, every answer fits into a body, and only an accepted change is recorded.
func FuzzAnswer(f *testing.F) {
	f.Add("ERR.CA030013J.OCA/06NF0886\r\nCTI/CA030013J\r\nPPN/SMITH,MARY\r\nPPN/\r\nPSX/F")
	f.Add("MRR.CA030013J.FCN/2322632600001\r\nNAM/JONES,MARC\r\nOCA/1\r\nRSN/CONT\r\nPPN/\r\nSAF/\r\nEXP/NONEXP\r\n")
	f.Add("QRR.CA111111J.OCA/1")
	f.Add("XRR.CA030013J.")
	f.Add("VRR.CA030013J.FCN/2322632600001\r\nVDT/1")
	dict, err := loadDictionary(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > maxBody || checkBody([]byte(text)) != nil {
			return
		}
		req, err := parseRequest(text)
		if err != nil {
			return
		}
		b := newBook(dict, "232", nil, time.UTC)
		seedBook(t, b)
		before := len(b.all[0].Versions)
		a, err := b.answer(req, origin{at: time.Unix(1795000000, 0), mnemonic: "CCPR", control: "0000000001"})
		if err != nil || len(a.lines) == 0 {
			t.Fatalf("no answer: %v", err)
		}
		changed := len(b.all) != 1 || len(b.all[0].Versions) != before
		if changed != strings.HasSuffix(a.lines[0], "ACCEPTED") {
			t.Fatalf("answer %q, changed %v", a.lines[0], changed)
		}
		if err := checkBody([]byte(strings.Join(a.lines, "\r\n"))); err != nil {
			t.Fatal(err)
		}
	})
}

const sample = "ERR.CA030013J.OCA/1\r\nCTI/CA030013J\r\nCTN/ORANGE\r\nCCN/06NF0886\r\nORT/CPO\r\nFRM/CR-160\r\nISD/20261101\r\nEXP/20291101\r\n" +
	"NAM/JONES,MARC\r\nSEX/M\r\nRAC/B\r\nDOB/19811121\r\nPPN/SMITH,MARY\r\nRPC/YES\r\nCPP/NO\r\nFIR/2\r\nPCO/01\r\nBRD/U\r\nSVS/U\r\nMIS/NO CONTACT\r\n"

func seedBook(t *testing.T, b *book) {
	t.Helper()
	req, err := parseRequest(sample)
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.answer(req, origin{at: time.Unix(1795000000, 0), mnemonic: "CCPR", control: "0000000000"})
	if err != nil || a.lines[0] != "ENTRY ACCEPTED" {
		t.Fatalf("the sample: %q, %v", a.lines, err)
	}
}

// TestManyFaultsFit: a request of nothing but faults still has a reply that fits into a body.
func TestManyFaultsFit(t *testing.T) {
	t.Parallel()
	dict, err := loadDictionary(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := newBook(dict, "232", nil, time.UTC)
	var text strings.Builder
	text.WriteString("ERR.CA030013J.")
	for i := 0; text.Len() < maxBody-100; i++ {
		text.WriteString(string([]byte{'A' + byte(i/676%26), 'A' + byte(i/26%26), 'A' + byte(i%26)}) + "/\r\n")
	}
	req, err := parseRequest(text.String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.answer(req, origin{})
	if err != nil {
		t.Fatal(err)
	}
	if size := len(strings.Join(a.lines, "\r\n")); size > maxBody-room {
		t.Fatalf("%d faults make %d bytes", len(a.lines), size)
	}
}
