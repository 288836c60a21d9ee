-- What courts are told without asking: who listens, and every move of a transmission as a notice to whoever sent its package.

-- +goose Up

create table listener (
    agency_id     bigint primary key references agency,
    active        boolean not null,
    url           text not null check (url ~ '^https?://'),
    edition       text not null check (edition in ('1.1', '1.2')),
    certificate   bytea,                       -- DER: the listener's own, or its authority's; null for http on the hub's own machine
    next_number   bigint not null default 1 check (next_number >= 1),
    notice_id     bigint,                      -- the notice that is being delivered; it has its number
    holder        text not null default '',    -- the hub whose turn it is
    term          bigint not null default 0,
    held_until    timestamptz,
    fails         int not null default 0,      -- in a row
    failing_since timestamptz,
    retry_at      timestamptz,
    last_code     text not null default '',    -- of the last failure
    told          boolean not null default false, -- a person was told that it has failed for long
    check (url ~ '^http:' or certificate is not null),
    check ((holder = '') = (held_until is null)),
    check ((fails = 0) = (failing_since is null)),
    check (fails > 0 or not told)
);

-- A notice gets its number when its turn comes: so numbers have no gaps, and those who write notices need not wait for each other. Of one order
-- the ids are in the order of the moves, since a move holds the order's row.
create table notice (
    id              bigint generated always as identity primary key,
    agency_id       bigint not null,
    transmission_id bigint not null,
    submission_id   bigint not null,
    state           text not null,
    reason          text not null,
    item            text not null,
    tries           int not null,              -- sendings to CARPOS up to this move
    at              timestamptz not null,
    number          bigint check (number >= 1),
    tried           int not null default 0,    -- deliveries that failed
    delivered_at    timestamptz,
    check (delivered_at is null or number is not null)
);
create index notice_pending on notice (agency_id, id) where delivered_at is null;
create unique index notice_number on notice (agency_id, number) where number is not null;

-- A move cannot happen without its notice, whoever makes it. The passing states are not told.
-- +goose StatementBegin
create function transmission_told() returns trigger language plpgsql as $$
begin
    insert into notice (agency_id, transmission_id, submission_id, state, reason, item, tries, at)
    select s.agency_id, new.id, new.submission_id, new.state, new.reason, new.item, new.tries, new.changed_at
    from submission s join listener l on l.agency_id = s.agency_id where s.id = new.submission_id and l.active;
    return null;
end $$;
-- +goose StatementEnd

create trigger transmission_told after update of state on transmission for each row
    when (old.state <> new.state and new.state not in ('sending', 'sent')) execute function transmission_told();
create trigger notice_kept before delete on notice for each row execute function never();
create trigger notice_is_final before update of agency_id, transmission_id, submission_id, state, reason, item, tries, at, number on notice for each row
    when (old.number is not null or old.agency_id <> new.agency_id or old.transmission_id <> new.transmission_id or old.submission_id <> new.submission_id
          or old.state <> new.state or old.reason <> new.reason or old.item <> new.item or old.tries <> new.tries or old.at <> new.at)
    execute function never();

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
