#!/usr/bin/env node
// Old syntax on purpose: this file must load on any Node in order to say that Node is too old.
var version = process.versions.node.split(".").map(Number)
if (version[0] < 24) {
  console.error(
    "✖ NODE_VERSION: this is Node " +
      process.versions.node +
      "; the platform needs Node 24 or newer.\n" +
      "  Run it through pnpm, which brings its own Node: npx -y pnpm@12 roadmap list",
  )
  process.exit(2)
}
// Stripped types and compiled code are kept: the next start skips both.
import("node:module")
  .then(nodeModule => {
    nodeModule.enableCompileCache(new URL("../node_modules/.cache/node", import.meta.url).pathname)
    return import("../src/main.ts")
  })
  .then(module => module.main(process.argv.slice(2)))
