/**
 * What the user typed wrong. Caught once, by the tool, which prints it, says where help is, and exits with 1.
 */
export class UsageError extends Error {
  /** Printed as it is, line ends included. Latin-1: one character is one byte where the user's bytes are quoted. */
  readonly bytes: Buffer

  constructor(text: string | Buffer) {
    super(typeof text === 'string' ? text : text.toString('latin1'))
    this.name = 'UsageError'
    this.bytes = typeof text === 'string' ? Buffer.from(text) : text
  }
}

/** `--help` or `--version` among the arguments: whatever follows them is not read. */
export class HelpRequest extends Error {
  readonly request: 'help' | 'version'

  constructor(request: 'help' | 'version') {
    super(request)
    this.name = 'HelpRequest'
    this.request = request
  }
}
