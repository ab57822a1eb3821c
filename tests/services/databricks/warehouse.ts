import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import tls from "node:tls"
import { type CertificateFiles, localhostCertificate } from "../../../packages/services/src/certificate.ts"
import { startService, stopService } from "../../../packages/services/src/service.ts"

export interface Warehouse {
  host: string
  token: string
  httpPath: string
}

export interface RunningWarehouse extends Warehouse {
  /** For child processes. */
  variables: Record<string, string>
  /** Of its certificate, for servers that stand between it and a client. */
  files: CertificateFiles
  stop(): Promise<void>
}

/** Starts the stand-in in a folder of its own and makes this process trust its certificate. */
export const startWarehouse = async (): Promise<RunningWarehouse> => {
  const home = mkdtempSync(join(tmpdir(), "warehouse-"))
  const { variables } = await startService("spark", { home })
  trust(variables.NODE_EXTRA_CA_CERTS)
  return {
    host: variables.DATABRICKS_HOST,
    token: variables.DATABRICKS_TOKEN,
    httpPath: variables.DATABRICKS_HTTP_PATH,
    variables,
    files: await localhostCertificate(dirname(variables.NODE_EXTRA_CA_CERTS)),
    async stop() {
      await stopService("spark", { home })
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** NODE_EXTRA_CA_CERTS is read when a process starts; this one runs already. */
export const trust = (certificateFile: string): void =>
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), readFileSync(certificateFile, "utf8")])
