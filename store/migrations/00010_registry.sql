-- Who may do what: what agencies are granted, certificates for tests and for life, their revocation and end, and refusals that come again and again.

-- +goose Up

-- An agency from which callbacks are withheld is told nothing, and what changes meanwhile is not told later. Those that are there keep what they have.
alter table agency add column no_callbacks boolean not null default false;

-- +goose StatementBegin
create or replace function transmission_told() returns trigger language plpgsql as $$
begin
    insert into notice (agency_id, transmission_id, submission_id, state, reason, item, tries, at)
    select s.agency_id, new.id, new.submission_id, new.state, new.reason, new.item, new.tries, new.changed_at
    from submission s join listener l on l.agency_id = s.agency_id join agency a on a.id = l.agency_id where s.id = new.submission_id and l.active and not a.no_callbacks;
    return null;
end $$;
-- +goose StatementEnd

-- What a certificate identifies: an agency's tests, or its orders. used_at is when a connection last had it, to the hour. warned is at how many days before its
-- end somebody was last warned; 0: not yet.
alter table certificate
    add column test        boolean not null default false,
    add column used_at     timestamptz,
    add column warned      int not null default 0 check (warned >= 0),
    add column revoked_at  timestamptz,
    add column revoked_for text not null default '',
    add constraint certificate_revoked_for check ((revoked_at is null) = (revoked_for = ''));

-- What is revoked stays so.
-- +goose StatementBegin
create function certificate_stays_revoked() returns trigger language plpgsql as $$
begin
    raise exception 'a revoked certificate stays revoked' using errcode = 'integrity_constraint_violation';
end $$;
-- +goose StatementEnd
create trigger certificate_stays_revoked before update on certificate for each row
    when (old.revoked_at is not null and (new.revoked_at is distinct from old.revoked_at or new.revoked_for <> old.revoked_for or new.valid_from <> old.valid_from
          or new.valid_to <> old.valid_to or new.test <> old.test or new.agency_id <> old.agency_id))
    execute function certificate_stays_revoked();
create trigger certificate_kept before delete on certificate for each row execute function never();

-- An agency's tests and its orders have identifications of their own.
drop index submission_package;
create unique index submission_package on submission (agency_id, package, test) where state = 'accepted';

-- One row while refusals of one sender come again and again. It holds no text of a sender's.
create table alarm (
    id       bigint generated always as identity primary key,
    who      text not null check (who <> ''),   -- "agency CA030013J", "peer 192.0.2.7"
    raised   timestamptz not null,
    refusals int not null check (refusals >= 1), -- in the window when it was last looked at
    stage    text not null,                     -- of most of them
    code     text not null,
    last_at  timestamptz not null,              -- the last refusal
    acked    timestamptz,
    cleared  timestamptz
);
create unique index alarm_open on alarm (who) where cleared is null;
create index submission_refused_at on submission (received_at) where state = 'refused';
create index audit_refused_at on audit (at) where action = 'read.refuse';

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
