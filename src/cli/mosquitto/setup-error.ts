/**
 * Options that are each valid and still cannot be used: found before connecting, printed without a hint at `--help`.
 */
export class SetupError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SetupError'
  }
}
