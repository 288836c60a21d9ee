-- What becomes of an order after it was added: changes, its end, images and confidential information apart from its data, and the order that follows it.

-- +goose Up

-- A change that comes before its order keeps its number: 1 is the order as it was added, whenever that comes.
alter table order_
    add column next_version  int not null default 2 check (next_version >= 2),
    add column entry_version int not null default 1 check (entry_version >= 1), -- the version that the entry takes to CARPOS
    add column follows       text not null default '',                          -- the court's identification of the order that this one follows
    add column imaged        boolean not null default false,                    -- an image of the order has come
    add column attached      boolean not null default false,                    -- images or confidential information came before the data
    add column cancelled_by  bigint,                                            -- the submission that ended it: a cancellation, or the order that followed
    add check (version in (0, next_version - 1)),
    add check (version = 0 or entry_version <= version);
create index order_follows on order_ (court, follows, test) where follows <> '';
create index order_imageless on order_ (agency_id, id) where not imaged and added_by is not null;

-- The changed order is a version like any other; why the court changed it stands beside it.
alter table order_version add column modification text not null default ''; -- JSON; empty: as it was added

update order_ o set imaged = exists (select from submission s join image i on i.submission_id = s.id where s.order_id = o.id and i.role = 'order'),
    follows = coalesce((select v.document::jsonb ->> 'follows' from order_version v where v.order_id = o.id and v.version = o.version), '')
where o.version > 0;

alter table submission drop constraint submission_action_check, drop constraint submission_not_owed_check,
    add constraint submission_action_check check (action in ('add', 'modify', 'cancel', 'serve', 'attach', '')),
    add constraint submission_not_owed_check check (not_owed in ('', 'agency', 'test', 'order', 'givenUp', 'image'));

-- The end of an order. Its submission is the court's cancellation, or the one that brought the order which followed.
create table cancellation (
    submission_id bigint primary key,
    order_id      bigint not null,
    document      text not null,           -- the cancellation, JSON
    ends          date not null            -- from this day on the order no longer stands
);
create index cancellation_order on cancellation (order_id);

-- What came apart from the order's data.
create table supplement (
    submission_id bigint primary key,
    order_id      bigint not null,
    document      text not null            -- the supplement, JSON
);
create index supplement_order on supplement (order_id);

-- CLETS-001, for law enforcement only: a compartment of its own, which no version, view or summary repeats. Of several the newest counts.
create table confidential (
    id            bigint generated always as identity primary key,
    submission_id bigint not null unique,
    order_id      bigint not null,
    document      text not null            -- JSON
);
create index confidential_order on confidential (order_id, id);

-- What somebody still has to send or to look at: images or CLETS-001 whose order is missing, an order that follows one which it does not fit. One of a
-- kind is open for an order at a time. An order whose image is missing says so itself (order_.imaged): it costs the intake no row.
create table task (
    id        bigint generated always as identity primary key,
    order_id  bigint not null,
    kind      text not null check (kind in ('data', 'follows')),
    agency_id bigint not null,             -- whose work it is
    opened_by bigint not null,             -- the submission that left it open
    since     timestamptz not null,
    closed_by bigint,
    closed_at timestamptz,
    check ((closed_by is null) = (closed_at is null))
);
create unique index task_open on task (order_id, kind) where closed_at is null;
create index task_agency on task (agency_id, id) where closed_at is null;

alter table transmission drop constraint transmission_kind_check, drop constraint transmission_check1,
    add constraint transmission_kind_check check (kind in ('ERR', 'MRR', 'XRR', 'SRR')),
    add constraint transmission_sent check (state in ('waiting', 'ready', 'held', 'given_up') or tries > 0
        or (state = 'accepted' and kind = 'MRR' and reason <> '')); -- a change that CARPOS has already is not sent

create trigger cancellation_kept before update or delete on cancellation for each row execute function never();
create trigger supplement_kept before update or delete on supplement for each row execute function never();
create trigger confidential_kept before update or delete on confidential for each row execute function never();
create trigger task_kept before delete on task for each row execute function never();

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
