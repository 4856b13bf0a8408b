/**
 * What is asked of the broker again and again while it is shown, and whether the broker answers.
 *
 * A page that nobody looks at asks nothing. When the broker does not answer, what was there stays, and the page says so.
 */
import { signal } from '@preact/signals'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ApiFault } from './api.ts'

export type LinkState = 'connecting' | 'live' | 'lost'

export const linkState = signal<LinkState>('connecting')
/** When the broker answered last; what is shown is from then. */
export const answeredAtMs = signal(Date.now())

/** What the clock of the broker says beyond the clock here. */
const clockOffsetMs = signal(0)

const retryMs = 2000

/** The time by this page, each second anew. */
const secondMs = signal(Date.now())

setInterval(() => {
  secondMs.value = Date.now()
}, 1000)

/** What is made of it is made anew each second: what was a moment ago does not stay so because the broker says nothing new. */
export function serverNowMs(): number {
  return Math.max(Date.now(), secondMs.value) + clockOffsetMs.value
}

export function noteServerTime(atMs: number): void {
  const offset = atMs - Date.now()
  // What a request takes is no difference of clocks.
  if (Math.abs(offset - clockOffsetMs.peek()) > 1000) clockOffsetMs.value = offset
}

export interface Live<T> {
  readonly value: T | null
  /** Why there is none, or why there is no newer one. */
  readonly fault: ApiFault | null
  /** Asks at once. */
  readonly refresh: () => void
}

/**
 * Asks when `key` changes and then every `everyMs`; 0: only once. A null key asks nothing. `isFinal` says of an answer that no later one
 * will differ.
 */
export function useLive<T>(
  key: string | null,
  load: (signal: AbortSignal) => PromiseLike<T>,
  everyMs: number,
  isFinal: (value: T) => boolean = () => false,
): Live<T> {
  const [state, setState] = useState<{ key: string | null; value: T | null; fault: ApiFault | null }>(nothing)
  const latest = useRef(load)
  latest.current = load
  const again = useRef<() => void>(() => undefined)

  useEffect(() => {
    if (key === null) return undefined
    return repeat(
      async (signal) => {
        const value = await latest.current(signal)
        setState({ key, value, fault: null })
        return isFinal(value) ? 'enough' : 'again'
      },
      (fault) => setState((before) => ({ key, value: before.key === key ? before.value : null, fault })),
      everyMs,
      again,
    )
  }, [key, everyMs])

  const refresh = useCallback(() => again.current(), [])
  const isOfKey = state.key === key
  return { value: isOfKey ? state.value : null, fault: isOfKey ? state.fault : null, refresh }
}

const nothing = { key: null, value: null, fault: null } as const

/** Runs `ask` now and then every `everyMs` after it has ended, until it says that this is enough. Returns how to stop. */
export function repeat(
  ask: (signal: AbortSignal) => Promise<'again' | 'enough'>,
  onFault: (fault: ApiFault) => void,
  everyMs: number,
  again: { current: () => void } = { current: () => undefined },
): () => void {
  let timer = 0
  let abort = new AbortController()
  let isStopped = false

  const run = async (): Promise<void> => {
    clearTimeout(timer)
    abort.abort()
    abort = new AbortController()
    const { signal } = abort
    let waitMs = everyMs
    try {
      if ((await ask(signal)) === 'enough') waitMs = 0
      noteAnswer()
    } catch (error) {
      if (signal.aborted) return
      const fault = noteFault(error)
      onFault(fault)
      if (fault.status === 0) waitMs = retryMs
    }
    if (!isStopped && !signal.aborted && waitMs > 0) timer = setTimeout(run, waitMs)
  }
  const onVisibility = (): void => {
    if (document.hidden) {
      clearTimeout(timer)
      abort.abort()
    } else {
      void run()
    }
  }

  again.current = () => void run()
  document.addEventListener('visibilitychange', onVisibility)
  void run()
  return () => {
    isStopped = true
    clearTimeout(timer)
    abort.abort()
    document.removeEventListener('visibilitychange', onVisibility)
  }
}

export function noteAnswer(): void {
  linkState.value = 'live'
  answeredAtMs.value = Date.now()
}

/** Only silence is a lost link: an answer that says no is one. */
export function noteFault(error: unknown): ApiFault {
  const fault = ApiFault.of(error)
  if (fault.status === 0) linkState.value = 'lost'
  else noteAnswer()
  return fault
}
