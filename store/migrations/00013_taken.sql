-- What an agency sent today is counted every few seconds while it sends.

-- +goose Up
create index submission_taken on submission (agency_id, received_at) where state = 'accepted' and replay_of = '';

-- +goose Down
drop index submission_taken;
