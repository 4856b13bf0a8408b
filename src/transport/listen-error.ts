/**
 * Why a listener could not start, in words for the operator: the URL, what went wrong, what to do.
 */
import { dirname } from 'node:path'
import type { ListenAddress } from './listen-url.ts'

/** What went wrong and what to do about it; both become sentences of a `ListenError`. */
export class ListenFault extends Error {
  readonly advice: string

  constructor(reason: string, advice: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'ListenFault'
    this.advice = advice
  }
}

export class ListenError extends Error {
  readonly url: string
  /** The system's word for it, for example `EADDRINUSE`; null where there is none. */
  readonly code: string | null
  readonly fault: ListenFault

  constructor(url: string, fault: ListenFault, cause: unknown) {
    super(`Cannot listen on ${url}: ${fault.message}. ${fault.advice}.`, { cause })
    this.name = 'ListenError'
    this.url = url
    this.fault = fault
    this.code = systemCode(cause)
  }
}

export function listenError(address: ListenAddress, error: unknown): ListenError {
  const fault = error instanceof ListenFault ? error : describe(address, error)
  return new ListenError(address.url, fault, fault.cause ?? error)
}

/** `code` of a system error. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

function describe(address: ListenAddress, error: unknown): ListenFault {
  const code = systemCode(error)
  if (code === 'EMFILE' || code === 'ENFILE') {
    return new ListenFault('too many files are open', 'Raise the limit (ulimit -n) and start again')
  }
  const known = address.transport === 'unix' ? describeUnix(address.path, code) : describeNetwork(address, code)
  if (known !== null) return known
  const reason = error instanceof Error ? error.message : String(error)
  return new ListenFault(reason, 'Correct the URL, or what the system complains about, and start again')
}

function describeNetwork({ host, port }: { host: string; port: number }, code: string | null): ListenFault | null {
  const usable =
    'Use 127.0.0.1 for this machine only, 0.0.0.0 for every IPv4 address, or an address that this machine has'
  switch (code) {
    case 'EADDRINUSE':
      return new ListenFault(
        `another program already listens on port ${port}`,
        'Stop that program, or choose another port (0 takes a free one)',
      )
    case 'EACCES':
    case 'EPERM':
      return new ListenFault(
        `this user may not open port ${port}`,
        'Choose a port from 1024 up, or give the program the privilege',
      )
    case 'EADDRNOTAVAIL':
      return new ListenFault(`${host} is no address of this machine`, usable)
    case 'EAFNOSUPPORT':
      return new ListenFault(`this machine does not speak the protocol of the address ${host}`, usable)
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ListenFault(`the host name ${host} has no address`, usable)
    default:
      return null
  }
}

function describeUnix(path: string, code: string | null): ListenFault | null {
  switch (code) {
    case 'EADDRINUSE':
      return new ListenFault(`the file ${path} is already there`, 'Choose another path, or try again')
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ListenFault(
        `this user may not create a file in ${dirname(path)}`,
        'Choose a directory this user may write to, or change its permissions',
      )
    case 'ENOENT':
    case 'ENOTDIR':
      return new ListenFault(`${dirname(path)} is no directory`, 'Create it, or choose another path')
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return new ListenFault('the path is longer than the system allows', 'Choose a shorter path')
    default:
      return null
  }
}
