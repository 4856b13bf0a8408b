/**
 * How the program was called: as one of Debian's three tools, or as a verb of `pabal`.
 *
 * Drop-in mode answers as mosquitto-clients 2.0.11 does, oddities included; native mode has later defaults and says more.
 */
export type Tool = 'pub' | 'sub' | 'rr'

export interface Invocation {
  readonly tool: Tool
  readonly isDropIn: boolean
  /** What the user typed: `mosquitto_pub` or `pabal pub`. */
  readonly name: string
}

export function dropInInvocation(tool: Tool): Invocation {
  return { tool, isDropIn: true, name: `mosquitto_${tool}` }
}

export function nativeInvocation(tool: Tool): Invocation {
  return { tool, isDropIn: false, name: `pabal ${tool}` }
}
