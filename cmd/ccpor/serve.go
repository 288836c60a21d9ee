package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

type serveCommand struct {
	serveConfig `embed:""`
}

func (c *serveCommand) Run(ctx context.Context, t *terminal) error {
	if err := c.check(); err != nil {
		return err
	}
	log, err := newLog(t.err, c.LogLevel)
	if err != nil {
		return err
	}
	h, err := openHub(ctx, c.serveConfig, log)
	if err != nil {
		return err
	}
	if err := t.print(map[string]any{"ready": true, "service": h.serviceURL(), "pages": h.pagesURL(), "metrics": h.metricsURL()},
		"Ready. Service %s (contract at ?wsdl), pages %s, metrics %s\n", h.serviceURL(), h.pagesURL(), h.metricsURL()); err != nil {
		return err
	}
	return h.run(ctx)
}

func newLog(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("reading the log level: %w", err)
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l})), nil
}
