import { readdir, rm, symlink, writeFile } from "node:fs/promises"
import { request } from "node:http"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { lockIndex } from "@roadmap/rag/store/open"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { openUploads } from "../src/documents/uploads.ts"
import { startAssistantServer } from "../src/server.ts"
import { scriptedAssistant } from "../testing/scripted-assistant.ts"
import { proxyScript, type SmallServer, startSmall } from "../testing/start-small.ts"
import { bomb, encryptedPdf, pdfOf, zipOf } from "../testing/upload-files.ts"

const text = (content: string): Uint8Array => new TextEncoder().encode(content)

const upload = (
  url: string,
  files: readonly { name: string; bytes: Uint8Array }[],
  field = "file",
): Promise<Response> => {
  const form = new FormData()
  for (const { name, bytes } of files) form.append(field, new Blob([new Uint8Array(bytes)]), name)
  return fetch(`${url}/v1/documents`, { method: "POST", body: form })
}

/** A form written by hand, for names that a well-behaved client does not send. */
const uploadRaw = (url: string, filename: string, content: string): Promise<Response> =>
  fetch(`${url}/v1/documents`, {
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=edge" },
    body: `--edge\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n--edge--\r\n`,
  })

const listed = async (url: string): Promise<string[]> => {
  const answer = await fetch(`${url}/v1/documents?source=uploads`)
  const { documents } = (await answer.json()) as { documents: { id: string }[] }
  return documents.map(({ id }) => id)
}

const found = async ({ index }: SmallServer, words: string): Promise<string[]> => {
  const chunks = await index.chunks(index.lexical.search(words, { k: 5 }).map(({ id }) => id))
  return [...new Set(chunks.map(({ documentId }) => documentId))]
}

const kept = ({ home }: SmallServer): Promise<string[]> => readdir(join(home, "state", "uploads"))

const guide = { name: "okapi guide.md", bytes: text("# Okapi\n\nThe okapi eats leaves of the forest.\n") }

describe("an upload", () => {
  let server: SmallServer
  beforeEach(async () => {
    server = await startSmall(() => proxyScript)
    return () => server[Symbol.asyncDispose]()
  })

  test("is in the list and found by the next search, and can be read and deleted", async () => {
    const answer = await upload(server.url, [guide])
    expect(answer.status).toBe(201)
    expect(await answer.json()).toMatchObject({
      documents: [{ id: "uploads/okapi guide.md", title: "Okapi", format: "markdown" }],
      skipped: [],
    })
    expect(await listed(server.url)).toEqual(["uploads/okapi guide.md"])
    expect(await found(server, "okapi leaves")).toEqual(["uploads/okapi guide.md"])
    const path = `${server.url}/v1/documents/${encodeURIComponent("uploads/okapi guide.md")}`
    expect(await (await fetch(`${path}?start=2&end=7`)).json()).toMatchObject({
      text: "Okapi",
      start: 2,
      end: 7,
    })
    expect((await fetch(path, { method: "DELETE" })).status).toBe(204)
    expect(await listed(server.url)).toEqual([])
    expect(await found(server, "okapi leaves")).toEqual([])
    expect(await kept(server)).toEqual([])
    expect((await fetch(path, { method: "DELETE" })).status).toBe(404)
  })

  test("of the same name replaces the one before", async () => {
    await upload(server.url, [guide])
    await upload(server.url, [{ ...guide, bytes: text("# Tapir\n\nThe tapir swims.\n") }])
    expect(await listed(server.url)).toEqual(["uploads/okapi guide.md"])
    expect(await found(server, "okapi leaves")).toEqual([])
    expect(await found(server, "tapir swims")).toEqual(["uploads/okapi guide.md"])
  })

  test("may be text, HTML, PDF, or a zip of them, whose other files are named as left out", async () => {
    const bad = { name: "bytes.md", content: Uint8Array.of(0, 1, 2, 0, 255, 254, 0, 7) }
    const zip = await zipOf([{ name: "docs/zebra.md", content: text("# Zebra\n\nStripes.\n") }, bad])
    const answer = await upload(server.url, [
      { name: "notes.txt", bytes: text("The heron stands still.") },
      { name: "page.html", bytes: text("<h1>Ibis</h1><script>evil()</script><p>The ibis wades.</p>") },
      { name: "paper.pdf", bytes: pdfOf("The narwhal dives deep.") },
      { name: "pack.zip", bytes: zip },
    ])
    expect(answer.status).toBe(201)
    expect(await answer.json()).toMatchObject({
      skipped: [{ name: "pack.zip/bytes.md", code: "INVALID_INPUT" }],
    })
    expect(await listed(server.url)).toEqual([
      "uploads/notes.txt",
      "uploads/pack.zip/docs/zebra.md",
      "uploads/page.html",
      "uploads/paper.pdf",
    ])
    expect(await found(server, "narwhal")).toEqual(["uploads/paper.pdf"])
    expect(await found(server, "evil")).toEqual([])
  })

  test("in an encoding of old is read with its letters", async () => {
    const bytes = new Uint8Array(
      Buffer.from("Der Biber baut eine Burg aus Zweigen, größer als üblich.", "latin1"),
    )
    expect((await upload(server.url, [{ name: "biber.txt", bytes }])).status).toBe(201)
    const document = await server.index.document("uploads/biber.txt")
    expect(document?.text).toContain("größer als üblich")
  })

  test("survives a restart, and a new index gets it again", async () => {
    await upload(server.url, [guide])
    const other = await startSmall(() => proxyScript)
    try {
      const config = loadConfig({ ROADMAP_HOME: server.home, LOG_LEVEL: "silent" })
      const assistant = scriptedAssistant(other.index, () => proxyScript)
      const again = await startAssistantServer(config, { assistant, index: other.index, port: 0 })
      expect(await listed(again.url)).toEqual(["uploads/okapi guide.md"])
      expect(await found(other, "okapi leaves")).toEqual(["uploads/okapi guide.md"])
      await again.close()
    } finally {
      await other[Symbol.asyncDispose]()
    }
  })

  test("while another process indexes is refused, leaves nothing, and works afterwards", async () => {
    {
      using _other = lockIndex(server.index.folder, "small")
      const answer = await upload(server.url, [guide])
      expect(answer.status).toBe(409)
      expect(await answer.json()).toMatchObject({ error: { code: "STATE_LOCKED", retryable: true } })
    }
    expect(await kept(server)).toEqual([])
    expect(await listed(server.url)).toEqual([])
    expect((await upload(server.url, [guide])).status).toBe(201)
  })

  test("waits for its turn: four at once all arrive", async () => {
    const names = Array.from({ length: 4 }, (_, i) => `animal-${i}.md`)
    const answers = await Promise.all(names.map(name => upload(server.url, [{ ...guide, name }])))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    expect(await listed(server.url)).toEqual(names.map(name => `uploads/${name}`))
  })
})

