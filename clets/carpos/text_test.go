package carpos

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"ccpor/mapping/order"
)

// Everything that people and programs write in names and texts, as CARPOS gets it. docs/carpos-profile.md, section 6, states the rules.
func TestTransliteration(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for _, c := range []struct{ in, want, what string }{
		{"plain text", "PLAIN TEXT", ""},
		{"José Muñoz", "JOSE MUNOZ", "foreign"},
		{"Jose\u0301", "JOSE", "foreign"},                             // a mark of its own
		{"a\u0323\u0302", "A", "foreign"},                             // two marks
		{"Nguyễn Thị Đặng Ơi Ưu", "NGUYEN THI DANG OI UU", "foreign"}, // Vietnamese
		{"Straße GROẞ", "STRASSE GROSS", "foreign"},
		{"ﬁnal ﬂat oﬃce", "FINAL FLAT OFFICE", "foreign"}, // ligatures
		{"Ǆ ĳ Ǽ ǿ", "DZ IJ AE O", "foreign"},
		{"ＳＭＩＴＨ１", "SMITH1", "foreign"}, // full width
		{"Henry Ⅷ m²", "HENRY VIII M2", "foreign"},
		{"İstanbul ılık", "ISTANBUL ILIK", "foreign"},
		{"Ɓala Ɗan Ƙofa Ɛsi Ɔla", "BALA DAN KOFA ESI OLA", "foreign"},
		{"O’Brien O‘Brien OʼBrien OʻBrien O′Brien O＇Brien O‛Brien Oꞌa ʿAli", "O'BRIEN O'BRIEN O'BRIEN O'BRIEN O'BRIEN O'BRIEN O'BRIEN O'A 'ALI", "foreign"},
		{"a‐b‑c‒d–e—f―g−h－i﹣j", "A-B-C-D-E-F-G-H-I-J", "foreign"},
		{"“q” „q‟ «q» ″", `"Q" "Q" "Q" "`, "foreign"},
		{"a\u00A0b\u202Fc\u3000d\te\r\nf", "A B C D E F", ""}, // blanks of all kinds
		{"a\u200Bb\u200Dc\u00ADd\uFEFFe\u2066f\u2069", "ABCDEF", "foreign"},
		{"王小明", "?", "lost"},
		{"return the 王 vase", "RETURN THE ? VASE", "lost"},
		{"محمد", "?", "lost"},
		{"שלום עולם", "? ?", "lost"},
		{"\u202Eabc", "ABC", "foreign"}, // writes backwards on a screen
		{"call 👍🏽 now 👨‍👩‍👧 ❤️", "CALL ? NOW ? ?", "lost"},
		{"½ ¼ № 5 § 3 € 5 ±2 ≤3 …", "1/2 1/4 NO. 5 SEC. 3 EUR 5 +/-2 <=3 ...", "foreign"},
		{"Ω Ж", "? ?", "lost"},
		{"a\x00b\x7Fc", "ABC", "foreign"},
		{"bad \xff utf-8", "BAD ? UTF-8", "lost"},
		{"", "", ""},
	} {
		got := d.transliterate(c.in)
		what := ""
		if got.lost {
			what = "lost"
		} else if got.foreign {
			what = "foreign"
		}
		if got.text != c.want || what != c.what {
			t.Errorf("%q: %q %s; wanted %q %s", c.in, got.text, what, c.want, c.what)
		}
	}
}

var unicodeText = rapid.OneOf(
	rapid.StringOfN(rapid.RuneFrom(nil, unicode.Latin, unicode.Common, unicode.Inherited, unicode.Punct, unicode.Space), 0, 80, -1),
	rapid.StringOfN(rapid.RuneFrom(nil, unicode.Han, unicode.Arabic, unicode.So, unicode.Cf), 0, 20, -1), rapid.StringN(0, 80, -1), anyText)

