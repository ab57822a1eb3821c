/** The part of apache-arrow that is used here: version 13, the client's own, hides its types from ES modules. */
declare module "apache-arrow" {
  /** One column's buffers, as they lie in the message. */
  export interface Data {
    readonly type: DataType
    readonly values: ArrayBufferView
    readonly valueOffsets: Int32Array
    readonly nullBitmap: Uint8Array | undefined
    readonly nullCount: number
    readonly children: readonly Data[]
  }
  export interface DataType {
    readonly typeId: number
    /** Timestamps only. */
    readonly unit?: number
  }
  export interface RecordBatch {
    readonly numRows: number
    readonly data: Data
  }
  export const RecordBatchReader: {
    from(messages: readonly Uint8Array[]): Iterable<RecordBatch>
  }
}
