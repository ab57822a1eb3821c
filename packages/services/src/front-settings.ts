/**
 * A program: `node front-settings.ts <file>` starts the Thrift front with the settings of a file. Every user of a machine
 * may read the arguments of every process, and the settings hold the token: they come by a file in a private folder.
 */
import { readFileSync } from "node:fs"

process.argv[2] = readFileSync(process.argv[2], "utf8")
await import("./thrift-front/main.ts")
