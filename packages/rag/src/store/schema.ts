import { DatabaseSync } from "node:sqlite"
import { openStateFile, type StateFile } from "@roadmap/tracking/state-file"

/** "RAG1" */
const applicationId = 0x52_41_47_31

/**
 * Chunks and embeddings lie in the order in which they came: their keys are hashes, and rows of a kilobyte put in the
 * order of hashes would touch a random page each.
 */
const migrations = [
  `create table facts (name text primary key, value text not null) without rowid;
   create table documents (
     id text primary key, source text not null, hash text not null, uri text not null, title text not null,
     format text not null, metadata text not null, text text not null
   );
   create index documents_by_source on documents (source, id);
   create table chunks (
     id text not null unique, document text not null references documents (id) on delete cascade,
     position integer not null, start integer not null, "end" integer not null, text text not null,
     context text not null, headings text not null, metadata text not null, parent text, searched integer not null
   );
   create index chunks_by_document on chunks (document, position, searched);
   create table embeddings (hash text not null unique, vector blob not null);
   create table vectors (
     id text not null unique, chunk text not null references chunks (id) on delete cascade, embedding text not null
   );
   create index vectors_by_chunk on vectors (chunk);
   create index vectors_by_embedding on vectors (embedding);
   create table vector_changes (vector text primary key, change text not null) without rowid;
   create table segments (id integer primary key autoincrement, count integer not null, bytes blob not null,
     deleted blob not null, deletions integer not null);
   insert into facts values ('generation', '0');`,
]

/**
 * The one SQLite file of an index: documents, chunks, the lexical segments, the vectors of each chunk's windows,
 * their embeddings by the hash of what was embedded, and what the vector store has still to be told. One commit changes them together.
 */
export const openIndexFile = (path: string): StateFile =>
  openStateFile({
    path,
    title: "document index",
    applicationId,
    migrations,
    durability: "normal",
    connect: (location, timeout) => new DatabaseSync(location, { timeout }),
  })
