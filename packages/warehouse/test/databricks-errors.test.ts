import { describe, expect, it } from "vitest"
import {
  neverBegan,
  statementError,
  transferError,
  transportError,
} from "../src/adapters/databricks/errors.ts"

const place = { host: "example.cloud.databricks.com", httpPath: "/sql/1.0/warehouses/1" }
const failed = (sqlState: string, displayMessage: string) => ({ statusCode: 3, sqlState, displayMessage })

describe("what a warehouse says about a statement", () => {
  it.each([
    [
      "42P01",
      "[TABLE_OR_VIEW_NOT_FOUND] The table or view `a` cannot be found. SQLSTATE: 42P01",
      "TABLE_MISSING",
    ],
    ["42704", "[SCHEMA_NOT_FOUND] The schema `a` cannot be found. SQLSTATE: 42704", "TABLE_MISSING"],
    ["42601", "\n[PARSE_SYNTAX_ERROR] Syntax error at or near 'SELEC'. SQLSTATE: 42601", "SQL_INVALID"],
    ["42501", "[INSUFFICIENT_PERMISSIONS] Insufficient privileges. SQLSTATE: 42501", "PERMISSION"],
    ["42P07", "[TABLE_OR_VIEW_ALREADY_EXISTS] Cannot create `a`. SQLSTATE: 42P07", "ALREADY_EXISTS"],
    ["22012", "[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012", "SQL_FAILED"],
    ["", "Invalid SessionHandle: SessionHandle [1]", "SQL_FAILED"],
  ])("%s is mapped: %s is %s", (state, text, code) => {
    const error = statementError(failed(state, text))
    expect(error.code).toBe(code)
    expect(error.message).not.toMatch(/SQLSTATE|\n|\[[A-Z_]+\]/)
  })

  it("may be worth another try when other writers were first", () => {
    expect(statementError(failed("2D521", "[DELTA_CONCURRENT_APPEND] A file was added.")).retryable).toBe(
      true,
    )
    expect(statementError(failed("22012", "[DIVIDE_BY_ZERO] Division by zero.")).retryable).toBe(false)
  })
})

describe("what goes wrong on the way", () => {
  it.each([
    [{ statusCode: 401 }, "AUTH_FAILED"],
    [{ statusCode: 403 }, "AUTH_FAILED"],
    [{ statusCode: 404 }, "CONFIG_INVALID"],
    [{ statusCode: 302 }, "SERVICE_FAILED"],
    [{ statusCode: 413 }, "LIMIT_EXCEEDED"],
    [{ statusCode: 429 }, "SERVICE_FAILED"],
    [{ statusCode: 503 }, "SERVICE_FAILED"],
    [{ code: "ENOTFOUND", type: "system" }, "UNREACHABLE"],
    [{ code: "ECONNREFUSED", type: "system" }, "UNREACHABLE"],
    [{ code: "CERT_HAS_EXPIRED", type: "system" }, "UNREACHABLE"],
    [{ message: "Premature close" }, "UNREACHABLE"],
    [{ type: "body-timeout" }, "TIMEOUT"],
    [{ message: "No protocol version header" }, "SERVICE_FAILED"],
  ])("%j is %s", (thrown, code) => {
    expect(transportError(Object.assign(new Error(""), thrown), place).code).toBe(code)
  })

  it.each([
    [{ statusCode: 503 }, true],
    [{ code: "ECONNREFUSED" }, true],
    [{ statusCode: 500 }, false],
    [{ code: "ECONNRESET" }, false],
    [{ message: "socket hang up" }, false],
  ])("after %j a statement may be sent again: %s", (thrown, again) => {
    expect(neverBegan(transportError(Object.assign(new Error(""), thrown), place))).toBe(again)
  })
})

describe("what goes wrong with a volume", () => {
  it("is the storage's refusal, the statement's failure, or the way there", () => {
    const thrown = (details: object) => Object.assign(new Error("HTTP error 403 Forbidden"), details)
    expect(transferError(thrown({}), place)).toMatchObject({ code: "SQL_FAILED" })
    const response = {
      operationState: 5,
      ...failed("42501", "[INSUFFICIENT_PERMISSIONS] No. SQLSTATE: 42501"),
    }
    expect(transferError(thrown({ response }), place).code).toBe("PERMISSION")
    expect(transferError(Object.assign(new Error(""), { statusCode: 401 }), place).code).toBe("AUTH_FAILED")
  })
})
