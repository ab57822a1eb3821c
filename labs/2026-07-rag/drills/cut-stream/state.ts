import type { DrillPlace, Grade } from "@roadmap/labkit/drills/drill"
import { scripted } from "./questions.ts"
import { askAll, type Fate, readProvider, readService, type Service } from "./service.ts"

export const troubled = { well: false }

export interface State {
  service: Service
  /** How each question ended, in the order of questions.ts. */
  fates: Fate[]
  /** Questions for which the provider was asked more than that. */
  askedTooOften: number
  /** All questions, once the provider is well again. */
  afterwards: Fate[]
  providerUntouched: boolean
}

const mostRequests = 3

export const observe = async ({ config }: DrillPlace): Promise<State> => {
  const during = await askAll(config, troubled)
  const afterwards = await askAll(config, { well: true })
  return {
    service: await readService(config),
    fates: during.map(({ fate }) => fate),
    askedTooOften: during.filter(({ requests }) => requests > mostRequests).length,
    afterwards: afterwards.map(({ fate }) => fate),
    providerUntouched: JSON.stringify(await readProvider(config)) === JSON.stringify(troubled),
  }
}

const text = (fates: readonly Fate[]): string =>
  [...Map.groupBy(fates, fate => fate)].map(([fate, group]) => `${group.length} ${fate}`).join(", ")

export const grade = (state: State): readonly Grade[] => {
  const of = (...troubles: string[]) => state.fates.filter((_, i) => troubles.includes(scripted[i].trouble))
  const all = (fates: readonly Fate[], wanted: Fate) => fates.every(fate => fate === wanted)
  const broken = of("stalls", "breaks off", "ends early")
  return [
    {
      what: "nobody gives up: every answer has an end within six seconds",
      passed: !state.fates.includes("given up"),
      found: text(state.fates),
    },
    {
      what: "where the provider answers, people get the model's whole answer",
      passed: all(of("none", "refuses once"), "whole"),
      found: text(of("none", "refuses once")),
    },
    {
      what: "an answer that broke off ends with a whole sentence and says that it was cut",
      passed: all(broken, "marked"),
      found: text(broken),
    },
    {
      what: "where nothing comes at all, people get the documents' own sentences",
      passed: all(of("never begins", "refuses"), "documents"),
      found: text(of("never begins", "refuses")),
    },
    {
      what: `the provider is asked at most ${mostRequests} times for a question`,
      passed: state.askedTooOften === 0,
      found: `${state.askedTooOften} questions were asked more often`,
    },
    {
      what: "once the provider is well, all answers are the model's, whole",
      passed: all(state.afterwards, "whole"),
      found: text(state.afterwards),
    },
    {
      what: "the provider is as it is",
      passed: state.providerUntouched,
      found: state.providerUntouched ? "it is" : "provider.json was changed: the provider was not",
    },
  ]
}
