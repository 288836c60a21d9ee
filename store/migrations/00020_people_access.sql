-- People: the exchange's own agencies, and who looked at what on whose behalf.

-- +goose Up

-- The help desk and the operator are agencies for their people's sake. They send nothing, and nothing is entered on their behalf.
alter table agency drop constraint agency_kind_check;
alter table agency add constraint agency_kind_check check (kind in ('court', 'tribalCourt', 'lawEnforcement', 'helpDesk', 'operator')),
    add constraint agency_central_sends_nothing check (kind not in ('helpDesk', 'operator') or (not submits and read_only));

-- Which person acted, for which agency and why; the actor says it in words. A person of whom an agency vouches over the service has no number here, but an agency.
alter table audit
    add column person  bigint not null default 0,
    add column agency  text   not null default '',
    add column purpose text   not null default '';
create index audit_person on audit (person, id) where person <> 0;
create index audit_looks on audit (object, id) where agency <> '';

-- +goose Down
drop index audit_looks, audit_person;
alter table audit drop column person, drop column agency, drop column purpose;
alter table agency drop constraint agency_central_sends_nothing, drop constraint agency_kind_check;
alter table agency add constraint agency_kind_check check (kind in ('court', 'tribalCourt', 'lawEnforcement'));
