-- Rows are never deleted, but for jobs, which are River's. On the way of the intake there are no foreign keys and no triggers: the rows of one
-- transaction carry numbers that the same transaction has just drawn or locked, nothing deletes what they point at, and a check costs
-- as much as the insert. Tables that are written rarely have them.
--
-- Empty text means that there is nothing; null is kept for times and numbers.

-- +goose Up

create table agency (
    id                 bigint generated always as identity primary key,
    ori                text not null unique check (ori ~ '^[A-Z]{2}[0-9A-Z]{7}$'),
    name               text not null check (name <> ''),
    county             text not null,
    kind               text not null check (kind in ('court', 'tribalCourt', 'lawEnforcement')),
    carpos_name        text not null check (length(carpos_name) <= 30),
    mnemonic           text not null check (mnemonic ~ '^([A-Z0-9]{4})?$'),
    submits            boolean not null,
    test               boolean not null,
    max_document_bytes bigint not null check (max_document_bytes >= 0),
    confirm_text       text not null
);

create table certificate (
    fingerprint bytea not null check (octet_length(fingerprint) = 32), -- SHA-256 of der
    use         text not null check (use in ('tls', 'signing')),
    agency_id   bigint not null references agency,
    der         bytea not null,
    valid_from  timestamptz not null,
    valid_to    timestamptz not null check (valid_to > valid_from),
    primary key (fingerprint, use)
);
create index certificate_agency on certificate (agency_id);

-- A court's order through all its versions, identified by its court and that court's own identification; test orders live apart.
-- A proof of service may come first: then there is no version yet, and next_seq still keeps 1 for the entry.
create table order_ (
    id        bigint generated always as identity primary key,
    court     text not null,
    local_id  text not null,
    test      boolean not null,
    added_by  bigint,                      -- the submission that added it
    agency_id bigint,                      -- the agency that added it, on whose behalf it is entered
    version   int not null check (version >= 0),
    next_seq  int not null check (next_seq >= 2),
    open      int not null check (open >= 0), -- transmissions that are not final
    relay     text not null check (relay in ('unknown', 'owed', 'notOwed', 'givenUp')),
    entered   boolean not null,            -- CARPOS has it
    oca       text not null,
    fcn       text not null,
    nic       text not null,
    constraint order_identity unique (court, local_id, test),
    check ((version = 0) = (added_by is null)),
    check ((version = 0) = (relay = 'unknown')),
    check (version = 0 or oca ~ '^[A-Z0-9-]{1,20}$'),
    check (not entered or (relay = 'owed' and fcn <> ''))
) with (fillfactor = 80);

-- Every OCA ever given. None is given twice.
create table oca (
    oca      text constraint oca_once primary key check (oca ~ '^[A-Z0-9-]{1,20}$'),
    order_id bigint not null
);

create table order_version (
    order_id      bigint not null,
    version       int not null check (version >= 1),
    submission_id bigint not null,
    document      text not null,           -- the canonical order, JSON
    form          text not null,
    designator    text not null,
    case_number   text not null,
    issued        date,
    expires       date,                    -- null: does not end by itself
    access        text not null,
    surname       text not null,           -- of the restrained person, upper case, as for a search
    given         text not null,
    born          date,
    protected     text not null,           -- "SURNAME,GIVEN" of each protected person, one a line
    primary key (order_id, version)
) with (toast_tuple_target = 8160);
create index order_version_name on order_version (surname, given);
create index order_version_case on order_version (case_number);

create sequence submission_id;
create table submission (
    id            bigint primary key default nextval('submission_id'),
    tracking      text not null constraint submission_tracking unique,
    agency_id     bigint,                  -- null: the sender of a refused package is not known
    package       text not null,
    action        text not null check (action in ('add', 'serve', '')),
    state         text not null check (state in ('refused', 'accepted')),
    test          boolean not null,
    received_at   timestamptz not null,
    peer          text not null,
    correlation   text not null,
    digest        bytea not null check (octet_length(digest) = 32),
    canonical     bytea,
    signer        bytea,
    algorithm     text not null,
    order_id      bigint,
    due           timestamptz,
    due_rule      text not null,
    not_owed      text not null check (not_owed in ('', 'agency', 'test', 'order', 'givenUp')),
    waited_for    text not null check (waited_for in ('', 'order', 'earlier')), -- when it came
    refused_stage text not null,
    refused_code  text not null,
    check (octet_length(canonical) = 32 and octet_length(signer) = 32),
    check (state = 'refused' or (agency_id is not null and package <> '' and action <> '' and order_id is not null
           and canonical is not null and signer is not null)),
    check ((state = 'refused') = (refused_code <> ''))
);
create unique index submission_package on submission (agency_id, package) where state = 'accepted';
create index submission_refused on submission (agency_id, package) where state = 'refused' and package <> '';

