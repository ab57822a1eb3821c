/** Shorthands for the text of WebAssembly, whose instructions are written inside out. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

export const each = (count: number, write: (i: number) => string): string =>
  range(count).map(write).join("\n")

export const get = (name: string): string => `(local.get $${name})`

export const set = (name: string, value: string): string => `(local.set $${name} ${value})`

/** Moves a pointer or counter. */
export const advance = (name: string, by: number | string): string =>
  set(name, `(i32.add ${get(name)} ${typeof by === "number" ? `(i32.const ${by})` : by})`)

export const params = (type: string, names: string): string =>
  names
    .split(" ")
    .map(name => `(param $${name} ${type})`)
    .join(" ")

export const locals = (type: string, names: string): string =>
  names
    .split(" ")
    .map(name => `(local $${name} ${type})`)
    .join(" ")

/** Two equal lanes. */
export const splat = (value: number | string): string =>
  typeof value === "number"
    ? `(v128.const f64x2 ${literal(value)} ${literal(value)})`
    : `(f64x2.splat ${value})`

/** A double as WebAssembly reads it back to the last bit. */
export const literal = (value: number): string =>
  value === Infinity ? "inf" : Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(17)

export const add = (a: string, b: string): string => `(f64x2.add ${a} ${b})`
export const sub = (a: string, b: string): string => `(f64x2.sub ${a} ${b})`
export const mul = (a: string, b: string): string => `(f64x2.mul ${a} ${b})`

export const load = (pointer: string, offset = 0): string =>
  `(v128.load offset=${offset} align=8 ${get(pointer)})`
export const store = (pointer: string, value: string, offset = 0): string =>
  `(v128.store offset=${offset} align=8 ${get(pointer)} ${value})`

/** First lane plus second lane. */
export const total = (pair: string): string =>
  `(f64.add (f64x2.extract_lane 0 ${get(pair)}) (f64x2.extract_lane 1 ${get(pair)}))`

/**
 * Runs `body` at least once and again while `pointer`, which the body moves, is below `end`.
 */
export const loopTo = (label: string, pointer: string, end: string, body: string): string =>
  `(loop $${label} ${body} (br_if $${label} (i32.lt_u ${get(pointer)} ${get(end)})))`

/** The address `rows` doubles after `pointer`. */
export const endOf = (pointer: string, rows = "rows"): string =>
  `(i32.add ${get(pointer)} (i32.shl ${get(rows)} (i32.const 3)))`

/** `x0 x1 x2 …` */
export const names = (stem: string, count: number): string =>
  range(count)
    .map(i => `${stem}${i}`)
    .join(" ")
