/**
 * What would keep the HTTP API from being opened where a configuration says: an address that is none, a certificate that cannot be used.
 */
import type { ReadConfig } from '../server/config/config.ts'
import type { ConfigFault } from '../server/config/config-fault.ts'
import { certificateWords, faultAt } from '../server/config/start-faults.ts'
import { loadTlsFiles } from '../transport/certificates.ts'
import { ListenFault } from '../transport/listen-error.ts'
import { AdminAddressError, parseAdminUrl } from './listen-address.ts'

/** Opens no port. */
export async function adminFaults(read: ReadConfig): Promise<ConfigFault[]> {
  const { listen = null } = read.config.admin ?? {}
  if (listen === null) return []
  try {
    const { tls } = parseAdminUrl(listen)
    if (tls !== null) await loadTlsFiles(tls)
    return []
  } catch (error) {
    if (error instanceof ListenFault) return [faultAt(read, ['admin', 'listen'], certificateWords(error))]
    if (!(error instanceof AdminAddressError)) throw error
    const { found, expected, advice } = error
    return [faultAt(read, ['admin', 'listen'], { found, expected, advice })]
  }
}
