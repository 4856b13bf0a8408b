/**
 * How many there are of each name: connections of an account or a remote address, Sessions of an account.
 */
export class Headcount {
  readonly #counts = new Map<string, number>()

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1)
  }

  remove(name: string): void {
    const count = this.of(name)
    if (count > 1) this.#counts.set(name, count - 1)
    else this.#counts.delete(name)
  }
}

/** `127.0.0.1:50312` without its port; of IPv6 the /64 network, in which one host has as many addresses as it likes. */
export function addressOf(remoteAddress: string): string {
  if (!remoteAddress.startsWith('[')) return remoteAddress.replace(/:\d+$/, '')
  const address = remoteAddress.slice(1, remoteAddress.lastIndexOf(']'))
  // How a listener of both kinds writes an address of IPv4.
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length)
  const [head = ''] = address.split('::')
  return head.split(':').slice(0, 4).join(':')
}
