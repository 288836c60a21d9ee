-- People by what they are called: the words of names, what leads to words that are near one, and who has which two words. Package mapping/names makes all of it from what an order says.

-- +goose Up

-- Every word of a name that an order ever had, folded. It is compared letter by letter.
create table name_word (
    word text collate "C" primary key check (word <> '')
);

-- Numbers that a word has in common with words that are near it, and with some that are not.
create table name_key (
    key  int not null,
    word text collate "C" not null,
    primary key (key, word)
);

-- Whom a version of an order names: a row for each word of the surname with each of the given names, by their numbers. What narrows a search down stands beside them, so that it is narrowed within the index.
-- Only rows of an order's current version find it; those of earlier ones stay, as the versions do.
create table named (
    order_id   bigint not null,
    surname    bigint not null,
    given      bigint not null,            -- 0: no given name
    version    int not null,
    born       date,
    issued     date,
    expires    date,
    test       boolean not null,
    side       "char" not null check (side in ('r', 'a', 'p')),   -- restrained, alias, protected
    access     "char" not null check (access in ('n', 'j', 's')), -- normal, juvenile, sealed
    court      text not null,
    designator text not null
);
-- Each holds all that its searches read: of ten million orders the table itself stays on disk, and need not be in memory.
create index named_pair on named (surname, given, test, order_id desc) include (version, side, access, born, court, designator, issued, expires);
create index named_surname on named (surname, test, order_id desc) include (version, side, access, born, court, designator, issued, expires);
create index named_born on named (born, surname, given, test) include (order_id, version, side, access, court, designator, issued, expires) where born is not null;

-- Whether the names of what a submission brought are kept so. Those of orders from before this migration, and from hubs that are older than it, are kept afterwards, a few at a time.
alter table submission add column named boolean not null default false;
create index submission_unnamed on submission (id) where not named and state = 'accepted' and action in ('add', 'modify');

-- +goose Down
drop index submission_unnamed;
alter table submission drop column named;
drop table named, name_key, name_word;
