-- What people ask CARPOS.

-- +goose Up

-- An inquiry of a person. What was asked is data about people: it stands here, in the bytes that were sent, and nowhere else.
create table inquiry (
    id        bigint generated always as identity primary key,
    asked_at  timestamptz not null,
    actor     text not null check (actor <> ''),
    agency_id bigint not null references agency,   -- on whose behalf
    certified text not null check (length(certified) between 1 and 200), -- by what the person is known as CLETS-certified
    purpose   text not null check (length(purpose) between 1 and 200),
    question  text not null check (question <> ''), -- JSON, read back as a whole
    text      bytea not null check (octet_length(text) between 1 and 16384), -- the request as it is sent, without the frame's line
    asked_by  text not null check (asked_by in ('FCN', 'OCA', 'case', 'name')),
    test      boolean not null,
    until     timestamptz not null check (until > asked_at), -- the asker's patience
    state     text not null default 'asked' check (state in ('asked', 'sending', 'answered', 'failed')),
    tries     int not null default 0,
    control   text not null default '',            -- of the try that is under way
    due       timestamptz,                         -- when a hub looks at it next
    reason    text not null default '',            -- of the failure, without personal data
    reply     bigint references inbound,
    ended_at  timestamptz,
    check ((state in ('asked', 'sending')) = (due is not null)),
    check ((state in ('asked', 'sending')) = (ended_at is null)),
    check ((state = 'sending') = (control <> '')),
    check (state <> 'sending' or tries > 0),
    check ((state = 'answered') = (reply is not null)),
    check ((state = 'failed') = (reason <> ''))
) with (fillfactor = 70);
create index inquiry_due on inquiry (due) where due is not null;

-- One sending of an inquiry. A late reply to any of them is an answer.
create table inquiry_try (
    control    text primary key check (control ~ '^[A-Z0-9]{10}$'),
    inquiry_id bigint not null references inquiry,
    n          int not null check (n >= 1),
    line       text not null,
    hub        text not null,
    bytes      bytea not null check (octet_length(bytes) between 1 and 16384),
    at         timestamptz not null,
    ended_at   timestamptz,
    text       text not null default '',           -- what became of it, in words without personal data
    unique (inquiry_id, n),
    check ((text = '') = (ended_at is null))
);

-- The moves of an inquiry. docs/states.md draws them; a test compares the two.
create table inquiry_move (
    before text not null,
    after  text not null,
    primary key (before, after)
);
insert into inquiry_move (before, after) values
    ('asked', 'sending'),    -- its bytes are stored
    ('asked', 'answered'),   -- a late reply to an earlier try
    ('asked', 'failed'),     -- nothing could be sent in time, or it cannot be said in CARPOS's terms
    ('sending', 'asked'),    -- no reply, or not taken: it may be asked again
    ('sending', 'answered'),
    ('sending', 'failed'),
    ('failed', 'answered');  -- a late reply

-- +goose StatementBegin
create function inquiry_may_move() returns trigger language plpgsql as $$
begin
    if not exists (select from inquiry_move where before = old.state and after = new.state) then
        raise exception 'an inquiry does not move from % to %', old.state, new.state using errcode = 'check_violation';
    end if;
    return new;
end $$;
-- +goose StatementEnd

create trigger inquiry_moves before update of state on inquiry for each row
    when (old.state <> new.state) execute function inquiry_may_move();
create trigger inquiry_identity before update of asked_at, actor, agency_id, certified, purpose, question, text, asked_by, test, until on inquiry for each row
    execute function never();
create trigger inquiry_kept before delete on inquiry for each row execute function never();
create trigger inquiry_answer_kept before update on inquiry for each row when (old.state = 'answered') execute function never();
create trigger inquiry_try_kept before delete on inquiry_try for each row execute function never();
create trigger inquiry_try_bytes before update of control, inquiry_id, n, line, hub, bytes, at on inquiry_try for each row execute function never();

-- +goose Down
drop table inquiry_try, inquiry, inquiry_move;
drop function inquiry_may_move;
