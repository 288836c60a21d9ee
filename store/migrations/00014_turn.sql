-- Which transmission goes next is chosen when a line has a free place, from the classes in store/turn.go.

-- +goose Up

-- A transmission that is due has its class, its place there and the agency on whose behalf it goes, for as long as nobody is at it. class_until is when
-- it has to be looked at again: its class may be another one by then. A hub that has chosen it is on its way to begin an attempt until claimed_until.
alter table transmission
    add column class         smallint check (class between 0 and 3),
    add column agency_id     bigint,
    add column turn          timestamptz,
    add column class_until   timestamptz,
    add column claimed_until timestamptz,
    add constraint transmission_classed check (class is null or (state in ('ready', 'unknown') and open_attempt is null and agency_id is not null and turn is not null));

drop index transmission_due;
create index transmission_due on transmission (retry_at) where class is null and state in ('ready', 'unknown') and open_attempt is null;
create index transmission_turn on transmission (class, agency_id, turn, id) where class is not null;
create index transmission_aging on transmission (class_until) where class is not null;

-- When an agency was last served, counted in choices; 0 before the first.
create sequence turn;
create table agency_turn (
    agency_id bigint primary key,
    served    bigint not null
) with (fillfactor = 50);

-- Chooses the transmission that goes next over a line, and claims it: of the best class, of the agency that was served longest ago, the one whose turn is first.
-- It looks at the first of each agency only, so that what it costs depends on how many agencies there are, and not on how much is waiting.
-- Rows that another choice has locked at this moment are passed over.
-- +goose StatementBegin
create function choose_transmission(line text, tests boolean, at timestamptz, claim timestamptz) returns bigint language plpgsql as $$
declare
    best   smallint;
    who    bigint;
    chosen bigint;
begin
    for best in 0 .. 3 loop
        continue when not exists (select from transmission t where t.class = best);
        for who in
            select u.agency_id from agency_turn u join agency a on a.id = u.agency_id where a.mnemonic in ('', line) order by u.served, u.agency_id
        loop
            select t.id into chosen from transmission t
            where t.class = best and t.agency_id = who and t.retry_at <= at and (tests or not t.test) and (t.claimed_until is null or t.claimed_until < at)
            order by t.turn, t.id limit 1 for update skip locked;
            if found then
                update transmission t set claimed_until = claim where t.id = chosen;
                update agency_turn set served = nextval('turn') where agency_id = who;
                return chosen;
            end if;
        end loop;
    end loop;
    return null;
end $$;
-- +goose StatementEnd

-- +goose Down
drop function choose_transmission;
drop table agency_turn;
drop sequence turn;
drop index transmission_turn, transmission_aging, transmission_due;
alter table transmission drop constraint transmission_classed, drop column class, drop column agency_id, drop column turn, drop column class_until, drop column claimed_until;
create index transmission_due on transmission (retry_at) where state in ('ready', 'unknown');
