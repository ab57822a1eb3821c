import { defineCheck } from "@roadmap/labkit/exercises/check"
import { type default as harness, hashOf } from "./harness.ts"
import type { Experiment, Request } from "./solution.ts"

const experiment = (name: string, weights: Record<string, number>): Experiment => ({
  name,
  variants: Object.entries(weights).map(([variant, weight]) => ({ name: variant, weight })),
})
const one: Request[] = [{ id: "r-1", user: "ann" }]

export default defineCheck<ReturnType<typeof harness>>({
  answer: "assign",
  // From the other end: the variant that begins last at or before the user's place.
  reference: (requests, { name, variants }, fixed) => {
    const total = variants.reduce((sum, { weight }) => sum + weight, 0)
    return requests.map(({ id, user }) => {
      const place = (fixed ?? hashOf(`${name}:${user === null ? id : user}`)) * total
      let begins = total
      for (const variant of variants.toReversed()) {
        begins -= variant.weight
        if (variant.weight > 0 && begins <= place) return variant.name
      }
      return variants[0].name
    })
  },
  cases: () => {
    const requests = (count: number, users: number): Request[] =>
      Array.from({ length: count }, (_, i) => ({ id: `r-${i}`, user: `user-${i % users}` }))
    const strangers: Request[] = Array.from({ length: 40 }, (_, i) => ({
      id: `r-${i}`,
      user: [null, "", "ann"][i % 3],
    }))
    return [
      {
        name: "a user, five times",
        args: [requests(5, 1), experiment("may", { champion: 50, challenger: 50 })],
        because: "the user is the key, not the request.",
      },
      {
        name: "a place just on the border",
        args: [one, experiment("may", { champion: 90, challenger: 10 }), 0.9],
        expect: ["challenger"],
        because: "the champion has 0 up to, not including, 0.9.",
      },
      {
        name: "a variant with a weight of 0 in front, and the place 0",
        args: [one, experiment("may", { off: 0, champion: 3, challenger: 1 }), 0],
        expect: ["champion"],
      },
      {
        name: "200 users, 90 to 10",
        args: [requests(200, 200), experiment("may", { champion: 90, challenger: 10 })],
      },
      {
        name: "the same users in another experiment",
        args: [requests(200, 200), experiment("june", { champion: 90, challenger: 10 })],
        because: "the hash is of experiment and user: nobody is in every challenger's tenth.",
      },
      {
        name: "the same users when the challenger has 20 instead of 10",
        args: [requests(200, 200), experiment("may", { champion: 80, challenger: 20 })],
        because: "only users whose place is between 0.8 and 0.9 move.",
      },
      {
        name: "three variants whose weights add up to 8",
        args: [requests(100, 100), experiment("may", { a: 5, b: 2, c: 1 })],
      },
      {
        name: "requests of nobody, of the user without a name, and of ann",
        args: [strangers, experiment("may", { champion: 1, challenger: 1 })],
        because: "without a user the request's id decides; an empty name is a user too.",
      },
      {
        name: "weights of 0 alone",
        args: [one, experiment("paused", { champion: 0, challenger: 0 })],
        throws: /paused/,
      },
    ]
  },
  mistakes: {
    "by-request": {
      message:
        "The request's id decides, so a user meets one variant now and the other a moment later. Neither side of the comparison has any users of its own: take the user as the key.",
    },
    "same-users-in-every-experiment": {
      message:
        "The hash is of the user alone. The same tenth of users is then in the second variant of every experiment, and what one experiment does to them is seen as an effect of the other: hash the experiment's name too.",
    },
    "ignores-weights": {
      message:
        "The variants have equal parts, whatever their weights. A challenger that was to have a tenth of the traffic has half of it.",
    },
    "weights-are-percent": {
      message:
        "Weights are taken for percentages. Of 5, 2 and 1 nearly everybody then falls behind the last border: divide by their sum.",
    },
    "border-belongs-below": {
      message:
        "A place on a border is given to the variant that ends there: the comparison is <=. A weight of 0 can then get somebody: it is <.",
    },
    "sorts-by-weight": {
      message:
        "The variants are put into an order of their weights. When the weights change, so does the order, and users move who need not: keep the order in which they stand.",
    },
    "empty-name-is-nobody": {
      message:
        "The user is asked for with ||, for which the empty text is nothing too. Those requests are then split by their ids: ask for null, with ??.",
    },
  },
  passed:
    "packages/serving/src/operate/router.ts splits like this, and can let a third version answer in the shadow.",
})
