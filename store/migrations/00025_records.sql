-- Orders opened by breaking the glass, and the audit log for people: by whom, about what and when, newest first.

-- +goose Up

-- That a person opened what the tables forbid, for a time and a reason. An order that does not exist is opened too: nobody is told before. Ten a day and person.
create table glass (
    id        bigint generated always as identity primary key,
    person    bigint not null check (person > 0),
    actor     text not null check (actor <> ''),
    agency    text not null check (agency <> ''),    -- the person's
    court     text not null,
    local_ids text[] not null,                       -- the court's own identifications of what was opened; empty: there is nothing
    test      boolean not null,
    reason    text not null check (length(reason) between 10 and 300),
    opened_at timestamptz not null,
    until     timestamptz not null check (until > opened_at and until <= opened_at + interval '1 hour'),
    day       date not null,                         -- of the courts' zone
    nth       int not null constraint glass_a_day check (nth between 1 and 10),
    seen_at   timestamptz,                           -- when somebody of the person's agency, who is to see to it, had read of it
    seen_by   text not null default '',
    constraint glass_once unique (person, day, nth),
    check ((seen_at is null) = (seen_by = ''))
);
create index glass_agency on glass (agency, id);
create index glass_unseen on glass (agency) where seen_at is null;
create trigger glass_kept before delete on glass for each row execute function never();
create trigger glass_no_truncate before truncate on glass for each statement execute function never();
create trigger glass_stays before update on glass for each row
    when (old.seen_at is not null or (old.id, old.person, old.actor, old.agency, old.court, old.local_ids, old.test, old.reason, old.opened_at, old.until, old.day, old.nth)
        is distinct from (new.id, new.person, new.actor, new.agency, new.court, new.local_ids, new.test, new.reason, new.opened_at, new.until, new.day, new.nth)) execute function never();

-- Whose things an entry is about, by what it says: the court of an order, an agency, a person's agency, or the sender of a submission and of what came of it. It follows from the entry, and is no part of it
-- for the ledger.
alter table audit add column about text not null default '';
-- +goose StatementBegin
create function audit_is_about(object text, actor text) returns text language sql stable as $$
    select case
        when object like 'order _________/%' then substr(object, 7, 9)
        when object like 'agency _________' then substr(object, 8, 9)
        when object like '% of _________' then right(object, 9)
        when object like 'person %' then coalesce((select a.ori from person p join agency a on a.id = p.agency_id where lower(p.login) = lower(substr(object, 8))), '')
        when actor like 'agency _________%' then substr(actor, 8, 9)
        when object like '%submission ____-____-__' then coalesce((select a.ori from submission s join agency a on a.id = s.agency_id where s.tracking = right(object, 12)), '')
        else '' end
$$;
create function audit_about() returns trigger language plpgsql as $$
begin
    new.about := audit_is_about(new.object, new.actor);
    return new;
end $$;
-- +goose StatementEnd
alter table audit disable trigger audit_append_only;
update audit set about = audit_is_about(object, actor);
alter table audit enable trigger audit_append_only;
create trigger audit_about before insert on audit for each row execute function audit_about();

drop index audit_looks;
create index audit_object on audit (object, at, id);
create index audit_about on audit (about, at, id) where about <> '';
create index audit_agency on audit (agency, at, id) where agency <> '';
create index audit_who on audit (lower(split_part(actor, ',', 1)), at, id) where actor like 'person %';
create index audit_at on audit (at, id);

-- +goose Down
drop index audit_at, audit_who, audit_agency, audit_about, audit_object;
create index audit_looks on audit (object, id) where agency <> '';
drop trigger audit_about on audit;
drop function audit_about, audit_is_about;
alter table audit drop column about;
drop table glass;
