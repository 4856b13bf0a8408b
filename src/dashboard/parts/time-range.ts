/**
 * What a chart shows of time, in seconds: a line that has just begun stands at the end of a minute, not on an axis of one moment.
 */
const spanSecondsMin = 60

export function timeRange(low: number, high: number): [low: number, high: number] {
  return [Math.min(low, high - spanSecondsMin), high]
}
