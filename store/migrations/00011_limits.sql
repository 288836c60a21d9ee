-- What an agency may send, where it is not what the hub allows everybody.

-- +goose Up
alter table agency
    add column per_second double precision not null default 0 check (per_second >= 0), -- requests; 0: the hub's own bound, here and below
    add column burst      int not null default 0 check (burst >= 0),                   -- requests at once
    add column daily      int not null default 0 check (daily >= 0);                   -- packages taken a day

-- +goose Down
alter table agency drop column per_second, drop column burst, drop column daily;
