-- What another's clock says of a checkpoint.

-- +goose Up

-- A time stamp by RFC 3161 over the document of a checkpoint. Nothing here vouches for it: it is signed by an authority that is not the hub's.
create table checkpoint_stamp (
    checkpoint bigint primary key references checkpoint,
    at         timestamptz not null,      -- by the authority's clock
    token      bytea not null             -- the TimeStampToken, DER
);
create trigger checkpoint_stamp_kept before update or delete on checkpoint_stamp for each row execute function never();

-- +goose Down
drop table checkpoint_stamp;
