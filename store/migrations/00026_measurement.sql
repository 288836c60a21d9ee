-- How the exchange stood at each minute, for the operator's charts: numbers by name and label, and nobody's data.

-- +goose Up

-- One figure at one time: of a minute while it is young, of an hour when it is older (store/measure.go says of each how minutes become an hour).
create table measurement (
    what  text not null check (what ~ '^[a-zA-Z0-9]+$'),
    label text not null,                   -- a state, a verdict, an agency, a hub; empty: it has none
    at    timestamptz not null,            -- the beginning of the minute or hour
    value double precision not null,
    primary key (what, at, label)
);

-- How far the measuring has come. Of several hubs the one that moves it on has measured that minute.
create table measuring (
    single  boolean primary key default true check (single),
    at      timestamptz not null,          -- the last minute that was measured
    counted timestamptz not null,          -- what happened before is counted
    attempt bigint not null,               -- every attempt with a lower number had ended, and is counted
    thinned timestamptz not null           -- what is older was made into hours
);
insert into measuring (at, counted, attempt, thinned) select 'epoch', 'epoch', coalesce(max(id), 0), 'epoch' from attempt;

-- +goose Down
drop table measuring, measurement;
