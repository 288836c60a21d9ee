package store

import (
	"crypto/x509"
	"errors"
	"time"

	"ccpor/mapping/order"
)

// AgencyID is the hub's own number of an agency.
type AgencyID int64

// Agency is a court, tribal court or law-enforcement agency that sends packages.
type Agency struct {
	ID  AgencyID
	ORI order.ORI
	// Name is the agency's name for people, County its county.
	Name   string
	County string
	// Kind says what the agency is; the zero value counts as a court.
	Kind AgencyKind
	// CarposName is the name as CARPOS shows it (CTN), 1 to 30 characters; Name is taken where it is empty.
	CarposName string
	// Mnemonic is the line on which the agency's transactions go, four characters, or empty for any line.
	Mnemonic string
	// Submits says that the hub enters the agency's orders into CARPOS; otherwise the agency does so itself, and nothing is owed.
	Submits bool
	// Test marks an agency whose every package is a test.
	Test bool
	// MaxDocumentBytes bounds one image; zero means the hub's own bound.
	MaxDocumentBytes int64
	// ConfirmText says where an officer gets the image or a hit confirmed, as the hit shows it (MIS): "TO RECEIVE A COPY ... CONTACT ...".
	ConfirmText string
}

// AgencyKind is what sort of agency it is.
type AgencyKind string

// The kinds of agencies.
const (
	KindCourt          AgencyKind = "court"
	KindTribalCourt    AgencyKind = "tribalCourt"
	KindLawEnforcement AgencyKind = "lawEnforcement"
)

// Use is what a registered certificate may be used for.
type Use string

// The uses of certificates.
const (
	UseTLS     Use = "tls"     // identifies the sender on the connection
	UseSigning Use = "signing" // signs packages
)

// SigningCert is a certificate with which an agency signs, and the time in which the hub trusts it. The window is the
// registration's, not the certificate's own: several may overlap while an agency changes keys.
type SigningCert struct {
	*x509.Certificate
	From, To time.Time
}

// Errors of the search for an agency by its certificate.
var (
	ErrUnknownCertificate = errors.New("the certificate is not registered")
	ErrExpiredCertificate = errors.New("the certificate's registration is not in force at this time")
)
