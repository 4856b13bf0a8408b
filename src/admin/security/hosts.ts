/**
 * Which host a request may be for. A page of somebody else can make its own name lead to this machine (DNS rebinding), and its
 * requests would look like those of our own page: so only names are answered that cannot be somebody else's.
 */
import { isIP } from 'node:net'
import { problem } from '../problem.ts'

/** Addresses and `localhost` always; `names` are those the operator has given the broker. @throws HttpProblem */
export function checkHost(header: string | undefined, names: readonly string[]): void {
  const host = hostOf(header ?? '')
  if (host === 'localhost' || isIP(host) !== 0 || names.includes(host)) return
  const found = JSON.stringify((header ?? '').slice(0, 200))
  const advice = 'use the address, or name the host in the address of the HTTP API: ?host=NAME'
  throw problem('misdirected', 'header.host', found, 'an IP address, localhost, or a name given to it', advice)
}

/** Without port and brackets, in lower case. */
function hostOf(header: string): string {
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(header) ?? []
  return (bracketed ?? plain).toLowerCase().replace(/\.$/, '')
}
