/**
 * An error that nobody has caught, a fault of ours: the broker ends at once with exit code 1, and says why as the last line of its log.
 *
 * Nothing else runs any more in between: what was acknowledged is in the store, and nothing is done by halves. Of the error only names,
 * messages, codes and stacks are told: its other properties may hold anything, such as what a client has sent.
 */
import { Worker } from 'node:worker_threads'
import type { Log, LogFields } from '../../server/log/log.ts'

const causesMax = 8
/** A log that nobody reads keeps the process no longer than this. */
const lastWordsMs = 2000

/** From now on such an error is a line of this log instead of what Node prints. */
export function watchForCrash(log: Log): void {
  // Where Node writes a report of a crash, passwords may stand in the environment.
  process.report.excludeEnv = true
  const end = (error: unknown, origin: string): never => {
    // Without the error, of which it would have every property; and before there is another thread, which would tell its environment.
    if (process.report.reportOnUncaughtException) process.report.writeReport()
    endAnyway()
    log.sayLast('crashed', crashText, crashFields(error, origin), wholeStack(error))
    process.exit(1)
  }
  process.on('uncaughtException', end)
  // Node would make an exception of it, other runtimes would not.
  process.on('unhandledRejection', (reason) => end(reason, 'unhandledRejection'))
}

/** Writing the last line waits for whoever reads it, and nothing of this thread runs meanwhile. */
function endAnyway(): void {
  const code = `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${lastWordsMs})`
  // If there is none, the end waits for the reader.
  new Worker(code, { eval: true, execArgv: [] }).on('error', () => {})
}

const crashText =
  'an error that nobody caught has ended the broker, which is a fault of Pabal: please report it. What was acknowledged is kept'

function crashFields(error: unknown, origin: string): LogFields {
  if (!(error instanceof Error)) return { origin, name: typeof error, reason: textOf(error) }
  const { name, message } = error
  return { origin, name, reason: message, ...('code' in error ? { code: String(error.code) } : {}) }
}

/** The stacks of an error, of what caused it, and of the errors it stands for. */
export function wholeStack(error: unknown): string {
  const stacks: string[] = []
  const add = (each: unknown, relation: string): void => {
    if (stacks.length > causesMax) return
    if (!(each instanceof Error)) {
      stacks.push(relation + textOf(each))
      return
    }
    stacks.push(relation + (each.stack ?? `${each.name}: ${each.message}`))
    if (each.cause !== undefined) add(each.cause, 'caused by: ')
    if (each instanceof AggregateError) for (const one of each.errors) add(one, 'one of: ')
  }
  add(error, '')
  return stacks.join('\n')
}

/** What was thrown and is no error: a text or a number, but nothing of what an object holds. */
function textOf(thrown: unknown): string {
  const isObject = typeof thrown === 'object' || typeof thrown === 'function'
  return isObject ? Object.prototype.toString.call(thrown) : String(thrown)
}
