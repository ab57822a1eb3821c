import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { installPart, partOf, repositoryRoot } from "../../packages/core/src/parts.ts"
import { irVersion, opsets } from "../../packages/ml/src/onnx/graph.ts"
import { encodeOnnx, type OnnxNode, type OnnxValue } from "../../packages/ml/src/onnx/proto.ts"
import { openCrossEncoder } from "../../packages/rag/src/rerank/cross-encoder.ts"
import type { Retrieved } from "../../packages/rag/src/retriever.ts"
import { aChunk } from "../../packages/rag/test/chunks.ts"

/*
 * No package registry has the weights of a cross-encoder, so a model of three operators stands in for one: its score is the
 * sum of a weight for each token of the passage, and none of the question or of the padding. That shows that tokens, types,
 * masks, batches and cuts reach a model as a real one takes them; it shows nothing of how well a real one orders.
 */
const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "plain", "title"]
const weights = Float32Array.of(1_000, 0, 0, 0, 2, -3, 0.5, 0)

const tokenizer = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]"].map((content, id) => ({
    ...{ id, content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  })),
  normalizer: { type: "Lowercase" },
  pre_tokenizer: { type: "Whitespace" },
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "[CLS]", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
      { Sequence: { id: "B", type_id: 1 } },
      { SpecialToken: { id: "[SEP]", type_id: 1 } },
    ],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
    },
  },
  decoder: null,
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
  },
}

const node = (
  operator: string,
  inputs: string[],
  output: string,
  attributes: OnnxNode["attributes"] = {},
): OnnxNode => ({
  ...{ operator, domain: "", inputs, outputs: [output], attributes },
})
const matrix = (
  name: string,
  type: OnnxValue["type"] = "int64",
  width: number | string = "tokens",
): OnnxValue => ({
  ...{ name, type, shape: ["pairs", width] },
})
const modelOf = (inputs: readonly string[], out: { width: number }): Uint8Array =>
  encodeOnnx({
    irVersion,
    producer: "test",
    opsets: { "": opsets[""] },
    metadata: {},
    graph: {
      name: "sum of the passage's weights",
      inputs: inputs.map(name => matrix(name)),
      outputs: [matrix("logits", "float", out.width)],
      constants: {
        weights: { type: "float", dims: [weights.length], values: weights },
        axes: { type: "int64", dims: [1], values: BigInt64Array.of(1n) },
      },
      nodes: [
        node("Gather", ["weights", inputs[0]], "each"),
        node("Cast", ["attention_mask"], "mask", { to: { kind: "int", value: 1 } }),
        node("Cast", ["token_type_ids"], "types", { to: { kind: "int", value: 1 } }),
        node("Mul", ["each", "mask"], "there"),
        node("Mul", ["there", "types"], "passage"),
        node("ReduceSum", ["passage", "axes"], "logits", { keepdims: { kind: "int", value: 1 } }),
      ],
    },
  })

const folder = mkdtempSync(join(tmpdir(), "cross-encoder-"))
const modelFile = join(folder, "model.onnx")
const tokenizerFile = join(folder, "tokenizer.json")
const files = { modelFile, tokenizerFile, name: "sum" }

beforeAll(async () => {
  await installPart(repositoryRoot, await partOf(repositoryRoot, "onnx"), {
    say: line => console.error(line),
  })
  writeFileSync(modelFile, modelOf(["input_ids", "attention_mask", "token_type_ids"], { width: 1 }))
  writeFileSync(tokenizerFile, JSON.stringify(tokenizer))
})
afterAll(() => rmSync(folder, { recursive: true }))

const passage = (id: string, text: string): Retrieved => ({
  chunk: aChunk({ id, text, title: "title" }),
  score: 0,
  scores: { bm25: 1 },
})
const passages = [passage("a", "plain"), passage("b", "good good bad good"), passage("c", "bad bad")]

describe("a cross-encoder in onnxruntime", () => {
  test("scores each passage once, best first, whatever the batch", async () => {
    for (const batch of [1, 2, 16]) {
      await using reranker = await openCrossEncoder({ ...files, batch })
      const found = await reranker.rerank("good good good", passages)
      expect(found.map(({ chunk, score, scores }) => [chunk.id, score, scores.rerank, scores.bm25])).toEqual([
        ["b", 3, 3, 1],
        ["a", 0.5, 0.5, 1],
        ["c", -6, -6, 1],
      ])
      expect(await reranker.rerank("good", [])).toEqual([])
    }
  })
  test("cuts a long passage at its limit, and never the question", async () => {
    await using reranker = await openCrossEncoder({ ...files, maxTokens: 10 })
    const [found] = await reranker.rerank("one two three", [passage("long", "good ".repeat(5_000))])
    // [CLS], three words, [SEP], title, good three times, [SEP].
    expect(found.score).toBe(6)
  })
  test("refuses files that are no such model", async () => {
    const other = join(folder, "other.onnx")
    writeFileSync(other, modelOf(["pixels", "attention_mask", "token_type_ids"], { width: 1 }))
    await expect(openCrossEncoder({ ...files, modelFile: other })).rejects.toMatchObject({
      code: "MODEL_FORMAT",
    })
    writeFileSync(other, "no model")
    await expect(openCrossEncoder({ ...files, modelFile: other })).rejects.toMatchObject({
      code: "MODEL_FORMAT",
    })
    await expect(openCrossEncoder({ ...files, tokenizerFile: other })).rejects.toMatchObject({
      code: "FILE_CORRUPT",
    })
    await expect(openCrossEncoder({ ...files, modelFile: join(folder, "none") })).rejects.toMatchObject({
      code: "FILE_MISSING",
    })
  })
  test("stops when it is told to", async () => {
    await using reranker = await openCrossEncoder(files)
    await expect(reranker.rerank("q", passages, AbortSignal.abort())).rejects.toMatchObject({
      code: "INTERRUPTED",
    })
  })
})
