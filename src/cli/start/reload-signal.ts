/**
 * SIGHUP: the configuration is read again. If it comes because the terminal was closed on a broker that was started there, it
 * means what it always has: stop.
 */
import { closeSync, openSync } from 'node:fs'
import { ConfigError } from '../../server/config/config-fault.ts'
import type { ReloadReport, RunningConfig } from '../../server/config/running-config.ts'
import type { RunningLog } from '../../server/log/running-log.ts'

export interface HangupWatch {
  /** Resolves when the terminal has gone. */
  readonly terminalGone: Promise<null>
  /** From now on there is something to reload; once more at once if it was asked for before. */
  begin(running: RunningConfig, log: RunningLog): void
}

/** Watches for the signal, which must not end a broker that is still starting. */
export function watchForHangup(): HangupWatch {
  const hadTerminal = process.stdout.isTTY
  const gone = Promise.withResolvers<null>()
  let started: { running: RunningConfig; log: RunningLog } | null = null
  let isAsked = false
  process.on('SIGHUP', () => {
    if (hadTerminal && !hasTerminal()) {
      // Nobody is there to read what is still to be said.
      for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
      gone.resolve(null)
    } else if (started === null) isAsked = true
    else void reload(started.running, started.log)
  })
  return {
    terminalGone: gone.promise,
    begin: (running, log) => {
      started = { running, log }
      if (isAsked) void reload(running, log)
    },
  }
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    // Whatever the reason: there is none that could be read.
    return false
  }
}

async function reload(running: RunningConfig, log: RunningLog): Promise<void> {
  try {
    const report = await running.reload()
    log.lines.say('info', 'reloaded', 'the configuration was read again', { ...report })
    if (log.announces) process.stdout.write(`${reportText(report)}\n`)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    log.lines.say('error', 'reloadRefused', 'the configuration was read again and not taken', { reason: text })
    if (!log.announces && error instanceof ConfigError) {
      // Standard error is JSON, and one line has no room for all of them.
      for (const fault of error.faults)
        log.lines.say('error', 'reloadFault', 'a fault of the configuration', { ...fault })
      return
    }
    process.stderr.write(`The configuration was read again, and what was in force stays in force.\n\n${text}\n`)
    // Anything else is a fault of ours, and whoever runs the broker must be able to report it.
    if (!(error instanceof ConfigError) && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  }
}

export function reportText({ applied, needsRestart }: ReloadReport): string {
  const lines = ['The configuration was read again.']
  lines.push(applied.length === 0 ? 'Nothing has changed that can be applied.' : `In force now: ${applied.join(', ')}.`)
  if (needsRestart.length > 0) lines.push(`In force after the next start: ${needsRestart.join(', ')}.`)
  return lines.join('\n')
}
