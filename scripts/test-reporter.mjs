/**
 * How test runs are printed: a line for each file, every failure in full, and the runner's own summary last.
 */
import { relative } from 'node:path'
import { inspect } from 'node:util'

/** What a failed assertion or a thrown error said; the runner wraps it. */
function describe(error) {
  const cause = error.cause ?? error
  const text = typeof cause === 'string' ? cause : inspect(cause, { colors: false })
  return text.replace(/^/gm, '    ')
}

function place(test) {
  return `${relative(process.cwd(), test.file ?? '')}${test.line ? `:${test.line}` : ''}`
}

function fileLine(summary) {
  const { counts } = summary
  const skipped = counts.skipped + counts.todo > 0 ? `, ${counts.skipped + counts.todo} skipped` : ''
  const failed = counts.failed + counts.cancelled > 0 ? `, ${counts.failed + counts.cancelled} FAILED` : ''
  const seconds = (summary.duration_ms / 1000).toFixed(1)
  return `${summary.success ? 'ok' : 'NOT OK'}  ${place(summary)}  ${counts.tests} tests${failed}${skipped}, ${seconds} s\n`
}

export default async function* report(events) {
  const failures = []
  const summary = []
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      yield data.message
    } else if (type === 'test:fail' && data.details.error.failureType !== 'subtestsFailed') {
      const failure = `FAILED  ${place(data)}  ${data.name}\n`
      failures.push(failure)
      yield `${failure}${describe(data.details.error)}\n`
    } else if (type === 'test:summary' && data.file !== undefined) {
      yield fileLine(data)
    } else if (type === 'test:diagnostic') {
      if (data.file === undefined) summary.push(`# ${data.message}\n`)
      else yield `note  ${place(data)}  ${data.message}\n`
    }
  }
  if (failures.length > 0) yield `\n${failures.length} failures:\n${failures.join('')}`
  yield `\n${summary.join('')}`
}
