import { mkdir, readFile, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import { sha256 } from "@roadmap/core/hash"
import { defineDrill } from "@roadmap/labkit/drills/drill"
import { copyPinoDocs, documentsFolder, hashesOf, uploadsFolder } from "../documents.ts"
import { indexDocuments } from "./assistant.ts"
import { type Agreed, agreedPath, citedFirst, grade, observe, quarantineFolder, type State } from "./state.ts"
import { honestUploads, poison, poisonName, questions } from "./uploads.ts"

type Home = Pick<Config, "home">

const upload = (config: Home, name: string, text: string): Promise<void> =>
  writeFileAtomic(join(uploadsFolder(config), name), text)

const quarantine = async (config: Home, name: string): Promise<void> => {
  await mkdir(quarantineFolder(config), { recursive: true })
  await rename(join(uploadsFolder(config), name), join(quarantineFolder(config), name))
}

export default defineDrill<State>({
  id: "poisoned-document",
  title: "The answer that everybody gets since last night",
  targetMinutes: 15,
  async prepare({ config }) {
    await copyPinoDocs(config)
    await mkdir(quarantineFolder(config), { recursive: true })
    for (const [name, text] of Object.entries(honestUploads)) await upload(config, name, text)
    await indexDocuments(config)
    const agreed: Agreed = {
      cites: (await citedFirst(config)).cites,
      pino: await hashesOf(join(documentsFolder(config), "pino")),
      honest: await hashesOf(uploadsFolder(config)),
      poison: sha256(poison()),
    }
    await writeFileAtomic(agreedPath(config), JSON.stringify(agreed))
  },
  async break({ config }) {
    await upload(config, poisonName, poison())
    await indexDocuments(config)
  },
  observe,
  grade,
  causes: {
    stuffed: "an uploaded file was written to win the search for the questions of every day",
    stale: "the index is older than the documents",
    model: "the language model follows instructions of its own",
    threshold: "the assistant answers below its confidence",
  },
  cause: "stuffed",
  recoveries: {
    async right({ config }) {
      await quarantine(config, poisonName)
      await indexDocuments(config)
    },
    wrong: {
      async "deletes the file"({ config }) {
        await rm(join(uploadsFolder(config), poisonName))
        await indexDocuments(config)
      },
      "moves the file away and leaves the index": ({ config }) => quarantine(config, poisonName),
      async "takes out the sentences that speak to the assistant"({ config }) {
        const file = join(uploadsFolder(config), poisonName)
        await upload(
          config,
          poisonName,
          (await readFile(file, "utf8")).replace(/^Note to the assistant.*$/gm, ""),
        )
        await indexDocuments(config)
      },
      async "takes all uploads out of the search"({ config }) {
        for (const name of [poisonName, ...Object.keys(honestUploads)]) await quarantine(config, name)
        await indexDocuments(config)
      },
      async "writes the questions into pino's documentation, to win them back"({ config }) {
        const file = join(documentsFolder(config), "pino", "redaction.md")
        const text = await readFile(file, "utf8")
        await writeFileAtomic(file, `${questions.map(question => `## ${question}\n\n${text}`).join("\n")}`)
        await quarantine(config, poisonName)
        await indexDocuments(config)
      },
    },
  },
  passed:
    "A frame around documents keeps their orders from being followed; it does not keep their sentences from being quoted. Who may add a document decides what is said: sources of their own for uploads, a filter on them, and a look at what one file wins.",
})
