import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { latencies } from "./solution.ts"

/** The smallest of the values that enough of them do not exceed. */
const percentile = (values: readonly number[], p: number): number =>
  Math.min(...values.filter(one => values.filter(other => other <= one).length >= (p * values.length) / 100))

const shared = [50, 90, 99, 100]

export default defineCheck<typeof latencies>({
  answer: "latencies",
  // A request is answered after the longest chain of requests that it may have had to wait for.
  reference: (took, interval, percentiles) => {
    const waited = took.map((_, i) => {
      let chain = 0
      let longest = Number.NEGATIVE_INFINITY
      for (let first = i; first >= 0; first--) {
        chain += took[first]
        longest = Math.max(longest, first * interval + chain)
      }
      return longest - i * interval
    })
    return {
      service: percentiles.map(p => percentile(took, p)),
      response: percentiles.map(p => percentile(waited, p)),
    }
  },
  cases: ({ random }) => [
    {
      name: "four requests, the second is slow",
      args: [[1, 35, 1, 1], 10, [50, 100]],
      expect: { service: [1, 35], response: [17, 35] },
      because: "those who came at 20 and 30 waited until 46 and 47, though their own requests took 1 ms.",
    },
    {
      name: "a server that stands still for a second",
      args: [Array.from({ length: 900 }, (_, i) => (i === 300 ? 1_000 : 1)), 10, shared],
      because:
        "more than a hundred people came while one request was waiting, and while the line was caught up.",
    },
    {
      name: "a server that is slower than the arrivals",
      args: [Array.from({ length: 200 }, () => 15), 10, shared],
      because:
        "each request adds 5 ms to the line: the last user waits more than a second, the server sees 15 ms.",
    },
    {
      name: "a fast server and rare requests",
      args: [[12, 9, 11, 100, 8], 1_000, [0, 20, 21, 50, 100]],
      expect: { service: [8, 8, 9, 11, 100], response: [8, 8, 9, 11, 100] },
      because: "nobody waits for anybody; 21 per cent of 5 are 1.05 values, so it takes two.",
    },
    { name: "one request", args: [[7], 10, [0, 50, 99.9, 100]] },
    {
      name: "two slow requests, far apart",
      args: [
        Array.from({ length: 100 }, (_, i) => (i === 10 ? 120 : i === 60 ? 45 : 2)),
        10,
        [75, 85, 90, 95, 100],
      ],
      because: "once the line has caught up, requests wait for their own moment again.",
    },
    {
      name: "400 random requests",
      args: [
        Array.from({ length: 400 }, () =>
          Math.round(1 + 8 * random.next() ** 4 * (1 + 30 * random.next() ** 6)),
        ),
        5,
        [...shared, 99.9],
      ],
    },
    {
      name: "no request",
      args: [[], 10, [50]],
      throws: /request/,
      because: "there is no percentile of nothing, and 0 would look like a very good one.",
    },
  ],
  mistakes: {
    "omits-the-waiting": {
      message:
        "The response is what the request itself took. That is coordinated omission: everybody who came while the server stood still is counted as if he had come later. Count from when the request was meant to be sent.",
    },
    "never-catches-up": {
      message:
        "Requests are sent one right after the other, not when they are due. Then fast requests are sent early, and users seem to have been answered before they came: sent is the later of due and answered.",
    },
    "fills-in-samples": {
      message:
        "For each slow request, samples are made up in steps of the interval, as histograms do that know no schedule. They are a repair for lost data; here every request's own time is known, and no request is missing.",
    },
    "waits-for-one-only": {
      message:
        "A request waits only for what the one before it took beyond the interval. A line is longer than that: the one before had itself been sent late. Carry the time of the last answer along.",
    },
    "sorts-as-text": {
      message:
        "sort() without a comparison puts 100 before 9: numbers are compared as texts. Give it (a, b) => a - b.",
    },
    interpolates: {
      message:
        "Percentiles are interpolated between two values. By nearest rank a percentile is a time that somebody really waited; between 2 ms and 1,000 ms there is a value that nobody saw.",
    },
    "rank-from-zero": {
      message:
        "The rank is rounded down and used as an index from 0. That is one value too high wherever p × n / 100 is whole: the median of two becomes the larger, and percentile 100 lies behind the end.",
    },
    "changes-the-list": {
      message:
        "The answer is right, but `took` was sorted in place: the order of sending, from which the waiting follows, is lost for whoever uses it next. Sort a copy.",
      when: seen =>
        seen.every(one => one.passed || one.changedInputs.length > 0) &&
        seen.some(one => one.changedInputs.length > 0),
    },
  },
  passed:
    "packages/serving/src/load sends by the schedule over many connections, and reports both latencies, from histograms.",
})
