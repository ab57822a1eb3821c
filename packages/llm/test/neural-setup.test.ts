import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { crc32, deflateRawSync } from "node:zlib"
import { sha256 } from "@roadmap/core/hash"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { installedModel, needModel } from "../src/neural/place.ts"
import { type NeuralSetupOptions, setupNeural } from "../src/neural/setup.ts"
import { readWheelEntry } from "../src/neural/wheel.ts"
import { embedderStatus } from "../src/status.ts"

const tokenizer = Buffer.from('{"a tokenizer": true}')
const small = Buffer.from("a small model ".repeat(50))
const large = Buffer.from("a large model ".repeat(200))

let root: string
let said: string[]
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "neural-"))
  said = []
  const part = join(root, "parts", "neural")
  mkdirSync(part, { recursive: true })
  const costs = { model: "model.json", downloadMegabytes: 1, installedMegabytes: 1 }
  writeFileSync(join(part, "package.json"), JSON.stringify({ description: "a model", roadmapPart: costs }))
  writeFileSync(join(part, "requirements.txt"), "")
  const pinned = (file: string, content: Buffer) => ({ file, bytes: content.length, sha256: sha256(content) })
  const pins = {
    name: "tiny",
    dimensions: 3,
    maxTokens: 8,
    tokenizer: {
      ...pinned("tokenizer.json", tokenizer),
      wheel: "t.whl",
      entry: "t/tokenizer.json",
      hub: "tokenizer.json",
    },
    models: [
      { variant: "int8", ...pinned("model-int8.onnx", small), wheel: "m.whl", entry: "m/model.onnx" },
      { variant: "float32", ...pinned("model-float32.onnx", large), hub: "onnx/model.onnx" },
    ],
    hub: "http://127.0.0.1:9/hub",
  }
  writeFileSync(join(part, "model.json"), JSON.stringify(pins))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const setup = (options: Partial<NeuralSetupOptions> = {}) =>
  setupNeural({ root, say: line => said.push(line), pythons: ["no-such-python"], ...options })

/** A folder with files, by name. */
const folderOf = (files: Record<string, Buffer>): string => {
  const folder = mkdtempSync(join(root, "given-"))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

/** A wheel (ZIP) with one entry. */
const wheelOf = (entry: string, content: Buffer, { stored = false, size = content.length } = {}): Buffer => {
  const packed = stored ? content : deflateRawSync(content)
  const name = Buffer.from(entry)
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(name.length, 26)
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  central.writeUInt16LE(stored ? 0 : 8, 10)
  central.writeUInt32LE(crc32(content), 16)
  central.writeUInt32LE(packed.length, 20)
  central.writeUInt32LE(size, 24)
  central.writeUInt16LE(name.length, 28)
  const before = local.length + name.length + packed.length
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length + name.length, 12)
  end.writeUInt32LE(before, 16)
  return Buffer.concat([local, name, packed, central, name, end])
}

/** A program that does what `python -m pip download … -d FOLDER` does, from files that are there already. */
const pipStandIn = (wheels: string, { status = 0, prints = "" } = {}): string => {
  const path = join(root, `pip-${Math.random().toString(36).slice(2)}`)
  writeFileSync(
    path,
    `#!/bin/sh\necho "${prints}" >&2\nfor last; do :; done\n[ ${status} = 0 ] && cp "${wheels}"/* "$last"/\nexit ${status}\n`,
    { mode: 0o755 },
  )
  return path
}

