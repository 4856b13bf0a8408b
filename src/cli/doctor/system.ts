/**
 * The machine itself: Node, open files, memory, clock, and the settings of the kernel that matter to a broker.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { freemem, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Limits } from '../../core/limits.ts'
import { count } from '../../server/counted.ts'
import { bytes, time } from '../terminal-text.ts'
import { type Finding, fault, ok, warning } from './finding.ts'
import { readNumber, readText } from './proc.ts'

const mebibyte = 1024 * 1024
/** Files of the broker besides its connections: the database, listeners, pipes. */
const ownFiles = 64
/** What Node and the Sessions take besides what the limits bound. */
const baseBytes = 256 * mebibyte
/** Connections that may wait to be taken in: what the listeners ask for. */
const backlogMin = 4096
const clientPortsMin = 20_000
/** What a clock may differ from the timer of the processor while it is watched. */
const jumpMs = 100
const watchedMs = 400
/** No release is older than that. */
const packagedMs = Date.UTC(2026, 0, 1)

export async function checkSystem(limits: Limits): Promise<Finding[]> {
  return [
    checkNode(process.versions.node),
    ...checkOpenFiles(openFilesMax(), limits.connectionsMax),
    checkMemory(availableBytes(), limits.queueMemoryBytesMax + limits.parkedBytesTotalMax + baseBytes),
    ...(await checkClock()),
    ...checkKernel(readNumber('/proc/sys/net/core/somaxconn'), readText('/proc/sys/net/ipv4/ip_local_port_range')),
  ]
}

export function checkNode(version: string): Finding {
  const expected = 'Node 22.18 or later'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return ok('Node', version, expected)
  return fault('Node', version, expected, 'install a later one: https://nodejs.org, or the package of the distribution')
}

/** Node raises the soft limit to the hard one when it starts, so that the soft one of this process is what the broker gets. */
function openFilesMax(): number | null {
  const found = /^Max open files\s+(\d+|unlimited)/m.exec(readText('/proc/self/limits') ?? '')?.[1]
  if (found === undefined) return null
  return found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found)
}

export function checkOpenFiles(most: number | null, connectionsMax: number): Finding[] {
  if (most === null) return []
  const needed = connectionsMax + ownFiles
  const expected = `${count(needed)}: a file for each of connectionsMax (${count(connectionsMax)}) and ${ownFiles} more`
  const found = `at most ${Number.isFinite(most) ? count(most) : 'any number'}`
  if (most >= needed) return [ok('open files', found, expected)]
  const fix = `LimitNOFILE=${needed} in the systemd unit, ulimit -n ${needed} in a shell, or a lower limit connectionsMax`
  return [warning('open files', found, expected, fix)]
}

/** What this process may still have: of the machine, and of the group of processes it is in. */
function availableBytes(): number {
  const ofMachine = /^MemAvailable:\s+(\d+) kB/m.exec(readText('/proc/meminfo') ?? '')?.[1]
  const free = ofMachine === undefined ? freemem() : Number(ofMachine) * 1024
  const groupMax = readNumber('/sys/fs/cgroup/memory.max') ?? totalmem()
  const groupUsed = readNumber('/sys/fs/cgroup/memory.current') ?? 0
  return Math.min(free, Math.max(0, groupMax - groupUsed))
}

export function checkMemory(available: number, needed: number): Finding {
  const expected = `${bytes(needed)}: queueMemoryBytesMax, parkedBytesTotalMax and ${bytes(baseBytes)} for the rest`
  const found = `${bytes(available)} available`
  if (available >= needed) return ok('memory', found, expected)
  return warning(
    'memory',
    found,
    expected,
    'see what takes it: ps aux --sort=-rss | head; or lower queueMemoryBytesMax',
  )
}

async function checkClock(): Promise<Finding[]> {
  const [wallMs, steadyMs] = [Date.now(), performance.now()]
  await sleep(watchedMs)
  const differenceMs = Date.now() - wallMs - (performance.now() - steadyMs)
  const isSynchronized = await synchronized()
  return judgeClock({ nowMs: Date.now(), packagedMs, differenceMs, isSynchronized })
}

export interface ClockFacts {
  readonly nowMs: number
  /** It cannot be earlier than that. */
  readonly packagedMs: number
  /** What the clock has gone more than the timer of the processor. */
  readonly differenceMs: number
  /** Null: nobody says. */
  readonly isSynchronized: boolean | null
}

export function judgeClock({ nowMs, packagedMs, differenceMs, isSynchronized }: ClockFacts): Finding[] {
  const expected = 'the time in UTC, kept by NTP, that only goes forward'
  const fix = 'sudo timedatectl set-ntp true, or install chrony'
  if (nowMs < packagedMs) {
    const set = `set it: sudo date -u -s 'YYYY-MM-DD HH:MM:SS'; then ${fix}`
    return [fault('clock', `${time(nowMs)}, before this release was made`, expected, set)]
  }
  if (Math.abs(differenceMs) > jumpMs) {
    return [warning('clock', `it has jumped by ${Math.round(differenceMs)} ms while it was watched`, expected, fix)]
  }
  if (isSynchronized === false) return [warning('clock', `${time(nowMs)}, not synchronized`, expected, fix)]
  const said = isSynchronized === null ? ', whether it is synchronized is not known' : ', synchronized'
  return [ok('clock', `${time(nowMs)}${said}`, expected)]
}

/** What systemd says of NTP; null if there is none. */
async function synchronized(): Promise<boolean | null> {
  if (existsSync('/run/systemd/timesync/synchronized')) return true
  if (!existsSync('/run/systemd/system')) return null
  return new Promise((resolve) => {
    execFile('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], { timeout: 2000 }, (error, stdout) => {
      resolve(error === null ? stdout.trim() === 'yes' : null)
    })
  })
}

/** Judges `net.core.somaxconn` and `net.ipv4.ip_local_port_range`; null: the system has no such setting. */
export function checkKernel(backlog: number | null, portRange: string | null): Finding[] {
  const findings: Finding[] = []
  if (backlog !== null) {
    const expected = `${backlogMin} or more: so many connections may wait to be taken in`
    const fix = 'sudo sysctl -w net.core.somaxconn=4096; to stay, in a file of /etc/sysctl.d'
    const found = count(backlog)
    findings.push(
      backlog >= backlogMin
        ? ok('net.core.somaxconn', found, expected)
        : warning('net.core.somaxconn', found, expected, fix),
    )
  }
  const [first, last] = (portRange ?? '').split(/\s+/).map(Number)
  if (first !== undefined && last !== undefined) {
    const ports = last - first + 1
    const expected = `${count(clientPortsMin)} ports or more, for clients and proxies on this machine`
    const found = `${first} to ${last}: ${count(ports)} ports`
    const fix = `sudo sysctl -w net.ipv4.ip_local_port_range='16384 65535'; to stay, in a file of /etc/sysctl.d`
    const what = 'net.ipv4.ip_local_port_range'
    findings.push(ports >= clientPortsMin ? ok(what, found, expected) : warning(what, found, expected, fix))
  }
  return findings
}
