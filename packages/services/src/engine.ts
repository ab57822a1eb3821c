import type { GroupRecord } from "./process-group.ts"

/** A real engine: what it is called, how it starts natively, with Compose, or both, and how to see that it answers. */
export interface Engine {
  name: string
  title: string
  /** The pinned versions, by program. */
  versions: Record<string, string>
  /** Starts it natively. Absent: with Docker Compose only. */
  native?: (launch: Launch) => Promise<Started>
  /** Its services in compose.yaml. Absent: natively only. */
  compose?: ComposeEngine
  /** True when it does its work. Rejects or resolves to false while it does not. */
  answers(service: Answering): Promise<boolean>
  /** Seconds in which a healthy one answers after its start, at most. */
  startSeconds: number
}

export interface Started {
  /** The environment variables that make the platform use it. */
  variables: Record<string, string>
}

/** What a running service has for a health check. */
export interface Answering {
  ports: Record<string, number>
  variables: Record<string, string>
  /** Folder of its state, logs and data. */
  folder: string
  signal: AbortSignal
}

/** What an engine starts with. Everything it starts is recorded at once, so that a failed or killed start is cleaned. */
export interface Launch {
  /** Private folder of the service. */
  folder: string
  /** Its data; kept over a restart. */
  dataFolder: string
  /** Where programs are installed, shared by all services. */
  installFolder: string
  /** Start a server that other machines can reach where it cannot be shut off from them. */
  allowOpenPort: boolean
  signal: AbortSignal
  say: (line: string) => void
  /** A free port of 127.0.0.1 under a name; the one of the last start when it is free. "main" may be chosen by the caller. */
  port(name: string): Promise<number>
  /** Starts a program as a process group of its own. */
  spawn(process: LaunchedProcess): Promise<GroupRecord>
  /** Waits until `look` gives something; rejects as soon as a started process has ended, or at the deadline. */
  until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T>
}

export interface LaunchedProcess {
  /** Also the log's name. */
  role: string
  program: string
  args: readonly string[]
  variables?: Record<string, string>
  unset?: readonly string[]
  cwd?: string
  stopSignal?: NodeJS.Signals
}

export interface ComposeEngine {
  /** The service's name in compose.yaml. */
  service: string
  /** Named port -> the variable in compose.yaml that sets it on 127.0.0.1. */
  ports: Record<string, string>
  variables(service: { ports: Record<string, number> }): Record<string, string>
}