-- What came over the wire, apart from the row that everybody reads. Rows up to 8 KB stay in one piece.
create table received (
    submission_id bigint primary key,
    wire          bytea not null,          -- zstd
    wire_bytes    bigint not null,         -- as received
    whole         boolean not null,        -- false: the beginning only, of a refused package
    content_type  text not null,
    stages        text not null,           -- JSON, read back as a whole for display only
    notes         text not null            -- JSON, the same
) with (toast_tuple_target = 8160);
alter table received alter column wire set storage external;

create table problem (
    submission_id bigint not null references submission,
    n             int not null,
    code          text not null,
    rule          text not null,
    severity      text not null,
    text          text not null,
    path          text not null,
    line          int not null,
    col           int not null,
    element       text not null,
    value         text not null,
    citation      text not null,
    fix           text not null,
    whose         text not null,
    primary key (submission_id, n)
);

create table service (
    submission_id bigint primary key,
    order_id      bigint not null,
    document      text not null            -- the proof of service, JSON
);
create index service_order on service (order_id);

create table image (
    submission_id bigint not null,
    n             int not null,
    document_id   text not null,
    role          text not null,
    media         text not null,
    bytes         bigint not null,
    pages         int not null,
    sha256        bytea not null check (octet_length(sha256) = 32),
    primary key (submission_id, n)
);

-- Equal contents are stored once.
create table image_content (
    sha256  bytea constraint image_content_once primary key,
    content bytea not null
);
alter table image_content alter column content set storage external;

create sequence transmission_id;
create table transmission (
    id            bigint primary key,
    order_id      bigint not null,
    seq           int not null check (seq >= 1),
    submission_id bigint not null,
    kind          text not null check (kind in ('ERR', 'SRR')),
    state         text not null check (state in ('waiting', 'ready', 'sending', 'sent', 'accepted', 'held', 'unknown', 'given_up')),
    test          boolean not null,
    tries         int not null default 0,
    doubt         boolean not null default false, -- the outcome of an earlier sending is unknown
    retry_at      timestamptz,                    -- when the next job is due
    reason        text not null default '',
    field         text not null default '',
    item          text not null default '',
    open_attempt  bigint,                         -- the attempt that is under way
    open_since    timestamptz,
    open_line     text not null default '',
    changed_at    timestamptz not null,
    constraint transmission_sequence unique (order_id, seq),
    check ((seq = 1) = (kind = 'ERR')),
    check (state in ('waiting', 'ready', 'held', 'given_up') or tries > 0),
    check (case state when 'sending' then open_attempt is not null
                      when 'sent' then open_attempt is not null
                      when 'unknown' then doubt
                      else open_attempt is null end),
    check (state <> 'ready' or not doubt),
    check (state not in ('ready', 'unknown') or retry_at is not null),
    check (state not in ('held', 'given_up') or reason <> ''),
    check ((open_attempt is null) = (open_since is null))
) with (fillfactor = 70);
create index transmission_open on transmission (open_since) where open_attempt is not null;
create index transmission_person on transmission (id) where state = 'held';
create index transmission_due on transmission (retry_at) where state in ('ready', 'unknown');

create sequence attempt_id;
create table attempt (
    id              bigint primary key,
    transmission_id bigint not null references transmission,
    purpose         text not null check (purpose in ('send', 'lookup')),
    control         text not null constraint attempt_control unique check (control ~ '^[A-Z0-9]{10}$'),
    line            text not null,
    hub             text not null,
    bytes           bytea not null check (octet_length(bytes) between 1 and 16384),
    at              timestamptz not null,
    sent_at         timestamptz,
    acked_at        timestamptz,
    finished_at     timestamptz,
    verdict         text not null default ''
                    check (verdict in ('', 'accepted', 'onFile', 'rejected', 'retry', 'unknown', 'notFound', 'held', 'gaveUp')),
    code            int not null default 0,
    text            text not null default '',
    check ((verdict = '') = (finished_at is null))
) with (fillfactor = 80);
create index attempt_transmission on attempt (transmission_id);

