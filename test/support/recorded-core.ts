/**
 * A durable core of which a test has every record, to be read again as a restart does.
 */
import type { CoreRecord } from '../../src/core/record.ts'
import { Restore } from '../../src/core/rest/restore.ts'
import { type CoreOptions, CoreState } from '../../src/core/state.ts'
import { newTurn } from '../../src/core/turn.ts'
import { DrivenCore } from './driven-core.ts'

/** `records`: all that it has written down so far. */
export function recordedCore(options: Partial<CoreOptions> = {}): { driven: DrivenCore; records: CoreRecord[] } {
  const driven = new DrivenCore({}, { isDurable: true, ...options })
  const records: CoreRecord[] = []
  const give = driven.input.bind(driven)
  driven.input = (input) => {
    const turn = give(input)
    records.push(...turn.records)
    return turn
  }
  return { driven, records }
}

/** What a broker with the same options makes of them. Time has not begun in it yet. */
export function replayed({ options }: CoreState, records: readonly CoreRecord[]): CoreState {
  return replay(options, records).state
}

/** The same, and time goes on at `nowMs`. */
export function restarted({ options }: CoreState, records: readonly CoreRecord[], nowMs: number): CoreState {
  const { state, restore } = replay(options, records)
  restore.finish(nowMs, newTurn())
  return state
}

function replay(options: CoreOptions, records: readonly CoreRecord[]): { state: CoreState; restore: Restore } {
  const state = new CoreState(options)
  const restore = new Restore(state)
  for (const [index, record] of records.entries()) restore.record(index + 1, record)
  return { state, restore }
}
