import types from "@databricks/sql/thrift/TCLIService_types.js"
import { decode, encodeCall, encodeReply, methodOf, type Struct } from "./messages.ts"
import { withParameters } from "./parameters.ts"

/** HIVE_CLI_SERVICE_PROTOCOL_V8, the newest that Spark's server and the client's generated types share. */
const sparkProtocol = 7
/** SPARK_CLI_SERVICE_PROTOCOL_V8: from here on a client may bind parameters. */
const workspaceProtocol = 0xa508

interface Patch {
  empty(): Struct
  change(body: never): void
}

const patch = <Body>(empty: () => Body, change: (body: Body) => void): Patch => ({
  empty: empty as () => Body & Struct,
  change: change as Patch["change"],
})

const calls: Record<string, Patch> = {
  OpenSession: patch(
    () => new types.TOpenSessionReq(),
    request => {
      request.client_protocol = sparkProtocol
      request.client_protocol_i64 = undefined
    },
  ),
  ExecuteStatement: patch(
    () => new types.TExecuteStatementReq(),
    request => {
      request.statement = withParameters(request.statement, request.parameters ?? [])
      request.parameters = undefined
    },
  ),
}

const replies: Record<string, Patch> = {
  OpenSession: patch(
    () => new types.TOpenSessionResp(),
    reply => {
      reply.serverProtocolVersion = workspaceProtocol
    },
  ),
  GetOperationStatus: patch(
    () => new types.TGetOperationStatusResp(),
    reply => {
      reply.displayMessage ??= reply.errorMessage
    },
  ),
  GetResultSetMetadata: patch(
    () => new types.TGetResultSetMetadataResp(),
    reply => {
      reply.resultFormat = types.TSparkRowSetType.COLUMN_BASED_SET
      // Spark counts columns from 0. A client that expects 1 would shift them all by one, without an error.
      reply.schema?.columns.forEach((column, index) => {
        column.position = index + 1
      })
    },
  ),
}

/** The call as Spark's server understands it. */
export const patchCall = (bytes: Buffer): Buffer => {
  const found = calls[methodOf(bytes)]
  const message = found && decode(bytes, found.empty())
  if (!message) return bytes
  found.change(message.body as never)
  return encodeCall(message)
}

/** The answer as a workspace would give it. */
export const patchReply = (bytes: Buffer): Buffer => {
  const found = replies[methodOf(bytes)]
  const message = found && decode(bytes, found.empty())
  if (!message) return bytes
  found.change(message.body as never)
  return encodeReply(message)
}
