import { RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"
import { type FeatureView, featureOf, hashOf, parsed } from "./definitions.ts"
import type { OnDemandView } from "./on-demand.ts"

/** The features that a model consumes, by the names it knows them by. */
export interface FeatureService {
  readonly kind: "service"
  readonly name: string
  readonly views: readonly FeaturePick[]
  readonly onDemand: readonly OnDemandView[]
  readonly owner: string
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  /** Hash of the names, the views' versions and the picks. */
  readonly version: string
}

/** Features of one view for one role of its entity: an airport's delay as the origin's, say. */
export interface FeaturePick {
  readonly view: FeatureView
  /** Entity key -> column of the labels. */
  readonly keys: Readonly<Record<string, string>>
  /** In the order of the training set's columns. */
  readonly features: readonly { readonly feature: string; readonly as: string }[]
}

export interface PickDefinition {
  view: FeatureView
  /** Default: all, in the view's order. */
  features?: readonly string[]
  /** Entity key -> column of the labels, where they differ. The same view may be picked for several roles. */
  keys?: Record<string, string>
  /** Put before each feature's name. */
  prefix?: string
  /** Feature -> its name in the training set; wins over `prefix`. */
  rename?: Record<string, string>
}

export interface FeatureServiceDefinition {
  name: string
  views: readonly (FeatureView | PickDefinition)[]
  onDemand?: readonly OnDemandView[]
  owner?: string
  description?: string
  tags?: Record<string, string>
}

const naming = z.strictObject({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,99}$/, "letters, digits, _ and -, a letter first"),
  owner: z.string().default(""),
  description: z.string().default(""),
  tags: z.record(z.string().min(1), z.string()).default({}),
})

/** Checks a feature service. Throws INVALID_INPUT (a name twice, an unknown key), NOT_FOUND (an unknown feature). */
export const defineFeatureService = (definition: FeatureServiceDefinition): FeatureService => {
  const { views, onDemand = [], ...rest } = definition
  const named = parsed(naming, rest, "feature service", definition.name)
  const refuse = (problem: string, hint: string): never => {
    throw new RoadmapError(
      "INVALID_INPUT",
      `The feature service "${named.name}" cannot be used: ${problem}.`,
      {
        hint,
      },
    )
  }
  if (views.length === 0) refuse("it has no view", "Pick the features that the model consumes.")
  const picks = views.map(pickFeatures)
  const taken = new Set<string>()
  const take = (name: string) => {
    if (taken.has(name))
      refuse(`two features are called "${name}"`, "Give one of them a prefix or another name.")
    taken.add(name)
  }
  for (const { features } of picks) for (const { as } of features) take(as)
  for (const view of onDemand) {
    for (const input of view.stored)
      if (!taken.has(input))
        refuse(
          `the on-demand view "${view.name}" reads "${input}", which is no feature before it`,
          `There are ${[...taken].join(", ")}.`,
        )
    for (const name of Object.keys(view.features)) take(name)
  }
  const meaning = {
    name: named.name,
    views: picks.map(({ view, keys, features }) => [view.name, view.version, keys, features]),
    onDemand: onDemand.map(({ name, version }) => [name, version]),
  }
  return { kind: "service", ...named, views: picks, onDemand, version: hashOf(meaning) }
}

/** A view, or a choice of its features, with every name filled in. Throws INVALID_INPUT or NOT_FOUND. */
export const pickFeatures = (definition: FeatureView | PickDefinition): FeaturePick => {
  const pick: PickDefinition = "kind" in definition ? { view: definition } : definition
  const { view, prefix = "", rename = {} } = pick
  const chosen = pick.features ?? Object.keys(view.features)
  for (const name of [...chosen, ...Object.keys(rename)]) featureOf(view, name)
  const keys = Object.keys(view.entity.keys)
  for (const key of Object.keys(pick.keys ?? {}))
    if (!keys.includes(key))
      throw new RoadmapError(
        "INVALID_INPUT",
        `The pick of view "${view.name}" maps the key "${key}"; the entity "${view.entity.name}" has ${keys.join(", ")}.`,
      )
  return {
    view,
    keys: Object.fromEntries(keys.map(key => [key, pick.keys?.[key] ?? key])),
    features: chosen.map(feature => ({ feature, as: rename[feature] ?? `${prefix}${feature}` })),
  }
}
