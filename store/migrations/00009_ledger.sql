-- The audit log made evident: what was changed, taken out or put in afterwards is found.

-- +goose Up

-- What an entry vouches for: the package, the order or the attempt that its transaction wrote, and which transaction that was. Whoever takes entries up to the
-- oldest transaction that is still under way, in the order of transactions, skips none.
alter table audit
    add column submission_id bigint,
    add column order_id      bigint,
    add column attempt_id    bigint,
    add column written       xid8 not null default pg_current_xact_id();

alter table audit disable trigger audit_append_only;
update audit a set submission_id = s.id, order_id = s.order_id from submission s
    where a.action in ('submission.accept', 'submission.refuse') and a.object = 'submission ' || s.tracking;
alter table audit enable trigger audit_append_only;
insert into audit (at, actor, action, object, outcome, details, order_id, attempt_id)
    select now(), 'migration', 'ledger.begin', 'attempt ' || a.id, 'taken over', '', t.order_id, a.id from attempt a join transmission t on t.id = a.transmission_id;
create index audit_written on audit (written, id);

-- One record an audit entry, in the order of their numbers: what it vouches for, by digest, and the digest of the record, which holds that of the one before.
create table ledger (
    n        bigint primary key check (n >= 0),
    audit_id bigint not null constraint ledger_entry unique,
    seals    text not null,
    chain    bytea not null check (octet_length(chain) = 32)
);

-- The Merkle tree over the records: a hash of the tree at its place in golang.org/x/mod/sumdb/tlog's order.
create table ledger_hash (
    place bigint primary key,
    hash  bytea not null check (octet_length(hash) = 32)
);

-- How far the ledger has come. Whoever locks the row takes it further; at is when somebody last did, or found nothing to do.
create table ledger_head (
    single   boolean primary key default true check (single),
    size     bigint not null,
    chain    bytea not null check (octet_length(chain) = 32),
    written  xid8 not null,
    audit_id bigint not null,
    signed   bigint not null,              -- checkpoints
    at       timestamptz not null
);
insert into ledger_head (size, chain, written, audit_id, signed, at) values (0, '\x0000000000000000000000000000000000000000000000000000000000000000', '0', 0, 0, now());

-- The root of the tree at a size, signed by the hub; numbered without gaps.
create table checkpoint (
    n        bigint primary key check (n >= 1),
    size     bigint not null,
    root     bytea not null check (octet_length(root) = 32),
    at       timestamptz not null,
    document bytea not null
);

create trigger ledger_kept before update or delete on ledger for each row execute function never();
create trigger ledger_no_truncate before truncate on ledger for each statement execute function never();
create trigger ledger_hash_kept before update or delete on ledger_hash for each row execute function never();
create trigger checkpoint_kept before update or delete on checkpoint for each row execute function never();

-- +goose Down
-- There is no way back: what courts were promised is in these tables.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
