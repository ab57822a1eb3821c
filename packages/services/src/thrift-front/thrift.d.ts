/** The part of npm's `thrift` (which ships no types) that the front uses. */
declare module "thrift" {
  export interface Transport {
    readonly flush: () => void
  }
  export interface Protocol {
    readMessageBegin(): { fname: string; mtype: number; rseqid: number }
    readStructBegin(): void
    readFieldBegin(): { ftype: number; fid: number }
    writeMessageBegin(name: string, type: number, sequence: number): void
    writeMessageEnd(): void
    writeStructBegin(name: string): void
    writeStructEnd(): void
    writeFieldBegin(name: string, type: number, id: number): void
    writeFieldEnd(): void
    writeFieldStop(): void
    flush(): void
  }
  const thrift: {
    TBinaryProtocol: new (transport: Transport) => Protocol
    /** Reads a buffer that is there already, whole. */
    TFramedTransport: new (
      buffer: Buffer,
    ) => Transport
    /** Collects what is written and hands it over on flush. */
    TBufferedTransport: new (
      buffer: undefined,
      onFlush: (written: Buffer) => void,
    ) => Transport
    Thrift: { Type: { STRUCT: number }; MessageType: { CALL: number; REPLY: number } }
  }
  export default thrift
}
