-- Orders that conflict with one another: each new version is judged beside the other orders between the same people, soon after it was receipted, and the courts concerned are told once.

-- +goose Up

-- Versions that nobody has judged yet, in the order of their coming. A version cannot come without standing here.
create table unjudged (
    order_id bigint not null,
    version  int not null,
    failed   int not null default 0,      -- how often it could not be judged: it comes after those that were not tried
    primary key (failed, order_id, version)
);
-- +goose StatementBegin
create function version_to_judge() returns trigger language plpgsql as $$
begin
    insert into unjudged (order_id, version) values (new.order_id, new.version);
    return null;
end $$;
-- +goose StatementEnd
create trigger order_version_to_judge after insert on order_version for each row execute function version_to_judge();
insert into unjudged (order_id, version) select id, version from order_ where version > 0;

-- Two orders whose terms conflicted when one of them came or changed. Terms are named, never said.
create table conflict (
    id            bigint generated always as identity primary key,
    order_id      bigint not null,        -- the order that came
    version       int not null,
    other_id      bigint not null,        -- the one that was there
    other_version int not null,
    clauses       text[] not null check (cardinality(clauses) > 0),
    at            timestamptz not null,
    constraint conflict_once unique (order_id, version, other_id, other_version),
    check (order_id <> other_id)
);
create index conflict_other on conflict (other_id);
create trigger conflict_kept before update or delete on conflict for each row execute function never();
create trigger conflict_no_truncate before truncate on conflict for each statement execute function never();

-- Whom a conflict concerns, and who may know of it: a court from which the other order is kept is not told of it.
create table conflict_told (
    conflict_id bigint not null references conflict,
    court       text not null,            -- whose order it concerns
    primary key (conflict_id, court)
);
create index conflict_court on conflict_told (court, conflict_id);
create trigger conflict_told_kept before update or delete on conflict_told for each row execute function never();

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
