import { readFile } from "node:fs/promises"
import { createSecureContext } from "node:tls"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"

export interface TlsFiles {
  /** PEM: the server's certificate, then those between it and a known authority. */
  cert: string
  /** PEM: its private key. */
  key: string
  /** PEM: clients must show a certificate of one of these authorities. */
  clientAuthorities?: string
}

/** Options of `https.createServer`, TLS 1.2 and later. Throws FILE_MISSING, PERMISSION, CONFIG_INVALID. */
export const readTls = async (files: TlsFiles) => {
  const [cert, key, ca] = await Promise.all(
    [files.cert, files.key, files.clientAuthorities].map(path =>
      path === undefined
        ? undefined
        : readFile(path).catch(error => {
            throw toRoadmapError(error)
          }),
    ),
  )
  try {
    createSecureContext({ cert, key, ca })
  } catch (cause) {
    const { message } = cause as Error
    throw new RoadmapError(
      "CONFIG_INVALID",
      `${files.cert} and ${files.key} make no TLS server: ${message}.`,
      {
        hint: "Name a PEM certificate and its own PEM key.",
        cause,
      },
    )
  }
  return {
    cert,
    key,
    minVersion: "TLSv1.2" as const,
    ...(ca && { ca, requestCert: true, rejectUnauthorized: true }),
  }
}
