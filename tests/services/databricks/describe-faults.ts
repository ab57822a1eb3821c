import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { type CertificateFiles, localhostCertificate } from "../../../packages/services/src/certificate.ts"
import {
  type DatabricksOptions,
  databricksEngine,
} from "../../../packages/warehouse/src/adapters/databricks.ts"
import type { SqlEngine } from "../../../packages/warehouse/src/port.ts"
import { rowsOf } from "../../../packages/warehouse/src/rows.ts"
import { failure, letters, numbers } from "../../../packages/warehouse/testing/samples.ts"
import { type FaultyWarehouse, faultyWarehouse, type Script } from "./faults.ts"
import type { Warehouse } from "./warehouse.ts"

/** What goes wrong between a client and a warehouse, on a running one: coded errors, no hang, nothing done twice. */
export const describeFaults = (started: () => Warehouse & { files: CertificateFiles }): void => {
  describe("faults on the way to a warehouse", () => {
    let folder: string
    const opened: { close(): Promise<void> }[] = []

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "faults-"))
    })
    afterEach(async () => {
      for (const each of opened.splice(0).reverse()) await each.close()
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))

    const open = (
      changes: Partial<DatabricksOptions>,
      timeouts: DatabricksOptions["timeouts"] = { answerMs: 20_000, startMs: 0 },
    ): SqlEngine => {
      const engine = databricksEngine({ ...started(), temporaryFolder: folder, timeouts, ...changes })
      opened.push(engine)
      return engine
    }
    const between = async (
      script: Script,
      timeouts?: DatabricksOptions["timeouts"],
    ): Promise<{ engine: SqlEngine; faulty: FaultyWarehouse }> => {
      const faulty = await faultyWarehouse(started(), started().files, script)
      opened.push({ close: () => faulty.stop() })
      return { engine: open(faulty, timeouts), faulty }
    }
    const one = "SELECT 1 AS a"

    it.each([
      ["a wrong token", { token: "not-the-token" }, "AUTH_FAILED", "DATABRICKS_TOKEN"],
      ["a wrong path", { httpPath: "/sql/2.0/nowhere" }, "CONFIG_INVALID", "DATABRICKS_HTTP_PATH"],
      ["an unknown host", { host: "https://no-such-host.invalid" }, "UNREACHABLE", "DATABRICKS_HOST"],
      ["a port where nobody listens", { host: "https://localhost:1" }, "UNREACHABLE", "network"],
    ] as const)("%s", async (_, changes, code, hint) => {
      const error = await failure(open(changes).query(one))
      expect(error.code).toBe(code)
      expect(error.hint).toContain(hint)
      expect(error.message + error.hint).not.toContain("not-the-token")
    })

    it("a certificate that nobody vouches for", async () => {
      const other = await mkdtemp(join(folder, "other-"))
      const faulty = await faultyWarehouse(started(), await localhostCertificate(other), () => "pass")
      opened.push({ close: () => faulty.stop() })
      const error = await failure(open(faulty).query(one))
      expect(error.code).toBe("UNREACHABLE")
      expect(error.hint).toContain("NODE_EXTRA_CA_CERTS")
    })

    it.each([200, 500, 502])("a web page with status %i in place of an answer", async page => {
      const { engine } = await between(() => ({ page }))
      expect((await failure(engine.query(one))).code).toBe("SERVICE_FAILED")
    })

    it("a warehouse that is starting: waits for it", async () => {
      const { engine, faulty } = await between((_, count) => (count <= 5 ? { refuse: 503 } : "pass"), {
        startMs: 60_000,
      })
      expect(rowsOf(await engine.query(one))).toEqual([{ a: 1 }])
      expect(faulty.calls.get("OpenSession")).toBe(6)
    })

    it("a warehouse that does not start in time", async () => {
      const { engine } = await between(() => ({ refuse: 503 }))
      const error = await failure(engine.query(one))
      expect(error.code).toBe("SERVICE_FAILED")
      expect(error.retryable).toBe(true)
    })

    it.each(["OpenSession", "GetOperationStatus", "GetResultSetMetadata"])(
      "an answer to %s that is lost: asks again",
      async lossy => {
        const { engine } = await between((method, count) =>
          method === lossy && count <= 2 ? "lose answer" : "pass",
        )
        expect(rowsOf(await engine.query(one))).toEqual([{ a: 1 }])
      },
    )

    it("an answer to a statement that is lost: does not send the statement again", async () => {
      const table = "faults.lost"
      const direct = open({})
      await direct.load(table, letters(["a"]), "replace")
      const { engine, faulty } = await between(method =>
        method === "ExecuteStatement" ? "lose answer" : "pass",
      )
      // The session's own statement is the first that is lost.
      const error = await failure(engine.query(`INSERT INTO ${table} VALUES ('b')`))
      expect(error.code).toBe("UNREACHABLE")
      expect(error.retryable).toBe(false)
      expect(faulty.calls.get("ExecuteStatement")).toBe(1)
    })

    it.each(["cut answer", "cut message", "stall"] as const)("an answer that is broken: %s", async fault => {
      const { engine } = await between(method => (method === "FetchResults" ? fault : "pass"), {
        answerMs: 2_000,
      })
      const error = await failure(engine.query(one))
      expect(["TIMEOUT", "UNREACHABLE"]).toContain(error.code)
    })

    it("a connection that breaks in mid stream", async () => {
      const direct = open({})
      await direct.load("faults.numbers", numbers(150_000), "replace")
      const { engine, faulty } = await between(() => "pass")
      let seen = 0
      const error = await failure(
        (async () => {
          for await (const batch of engine.stream("SELECT n FROM faults.numbers")) {
            seen += batch.rows
            await faulty.stop()
          }
        })(),
      )
      expect(error.code).toBe("UNREACHABLE")
      expect(seen).toBeLessThan(150_000)
      expect(rowsOf(await direct.query(one))).toEqual([{ a: 1 }])
    })

    it("a statement beyond its time is cancelled", async () => {
      const direct = open({})
      await direct.load("faults.numbers", numbers(20_000), "replace")
      const engine = open({}, { statementMs: 1_000 })
      const endless =
        "SELECT count(*) AS n FROM faults.numbers a, faults.numbers b, faults.numbers c WHERE (a.n * 7 + b.n * 3 + c.n) % 11 = 5"
      expect((await failure(engine.query(endless))).code).toBe("TIMEOUT")
      expect(rowsOf(await engine.query(one))).toEqual([{ a: 1 }])
    })

    it("a session that the warehouse has ended: takes a new one", async () => {
      // The first statement sets the session's zone, the second is the query, the third finds it ended.
      const { engine, faulty } = await between((method, count) =>
        method === "ExecuteStatement" && count === 3 ? "end session" : "pass",
      )
      await engine.query(one)
      expect(rowsOf(await engine.query(one))).toEqual([{ a: 1 }])
      expect(faulty.calls.get("OpenSession")).toBe(2)
    })

    it("closing in mid statement interrupts it", async () => {
      const engine = open({})
      await engine.load("faults.numbers", numbers(20_000), "replace")
      const endless = engine.query(
        "SELECT count(*) AS n FROM faults.numbers a, faults.numbers b, faults.numbers c WHERE (a.n * 7 + b.n * 3 + c.n) % 11 = 5",
      )
      const failed = failure(endless)
      await new Promise(resolve => setTimeout(resolve, 500))
      await engine.close()
      expect((await failed).code).toBe("INTERRUPTED")
      expect((await failure(engine.query(one))).message).toContain("closed")
    })

    it("leaves the process's own handlers of uncaught errors alone", async () => {
      const before = process.listenerCount("uncaughtException")
      await open({}).query(one)
      expect(process.listenerCount("uncaughtException")).toBe(before)
    })
  })
}