// Whatever is written: what comes out may stand on the line, is on one line without blanks around it, is the same when it goes through once more, and every
// change but case and blanks has been told.
func TestTransliterationHolds(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	rapid.Check(t, func(t *rapid.T) {
		s := unicodeText.Draw(t, "text")
		got := d.transliterate(s)
		again := d.transliterate(got.text)
		switch {
		case !sendable(got.text) || strings.Join(strings.Fields(got.text), " ") != got.text:
			t.Fatalf("%q cannot be sent", got.text)
		case again.text != got.text || again.foreign || again.lost:
			t.Fatalf("%q becomes %q", got.text, again.text)
		case got.lost && !strings.Contains(got.text, "?"):
			t.Fatalf("%q: nothing shows that something is lost", got.text)
		case !got.foreign && !got.lost && got.text != strings.ToUpper(strings.Join(strings.Fields(s), " ")):
			t.Fatalf("%q became %q, and nobody is told", s, got.text)
		}
	})
}

// A name either has its shape and length, or says why it cannot be sent; no letter outside what may be shortened goes, and nothing goes untold.
func TestNamesHold(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	part := rapid.OneOf(unicodeText, rapid.StringMatching(`[A-Za-z'-]{1,16}( [A-Za-z'-]{1,12}){0,2}`))
	sent := 0
	rapid.Check(t, func(t *rapid.T) {
		n := order.Name{Given: part.Draw(t, "given"), Middle: part.Draw(t, "middle"), Surname: part.Draw(t, "surname"), Suffix: rapid.SampledFrom([]string{"", "Jr.", "III", "Sr", "Ⅱ"}).Draw(t, "suffix")}
		got := d.name(n)
		if got.reason != "" {
			return
		}
		sent++
		if !isName(got.text) || !sendable(got.text) || len(got.text) < minName || len(got.text) > maxName {
			t.Fatalf("%q is no name of 3 to 30 characters", got.text)
		}
		var out nameText
		surname, suffix := d.namePart(n.Surname, &out), d.namePart(n.Suffix, &out)
		first, _, _ := strings.Cut(d.namePart(n.Given, &out), " ")
		last, rest, _ := strings.Cut(got.text, ",")
		if surname != "" && last != surname || first != "" && !strings.HasPrefix(rest+" ", first+" ") || !strings.HasSuffix(rest, suffix) {
			t.Fatalf("%+v became %q: a surname, a first given name or a suffix is not whole", n, got.text)
		}
		whole := strings.ToUpper(n.Surname + "," + strings.Join(strings.Fields(n.Given+" "+n.Middle+" "+n.Suffix), " "))
		if got.text != whole && len(got.notes) == 0 && strings.ReplaceAll(strings.ReplaceAll(whole, ".", ""), "  ", " ") != got.text && strings.TrimSpace(n.Surname) == n.Surname && !strings.ContainsAny(whole, " .\t\u00a0") {
			t.Fatalf("%+v became %q, and nobody is told", n, got.text)
		}
		// A name as it was sent is sent so again: the record and the next transaction agree.
		given, _, _ := strings.Cut(rest, " ")
		again := d.name(order.Name{Surname: last, Given: given, Middle: strings.TrimPrefix(rest, given)})
		if again.text != got.text {
			t.Fatalf("%q becomes %q", got.text, again.text)
		}
	})
	if sent < 20 {
		t.Errorf("only %d names could be sent", sent)
	}
}

