/** "RMrg" in the file's header. */
export const applicationId = 0x524d7267

/**
 * One entry a schema version; never change one that was released. There is no column for a version's status: a
 * version's row is written in the transaction that puts its directory in place, so a row is a READY version.
 */
export const migrations = [
  `
  create table models (
    id integer primary key,
    name text not null unique,
    description text not null default '',
    -- Counts up only: the number of a deleted version is not given again.
    last_version integer not null default 0,
    creation_time integer not null,
    last_updated_time integer not null
  ) strict;
  create table model_tags (
    model integer not null references models on delete cascade,
    key text not null,
    value text not null,
    primary key (model, key)
  ) strict, without rowid;

  create table versions (
    id integer primary key,
    model integer not null references models on delete cascade,
    version integer not null,
    description text not null default '',
    digest text not null,
    run_id text,
    idempotency_key text,
    lineage text not null,
    creation_time integer not null,
    last_updated_time integer not null,
    unique (model, version),
    unique (model, idempotency_key)
  ) strict;
  create index versions_by_digest on versions (digest);
  create table version_tags (
    version integer not null references versions on delete cascade,
    key text not null,
    value text not null,
    primary key (version, key)
  ) strict, without rowid;

  create table aliases (
    model integer not null references models on delete cascade,
    alias text not null,
    version integer not null,
    primary key (model, alias),
    foreign key (model, version) references versions (model, version)
  ) strict, without rowid;
  `,
]
