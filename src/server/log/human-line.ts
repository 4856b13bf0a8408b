/**
 * A line of the log for people: the time of day, how bad it is, what happened, and to whom.
 */
import { visible } from './log-text.ts'

/** From the JSON of a line; nothing of a client in it can move the cursor. */
export function humanLine(json: string): string {
  // Written by our own logger a moment ago.
  const { level, time, msg, event: _, ...fields } = JSON.parse(json) as Record<string, unknown>
  const clock = new Date(String(time)).toTimeString().slice(0, 8)
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`)
  return `${[`${clock} ${String(level).padEnd(5)} ${plain(String(msg))}`, ...facts].join('  ')}\n`
}

/** The stack of an error below its line. Each of its lines is set in, so that no text within it looks like a line of the log. */
export function humanStack(stack: string): string {
  const lines = stack.split('\n').map((line) => `    ${plain(line.trimEnd())}\n`)
  return lines.join('')
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`
  return typeof value === 'string' ? visible(value) : visible(JSON.stringify(value))
}

/** Our own words, which may hold those of the operating system. */
function plain(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]+/gu, ' ')
}
