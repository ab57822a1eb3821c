/**
 * Colours of a page and of its plots, light and dark. The series start from the hues of Okabe and Ito (2008), moved
 * until the three common colour-vision deficiencies, simulated, tell every pair apart, at 3:1 or more on the paper.
 * `ink`, `muted`, `accent`, `good`, `warning` and `bad` are text colours: 4.5:1 or more on `paper` and `raised`.
 */
export const lightColours = {
  paper: "#fdfdfc",
  raised: "#f5f6f5",
  ink: "#1b2026",
  muted: "#57616b",
  line: "#dfe3e6",
  axis: "#98a1a9",
  accent: "#0b5f9e",
  good: "#0b6b4d",
  warning: "#7d5200",
  bad: "#a8261c",
  c1: "#0a62b5",
  c2: "#cf5600",
  c3: "#119d7f",
  c4: "#833681",
  c5: "#927849",
  c6: "#5c6670",
  h0: "#eef3f8",
  h1: "#d3e3f0",
  h2: "#b4d0e6",
  h3: "#90bada",
  h4: "#6ea4ce",
  h5: "#2f74ac",
  h6: "#1f5f96",
  h7: "#124a7b",
  h8: "#08345b",
  onStrong: "#ffffff",
  d0: "#9a3f00",
  d1: "#b95410",
  d2: "#eba674",
  d3: "#f7d7bf",
  d4: "#f1f1ef",
  d5: "#c9dff0",
  d6: "#8fbbdc",
  d7: "#2b73ad",
  d8: "#0d5187",
} as const

export const darkColours: Record<keyof typeof lightColours, string> = {
  paper: "#14181c",
  raised: "#1d2329",
  ink: "#e7eaed",
  muted: "#a1acb6",
  line: "#2f373f",
  axis: "#6b7680",
  accent: "#76bcf2",
  good: "#5cc9a0",
  warning: "#e5b454",
  bad: "#ff8f83",
  c1: "#56a4f0",
  c2: "#f0803c",
  c3: "#8fe3c4",
  c4: "#c174b1",
  c5: "#f0c24a",
  c6: "#9aa6b2",
  h0: "#1c2730",
  h1: "#1d3242",
  h2: "#1f3f57",
  h3: "#234e6e",
  h4: "#2b5f86",
  h5: "#6aaedd",
  h6: "#88c1e6",
  h7: "#aad5ef",
  h8: "#d3e9f7",
  onStrong: "#0f1418",
  d0: "#ffb184",
  d1: "#f08a4b",
  d2: "#8f4f26",
  d3: "#553524",
  d4: "#262c32",
  d5: "#213d52",
  d6: "#2c5d82",
  d7: "#63abdd",
  d8: "#9fd0f0",
}

export type ColourName = keyof typeof lightColours

const variables = (colours: Record<ColourName, string>): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";")

/** Colour variables on a selector, and their dark twins where the reader's system asks for dark. */
export const colourVariables = (selector: string): string =>
  `${selector}{${variables(lightColours)}}` +
  `@media screen and (prefers-color-scheme:dark){${selector}{${variables(darkColours)}}}`

export const standaloneColours = colourVariables(".plot")

const seriesRules = [1, 2, 3, 4, 5, 6].map(n => `.plot .s${n}{--c:var(--c${n})}`).join("")
const heatRules = [0, 1, 2, 3, 4, 5, 6, 7, 8]
  .map(n => `.plot .h${n}{fill:var(--h${n})}.plot .d${n}{fill:var(--d${n})}`)
  .join("")

/** The style of everything inside a plot. Every rule starts at .plot: it cannot leak into a page. */
export const plotStyle =
  `.plot{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif;` +
  `font-variant-numeric:tabular-nums}` +
  `.plot text{fill:var(--muted)}.plot .ink{fill:var(--ink)}.plot .strong{font-weight:600}` +
  `.plot .small{font-size:11px}.plot .heading{font-size:17px;font-weight:650}` +
  `.plot .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}` +
  `.plot .paper{fill:var(--paper)}.plot .void{fill:var(--raised);stroke:var(--line);stroke-dasharray:4 4}` +
  `.plot .grid{stroke:var(--line);shape-rendering:crispEdges}` +
  `.plot .axis{stroke:var(--axis);shape-rendering:crispEdges}` +
  `.plot .guide{stroke:var(--muted);stroke-dasharray:3 4;fill:none}` +
  `.plot .span{fill:var(--raised)}` +
  `.plot .curve{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}` +
  `.plot .faint{stroke-width:1;stroke-opacity:.45}` +
  `.plot .band{fill:var(--c);fill-opacity:.17}.plot .block{fill:var(--c)}.plot .pale{fill-opacity:.45}` +
  `.plot .mark{fill:var(--c);stroke:var(--paper);stroke-width:1}` +
  `.plot .dots{fill:none;stroke:var(--c);stroke-linecap:round}` +
  `.plot .whisker{stroke:var(--c);stroke-width:2;stroke-linecap:round;fill:none}` +
  `.plot .error{stroke:var(--ink);stroke-width:1.25;fill:none}` +
  `.plot .onStrong{fill:var(--onStrong)}` +
  seriesRules +
  heatRules

/** Class that carries the colour of series `index` (colours repeat after six; dashes and markers differ). */
export const seriesClass = (index: number): string => `s${(index % 6) + 1}`

const dashes = [undefined, "8 4", "2 4", "10 4 2 4", "5 3", "12 3 2 3 2 3", "1 5", "16 5"]

/** Dash pattern of series `index`: with the marker, a second way to tell lines apart. */
export const seriesDash = (index: number): string | undefined => dashes[index % dashes.length]
