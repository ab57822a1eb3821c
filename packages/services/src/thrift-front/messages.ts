/// <reference path="./thrift.d.ts" />
import thrift, { type Protocol } from "thrift"

/** A struct of the types that @databricks/sql generates from TCLIService.thrift. */
export interface Struct {
  read(input: Protocol): void
  write(output: Protocol): void
}

export interface Message<Body extends Struct = Struct> {
  /** The method, such as OpenSession. */
  readonly name: string
  readonly sequence: number
  readonly body: Body
}

const { Type, MessageType } = thrift.Thrift

/** The method that a message calls or answers. Throws what the Thrift library throws for bytes that are none. */
export const methodOf = (bytes: Buffer): string => reading(bytes).readMessageBegin().fname

/** The one argument of a call (field 1 of its arguments), or the result of an answer (field 0). */
export const decode = <Body extends Struct>(bytes: Buffer, empty: Body): Message<Body> | undefined => {
  const input = reading(bytes)
  const { fname, mtype, rseqid } = input.readMessageBegin()
  if (mtype !== MessageType.CALL && mtype !== MessageType.REPLY) return undefined
  input.readStructBegin()
  const { ftype } = input.readFieldBegin()
  if (ftype !== Type.STRUCT) return undefined
  empty.read(input)
  return { name: fname, sequence: rseqid, body: empty }
}

export const encodeCall = (message: Message): Buffer => encode(message, MessageType.CALL, 1)
export const encodeReply = (message: Message): Buffer => encode(message, MessageType.REPLY, 0)

const reading = (bytes: Buffer): Protocol => new thrift.TBinaryProtocol(new thrift.TFramedTransport(bytes))

const encode = ({ name, sequence, body }: Message, type: number, field: number): Buffer => {
  let bytes: Buffer = Buffer.alloc(0)
  const output = new thrift.TBinaryProtocol(
    new thrift.TBufferedTransport(undefined, written => {
      bytes = written
    }),
  )
  output.writeMessageBegin(name, type, sequence)
  output.writeStructBegin(name)
  output.writeFieldBegin("body", Type.STRUCT, field)
  body.write(output)
  output.writeFieldEnd()
  output.writeFieldStop()
  output.writeStructEnd()
  output.writeMessageEnd()
  output.flush()
  return bytes
}
