import type { ChildProcess } from "node:child_process"
import { pathToFileURL } from "node:url"

/**
 * The line of `file` that a busy process is at, or undefined when it is not in that file or cannot tell.
 * SIGUSR1 makes Node open its inspector, also in the middle of an endless loop; Debugger.pause then yields the call
 * frames (Chrome DevTools Protocol, domain Debugger). The process stays paused.
 */
export const findRunningLine = async (
  child: ChildProcess,
  file: string,
  deadlineMs: number,
): Promise<number | undefined> => {
  const stop = AbortSignal.timeout(deadlineMs)
  const url = await inspectorUrl(child, stop)
  return url === undefined ? undefined : pausedLine(url, pathToFileURL(file).href, stop)
}

const inspectorUrl = (child: ChildProcess, stop: AbortSignal): Promise<string | undefined> =>
  new Promise(resolve => {
    let text = ""
    const finish = (url?: string) => {
      child.stderr?.off("data", onData)
      child.off("exit", onExit)
      stop.removeEventListener("abort", onExit)
      resolve(url)
    }
    const onExit = () => finish()
    const onData = (chunk: string) => {
      text += chunk
      const url = /ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+/.exec(text)?.[0]
      if (url) finish(url)
    }
    child.stderr?.on("data", onData)
    child.on("exit", onExit)
    stop.addEventListener("abort", onExit)
    // Windows has no such signal.
    if (process.platform === "win32" || !child.kill("SIGUSR1")) finish()
  })

interface ProtocolEvent {
  method?: string
  params?: {
    scriptId?: string
    url?: string
    callFrames?: { location: { scriptId: string; lineNumber: number } }[]
  }
}

const pausedLine = (url: string, fileUrl: string, stop: AbortSignal): Promise<number | undefined> =>
  new Promise(resolve => {
    const socket = new WebSocket(url)
    const scripts = new Set<string>()
    const finish = (line?: number) => {
      stop.removeEventListener("abort", onStop)
      socket.close()
      resolve(line)
    }
    const onStop = () => finish()
    stop.addEventListener("abort", onStop)
    socket.onerror = onStop
    socket.onclose = onStop
    socket.onopen = () => {
      socket.send(JSON.stringify({ id: 1, method: "Debugger.enable" }))
      socket.send(JSON.stringify({ id: 2, method: "Debugger.pause" }))
    }
    socket.onmessage = ({ data }) => {
      const { method, params } = JSON.parse(String(data)) as ProtocolEvent
      if (method === "Debugger.scriptParsed" && params?.url === fileUrl) scripts.add(params.scriptId!)
      if (method !== "Debugger.paused") return
      const frame = params?.callFrames?.find(({ location }) => scripts.has(location.scriptId))
      finish(frame && frame.location.lineNumber + 1)
    }
  })
