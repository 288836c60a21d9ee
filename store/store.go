package store

import (
	"context"
	"log/slog"
)

// Options are how a Store is opened; the zero value is ready for use.
type Options struct {
	// Hub is this hub's name in audit entries, attempts and leases; unique among the hubs of one database. Empty: host name and process id.
	Hub string
	// Log gets what an operator has to know; nil discards it.
	Log *slog.Logger
	// MaxConns bounds the connections for everything but Accept; zero means 16.
	MaxConns int
	// Flushers is how many transactions of Accept run at a time, each with a connection of its own; zero means 2.
	Flushers int
	// Batch is how many submissions share a transaction at most; zero means 64.
	Batch int
	// BatchBytes bounds what one transaction carries; one submission alone may exceed it. Zero means 16 MiB.
	BatchBytes int
	// RefusedBytes bounds how much of a refused package's wire bytes is kept; zero means 1 MiB.
	RefusedBytes int
	// TestSwitch says that the hub's switch is a test switch, so that test packages are owed to it.
	TestSwitch bool
	// Images keeps image contents; nil keeps them in Postgres, in the order's own transaction.
	Images Images
}

// Images keeps the contents of images outside the database, by digest. Keeping the same content twice has no effect.
type Images interface {
	// Keep returns when the content is durable. It is called before the transaction that names the content.
	Keep(ctx context.Context, sha256 [32]byte, content []byte) error
	// Read returns the content, or ErrNotFound.
	Read(ctx context.Context, sha256 [32]byte) ([]byte, error)
}
