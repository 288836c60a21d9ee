-- People who may sign in, and what they prove themselves with.

-- +goose Up

-- A person is never deleted: the audit log and every act of that person point here. Nothing of it is a secret in clear: passwords are argon2id hashes, the TOTP secret is sealed by
-- the vault, recovery codes and tokens are SHA-256 of random values.
create table person (
    id            bigint generated always as identity primary key,
    handle        bytea not null unique check (octet_length(handle) = 32), -- by which passkeys know the person; random, and says nothing
    agency_id     bigint not null references agency,
    login         text not null check (length(login) between 3 and 254 and login ~ '^[!-~]+@[!-~]+$'),
    name          text not null check (length(name) between 1 and 100),
    state         text not null default 'invited' check (state in ('invited', 'active', 'disabled')),
    roles         text[] not null check (cardinality(roles) between 1 and 8),
    sealed        boolean not null default false,  -- may see sealed orders, where the roles do
    clets_until   date,                            -- last day of the CLETS certification
    password      text not null default '',        -- PHC string; empty: there is none
    password_at   timestamptz,
    totp          sealed,
    totp_next     sealed,                          -- shown to the person and not confirmed yet
    totp_step     bigint not null default 0,       -- the newest step that was used: none is used twice
    failed        int not null default 0 check (failed >= 0),
    locked_until  timestamptz,
    epoch         bigint not null default 0,       -- sessions of an earlier one have ended
    signed_in     timestamptz,
    signed_before timestamptz,                     -- the sign-in before that
    issuer        text not null default '',        -- of an agency's own identity provider, with its name for the person
    subject       text not null default '',
    made_at       timestamptz not null,
    check ((issuer = '') = (subject = '')),
    check (state <> 'active' or issuer <> '' or password <> ''),
    check ((password = '') = (password_at is null))
);
create unique index person_login on person (lower(login));
create unique index person_subject on person (issuer, subject) where issuer <> '';
create index person_agency on person (agency_id, id);

create table person_move (
    before text not null,
    after  text not null,
    primary key (before, after)
);
insert into person_move (before, after) values
    ('invited', 'active'),   -- the invitation was accepted
    ('invited', 'disabled'),
    ('active', 'invited'),   -- invited anew: whatever the person proved with counts no more
    ('active', 'disabled'),
    ('disabled', 'invited');

-- +goose StatementBegin
create function person_may_move() returns trigger language plpgsql as $$
begin
    if not exists (select from person_move where before = old.state and after = new.state) then
        raise exception 'a person does not move from % to %', old.state, new.state using errcode = 'check_violation';
    end if;
    return new;
end $$;
-- +goose StatementEnd

create trigger person_moves before update of state on person for each row
    when (old.state <> new.state) execute function person_may_move();
create trigger person_identity before update on person for each row
    when (old.id <> new.id or old.handle <> new.handle or old.login <> new.login or old.agency_id <> new.agency_id or old.made_at <> new.made_at or new.epoch < old.epoch) execute function never();
create trigger person_kept before delete on person for each row execute function never();
create trigger person_all_kept before truncate on person for each statement execute function never();

-- Public keys are no secrets. A removed passkey is kept: it never comes back.
create table passkey (
    id              bigint generated always as identity primary key,
    person_id       bigint not null references person,
    credential      bytea not null unique check (octet_length(credential) between 1 and 1023),
    public_key      bytea not null,
    aaguid          bytea not null,
    attestation     text not null,
    transports      text[] not null,
    sign_count      bigint not null check (sign_count >= 0),
    backup_eligible boolean not null,
    backed_up       boolean not null,
    name            text not null check (length(name) between 1 and 60),
    made_at         timestamptz not null,
    used_at         timestamptz,
    ended_at        timestamptz
);
create index passkey_person on passkey (person_id, id) where ended_at is null;
create trigger passkey_kept before delete on passkey for each row execute function never();
create trigger passkey_ended before update on passkey for each row when (old.ended_at is not null) execute function never();

create table recovery_code (
    hash      bytea primary key check (octet_length(hash) = 32),
    person_id bigint not null references person,
    made_at   timestamptz not null,
    ended_at  timestamptz                          -- used, or replaced
);
create index recovery_code_person on recovery_code (person_id) where ended_at is null;
create trigger recovery_code_ended before update on recovery_code for each row when (old.ended_at is not null) execute function never();

-- What a letter carries: whoever holds it may accept the invitation, or set a new password.
create table person_token (
    hash       bytea primary key check (octet_length(hash) = 32),
    person_id  bigint not null references person,
    purpose    text not null check (purpose in ('invitation', 'reset')),
    made_at    timestamptz not null,
    expires_at timestamptz not null check (expires_at > made_at),
    ended_at   timestamptz                         -- used, or replaced
);
create index person_token_person on person_token (person_id, made_at);
create unique index person_token_open on person_token (person_id, purpose) where ended_at is null;
create trigger person_token_ended before update on person_token for each row when (old.ended_at is not null) execute function never();

-- An agency's own identity provider (OpenID Connect).
create table identity_provider (
    agency_id bigint primary key references agency,
    issuer    text not null check (issuer ~ '^https?://'),
    client    text not null check (client <> ''),
    secret    sealed not null,
    domains   text[] not null check (cardinality(domains) > 0),
    set_at    timestamptz not null
);

-- Browsers' sessions. Its key is the SHA-256 of what the browser holds. Sessions that are over are deleted.
create table session (
    token      text primary key,
    data       bytea not null,
    expires_at timestamptz not null
);
create index session_expires on session (expires_at);

-- +goose Down
drop table session, identity_provider, person_token, recovery_code, passkey, person, person_move;
drop function person_may_move;
