/**
 * `npm run signatures`: holds what is installed against the signatures and attestations of its registry, with `npm audit signatures`.
 *
 * Exit codes: 0 all of it is signed, 1 something is not or wrongly, 2 it could not be found out: npm itself repeats for more than a minute
 * and then speaks of the network in general; here it is said which host did not answer.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const secondsMax = 180
const words = [
  'audit',
  'signatures',
  '--json',
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=1000',
  '--fetch-timeout=20000',
]

const { stdout, stderr, error, signal } = spawnSync('npm', words, {
  cwd: root,
  encoding: 'utf8',
  timeout: secondsMax * 1000,
})

function said(text) {
  try {
    return JSON.parse(text)
  } catch {
    // What is no JSON is told as it is.
    return null
  }
}

/** Why there is no answer, in a few words. */
function reason(answer) {
  if (error?.code === 'ENOENT') return 'npm is missing'
  if (signal !== null || error?.code === 'ETIMEDOUT') return `npm had no answer within ${secondsMax} seconds`
  const text = `${answer?.error?.summary ?? ''} ${answer?.error?.detail ?? ''} ${stderr}`
  const [, url] = /\bhttps?:\/\/([^\s/]+)/.exec(text) ?? []
  const [code] = /\bE(?:NOTFOUND|AI_AGAIN|CONN\w+|TIMEDOUT|HOSTUNREACH|NETUNREACH)\b/.exec(text) ?? []
  if (code !== undefined) return `${url ?? 'a host'} does not answer (${code})`
  return text.trim().split('\n')[0] || 'npm said nothing'
}

const answer = said(stdout)
if (answer === null || !Array.isArray(answer.invalid) || !Array.isArray(answer.missing)) {
  console.error(`Not found out whether what is installed is signed: ${reason(answer)}.`)
  console.error(
    'Try again where the registry of npm and tuf-repo-cdn.sigstore.dev, which has the keys, can be reached.',
  )
  process.exitCode = 2
} else {
  const named = ({ name, version }) => `  ${name}@${version}`
  for (const [what, packages] of [
    ['Wrongly signed, or with a wrong attestation', answer.invalid],
    ['Not signed', answer.missing],
  ]) {
    if (packages.length > 0) console.error(`${what}:\n${packages.map(named).join('\n')}`)
  }
  process.exitCode = answer.invalid.length + answer.missing.length === 0 ? 0 : 1
  if (process.exitCode === 0) console.log('All that is installed is signed by its registry.')
}
