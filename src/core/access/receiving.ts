/**
 * Who may receive what: by the access rules, and by a callback of the host, which may only keep back what the rules allow.
 *
 * The callback answers at once: a route has a thousand receivers, and none of them may hold up the others. What it says of a Session
 * and a Topic Name is kept, so that it is not asked for each message. Where there is neither nothing here is called.
 */
import type { Message } from '../message.ts'
import type { Subject, Verdict } from './access-policy.ts'
import type { AccessRules, Holder } from './access-rules.ts'

/** Whether a client may receive messages on a Topic Name. Must not give the core an input. */
export type AskReceive = (who: Subject, topicName: string) => boolean

/** What a callback has said of one Session, by Topic Name; and whom it was asked by: others may be in force by now. */
export interface ReceiveVerdicts {
  readonly of: Receiving
  readonly byTopicName: Map<string, boolean>
}

export interface Receiver extends Holder {
  receiveVerdicts: ReceiveVerdicts | null
}

const allowed: Verdict = Object.freeze({ allowed: true, rule: null })
const keptBack: Verdict = Object.freeze({ allowed: false, rule: 'authorizeReceive' })
/** Of one Session. Routes remember, too: what is forgotten is asked again. */
const verdictsMax = 100
const ownTopicNames = '$pabal/'

export class Receiving {
  readonly rules: AccessRules | null
  readonly #asks: AskReceive | null

  constructor(rules: AccessRules | null, asks: AskReceive | null) {
    this.rules = rules
    this.#asks = asks
  }

  /** Whether a callback is asked. */
  get asks(): boolean {
    return this.#asks !== null
  }

  /**
   * Whether a message on this Topic Name may be handed to a client. What the broker itself has to say was permitted when it was
   * subscribed to.
   */
  receiving(holder: Receiver, topicName: string): Verdict {
    if (holder.isLocal || topicName.startsWith(ownTopicNames)) return allowed
    const verdict = this.rules === null ? allowed : this.rules.receiving(holder, topicName)
    if (this.#asks === null || !verdict.allowed) return verdict
    return this.#answer(holder, topicName, this.#asks) ? verdict : keptBack
  }

  mayReceive(holder: Receiver, topicName: string): boolean {
    return this.receiving(holder, topicName).allowed
  }

  /**
   * The same for a Retained Message: who published it must still be allowed to, however long ago it was (CVE-2018-12546).
   */
  mayReceiveRetained(holder: Receiver, message: Message): boolean {
    if (!this.mayReceive(holder, message.topicName)) return false
    return this.rules === null || this.rules.mayStand(message)
  }

  #answer(holder: Receiver, topicName: string, asks: AskReceive): boolean {
    if (holder.receiveVerdicts?.of !== this) holder.receiveVerdicts = { of: this, byTopicName: new Map() }
    const { byTopicName } = holder.receiveVerdicts
    const known = byTopicName.get(topicName)
    if (known !== undefined) return known
    const answer = asks(holder, topicName)
    if (byTopicName.size >= verdictsMax) byTopicName.clear()
    byTopicName.set(topicName, answer)
    return answer
  }
}
