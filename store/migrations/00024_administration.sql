-- Administration: whom to call at an agency, when a court is closed, and when the exchange may be away.

-- +goose Up

-- Functions, not people: "Clerk's office, protective orders".
create table agency_contact (
    id        bigint generated always as identity primary key,
    agency_id bigint not null references agency,
    kind      text not null check (kind in ('office', 'technical', 'confirmation', 'helpDesk')),
    name      text not null check (length(name) between 1 and 100),
    telephone text not null check (length(telephone) <= 40),
    email     text not null check (email = '' or (length(email) <= 254 and email ~ '^[!-~]+@[!-~]+$')),
    hours     text not null check (length(hours) <= 100),
    check (telephone <> '' or email <> '')
);
create index agency_contact_agency on agency_contact (agency_id, id);

-- Days on which a court is closed beside the judicial holidays. Deadlines of orders that come later are counted without them; those that were given stay.
create table agency_closure (
    agency_id bigint not null references agency,
    day       date not null,
    name      text not null check (length(name) between 1 and 100),
    primary key (agency_id, day)
);

-- Times in which the exchange may be away: every week, by the courts' clock, or once.
create table maintenance_window (
    id           bigint generated always as identity primary key,
    weekday      int check (weekday between 0 and 6),              -- 0 is Sunday; null: once
    from_minute  int check (from_minute between 0 and 1439),       -- of the day
    until_minute int check (until_minute <= 1440 and until_minute > from_minute),
    starts_at    timestamptz,
    ends_at      timestamptz check (ends_at > starts_at),
    text         text not null check (length(text) between 1 and 200),
    check ((weekday is null) = (from_minute is null) and (weekday is null) = (until_minute is null)),
    check ((weekday is null) = (starts_at is not null) and (weekday is null) = (ends_at is not null))
);
-- Those that the CCPOR overview of 2011 names.
insert into maintenance_window (weekday, from_minute, until_minute, text) values
    (3, 1080, 1260, 'Scheduled maintenance.'),
    (0, 540, 1260, 'Scheduled maintenance.');

-- +goose Down
drop table maintenance_window, agency_closure, agency_contact;
