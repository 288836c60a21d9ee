package main

import (
	"context"
	"fmt"

	"ccpor/store"
)

type migrateCommand struct {
	Database database `embed:""`
}

func (c *migrateCommand) Run(ctx context.Context, t *terminal) error {
	url, err := c.Database.required()
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx, url); err != nil {
		return err
	}
	if !t.json {
		fmt.Fprintln(t.out, "The database is at the version of this program.")
	}
	return nil
}
