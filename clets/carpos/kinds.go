package carpos

import (
	"strings"
	"time"
)

// kind is the shape of a value beside its length.
type kind string

const (
	kindCode     kind = "code"
	kindText     kind = "text"
	kindName     kind = "name"
	kindCase     kind = "caseno"
	kindAlnum    kind = "alnum"
	kindLetters  kind = "letters"
	kindDigits   kind = "digits"
	kindORI      kind = "ori"
	kindDate     kind = "date"
	kindTime     kind = "time"
	kindDateTime kind = "datetime"
	kindExpiry   kind = "expiry"
	kindHeight   kind = "height"
)

const nonExpiring = "NONEXP"

const (
	upperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits       = "0123456789"
)

// shapes says of each kind whether a value has its shape. Lengths, character set and code tables are judged elsewhere.
var shapes = map[kind]func(string) bool{
	kindCode:     func(string) bool { return true },
	kindText:     func(s string) bool { return strings.TrimSpace(s) == s },
	kindName:     isName,
	kindCase:     func(s string) bool { return only(s, upperLetters+digits+"-") },
	kindAlnum:    func(s string) bool { return only(s, upperLetters+digits) },
	kindLetters:  func(s string) bool { return only(s, upperLetters) },
	kindDigits:   func(s string) bool { return only(s, digits) },
	kindORI:      func(s string) bool { return only(s, upperLetters+digits) && len(s) > 2 && only(s[:2], upperLetters) },
	kindDate:     func(s string) bool { return fits("20060102", s) },
	kindTime:     func(s string) bool { return fits("1504", s) },
	kindDateTime: func(s string) bool { return fits("200601021504", s) },
	kindExpiry:   func(s string) bool { return s == nonExpiring || fits("20060102", s) },
	kindHeight:   isHeight,
}

// shapeWords say the shapes to people.
var shapeWords = map[kind]string{
	kindCode: "a code", kindText: "a text without blanks around it", kindName: "a name as LAST,FIRST", kindCase: "letters, digits and hyphens", kindAlnum: "letters and digits",
	kindLetters: "letters", kindDigits: "digits of the right number", kindORI: "an ORI: two letters and seven letters or digits", kindDate: "a day as CCYYMMDD",
	kindTime: "a time as HHMM", kindDateTime: "a day and time as CCYYMMDDHHMM", kindExpiry: "a day as CCYYMMDD, or NONEXP", kindHeight: "feet and two digits of inches",
}

func only(s, set string) bool { return strings.Trim(s, set) == "" }

func fits(layout, s string) bool {
	_, err := time.Parse(layout, s)
	return err == nil && len(s) == len(layout) && only(s, digits)
}

// isHeight reads feet and two digits of inches, 0 to 11.
func isHeight(s string) bool {
	return only(s, digits) && len(s) == 3 && s[0] != '0' && s[1:] <= "11"
}

// nameMarks are the characters of a name beside letters and digits.
const nameMarks = " '-"

// isName wants LAST,FIRST...: one comma with something on both sides.
func isName(s string) bool {
	last, first, comma := strings.Cut(s, ",")
	return comma && last != "" && first != "" && strings.TrimSpace(last) == last && strings.TrimSpace(first) == first &&
		only(strings.Replace(s, ",", "", 1), upperLetters+digits+nameMarks)
}

// sendable says that every character may stand in a value: 0x20 to 0x7E, no lower case (profile section 2).
func sendable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7E || 'a' <= s[i] && s[i] <= 'z' {
			return false
		}
	}
	return true
}
