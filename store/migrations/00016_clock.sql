-- The legal clock: warnings before deadlines, alarms of every cause, how lines stand, who enters for whom, and which kind of switch a database belongs to.

-- +goose Up

-- Whoever enters the agency's orders into CLETS where the hub does not: its ORI; empty: the agency itself.
alter table agency
    add column entered_by text not null default '' check (entered_by ~ '^([A-Z]{2}[0-9A-Z]{7})?$'),
    add constraint agency_entered_by check (entered_by = '' or not submits);

-- Whether a package was a test is what was recorded when it came. Refusals of an agency that was a test agency as a whole did not say so themselves.
update submission s set test = true from agency a where a.id = s.agency_id and a.test and s.state = 'refused' and not s.test;

-- One row while one cause lasts.
alter table alarm rename column refusals to count;
alter table alarm
    add column kind text not null default 'refusals' constraint alarm_kind check (kind in ('refusals', 'deadline', 'line', 'lines', 'inbound', 'held', 'rejecting')),
    add column acked_by text not null default '';
alter table alarm alter column kind drop default;
drop index alarm_open;
create unique index alarm_open on alarm (kind, who) where cleared is null;

-- At which shares of its time somebody was warned of a transmission: once for all hubs.
create table deadline_warning (
    transmission_id bigint not null,
    percent         int not null check (percent between 1 and 99),
    at              timestamptz not null,
    primary key (transmission_id, percent)
);
create index transmission_waiting on transmission (id) where state = 'waiting';

-- How a line stands with a hub, as that hub says. It is no record: a hub that stops takes its rows away.
create table line_status (
    line      text not null check (line ~ '^[A-Z0-9]{4}$'),
    hub       text not null,
    up        boolean not null,
    test      boolean not null,
    since     timestamptz not null,          -- when it came up or went down
    why       text not null,                 -- it is down
    places    int not null,                  -- the window
    under_way int not null,                  -- unanswered requests
    heard_at  timestamptz,                   -- when the switch last said something; null: never
    up_at     timestamptz,                   -- when the hub last said that it is up; null: never
    seen_at   timestamptz not null,          -- when the hub last said anything
    primary key (line, hub)
);

-- Whether orders or tests go to the switch from this database. Set by the first hub that has a switch; a hub of the other kind does not start.
create table switch_kind (
    single boolean primary key default true check (single),
    test   boolean not null,
    set_by text not null,
    set_at timestamptz not null
);

-- +goose Down
-- There is no way back: alarms of other causes would have no place.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
