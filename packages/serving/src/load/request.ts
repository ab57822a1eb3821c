import type { Endpoint } from "./connection.ts"
import type { LoadPlan } from "./options.ts"

/** Where a plan's requests go. */
export const endpointOf = ({ url, ca }: Pick<LoadPlan, "url" | "ca">): Endpoint => {
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === "https:"
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 443 : 80) : Number(port),
    ...(secure && { tls: { ...(ca !== undefined && { ca }) } }),
  }
}

/** Every request as the bytes that go out, made once: one a body, or the one without. */
export const requestsOf = ({ url, method, headers, bodies }: LoadPlan): Buffer[] => {
  const { host, pathname, search, username, password } = new URL(url)
  const given = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const all = new Map([
    ["host", host],
    ...(username ? [["authorization", basic(username, password)] as const] : []),
    ...given,
  ])
  if (bodies.length > 0 && !all.has("content-type")) all.set("content-type", "application/json")
  const lines = (length?: number) => {
    const complete = new Map(all)
    complete.delete("content-length")
    if (length !== undefined) complete.set("content-length", String(length))
    return [...complete].map(([name, value]) => `${name}: ${value}\r\n`).join("")
  }
  const start = `${method} ${pathname}${search} HTTP/1.1\r\n`
  if (bodies.length === 0) return [Buffer.from(`${start}${lines(method === "GET" ? undefined : 0)}\r\n`)]
  return bodies.map(text => {
    const body = Buffer.from(text)
    return Buffer.concat([Buffer.from(`${start}${lines(body.length)}\r\n`), body])
  })
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${decodeURIComponent(user)}:${decodeURIComponent(password)}`).toString("base64")}`
