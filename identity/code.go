package identity

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"image/png"
	"net/url"
	"strings"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"ccpor/store"
)

// period is the time step of one-time codes, in seconds (RFC 6238); a code of the step before or after is taken too, for clocks that differ.
const period = 30

// isCode judges a one-time code and uses its step up.
func (d *Door) isCode(ctx context.Context, p store.Person, code string) (bool, error) {
	k, err := d.Store.Secrets(ctx, p.ID)
	if err != nil || k.TOTP == "" {
		return false, err
	}
	step, ok := d.stepOf(code, k.TOTP)
	if !ok {
		return false, nil
	}
	err = d.Store.UseStep(ctx, p.ID, step)
	if errors.Is(err, store.ErrReplayed) {
		return false, nil
	}
	return err == nil, err
}

// stepOf finds the time step whose code it is.
func (d *Door) stepOf(code, secret string) (step int64, ok bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	now := d.Now().Unix() / period
	for _, step := range []int64{now, now - 1, now + 1} {
		good, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && good {
			return step, true
		}
	}
	return 0, false
}

// Offer is a secret for one-time codes, as it is shown to its owner once.
type Offer struct {
	// Secret is in base32, in groups of four; Link opens an app on the same telephone; PNG is the QR code of it.
	Secret string
	Link   string
	PNG    []byte
}

// OfferTOTP shows the secret that waits to be confirmed, or a new one.
func (d *Door) OfferTOTP(ctx context.Context, p store.Person) (Offer, error) {
	k, err := d.Store.Secrets(ctx, p.ID)
	if err != nil {
		return Offer{}, err
	}
	if k.Next == "" {
		made, err := totp.Generate(totp.GenerateOpts{Issuer: d.Service, AccountName: p.Login, Period: period, SecretSize: 20, Rand: rand.Reader})
		if err != nil {
			return Offer{}, fmt.Errorf("make a secret: %w", err)
		}
		k.Next = made.Secret()
		if err := d.Store.OfferTOTP(ctx, p.ID, k.Next, d.Now()); err != nil {
			return Offer{}, err
		}
	}
	return offer(d.Service, p.Login, k.Next)
}

func offer(service, login, secret string) (Offer, error) {
	label := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + service + ":" + login,
		RawQuery: strings.ReplaceAll(url.Values{"secret": {secret}, "issuer": {service}, "period": {fmt.Sprint(period)}, "digits": {"6"}, "algorithm": {"SHA1"}}.Encode(), "+", "%20")}
	key, err := otp.NewKeyFromURL(label.String())
	if err != nil {
		return Offer{}, fmt.Errorf("draw a QR code: %w", err)
	}
	picture, err := key.Image(240, 240)
	if err != nil {
		return Offer{}, fmt.Errorf("draw a QR code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return Offer{}, fmt.Errorf("draw a QR code: %w", err)
	}
	return Offer{Secret: grouped(secret), Link: label.String(), PNG: b.Bytes()}, nil
}

// ConfirmTOTP makes the offered secret the person's, when a code shows that they have it; ErrRefused.
func (d *Door) ConfirmTOTP(ctx context.Context, p store.Person, code string) error {
	k, err := d.Store.Secrets(ctx, p.ID)
	if err != nil {
		return err
	}
	step, ok := d.stepOf(code, k.Next)
	if k.Next == "" || !ok {
		return ErrRefused
	}
	return d.Store.ConfirmTOTP(ctx, p.ID, k.Next, step, d.Now())
}

// DropTOTP takes one-time codes from a person who has a passkey; ErrLastFactor.
func (d *Door) DropTOTP(ctx context.Context, p store.Person) error {
	if p.Passkeys == 0 {
		return ErrLastFactor
	}
	return d.Store.DropTOTP(ctx, p.ID, d.Now())
}

// codes is how many recovery codes a person gets.
const codes = 10

// NewCodes replaces the person's recovery codes, and gives the new ones, which nobody can read again. Each has 80 random bits.
func (d *Door) NewCodes(ctx context.Context, p store.Person) ([]string, error) {
	var shown []string
	var hashes [][]byte
	for range codes {
		c := rand.Text()[:16]
		shown, hashes = append(shown, grouped(c)), append(hashes, digest(c))
	}
	return shown, d.Store.SetCodes(ctx, p.ID, hashes, d.Now())
}

// isRecovery judges a recovery code and uses it up.
func (d *Door) isRecovery(ctx context.Context, p store.Person, code string) (bool, error) {
	code = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
	err := d.Store.UseCode(ctx, p.ID, digest(code), d.Now())
	if errors.Is(err, store.ErrReplayed) {
		return false, nil
	}
	return err == nil, err
}

func digest(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

// grouped is a text in groups of four, as people read it.
func grouped(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return b.String()
}
