/**
 * How numbers, times, tables and the texts of clients look on a terminal.
 */
import { harmless, visible } from '../server/log/log-text.ts'

export { harmless, visible }

/** In quotation marks, whatever it is, and harmless. */
export function quoted(text: string): string {
  const shown = visible(text)
  return shown.startsWith('"') ? shown : `"${shown}"`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let rest = value
  let unit = 0
  for (; rest >= 1024 && unit < units.length - 1; unit++) rest /= 1024
  return `${unit === 0 ? rest : rest.toFixed(1)} ${units[unit]}`
}

export function time(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Columns side by side; no line of headings if they are empty. A column whose heading begins with a blank is set right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const top = headings.map((heading) => heading.trim())
  const lines = top.every((heading) => heading === '') ? rows : [top, ...rows]
  const widths = headings.map((_, column) =>
    lines.reduce((width, line) => Math.max(width, line[column]?.length ?? 0), 0),
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          headings[column]?.startsWith(' ') ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
