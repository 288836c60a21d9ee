package main

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"ccpor/evidence"
	"ccpor/store"
)

// stampTimeout is how long a time-stamping authority may take to answer.
const stampTimeout = 20 * time.Second

// stamper has checkpoints time-stamped; nil where no authority is configured.
func (c *serveConfig) stamper(s *store.Store, signs bool, log *slog.Logger) (*evidence.Stamper, error) {
	if c.TimestampURL == "" {
		return nil, nil
	}
	roots, err := readPool(c.TimestampCert)
	switch {
	case err != nil:
		return nil, err
	case roots == nil:
		return nil, errors.New("CCPOR_TIMESTAMP_URL needs CCPOR_TIMESTAMP_CERT: a stamp is kept only if its authority is known")
	case !signs:
		return nil, errors.New("CCPOR_TIMESTAMP_URL needs CCPOR_SEAL_CERT and CCPOR_SEAL_KEY: without them there are no checkpoints to stamp")
	case c.TimestampEvery < time.Second:
		return nil, errors.New("CCPOR_TIMESTAMP_EVERY is at least a second")
	}
	return evidence.NewStamper(s, evidence.NewAuthority(c.TimestampURL, &http.Client{Timeout: stampTimeout}, roots), c.TimestampEvery, time.Now, log), nil
}
