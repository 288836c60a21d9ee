-- Service that law enforcement records here, and which orders nobody has proved to be served.

-- +goose Up

-- A service that a person of a law-enforcement agency recorded on the pages. No package brought it, and it is never taken back. The same one is recorded once: who presses a button twice has served once.
create sequence recorded_id;
create table recorded (
    id        bigint primary key,
    order_id  bigint not null,
    agency_id bigint not null,             -- whose officer served it
    person    bigint not null check (person > 0),
    actor     text not null check (actor <> ''),
    document  sealed not null,             -- the proof of service, JSON
    digest    bytea not null check (octet_length(digest) = 32), -- SHA-256 of the document
    at        timestamptz not null,
    constraint recorded_once unique (order_id, digest)
);
alter table recorded alter column document set storage external;
create trigger recorded_kept before update or delete on recorded for each row execute function never();
create trigger recorded_no_truncate before truncate on recorded for each statement execute function never();

-- Like a violation it is no package: its transmission stands with the submission that added the order.
alter table transmission
    add column recorded_id bigint,
    add constraint transmission_recorded check (recorded_id is null or kind = 'SRR');
create unique index transmission_of_recorded on transmission (recorded_id) where recorded_id is not null;

-- The orders of which nobody has proved service, kept by whatever brings a version of an order or a proof, in its transaction; and what a list of them is read by. It is no record and the ledger does not
-- vouch for it: a row too many is passed over when the list is read, and what has ended is taken out.
create table unserved (
    order_id bigint primary key,
    version  int not null,                 -- which the row is of; 0: nobody has read yet what the order itself says of service
    test     boolean not null,
    county   text not null,                -- the first five characters of the court's ORI
    court    text not null,
    agency   text not null,                -- the law-enforcement agency that the order names (ORI); empty: none
    issued   date not null,
    ends     date                          -- null: does not end by itself
);
create index unserved_county on unserved (test, county, issued desc, order_id desc);
create index unserved_court on unserved (test, court, issued desc, order_id desc);
create index unserved_agency on unserved (test, agency, issued desc, order_id desc) where agency <> '';
create index unserved_ends on unserved (ends);
create index unserved_unread on unserved (order_id) where version = 0;

insert into unserved (order_id, version, test, county, court, agency, issued, ends)
select o.id, 0, o.test, left(o.court, 5), o.court, '', coalesce(v.issued, '0001-01-01'), v.expires from order_ o join order_version v on v.order_id = o.id and v.version = o.version
where not exists (select from service p where p.order_id = o.id) and not exists (select from reported p where p.order_id = o.id and p.kind = 'serviceNotice')
    and (v.expires is null or v.expires >= current_date - 1);

-- +goose Down
-- There is no way back: what officers were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
