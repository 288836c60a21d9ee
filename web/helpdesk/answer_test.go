package helpdesk

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestAnswersAreWhole(t *testing.T) {
	good, err := files.ReadFile("data/answers.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseAnswers(good); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"a field is lacking":  string(good) + "new\tcourt\tone\ttwo\n",
		"a field is empty":    string(good) + "new\tcourt\tone\t\tthree\n",
		"nobody's move":       string(good) + "new\tjudge\tone\ttwo\tthree\n",
		"an unknown blank":    string(good) + "new\tcourt\tone {name}\ttwo\tthree\n",
		"a row twice":         string(good) + "held\tcourt\tone\ttwo\tthree\n",
		"a state has no row":  strings.Replace(string(good), "\nunknown\t", "\nunknowable\t", 1),
		"a reason has no row": strings.Replace(string(good), "\nnotOwed image\t", "\nnotOwed picture\t", 1),
		"no default":          strings.Replace(string(good), "\nrefused *\t", "\nrefused Client.*\t", 1),
	} {
		if _, err := parseAnswers([]byte(bad)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// Every code that a sender can be told has an answer of its own family.
func TestEveryFaultHasAnAnswer(t *testing.T) {
	all, err := readAnswers()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile("(?m)^\\| `((?:Client|Server)\\.[A-Za-z.*]+)` \\|").FindAllStringSubmatch(string(doc), -1)
	if len(codes) < 60 {
		t.Fatalf("%d codes in docs/faults.md", len(codes))
	}
	for _, c := range codes {
		if code := strings.TrimSuffix(c[1], "*"); all.of("refused "+code) == all["refused *"] {
			t.Errorf("%s: nothing but the general is said", c[1])
		}
	}
	if all.of("refused Client.Signature.CertificateExpired") != all["refused Client.Signature.Certificate*"] || all.of("refused Client.Limit.Quota") != all["refused Client.Limit.Quota"] {
		t.Error("the longest that fits does not count")
	}
}
