/** A queue of numbers in one array that doubles when it is full: no object an entry, so none to collect. */
export interface Ring {
  push(value: number): void
  /** The oldest, taken out. The ring must not be empty. */
  shift(): number
  first(): number
  readonly length: number
}

export const createRing = (): Ring => {
  let values = new Float64Array(256)
  let head = 0
  let length = 0
  const grow = (): void => {
    const larger = new Float64Array(values.length * 2)
    for (let i = 0; i < length; i++) larger[i] = values[(head + i) & (values.length - 1)]
    values = larger
    head = 0
  }
  return {
    push(value) {
      if (length === values.length) grow()
      values[(head + length) & (values.length - 1)] = value
      length++
    },
    shift() {
      const value = values[head]
      head = (head + 1) & (values.length - 1)
      length--
      return value
    },
    first: () => values[head],
    get length() {
      return length
    },
  }
}
