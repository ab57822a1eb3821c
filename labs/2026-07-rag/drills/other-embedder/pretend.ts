import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { openIndexFile } from "@roadmap/rag/store/schema"
import { indexFolder } from "./search.ts"

/** What somebody does who reads the error as a wrong entry: the index then says that another embedder made its vectors. */
export const pretendBuiltWith = async (config: Pick<Config, "home">, embedder: string): Promise<void> => {
  const file = openIndexFile(join(indexFolder(config), "documents.sqlite"))
  try {
    const { value } = file.get<{ value: string }>("select value from facts where name = 'binding'")!
    const binding = { ...JSON.parse(value), embedder }
    file.write(() => file.run("update facts set value = ? where name = 'binding'", JSON.stringify(binding)))
  } finally {
    file.close()
  }
}
