import { folderSource } from "./folder.ts"
import type { LoadLimits } from "./limits.ts"
import type { Source } from "./source.ts"

export interface WebsiteOptions {
  name: string
  /** Where the saved pages lie, as `wget --mirror` or a site generator writes them. */
  folder: string
  /** What the folder's root is on the web: "https://example.org/docs/". */
  baseUrl: string
  /** Default: the path below baseUrl, `index.html` as its folder, `.html` kept. */
  urlOf?: (path: string) => string
  exclude?: readonly string[]
  limits?: Partial<LoadLimits>
}

/** The pages of a website saved as files; each knows its address. */
export const websiteDump = (options: WebsiteOptions): Source => {
  const { name, folder, baseUrl, exclude, limits } = options
  const base = baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`
  const urlOf =
    options.urlOf ?? (path => new URL(encoded(path.replace(/(^|\/)index\.html?$/, "$1")), base).href)
  return folderSource({
    name,
    folder,
    include: ["**/*.{html,htm,xhtml}", "*.{html,htm,xhtml}"],
    ...(exclude && { exclude }),
    ...(limits && { limits }),
    uri: urlOf,
  })
}

const encoded = (path: string): string => path.split("/").map(encodeURIComponent).join("/")
