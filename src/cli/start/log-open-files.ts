/**
 * What the log says at start of files that other users of this machine can read: those of the data directory, which were closed to them, and
 * those that secrets are taken from, which are not the broker's to change.
 */
import { parseAdminUrl } from '../../admin/listen-address.ts'
import type { ReadConfig } from '../../server/config/config.ts'
import { type OpenFile, openSecretFiles } from '../../server/config/secret-files.ts'
import type { Log } from '../../server/log/log.ts'
import type { BrokerOptions } from '../../server/options.ts'
import { privateFilesOf } from '../../server/stores.ts'

export function logOpenFiles(log: Log, read: ReadConfig, { store }: Pick<BrokerOptions, 'store'>): void {
  const { closed, open } = privateFilesOf(store) ?? { closed: [], open: [] }
  if (closed.length > 0) {
    const text = 'other users of this machine could read what the broker keeps; now they cannot'
    log.say('warn', 'dataClosedToOthers', text, { closed })
  }
  if (open.length > 0) {
    const text = 'other users of this machine may read, or put away, what the broker keeps'
    log.say('warn', 'dataOpenToOthers', text, { open, advice: 'chown it to the user of the broker, then chmod go=' })
  }
  for (const { path, mode } of secretFiles(read)) {
    const text = 'other users of this machine may read or write a file that secrets are taken from'
    log.say('warn', 'secretOpenToOthers', text, { file: path, mode, advice: closeAdvice(path) })
  }
}

/** The key of the HTTP API is among them. */
export function secretFiles(read: ReadConfig): OpenFile[] {
  const listen = read.config.admin?.listen ?? null
  return openSecretFiles(read, [listen === null ? null : parseAdminUrl(listen).tls])
}

export function closeAdvice(path: string): string {
  return `chmod o=,g-w ${path}`
}
