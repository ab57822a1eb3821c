// Opens the warehouse below the folder named by the first argument, says so, and holds it until it is killed.
import { openWarehouse } from "../../src/open.ts"

const engine = await openWarehouse({ home: process.argv[2], logLevel: "silent", ci: true, color: false })
await engine.query("CREATE TABLE IF NOT EXISTS held AS SELECT 1 AS a")
console.log("open")
setInterval(() => undefined, 1_000)
