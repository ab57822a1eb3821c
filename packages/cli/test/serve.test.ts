import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { contentOf, delayOutput, smallModel, testHome, textSignature } from "@roadmap/serving/testing/models"
import { afterAll, expect, test } from "vitest"
import { roadmap } from "../testing/command.ts"

const home = await testHome()
await home.register("delay", contentOf(await smallModel(), textSignature(delayOutput)))
await home.registry.setAlias("delay", "champion", 1)
afterAll(() => home[Symbol.asyncDispose]())

test("serves every champion until a polite kill, and says where in one JSON document", async () => {
  const token = "sixteen-letters-or-more"
  const tokenFile = join(home.home, "token")
  writeFileSync(tokenFile, `${token}\n`)
  const statuses: number[] = []
  const { code, stdout } = await roadmap(
    home.home,
    ["serve", "--port", "0", "--token-file", tokenFile, "--threads", "0", "--json"],
    {
      onStart(child) {
        child.stdout?.on("data", async text => {
          const { url } = JSON.parse(text)
          const body = '{"inputs":[{"hour":8,"distance":500,"weekday":"mon"}]}'
          for (const authorization of [`Bearer ${token}`, "Bearer another"]) {
            const headers = { "content-type": "application/json", authorization }
            statuses.push((await fetch(`${url}/invocations`, { method: "POST", headers, body })).status)
          }
          child.kill("SIGTERM")
        })
      },
    },
  )
  expect(statuses).toEqual([200, 401])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    models: [{ name: "delay", reference: "delay@champion", version: 1 }],
  })
})

test.each([
  [
    "a registry that is gone",
    ["serve", "delay@champion"],
    { MLFLOW_TRACKING_URI: "http://127.0.0.1:9" },
    3,
    "UNREACHABLE",
  ],
  ["a model that is not there", ["serve", "nobody"], {}, 1, "NOT_FOUND"],
  ["a wider binding without token", ["serve", "--host", "0.0.0.0"], {}, 2, "CONFIG_INVALID"],
  ["half of TLS", ["serve", "--tls-cert", "cert.pem"], {}, 2, "USAGE"],
  ["a token twice", ["serve", "--token", "a", "--token-file", "b"], {}, 2, "USAGE"],
  ["a token file that is not there", ["serve", "--token-file", "/nowhere/token"], {}, 1, "FILE_MISSING"],
])("%s ends with its own exit code", async (_, args, env, code, name) => {
  const ended = await roadmap(home.home, [...args, "--port", "0", "--json"], { env })
  expect([ended.code, JSON.parse(ended.stdout).error.code]).toEqual([code, name])
})