describe("a refused upload leaves the index and the folder as they were", () => {
  let server: SmallServer
  let zips: Record<string, Uint8Array>
  beforeAll(async () => {
    server = await startSmall(() => proxyScript, { uploads: { documents: 3, bodyBytes: 3 * 2 ** 20 } })
    await upload(server.url, [guide])
    zips = {
      "bomb.zip": await bomb(),
      "climb.zip": await zipOf([{ name: "../../climb.md", content: text("# Up\n\nAway.\n") }]),
      "link.zip": await zipOf([{ name: "link.md", content: text("/etc/passwd"), link: true }]),
      "nested.zip": await zipOf([{ name: "inner.zip", content: await zipOf([]) }]),
    }
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  const refused = async (answer: Response, status: number, code: string): Promise<void> => {
    expect(await answer.json()).toMatchObject({ error: { code } })
    expect(answer.status).toBe(status)
    expect(await listed(server.url)).toEqual(["uploads/okapi guide.md"])
    expect(await kept(server)).toHaveLength(1)
    expect((await server.index.stats()).documents).toBe(4)
  }

  test.each<[string, string, () => Uint8Array, number, string]>([
    ["an empty file", "empty.md", () => text(""), 400, "FILE_EMPTY"],
    ["a file of white space", "blank.md", () => text(" \n\n\t "), 400, "FILE_EMPTY"],
    ["a huge file", "huge.md", () => text("word ".repeat(800_000)), 413, "LIMIT_EXCEEDED"],
    ["a program", "run.exe", () => Uint8Array.of(0x4d, 0x5a, 0x90, 0), 400, "INVALID_INPUT"],
    [
      "a binary called Markdown",
      "binary.md",
      () => Uint8Array.of(0, 1, 2, 3, 0, 255, 0, 9),
      400,
      "INVALID_INPUT",
    ],
    ["a picture called PDF", "photo.pdf", () => Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), 400, "INVALID_INPUT"],
    ["an encrypted PDF", "secret.pdf", encryptedPdf, 400, "INVALID_INPUT"],
    ["a torn PDF", "torn.pdf", () => pdfOf("Whole.").subarray(0, 40), 400, "INVALID_INPUT"],
    ["a zip bomb", "bomb.zip", () => zips["bomb.zip"], 413, "LIMIT_EXCEEDED"],
    ["a zip that climbs out", "climb.zip", () => zips["climb.zip"], 400, "PATH_OUTSIDE"],
    ["a zip with a symbolic link", "link.zip", () => zips["link.zip"], 400, "PATH_OUTSIDE"],
    ["a zip in a zip", "nested.zip", () => zips["nested.zip"], 400, "INVALID_INPUT"],
    ["a torn zip", "torn.zip", () => text("PK\u0003\u0004 and no more"), 400, "FILE_CORRUPT"],
    ["no kind at all", "README", () => text("Words."), 400, "INVALID_INPUT"],
  ])("%s", async (_, name, bytes, status, code) => {
    await refused(await upload(server.url, [{ name, bytes: bytes() }]), status, code)
  })

  test.each(["../../escape.md", "/etc/passwd.md", "..\\\\..\\\\escape.md", "..", "a/b.md"])(
    "a name that is a path: %s",
    async name => {
      await refused(await uploadRaw(server.url, name, "# Words\n\nMore."), 400, "PATH_OUTSIDE")
    },
  )

  test("one bad file among good ones: none is taken", async () => {
    const good = { name: "good.md", bytes: text("# Good\n\nWords.\n") }
    await refused(await upload(server.url, [good, { name: "bad.md", bytes: text("") }]), 400, "FILE_EMPTY")
  })

  test("more documents than are kept, more files than one request takes, another field, no file", async () => {
    const some = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ name: `${i}.md`, bytes: text(`# ${i}\n\nWords.\n`) }))
    await refused(await upload(server.url, some(3)), 413, "LIMIT_EXCEEDED")
    await refused(await upload(server.url, some(11)), 413, "LIMIT_EXCEEDED")
    await refused(await upload(server.url, some(1), "document"), 400, "INVALID_INPUT")
    await refused(await upload(server.url, []), 400, "INVALID_INPUT")
  })

  test("a body that is no form, or a torn one", async () => {
    const post = (type: string, body: string) =>
      fetch(`${server.url}/v1/documents`, { method: "POST", headers: { "content-type": type }, body })
    await refused(await post("application/json", "{}"), 400, "INVALID_INPUT")
    await refused(await post("multipart/form-data; boundary=x", "--x\r\ntorn"), 400, "INVALID_INPUT")
    await refused(await post("multipart/form-data", "--x--"), 400, "INVALID_INPUT")
  })

  test("what belongs to the corpus cannot be deleted, and a path that climbs finds nothing", async () => {
    const remove = (id: string) => fetch(`${server.url}/v1/documents/${id}`, { method: "DELETE" })
    await refused(await remove("guide/proxy.md"), 403, "PERMISSION")
    await refused(await remove(encodeURIComponent("uploads/../guide/proxy.md")), 404, "NOT_FOUND")
    await refused(
      await fetch(`${server.url}/v1/documents/${encodeURIComponent("../../etc/passwd")}`),
      404,
      "NOT_FOUND",
    )
  })
})

