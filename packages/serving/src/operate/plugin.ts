import type { FastifyPluginCallback } from "fastify"

/** A plugin whose hooks and decorators belong to the server that registers it (fastify's own mark for that). */
export const serverPlugin = <Options extends object>(
  name: string,
  plugin: FastifyPluginCallback<Options>,
): FastifyPluginCallback<Options> =>
  Object.assign(plugin, {
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: name,
  })

declare module "fastify" {
  interface FastifyContextConfig {
    /** A route for probes: let in without a token, at any load, and logged only when it fails. */
    probe?: boolean
  }
}
