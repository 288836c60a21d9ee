-- What the switch says without being asked: its effect on orders, what waits for a person, and violations that the hub reports.

-- +goose Up

-- kind is what the message was understood as; empty: nobody has looked yet. waits says why it waits for a person, why which field of it is the cause.
alter table inbound
    add column kind     text not null default '' check (kind in ('', 'reply', 'serviceNotice', 'violationNotice', 'ncicReject', 'administrative', 'unrecognised')),
    add column fcn      text not null default '',   -- CARPOS's number in it
    add column order_id bigint,                     -- the order that it is about
    add column waits    text not null default '',
    add column why      text not null default '',
    add constraint inbound_understood check (kind <> '' or waits = '' and order_id is null);
update inbound set kind = 'reply' where control <> '';
create index inbound_order on inbound (order_id) where order_id is not null;

-- What CARPOS reported of an order: service or a violation, by another agency than the one that entered it. It did not come from a court. The same, told twice,
-- stands once.
create table reported (
    inbound_id bigint primary key,
    order_id   bigint not null,
    kind       text not null check (kind in ('serviceNotice', 'violationNotice')),
    document   text not null,              -- the proof of service or the violation, JSON
    digest     bytea not null check (octet_length(digest) = 32), -- SHA-256 of what the notice itself says
    at         timestamptz not null,
    constraint reported_once unique (order_id, kind, digest)
);
create trigger reported_kept before update or delete on reported for each row execute function never();

-- A violation that a person of the hub reports to CARPOS on behalf of a law-enforcement agency.
create table violation (
    id        bigint generated always as identity primary key,
    order_id  bigint not null,
    agency_id bigint not null,             -- the agency that reports it
    report    text not null check (report <> ''),
    document  text not null,               -- the violation, JSON
    person    text not null check (person <> ''),
    at        timestamptz not null
);
create index violation_order on violation (order_id);
create trigger violation_kept before update or delete on violation for each row execute function never();

-- A violation is no package: its transmission stands with the submission that added the order.
alter table transmission drop constraint transmission_kind_check,
    add column violation_id bigint,
    add constraint transmission_kind_check check (kind in ('ERR', 'MRR', 'XRR', 'SRR', 'VRR')),
    add constraint transmission_violation check ((kind = 'VRR') = (violation_id is not null));
create unique index transmission_of_violation on transmission (violation_id) where violation_id is not null;

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
