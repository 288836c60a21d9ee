-- People at work on what is owed to CARPOS.

-- +goose Up

-- A person's hold stands until a person ends it: what the court sends meanwhile does not free it. Empty: the hub itself held it, or nobody did.
alter table transmission add column held_by text not null default '';

-- What CARPOS needs of an order and the order does not say, as a person of the hub supplied it. Values are data about people: they stand here and nowhere else.
-- Of several for one field the newest counts; of a later version of the order, what the court says itself.
create table correction (
    id              bigint generated always as identity primary key,
    order_id        bigint not null,
    transmission_id bigint not null,       -- which it released
    field           text not null check (field ~ '^[A-Z]{3}$'),
    value           text not null check (value <> ''),
    version         int not null check (version >= 0), -- of the order, when it was made
    source          text not null check (source <> ''),
    actor           text not null check (actor <> ''),
    at              timestamptz not null
);
create index correction_order on correction (order_id, id);
create trigger correction_kept before update or delete on correction for each row execute function never();
create trigger correction_no_truncate before truncate on correction for each statement execute function never();

-- Lists of what is not settled must not walk over what is.
create index transmission_unsettled on transmission (id) where state not in ('accepted', 'given_up');
create index transmission_given_up on transmission (id) where state = 'given_up';

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
