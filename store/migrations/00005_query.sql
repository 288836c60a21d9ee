-- What agencies ask for: their own submissions in an order that never skips one, and orders by name, case and number.

-- +goose Up

-- What an agency may do. Its own submissions it may always ask for.
alter table agency
    add column may_query  boolean not null default false,
    add column may_images boolean not null default false,
    add column read_only  boolean not null default false;

-- The transaction that wrote the submission. Numbers are drawn before the commit, so that a lower one can become visible after a higher one; whoever
-- reads up to the oldest transaction that is still under way, in the order of transactions, skips none.
alter table submission add column written xid8 not null default pg_current_xact_id();
create index submission_written on submission (agency_id, written, id);

-- Whom a version of an order names beside the restrained person, who stands in order_version: upper case without accents, as for a search.
create table party (
    order_id bigint not null,
    version  int not null,
    role     text not null check (role in ('alias', 'protected')),
    surname  text not null,
    given    text not null
);
create index party_name on party (surname text_pattern_ops, given text_pattern_ops);
insert into party (order_id, version, role, surname, given)
    select order_id, version, 'protected', split_part(p, ',', 1), split_part(p, ',', 2)
    from order_version cross join lateral string_to_table(protected, E'\n') p where protected <> '';

drop index order_version_name;
create index order_version_name on order_version (surname text_pattern_ops, given text_pattern_ops);
create index order_fcn on order_ (fcn) where fcn <> '';

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
