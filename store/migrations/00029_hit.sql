-- Hit confirmation: another agency asks whether an order is valid, with a clock; somebody answers. docs/states.md draws the moves.

-- +goose Up

-- Nobody's name but those of who acted, as in the audit log: who asks is an agency and a function, and no name belongs into a reason.
create table hit (
    id          bigint generated always as identity primary key,
    order_id    bigint not null,
    test        boolean not null,
    agency      text not null check (agency <> ''),         -- that confirms
    person      bigint not null references person,          -- who wrote the request down
    by          text not null check (by <> ''),
    way         text not null check (way in ('teletype', 'telephone', 'fax')),
    asker       text not null check (length(asker) between 1 and 100),
    asker_ori   text not null default '' check (length(asker_ori) in (0, 9)),
    function    text not null check (length(function) between 1 and 100),
    call_back   text not null check (length(call_back) between 1 and 100),
    priority    text not null check (priority <> ''),
    asked_at    timestamptz not null,                       -- when the request came
    at          timestamptz not null check (at >= asked_at), -- when it was written down
    due         timestamptz not null check (due > asked_at),
    state       text not null default 'open' check (state in ('open', 'moreTime', 'confirmed', 'notConfirmed')),
    reason      text not null default '' check (length(reason) <= 300),
    answered_by text not null default '',
    answered_at timestamptz,
    version     integer,                                    -- of the order, as it was answered
    check ((state in ('confirmed', 'notConfirmed')) = (answered_at is not null) and (answered_at is null) = (answered_by = '') and (answered_at is null) = (version is null)),
    check (state <> 'notConfirmed' or length(reason) >= 3)
);
create index hit_waiting on hit (agency, due) where state in ('open', 'moreTime');
create index hit_answered on hit (agency, answered_at) where answered_at is not null;
create trigger hit_kept before delete on hit for each row execute function never();
create trigger hit_is_final before update on hit for each row
    when (old.state in ('confirmed', 'notConfirmed') or old.state = 'moreTime' and new.state = 'open' or new.due < old.due or new.due <> old.due and new.state <> 'moreTime'
          or (old.order_id, old.test, old.agency, old.person, old.by, old.way, old.asker, old.asker_ori, old.function, old.call_back, old.priority, old.asked_at, old.at)
             is distinct from (new.order_id, new.test, new.agency, new.person, new.by, new.way, new.asker, new.asker_ori, new.function, new.call_back, new.priority, new.asked_at, new.at))
    execute function never();

-- +goose Down
drop table hit;
