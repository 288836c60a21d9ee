-- How much waits is counted every ten seconds while somebody looks: what was settled in the years before must cost nothing. The other states that are not final have indexes of their own.

-- +goose Up
create index transmission_waiting on transmission (id) where state = 'waiting';

-- +goose Down
drop index transmission_waiting;
