import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import type { Features } from "@roadmap/ml/features"
import type { FastifyReply, FastifyRequest } from "fastify"
import type { Deployment, LiveSlot } from "../deployment.ts"
import type { LiveModel } from "../live.ts"
import type { Predictions } from "../model/served.ts"
import { isRefusal, type Refusal, unanswerable } from "../validate/refusal.ts"
import { refuse } from "./errors.ts"

/** How one protocol reads a question and writes its answer. */
export interface Protocol<Question extends Asked> {
  readonly route: string
  /** At once, or a promise where features are looked up first. */
  read(
    live: LiveModel,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Question | Refusal | Promise<Question | Refusal>
  /**
   * At once, or a promise where more is asked than predictions. Throws INVALID_INPUT for what the model
   * cannot say.
   */
  write(
    live: LiveModel,
    question: Question,
    predictions: Predictions,
    deployment: Deployment,
  ): string | Promise<string>
}

export interface Asked {
  readonly features: Features
  /** Entity keys, one a row, where the features were looked up. */
  readonly keys?: readonly string[]
}

/** A prediction that was made, for whoever counts and logs them. */
export interface Scored {
  readonly request: FastifyRequest
  readonly deployment: Deployment
  readonly live: LiveModel
  readonly route: string
  readonly features: Features
  readonly predictions: Predictions
  /** Made for comparison: the client got another variant's answer. */
  readonly isShadow: boolean
  /** Milliseconds from the request's arrival until the answer was written. */
  readonly latencyMs: number
  /** Entity keys, one a row, where the features were looked up. */
  readonly keys?: readonly string[]
}

/** Who is told of predictions. Neither may throw. */
export interface ScoreEvents {
  scored(scored: Scored): void
  /** A shadow could not answer. The client has had its answer from the other variant. */
  shadowFailed(live: LiveModel, error: unknown): void
}

/** The header whose value keeps a client with one variant. */
export const stickyHeader = "x-sticky-key"

/**
 * Answers one request. Without `async`: a model that answers at once is answered in the same turn of the
 * event loop, and a promise for each step would cost as much as the prediction.
 */
export const score = <Question extends Asked>(
  deployment: Deployment,
  protocol: Protocol<Question>,
  request: FastifyRequest,
  reply: FastifyReply,
  events: ScoreEvents,
): void => {
  const sticky = request.headers[stickyHeader]
  const { variant, shadow } = deployment.choose(typeof sticky === "string" ? sticky : undefined)
  const slot = deployment.slots[variant]
  const live = slot.borrow()
  const fail = (error: unknown): void => {
    slot.giveBack(live)
    answerFailure(request, reply, error)
  }
  const send = (question: Question, predictions: Predictions, text: string): void => {
    void reply
      .header("content-type", "application/json; charset=utf-8")
      .header("x-served-model", headerOf(live))
      .send(text)
    const latencyMs = performance.now() - request.arrived
    const made = { request, question, predictions, isShadow: false, latencyMs }
    events.scored(scoredBy(deployment, live, protocol.route, made))
    slot.giveBack(live)
  }
  const write = (question: Question, predictions: Predictions): void => {
    const text = protocol.write(live, question, predictions, deployment)
    if (typeof text === "string") send(question, predictions, text)
    else text.then(written => send(question, predictions, written)).catch(fail)
  }
  const predict = (question: Question | Refusal): void => {
    if (isRefusal(question)) {
      slot.giveBack(live)
      refuse(request, reply, question)
      return
    }
    const predictions = live.predict(question.features, { deadline: request.deadline })
    if (predictions instanceof Promise) predictions.then(made => write(question, made)).catch(fail)
    else write(question, predictions)
  }
  try {
    const question = protocol.read(live, request, reply)
    if (question instanceof Promise) question.then(predict).catch(fail)
    else predict(question)
  } catch (error) {
    fail(error)
    return
  }
  if (shadow !== undefined)
    setImmediate(
      () => void scoreShadow(deployment, deployment.slots[shadow], protocol, { request, reply }, events),
    )
}

/** Rows that fit and that the model refuses are 422; whatever else was thrown goes to the error handler. */
const answerFailure = (request: FastifyRequest, reply: FastifyReply, error: unknown): void => {
  if (isRoadmapError(error, "INVALID_INPUT"))
    refuse(
      request,
      reply,
      unanswerable(error.hint === undefined ? error.message : `${error.message} ${error.hint}`),
    )
  else void reply.send(error)
}

/** The other variant's prediction of the same request, when its answer is out. */
const scoreShadow = async <Question extends Asked>(
  deployment: Deployment,
  slot: LiveSlot,
  protocol: Protocol<Question>,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  events: ScoreEvents,
): Promise<void> => {
  const live = slot.borrow()
  const started = performance.now()
  try {
    const question = await protocol.read(live, request, reply)
    if (isRefusal(question))
      return events.shadowFailed(live, new RoadmapError("SCHEMA_MISMATCH", question.message))
    const predictions = await live.predict(question.features, {})
    const latencyMs = performance.now() - started
    const made = { request, question, predictions, isShadow: true, latencyMs }
    events.scored(scoredBy(deployment, live, protocol.route, made))
  } catch (error) {
    events.shadowFailed(live, error)
  } finally {
    slot.giveBack(live)
  }
}

const scoredBy = (
  deployment: Deployment,
  live: LiveModel,
  route: string,
  {
    question,
    ...made
  }: Pick<Scored, "request" | "predictions" | "isShadow" | "latencyMs"> & { question: Asked },
): Scored => ({
  ...made,
  deployment,
  live,
  route,
  features: question.features,
  ...(question.keys && { keys: question.keys }),
})

const headers = new WeakMap<LiveModel, string>()

/** `name/version`, made once a model: model names may hold what a header may not. */
const headerOf = (live: LiveModel): string => {
  let header = headers.get(live)
  if (header === undefined) {
    header = `${encodeURIComponent(live.served.name)}/${live.served.version}`
    headers.set(live, header)
  }
  return header
}
