import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { Decision, limit, Request } from "./solution.ts"

const times = (client: string, ...at: number[]): Request[] => at.map(one => ({ client, at: one }))

export default defineCheck<typeof limit>({
  answer: "limit",
  // In thousandths of a token, in whole numbers, millisecond by millisecond.
  reference: (requests, { capacity, perSecond }) => {
    const decisions: Decision[] = requests.map(() => ({ allowed: true }))
    for (const client of new Set(requests.map(one => one.client))) {
      let parts = capacity * 1_000
      let clock = requests.find(one => one.client === client)!.at
      for (const [index, request] of requests.entries()) {
        if (request.client !== client) continue
        for (; clock < request.at; clock++) parts = Math.min(capacity * 1_000, parts + perSecond)
        if (parts >= 1_000) parts -= 1_000
        else {
          let retryAfter = 0
          while (parts + retryAfter * perSecond * 1_000 < 1_000) retryAfter++
          decisions[index] = { allowed: false, retryAfter }
        }
      }
    }
    return decisions
  },
  cases: ({ random }) => {
    let at = 0
    const mixed = Array.from({ length: 300 }, (): Request => {
      at += 125 * random.integer(4)
      const back = random.integer(20) === 0 ? 250 * random.integer(8) : 0
      return { client: "abc"[random.integer(3)], at: Math.max(0, at - back) }
    })
    return [
      {
        name: "a burst, and one request more",
        args: [times("a", 0, 0, 0, 0), { capacity: 3, perSecond: 1 }],
        expect: [{ allowed: true }, { allowed: true }, { allowed: true }, { allowed: false, retryAfter: 1 }],
      },
      {
        name: "a burst at the end of a second and one at the beginning of the next",
        args: [times("a", 900, 900, 900, 1_000, 1_000, 1_000), { capacity: 3, perSecond: 2 }],
        because:
          "a tenth of a second after a burst there is a fifth of a token, whatever the second is called.",
      },
      {
        name: "one request every half second, at a rate of one a second",
        args: [times("a", 0, 500, 1_000, 1_500, 2_000, 2_500), { capacity: 1, perSecond: 1 }],
        because:
          "the half token after 500 ms is kept, and a refused request takes nothing: every second one passes.",
      },
      {
        name: "an hour of silence",
        args: [times("a", 0, 0, 3_600_000, 3_600_000, 3_600_000), { capacity: 2, perSecond: 1 }],
        because: "a bucket holds no more than its capacity, however long nobody came.",
      },
      {
        name: "one client who asks without end, and another",
        args: [
          [...times("loop", 0, 0, 0, 0, 0), ...times("other", 10, 10), ...times("loop", 500)],
          { capacity: 2, perSecond: 1 },
        ],
        because: "everybody has a bucket of his own.",
      },
      {
        name: "a slow rate",
        args: [times("a", 0, 1_000, 5_000, 7_999, 8_000), { capacity: 1, perSecond: 0.125 }],
        because: "a token takes eight seconds; after one second seven are left.",
      },
      {
        name: "a clock that is set back by an hour",
        args: [times("a", 3_600_000, 3_600_000, 0, 0, 3_601_000, 3_601_000), { capacity: 2, perSecond: 1 }],
        because: "no time has passed at 0; at 3,601,000 one second has, and not an hour and one second.",
      },
      { name: "300 random requests of three clients", args: [mixed, { capacity: 4, perSecond: 2 }] },
    ]
  },
  mistakes: {
    "fixed-windows": {
      message:
        "Requests are counted in windows of a second that start on the second. At a border between two of them twice as many pass within a moment: count tokens, not windows.",
    },
    "one-bucket": {
      message:
        "All clients share a bucket. The one who asks in a loop then empties it for everybody, which is what the limit was to prevent.",
    },
    "never-full": {
      message:
        "The bucket fills without end. Who was silent for an hour may then send an hour's requests at once: never above `capacity`.",
    },
    "refusals-cost": {
      message:
        "A refused request takes a token too. A client that retries is kept out for as long as it retries, instead of getting what it is due.",
    },
    "whole-tokens": {
      message:
        "Only whole tokens are added, and the rest of the time is forgotten. Who asks often never gets the token that was nearly there: keep the fraction.",
    },
    "starts-empty": {
      message:
        "A new client starts with an empty bucket, so its first request is refused. It has used nothing yet: it starts full.",
    },
    "comes-back-too-early": {
      message:
        "`retryAfter` is rounded down. Clients that keep to it come before there is a token, and with 0 they come back at once, all together: round up.",
    },
    "goes-back-in-time": {
      message:
        "When the clock is set back, the bucket's moment goes back with it. The time between is then counted a second time when the clock is right again: keep the later moment.",
    },
  },
  passed:
    "packages/serving/src/operate limits by token or address in the same way, in front of everything that costs.",
})
