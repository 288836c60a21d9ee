package main

import (
	"context"
	"log/slog"

	"riverqueue.com/riverui"

	"ccpor/store"
)

// riverPages are River's own pages about the jobs. Its jobs hold numbers only. It works in the background once it is started.
func riverPages(s *store.Store, log *slog.Logger) (*riverui.Handler, error) {
	jobs, err := s.Jobs(nil)
	if err != nil {
		return nil, err
	}
	return riverui.NewHandler(&riverui.HandlerOpts{Endpoints: riverui.NewEndpoints(jobs, nil), Logger: log, Prefix: "/river"})
}

// openRiver mounts River's pages where the configuration asks for them.
func (h *hub) openRiver() (err error) {
	if !h.config.RiverUI {
		return nil
	}
	h.river, err = riverPages(h.store, h.log)
	return err
}

// showRiver starts what River's pages count in the background; it ends with ctx.
func (h *hub) showRiver(ctx context.Context) error {
	if h.river == nil {
		return nil
	}
	return h.river.Start(ctx)
}
