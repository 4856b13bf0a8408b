/**
 * Numbers read the way the C library does: what follows the number is not looked at, and no number is 0.
 */

/** As C's `atoi`: wraps to 32 bits with sign. */
export function leadingInteger(text: string): number {
  return Number(BigInt.asIntN(32, leadingLong(text)))
}

/** As C's `strtol`: stops at 64 bits with sign. */
export function leadingLong(text: string): bigint {
  const [, sign = '', digits = '0'] = /^\s*([+-]?)(\d+)/.exec(text) ?? []
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits)
  const most = 2n ** 63n - 1n
  return value > most ? most : value < -most - 1n ? -most - 1n : value
}

/** As C's `strtod`, without infinities. */
export function leadingFloat(text: string): number {
  const value = Number.parseFloat(text)
  return Number.isFinite(value) ? value : 0
}

/** Milliseconds a timer can wait, at most 24.8 days: one that is set for longer fires at once. */
export function timerMs(seconds: number): number {
  return Math.min(seconds * 1000, 0x7fff_ffff)
}
