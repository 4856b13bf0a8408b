/**
 * What becomes of messages and copies, in words. The keys are the names of the API.
 */
import type { Texts } from './table.ts'

export const fateTexts = {
  'fate.routed': ['routed to listeners', '수신자에게 전달'],
  'fate.retainedOnly': ['only retained', '보존만 됨'],
  'fate.unmatched': ['nobody listened', '수신자 없음'],
  'fate.held': ['held', '보류 중'],
  'fate.deadLettered': ['dead letter', '데드레터로 옮김'],
  'fate.refused': ['refused', '거절됨'],
  'fate.expired': ['expired', '만료됨'],
  'fate.droppedHoldFull': ['dropped: hold is full', '버림: 보류 공간 부족'],
  'fate.droppedByOperator': ['dropped by an operator', '버림: 운영자'],
  'fate.republished': ['published again', '다시 발행됨'],
  'copy.acknowledged': ['acknowledged', '확인됨'],
  'copy.refusedByClient': ['refused by the client', '클라이언트가 거절'],
  'copy.sentQos0': ['sent at QoS 0', 'QoS 0으로 전송'],
  'copy.expired': ['expired while waiting', '대기 중 만료'],
  'copy.sessionEnded': ['Session ended first', '세션이 먼저 끝남'],
  'copy.droppedTooLarge': ['dropped: too large', '버림: 너무 큼'],
  'copy.droppedOffline': ['dropped: offline at QoS 0', '버림: QoS 0 오프라인'],
  'copy.droppedSlow': ['dropped: slow client', '버림: 느린 클라이언트'],
  'copy.droppedQueueFull': ['dropped: queue is full', '버림: 대기열 가득 참'],
  'copy.deadLettered': ['dead letter: queue is full', '데드레터: 대기열 가득 참'],
  'copy.droppedByOperator': ['dropped by an operator', '버림: 운영자'],
  'copy.accessRevoked': ['not allowed any more', '수신 권한 회수됨'],
  'copy.inFlight': ['in flight', '전송 중'],
  'copy.queued': ['waiting', '대기 중'],
  'policy.accept': ['accepted in silence', '알림 없이 수락'],
  'policy.report': ['reported to the publisher', '발행자에게 알림'],
  'policy.reject': ['rejected', '거절'],
  'policy.hold': ['held for a listener', '수신자가 올 때까지 보류'],
  'policy.dead-letter': ['made a dead letter', '데드레터로 옮김'],
} as const satisfies Texts
