import type { IntervalModels } from "./explain/interval.ts"
import type { LiveModel } from "./live.ts"

/**
 * A name under which models answer: one model, or several variants that share its traffic. Each variant has
 * a slot, in which a new version takes the place of the old one while requests come in.
 */
export interface Deployment {
  readonly name: string
  readonly slots: readonly LiveSlot[]
  /**
   * Which variant answers a request, by the request's sticky key if it has one, and which one answers for
   * comparison alone.
   */
  choose(key: string | undefined): Choice
  readonly interval?: IntervalModels
}

export interface Choice {
  readonly variant: number
  readonly shadow?: number
}

export interface LiveSlot {
  current(): LiveModel
  /** The current model, which is not closed before it is given back. */
  borrow(): LiveModel
  giveBack(live: LiveModel): void
}

/** The deployments of a server by name; the first one answers where a request names none. */
export interface Deployments {
  readonly all: readonly Deployment[]
  find(name: string): Deployment | undefined
}

export const createDeployments = (all: readonly Deployment[]): Deployments => {
  const byName = new Map(all.map(deployment => [deployment.name, deployment]))
  return { all, find: name => byName.get(name) }
}
