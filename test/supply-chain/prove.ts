/**
 * `npm run prove supply-chain`: that what is installed is what its registry has signed. It needs the network; without it, it is not
 * proven, which is said.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../scripts/signatures.mjs', import.meta.url))
process.exitCode = spawnSync(process.execPath, [script], { stdio: 'inherit' }).status ?? 1
