import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { loadConfig } from "../src/config.ts"

describe("MLflow's variables", () => {
  test("a URL's user and password become credentials and leave the address that is shown", () => {
    const { mlflow } = loadConfig({ MLFLOW_TRACKING_URI: "https://ada:p%40ss@mlflow.example/base/" })
    expect(mlflow).toEqual({
      trackingUri: "https://mlflow.example/base",
      auth: { username: "ada", password: "p@ss" },
    })
  })
  test("a token wins over a user, and both over the URL's", () => {
    const uri = { MLFLOW_TRACKING_URI: "http://u:p@h:5000" }
    const user = { MLFLOW_TRACKING_USERNAME: "ada", MLFLOW_TRACKING_PASSWORD: "lovelace" }
    expect(loadConfig({ ...uri, ...user, MLFLOW_TRACKING_TOKEN: "t" }).mlflow?.auth).toEqual({ token: "t" })
    expect(loadConfig({ ...uri, ...user }).mlflow?.auth).toEqual({ username: "ada", password: "lovelace" })
  })
  test("databricks takes the workspace, also without a SQL warehouse", () => {
    const config = loadConfig({
      MLFLOW_TRACKING_URI: "databricks",
      MLFLOW_REGISTRY_URI: "databricks-uc",
      DATABRICKS_HOST: "https://x.example",
      DATABRICKS_TOKEN: "dapi",
    })
    expect(config.mlflow).toEqual({
      trackingUri: "databricks",
      registryUri: "databricks-uc",
      workspace: { host: "https://x.example", token: "dapi" },
    })
    expect(config.databricks).toBeUndefined()
  })
  test.each([
    [{ MLFLOW_REGISTRY_URI: "http://h" }, /MLFLOW_TRACKING_URI: expected with MLFLOW_REGISTRY_URI/],
    [{ MLFLOW_TRACKING_URI: "http://h", MLFLOW_REGISTRY_URI: "databricks-uc" }, /DATABRICKS_HOST/],
    [{ MLFLOW_TRACKING_URI: "http://h", MLFLOW_REGISTRY_URI: "databricks" }, /'databricks-uc'/],
    [{ MLFLOW_TRACKING_URI: "http://h", MLFLOW_TRACKING_USERNAME: "ada" }, /both or neither/],
    [{ MLFLOW_TRACKING_URI: "http://h", MLFLOW_HTTP_REQUEST_TIMEOUT: "soon" }, /whole seconds/],
  ])("%j is refused", (env, message) => {
    expect(() => loadConfig(env)).toThrow(message)
  })
  test("no password of any spelling stays in the address", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), password => {
        const uri = `http://ada:${encodeURIComponent(password.toWellFormed())}@127.0.0.1:5000`
        const { mlflow } = loadConfig({ MLFLOW_TRACKING_URI: uri })
        expect(mlflow?.trackingUri).toBe("http://127.0.0.1:5000")
        expect(mlflow?.auth).toEqual({ username: "ada", password: password.toWellFormed() })
      }),
    )
  })
})
