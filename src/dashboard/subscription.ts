/**
 * A Subscription of this page: messages as the broker delivers them, the newest of them kept. It ends with the page.
 */
import { useEffect, useState } from 'preact/hooks'
import type { SubscribeEvent } from '../admin/api-types.ts'
import { type ApiFault, api } from './api.ts'
import { noteAnswer, noteFault } from './live.ts'

type EventOf<Type extends SubscribeEvent['type']> = Extract<SubscribeEvent, { type: Type }>

export interface SubscriptionWish {
  readonly filter: string
  readonly qos: 0 | 1 | 2
}

export interface ReceivedMessage extends EventOf<'message'> {
  readonly id: number
}

export interface Subscription {
  /** `broken`: it ended, and nobody here has wished so. */
  readonly phase: 'none' | 'opening' | 'open' | 'broken'
  readonly subscribed: EventOf<'subscribed'> | null
  /** Newest first. */
  readonly messages: readonly ReceivedMessage[]
  readonly received: number
  /** Delivered, and not told to this page: too many in a second. */
  readonly leftOut: number
  readonly fault: ApiFault | null
}

export const messagesMax = 500
/** So often what came is put into the page. */
const everyMs = 200

const nothing: Subscription = {
  phase: 'none',
  subscribed: null,
  messages: [],
  received: 0,
  leftOut: 0,
  fault: null,
}

/** Each new wish subscribes anew; null ends it, and leaves what came in sight. */
export function useSubscription(wish: SubscriptionWish | null): { subscription: Subscription; clear: () => void } {
  const [state, setState] = useState(nothing)
  useEffect(() => {
    if (wish === null) {
      setState((before) => ({ ...before, phase: 'none', subscribed: null }))
      return undefined
    }
    const abort = new AbortController()
    let came: SubscribeEvent[] = []
    const put = (): void => {
      if (came.length === 0) return
      const events = came
      came = []
      setState((before) => events.reduce(withEvent, before))
    }
    const timer = setInterval(put, everyMs)
    const end = (fault: ApiFault | null): void => {
      clearInterval(timer)
      put()
      setState((before) => ({ ...before, phase: 'broken', subscribed: null, fault }))
    }
    setState({ ...nothing, phase: 'opening' })
    const { filter, qos } = wish
    const follow = async (): Promise<void> => {
      try {
        for await (const event of api.tryOut(filter, { qos, signal: abort.signal })) {
          noteAnswer()
          came.push(event)
        }
        if (!abort.signal.aborted) end(null)
      } catch (error) {
        end(noteFault(error))
      }
    }
    void follow()
    return () => {
      clearInterval(timer)
      abort.abort()
      put()
    }
  }, [wish])
  const clear = (): void => setState((before) => ({ ...before, messages: [], received: 0, leftOut: 0 }))
  return { subscription: state, clear }
}

function withEvent(before: Subscription, event: SubscribeEvent): Subscription {
  if (event.type === 'subscribed') return { ...before, phase: 'open', subscribed: event }
  if (event.type === 'leftOut') return { ...before, leftOut: before.leftOut + event.count }
  // That the stream ends is seen from its end.
  if (event.type === 'ended') return before
  const received = before.received + 1
  const messages = [{ ...event, id: received }, ...before.messages.slice(0, messagesMax - 1)]
  return { ...before, received, messages }
}
