/**
 * The rule that no broker is open to a network by accident: whoever listens where other machines can reach it says who
 * may come in, even if that is everybody.
 */
import { isLoopback, type ListenAddress, parseListenUrl } from '../../transport/listen-url.ts'
import { type BrokerOptions, defaultListen } from '../options.ts'

type Admission = Pick<BrokerOptions, 'allowAnonymous' | 'authenticate' | 'authenticationMethods'>

/** Those that may not start. */
export function exposedListeners(listenAddresses: readonly ListenAddress[], options: Admission): ListenAddress[] {
  if (options.allowAnonymous === true || hasAuthentication(options)) return []
  return listenAddresses.filter((address) => isReachable(address) && !namesClients(address))
}

function hasAuthentication({ authenticate, authenticationMethods = [] }: Admission): boolean {
  return authenticate !== undefined || authenticationMethods.length > 0
}

/** Whether clients that do not log in are let in. */
export function takesStrangers(options: Admission): boolean {
  return options.allowAnonymous === true || !hasAuthentication(options)
}

/** Behind a proxy, the address says nothing about who can come in. */
function isReachable(address: ListenAddress): boolean {
  return !isLoopback(address) || ('proxies' in address && address.proxies.length > 0)
}

/** Whether clients show a certificate there that says who they are. */
export function namesClients(address: ListenAddress): boolean {
  return 'tls' in address && address.tls.identity !== null
}

/** Where a broker with these options listens. @throws an Error if it may not be open there. */
export function permittedAddresses(options: Admission & Pick<BrokerOptions, 'listen'>): ListenAddress[] {
  const addresses = (options.listen ?? defaultListen).map(parseListenUrl)
  const fault = exposureFault(addresses, options)
  if (fault !== null) throw new Error(fault)
  return addresses
}

/** Null if these listeners may start; otherwise which may not, why, and what to do, as text for a terminal. */
export function exposureFault(listenAddresses: readonly ListenAddress[], options: Admission): string | null {
  const exposed = exposedListeners(listenAddresses, options).map((address) => address.url)
  if (exposed.length === 0) return null
  const [subject, pronoun] = exposed.length === 1 ? ['this listener', 'it'] : ['these listeners', 'them']
  return `Other machines can reach ${subject}, and nothing says who may come in, so anybody could read and publish everything:

${exposed.map((url) => `  ${url}`).join('\n')}

Do one of these:

  - Bind ${pronoun} to this machine only, for example  --listen tcp://127.0.0.1:1883
  - Name the users in a configuration file (--config FILE):

      authentication:
        users:
          - userName: alice
            passwordFile: alice.password   # a file whose only line is the password

  - Let everybody in, knowing it:  --allow-anonymous  (in the file: allowAnonymous: true)

In code: createBroker({ authenticate }) or createBroker({ allowAnonymous: true }).`
}
