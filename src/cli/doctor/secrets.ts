/**
 * Files that secrets are taken from: passwords, tokens, private keys. Other users of the machine are not to read them.
 */
import type { ReadConfig } from '../../server/config/config.ts'
import { closeAdvice, secretFiles } from '../start/log-open-files.ts'
import { type Finding, warning } from './finding.ts'

export function checkSecrets(read: ReadConfig): Finding[] {
  const expected = 'a file that its owner alone may write, and nobody but its owner and group may read'
  return secretFiles(read).map(({ path, mode }) =>
    warning('file of secrets', `${path}, mode ${mode}`, expected, closeAdvice(path)),
  )
}
