/** "RMtk" in the file's header. */
export const applicationId = 0x524d746b

/** One entry a schema version; never change one that was released. Times are milliseconds since 1970. */
export const migrations = [
  `
  create table experiments (
    experiment_id integer primary key autoincrement,
    name text not null unique,
    lifecycle_stage text not null default 'active',
    creation_time integer not null,
    last_update_time integer not null
  ) strict;
  create table experiment_tags (
    experiment_id integer not null references experiments,
    key text not null,
    value text not null,
    primary key (experiment_id, key)
  ) strict, without rowid;

  create table runs (
    id integer primary key,
    run_id text not null unique,
    experiment_id integer not null references experiments,
    run_name text not null,
    status text not null,
    start_time integer not null,
    end_time integer,
    lifecycle_stage text not null default 'active'
  ) strict;
  create index runs_by_start on runs (experiment_id, start_time desc, run_id);
  create table params (
    run integer not null references runs, key text not null, value text not null, primary key (run, key)
  ) strict, without rowid;
  create table tags (
    run integer not null references runs, key text not null, value text not null, primary key (run, key)
  ) strict, without rowid;

  -- SQLite has no NaN: it is the value 0 with is_nan, as in MLflow's own SQL store.
  create table metrics (
    run integer not null references runs,
    key text not null,
    timestamp integer not null,
    step integer not null,
    value real not null,
    is_nan integer not null,
    primary key (run, key, timestamp, step, value, is_nan)
  ) strict, without rowid;
  create table latest_metrics (
    run integer not null references runs,
    key text not null,
    timestamp integer not null,
    step integer not null,
    value real not null,
    is_nan integer not null,
    primary key (run, key)
  ) strict, without rowid;

  create table inputs (
    id integer primary key,
    run integer not null references runs,
    name text not null,
    digest text not null,
    source_type text not null,
    source text not null,
    schema text,
    profile text,
    context text,
    unique (run, name, digest)
  ) strict;
  create table outputs (
    id integer primary key,
    run integer not null references runs,
    model_id text not null,
    step integer not null,
    unique (run, model_id, step)
  ) strict;

  -- A reader accepts a file whose hash is sha256 or pending_sha256: see artifacts.ts.
  create table artifacts (
    run integer not null references runs,
    path text not null,
    size integer,
    sha256 text,
    pending_sha256 text,
    primary key (run, path)
  ) strict, without rowid;
  `,
]
