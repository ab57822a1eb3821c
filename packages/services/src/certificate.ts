import { X509Certificate } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { lastLine, runProgram } from "./programs.ts"

export interface CertificateFiles {
  certificate: string
  key: string
}

const day = 86_400_000
/** The longest that all clients accept. */
const days = 825

/** A configuration of its own: LibreSSL and old OpenSSL know no -addext, and the system's may add anything. */
const request = `[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = localhost
[extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
`

/**
 * A certificate for localhost and 127.0.0.1 that signs itself, made once in a private folder and anew before it expires.
 * Its key never leaves the folder. Throws PROGRAM_MISSING without openssl.
 */
export const localhostCertificate = async (
  folder: string,
  signal?: AbortSignal,
): Promise<CertificateFiles> => {
  const files = { certificate: join(folder, "certificate.pem"), key: join(folder, "certificate-key.pem") }
  if (await isValid(files)) return files
  await writeFile(join(folder, "certificate.cnf"), request)
  const { status, stderr } = await runProgram(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", String(days)],
      ...["-config", "certificate.cnf", "-keyout", files.key, "-out", files.certificate],
    ],
    { cwd: folder, signal, timeoutMs: 60_000 },
  )
  if (status !== 0)
    throw new RoadmapError("START_FAILED", `openssl cannot make a certificate: ${lastLine(stderr)}`)
  return files
}

const isValid = async ({ certificate, key }: CertificateFiles): Promise<boolean> => {
  try {
    await readFile(key)
    return Date.parse(new X509Certificate(await readFile(certificate)).validTo) > Date.now() + 30 * day
  } catch {
    // Missing, cut short or not one of ours: made anew.
    return false
  }
}
