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

const wide = /[\p{Script=Hangul}\p{Script=Han}\p{Emoji_Presentation}\u3000-\u30ff\uff01-\uff60\uffe0-\uffe6]/u
/** They stand on the character before them: accents, and the vowels and final consonants of Hangul that was taken apart. */
const without = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u

/** Columns of a terminal that a text takes: Hangul and its like take two for each character. */
export function columnsOf(text: string): number {
  // Most are plain, and there may be a million of them.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let columns = 0
  for (const character of text) columns += without.test(character) ? 0 : wide.test(character) ? 2 : 1
  return columns
}

/** Columns side by side; no line of headings if they are empty. A column whose heading begins with a blank is set right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const top = headings.map((heading) => heading.trim())
  const lines = top.every((heading) => heading === '') ? rows : [top, ...rows]
  const widths = headings.map((_, column) =>
    lines.reduce((width, line) => Math.max(width, columnsOf(line[column] ?? '')), 0),
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const blanks = ' '.repeat(Math.max(0, (widths[column] ?? 0) - columnsOf(cell)))
          return headings[column]?.startsWith(' ') ? blanks + cell : cell + blanks
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
