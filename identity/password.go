package identity

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"github.com/trustelem/zxcvbn"
	"github.com/trustelem/zxcvbn/frequency"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"

	"ccpor/store"
)

// Bounds of passwords, in characters (NIST SP 800-63B-4, 3.1.1.2). Nobody signs in by a password alone here; LeastAlone is for whoever will.
const (
	LeastPassword = 8
	LeastAlone    = 15
	MostPassword  = 128
)

// PolicyError says what is wrong with a password that was chosen, in sentences for its owner.
type PolicyError struct{ Problems []string }

func (e *PolicyError) Error() string {
	return "the password cannot be taken: " + strings.Join(e.Problems, " ")
}

// CheckPassword judges a password that a person chooses: its length, whether it is among those that are tried first, and whether it is made of what is known of the person. There are no rules of
// composition. It gives a *PolicyError.
func (d *Door) CheckPassword(password string, p store.Person) error {
	return checkPassword(password, LeastPassword, contextWords(p, d.Service))
}

func checkPassword(password string, least int, known []string) error {
	var problems []string
	bad := func(format string, a ...any) { problems = append(problems, fmt.Sprintf(format, a...)) }
	n := utf8.RuneCountInString(password)
	lower := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		bad("It holds characters that cannot be typed.")
	case n < least:
		bad("It is too short: at least %d characters are needed.", least)
	case n > MostPassword:
		bad("It is too long: %d characters at most are taken.", MostPassword)
	case isCommon(lower):
		bad("It is one of the passwords that are tried first.")
	case utf8.RuneCountInString(without(lower, known)) < LeastPassword: // what is known counts for nothing
		bad("It is made of your name, your address, your agency or the name of this service.")
	case tooEasy(password, known):
		bad("It is made of words, names, dates or patterns that are guessed quickly. Several words that do not belong together are good.")
	}
	if len(problems) > 0 {
		return &PolicyError{problems}
	}
	return nil
}

// isCommon says that a password stands on the list of those that were used most (zxcvbn's, of ten million that became known).
func isCommon(lower string) bool {
	for _, p := range frequency.FrequencyLists["passwords"] {
		if p == lower {
			return true
		}
	}
	return false
}

// looked is how much of a password is looked at for patterns; more costs more than it tells.
const looked = 48

// tooEasy says that whoever knows words and patterns needs fewer than a hundred million guesses.
func tooEasy(password string, known []string) bool {
	if r := []rune(password); len(r) > looked {
		password = string(r[:looked])
	}
	return zxcvbn.PasswordStrength(password, known).Guesses < 1e8
}

// without is the password without those words.
func without(lower string, words []string) string {
	for _, w := range words {
		lower = strings.ReplaceAll(lower, w, "")
	}
	return lower
}

// contextWords are what is known of a person: parts of name, address and agency, and the service, of three letters or more.
func contextWords(p store.Person, service string) []string {
	parts := strings.FieldsFunc(strings.ToLower(strings.Join([]string{p.Name, p.Login, p.AgencyName, string(p.AgencyORI), service, "ccpor carpos clets password"}, " ")), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	var words []string
	for _, w := range parts {
		if utf8.RuneCountInString(w) >= 3 {
			words = append(words, w)
		}
	}
	return words
}

// hasher hashes passwords, two at a time: each takes memory and all of a processor.
type hasher struct {
	params argon2id.Params
	turns  *semaphore.Weighted
	none   func() (string, error) // the hash of no password, made when it is first needed
	judged atomic.Int64
}

func newHasher(params argon2id.Params) *hasher {
	none := sync.OnceValues(func() (string, error) { return argon2id.CreateHash("a password that nobody has", &params) })
	return &hasher{params: params, turns: semaphore.NewWeighted(2), none: none}
}

// hash is the PHC string of a password, as it is kept.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.turns.Acquire(ctx, 1); err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	defer h.turns.Release(1)
	hash, err := argon2id.CreateHash(norm.NFKC.String(password), &h.params)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// is says whether a password has the hash.
func (h *hasher) is(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > 4*MostPassword {
		password = "" // nobody has it, and it is not hashed as long as somebody likes
	}
	if err := h.turns.Acquire(ctx, 1); err != nil {
		return false, fmt.Errorf("compare a password: %w", err)
	}
	defer h.turns.Release(1)
	h.judged.Add(1)
	match, err := argon2id.ComparePasswordAndHash(norm.NFKC.String(password), hash)
	if err != nil {
		return false, fmt.Errorf("compare a password: %w", err)
	}
	return match, nil
}

// waste costs as much as is.
func (h *hasher) waste(ctx context.Context, password string) error {
	none, err := h.none()
	if err != nil {
		return fmt.Errorf("compare a password: %w", err)
	}
	_, err = h.is(ctx, password, none)
	return err
}
