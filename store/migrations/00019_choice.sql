-- A choice passes over a class in which everything is claimed already, and finds out by the index that it is ordered by, whatever the statistics say.

-- +goose Up
-- +goose StatementBegin
create or replace function choose_transmission(line text, tests boolean, at timestamptz, claim timestamptz) returns bigint language plpgsql as $$
declare
    best   smallint;
    who    bigint;
    chosen bigint;
begin
    for best in 0 .. 3 loop
        continue when (
            select t.id from transmission t
            where t.class = best and t.retry_at <= at and (tests or not t.test) and (t.claimed_until is null or t.claimed_until < at)
            order by t.agency_id, t.turn, t.id limit 1) is null;
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
-- The function takes and gives what it did: an earlier program works with it as it is.
select 1;
