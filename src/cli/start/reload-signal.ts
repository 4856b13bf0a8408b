/**
 * SIGHUP: the configuration is read again. If it comes because the terminal was closed on a broker that was started there, it
 * means what it always has: stop.
 */
import { closeSync, openSync } from 'node:fs'
import { ConfigError } from '../../server/config/config-fault.ts'
import type { ReloadReport, RunningConfig } from '../../server/config/running-config.ts'

/** `stop` is called if the terminal has gone. */
export function reloadOnHangup(running: RunningConfig, stop: () => void): void {
  const hadTerminal = process.stdout.isTTY
  process.on('SIGHUP', () => {
    if (hadTerminal && !hasTerminal()) {
      // Nobody is there to read what is still to be said.
      for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
      stop()
    } else void reload(running)
  })
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

async function reload(running: RunningConfig): Promise<void> {
  try {
    process.stdout.write(`${reportText(await running.reload())}\n`)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
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