-- Every message of the switch, stored before it is confirmed. The switch repeats what was not confirmed, so that the same message comes again.
create table inbound (
    id              bigint generated always as identity primary key,
    line            text not null,
    outseq          text not null,
    control         text not null,
    text            text not null,
    digest          bytea not null,          -- SHA-256 of control and text
    at              timestamptz not null,
    attempt_id      bigint,
    transmission_id bigint,
    handled_at      timestamptz,
    handled         text not null default '',
    constraint inbound_once unique (line, outseq, digest)
);
create index inbound_unhandled on inbound (id) where handled_at is null;
create index inbound_attempt on inbound (attempt_id) where attempt_id is not null;

-- A line belongs to one hub at a time.
create table lease (
    line   text primary key check (line ~ '^[A-Z0-9]{4}$'),
    holder text not null,
    term   bigint not null,
    until  timestamptz not null
);

-- Control numbers are drawn in blocks of 100.
create sequence control_number increment by 100;

create table audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null,
    actor   text not null check (actor <> ''),
    action  text not null check (action <> ''),
    object  text not null,
    outcome text not null,
    details text not null
);

-- +goose StatementBegin
create function never() returns trigger language plpgsql as $$
begin
    raise exception '% of % is not allowed', lower(tg_op), tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
-- +goose StatementEnd

create trigger audit_append_only before update or delete on audit for each row execute function never();
create trigger audit_no_truncate before truncate on audit for each statement execute function never();
create trigger oca_append_only before update or delete on oca for each row execute function never();
create trigger oca_no_truncate before truncate on oca for each statement execute function never();
create trigger submission_is_final before update of state, agency_id, package, canonical, digest on submission for each row
    when (old.state <> new.state or old.agency_id is distinct from new.agency_id or old.package <> new.package
          or old.canonical is distinct from new.canonical or old.digest <> new.digest)
    execute function never();
create trigger submission_kept before delete on submission for each row execute function never();
create trigger received_kept before update or delete on received for each row execute function never();
create trigger order_version_kept before update or delete on order_version for each row execute function never();

-- The moves of a transmission. docs/states.md draws them; a test compares the two.
create table transmission_move (
    before text not null,
    after  text not null,
    primary key (before, after)
);
insert into transmission_move (before, after) values
    ('waiting', 'ready'),    -- what came earlier is settled
    ('waiting', 'given_up'), -- the order's entry was given up, or is not owed
    ('ready', 'sending'),    -- an attempt has begun
    ('ready', 'held'),       -- it cannot be said in CARPOS's terms
    ('ready', 'accepted'),   -- a late reply to an earlier attempt
    ('sending', 'sent'),     -- the bytes are on the line
    ('sending', 'ready'),    -- they never got there, or were not taken
    ('sending', 'accepted'),
    ('sending', 'held'),
    ('sending', 'unknown'),
    ('sending', 'given_up'),
    ('sent', 'ready'),       -- not taken: another try
    ('sent', 'accepted'),
    ('sent', 'held'),
    ('sent', 'unknown'),
    ('sent', 'given_up'),
    ('unknown', 'ready'),    -- looked up: it is not there
    ('unknown', 'accepted'), -- looked up: it is there, or a late reply
    ('unknown', 'held'),
    ('held', 'ready'),       -- released by a person
    ('held', 'unknown'),     -- released by a person, with an outcome still to be looked up
    ('held', 'accepted'),    -- a late reply
    ('held', 'given_up');

-- +goose StatementBegin
create function transmission_may_move() returns trigger language plpgsql as $$
begin
    if not exists (select from transmission_move where before = old.state and after = new.state) then
        raise exception 'a transmission does not move from % to %', old.state, new.state using errcode = 'check_violation';
    end if;
    return new;
end $$;
-- +goose StatementEnd

create trigger transmission_moves before update of state on transmission for each row
    when (old.state <> new.state) execute function transmission_may_move();
create trigger transmission_kept before delete on transmission for each row execute function never();
create trigger transmission_identity before update of order_id, seq, submission_id, kind on transmission for each row
    when (old.order_id <> new.order_id or old.seq <> new.seq or old.submission_id <> new.submission_id or old.kind <> new.kind)
    execute function never();

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
