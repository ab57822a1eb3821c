import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { loadConfig } from "../src/config.ts"

const azure = {
  AZURE_OPENAI_ENDPOINT: "https://unit.openai.azure.com/",
  AZURE_OPENAI_API_VERSION: "2024-10-21",
  AZURE_OPENAI_API_KEY: "key",
  AZURE_OPENAI_DEPLOYMENT: "chat",
}

describe("variables of language models and vector stores", () => {
  test("unset select nothing", () => {
    expect(loadConfig({ OPENAI_API_KEY: "" })).not.toHaveProperty("openai")
    expect(loadConfig({})).not.toHaveProperty("azureOpenai")
    expect(loadConfig({})).not.toHaveProperty("qdrant")
  })

  test("OpenAI's, with an address without user and password", () => {
    const { openai } = loadConfig({
      OPENAI_BASE_URL: "http://ada:pass@127.0.0.1:8080/v1/",
      OPENAI_API_KEY: "k",
      OPENAI_MODEL: "m",
      OPENAI_EMBEDDING_MODEL: "e",
    })
    expect(openai).toEqual({
      apiKey: "k",
      baseUrl: "http://127.0.0.1:8080/v1",
      model: "m",
      embeddingModel: "e",
    })
  })

  test("Azure's, with a key or a Microsoft Entra token; the key wins", () => {
    expect(loadConfig(azure).azureOpenai).toEqual({
      endpoint: "https://unit.openai.azure.com",
      apiVersion: "2024-10-21",
      auth: { apiKey: "key" },
      deployment: "chat",
    })
    const token = { ...azure, AZURE_OPENAI_API_KEY: "", AZURE_OPENAI_AD_TOKEN: "ey" }
    expect(loadConfig(token).azureOpenai?.auth).toEqual({ adToken: "ey" })
    expect(loadConfig({ ...azure, AZURE_OPENAI_AD_TOKEN: "ey" }).azureOpenai?.auth).toEqual({ apiKey: "key" })
  })

  test("Qdrant's", () => {
    expect(loadConfig({ QDRANT_URL: "http://127.0.0.1:6333", QDRANT_API_KEY: "k" }).qdrant).toEqual({
      url: "http://127.0.0.1:6333",
      apiKey: "k",
    })
  })

  test.each([
    [{ OPENAI_MODEL: "m" }, /OPENAI_API_KEY or OPENAI_BASE_URL: expected with OPENAI_MODEL/],
    [{ OPENAI_EMBEDDING_MODEL: "m" }, /expected with OPENAI_EMBEDDING_MODEL/],
    [{ OPENAI_BASE_URL: "localhost:8080" }, /OPENAI_BASE_URL: expected an http/],
    [{ AZURE_OPENAI_DEPLOYMENT: "d" }, /AZURE_OPENAI_ENDPOINT: expected with AZURE_OPENAI_DEPLOYMENT/],
    [{ AZURE_OPENAI_API_KEY: "k" }, /AZURE_OPENAI_ENDPOINT: expected with AZURE_OPENAI_API_KEY/],
    [{ ...azure, AZURE_OPENAI_API_KEY: "" }, /AZURE_OPENAI_API_KEY or AZURE_OPENAI_AD_TOKEN/],
    [{ ...azure, AZURE_OPENAI_API_VERSION: "" }, /AZURE_OPENAI_API_VERSION: expected with/],
    [{ ...azure, AZURE_OPENAI_API_VERSION: "newest" }, /a date such as 2024-10-21/],
    [{ ...azure, AZURE_OPENAI_DEPLOYMENT: "" }, /DEPLOYMENT or AZURE_OPENAI_EMBEDDING_DEPLOYMENT/],
    [{ QDRANT_API_KEY: "k" }, /QDRANT_URL: expected with QDRANT_API_KEY/],
  ])("%j is refused", (env, message) => {
    expect(() => loadConfig(env)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }))
    expect(() => loadConfig(env)).toThrow(message)
  })

  test("no secret stands in an error", () => {
    const secret = fc.stringMatching(/^[a-z0-9]{24,40}$/)
    fc.assert(
      fc.property(secret, value => {
        const env = {
          OPENAI_API_KEY: value,
          OPENAI_BASE_URL: `no-url-${value}`,
          AZURE_OPENAI_API_KEY: value,
          AZURE_OPENAI_AD_TOKEN: value,
          AZURE_OPENAI_API_VERSION: value,
          QDRANT_API_KEY: value,
        }
        try {
          loadConfig(env)
          return false
        } catch (error) {
          return !(error as Error).message.includes(value)
        }
      }),
    )
  })
})
