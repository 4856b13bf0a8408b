/**
 * What an operator may say about the log.
 */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'silent'
/** `auto`: for people on a terminal, else JSON. */
export type LogFormat = 'auto' | 'human' | 'json'

/** From the fewest lines to the most, and none. */
export const logLevels: readonly LogLevel[] = Object.freeze(['error', 'warn', 'info', 'debug', 'silent'])
export const logFormats: readonly LogFormat[] = Object.freeze(['auto', 'human', 'json'])

export interface LogOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  /** Path of the file that the audit log goes into; null: into the log itself. */
  readonly audit: string | null
}

export const defaultLogOptions: LogOptions = Object.freeze({ level: 'info', format: 'auto', audit: null })
