/**
 * The terminal as `pabal top` uses it: a screen of its own, keys as they are pressed, and all as it was when it ends.
 */
import type { Line } from './screen.ts'

const control = '\u001b['
/** The other screen, no cursor, and long lines do not go on in the next. */
const enter = `${control}?1049h${control}?25l${control}?7l`
const leave = `${control}?7h${control}?25h${control}?1049l`
const looks: Readonly<Record<Line['look'], string>> = { plain: '', bold: `${control}1m`, red: `${control}31m` }

export class Terminal {
  readonly #hasColors = process.env.NO_COLOR === undefined || process.env.NO_COLOR === ''
  readonly #onKey: (key: string) => void
  readonly #onResize: () => void
  readonly #receive = (text: string): void => {
    for (const key of text) this.#onKey(key)
  }

  constructor(onKey: (key: string) => void, onResize: () => void) {
    this.#onKey = onKey
    this.#onResize = onResize
    process.stdout.write(enter)
    process.stdout.on('resize', onResize)
    if (!process.stdin.isTTY) return
    process.stdin.setRawMode(true)
    process.stdin.setEncoding('utf8').on('data', this.#receive)
  }

  get width(): number {
    return process.stdout.columns > 0 ? process.stdout.columns : 80
  }

  get height(): number {
    return process.stdout.rows > 0 ? process.stdout.rows : 24
  }

  /** Shows these lines and nothing else, without a flicker. */
  show(lines: readonly Line[]): void {
    const texts = lines.map(({ text, look }) => {
      const style = this.#hasColors ? looks[look] : ''
      return `${style}${text}${style === '' ? '' : `${control}0m`}${control}K`
    })
    process.stdout.write(`${control}H${texts.join('\r\n')}${control}J`)
  }

  close(): void {
    process.stdout.off('resize', this.#onResize)
    if (process.stdin.isTTY) {
      process.stdin.off('data', this.#receive)
      process.stdin.setRawMode(false)
      process.stdin.pause()
    }
    process.stdout.write(leave)
  }
}
