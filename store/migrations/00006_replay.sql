-- Replays: what an integration engineer sends again in a test region.

-- +goose Up

-- A replayer may send on behalf of other agencies, where the hub's configuration makes it a test region, and nowhere else.
alter table agency add column replays boolean not null default false;

-- The tracking number that the package had where it was first received. A replay is always a test.
alter table submission add column replay_of text not null default '',
    add constraint submission_replay_is_test check (replay_of = '' or test);

-- The warnings of the receipt: what the rules noticed about an accepted package. JSON, read back as a whole; empty for none.
alter table received add column warnings text not null default '';

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
