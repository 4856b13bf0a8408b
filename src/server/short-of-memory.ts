/**
 * What a broker does when the process takes more memory than it may: publishers and new clients are refused, its host is told, and if that
 * does not help, clients that do not read are ended.
 */
import { changeMemory } from '../core/memory.ts'
import type { ClientLinks } from './client-links.ts'
import type { HostEvents } from './host-events.ts'
import type { MemoryWatchOwner } from './memory-watch.ts'
import type { Shell } from './shell.ts'

export function shortOfMemory(shell: () => Shell, links: ClientLinks, events: HostEvents): MemoryWatchOwner {
  return {
    bytesMax: () => shell().core.state.limits.memoryBytesMax,
    movedBytes: () => shell().core.state.traffic.bytesMoved,
    changed: (isShort, use, bounds) => {
      links.forgetUnsent()
      shell().act((core, nowMs, turn) => changeMemory(core.state, isShort, nowMs, turn))
      events.emit('memoryIsShort', isShort, { ...use, bytesMax: bounds.bytesMax })
    },
    relieve: () => links.endStuck(shell()),
  }
}
