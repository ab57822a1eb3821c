export interface Request {
  /** Another one for each request. */
  id: string
  /** Null when nobody is signed in. */
  user: string | null
}

export interface Experiment {
  name: string
  /** At least one; weights are 0 or more. */
  variants: readonly { name: string; weight: number }[]
}

/** The same number from 0 up to, not including, 1 for the same text. */
export type Hash = (text: string) => number

/** The variant that answers this request, by nothing but its key. */
export const assign = (request: Request, experiment: Experiment, hash: Hash): string => {
  return `${experiment.name} ${hash(request.id)}`
}
