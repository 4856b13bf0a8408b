/**
 * What the host's callbacks say, made into answers that fail closed: who throws, rejects or answers nonsense has refused.
 */
import type { Answer } from '../core/question.ts'
import { ReasonCode } from '../protocol/reason-code.ts'
import { describeValue } from './config/reading.ts'

/** Never throws, never rejects; `reportFault` hears of what did. */
export function failClosed(
  work: () => Answer | Promise<Answer>,
  reportFault: (error: unknown) => void,
): Answer | Promise<Answer> {
  const refuse = (error: unknown): Answer => {
    reportFault(error)
    return refusal(ReasonCode.NotAuthorized, null)
  }
  try {
    const answer = work()
    return answer instanceof Promise ? answer.catch(refuse) : answer
  } catch (error) {
    return refuse(error)
  }
}

export function refusal(reasonCode: number, reasonString: string | null): Answer {
  return { type: 'refused', reasonCode, reasonString, serverReference: null }
}

export function noVerdict(callback: string, verdict: unknown, expected: string): TypeError {
  return new TypeError(`${callback} answered ${describeValue(verdict)}, which refuses; it must answer ${expected}`)
}