// Names that are told apart by what stands in them.
func TestNameCorners(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for _, c := range []struct {
		name  order.Name
		want  string
		notes string
		why   string
	}{
		{order.Name{Given: "Marc", Surname: "Jones", Suffix: "Jr."}, "JONES,MARC JR", "", ""},
		{order.Name{Given: "Marc", Surname: "Jones", Suffix: "Ⅲ"}, "JONES,MARC III", "name.transliterated", ""},
		{order.Name{Given: "María José", Surname: "García-López"}, "GARCIA-LOPEZ,MARIA JOSE", "name.transliterated", ""},
		{order.Name{Given: "Ana", Surname: "de la Cruz y Fernández"}, "DE LA CRUZ Y FERNANDEZ,ANA", "name.transliterated", ""},
		{order.Name{Given: "Ana Lucía", Middle: "Inés", Surname: "de la Cruz y Fernández"}, "DE LA CRUZ Y FERNANDEZ,ANA L", "name.transliterated name.shortened", ""},
		{order.Name{Given: "Guadalupe", Surname: "Villanueva-Montenegro", Suffix: "Jr"}, "", "", "even without middle names"},
		{order.Name{Given: "Seán", Surname: "O`Brien"}, "O'BRIEN,SEAN", "name.transliterated", ""},
		{order.Name{Given: "D’Angelo", Surname: "Smith–Jones"}, "SMITH-JONES,D'ANGELO", "name.transliterated", ""},
		{order.Name{Given: "Wei 伟", Surname: "Wang"}, "", "", "no counterpart"},
		{order.Name{Given: "עמית", Surname: "Levi"}, "", "", "no counterpart"},
		{order.Name{Given: "😀", Surname: "Levi"}, "", "", "no counterpart"},
		{order.Name{Given: "Ann\u00a0Marie", Surname: "Lee"}, "LEE,ANN MARIE", "", ""},
		{order.Name{Given: "Ann", Middle: `"Annie"`, Surname: "Lee"}, "LEE,ANN ANNIE", "name.punctuation", ""},
		{order.Name{Given: "Ann (a.k.a. Annie)", Surname: "Lee"}, "LEE,ANN AKA ANNIE", "name.punctuation", ""},
		{order.Name{Given: "?", Surname: "Lee"}, "", "", "holds no letter"},
	} {
		got := d.name(c.name)
		var codes []string
		for _, n := range got.notes {
			codes = append(codes, n.Code)
		}
		if got.text != c.want || c.want != "" && strings.Join(codes, " ") != c.notes || !strings.Contains(got.reason, c.why) || (c.why == "") != (got.reason == "") {
			t.Errorf("%+v: %q, notes %v, %q", c.name, got.text, codes, got.reason)
		}
	}
}

// What the restrained person is told is never left out: every term is in MIS, at length or in short, or the order is held; sentences are shortened only for want
// of room, the least first, and it is told.
func TestMISHolds(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	short := 0
	rapid.Check(t, func(t *rapid.T) {
		o := overviewOrder()
		o.Terms = anyTerms(t)
		o.OtherOrders = rapid.SampledFrom([]string{"", "Pay the rent."}).Draw(t, "other")
		c := overviewContext()
		c.Confirm = strings.Repeat("C", rapid.IntRange(1, 350).Draw(t, "confirm"))
		tx, _ := d.Enter(o, c)
		mis := tx.First("MIS")
		if mis == "" {
			return
		}
		f, stay := factsOf(o), stayAwayOf(o.Terms.StayAway)
		f["otherOrders"] = has(tx.Fields, "OTH")
		hours := 0
		if o.Terms.Firearms != nil {
			hours = o.Terms.Firearms.WithinHours
		}
		fill := filler(stay, hours)
		last, longYet, saidInShort := 0, 100, 0
		for _, s := range d.terms {
			long, brief := strings.Contains(mis, fill.Replace(s.long)), strings.Contains(mis, fill.Replace(s.short))
			switch {
			case !f.holds(s.when):
			case !long && !brief && !s.spare:
				t.Fatalf("%v is not in %q", s.when, mis)
			case long && s.long != s.short:
				longYet = min(longYet, s.yields)
			default:
				last, saidInShort = max(last, s.yields), saidInShort+1
			}
		}
		noted := slices.ContainsFunc(tx.Notes, func(n order.Note) bool { return n.Path == "MIS" && n.Code == "text.shortened" })
		if len(mis) > 500 || !strings.HasSuffix(mis, c.Confirm) || last > longYet || noted != (saidInShort > 0) {
			t.Fatalf("%d characters, %d in short, noted %t: %s", len(mis), saidInShort, noted, mis)
		}
		if saidInShort > 0 {
			short++
		}
	})
	if short < 5 {
		t.Errorf("only %d were shortened", short)
	}
}

// An officer reads the sentences aloud: whole sentences in words, without abbreviations and codes.
func TestMISIsReadAloud(t *testing.T) {
	t.Parallel()
	for _, s := range dictionary(t).terms {
		for _, words := range []string{s.long, s.short} {
			if !strings.HasSuffix(words, ".") || strings.Count(words, ".") != 1 {
				t.Errorf("%q is not one sentence", words)
			}
			for _, w := range strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune(" .,:{}", r) }) {
				if !strings.ContainsAny(w, "AEIOUY") || strings.ContainsAny(w, digits+"/&#") {
					t.Errorf("%q: nobody reads %q aloud", words, w)
				}
			}
		}
	}
}
