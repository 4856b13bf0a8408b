/**
 * Log-linear histogram of microseconds: 128 steps per power of two (under 0.8 % error).
 */
const SUB = 128
export class Histogram {
  constructor() {
    this.counts = new Float64Array(SUB * 30)
    this.total = 0
    this.max = 0
  }
  add(us) {
    if (us > this.max) this.max = us
    this.total++
    if (us < SUB) {
      this.counts[us < 0 ? 0 : us | 0]++
      return
    }
    const e = 31 - Math.clz32(us | 0) - 7
    this.counts[SUB * (e + 1) + ((us | 0) >> e) - SUB]++
  }
  at(fraction) {
    if (this.total === 0) return null
    let left = Math.ceil(this.total * fraction)
    for (let i = 0; i < this.counts.length; i++) {
      left -= this.counts[i]
      if (left <= 0) {
        if (i < SUB) return i
        const e = Math.floor(i / SUB) - 1
        return ((i % SUB) + SUB) << e
      }
    }
    return this.max
  }
  summary() {
    return {
      p50: this.at(0.5),
      p90: this.at(0.9),
      p99: this.at(0.99),
      p999: this.at(0.999),
      max: Math.round(this.max),
      samples: this.total,
    }
  }
}
