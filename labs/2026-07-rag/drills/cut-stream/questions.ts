/** How the provider treats a question while it is not well. */
export type Trouble =
  | "none"
  | "stalls"
  | "never begins"
  | "breaks off"
  | "ends early"
  | "refuses once"
  | "refuses"

export interface Scripted {
  question: string
  /** What the stand-in for a model says: sentences of pino's documentation. */
  says: string
  trouble: Trouble
}

export const scripted: readonly Scripted[] = [
  {
    question: "How do I redact sensitive keys in pino logs?",
    says: "To redact sensitive information, supply paths to keys that hold sensitive data using the redact option. Paths that contain hyphens need to use brackets to access the hyphenated property.",
    trouble: "none",
  },
  {
    question: "How do I make pino logs pretty in development?",
    says: "By default, Pino log lines are newline delimited JSON. Pino logs can be prettified by using a Pino prettifier module like pino-pretty.",
    trouble: "none",
  },
  {
    question: "How does asynchronous logging work in pino?",
    says: "Asynchronous logging works by buffering log messages and writing them in larger chunks. It's always possible to turn on synchronous logging by passing sync: true.",
    trouble: "stalls",
  },
  {
    question: "Should pino log asynchronously in AWS Lambda functions?",
    says: "Asynchronous logging in AWS Lambda functions will tend to cause delayed or lost log messages. For Lambda deployments, it's recommended to always use a destination with sync: true.",
    trouble: "never begins",
  },
  {
    question: "Can pino be bundled without generating additional files?",
    says: "Due to its internal architecture based on Worker Threads, it is not possible to bundle Pino without generating additional files. A bundler must ensure that some files are also bundled separately.",
    trouble: "breaks off",
  },
  {
    question: "Where should pino log transformation or transmission be performed?",
    says: "It is recommended that any log transformation or transmission is performed either in a separate thread or a separate process. From Pino v7 and upwards transports can also operate inside a Worker Thread.",
    trouble: "ends early",
  },
  {
    question: "How long are major releases of pino supported?",
    says: "Major releases are supported for a minimum period of six months from their release date. Major releases will receive security updates for an additional six months from the release of the next major release.",
    trouble: "refuses once",
  },
  {
    question: "Which events does pino's tracing channel emit?",
    says: "Pino provides tracing channel events that allow insight into the internal workings of the library.",
    trouble: "refuses",
  },
]
