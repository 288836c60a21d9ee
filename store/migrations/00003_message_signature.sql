-- Whether an agency's messages must be, or may be, signed as a whole (WS-Security), beside the package inside, which always is.

-- +goose Up

alter table agency add column message_signature text not null default 'accepted'
    check (message_signature in ('required', 'accepted', 'off'));

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
