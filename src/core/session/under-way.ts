/**
 * How many copies are in flight and how many wait, in all Sessions together: kept as they come and go, because asking every
 * Session would take too long.
 */
export class UnderWay {
  inFlight = 0
  queued = 0

  /** So many are under way no more, all at once. */
  leave(inFlight: number, queued: number): void {
    this.inFlight -= inFlight
    this.queued -= queued
  }
}
