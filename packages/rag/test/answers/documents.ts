import { markdown } from "./memory-index.ts"

/** A small corpus, written for the tests of answers. */
export const serverPage = markdown(
  "shop/server.md",
  `# Server

## Options
<a id="options"></a>

### \`trustProxy\`

+ Default: \`false\`
+ \`true\`: every proxy is trusted.

When \`trustProxy\` is on, the shop server knows that it sits behind a proxy, and reads the client's address from
the \`X-Forwarded-For\` header. Otherwise anyone could forge it.

\`\`\`js
const server = createServer({ trustProxy: true })
\`\`\`

### \`bodyLimit\`

+ Default: \`1048576\` (1 MiB)

The largest body, in bytes, that the server accepts. A larger one gets status 413, see [the errors](./errors.md).

### \`requestTimeout\`

Time in milliseconds that a whole request may take. It is never longer than 120000. Set it to \`0\` to switch the limit off.
`,
)

export const loggingPage = markdown(
  "shop/logging.md",
  `# Logging

The logger writes one JSON object a line. Secrets are hidden with the \`redact\` option:

\`\`\`js
const log = logger({ redact: ["password"] })
\`\`\`

## Levels

| level | number | meaning |
| ----- | ------ | ------- |
| trace | 10     | finest details |
| debug | 20     | for developers |
| fatal | 60     | the process ends |

The minimum level is set with \`level\`. Messages below it are not written.
`,
)

export const cookingPage = markdown(
  "kitchen/bread.md",
  `# Bread

## Dough

Mix flour, water and salt. Let the dough rest for twelve hours in a cool room. Then it is folded three times.

## Baking

Bake the bread at 240 degrees for forty minutes. A dish of water in the oven gives it a crust.
`,
)

export const pages = [serverPage, loggingPage, cookingPage]