test("an upload whose client leaves while it is indexed is taken back", async () => {
  await using server = await startSmall(() => proxyScript, { uploads: false })
  const { index } = server
  const controller = new AbortController()
  const chunker: typeof index.chunker = {
    id: index.chunker.id,
    chunk(document) {
      if (document.id === "uploads/okapi guide.md")
        controller.abort(new RoadmapError("INTERRUPTED", "The client left."))
      return index.chunker.chunk(document)
    },
  }
  const folder = join(server.home, "state", "uploads")
  const uploads = await openUploads(folder, { ...index, chunker })
  await expect(uploads.add([guide], controller.signal)).rejects.toMatchObject({ code: "INTERRUPTED" })
  expect(await kept(server)).toEqual([])
  expect(await index.document("uploads/okapi guide.md")).toBeUndefined()
  expect((await uploads.add([guide])).documents).toHaveLength(1)
})

test("more uploads at once than may wait are told to come again, before their bodies are read", async () => {
  await using server = await startSmall(() => proxyScript, { uploads: { waiting: 1 } })
  const slow = request(`${server.url}/v1/documents`, {
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=edge" },
  })
  slow.on("error", () => undefined)
  slow.write("--edge\r\n")
  const status = async () => (await upload(server.url, [guide])).status
  await expect.poll(status).toBe(503)
  slow.destroy()
  await expect.poll(status).toBe(201)
})

test("a server that takes no uploads has no route for them", async () => {
  await using server = await startSmall(() => proxyScript, { uploads: false })
  expect((await upload(server.url, [guide])).status).toBe(404)
  expect(await listed(server.url)).toEqual([])
})

describe("the folder of uploads", () => {
  test("with a link or a foreign file in it stops the start, and says which", async () => {
    await using server = await startSmall(() => proxyScript)
    const config = loadConfig({ ROADMAP_HOME: server.home, LOG_LEVEL: "silent" })
    const start = () =>
      startAssistantServer(config, {
        assistant: scriptedAssistant(server.index, () => proxyScript),
        index: server.index,
        port: 0,
      })
    const path = join(server.home, "state", "uploads", `${"a".repeat(64)}.json`)
    await symlink("/etc/passwd", path)
    await expect(start()).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      message: expect.stringContaining(path),
    })
    await rm(path)
    await writeFile(path, "{}")
    await expect(start()).rejects.toMatchObject({ code: "STATE_CORRUPT" })
  })
})

test("documents are listed page by page in order of id", async () => {
  await using server = await startSmall(() => proxyScript)
  const ids: string[] = []
  for (let after: string | undefined = ""; after !== undefined; ) {
    const query: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`
    const answer = await fetch(`${server.url}/v1/documents?limit=2${query}`)
    const page = (await answer.json()) as { documents: { id: string }[]; next?: string }
    ids.push(...page.documents.map(({ id }) => id))
    after = page.next
  }
  expect(ids).toEqual(["guide/hostile.md", "guide/levels.md", "guide/proxy.md"])
  for (const query of ["limit=0", "limit=x", "limit=1001", "colour=red"])
    expect((await fetch(`${server.url}/v1/documents?${query}`)).status, query).toBe(400)
})
