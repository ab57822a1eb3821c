import { RoadmapError } from "@roadmap/core/errors"
import type { Random } from "@roadmap/core/random"
import { z } from "zod"

const value = z.union([z.string(), z.number(), z.boolean()])
const when = z.strictObject({ parameter: z.string(), is: z.array(value).min(1) }).optional()

const bounded = (kind: "uniform" | "log-uniform" | "integer") =>
  z.strictObject({ kind: z.literal(kind), low: z.number(), high: z.number(), when })

const parameter = z.discriminatedUnion("kind", [
  bounded("uniform"),
  bounded("log-uniform"),
  z.strictObject({ ...bounded("integer").shape, kind: z.literal("integer"), log: z.boolean().optional() }),
  z.strictObject({ kind: z.literal("choice"), values: z.array(value).min(1), when }),
])

export type ParameterValue = string | number | boolean

/** The parameter exists only where an earlier one has one of these values. */
export interface Condition {
  readonly parameter: string
  readonly is: readonly ParameterValue[]
}

/** What a parameter may be. Both ends of a range belong to it. */
export type Parameter =
  | {
      readonly kind: "uniform" | "log-uniform"
      readonly low: number
      readonly high: number
      readonly when?: Condition
    }
  | {
      readonly kind: "integer"
      readonly low: number
      readonly high: number
      /** Even over the logarithm, as for a number of leaves. Default false. */
      readonly log?: boolean
      readonly when?: Condition
    }
  | { readonly kind: "choice"; readonly values: readonly ParameterValue[]; readonly when?: Condition }

/** The parameters by name; a condition names one that stands before. */
export type Space = Readonly<Record<string, Parameter>>

/** One point of a space: a value for each parameter that exists there. */
export type Configuration = Readonly<Record<string, ParameterValue>>

/** Throws INVALID_INPUT for a space without parameters, bad ranges, or conditions that name no earlier parameter. */
export const checkSpace = (space: Space): void => {
  const problems: string[] = []
  const seen: string[] = []
  for (const [name, given] of Object.entries(space)) {
    const parsed = parameter.safeParse(given)
    if (!parsed.success)
      problems.push(`${name}: ${parsed.error.issues.map(issue => issue.message).join(", ")}`)
    else problems.push(...problemsOf(given).map(problem => `${name}: ${problem}`))
    if (parsed.success && given.when !== undefined && !seen.includes(given.when.parameter))
      problems.push(`${name}: its condition names "${given.when.parameter}", which is no earlier parameter`)
    seen.push(name)
  }
  if (seen.length === 0) problems.push("it has no parameters")
  if (problems.length > 0)
    throw new RoadmapError("INVALID_INPUT", `The search space cannot be used: ${problems.join("; ")}.`, {
      hint: 'A parameter is data, such as { kind: "log-uniform", low: 0.01, high: 0.3 }.',
    })
}

const problemsOf = (given: Parameter): string[] => {
  if (given.kind === "choice")
    return new Set(given.values).size < given.values.length ? ["a value appears twice"] : []
  const { low, high } = given
  const problems: string[] = []
  if (!(high >= low)) problems.push(`the range ${low}..${high} is empty`)
  if (given.kind === "integer" && !(Number.isInteger(low) && Number.isInteger(high)))
    problems.push(`the ends ${low} and ${high} must be whole numbers`)
  if (isLogarithmic(given) && !(low > 0)) problems.push(`a logarithmic range starts above 0, not at ${low}`)
  return problems
}

export const isLogarithmic = (given: Parameter): boolean =>
  given.kind === "log-uniform" || (given.kind === "integer" && given.log === true)

/** Whether the parameter exists beside these values. */
export const isActive = ({ when }: Parameter, beside: Configuration): boolean =>
  when === undefined || (when.parameter in beside && when.is.includes(beside[when.parameter]))

/** A point of the space whose values `draw` gives, parameter by parameter. */
export const buildConfiguration = (
  space: Space,
  draw: (name: string, parameter: Parameter) => ParameterValue,
): Configuration => {
  const chosen: Record<string, ParameterValue> = {}
  for (const [name, given] of Object.entries(space))
    if (isActive(given, chosen)) chosen[name] = draw(name, given)
  return chosen
}

/** A random point: each parameter by its own distribution. */
export const drawConfiguration = (space: Space, random: Random): Configuration =>
  buildConfiguration(space, (_, given) => drawValue(given, random))

export const drawValue = (given: Parameter, random: Random): ParameterValue => {
  if (given.kind === "choice") return given.values[random.integer(given.values.length)]
  const { low, high } = innerRange(given)
  return fromInner(given, low + (high - low) * random.next())
}

/**
 * The range in which a numeric parameter is even: its logarithm for a logarithmic one; whole numbers own half
 * a step on both sides.
 */
export const innerRange = (given: Exclude<Parameter, { kind: "choice" }>): { low: number; high: number } => {
  const half = given.kind === "integer" ? 0.5 : 0
  const low = given.low - half
  const high = given.high + half
  return isLogarithmic(given) ? { low: Math.log(low), high: Math.log(high) } : { low, high }
}

export const toInner = (given: Parameter, value: number): number =>
  isLogarithmic(given) ? Math.log(value) : value

export const fromInner = (given: Exclude<Parameter, { kind: "choice" }>, inner: number): number => {
  const outer = isLogarithmic(given) ? Math.exp(inner) : inner
  const rounded = given.kind === "integer" ? Math.round(outer) : outer
  return Math.min(Math.max(rounded, given.low), given.high)
}

/** What is wrong with a configuration from elsewhere; undefined when it is a point of the space. */
export const strayFrom = (space: Space, configuration: Configuration): string | undefined => {
  for (const name of Object.keys(configuration))
    if (!Object.hasOwn(space, name)) return `it has no parameter "${name}"`
  for (const [name, given] of Object.entries(space)) {
    const chosen = configuration[name]
    if (!isActive(given, configuration)) {
      if (chosen !== undefined) return `${name} does not exist beside its other values`
    } else if (chosen === undefined) return `${name} is missing`
    else if (given.kind === "choice" ? !given.values.includes(chosen) : !isInside(given, chosen))
      return `${name} cannot be ${String(chosen)}`
  }
  return undefined
}

const isInside = (given: Exclude<Parameter, { kind: "choice" }>, chosen: ParameterValue): boolean =>
  typeof chosen === "number" &&
  chosen >= given.low &&
  chosen <= given.high &&
  (given.kind !== "integer" || Number.isInteger(chosen))
