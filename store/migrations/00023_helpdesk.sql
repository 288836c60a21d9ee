-- The help desk: submissions are found by what a caller can say, a person keeps searches, and hands over to an engineer what the desk cannot answer.

-- +goose Up

-- Lists of submissions are read newest first, of all, of one agency, of refusals and of tests, and never walk over what the list is not about.
create index submission_newest on submission (received_at, id);
create index submission_of_agency on submission (agency_id, received_at, id);
create index submission_tests on submission (received_at, id) where test;
create index submission_tests_of on submission (agency_id, received_at, id) where test;
drop index submission_refused_at;
create index submission_refused_at on submission (received_at, id) where state = 'refused';
create index submission_refused_of on submission (agency_id, received_at, id) where state = 'refused';
create index submission_refused_code on submission (refused_code, received_at, id) where state = 'refused';

-- A search that a person keeps, as the address says it; only that person sees it.
create table saved_search (
    id     bigint generated always as identity primary key,
    person bigint not null references person,
    name   text not null check (length(name) between 1 and 60),
    query  text not null check (length(query) <= 1000),
    at     timestamptz not null,
    constraint saved_search_name unique (person, name)
);

-- What the desk hands over to an engineer. The note holds no name of anybody; who acted is said as in the audit log. docs/states.md draws the moves.
create table handover (
    id            bigint generated always as identity primary key,
    submission_id bigint not null references submission,
    correlation   text not null,
    person        bigint not null references person, -- who handed it over
    by            text not null check (by <> ''),
    note          text not null check (length(note) between 3 and 500),
    at            timestamptz not null,
    state         text not null default 'open' check (state in ('open', 'taken', 'closed')),
    taken_by      text not null default '',
    taken_at      timestamptz,
    closed_by     text not null default '',
    closed_at     timestamptz,
    result        text not null default '' check (length(result) <= 500),
    check ((taken_by = '') = (taken_at is null)),
    check ((closed_by = '') = (closed_at is null)),
    check (case state when 'open' then taken_at is null and closed_at is null
                      when 'taken' then taken_at is not null and closed_at is null
                      else closed_at is not null and result <> '' end)
);
create index handover_submission on handover (submission_id, id);
create index handover_open on handover (id) where state <> 'closed';
create unique index handover_once on handover (submission_id) where state <> 'closed';
create trigger handover_kept before delete on handover for each row execute function never();
create trigger handover_is_final before update on handover for each row
    when (old.state = 'closed' or old.state = 'taken' and new.state = 'open' or old.submission_id <> new.submission_id or old.correlation <> new.correlation or old.person <> new.person or old.by <> new.by
          or old.note <> new.note or old.at <> new.at)
    execute function never();

-- +goose Down
drop table handover, saved_search;
drop index submission_refused_code, submission_refused_of, submission_refused_at, submission_tests_of, submission_tests, submission_of_agency, submission_newest;
create index submission_refused_at on submission (received_at) where state = 'refused';
