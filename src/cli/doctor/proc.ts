/**
 * Reading what Linux tells in files; null where there is no such file, as on other systems.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The content without blanks around it. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    // It is not there, or not for us: that is what null says.
    return null
  }
}

/** The whole number in a file. */
export function readNumber(path: string): number | null {
  const text = readText(path)
  return text !== null && /^\d+$/.test(text) ? Number(text) : null
}

export interface PortHolder {
  readonly processId: number
  /** The command line. */
  readonly command: string
}

/** Who listens on a TCP port; null if that cannot be seen, as for processes of other users. */
export function holderOfPort(port: number): PortHolder | null {
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(`/proc/net/${table}`, port)))
  if (inodes.size === 0) return null
  for (const processId of names('/proc').filter((name) => /^\d+$/.test(name))) {
    const directory = `/proc/${processId}/fd`
    if (!names(directory).some((file) => inodes.has(socketInode(`${directory}/${file}`)))) continue
    const command = (readText(`/proc/${processId}/cmdline`) ?? '').replaceAll('\0', ' ').trim()
    return { processId: Number(processId), command }
  }
  return null
}

/** Of a table like /proc/net/tcp: local address in the second column, state in the fourth, inode in the tenth. */
function listeningInodes(path: string, port: number): string[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return (readText(path) ?? '').split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/)
    const [, local = '', , state, , , , , , inode = ''] = columns
    return state === '0A' && local.endsWith(ending) ? [inode] : []
  })
}

function socketInode(path: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1] ?? ''
  } catch {
    // Closed meanwhile, or not ours.
    return ''
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    // As above.
    return []
  }
}
