/**
 * What the tests of section 4.7 share: random texts and a clock. Named as a test so that no build publishes it.
 */
import fc from 'fast-check'

// Few and short levels, so that names and filters often meet.
const level = fc.constantFrom('a', 'b', 'ab', '', '$', '$a')
const filterLevel = fc.constantFrom('a', 'b', 'ab', '', '$', '$a', '+', '+')

export const anyTopicName = fc
  .array(level, { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))
  .filter((topicName) => topicName.length > 0)

export const anyFilter = fc
  .tuple(fc.array(filterLevel, { maxLength: 5 }), fc.boolean())
  .map(([levels, endsInHash]) => [...levels, ...(endsInHash ? ['#'] : [])].join('/'))
  .filter((filter) => filter.length > 0)

/** Milliseconds of processor time `work` takes: unlike a wall clock it does not run while other processes do, or V8's own threads. */
export function processorMs(work: () => void): number {
  const startMs = threadMs()
  work()
  return threadMs() - startMs
}

function threadMs(): number {
  // Linux brings the time of one thread up to date when that of all is asked for.
  process.cpuUsage()
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
