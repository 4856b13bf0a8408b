/**
 * Loaded before a test file (`node --import`): replaces a piece of one source file as the variables say, in memory only.
 */
import { registerHooks } from 'node:module'

const { PABAL_MUTATED_FILE: file = '', PABAL_MUTATED_FROM: from = '', PABAL_MUTATED_TO: to = '' } = process.env
let isApplied = false

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(`/${file}`)) return loaded
    const parts = String(loaded.source).split(from)
    if (parts.length !== 2) fail(`${file} holds the text to replace ${parts.length - 1} times, expected once: ${from}`)
    isApplied = true
    return { ...loaded, source: parts.join(to) }
  },
})

process.on('exit', () => {
  if (!isApplied) fail(`${file} was not loaded`)
})

function fail(text: string): never {
  process.stderr.write(`mutation: ${text}\n`)
  process.exit(70)
}
