import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { Chosen, chooseThreshold, Example } from "./solution.ts"

/** "0.9y 0.4n": answerable with 0.9, not answerable with 0.4. */
const examples = (text: string): Example[] =>
  text.split(" ").map(word => ({ confidence: Number.parseFloat(word), answerable: word.endsWith("y") }))

export default defineCheck<typeof chooseThreshold>({
  answer: "chooseThreshold",
  // Every threshold is tried and all three rules are applied one after the other.
  reference: (given, limit) => {
    const share = (answerable: boolean, threshold: number): number => {
      const group = given.filter(each => each.answerable === answerable)
      return group.length === 0 ? 1 : group.filter(each => each.confidence < threshold).length / group.length
    }
    const all: Chosen[] = given.map(({ confidence }) => ({
      threshold: confidence,
      declined: share(false, confidence),
      falselyDeclined: share(true, confidence),
    }))
    const allowed = all.filter(({ falselyDeclined }) => falselyDeclined <= limit)
    return allowed.sort(
      (a, b) => b.declined - a.declined || a.falselyDeclined - b.falselyDeclined || a.threshold - b.threshold,
    )[0]
  },
  cases: ({ random }) => {
    const many = (count: number, shareAnswerable: number): Example[] =>
      Array.from({ length: count }, () => {
        const answerable = random.integer(100) < shareAnswerable
        const pull = answerable ? 12 : 0
        return { confidence: Math.min(100, random.integer(60) + random.integer(30) + pull) / 100, answerable }
      })
    return [
      {
        name: "two of each, well apart",
        args: [examples("0.9y 0.7y 0.6n 0.2n"), 0.05],
        expect: { threshold: 0.7, declined: 1, falselyDeclined: 0 },
      },
      {
        name: "an answerable question among the unsure ones",
        args: [examples("0.9y 0.8y 0.75y 0.7n 0.3y 0.2n 0.1n"), 0],
        expect: { threshold: 0.3, declined: 2 / 3, falselyDeclined: 0 },
        because: "none may be falsely declined, so the threshold stays at 0.3.",
      },
      {
        name: "the same, and a quarter may be falsely declined",
        args: [examples("0.9y 0.8y 0.75y 0.7n 0.3y 0.2n 0.1n"), 0.25],
        expect: { threshold: 0.75, declined: 1, falselyDeclined: 0.25 },
      },
      {
        name: "many answerable questions and one that is not",
        args: [examples("0.95y 0.9y 0.85y 0.8y 0.75y 0.7y 0.65y 0.6y 0.55y 0.5y 0.72n"), 0.4],
        because: "declining 0.72 costs four in ten of the answerable ones: that is allowed.",
      },
      {
        name: "few answerable questions among many that are not",
        args: [examples("0.9y 0.5y 0.6n 0.55n 0.4n 0.35n 0.3n 0.25n 0.2n 0.1n"), 0.2],
        because: "one of the two answerable ones is a half of them, though a tenth of all.",
      },
      {
        name: "two kinds with the same confidence",
        args: [examples("0.8y 0.5y 0.5n 0.1n"), 0.5],
        because: "at 0.5 both are answered: at least the threshold.",
      },
      {
        name: "a threshold that costs and gains nothing",
        args: [examples("0.9y 0.8y 0.6y 0.3n"), 0.5],
        expect: { threshold: 0.6, declined: 1, falselyDeclined: 0 },
        because: "0.8 declines no more of the others and one more of the answerable.",
      },
      { name: "nothing but answerable questions", args: [examples("0.9y 0.2y 0.4y"), 0.5] },
      { name: "a limit of 1", args: [examples("0.9y 0.95n 0.4n 0.3y"), 1] },
      {
        name: "no order",
        args: [examples("0.2n 0.9y 0.6n 0.7y 0.1n 0.65y"), 0.34],
      },
      { name: "no answerable question", args: [examples("0.2n 0.9n"), 0.1], throws: /./ },
      { name: "no examples", args: [[], 0.1], throws: /./ },
      ...[20, 50, 80].flatMap(share =>
        [0, 0.05, 0.3].map(limit => ({
          name: `60 random examples, about ${share} % answerable, at most ${limit}`,
          args: [many(60, share), limit] as [Example[], number],
        })),
      ),
    ]
  },
  mistakes: {
    "one-half": {
      message:
        "The threshold is 0.5. That is right only when a wrong answer costs as much as a missing one, and the number is a calibrated probability: choose it on examples.",
    },
    "best-accuracy": {
      message:
        "The threshold with the most right decisions is taken. With nine answerable questions in ten that is one that answers nearly everything: the two shares have limits of their own.",
    },
    "share-of-all": {
      message:
        "What is falsely declined is divided by all examples. With few answerable ones half of them may be refused before the limit is seen: divide by the answerable ones.",
    },
    "border-is-declined": {
      message:
        "A confidence equal to the threshold is declined: it is answered at *at least* the threshold, so those below are declined.",
    },
    "highest-allowed": {
      message:
        "The highest threshold within the limit is taken. Where a higher one declines no more of the unanswerable, it only costs answers.",
    },
    "shares-swapped": {
      message:
        "The two kinds are exchanged: the limit is held for the questions without an answer, and as many as possible of the others are declined.",
    },
    "limit-is-excluded": {
      message: "A share that equals the limit is refused: at most the limit includes it.",
    },
    "nothing-to-decline": {
      message:
        "Without questions that cannot be answered the share is 0 / 0. Nothing was invented, so it is 1; NaN would make every comparison false.",
    },
  },
  passed:
    "packages/rag/src/answers does this with a fitted probability, and packages/evals reports both shares with intervals, on questions that neither has seen.",
})
