/**
 * What Node has compiled is kept for the next start, which takes about two thirds of the time then.
 *
 * In the user's own cache: what lies where others may write would be theirs to choose. Without one, or if it cannot be written,
 * everything is compiled anew.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

export function keepWhatIsCompiled(environment: NodeJS.ProcessEnv): void {
  const { XDG_CACHE_HOME, HOME } = environment
  const cache = XDG_CACHE_HOME || (HOME ? join(HOME, '.cache') : '')
  // Whoever has named a directory for Node has been heard already; a relative one would be somewhere else each time.
  if (environment.NODE_COMPILE_CACHE === undefined && cache.startsWith('/')) enableCompileCache(join(cache, 'pabal'))
}
