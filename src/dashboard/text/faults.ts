/**
 * Texts about what went wrong.
 */
import type { Texts } from './table.ts'

export const faultTexts = {
  'fault.silent': ['The broker does not answer', '브로커가 응답하지 않습니다'],
  'fault.forbidden': ['You may not do this', '권한이 없습니다'],
  'fault.missing': ['It is not there', '찾을 수 없습니다'],
  'fault.tooMany': ['Too many requests', '요청이 너무 많습니다'],
  'fault.refused': ['The broker refused', '브로커가 거절했습니다'],
} as const satisfies Texts
