/**
 * The data directory: on what it lies, how much room there is, whose it is.
 */
import { accessSync, constants, existsSync, readdirSync, type Stats, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bytes } from '../terminal-text.ts'
import { type Finding, fault, ok, warning } from './finding.ts'

const mebibyte = 1024 * 1024
/** Below it the store takes no more messages. */
const reserveBytes = 64 * mebibyte
const roomBytes = 1024 * mebibyte
const filesMin = 1000
/** A file from the future: so much later than the clock. */
const futureMs = 60_000

interface Kind {
  readonly name: string
  /** What is wrong with it; null: nothing. */
  readonly trouble: 'network' | 'memory' | 'container' | 'unknown' | null
}

/** Magic numbers of statfs(2). */
const kinds: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [0xef53, { name: 'ext2, ext3 or ext4', trouble: null }],
  [0x5846_5342, { name: 'XFS', trouble: null }],
  [0x9123_683e, { name: 'Btrfs', trouble: null }],
  [0x2fc1_2fc1, { name: 'ZFS', trouble: null }],
  [0xf2f5_2010, { name: 'F2FS', trouble: null }],
  [0x0102_1994, { name: 'tmpfs', trouble: 'memory' }],
  [0x8584_58f6, { name: 'ramfs', trouble: 'memory' }],
  [0x794c_7630, { name: 'overlayfs', trouble: 'container' }],
  [0x6969, { name: 'NFS', trouble: 'network' }],
  [0xff53_4d42, { name: 'CIFS', trouble: 'network' }],
  [0xfe53_4d42, { name: 'SMB', trouble: 'network' }],
  [0x0102_1997, { name: '9p', trouble: 'network' }],
  [0x00c3_6400, { name: 'Ceph', trouble: 'network' }],
  [0x6573_5546, { name: 'FUSE', trouble: 'unknown' }],
])

export function checkDisk(directory: string): Finding[] {
  const existing = nearestExisting(directory)
  const { type, bavail, bsize, ffree, files } = statfsSync(existing)
  return [
    checkKind(type, existing),
    checkRoom(bavail * bsize, existing),
    ...(files > 0 ? [checkFiles(ffree, existing)] : []),
    ...checkOwner(directory, existing),
    ...checkFuture(directory),
  ]
}

/** The directory, or the one that it would be made in. */
function nearestExisting(directory: string): string {
  return existsSync(directory) ? directory : nearestExisting(dirname(directory))
}

/** Judges a kind of file system by its magic number. */
export function checkKind(type: number, directory: string): Finding {
  const what = 'file system'
  const expected = 'a local one that survives a restart and keeps what it has synced, such as ext4 or XFS'
  const { name, trouble } = kinds.get(type) ?? { name: `an unknown kind (0x${type.toString(16)})`, trouble: 'unknown' }
  const found = `${name} at ${directory}`
  const elsewhere = 'choose a directory on a local disk: --data DIR'
  if (trouble === null) return ok(what, found, expected)
  if (trouble === 'memory')
    return fault(what, `${found}: gone with the next restart of the machine`, expected, elsewhere)
  if (trouble === 'network')
    return fault(what, `${found}: over a network, locks and syncs cannot be relied on`, expected, elsewhere)
  if (trouble === 'container') {
    return warning(
      what,
      `${found}: the layer of a container, gone with it`,
      expected,
      'mount a volume: -v pabal-data:/pabal/data',
    )
  }
  return warning(what, found, expected, `find out whether it keeps what is synced, or ${elsewhere}`)
}

/** Judges what is free for this user. */
export function checkRoom(freeBytes: number, directory: string): Finding {
  const what = 'disk space'
  const found = `${bytes(freeBytes)} free`
  const expected = `at least ${bytes(roomBytes)}; below ${bytes(reserveBytes)} messages are refused`
  const fix = `find what takes it: du -xh ${directory} | sort -h | tail; or choose another directory: --data DIR`
  if (freeBytes < reserveBytes) return fault(what, found, expected, fix)
  return freeBytes < roomBytes ? warning(what, found, expected, fix) : ok(what, found, expected)
}

function checkFiles(free: number, directory: string): Finding {
  const expected = `room for ${filesMin} files`
  if (free >= filesMin) return ok('inodes', 'enough', expected)
  return fault(
    'inodes',
    `room for ${free} files`,
    expected,
    `find what takes them: du --inodes -x ${directory} | sort -n | tail`,
  )
}

function checkOwner(directory: string, existing: string): Finding[] {
  const what = 'data directory'
  const expected = 'a directory that the user of the broker owns and nobody else may read'
  const status = statSync(existing)
  const user = process.getuid?.() ?? status.uid
  if (existing !== directory) {
    if (mayWrite(existing)) return [ok(what, `${directory} will be made`, expected)]
    const make = `sudo install -d -o ${userName()} -m 0700 ${directory}`
    return [fault(what, `${directory} is missing, and ${existing} is not writable for this user`, expected, make)]
  }
  return [judgeOwner(directory, status, user)]
}

function judgeOwner(directory: string, status: Stats, user: number): Finding {
  const what = 'data directory'
  const expected = 'a directory that the user of the broker owns and nobody else may read'
  const mode = (status.mode & 0o777).toString(8).padStart(4, '0')
  const found = `${directory}, mode ${mode}, owner ${status.uid}`
  if (!status.isDirectory())
    return fault(what, `${directory} is no directory`, expected, `mv ${directory} ${directory}.old`)
  if (status.uid !== user) {
    const fix = `sudo chown -R ${userName()} ${directory}; or run pabal doctor as the user of the broker`
    return (mayWrite(directory) ? warning : fault)(what, `${found}; this is user ${user}`, expected, fix)
  }
  if (!mayWrite(directory)) return fault(what, `${found}: not writable`, expected, `chmod 0700 ${directory}`)
  if ((status.mode & 0o077) !== 0) return warning(what, found, expected, `chmod 0700 ${directory}`)
  return ok(what, found, expected)
}

/** A clock that was set back leaves files of the future behind. */
function checkFuture(directory: string): Finding[] {
  if (!existsSync(directory) || !mayRead(directory)) return []
  const nowMs = Date.now()
  const late = readdirSync(directory).find((name) => statSync(join(directory, name)).mtimeMs > nowMs + futureMs)
  if (late === undefined) return []
  const found = `${late} in the data directory was written later than now: the clock was set back`
  return [
    warning(
      'clock',
      found,
      'a clock that only goes forward',
      'check the time: timedatectl; sudo timedatectl set-ntp true',
    ),
  ]
}

function userName(): string {
  return process.env.USER ?? `${process.getuid?.() ?? 'pabal'}`
}

function mayWrite(path: string): boolean {
  return may(path, constants.W_OK | constants.X_OK)
}

function mayRead(path: string): boolean {
  return may(path, constants.R_OK | constants.X_OK)
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    // That it may not is the answer.
    return false
  }
}
