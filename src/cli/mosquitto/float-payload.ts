/**
 * A payload that is one floating-point number of IEEE 754, as a micro-controller sends it: least significant byte first.
 */

/** Every finite number ends after this many decimals. */
const decimalsMax = 1074
const defaultDecimals = 6

/** As C prints it with `%.*f`: no exponent, every digit exact, a tie rounded to even. `decimals` below 0 stands for 6. */
export function printFloatPayload(payload: Buffer, size: 4 | 8, decimals: number): string {
  const value = size === 4 ? payload.readFloatLE() : payload.readDoubleLE()
  // Read from the payload because a NaN has a sign too.
  const sign = payload.readInt8(size - 1) < 0 ? '-' : ''
  if (Number.isNaN(value)) return `${sign}nan`
  if (!Number.isFinite(value)) return `${sign}inf`
  return sign + printFixed(Math.abs(value), decimals < 0 ? defaultDecimals : decimals)
}

function printFixed(value: number, decimals: number): string {
  const exactDecimals = Math.min(decimals, decimalsMax)
  const digits = String(roundedProduct(value, 10n ** BigInt(exactDecimals))).padStart(exactDecimals + 1, '0')
  const whole = digits.slice(0, digits.length - exactDecimals)
  if (decimals === 0) return whole
  return `${whole}.${digits.slice(whole.length).padEnd(decimals, '0')}`
}

/** `value` is finite and not below 0. */
function roundedProduct(value: number, factor: bigint): bigint {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  const bits = bytes.readBigUInt64BE()
  const exponent = bits >> 52n
  const fraction = BigInt.asUintN(52, bits)
  const isSubnormal = exponent === 0n
  const product = (isSubnormal ? fraction : fraction | (1n << 52n)) * factor
  const shift = (isSubnormal ? 1n : exponent) - 1075n
  if (shift >= 0n) return product << shift
  const quotient = product >> -shift
  const rest = product - (quotient << -shift)
  const half = 1n << (-shift - 1n)
  const isRoundedUp = rest > half || (rest === half && quotient % 2n === 1n)
  return isRoundedUp ? quotient + 1n : quotient
}
