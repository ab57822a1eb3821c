/** "RMfs" in the file's header. */
export const applicationId = 0x524d6673

/** One entry a schema version; never change one that was released. Times are milliseconds since 1970. */
export const migrations = [
  `
  -- Every version that was ever registered stays; a definition's current version is the one registered last.
  create table definitions (
    id integer primary key,
    kind text not null check (kind in ('view', 'service')),
    name text not null,
    version text not null,
    body text not null,
    owner text not null,
    description text not null,
    created_at integer not null,
    registered_at integer not null,
    deleted_at integer,
    unique (kind, name, version)
  ) strict;
  create index definitions_by_name on definitions (kind, name, registered_at desc);
  create table definition_tags (
    definition integer not null references definitions,
    key text not null,
    value text not null,
    primary key (definition, key)
  ) strict, without rowid;
  create table service_views (
    service integer not null references definitions,
    view_name text not null,
    view_version text not null,
    primary key (service, view_name, view_version)
  ) strict, without rowid;
  create table model_services (
    model text not null,
    model_version integer not null,
    service text not null,
    service_version text not null,
    linked_at integer not null,
    primary key (model, model_version, service)
  ) strict, without rowid;
  `,
]