describe("setting up the neural part", () => {
  test("from a folder with the model's files, whichever precision they have", async () => {
    const from = folderOf({ "model.onnx": large, "tokenizer.json": tokenizer })
    expect(await setup({ from })).toMatchObject({ status: "installed", source: "folder" })
    expect(installedModel(root)).toMatchObject({
      id: `tiny-float32@${sha256(large).slice(0, 12)}`,
      dimensions: 3,
    })
    expect(said[0]).toMatch(/^neural: a model. About 1.0 MB to download, 1.0 MB in /)
    expect(await setup()).toMatchObject({ status: "present", source: "present" })
  })

  test("from a folder with the wheels", async () => {
    const from = folderOf({
      "t.whl": wheelOf("t/tokenizer.json", tokenizer),
      "m.whl": wheelOf("m/model.onnx", small, { stored: true }),
    })
    await setup({ from })
    expect(readFileSync(needModel(root).modelFile)).toEqual(small)
    expect(readFileSync(needModel(root).tokenizerFile)).toEqual(tokenizer)
  })

  test("from wheels that pip fetches", async () => {
    const wheels = folderOf({
      "t.whl": wheelOf("t/tokenizer.json", tokenizer),
      "m.whl": wheelOf("m/model.onnx", small),
    })
    expect(await setup({ pythons: ["no-such-python", pipStandIn(wheels)] })).toMatchObject({
      source: "wheels",
    })
    expect(installedModel(root)?.id).toMatch(/^tiny-int8@/)
    expect(existsSync(join(root, "parts", "neural", "node_modules", ".fetching"))).toBe(false)
  })

  test("from the hub when there is no Python", async () => {
    await using hub = await startHub({ "/onnx/model.onnx": large, "/tokenizer.json": tokenizer })
    expect(await setup({ hub: hub.url })).toMatchObject({ source: "hub" })
    expect(installedModel(root)?.id).toMatch(/^tiny-float32@/)
    expect(said.join("\n")).toMatch(/There is no Python here/)
  })

  test("without Python and network says so, and what works without the model", async () => {
    await expect(setup()).rejects.toMatchObject({
      code: "UNREACHABLE",
      retryable: true,
      message: expect.stringMatching(/no Python[\s\S]*hub cannot be reached at 127.0.0.1:9/),
      hint: expect.stringMatching(/BM25 alone[\s\S]*--from/),
    })
    expect(installedModel(root)).toBeUndefined()
    expect(() => needModel(root)).toThrow(
      expect.objectContaining({
        code: "PART_MISSING",
        hint: expect.stringContaining("roadmap setup neural"),
      }),
    )
    expect(embedderStatus({}, root)).toMatchObject({ adapter: "none", ready: false })
  })

  test("says what pip says", async () => {
    const python = pipStandIn(root, { status: 1, prints: "ERROR: Could not find a version" })
    await expect(setup({ pythons: [python] })).rejects.toThrow(
      /pip could not fetch .*Could not find a version/,
    )
    const tampered = pipStandIn(root, { status: 1, prints: "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" })
    await expect(setup({ pythons: [tampered] })).rejects.toMatchObject({ code: "FILE_CORRUPT" })
  })

  test("refuses a file that is not the pinned one, and looks no further", async () => {
    const wrong = Buffer.from(small)
    wrong[7] ^= 1
    const from = folderOf({ "model.onnx": wrong, "tokenizer.json": tokenizer })
    await expect(setup({ from })).rejects.toMatchObject({
      code: "FILE_CORRUPT",
      message: expect.stringMatching(/model-int8.onnx .* is not the pinned one: SHA-256/),
    })
    await using hub = await startHub({ "/onnx/model.onnx": wrong, "/tokenizer.json": tokenizer })
    await expect(setup({ hub: hub.url })).rejects.toMatchObject({ code: "FILE_CORRUPT" })
    expect(installedModel(root)).toBeUndefined()
  })

  test("refuses a folder without the files", async () => {
    await expect(setup({ from: folderOf({ "model.onnx": small }) })).rejects.toMatchObject({
      code: "FILE_MISSING",
    })
    await expect(setup({ from: folderOf({ "tokenizer.json": tokenizer }) })).rejects.toMatchObject({
      code: "FILE_MISSING",
    })
  })

  test("goes on after a kill with the files that are verified, and anew with those that are not", async () => {
    const files = join(root, "parts", "neural", "node_modules", "all-minilm-l6-v2")
    mkdirSync(files, { recursive: true })
    writeFileSync(join(files, "model-int8.onnx"), small)
    writeFileSync(join(files, "tokenizer.json"), tokenizer.subarray(0, 5))
    expect(installedModel(root)).toBeUndefined()
    await using hub = await startHub({ "/tokenizer.json": tokenizer })
    await setup({ hub: hub.url })
    expect(hub.paths).toEqual(["/tokenizer.json"])
    expect(installedModel(root)?.id).toMatch(/^tiny-int8@/)
  })

  test("two at once install it once", async () => {
    await using hub = await startHub({ "/onnx/model.onnx": large, "/tokenizer.json": tokenizer })
    const both = await Promise.all([setup({ hub: hub.url }), setup({ hub: hub.url })])
    expect(both.map(({ status }) => status).sort()).toEqual(["installed", "present"])
    expect(hub.paths).toHaveLength(2)
  })

  test("stops when it is aborted and leaves nothing that counts", async () => {
    await expect(setup({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "INTERRUPTED" })
    const stop = new AbortController()
    await using hub = await startHub({ "/tokenizer.json": tokenizer }, () => stop.abort())
    await expect(setup({ hub: hub.url, signal: stop.signal })).rejects.toMatchObject({ code: "INTERRUPTED" })
    expect(installedModel(root)).toBeUndefined()
  })

  test("a hub that never stops sending is cut off", async () => {
    const endless = Buffer.alloc(tokenizer.length + 1_000_000)
    await using hub = await startHub({ "/onnx/model.onnx": large, "/tokenizer.json": endless })
    await expect(setup({ hub: hub.url })).rejects.toMatchObject({ code: "FILE_CORRUPT" })
  })
})

describe("wheels", () => {
  const read = (content: Buffer, entry = "a/b", bytes = 10) => {
    const path = join(root, "x.whl")
    writeFileSync(path, content)
    return readWheelEntry(path, entry, bytes)
  }
  const ten = Buffer.from("0123456789")

  test("an entry is read, packed or stored", async () => {
    expect(await read(wheelOf("a/b", ten))).toEqual(ten)
    expect(await read(wheelOf("a/b", ten, { stored: true }))).toEqual(ten)
  })

  test.each([
    ["bytes that are none", Buffer.from("no wheel"), "a/b"],
    ["nothing", Buffer.alloc(0), "a/b"],
    ["one without the entry", wheelOf("a/b", ten), "a/c"],
    ["one cut in the middle", wheelOf("a/b", ten).subarray(20), "a/b"],
    ["one that claims another size", wheelOf("a/b", ten, { size: 2 ** 31 }), "a/b"],
    ["one that unpacks to more than it claims", wheelOf("a/b", Buffer.alloc(1_000_000), { size: 10 }), "a/b"],
  ])("%s is FILE_CORRUPT", async (_, content, entry) => {
    await expect(read(content, entry)).rejects.toMatchObject({ code: "FILE_CORRUPT" })
  })
})

const startHub = async (files: Record<string, Buffer>, onRequest: () => void = () => undefined) => {
  const paths: string[] = []
  const server: Server = createServer((request, response) => {
    paths.push(request.url!)
    onRequest()
    const file = files[request.url!]
    response.writeHead(file ? 200 : 404).end(file)
  })
  server.listen(0, "127.0.0.1")
  await new Promise(resolve => server.once("listening", resolve))
  return {
    paths,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
