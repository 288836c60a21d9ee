-- What shows the protected side's whereabouts, CLETS-001 data and texts of CARPOS is encrypted, by keys from outside the database.

-- +goose Up

-- What is there is not encrypted afterwards: dumps, logs of the database and dead rows would go on showing it.
-- +goose StatementBegin
do $$ begin
    if exists (select from submission) or exists (select from inbound) or exists (select from inquiry) then
        raise exception 'this database holds packages or messages from before encryption at rest, and they are not encrypted afterwards: begin with a new database (for a sandbox, delete its folder) and bring the packages into it with the courts';
    end if;
end $$;
-- +goose StatementEnd

-- Key-encryption keys by their numbers; the keys themselves lie outside. One that was retired wraps nothing any more, whoever still has it.
create table key_encryption_key (
    id         bigint primary key,
    added_at   timestamptz not null,
    retired_at timestamptz
);

-- Data keys, each wrapped by a key-encryption key. They are wrapped anew, and never taken away.
create sequence data_key_id;
create table data_key (
    id      bigint primary key check (id >= 1),
    kek     bigint not null references key_encryption_key,
    wrapped bytea not null check (octet_length(wrapped) > 0),
    made_at timestamptz not null
);
create index data_key_kek on data_key (kek);

-- Whoever wraps and whoever retires lock the key's row first, and look then: so nothing is wrapped by a key that was retired.
-- +goose StatementBegin
create function data_key_wrapped() returns trigger language plpgsql as $$
declare
    gone timestamptz;
begin
    select retired_at into gone from key_encryption_key where id = new.kek for share;
    if gone is not null then
        raise exception 'key % was retired: this key file is an old copy', new.kek using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create function key_encryption_key_retired() returns trigger language plpgsql as $$
begin
    if exists (select from data_key where kek = new.id) then
        raise exception 'key % still wraps data keys', new.id using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
-- +goose StatementEnd
create trigger data_key_wrapped before insert or update on data_key for each row execute function data_key_wrapped();
create trigger data_key_kept before delete on data_key for each row execute function never();
create trigger data_key_identity before update on data_key for each row when (old.id <> new.id or old.made_at <> new.made_at) execute function never();
create trigger data_key_no_truncate before truncate on data_key for each statement execute function never();
create trigger key_encryption_key_kept before delete on key_encryption_key for each row execute function never();
create trigger key_encryption_key_stays_retired before update on key_encryption_key for each row when (old.retired_at is not null) execute function never();
create trigger key_encryption_key_retired before update on key_encryption_key for each row when (old.retired_at is null and new.retired_at is not null)
    execute function key_encryption_key_retired();

-- A sealed value: the edition of the format, the number of its data key, nonce, ciphertext and tag. Text in the clear is none.
create domain sealed as bytea check (octet_length(value) >= 37 and get_byte(value, 0) = 1);

-- Nothing is null in a column that may be empty. Equal values are not equal any more, and nothing can be compressed.
alter table received
    alter column wire drop not null, alter column wire type sealed, add check ((wire is null) = (wire_bytes = 0)),
    alter column warnings drop default, alter column warnings drop not null, alter column warnings type sealed using null::bytea, alter column warnings set storage external;
alter table order_version
    alter column document type sealed using convert_to(document, 'UTF8'), alter column document set storage external,
    alter column modification drop default, alter column modification drop not null, alter column modification type sealed using null::bytea, alter column modification set storage external;
alter table service alter column document type sealed using convert_to(document, 'UTF8'), alter column document set storage external;
alter table cancellation alter column document type sealed using convert_to(document, 'UTF8'), alter column document set storage external;
alter table supplement alter column document type sealed using convert_to(document, 'UTF8'), alter column document set storage external;
alter table confidential alter column document type sealed using convert_to(document, 'UTF8'), alter column document set storage external;
alter table problem alter column value drop not null, alter column value type sealed using null::bytea;
alter table image_content alter column content type sealed;
alter table attempt drop constraint attempt_bytes_check, alter column bytes type sealed, alter column bytes set storage external;
alter table inbound alter column text type sealed using convert_to(text, 'UTF8'), alter column text set storage external;
alter table reported alter column document type sealed using convert_to(document, 'UTF8'), alter column document set storage external;
alter table violation alter column document type sealed using convert_to(document, 'UTF8'), alter column document set storage external;
alter table correction drop constraint correction_value_check, alter column value type sealed using convert_to(value, 'UTF8');

drop trigger inquiry_identity on inquiry;
alter table inquiry drop constraint inquiry_question_check, drop constraint inquiry_text_check,
    alter column question type sealed using convert_to(question, 'UTF8'), alter column question set storage external,
    alter column text type sealed, alter column text set storage external;
create trigger inquiry_identity before update of asked_at, actor, agency_id, certified, purpose, question, text, asked_by, test, until on inquiry for each row
    execute function never();
drop trigger inquiry_try_bytes on inquiry_try;
alter table inquiry_try drop constraint inquiry_try_bytes_check, alter column bytes type sealed, alter column bytes set storage external;
create trigger inquiry_try_bytes before update of control, inquiry_id, n, line, hub, bytes, at on inquiry_try for each row execute function never();

-- +goose Down
-- There is no way back: nothing here decrypts what is encrypted.
-- +goose StatementBegin
do $$ begin raise exception 'this migration cannot be undone'; end $$;
-- +goose StatementEnd
