/**
 * CPU time and memory of a process and its children, from /proc.
 */
import fs from 'node:fs'

const TICKS_PER_SECOND = 100

function statFields(pid) {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function familyOf(pid) {
  const parents = new Map()
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      parents.set(Number(name), Number(statFields(name)[1]))
    } catch {
      /* gone */
    }
  }
  const family = [pid]
  for (let i = 0; i < family.length; i++) {
    for (const [child, parent] of parents) if (parent === family[i]) family.push(child)
  }
  return family
}

function statusKiB(pid, key) {
  const m = fs.readFileSync(`/proc/${pid}/status`, 'latin1').match(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm'))
  return m ? Number(m[1]) : 0
}

/** CPU seconds of the threads of pid that live, and of its main thread, to the nanosecond; 0 where the kernel does not tell. */
export function threadsCpu(pid) {
  const out = { all: 0, main: 0 }
  try {
    for (const thread of fs.readdirSync(`/proc/${pid}/task`)) {
      const seconds = Number(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]) / 1e9
      out.all += seconds
      if (Number(thread) === pid) out.main = seconds
    }
  } catch {
    /* gone, or not told */
  }
  return out
}

/** Bytes that pid has had written to the disk; 0 where the kernel does not tell. */
export function bytesWritten(pid) {
  try {
    return Number(/^write_bytes: (\d+)/m.exec(fs.readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** CPU seconds, RSS and peak RSS (KiB) summed over pid and its children. */
export function sample(pid) {
  const out = { cpu: 0, user: 0, system: 0, rss: 0, peak: 0 }
  if (!pid) return out
  for (const p of familyOf(pid)) {
    try {
      const f = statFields(p)
      out.user += Number(f[11]) / TICKS_PER_SECOND
      out.system += Number(f[12]) / TICKS_PER_SECOND
      out.rss += statusKiB(p, 'VmRSS')
      out.peak += statusKiB(p, 'VmHWM')
    } catch {
      /* gone */
    }
  }
  out.cpu = out.user + out.system
  return out
}

/** Busy CPU seconds of the whole machine (all cores), and stolen seconds. */
export function machine() {
  const f = fs.readFileSync('/proc/stat', 'latin1').split('\n')[0].trim().split(/\s+/).slice(1).map(Number)
  const [user, nice, system, , , irq, softirq, steal] = f
  return { busy: (user + nice + system + irq + softirq) / TICKS_PER_SECOND, steal: (steal || 0) / TICKS_PER_SECOND }
}

export function ownCpu() {
  const u = process.cpuUsage()
  return (u.user + u.system) / 1e6
}
