import {
  type AssistantServer,
  type AssistantServerOptions,
  startAssistantServer,
} from "@roadmap/assistant/server"
import type { Config } from "@roadmap/core/config"
import { addPage } from "./page.ts"

/** Starts the assistant's service with the chat page at `/`. Throws what `startAssistantServer` throws. */
export const startDashboard = (
  config: Config,
  options: Omit<AssistantServerOptions, "pages">,
): Promise<AssistantServer> => startAssistantServer(config, { ...options, pages: addPage })
