/**
 * mosquitto.conf as lines: what stands where, with the files of `include_dir` in their place. As mosquitto 2.0 and 2.1 read it: a name, a
 * blank, the value up to the end of the line; `#` as the first character is a comment.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ConfigError, type ConfigFault } from '../config-fault.ts'
import { systemReason } from '../system-reason.ts'

export interface DirectiveLine {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly name: string
  /** Without blanks at its ends; empty for none. */
  readonly value: string
  /** Each file begins anew with what is said about listeners: mosquitto goes by this, too. */
  readonly fileNumber: number
}

/** How deep `include_dir` may go: a folder may hold itself. */
const depthMax = 10

/** @throws ConfigError if a file or folder cannot be read. Relative folders start from `directory`. */
export function readDirectiveLines(file: string, directory: string): DirectiveLine[] {
  const reader = new Reader(directory)
  reader.readFile(file, null, 0)
  if (reader.faults.length > 0) throw new ConfigError(reader.faults)
  return reader.lines
}

class Reader {
  readonly lines: DirectiveLine[] = []
  readonly faults: ConfigFault[] = []
  readonly #directory: string
  #files = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  /** `from`: the line that includes it. */
  readFile(file: string, from: DirectiveLine | null, depth: number): void {
    const text = this.#attempt(file, from, () => readFileSync(file, 'utf8'))
    if (text === null) return
    const fileNumber = this.#files
    this.#files += 1
    for (const [index, written] of text.split('\n').entries()) {
      const line = readLine(written, file, index + 1, fileNumber)
      if (line === null) continue
      this.lines.push(line)
      if (line.name === 'include_dir' && line.value !== '') this.#include(line, depth)
    }
  }

  #include(from: DirectiveLine, depth: number): void {
    const folder = resolve(this.#directory, from.value)
    const words = { file: from.file, line: from.line, column: 1, key: from.name }
    if (depth >= depthMax) {
      const advice = 'see whether a folder includes itself'
      this.faults.push({
        ...words,
        found: `${depthMax} folders within each other`,
        expected: `at most ${depthMax}`,
        advice,
      })
      return
    }
    const names = this.#attempt(folder, from, () => readdirSync(folder))
    const files = (names ?? []).filter((name) => name.endsWith('.conf')).sort()
    for (const name of files) this.readFile(join(folder, name), from, depth + 1)
  }

  #attempt<Result>(path: string, from: DirectiveLine | null, read: () => Result): Result | null {
    try {
      return read()
    } catch (error) {
      const place = from === null ? { file: path, line: null, column: null, key: '' } : placeOf(from)
      const found = `${path}, which cannot be read: ${systemReason(error)}`
      const expected = from === null ? 'a mosquitto.conf' : 'a folder with files whose names end in .conf'
      this.faults.push({ ...place, found, expected, advice: 'check the path and who may read it' })
      return null
    }
  }
}

/** The beginning of a fault of this line. */
export function placeOf({ file, line, name }: Pick<DirectiveLine, 'file' | 'line' | 'name'>) {
  return { file, line, column: 1, key: name }
}

function readLine(written: string, file: string, line: number, fileNumber: number): DirectiveLine | null {
  const text = written.replace(/\r$/, '')
  if (text.startsWith('#') || text.trim() === '') return null
  // Only blanks part a name from its value; a tab belongs to the name, which is then none.
  const [, name = '', value = ''] = /^ *([^ ]*) *(.*)$/s.exec(text) ?? []
  return { file, line, name, value: value.trim(), fileNumber }
}
